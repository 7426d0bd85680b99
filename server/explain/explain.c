/* The explanation as a whole: unpack, recognise, rank; and what is said about its first
 * answer beside the tables. Text and JSON are written by explain_text.c and
 * explain_json.c. */
#include "explain/inside.h"

#include <string.h>

#include "base/embedded.h"
#include "base/rng.h"
#include "explain/unpack.h"

/* ---- making one ---- */

/* A key of its own for each: the fingerprints of two explanations cannot be compared. */
static struct im_secrets *secrets_new(struct im_error *err)
{
    unsigned char key[IM_SECRET_KEY_LEN];
    struct im_rng rng;
    uint64_t seed;

    if (!im_rng_random_seed(&seed, err))
        return NULL;
    im_rng_init_seed(&rng, seed, IM_STR("explain"));
    im_rng_bytes(&rng, "fingerprints", key, sizeof key);
    return im_secrets_new(key);
}

struct im_explanation *im_explain(const struct im_explain_options *options,
                                  struct im_arena *arena, struct im_str input,
                                  struct im_error *err)
{
    struct im_explanation *made = IM_ARENA_NEW(arena, struct im_explanation);

    if (!made) {
        im_error_set(err, "explaining: out of memory");
        return NULL;
    }
    made->options = *options;
    if (!made->options.max_bytes)
        made->options.max_bytes = IM_EXPLAIN_MAX;
    if (!im_explain_unpack(arena, made->options.max_bytes, &input, &made->packed, err))
        return NULL;
    made->trace = (struct im_trace){.arena = arena,
                                    .secrets = secrets_new(err),
                                    .now_ms = options->now_ms,
                                    .stopped = options->stopped,
                                    .context = options->context};
    if (!made->trace.secrets)
        return NULL;
    made->ranking.options = &made->options;
    made->ranking.trace = &made->trace;
    made->recognised = im_trace_read(&made->trace, input);
    if (made->recognised && im_trace_goes_on(&made->trace))
        im_rank(&made->ranking);
    if (arena->failed || made->trace.abandoned) {
        im_error_set(err, "explaining: %s",
                     arena->failed ? "out of memory"
                                   : "given up, since the server stops");
        im_explanation_end(made);
        return NULL;
    }
    return made;
}

void im_explanation_end(struct im_explanation *explanation)
{
    if (explanation)
        im_secrets_unref(explanation->trace.secrets);
}

bool im_explanation_is_recognised(const struct im_explanation *explanation)
{
    return explanation->recognised;
}

enum im_cause im_explanation_cause(const struct im_explanation *explanation)
{
    const struct im_candidate *first = im_explanation_first(explanation);

    return first ? first->cause : CAUSE_NONE;
}

const struct im_candidate *im_explanation_first(const struct im_explanation *explanation)
{
    const struct im_ranking *ranking = &explanation->ranking;

    /* of many that a status alone fits, none is the first */
    return ranking->count && !ranking->undecided ? ranking->ranked[0] : NULL;
}

/* ---- what was recognised ---- */

static void add_counts(struct im_buf *buf, const struct im_explanation *explanation)
{
    const struct im_trace *trace = &explanation->trace;
    const struct im_ranking *ranking = &explanation->ranking;

    if (trace->count > 1)
        im_buf_addf(buf, " of %zu exchanges, %zu of them refused", trace->count,
                    ranking->refused);
    if (trace->foreign)
        im_buf_addf(buf, "%s%zu that %s nothing to do with Intacct left out",
                    trace->count > 1 ? "; " : ", ", trace->foreign,
                    trace->foreign == 1 ? "has" : "have");
}

struct im_str im_explanation_what(const struct im_explanation *explanation)
{
    const struct im_trace *trace = &explanation->trace;
    struct im_buf buf;

    im_buf_init(&buf, trace->arena, 0);
    im_buf_addz(&buf, im_form_text(trace->form));
    if (explanation->packed)
        im_buf_addz(&buf, " (gzip)");
    if (explanation->recognised)
        add_counts(&buf, explanation);
    return im_buf_str(&buf);
}

struct im_str im_explanation_limit(const struct im_explanation *explanation)
{
    const struct im_trace *trace = &explanation->trace;

    if (!trace->beyond)
        return (struct im_str){NULL, 0};
    return im_arena_format(
        trace->arena,
        "Only the first %d exchanges were read; the %zu %s behind them "
        "were left out.",
        IM_OBSERVED_MAX, trace->beyond,
        trace->form == IM_FORM_HAR   ? "entries"
        : trace->form == IM_FORM_LOG ? "lines"
                                     : "exchanges");
}

struct im_str im_explanation_which(const struct im_explanation *explanation)
{
    const struct im_ranking *ranking = &explanation->ranking;
    const struct im_trace *trace = &explanation->trace;

    if (!ranking->refused && !im_explanation_transport(explanation))
        return IM_STR("the last");
    if (ranking->recovered)
        return IM_STR("the first wrong one; the client got over it");
    if (ranking->first_wrong == ranking->wrong)
        return IM_STR("the first wrong one");
    if (ranking->occasion < trace->count)
        return im_arena_format(trace->arena,
                               "the renewal that failed when no. %zu was refused",
                               trace->items[ranking->occasion]->number);
    /* a refusal is explained before a call without an answer, which may be earlier */
    return im_observed_is_refused(ranking->one)
               ? IM_STR("the first refused one that the client did not get over")
               : IM_STR("the first wrong one that the client did not get over");
}

/* "POST https://…/token with grant_type=refresh_token": a comma would look like the address's */
struct im_str im_explanation_request(const struct im_explanation *explanation)
{
    const struct im_trace *trace = &explanation->trace;
    struct im_observed *one = explanation->ranking.one;
    struct im_buf buf;

    im_buf_init(&buf, trace->arena, 0);
    if (!one || !one->has_request)
        return im_buf_str(&buf);
    if (one->req.method.len)
        im_buf_add(&buf, im_trace_quote_method(trace, one->req.method));
    if (one->url.len) {
        im_buf_addz(&buf, buf.len ? " " : "");
        im_buf_add(&buf, im_trace_quote_url(trace, one->url));
    }
    struct im_str grant = im_grant(one);
    if (grant.len)
        im_buf_addf(&buf, "%sgrant_type=%.*s", buf.len ? " with " : "",
                    IM_ARG(im_trace_quote(trace, grant)));
    return im_buf_str(&buf);
}

/* "400 invalid_grant: message" */
struct im_str im_explanation_answer(const struct im_explanation *explanation)
{
    const struct im_trace *trace = &explanation->trace;
    const struct im_observed *one = explanation->ranking.one;
    struct im_buf buf;

    im_buf_init(&buf, trace->arena, 0);
    if (!one)
        return im_buf_str(&buf);
    const struct im_transport_row *ended = im_explanation_transport(explanation);
    if (one->status)
        im_buf_addf(&buf, "%d", one->status);
    else if (one->lost || ended)
        im_buf_addz(&buf, "no answer");
    if (ended)
        im_buf_addf(&buf, " (%s)", ended->id);
    for (size_t i = 0; i < one->words.code_count && i < 3; i++)
        im_buf_addf(&buf, "%s%.*s", buf.len ? " " : "",
                    IM_ARG(im_trace_quote(trace, one->words.codes[i])));
    if (one->words.message_count)
        im_buf_addf(&buf, "%s\"%.*s\"", buf.len ? " " : "",
                    IM_ARG(im_trace_quote_message(trace, one->words.messages[0])));
    return im_buf_str(&buf);
}

/* ---- what to say to whom ---- */

/* What ended it, where no cause, such as a misspelled host, says why; else NULL: then what is said to
 * people is the cause's. */
static const struct im_transport_row *end_without_cause(
    const struct im_explanation *explanation)
{
    return im_explanation_first(explanation) ? NULL
                                             : im_explanation_transport(explanation);
}

struct im_str im_explanation_developer(const struct im_explanation *explanation)
{
    const struct im_candidate *first = im_explanation_first(explanation);
    struct im_str answer = im_explanation_answer(explanation);
    const struct im_transport_row *alone = end_without_cause(explanation);
    struct im_buf buf;

    im_buf_init(&buf, explanation->trace.arena, 0);
    im_explanation_add_ended(explanation, &buf);
    if (alone)
        im_buf_addf(&buf, "%s To be sure: %.*s %s", alone->why,
                    IM_ARG(im_explanation_question(explanation)), alone->developer);
    if (!first)
        return im_buf_str(&buf);
    const struct im_cause_row *row = im_cause_row(first->cause);
    const char *question = im_diagnosis(first->cause)->question;
    if (answer.len && explanation->ranking.one &&
        im_observed_is_refused(explanation->ranking.one)) {
        im_explanation_add_answered(explanation, &buf);
        im_buf_addf(&buf, "%.*s. ", IM_ARG(answer));
    }
    /* evidence is the input's own word, wording is shared by several causes: so it is "a" likely one */
    im_buf_addf(&buf, "%s cause is %s: %s ",
                first->evidence_count ? "The most likely" : "A likely", row->id,
                row->why);
    if (!first->evidence_count && question)
        im_buf_addf(&buf, "To be sure: %s ", question);
    im_buf_addz(&buf, row->fix);
    return im_buf_str(&buf);
}

const char *im_explanation_administrator(const struct im_explanation *explanation)
{
    const struct im_candidate *first = im_explanation_first(explanation);

    return first ? im_diagnosis(first->cause)->admin : NULL;
}

/* ---- what ended it before an answer ---- */

const struct im_transport_row *im_explanation_transport(
    const struct im_explanation *explanation)
{
    const struct im_observed *one = explanation->ranking.one;

    return one && im_observed_is_broken(one) ? im_transport_row(one->ended->kind) : NULL;
}

void im_explanation_add_ended(const struct im_explanation *explanation,
                              struct im_buf *buf)
{
    const struct im_transport_row *ended = im_explanation_transport(explanation);

    if (!ended)
        return;
    /* a body that was damaged may be Intacct's */
    bool of_body = im_transport_is_of_body(explanation->ranking.one->ended);
    const char *readable = of_body ? " that can be read" : "";
    if (explanation->ranking.recovered)
        im_buf_addf(
            buf,
            "One call had no answer of Intacct%s: %s. The client got over it: the "
            "same call went well later. ",
            readable, ended->title);
    else
        im_buf_addf(buf, "No answer of Intacct%s reached the program: %s. ", readable,
                    ended->title);
}

/* Of the table, and not of the input: so no secret can be in it. */
struct im_str im_explanation_told_by(const struct im_explanation *explanation)
{
    struct im_buf buf;

    im_buf_init(&buf, explanation->trace.arena, 0);
    if (!im_explanation_transport(explanation))
        return im_buf_str(&buf);
    const struct im_transport_words *words = explanation->ranking.one->ended;
    im_buf_addz(&buf, words->text);
    if (words->beside)
        im_buf_addf(&buf, " … %s", words->beside);
    return im_buf_str(&buf);
}

/* What the body of an answer is asked for, as far as the input does not show it. */
static struct im_str question_of_body(const struct im_explanation *explanation)
{
    const struct im_observed *one = explanation->ranking.one;
    bool body = one->answer_body.len > 0, status = one->status > 0;
    bool type = im_observed_answer_header(one, "Content-Type").len > 0;
    struct im_buf buf;

    if (body)
        return IM_STR("Whose page is it: a proxy's, a gateway's, that of a sign-in, or "
                      "one that answers under a wrong address?");
    im_buf_init(&buf, explanation->trace.arena, 0);
    im_buf_addz(&buf, "How does the body begin");
    if (!status || !type)
        im_buf_addf(&buf, ", and which %s%s%s came with it", status ? "" : "status",
                    status || type ? "" : " and ", type ? "" : "Content-Type");
    im_buf_addc(&buf, '?');
    return im_buf_str(&buf);
}

struct im_str im_explanation_question(const struct im_explanation *explanation)
{
    const struct im_observed *one = explanation->ranking.one;
    const struct im_transport_row *ended = im_explanation_transport(explanation);

    if (!ended)
        return (struct im_str){NULL, 0};
    if (one->ended->kind == IM_TRANSPORT_BODY_NOT_JSON)
        return question_of_body(explanation);
    if (one->ended->kind == IM_TRANSPORT_PROXY_REFUSED && one->status)
        return IM_STR("Should the program use this proxy at all?");
    return im_str(ended->question);
}

const char *im_explanation_network(const struct im_explanation *explanation)
{
    const struct im_transport_row *alone = end_without_cause(explanation);

    /* where the name is wrong, the network cannot help */
    return alone ? alone->network : NULL;
}

/* ---- how to see it again ---- */

/* The cause that a mock can play; NULL = none: a refusal, as of a misspelled host, does not end a call as
 * DNS or TLS do. */
static const struct im_candidate *cause_to_reproduce(
    const struct im_explanation *explanation)
{
    return im_explanation_transport(explanation) ? NULL
                                                 : im_explanation_first(explanation);
}

/* Where the refusal happens: at the API, or at the token endpoint and its neighbours. */
static bool is_of_oauth(const struct im_explanation *explanation,
                        const struct im_candidate *first)
{
    const struct im_observed *one = explanation->ranking.one;

    if (one && im_endpoint_group(one->endpoint) != IM_GROUP_NONE)
        return im_endpoint_group(one->endpoint) == IM_GROUP_OAUTH;
    if (!first)
        return false;
    const struct im_cause_row *row = im_cause_row(first->cause);
    if (first->answer.where)
        return first->answer.wording == &row->token ||
               first->answer.wording == &row->token_switch.wording;
    return row->api.envelope == IM_ENVELOPE_NONE;
}

/* A sandbox of its own in which every call is refused so, in the very wording that was
 * seen, or ends so. TLS ends before there is a sandbox: there a scenario does it. */
struct im_str im_explanation_reproduce(const struct im_explanation *explanation)
{
    const struct im_transport_row *ended = im_explanation_transport(explanation);
    const struct im_candidate *first = cause_to_reproduce(explanation);
    struct im_buf buf;

    im_buf_init(&buf, explanation->trace.arena, 0);
    if (ended && ended->tls)
        im_buf_addf(&buf,
                    "intacct-mock run --intercept --scenario tls-%s -- YOUR-PROGRAM",
                    ended->tls);
    if (!first && !(ended && ended->wire))
        return im_buf_str(&buf);
    const struct im_wording_switch *when =
        first && first->answer.where ? first->answer.when : NULL;
    const struct im_policy_row *policy =
        when ? im_policy_find(im_str(when->policy)) : NULL;
    struct im_str url = explanation->options.url;
    if (!url.len)
        url = IM_STR("http://127.0.0.1:8080");
    im_buf_addz(&buf, "curl -s ");
    im_buf_add_shell(&buf,
                     im_arena_format(buf.arena, "%.*s/__mock/sandboxes", IM_ARG(url)));
    im_buf_addz(&buf,
                " -d '{\"scenario\":{\"name\":\"again\",\"about\":\"The same again.\",");
    if (policy)
        im_buf_addf(&buf, "\"world\":{\"%s\":\"%.*s\"},", when->policy,
                    IM_ARG(im_policy_choice(policy, when->value)));
    im_buf_addf(&buf,
                "\"rules\":[{\"when\":{\"endpoint\":\"%s\"},\"then\":{\"%s\":\"%s\"}}]"
                "}}'",
                is_of_oauth(explanation, first) ? "oauth" : "api",
                first ? "refuse" : "wire",
                first ? im_cause_row(first->cause)->id : ended->wire);
    return im_buf_str(&buf);
}

static const char *built_in_scenario(const char *prefix, const char *name)
{
    size_t n = strlen(prefix);

    for (size_t i = 0; i < im_scenario_file_count; i++)
        if (strncmp(im_scenario_files[i].name, prefix, n) == 0 &&
            strcmp(im_scenario_files[i].name + n, name) == 0)
            return im_scenario_files[i].name;
    return NULL;
}

/* A story that is built in has the id of its cause as its name, or that of its fault. */
const char *im_explanation_scenario_name(const struct im_explanation *explanation)
{
    const struct im_transport_row *ended = im_explanation_transport(explanation);
    const struct im_candidate *first = cause_to_reproduce(explanation);

    if (first)
        return built_in_scenario("", im_cause_row(first->cause)->id);
    if (ended && ended->tls)
        return built_in_scenario("tls-", ended->tls);
    if (!ended || !ended->wire)
        return NULL;
    const char *of_token = im_is_token_endpoint(explanation->ranking.one)
                               ? built_in_scenario("token-", ended->wire)
                               : NULL;
    return of_token ? of_token : built_in_scenario("", ended->wire);
}
