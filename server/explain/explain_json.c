/* An explanation as JSON, for programs and for pages: the same as the text says, in
 * members. */
#include "base/clock.h"
#include "base/json.h"
#include "base/json_schema.h"
#include "explain/inside.h"

enum { TIMELINE_MAX = 1000 }; /* exchanges: more make no picture */

/* A member that is not known is left out, rather than empty: a program can ask whether it is there. */
static void json_write_some(struct im_json_out *out, const char *name, struct im_str text)
{
    if (text.len)
        im_json_str(out, name, text);
}

static void json_write_texts(struct im_json_out *out, const char *name,
                             const struct im_str *texts, size_t count)
{
    im_json_open_array(out, name);
    for (size_t i = 0; i < count; i++)
        im_json_str(out, NULL, texts[i]);
    im_json_close_array(out);
}

static void json_write_recognised(struct im_json_out *out,
                                  const struct im_explanation *explanation)
{
    im_json_open_object(out, "recognised");
    im_json_strz(out, "form", im_form_name(explanation->trace.form));
    im_json_str(out, "what", im_explanation_what(explanation));
    im_json_int(out, "exchanges", (int64_t)explanation->trace.count);
    im_json_int(out, "refused", (int64_t)explanation->ranking.refused);
    im_json_int(out, "left_out", (int64_t)explanation->trace.foreign);
    json_write_some(out, "limit", im_explanation_limit(explanation));
    im_json_close_object(out);
}

static void json_write_exchange(struct im_json_out *out,
                                const struct im_explanation *explanation)
{
    const struct im_observed *one = explanation->ranking.one;

    if (!one)
        return;
    im_json_open_object(out, "exchange");
    im_json_int(out, "number", (int64_t)one->number);
    if (explanation->trace.count > 1)
        im_json_str(out, "which", im_explanation_which(explanation));
    im_json_bool(out, "recovered", explanation->ranking.recovered);
    if (one->has_time)
        im_json_str(out, "at", im_time_rfc3339(out->buf->arena, one->at_ms));
    json_write_some(out, "request", im_explanation_request(explanation));
    json_write_some(out, "answer", im_explanation_answer(explanation));
    if (one->status)
        im_json_int(out, "status", one->status);
    im_json_close_object(out);
}

static void json_write_events(struct im_json_out *out, const struct im_ranking *ranking)
{
    im_json_open_array(out, "led_to");
    for (size_t i = 0; i < ranking->event_count; i++) {
        im_json_open_object(out, NULL);
        im_json_int(out, "number", (int64_t)ranking->events[i].number);
        im_json_str(out, "what", ranking->events[i].text);
        im_json_close_object(out);
    }
    im_json_close_array(out);
}

/* All exchanges, for a page that shows them in a row; nothing of a request is left but what is fit to
 * be shown. */
static void json_write_timeline(struct im_json_out *out,
                                const struct im_explanation *explanation)
{
    const struct im_trace *trace = &explanation->trace;

    if (trace->count < 2)
        return;
    im_json_open_array(out, "timeline");
    for (size_t i = 0; i < trace->count && i < TIMELINE_MAX; i++) {
        const struct im_observed *one = trace->items[i];
        im_json_open_object(out, NULL);
        im_json_int(out, "number", (int64_t)one->number);
        if (one->status)
            im_json_int(out, "status", one->status);
        json_write_some(out, "method", im_trace_quote_method(trace, one->req.method));
        json_write_some(out, "address", im_trace_quote_url(trace, one->url));
        if (one->has_time)
            im_json_str(out, "at", im_time_rfc3339(out->buf->arena, one->at_ms));
        im_json_close_object(out);
    }
    im_json_close_array(out);
}

/* ---- the token ---- */

static void json_write_claim(struct im_json_out *out, const struct im_trace *trace,
                             const struct im_json *claim)
{
    const char *meaning = im_claim_meaning(claim->name);
    struct im_str name = im_trace_quote(trace, claim->name);
    struct im_str value = im_claim_value(trace, claim);

    im_json_open_object(out, NULL);
    im_json_str(out, "name", name);
    /* as the token has it, unless something had to be taken out */
    if (claim->type == IM_JSON_BOOL ||
        (claim->type == IM_JSON_NUMBER && im_str_eq(value, claim->text)))
        im_json_value(out, IM_STR("value"), claim);
    else
        im_json_str(out, "value", value);
    if (meaning)
        im_json_strz(out, "meaning", meaning);
    im_json_close_object(out);
}

static void json_write_claims(struct im_json_out *out, const char *name,
                              const struct im_trace *trace, const struct im_json *object)
{
    size_t n = 0;

    im_json_open_array(out, name);
    for (const struct im_json *claim = object->first; claim && n < IM_CLAIMS_MAX;
         claim = claim->next, n++)
        json_write_claim(out, trace, claim);
    im_json_close_array(out);
}

static void json_write_moment(struct im_json_out *out, const char *name, bool known,
                              int64_t at_s)
{
    if (known)
        im_json_str(out, name, im_time_rfc3339(out->buf->arena, 1000 * at_s));
}

static void json_write_token(struct im_json_out *out,
                             const struct im_explanation *explanation)
{
    static const char *const signatures[] = {[IM_SIGNATURE_UNCHECKED] = "unchecked",
                                             [IM_SIGNATURE_GOOD] = "good",
                                             [IM_SIGNATURE_BAD] = "bad",
                                             [IM_SIGNATURE_UNKNOWN_KEY] = "unknown-key"};
    const struct im_token_view *token = &explanation->ranking.token;
    const struct im_trace *trace = &explanation->trace;

    if (!explanation->ranking.has_token)
        return;
    im_json_open_object(out, "token");
    im_json_str(out, "fingerprint", token->fingerprint);
    im_json_bool(out, "decoded", token->decoded);
    json_write_some(out, "wrong", token->wrong);
    if (token->decoded) {
        im_json_strz(out, "kind", token->kind);
        im_json_bool(out, "real_service", token->real);
        im_json_str(out, "times", token->times);
        json_write_moment(out, "issued", token->has_iat, token->iat);
        json_write_moment(out, "expires", token->has_exp, token->exp);
        im_json_strz(out, "signature", signatures[token->signature]);
        im_json_str(out, "signature_text", token->signature_text);
        json_write_texts(out, "odd", token->oddities, token->oddity_count);
        json_write_claims(out, "header", trace, token->jwt.header);
        json_write_claims(out, "claims", trace, token->jwt.payload);
    }
    im_json_close_object(out);
}

/* ---- the causes ---- */

/* All causes are told here, and not the first few: a program chooses for itself. */
static void json_write_cause(struct im_json_out *out, const struct im_candidate *one)
{
    const struct im_cause_row *row = im_cause_row(one->cause);
    const struct im_diagnosis *diagnosis = im_diagnosis(one->cause);

    im_json_open_object(out, NULL);
    im_json_strz(out, "id", row->id);
    im_json_strz(out, "family", im_family_name(row->family));
    im_json_strz(out, "by", one->evidence_count ? "evidence" : "wording");
    json_write_texts(out, "evidence", one->evidence, one->evidence_count);
    json_write_texts(out, "against", one->against, one->against_count);
    im_json_strz(out, "confidence", im_confidence_name(im_candidate_confidence(one)));
    im_json_strz(out, "common", im_common_text(diagnosis->common));
    im_json_strz(out, "source", one->other ? one->other->source : row->source);
    if (diagnosis->question)
        im_json_strz(out, "question", diagnosis->question);
    im_json_strz(out, "why", row->why);
    im_json_strz(out, "fix", row->fix);
    im_json_close_object(out);
}

static void json_write_transport(struct im_json_out *out,
                                 const struct im_explanation *explanation)
{
    const struct im_transport_row *ended = im_explanation_transport(explanation);

    if (!ended)
        return;
    im_json_open_object(out, "transport");
    im_json_strz(out, "id", ended->id);
    im_json_strz(out, "what", ended->title);
    im_json_str(out, "told_by", im_explanation_told_by(explanation));
    im_json_strz(out, "why", ended->why);
    im_json_str(out, "question", im_explanation_question(explanation));
    im_json_strz(out, "fix", ended->developer);
    if (ended->tls)
        im_json_str(out, "tls_name",
                    im_arena_format(out->buf->arena, "%s.localhost", ended->tls));
    if (ended->again)
        im_json_strz(out, "again", ended->again);
    im_json_close_object(out);
}

static void json_write_advice(struct im_json_out *out,
                              const struct im_explanation *explanation)
{
    const char *admin = im_explanation_administrator(explanation);
    const char *scenario = im_explanation_scenario_name(explanation);

    const char *network = im_explanation_network(explanation);
    struct im_str command = im_explanation_reproduce(explanation);

    if (!im_explanation_first(explanation) && !im_explanation_transport(explanation))
        return;
    im_json_str(out, "developer", im_explanation_developer(explanation));
    if (admin)
        im_json_strz(out, "administrator", admin);
    if (network)
        im_json_strz(out, "network", network);
    if (!command.len) /* the mock does not make it */
        return;
    im_json_open_object(out, "reproduce");
    im_json_str(out, "command", command);
    if (scenario)
        im_json_strz(out, "scenario", scenario);
    im_json_close_object(out);
}

struct im_str im_explanation_json(struct im_explanation *explanation)
{
    struct im_json_out out;
    struct im_buf buf, pretty;

    im_buf_init(&buf, explanation->trace.arena, 0);
    im_json_out_init(&out, &buf);
    im_json_open_object(&out, NULL);
    json_write_recognised(&out, explanation);
    json_write_some(&out, "note", im_explanation_note(explanation));
    im_json_bool(&out, "undecided", explanation->ranking.undecided);
    json_write_exchange(&out, explanation);
    json_write_events(&out, &explanation->ranking);
    json_write_timeline(&out, explanation);
    json_write_token(&out, explanation);
    im_json_open_array(&out, "causes");
    for (size_t i = 0; i < explanation->ranking.count; i++)
        json_write_cause(&out, explanation->ranking.ranked[i]);
    im_json_close_array(&out);
    json_write_transport(&out, explanation);
    json_write_advice(&out, explanation);
    im_json_close_object(&out);
    im_buf_init(&pretty, explanation->trace.arena, 0);
    /* hidden before it is laid out: a value that is escaped is found, one in two lines would not be */
    im_json_pretty(im_secrets_hide(explanation->trace.secrets, explanation->trace.arena,
                                   im_buf_str(&buf)),
                   &pretty);
    return im_buf_str(&pretty);
}
