/* An explanation as text for a terminal, in the order in which a person in a hurry
 * needs it. */
#include "base/clock.h"
#include "base/json.h"
#include "explain/inside.h"

static void add_heading(struct im_buf *buf, const char *heading)
{
    im_buf_addf(buf, "\n%s\n", heading);
}

static void add_line(struct im_buf *buf, size_t indent, const char *label,
                     struct im_str text)
{
    struct im_buf line;

    if (!text.len)
        return;
    im_buf_init(&line, buf->arena, 0);
    im_buf_addz(&line, label);
    im_buf_add(&line, text);
    im_buf_add_wrapped(buf, indent, im_buf_str(&line));
}

static void add_recognised(struct im_buf *buf, const struct im_explanation *explanation)
{
    const struct im_observed *one = explanation->ranking.one;
    struct im_arena *arena = buf->arena;

    add_line(buf, 0, "Recognised: ", im_explanation_what(explanation));
    add_line(buf, 2, "", im_explanation_limit(explanation));
    if (!one)
        return;
    if (explanation->trace.count > 1)
        add_line(buf, 2, "",
                 im_arena_format(arena, "explained is no. %zu, the %s", one->number,
                                 !explanation->ranking.refused ? "last"
                                 : explanation->ranking.recovered
                                     ? "first wrong one; the client got over it"
                                     : "first wrong one"));
    if (one->has_time)
        add_line(buf, 2, "at ", im_time_rfc3339(arena, one->at_ms));
    add_line(buf, 2, "asked: ", im_explanation_request(explanation));
    add_line(buf, 2, "answered: ", im_explanation_answer(explanation));
}

static void add_events(struct im_buf *buf, const struct im_ranking *ranking)
{
    if (!ranking->event_count)
        return;
    add_heading(buf, "What bears on it");
    for (size_t i = 0; i < ranking->event_count; i++)
        add_line(buf, 2, "",
                 im_arena_format(buf->arena, "no. %zu: %.*s", ranking->events[i].number,
                                 IM_ARG(ranking->events[i].text)));
}

/* ---- the token ---- */

static struct im_str shown_value(const struct im_trace *trace,
                                 const struct im_json *claim)
{
    if (claim->type == IM_JSON_STRING || claim->type == IM_JSON_NUMBER)
        return im_claim_is_secret(claim->name)
                   ? im_fingerprint(trace->secrets, trace->arena, claim->text)
                   : im_redact_quote(trace->secrets, trace->arena, claim->text);
    return im_str(claim->type == IM_JSON_BOOL   ? (claim->boolean ? "true" : "false")
                  : claim->type == IM_JSON_NULL ? "null"
                                                : "(several)");
}

static bool is_time(struct im_str name)
{
    return im_str_is(name, "iat") || im_str_is(name, "exp") || im_str_is(name, "nbf");
}

static void add_claims(struct im_buf *buf, const struct im_trace *trace,
                       const struct im_json *object)
{
    size_t n = 0;

    for (const struct im_json *claim = object->first; claim && n < IM_CLAIMS_MAX;
         claim = claim->next, n++) {
        const char *meaning = im_claim_meaning(claim->name);
        struct im_str value = shown_value(trace, claim);
        bool time = is_time(claim->name) && claim->is_whole && claim->whole >= 0 &&
                    claim->whole < INT64_C(99999999999);
        im_buf_addf(buf, "    %.*s: %.*s", IM_ARG(im_trace_quote(trace, claim->name)),
                    IM_ARG(value));
        if (time)
            im_buf_addf(buf, " = %.*s",
                        IM_ARG(im_time_rfc3339(trace->arena, 1000 * claim->whole)));
        im_buf_addf(buf, meaning ? " (%s)\n" : "\n", meaning);
    }
}

static void add_token(struct im_buf *buf, const struct im_explanation *explanation)
{
    const struct im_trace *trace = &explanation->trace;
    const struct im_token_view *token = &explanation->ranking.token;

    if (!explanation->ranking.has_token)
        return;
    add_heading(buf, "The token");
    if (!token->decoded) {
        add_line(buf, 2, "no JSON Web Token: ", token->wrong);
        return;
    }
    add_line(
        buf, 2, "",
        im_arena_format(buf->arena, "%.*s, %s", IM_ARG(token->fingerprint), token->kind));
    add_line(buf, 2, "", token->times);
    if (token->real)
        add_line(buf, 2, "", IM_STR("by its claim iss the real Sage Intacct issued it"));
    add_line(buf, 2, "signature: ", token->signature_text);
    for (size_t i = 0; i < token->oddity_count; i++)
        add_line(buf, 2, "odd: ", token->oddities[i]);
    im_buf_addz(buf, "  header\n");
    add_claims(buf, trace, token->jwt.header);
    im_buf_addz(buf, "  claims\n");
    add_claims(buf, trace, token->jwt.payload);
}

/* ---- the causes ---- */

static void add_cause(struct im_buf *buf, const struct im_candidate *one, size_t rank)
{
    const struct im_cause_row *row = im_cause_row(one->cause);
    const struct im_diagnosis *diagnosis = im_diagnosis(one->cause);

    im_buf_addf(buf, "\n  %zu. %s%s\n", rank, row->id,
                one->evidence_count ? "  (by evidence)" : "");
    add_line(buf, 5, "", im_str(row->why));
    for (size_t i = 0; i < one->evidence_count; i++)
        add_line(buf, 5, "for it: ", one->evidence[i]);
    for (size_t i = 0; i < one->against_count; i++)
        add_line(buf, 5, "against it: ", one->against[i]);
    add_line(buf, 5, "how sure: ",
             im_arena_format(buf->arena, "%s; %s. %s",
                             im_confidence_name(im_candidate_confidence(one)),
                             im_common_text(diagnosis->common),
                             one->other ? one->other->source : row->source));
    if (diagnosis->question)
        add_line(buf, 5, "ask: ", im_str(diagnosis->question));
}

static void add_causes(struct im_buf *buf, const struct im_ranking *ranking)
{
    size_t shown = ranking->count < IM_SHOWN_MAX ? ranking->count : IM_SHOWN_MAX;

    add_heading(buf, "Likely causes, the likeliest first");
    for (size_t i = 0; i < shown; i++)
        add_cause(buf, ranking->ranked[i], i + 1);
    if (ranking->count <= shown)
        return;
    im_buf_addz(buf, "\n  less likely:\n");
    struct im_buf rest;
    im_buf_init(&rest, buf->arena, 0);
    for (size_t i = shown; i < ranking->count; i++)
        im_buf_addf(&rest, "%s%s", i > shown ? ", " : "",
                    im_cause_row(ranking->ranked[i]->cause)->id);
    im_buf_add_wrapped(buf, 5, im_buf_str(&rest));
}

static void add_advice(struct im_buf *buf, const struct im_explanation *explanation)
{
    const char *admin = im_explanation_administrator(explanation);
    const char *scenario = im_explanation_scenario_name(explanation);

    add_heading(buf, "To the developer");
    add_line(buf, 2, "", im_explanation_developer(explanation));
    add_heading(buf, "To the Intacct administrator");
    add_line(buf, 2, "", im_str(admin ? admin : "(nothing to do)"));
    add_heading(buf, "To see it again, with a mock that runs (intacct-mock)");
    im_buf_addf(buf, "  %.*s\n", IM_ARG(im_explanation_reproduce(explanation)));
    add_line(buf, 2, "",
             IM_STR("makes a sandbox; at the base_url that it prints, each such "
                    "call is refused so"));
    if (scenario)
        im_buf_addf(buf, "  as a story: intacct-mock run --scenario %s -- YOUR-PROGRAM\n",
                    scenario);
}

static void add_nothing(struct im_buf *buf, const struct im_explanation *explanation)
{
    if (explanation->recognised)
        im_buf_addz(buf, "\nNothing in it is refused, and nothing of it looks wrong.\n");
    else
        im_buf_addz(buf,
                    "A response, the output of curl -v, a curl command, a HAR file, a "
                    "token, a log,\nPostman's console, a stack trace or a code "
                    "(REST-1206) would be.\n");
}

struct im_str im_explanation_text(struct im_explanation *explanation)
{
    struct im_buf buf;

    im_buf_init(&buf, explanation->trace.arena, 0);
    add_recognised(&buf, explanation);
    if (explanation->recognised) {
        add_events(&buf, &explanation->ranking);
        add_token(&buf, explanation);
    }
    if (explanation->ranking.count) {
        add_causes(&buf, &explanation->ranking);
        add_advice(&buf, explanation);
    } else {
        add_nothing(&buf, explanation);
    }
    /* whatever was quoted, what is known as a secret is not in it */
    return im_secrets_hide(explanation->trace.secrets, explanation->trace.arena,
                           im_buf_str(&buf));
}
