/* The table of causes, looked up and written as JSON. A number that is no cause has the row "none", so
 * callers need no check. The words that causes.def is written
 * in are defined here; refusal.c writes what they put on the wire. */
#include "causes/cause.h"

#include "base/json.h"
#include "causes/refusal.h"

/* ---- the vocabulary of causes.def ---- */

#define NATURAL(f) .family = IM_FAMILY_##f, .natural = true
#define FORCED(f)  .family = IM_FAMILY_##f

#define OAUTH(s, c)                                                                      \
    {                                                                                    \
        .envelope = IM_ENVELOPE_OAUTH, .status = (s), .code = (c)                        \
    }
#define OAUTH_SAYS(s, c, m)                                                              \
    {                                                                                    \
        .envelope = IM_ENVELOPE_OAUTH, .status = (s), .code = (c), .message = (m)        \
    }
#define GATEWAY(s, c, m)                                                                 \
    {                                                                                    \
        .envelope = IM_ENVELOPE_GATEWAY, .status = (s), .code = (c), .message = (m)      \
    }
#define REST(s, c, w, m, i)                                                              \
    {                                                                                    \
        .envelope = IM_ENVELOPE_REST, .status = (s), .code = (c), .word = (w),           \
        .message = (m), .message_id = (i)                                                \
    }
#define REST_DETAIL(c, m, i)                                                             \
    {                                                                                    \
        .envelope = IM_ENVELOPE_REST, .status = 400, .code = (c),                        \
        .word = "invalidRequest", .message = (m), .message_id = (i),                     \
        .head = IM_HEAD_PAYLOAD                                                          \
    }
/* A rule of business that does not hold. The detail's errorId is one that clients have
 * met there. */
#define REST_BUSINESS(s, m)                                                              \
    {                                                                                    \
        .envelope = IM_ENVELOPE_REST, .status = (s), .code = "BL01001973",               \
        .word = "operationFailed", .message = (m), .head = IM_HEAD_BUSINESS              \
    }
/* No code is documented for it. GW-0011 would say that company, sender or client are not
 * active. */
#define NOT_SERVED(s, m) REST(s, NULL, "invalidRequest", m, NULL)

#define EVERYWHERE(...) .token = __VA_ARGS__, .api = __VA_ARGS__
#define ARTICLE(s, c)   .article = OAUTH(s, c)
#define WHEN(p, v, ...)                                                                  \
    {                                                                                    \
        .policy = (p), .value = (v), .wording = __VA_ARGS__                              \
    }

#define BAD_CREDENTIALS "The provided credentials are invalid"
#define NO_PERMISSION                                                                    \
    "The authenticated user does not have sufficient permission to run the operation"

#define TOKEN_IS_INVALID(s)                                                              \
    REST(s, "REST-2102", "tokenInvalid", "Token is not valid", "IA.TOKEN_IS_INVALID")
#define TOKEN_NOT_VALID(s)                                                               \
    REST(s, "REST-1206", "invalidRequest", "The token is not valid", NULL)
#define CLIENT_INCORRECT(s)                                                              \
    REST(s, "REST-1216", "invalidRequest",                                               \
         "The Client ID, Client Secret, and/or 3rd Party Application are incorrect",     \
         NULL)

#define TOKEN_INVALID_GRANT                                                              \
    .token = OAUTH(400, "invalid_grant"),                                                \
    .token_switch = WHEN("invalid_grant_status", 1, OAUTH(401, "invalid_grant"))
#define TOKEN_INVALID_CLIENT                                                             \
    .token = OAUTH(401, "invalid_client"),                                               \
    .token_switch = WHEN("invalid_client_style", 1, CLIENT_INCORRECT(400))
#define API_TOKEN_DEAD                                                                   \
    .api = TOKEN_IS_INVALID(401),                                                        \
    .api_switch = WHEN("revoked_status", 1, TOKEN_IS_INVALID(400))
#define API_TOKEN_BAD                                                                    \
    .api = TOKEN_NOT_VALID(400),                                                         \
    .api_switch = WHEN("malformed_style", 1, GATEWAY(401, "GW-0031", "Invalid Token"))

static const struct im_cause_row rows[CAUSE_COUNT] = {
    [CAUSE_NONE] = {.id = "none", .why = "", .fix = "", .source = ""},
#define IM_CAUSE(NAME, text, ...) [CAUSE_##NAME] = {.id = (text), __VA_ARGS__},
#include "causes/causes.def"
#undef IM_CAUSE
};

/* ---- looking up ---- */

const struct im_cause_row *im_cause_row(enum im_cause cause)
{
    bool known = cause > CAUSE_NONE && cause < CAUSE_COUNT;
    return &rows[known ? cause : CAUSE_NONE];
}

enum im_cause im_cause_find(struct im_str id)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (im_str_is(id, rows[i].id))
            return (enum im_cause)i;
    return CAUSE_NONE;
}

/* ---- what may be meant by an unknown id ---- */

enum { MEANT_MAX = 3, TYPED_MAX = 63, LONG_WORD = 4, SLIP_WORD = 5 };

/* Rows that may be meant, the first of the table first; three are as many as a sentence can name. */
struct meant {
    struct im_str ids[MEANT_MAX];
    size_t count;
};

static void meant_add(struct meant *meant, int row)
{
    if (meant->count < MEANT_MAX)
        meant->ids[meant->count++] = im_str(rows[row].id);
}

static bool same_but_for_case(const char *code, struct im_str typed)
{
    return code && im_str_distance(im_str(code), typed) == 0;
}

/* "invalid-grant", "REST-2102": the code of an answer was typed instead of its cause. */
static void meant_find_by_code(struct im_str typed, struct meant *meant)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (same_but_for_case(rows[i].token.code, typed) ||
            same_but_for_case(rows[i].api.code, typed))
            meant_add(meant, i);
}

/* Is the word, but for a slip in a long one, among the id's? Of four letters another word is as near:
 * nope and none, role and rule. */
static bool id_has_word(struct im_str id, struct im_str word)
{
    for (struct im_str rest = id; rest.len;) {
        struct im_str one = im_str_cut(&rest, '-');
        if (im_str_distance(one, word) <= (word.len >= SLIP_WORD && one.len >= SLIP_WORD))
            return true;
    }
    return false;
}

/* Those that share all words with `typed`, or half of them, where short words such as "of" and
 * "by" do not count. */
static void meant_find_by_words(struct im_str typed, bool all, struct meant *meant)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        size_t words = 0, shared = 0;
        for (struct im_str rest = typed; rest.len;) {
            struct im_str word = im_str_cut(&rest, '-');
            bool has = id_has_word(im_str(rows[i].id), word);
            words++;
            shared += has && (all || word.len >= LONG_WORD);
        }
        if (shared && (all ? shared == words : shared * 2 >= words))
            meant_add(meant, i);
    }
}

/* A slip of one letter is meant for sure. Behind it shared words come before the number of edits:
 * "token-expired" is few edits from "code-expired", and means another. */
struct im_hint im_cause_hint(struct im_str id)
{
    char typed[TYPED_MAX + 1] = "";
    struct meant meant = {.count = 0};
    struct im_str ids[CAUSE_COUNT], front = im_str_front(id, TYPED_MAX);

    for (int i = 0; i < CAUSE_COUNT; i++)
        ids[i] = im_str(rows[i].id);
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (im_str_distance(id, ids[i]) <= 1)
            return im_hint_of(rows[i].id);
    /* codes are written with '_', sentences with blanks, ids with '-' */
    for (size_t i = 0; i < front.len; i++)
        typed[i] = (char)(front.at[i] == '_' || front.at[i] == ' ' ? '-' : front.at[i]);
    meant_find_by_code(im_str(typed), &meant);
    if (!meant.count)
        meant_find_by_words(im_str(typed), true, &meant);
    struct im_hint hint = im_hint(id, ids + 1, CAUSE_COUNT - 1);
    if (meant.count || hint.text[0])
        return meant.count ? im_hint_list(meant.ids, meant.count) : hint;
    meant_find_by_words(im_str(typed), false, &meant);
    return im_hint_list(meant.ids, meant.count);
}

static const char *cause_word(size_t index)
{
    return index + 1 < CAUSE_COUNT ? rows[index + 1].id : NULL;
}

const struct im_json_names im_cause_names = {.name = "cause",
                                             .what = "cause",
                                             .word = cause_word,
                                             .hint = im_cause_hint,
                                             .lister =
                                                 "`intacct-mock causes` lists them"};

const char *im_family_name(enum im_family family)
{
    switch (family) {
    case IM_FAMILY_EXPIRED: return "access token expired";
    case IM_FAMILY_REVOKED: return "revoked or invalid access token";
    case IM_FAMILY_CREDENTIALS: return "invalid credentials";
    case IM_FAMILY_PERMISSIONS: return "insufficient permissions";
    case IM_FAMILY_PROTOCOL: return "wrong address and protocol";
    case IM_FAMILY_SERVICE: return "not the client's fault";
    case IM_FAMILY_DATA: return "wrong payload";
    case IM_FAMILY_MOCK: return "the mock about itself";
    case IM_FAMILIES: break;
    }
    return "unknown";
}

/* ---- all its wordings ---- */

/* A place that a cause does not word uses the wording of another, so it adds nothing to the list. */
static size_t answers_add(struct im_cause_answer *answers, size_t n, const char *where,
                          const struct im_wording *wording,
                          const struct im_wording_switch *other)
{
    if (wording->envelope == IM_ENVELOPE_NONE)
        return n;
    answers[n++] = (struct im_cause_answer){where, wording, NULL};
    if (other && other->policy)
        answers[n++] = (struct im_cause_answer){where, &other->wording, other};
    return n;
}

size_t im_cause_answers(const struct im_cause_row *row,
                        struct im_cause_answer answers[IM_CAUSE_ANSWERS_MAX])
{
    size_t n = answers_add(answers, 0, "token endpoint", &row->token, &row->token_switch);

    n = answers_add(answers, n, "API", &row->api, &row->api_switch);
    return answers_add(answers, n, "article", &row->article, NULL);
}

void im_cause_answer_add_when(const struct im_cause_answer *answer, struct im_buf *buf)
{
    const struct im_policy_row *policy = im_policy_find(im_str(answer->when->policy));
    struct im_str word =
        policy ? im_policy_choice(policy, answer->when->value) : (struct im_str){NULL, 0};

    im_buf_addf(buf, "%s %.*s", answer->when->policy, IM_ARG(word));
}

const char *im_wording_code(const struct im_wording *wording)
{
    return wording->code                      ? wording->code
           : wording->head == IM_HEAD_PAYLOAD ? "REST-1064"
                                              : wording->word;
}

/* ---- as JSON ---- */

static void cause_write_answer(const struct im_wording *wording, struct im_json_out *out)
{
    im_json_int(out, "status", wording->status);
    if (wording->code)
        im_json_strz(out, "code", wording->code);
    im_wording_write_sample(wording, out, "body");
}

static void cause_write_switch(const struct im_wording_switch *other,
                               struct im_json_out *out)
{
    const struct im_policy_row *policy = im_policy_find(im_str(other->policy));

    im_json_open_object(out, "switch");
    im_json_strz(out, "policy", other->policy);
    if (policy)
        im_json_str(out, "value", im_policy_choice(policy, other->value));
    cause_write_answer(&other->wording, out);
    im_json_close_object(out);
}

static void cause_write_place(const struct im_wording *wording,
                              const struct im_wording_switch *other,
                              struct im_json_out *out, const char *name)
{
    if (wording->envelope == IM_ENVELOPE_NONE)
        return;
    im_json_open_object(out, name);
    cause_write_answer(wording, out);
    if (other && other->policy)
        cause_write_switch(other, out);
    im_json_close_object(out);
}

void im_cause_write(enum im_cause cause, struct im_json_out *out, const char *name)
{
    const struct im_cause_row *row = im_cause_row(cause);

    im_json_open_object(out, name);
    im_json_strz(out, "id", row->id);
    im_json_strz(out, "family", im_family_name(row->family));
    im_json_bool(out, "natural", row->natural);
    im_json_bool(out, "note", row->note);
    im_json_strz(out, "why", row->why);
    im_json_strz(out, "fix", row->fix);
    im_json_strz(out, "confidence", im_confidence_name(row->confidence));
    im_json_strz(out, "source", row->source);
    im_json_open_object(out, "wording");
    cause_write_place(&row->token, &row->token_switch, out, "token");
    cause_write_place(&row->api, &row->api_switch, out, "api");
    cause_write_place(&row->article, NULL, out, "article");
    im_json_close_object(out);
    if (row->redirect)
        im_json_strz(out, "redirect", row->redirect);
    im_json_close_object(out);
}
