/* An explanation as text for a terminal, in the order in which a person in a hurry
 * needs it. */
#include "base/clock.h"
#include "base/json.h"
#include "explain/inside.h"

static void text_add_heading(struct im_buf *buf, const char *heading)
{
    im_buf_addf(buf, "\n%s\n", heading);
}

/* Empty texts make no line, so that a caller need not ask what is known. */
static void text_add_line(struct im_buf *buf, size_t indent, const char *label,
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

static void text_add_recognised(struct im_buf *buf,
                                const struct im_explanation *explanation)
{
    const struct im_observed *one = explanation->ranking.one;
    struct im_arena *arena = buf->arena;

    text_add_line(buf, 0, "Recognised: ", im_explanation_what(explanation));
    text_add_line(buf, 2, "", im_explanation_limit(explanation));
    if (!one)
        return;
    if (explanation->trace.count > 1)
        text_add_line(buf, 2, "",
                      im_arena_format(arena, "explained is no. %zu, %.*s", one->number,
                                      IM_ARG(im_explanation_which(explanation))));
    if (one->has_time)
        text_add_line(buf, 2, "at ", im_time_rfc3339(arena, one->at_ms));
    text_add_line(buf, 2, "asked: ", im_explanation_request(explanation));
    text_add_line(buf, 2, "answered: ", im_explanation_answer(explanation));
}

static void text_add_events(struct im_buf *buf, const struct im_ranking *ranking)
{
    if (!ranking->event_count)
        return;
    text_add_heading(buf, "What bears on it");
    for (size_t i = 0; i < ranking->event_count; i++)
        text_add_line(buf, 2, "",
                      im_arena_format(buf->arena, "no. %zu: %.*s",
                                      ranking->events[i].number,
                                      IM_ARG(ranking->events[i].text)));
}

/* ---- the token ---- */

static bool is_time(struct im_str name)
{
    return im_str_is(name, "iat") || im_str_is(name, "exp") || im_str_is(name, "nbf");
}

static void text_add_claims(struct im_buf *buf, const struct im_trace *trace,
                            const struct im_json *object)
{
    size_t n = 0;

    for (const struct im_json *claim = object->first; claim && n < IM_CLAIMS_MAX;
         claim = claim->next, n++) {
        const char *meaning = im_claim_meaning(claim->name);
        struct im_str value = im_claim_value(trace, claim);
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

static void text_add_token(struct im_buf *buf, const struct im_explanation *explanation)
{
    const struct im_trace *trace = &explanation->trace;
    const struct im_token_view *token = &explanation->ranking.token;

    if (!explanation->ranking.has_token)
        return;
    text_add_heading(buf, "The token");
    if (!token->decoded) {
        text_add_line(buf, 2, "no JSON Web Token: ", token->wrong);
        return;
    }
    text_add_line(
        buf, 2, "",
        im_arena_format(buf->arena, "%.*s, %s", IM_ARG(token->fingerprint), token->kind));
    text_add_line(buf, 2, "", token->times);
    if (token->real)
        text_add_line(buf, 2, "",
                      IM_STR("by its claim iss the real Sage Intacct issued it"));
    text_add_line(buf, 2, "signature: ", token->signature_text);
    for (size_t i = 0; i < token->oddity_count; i++)
        text_add_line(buf, 2, "odd: ", token->oddities[i]);
    im_buf_addz(buf, "  header\n");
    text_add_claims(buf, trace, token->jwt.header);
    im_buf_addz(buf, "  claims\n");
    text_add_claims(buf, trace, token->jwt.payload);
}

/* ---- the causes ---- */

/* The question stands last, since it is what the reader is to answer before he reads on. */
static void text_add_cause(struct im_buf *buf, const struct im_candidate *one,
                           size_t rank)
{
    const struct im_cause_row *row = im_cause_row(one->cause);
    const struct im_diagnosis *diagnosis = im_diagnosis(one->cause);

    im_buf_addf(buf, "\n  %zu. %s%s\n", rank, row->id,
                one->evidence_count ? "  (by evidence)" : "");
    text_add_line(buf, 5, "", im_str(row->why));
    for (size_t i = 0; i < one->evidence_count; i++)
        text_add_line(buf, 5, "for it: ", one->evidence[i]);
    for (size_t i = 0; i < one->against_count; i++)
        text_add_line(buf, 5, "against it: ", one->against[i]);
    text_add_line(buf, 5, "how sure: ",
                  im_arena_format(buf->arena, "%s; %s. %s",
                                  im_confidence_name(im_candidate_confidence(one)),
                                  im_common_text(diagnosis->common),
                                  one->other ? one->other->source : row->source));
    if (diagnosis->question)
        text_add_line(buf, 5, "ask: ", im_str(diagnosis->question));
}

static void text_add_causes(struct im_buf *buf, const struct im_ranking *ranking)
{
    /* the others are told by name: whoever has ten minutes reads no twenty explanations */
    size_t shown = ranking->count < IM_SHOWN_MAX ? ranking->count : IM_SHOWN_MAX;

    text_add_heading(buf, ranking->undecided
                              ? "Possible causes, those that sources tell of first"
                              : "Likely causes, the likeliest first");
    for (size_t i = 0; i < shown; i++)
        text_add_cause(buf, ranking->ranked[i], i + 1);
    if (ranking->count <= shown)
        return;
    im_buf_addz(buf, ranking->undecided ? "\n  others:\n" : "\n  less likely:\n");
    struct im_buf rest;
    im_buf_init(&rest, buf->arena, 0);
    for (size_t i = shown; i < ranking->count; i++)
        im_buf_addf(&rest, "%s%s", i > shown ? ", " : "",
                    im_cause_row(ranking->ranked[i]->cause)->id);
    im_buf_add_wrapped(buf, 5, im_buf_str(&rest));
}

/* What ended it before there was an answer: no cause of Intacct's table. */
static void text_add_transport(struct im_buf *buf,
                               const struct im_explanation *explanation)
{
    const struct im_transport_row *ended = im_explanation_transport(explanation);

    if (!ended)
        return;
    text_add_heading(buf, "What ended it");
    im_buf_addf(buf, "\n  %s\n", ended->id);
    text_add_line(buf, 5, "", im_str(ended->why));
    text_add_line(buf, 5, "told by: ", im_explanation_told_by(explanation));
    text_add_line(buf, 5, "ask: ", im_explanation_question(explanation));
}

static void text_add_again(struct im_buf *buf, const struct im_explanation *explanation)
{
    const struct im_transport_row *ended = im_explanation_transport(explanation);
    const char *scenario = im_explanation_scenario_name(explanation);
    struct im_str command = im_explanation_reproduce(explanation);

    text_add_heading(buf, "To see it again, with a mock that runs (intacct-mock)");
    if (command.len)
        im_buf_addf(buf, "  %.*s\n", IM_ARG(command));
    if (!ended || ended->wire)
        text_add_line(buf, 2, "",
                      im_arena_format(buf->arena,
                                      "makes a sandbox; at the base_url that it prints, "
                                      "each such call %s so",
                                      ended ? "ends" : "is refused"));
    if (ended && ended->tls)
        text_add_line(buf, 2, "",
                      im_arena_format(buf->arena,
                                      "or ask a mock for HTTPS by the name %s.localhost",
                                      ended->tls));
    if (ended && ended->again)
        text_add_line(buf, 2, "", im_str(ended->again));
    if (ended && ended->tls)
        text_add_line(buf, 2, "",
                      IM_STR("YOUR-PROGRAM must have Intacct's host built in and use the "
                             "proxy (HTTPS_PROXY): the INTACCT_BASE_URL that run sets is "
                             "an http:// address, without TLS"));
    if (scenario && (!ended || ended->wire))
        im_buf_addf(buf, "  as a story: intacct-mock run --scenario %s -- YOUR-PROGRAM\n",
                    scenario);
}

static void text_add_advice(struct im_buf *buf, const struct im_explanation *explanation)
{
    const char *admin = im_explanation_administrator(explanation);
    const char *network = im_explanation_network(explanation);

    text_add_heading(buf, "To the developer");
    text_add_line(buf, 2, "", im_explanation_developer(explanation));
    /* texts to copy: the developer cannot change the company, nor its administrator the code */
    if (im_explanation_first(explanation)) {
        text_add_heading(buf, "To the Intacct administrator");
        text_add_line(buf, 2, "", im_str(admin ? admin : "(nothing to do)"));
    }
    if (network) {
        text_add_heading(buf, "To the administrator of the network");
        text_add_line(buf, 2, "", im_str(network));
    }
    text_add_again(buf, explanation);
}

static void text_add_note(struct im_buf *buf, const struct im_explanation *explanation)
{
    struct im_str note = im_explanation_note(explanation);

    if (!explanation->recognised)
        im_buf_addz(buf,
                    "A response, the output of curl -v, a curl command, a HAR file, a "
                    "token, a log,\nPostman's console, a stack trace, a code "
                    "(REST-1206) or a client's error\n(ECONNRESET) would be.\n");
    im_buf_addz(buf, note.len ? "\n" : "");
    text_add_line(buf, 0, "", note);
}

struct im_str im_explanation_text(struct im_explanation *explanation)
{
    struct im_buf buf;

    im_buf_init(&buf, explanation->trace.arena, 0);
    text_add_recognised(&buf, explanation);
    text_add_note(&buf, explanation);
    if (explanation->recognised) {
        text_add_events(&buf, &explanation->ranking);
        text_add_token(&buf, explanation);
    }
    if (explanation->ranking.count)
        text_add_causes(&buf, &explanation->ranking);
    text_add_transport(&buf, explanation);
    if (im_explanation_first(explanation) || im_explanation_transport(explanation))
        text_add_advice(&buf, explanation);
    /* whatever was quoted, what is known as a secret is not in it */
    return im_secrets_hide(explanation->trace.secrets, explanation->trace.arena,
                           im_buf_str(&buf));
}
