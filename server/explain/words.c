/* How an answer says that it refuses: codes and messages, in whatever envelope they
 * stand. The shapes are those of Sage Intacct's REST API, its gateway and its XML API,
 * of RFC 6749 section 5.2, and of Sage Accounting ($dataCode); others have the same
 * members under other parents. */
#include <string.h>

#include "base/json.h"
#include "causes/diagnosis.h"
#include "explain/transport.h"
#include "http/redact_parts.h"

enum { PROSE_MAX = 16384 }; /* bytes of a body that is neither JSON nor XML */

/* Each once, and no more than anybody reads: a body may repeat one error for each of its records. */
static void words_add(struct im_str *list, size_t *count, struct im_str text)
{
    text = im_str_trim(text);
    if (!text.len || *count == IM_WORDS_MAX)
        return;
    for (size_t i = 0; i < *count; i++)
        if (im_str_eq_nocase(list[i], text))
            return;
    list[(*count)++] = text;
}

static void words_add_code(struct im_words *words, struct im_str code)
{
    words_add(words->codes, &words->code_count, code);
}

static void words_add_message(struct im_words *words, struct im_str message)
{
    words_add(words->messages, &words->message_count, message);
}

bool im_words_any(const struct im_words *words)
{
    return words->code_count || words->message_count;
}

static bool is_name_of(struct im_str name, const char *const *names)
{
    for (; *names; names++)
        if (im_str_is(name, *names))
            return true;
    return false;
}

static const char *const code_members[] = {
    "errorId", "code", "error", "messageId", "$dataCode", "errorno", "errorCode", NULL};
static const char *const message_members[] = {"message",
                                              "error_description",
                                              "$message",
                                              "description",
                                              "description2",
                                              "errorMessage",
                                              "detail",
                                              "reason",
                                              NULL};

/* What an error stands in, and what holds more of the same error. */
static const char *const error_parents[] = {"ia::error", "error", "errors", NULL};
static const char *const parts[] = {"details", "additionalInfo", NULL};
/* Where HTTP libraries put the answer that they got. */
static const char *const parents[] = {"ia::result", "data", "response",  "body",
                                      "cause",      "err",  "exception", NULL};

static bool json_has_text(const struct im_json *object, const char *name)
{
    const struct im_json *value = im_json_get(object, name);

    return value && value->type == IM_JSON_STRING && value->text.len;
}

/* {"code":"ECONNRESET","message":"read ECONNRESET"}: a client's error, no answer's. */
static bool is_of_client(struct im_trace *trace, const struct im_json *object)
{
    static const char *const names[] = {"error", "code", NULL};

    /* axios gives it codes of its own */
    if (json_has_text(object, "stack") && json_has_text(object, "name"))
        return true;
    for (size_t i = 0; names[i]; i++) {
        struct im_str text = im_json_get_str(object, names[i]);
        if (text.len < 500 && im_transport_find(trace, text, IM_IN_ERROR))
            return true;
    }
    return false;
}

static bool is_an_error(const struct im_json *object)
{
    return json_has_text(object, "errorId") || json_has_text(object, "error") ||
           json_has_text(object, "$dataCode") || json_has_text(object, "errorno") ||
           (json_has_text(object, "code") && json_has_text(object, "message"));
}

static void words_of(struct im_trace *trace, struct im_words *words,
                     const struct im_json *json, bool inside);

static void words_of_object(struct im_trace *trace, struct im_words *words,
                            const struct im_json *object, bool inside)
{
    bool error = (inside || is_an_error(object)) && !is_of_client(trace, object);

    /* `code` and `message` are names of any object: they count only within what is an error by its own
     * names, or by that of the member it stands in */
    for (const struct im_json *child = object->first; child; child = child->next) {
        bool text = child->type == IM_JSON_STRING;
        if (text && error && is_name_of(child->name, code_members))
            words_add_code(words, child->text);
        else if (text && error && is_name_of(child->name, message_members))
            words_add_message(words, child->text);
        if (is_name_of(child->name, error_parents))
            words_of(trace, words, child, true);
        else if (is_name_of(child->name, parts))
            words_of(trace, words, child, error);
        else if (is_name_of(child->name, parents))
            words_of(trace, words, child, false);
    }
}

static void words_of(struct im_trace *trace, struct im_words *words,
                     const struct im_json *json, bool inside)
{
    if (json->type == IM_JSON_OBJECT) {
        words_of_object(trace, words, json, inside);
    } else if (json->type == IM_JSON_ARRAY) {
        for (const struct im_json *child = json->first; child; child = child->next)
            words_of(trace, words, child, inside);
    } else if (json->type == IM_JSON_STRING && im_str_starts(json->text, "{")) {
        struct im_json_error ignored;
        const struct im_json *inner =
            im_json_parse_repeated(trace->arena, json->text, &ignored);
        if (inner)
            im_words_add_json(trace, words, inner);
    }
}

void im_words_add_json(struct im_trace *trace, struct im_words *words,
                       const struct im_json *json)
{
    im_trace_keep_secrets_of_json(trace, json);
    words_of(trace, words, json, false);
}

/* ---- XML: <errorno>, <description>, <description2> ---- */

/* The text of the next such element at or behind *from, which moves behind it. */
static struct im_str xml_text(struct im_str xml, const char *open, const char *close,
                              size_t *from)
{
    struct im_str rest = im_str_slice(xml, *from, xml.len);
    size_t begin = im_str_find_nocase(rest, open);

    if (begin == rest.len) {
        *from = xml.len;
        return (struct im_str){NULL, 0};
    }
    rest = im_str_slice(rest, begin + strlen(open), rest.len);
    size_t end = im_str_find_nocase(rest, close);
    *from = (size_t)(rest.at - xml.at) + end;
    return im_str_slice(rest, 0, end);
}

static void words_add_xml(struct im_words *words, struct im_str xml)
{
    static const char *const texts[][2] = {{"<description>", "</description>"},
                                           {"<description2>", "</description2>"},
                                           {"<correction>", "</correction>"}};

    for (size_t from = 0; from < xml.len && words->code_count < IM_WORDS_MAX;)
        words_add_code(words, xml_text(xml, "<errorno>", "</errorno>", &from));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (size_t from = 0; from < xml.len && words->message_count < IM_WORDS_MAX;)
            words_add_message(words, xml_text(xml, texts[i][0], texts[i][1], &from));
}

/* ---- prose ---- */

static bool in_code(char c)
{
    return im_redact_is_word(c) || c == '-' || c == '_';
}

/* Does the code stand at i as a word of its own? */
static bool code_stands_at(struct im_str text, size_t i, struct im_str code)
{
    struct im_str here = im_str_slice(text, i, i + code.len);

    return here.len == code.len && im_str_eq_nocase(here, code) &&
           (i == 0 || !in_code(text.at[i - 1])) &&
           (i + code.len == text.len || !in_code(text.at[i + code.len]));
}

/* Words that stand in any text, and are codes besides. */
static bool is_too_plain(struct im_str code)
{
    static const char *const plain[] = {"conflict", "not_found", NULL};

    return code.len < 5 || is_name_of(code, plain);
}

/* As a word: GW-0040 is not in "XGW-00401". */
static bool has_known_code(struct im_str text, const char *known)
{
    struct im_str code = im_str(known);
    char first = (char)(known[0] | 0x20);

    for (size_t i = 0; text.at && i + code.len <= text.len; i++)
        if ((char)(text.at[i] | 0x20) == first && code_stands_at(text, i, code))
            return true;
    return false;
}

/* "GW-0099", "REST-9999": codes that no cause has, but whose family is known. */
static bool add_unknown_codes(struct im_words *words, struct im_str text)
{
    static const char *const families[] = {"GW-", "REST-", "XL0", "BL0", "BL3", "PL0"};
    bool any = false;

    for (size_t i = 0; i < text.len; i++)
        for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
            struct im_str rest = im_str_slice(text, i, text.len);
            size_t n = strlen(families[f]);
            if ((i && in_code(text.at[i - 1])) || !im_str_starts(rest, families[f]))
                continue;
            while (n < rest.len && rest.at[n] >= '0' && rest.at[n] <= '9')
                n++;
            if (n >= strlen(families[f]) + 4 && (n == rest.len || !in_code(rest.at[n]))) {
                words_add_code(words, im_str_slice(rest, 0, n));
                any = true;
            }
        }
    return any;
}

/* Every code and message that any cause has, each once. */
struct im_lexicon {
    const char **codes, **messages;
    size_t code_count, message_count;
};

static void lexicon_add(const char **list, size_t *count, const char *text)
{
    for (size_t i = 0; text && i < *count; i++)
        if (strcmp(list[i], text) == 0)
            return;
    if (text)
        list[(*count)++] = text;
}

static void lexicon_add_code(struct im_lexicon *made, const char *code)
{
    if (code && !is_too_plain(im_str(code)))
        lexicon_add(made->codes, &made->code_count, code);
}

static void lexicon_add_wording(struct im_lexicon *made, const struct im_wording *wording)
{
    const char *message = wording->message;

    lexicon_add_code(made, wording->code);
    lexicon_add_code(made, wording->message_id);
    lexicon_add_code(made, wording->word);
    /* ten bytes or fewer are words of any text */
    /* a message with a name in it is told by its code */
    if (message && strlen(message) > 10 && !strchr(message, '{'))
        lexicon_add(made->messages, &made->message_count, message);
}

static struct im_lexicon *lexicon_make(struct im_arena *arena)
{
    enum { ROOM = 4 * CAUSE_COUNT * IM_CAUSE_ANSWERS_MAX };
    struct im_lexicon *made = IM_ARENA_NEW(arena, struct im_lexicon);
    struct im_cause_answer answers[IM_CAUSE_ANSWERS_MAX];

    if (!made)
        return NULL;
    made->codes = IM_ARENA_ARRAY(arena, const char *, ROOM);
    made->messages = IM_ARENA_ARRAY(arena, const char *, ROOM);
    if (!made->codes || !made->messages)
        return NULL;
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        const struct im_cause_row *row = im_cause_row((enum im_cause)i);
        size_t n = im_cause_answers(row, answers);
        for (size_t k = 0; k < n; k++)
            lexicon_add_wording(made, answers[k].wording);
        lexicon_add_code(made, row->redirect);
    }
    for (size_t i = 0; i < im_other_words_count; i++) {
        /* those of a name that is not resolved are transport.def's: no answer has them */
        if (im_other_words[i].cause == CAUSE_HOST_MISSPELLED)
            continue;
        lexicon_add_code(made, im_other_words[i].code);
        lexicon_add(made->messages, &made->message_count, im_other_words[i].text);
    }
    return made;
}

bool im_words_add_prose(struct im_trace *trace, struct im_words *words,
                        struct im_str text)
{
    bool any = add_unknown_codes(words, text);

    if (!trace->lexicon)
        trace->lexicon = lexicon_make(trace->arena);
    const struct im_lexicon *known = trace->lexicon;
    for (size_t i = 0; known && i < known->code_count; i++)
        if (has_known_code(text, known->codes[i])) {
            words_add_code(words, im_str(known->codes[i]));
            any = true;
        }
    for (size_t i = 0; known && i < known->message_count; i++)
        if (im_str_find_nocase(text, known->messages[i]) < text.len) {
            words_add_message(words, im_str(known->messages[i]));
            any = true;
        }
    return any;
}

void im_words_add_body(struct im_trace *trace, struct im_words *words, struct im_str body)
{
    struct im_str trimmed = im_str_trim(body);
    struct im_json_error ignored;

    if (!trimmed.len)
        return;
    if (im_str_starts(trimmed, "<")) {
        im_trace_keep_secrets_of_xml(trace, trimmed);
        words_add_xml(words, trimmed);
        return;
    }
    const struct im_json *json =
        strchr("{[\"", trimmed.at[0]) && trimmed.at[0]
            ? im_json_parse_repeated(trace->arena, trimmed, &ignored)
            : NULL;
    if (json)
        im_words_add_json(trace, words, json);
    else
        im_words_add_prose(trace, words, im_str_slice(trimmed, 0, PROSE_MAX));
}
