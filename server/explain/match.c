/* Ranking: how well each cause's wording fits the answer, then what is evident, then
 * how often sources tell of it. Weights decide between kinds of reasons; within one
 * kind the tables of causes do. */
#include "explain/match.h"
#include "explain/transport.h"

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

/* Signs add up: two weak ones may outweigh a wording that fits badly. */
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
    return one->status >= 200 && one->status < 300 && !im_words_any(&one->words) &&
           !im_observed_is_broken(one);
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

const struct im_json *im_got(struct im_trace *trace, const struct im_observed *one)
{
    struct im_json_error ignored;
    struct im_str body = im_str_trim(one->answer_body);

    return im_str_starts(body, "{") ? im_json_parse_repeated(trace->arena, body, &ignored)
                                    : NULL;
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
enum {
    ELSEWHERE = -1000, /* no wording of this place at all */
    UNLIKELY = -25 /* the article is no Sage documentation: weighs more than `common` */
};

/* 401 {"error":"invalid_grant"} is what the article has for all, and nobody else says by default. */
static bool is_of_article(const struct im_observed *one)
{
    return one->status == 401 && im_has_code(one, "invalid_grant");
}

static int place_score(const struct im_observed *one, const struct im_cause_row *row,
                       const struct im_wording *wording)
{
    bool article = wording == &row->article;
    bool token = wording == &row->token || wording == &row->token_switch.wording;

    /* nobody says where it was asked: both dialects may have worded it */
    if (one->endpoint == IM_ENDPOINT_NONE) /* the article's status is its own */
        return article && !is_of_article(one) ? UNLIKELY : 0;
    if (article != (one->place == IM_PLACE_ARTICLE))
        return ELSEWHERE;
    if (article)
        return 20;
    bool at_token = im_endpoint_group(one->endpoint) == IM_GROUP_OAUTH ||
                    one->place == IM_PLACE_TOKEN;
    return token == at_token ? 10 : -30;
}

/* A code counts most, then a message, then a word such as invalidRequest that many errors share. */
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

/* Code and text must both fit where a row has both; together they say more than either. */
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

/* ---- all together ---- */

static void rank_look_at_exchange(struct im_ranking *ranking)
{
    struct im_observed *one = ranking->one;

    struct im_str grant = im_is_token_endpoint(one) ? im_grant(one) : IM_STR("");
    /* a refresh cannot fail for want of a code: causes of other grants are not even candidates */
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (!grant.len || im_cause_suits_grant((enum im_cause)i, grant))
            match_words(ranking, &ranking->all[i]);
    struct im_str bearer = im_credentials(&one->req)->bearer_token;
    if (bearer.len && !im_is_placeholder(bearer)) {
        im_token_view(ranking->options, ranking->trace, bearer, ranking->at_ms,
                      &ranking->token);
        /* of a mask nothing is known, but where it hides the signature alone */
        ranking->has_token = ranking->token.decoded || !im_is_hidden_value(bearer);
    }
    im_signs_of_request(ranking);
}

static int compare_candidates(const void *a, const void *b)
{
    const struct im_candidate *const *left = a, *const *right = b;
    int by = (*right)->score - (*left)->score;

    if (!by && (*left)->other && (*right)->other)
        return (*left)->other < (*right)->other ? -1 : 1;
    return by ? by : (int)(*left)->cause - (int)(*right)->cause;
}

/* Is there no more than a code or a status, as somebody types it into a search? */
static bool is_wording_alone(const struct im_ranking *ranking)
{
    const struct im_observed *one = ranking->one;

    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (ranking->all[i].evidence_count)
            return false;
    return !one->has_request && !one->lost && one->words.code_count < 2 &&
           !one->words.message_count && !is_of_article(one);
}

/* Then the order is that of `intacct-mock causes`, so that both say the same. */
static void rank_by_wording(struct im_ranking *ranking)
{
    struct im_arena *arena = ranking->trace->arena;
    const struct im_observed *one = ranking->one;
    struct im_cause_hit *hits = IM_ARENA_ARRAY(arena, struct im_cause_hit, CAUSE_COUNT);
    struct im_str query = ranking->trace->query;

    if (!query.len && one->status)
        query = im_arena_format(arena, "%d ", one->status);
    if (!ranking->trace->query.len && one->words.code_count)
        query = im_arena_format(arena, "%.*s%.*s", IM_ARG(query),
                                IM_ARG(one->words.codes[0]));
    size_t found = hits ? im_cause_search(query, hits) : 0;
    /* what somebody tells besides goes before what the wording leaves open */
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (ranking->all[i].evidence_count)
            ranking->ranked[ranking->count++] = &ranking->all[i];
    for (size_t i = 0; i < found; i++) {
        struct im_candidate *candidate = &ranking->all[hits[i].cause];
        if (candidate->evidence_count)
            continue;
        candidate->worded = true;
        candidate->answer = hits[i].answer;
        candidate->other = hits[i].other;
        ranking->ranked[ranking->count++] = candidate;
    }
}

/* A status that several causes have, and not a word beside it. */
static bool is_undecided(const struct im_ranking *ranking)
{
    return ranking->one && ranking->one->status && ranking->count > 1 &&
           !im_words_any(&ranking->one->words) && !ranking->ranked[0]->evidence_count;
}

/* A token response; the status may not be known. */
static void look_at_token_response(struct im_ranking *ranking)
{
    struct im_trace *trace = ranking->trace;
    const struct im_observed *one = ranking->one;
    const struct im_json *got = im_got(trace, one);
    const struct im_json *lives = im_json_get(got, "expires_in");
    struct im_str token = im_json_get_str(got, "access_token");
    struct im_str scopes = im_json_get_str(got, "scopes");

    if (!token.len || im_observed_is_refused(one))
        return;
    ranking->grant = (struct im_granted){
        .is_one = true,
        .refresh = im_json_get(got, "refresh_token") != NULL,
        .lives_s = lives && lives->is_whole ? lives->whole : 0,
        .scopes = scopes.len ? scopes : im_json_get_str(got, "scope")};
    ranking->has_token = true;
    im_token_view(ranking->options, trace, token, ranking->at_ms, &ranking->token);
}

/* Common and sure count last, so that they only decide between equals. */
static void rank_by_score(struct im_ranking *ranking)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        struct im_candidate *one = &ranking->all[i];
        if (!one->worded && !one->evidence_count)
            continue;
        one->score += table_score(ranking, one);
        if (one->score > 0)
            ranking->ranked[ranking->count++] = one;
    }
    qsort(ranking->ranked, ranking->count, sizeof *ranking->ranked, compare_candidates);
}

/* Words, signs, order: of the exchange at hand, or of a token that stands alone. */
static void rank_answered(struct im_ranking *ranking)
{
    struct im_trace *trace = ranking->trace;

    if (ranking->one) {
        rank_look_at_exchange(ranking);
    } else if (trace->jwt.len) {
        ranking->has_token = true;
        im_token_view(ranking->options, trace, trace->jwt, ranking->at_ms,
                      &ranking->token);
    }
    if (ranking->has_token)
        im_signs_of_token(ranking);
    if (ranking->one) {
        im_signs_of_sequence(ranking);
        look_at_token_response(ranking);
    }
    bool alone = ranking->one && is_wording_alone(ranking);
    im_signs_of_words(ranking);
    if (alone)
        rank_by_wording(ranking);
    else
        rank_by_score(ranking);
    ranking->undecided = is_undecided(ranking);
}

/* Nobody judged the request: no cause has worded anything, and what is wrong with it besides
 * its host did not end it. */
static void rank_broken(struct im_ranking *ranking)
{
    im_signs_of_host(ranking);
    rank_by_score(ranking);
}

static void rank_causes(struct im_ranking *ranking)
{
    const struct im_observed *one = ranking->one;

    for (int i = 0; i < CAUSE_COUNT; i++)
        ranking->all[i].cause = (enum im_cause)i;
    ranking->at_ms = one && one->has_time ? one->at_ms : ranking->options->now_ms;
    ranking->mock = one && (im_observed_is_local(one) ||
                            im_observed_answer_header(one, "X-Intacct-Mock-Cause").len);
    if (one && im_observed_is_broken(one))
        rank_broken(ranking);
    else
        rank_answered(ranking);
}

void im_rank(struct im_ranking *ranking)
{
    ranking->wrong = im_choose_wrong(ranking);
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
