/* Ranking: how well each cause's wording fits the answer, then what is evident, then
 * how often sources tell of it. Weights decide between kinds of reasons; within one
 * kind the tables of causes do. */
#include "explain/match.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* ---- evidence ---- */

static struct im_str format_sentence(struct im_ranking *ranking, const char *format,
                                     va_list args) IM_PRINTF(2, 0);

static struct im_str format_sentence(struct im_ranking *ranking, const char *format,
                                     va_list args)
{
    char text[512];

    vsnprintf(text, sizeof text, format, args);
    return im_arena_copy(ranking->trace->arena, im_str_front(im_str(text), 500));
}

/* A sign that does not fit the words counts for less: the server has said something
 * else. */
static int weight_of(const struct im_ranking *ranking, const struct im_candidate *one,
                     int weight)
{
    bool said = ranking->one && ranking->one->words.code_count;

    return said && !one->worded && weight < IM_SIGN_CERTAIN ? weight / 3 : weight;
}

void im_sign(struct im_ranking *ranking, enum im_cause cause, int weight,
             const char *format, ...)
{
    struct im_candidate *one = &ranking->all[cause];
    va_list args;

    one->score += weight_of(ranking, one, weight);
    if (one->evidence_count == IM_EVIDENCE_MAX)
        return;
    va_start(args, format);
    one->evidence[one->evidence_count++] = format_sentence(ranking, format, args);
    va_end(args);
}

void im_sign_against(struct im_ranking *ranking, enum im_cause cause, int weight,
                     const char *format, ...)
{
    struct im_candidate *one = &ranking->all[cause];
    va_list args;

    one->score -= weight;
    if (one->against_count == IM_EVIDENCE_MAX)
        return;
    va_start(args, format);
    one->against[one->against_count++] = format_sentence(ranking, format, args);
    va_end(args);
}

void im_lead(struct im_ranking *ranking, const struct im_observed *one,
             const char *format, ...)
{
    va_list args;

    if (ranking->event_count == IM_LEADS_MAX)
        return;
    struct im_lead *event = &ranking->events[ranking->event_count++];
    event->number = one ? one->number : 0;
    va_start(args, format);
    event->text = format_sentence(ranking, format, args);
    va_end(args);
}

/* ---- questions ---- */

bool im_is_token_endpoint(const struct im_observed *one)
{
    return one->endpoint == IM_ENDPOINT_TOKEN;
}

bool im_is_api(const struct im_observed *one)
{
    return im_endpoint_group(one->endpoint) == IM_GROUP_API;
}

bool im_is_success(const struct im_observed *one)
{
    return one->status >= 200 && one->status < 300 && !im_words_any(&one->words);
}

bool im_has_code(const struct im_observed *one, const char *code)
{
    for (size_t i = 0; i < one->words.code_count; i++)
        if (im_str_eq_nocase(one->words.codes[i], im_str(code)))
            return true;
    return false;
}

struct im_str im_sent(struct im_observed *one, const char *name)
{
    struct im_str value = im_param(&im_credentials_body(&one->req)->params, name);

    return value.at ? value : im_param(&im_credentials(&one->req)->query.params, name);
}

struct im_str im_grant(struct im_observed *one)
{
    return im_sent(one, "grant_type");
}

struct im_str im_got(struct im_trace *trace, const struct im_observed *one,
                     const char *name)
{
    struct im_json_error ignored;
    struct im_str body = im_str_trim(one->answer_body);

    if (!im_str_starts(body, "{"))
        return (struct im_str){NULL, 0};
    return im_json_get_str(im_json_parse_repeated(trace->arena, body, &ignored), name);
}

bool im_same_value(struct im_str a, struct im_str b)
{
    /* a fingerprint stands for one value, a mask for any */
    bool hidden = im_is_hidden_value(a) && !im_str_starts(a, "hmac:");

    return a.len && !hidden && im_str_eq(a, b);
}

/* ---- words ---- */

static bool message_fits(const struct im_words *words, const char *message)
{
    if (!message)
        return false;
    /* up to the first name that is filled in */
    size_t n = strcspn(message, "{");
    for (size_t i = 0; i < words->message_count && n >= 10; i++)
        if (im_str_eq_nocase(im_str_slice(words->messages[i], 0, n),
                             (struct im_str){message, n}))
            return true;
    return false;
}

static bool is_mock_only(enum im_cause cause)
{
    const struct im_cause_row *row = im_cause_row(cause);

    return row->family == IM_FAMILY_MOCK || row->note || cause == CAUSE_MOCK_CAPACITY ||
           cause == CAUSE_INTERNAL || cause == CAUSE_STORE_FULL ||
           cause == CAUSE_ACCESS_TOKEN_UNKNOWN ||
           cause == CAUSE_TOKEN_OF_THE_REAL_SERVICE;
}

/* Do place and dialect suit? */
enum { ELSEWHERE = -1000 }; /* no wording of this place at all */

static int place_score(const struct im_observed *one, const struct im_cause_row *row,
                       const struct im_wording *wording)
{
    bool article = wording == &row->article;
    bool token = wording == &row->token || wording == &row->token_switch.wording;

    /* nobody says where it was asked: both dialects may have worded it */
    if (one->endpoint == IM_ENDPOINT_NONE) /* the article's status is its own */
        return article && !(one->status == 401 && wording->status == 401) ? -3 : 0;
    if (article != (one->place == IM_PLACE_ARTICLE))
        return ELSEWHERE;
    if (article)
        return 20;
    bool at_token = im_endpoint_group(one->endpoint) == IM_GROUP_OAUTH ||
                    one->place == IM_PLACE_TOKEN;
    return token == at_token ? 10 : -30;
}

static int wording_score(const struct im_observed *one, const struct im_cause_row *row,
                         const struct im_cause_answer *answer)
{
    const struct im_wording *wording = answer->wording;
    bool code = wording->code && im_has_code(one, wording->code);
    bool message = message_fits(&one->words, wording->message);
    bool word = wording->word && im_has_code(one, wording->word);
    bool id = wording->message_id && im_has_code(one, wording->message_id);
    int score = code || id ? 100 : message ? 80 : word && !wording->code ? 40 : 0;

    /* a status alone says little, and nothing beside a code that is another's */
    bool status = one->status && wording->status == one->status;
    if (!score && status && !one->words.code_count)
        score = 20;
    if (!score)
        return 0;
    /* one code has several messages, of which each narrows the causes down */
    if (code && message)
        score += 10;
    if (one->status)
        score += status ? 20 : -30;
    return score + place_score(one, row, wording) + (answer->when ? 0 : 5);
}

static int other_score(const struct im_observed *one, const struct im_other_words *other)
{
    bool text = false;

    if (other->status && other->status != one->status)
        return 0;
    if (other->code && !im_has_code(one, other->code))
        return 0;
    for (size_t i = 0; i < one->words.message_count && other->text; i++)
        text |= im_str_find_nocase(one->words.messages[i], other->text) <
                one->words.messages[i].len;
    if (other->text && !text)
        return 0;
    return other->code && other->text ? 150 : other->code ? 100 : 90;
}

static void match_words(struct im_ranking *ranking, struct im_candidate *candidate)
{
    const struct im_cause_row *row = im_cause_row(candidate->cause);
    struct im_cause_answer answers[IM_CAUSE_ANSWERS_MAX];
    size_t n = im_cause_answers(row, answers);
    int best = 0;

    for (size_t i = 0; i < n; i++) {
        int score = wording_score(ranking->one, row, &answers[i]);
        if (score > best) {
            best = score;
            candidate->answer = answers[i];
        }
    }
    for (size_t i = 0; i < im_other_words_count; i++) {
        if (im_other_words[i].cause != candidate->cause)
            continue;
        int score = other_score(ranking->one, &im_other_words[i]);
        if (score > best) {
            best = score;
            candidate->other = &im_other_words[i];
        }
    }
    if (!best && row->redirect && im_has_code(ranking->one, row->redirect) &&
        (ranking->one->status == 0 || ranking->one->status / 100 == 3))
        best = 90;
    candidate->worded = best > 0;
    candidate->score = best;
}

enum im_confidence im_candidate_confidence(const struct im_candidate *one)
{
    return one->other ? one->other->confidence : im_cause_row(one->cause)->confidence;
}

/* How common, and how sure: less than any other reason weighs. */
static int table_score(const struct im_ranking *ranking, const struct im_candidate *one)
{
    int score =
        6 * (int)im_diagnosis(one->cause)->common + 2 - (int)im_candidate_confidence(one);

    return is_mock_only(one->cause) && !ranking->mock ? score - 40 : score;
}

/* ---- which exchange ---- */

/* A refusal of the access token, which a refresh may mend. */
static bool refuses_token(const struct im_observed *one)
{
    return im_observed_is_refused(one) && !im_is_token_endpoint(one) &&
           (one->status == 401 || im_has_code(one, "REST-1206") ||
            im_has_code(one, "REST-2102") || im_has_code(one, "GW-0040") ||
            im_has_code(one, "GW-0031"));
}

static bool is_wrong(const struct im_observed *one)
{
    return im_observed_is_refused(one) || (one->lost && !one->status);
}

/* Did the client get over it? The same call succeeds later. */
static bool is_recovered(const struct im_trace *trace, size_t at)
{
    const struct im_observed *one = trace->items[at];

    if (!one->has_request || !one->req.method.len)
        return false;
    for (size_t i = at + 1; i < trace->count; i++) {
        const struct im_observed *later = trace->items[i];
        if (im_is_success(later) && im_str_eq(later->req.method, one->req.method) &&
            im_str_eq(later->req.path, one->req.path) &&
            (!im_is_token_endpoint(one) || im_str_eq(later->req.body, one->req.body)))
            return true;
    }
    return false;
}

/* A refused token is no more than the occasion when the refresh behind it fails. */
static size_t behind_occasion(const struct im_trace *trace, size_t at)
{
    if (!refuses_token(trace->items[at]))
        return at;
    for (size_t i = at + 1; i < trace->count; i++) {
        struct im_observed *later = trace->items[i];
        if (im_is_token_endpoint(later) && im_observed_is_refused(later))
            return i;
        if (im_is_token_endpoint(later) && im_is_success(later))
            return at;
    }
    return at;
}

static size_t find_wrong(struct im_ranking *ranking)
{
    const struct im_trace *trace = ranking->trace;
    size_t first = trace->count, lost = trace->count;

    for (size_t i = 0; i < trace->count; i++) {
        bool refused = im_observed_is_refused(trace->items[i]);
        ranking->refused += refused;
        if (is_wrong(trace->items[i]) && !refused && lost == trace->count)
            lost = i;
        if (refused && first == trace->count)
            first = i;
    }
    /* a sound client is refused as well, and gets over it: that is not what somebody
     * asks about */
    for (size_t i = 0; i < trace->count; i++)
        if (im_observed_is_refused(trace->items[i]) && !is_recovered(trace, i))
            return behind_occasion(trace, i);
    if (first < trace->count) {
        ranking->recovered = true;
        return first;
    }
    if (lost < trace->count)
        return lost;
    return trace->count ? trace->count - 1 : 0;
}

/* ---- all together ---- */

static bool is_loopback(struct im_str host)
{
    return im_str_is(host, "localhost") || im_str_starts(host, "127.") ||
           im_str_is(host, "[::1]") || im_str_ends(host, ".localhost");
}

static void look_at_exchange(struct im_ranking *ranking)
{
    struct im_observed *one = ranking->one;

    ranking->at_ms = one->has_time ? one->at_ms : ranking->options->now_ms;
    ranking->mock = is_loopback(one->host) ||
                    im_observed_answer_header(one, "X-Intacct-Mock-Cause").len;
    struct im_str grant = im_is_token_endpoint(one) ? im_grant(one) : IM_STR("");
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (!grant.len || im_cause_suits_grant((enum im_cause)i, grant))
            match_words(ranking, &ranking->all[i]);
    struct im_str bearer = im_credentials(&one->req)->bearer_token;
    if (bearer.len && !im_is_hidden_value(bearer) && !im_is_placeholder(bearer)) {
        ranking->has_token = true;
        im_token_view(ranking->options, ranking->trace, bearer, ranking->at_ms,
                      &ranking->token);
    }
    im_signs_of_request(ranking);
}

static int compare(const void *a, const void *b)
{
    const struct im_candidate *const *left = a, *const *right = b;
    int by = (*right)->score - (*left)->score;

    if (!by && (*left)->other && (*right)->other)
        return (*left)->other < (*right)->other ? -1 : 1;
    return by ? by : (int)(*left)->cause - (int)(*right)->cause;
}

/* Words, signs, order: of the exchange at hand, or of a token that stands alone. */
static void rank_causes(struct im_ranking *ranking)
{
    struct im_trace *trace = ranking->trace;

    for (int i = 0; i < CAUSE_COUNT; i++)
        ranking->all[i].cause = (enum im_cause)i;
    ranking->at_ms = ranking->options->now_ms;
    if (ranking->one) {
        look_at_exchange(ranking);
    } else if (trace->jwt.len) {
        ranking->has_token = true;
        im_token_view(ranking->options, trace, trace->jwt, ranking->at_ms,
                      &ranking->token);
    }
    if (ranking->has_token)
        im_signs_of_token(ranking);
    if (ranking->one)
        im_signs_of_sequence(ranking);
    /* common and sure count last, so that they only decide between equals */
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        struct im_candidate *one = &ranking->all[i];
        if (!one->worded && !one->evidence_count)
            continue;
        one->score += table_score(ranking, one);
        if (one->score > 0)
            ranking->ranked[ranking->count++] = one;
    }
    qsort(ranking->ranked, ranking->count, sizeof *ranking->ranked, compare);
}

void im_rank(struct im_ranking *ranking)
{
    ranking->wrong = find_wrong(ranking);
    ranking->one = ranking->wrong < ranking->trace->count
                       ? ranking->trace->items[ranking->wrong]
                       : NULL;
    rank_causes(ranking);
}

void im_rank_exchange(struct im_ranking *ranking, size_t index)
{
    ranking->wrong = index;
    ranking->one = ranking->trace->items[index];
    rank_causes(ranking);
}
