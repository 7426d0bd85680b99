/* A trace as a scenario: the same refusals at the same places. It is built up of
 * endpoints, numbers, statuses and cause ids alone, so nothing of the trace can come
 * along that is not one of these. Rules count requests by endpoint: paths, keys and
 * names stay out. */
#include <string.h>

#include "base/json.h"
#include "base/json_schema.h"
#include "causes/refusal.h"
#include "explain/inside.h"
#include "objects/objects.h"

/* What becomes of one request. */
struct outcome {
    enum { NATURAL, REFUSED, STATUS, DROPPED } kind;
    enum im_endpoint endpoint;
    size_t nth; /* of its endpoint */
    enum im_cause cause;
    int status;
};

struct recording {
    struct im_explanation *explanation;
    struct outcome *outcomes;
    size_t count;
    size_t seen[IM_ENDPOINTS];   /* requests of each endpoint so far */
    size_t refused[CAUSE_COUNT]; /* by rule, of each cause */
    size_t damaged, dropped;     /* by rule */
    bool signed_in;              /* somebody comes back from authorize at once */
    bool signed_on;          /* the recording shows where the client's tokens are from */
    struct im_policy policy; /* with the switches that the statuses ask for */
    const struct im_wording_switch *switches[CAUSE_COUNT];
    size_t switch_count;
};

/* ---- deciding ---- */

static bool wording_fits_answer(const struct im_wording *wording,
                                const struct im_observed *one)
{
    return wording->status == one->status &&
           (!one->words.code_count || !wording->code || im_has_code(one, wording->code));
}

static bool depends_on(enum im_cause cause, const char *policy)
{
    const struct im_cause_row *row = im_cause_row(cause);

    return (row->token_switch.policy && !strcmp(row->token_switch.policy, policy)) ||
           (row->api_switch.policy && !strcmp(row->api_switch.policy, policy));
}

/* The switch that makes this cause answer so, unless another answer needs it otherwise. */
/* Two refusals of one recording may ask for two values of one switch: the first keeps it, and the
 * other is replayed as a bare status. */
static bool use_switch(struct recording *recording, const struct im_wording_switch *other,
                       const struct im_observed *one)
{
    const struct im_policy_row *row = im_policy_find(im_str(other->policy));

    if (!row || !wording_fits_answer(&other->wording, one))
        return false;
    for (size_t i = 0; i < recording->switch_count; i++)
        if (strcmp(recording->switches[i]->policy, other->policy) == 0)
            return recording->switches[i]->value == other->value;
    /* what is answered by the built-in value already must stay so */
    for (size_t i = 0; i < recording->count; i++)
        if (depends_on(recording->outcomes[i].cause, other->policy))
            return false;
    recording->switches[recording->switch_count++] = other;
    memcpy((char *)&recording->policy + row->offset, &other->value, sizeof(int64_t));
    return true;
}

static bool can_refuse(struct recording *recording, enum im_cause cause,
                       const struct im_observed *one)
{
    const struct im_cause_row *row = im_cause_row(cause);

    if (wording_fits_answer(im_wording(cause, one->place, &recording->policy), one))
        return true;
    const struct im_wording_switch *other =
        one->place == IM_PLACE_TOKEN ? &row->token_switch : &row->api_switch;
    return one->place != IM_PLACE_ARTICLE && other->policy &&
           use_switch(recording, other, one);
}

static void decide_refusal(struct recording *recording, struct outcome *outcome,
                           size_t index)
{
    struct im_explanation *explanation = recording->explanation;
    struct im_observed *one = explanation->trace.items[index];
    struct im_ranking *ranking =
        IM_ARENA_NEW(explanation->trace.arena, struct im_ranking);

    outcome->kind = STATUS;
    outcome->status = one->status;
    if (!ranking)
        return;
    ranking->options = &explanation->options;
    ranking->trace = &explanation->trace;
    im_rank_exchange(ranking, index);
    for (size_t i = 0; i < ranking->count; i++) {
        enum im_cause cause = ranking->ranked[i]->cause;
        if (!can_refuse(recording, cause, one))
            continue;
        /* the likeliest that can be worded as recorded; a likelier one that cannot would answer otherwise */
        outcome->kind = REFUSED;
        outcome->cause = cause;
        return;
    }
}

/* Does a mock answer so by itself? Lists do; a record of the trace it does not have,
 * nor the tokens of a client whose sign-on is not in the trace. */
static bool is_natural(const struct recording *recording, struct im_observed *one)
{
    bool refresh = im_str_is(im_grant(one), "refresh_token");
    bool needs = one->place == IM_PLACE_API || one->endpoint == IM_ENDPOINT_RESOURCE ||
                 (im_is_token_endpoint(one) && refresh);

    struct im_str path = one->req.path;
    size_t at = im_str_find_nocase(path, "/objects/");
    struct im_str object = im_str_slice(path, at + strlen("/objects/"), path.len);
    struct im_str key = object;

    if (needs && !recording->signed_on)
        return false;
    if (im_endpoint_group(one->endpoint) == IM_GROUP_OAUTH ||
        one->endpoint == IM_ENDPOINT_DISCOVERY || one->endpoint == IM_ENDPOINT_JWKS)
        return true;
    if (one->endpoint == IM_ENDPOINT_UNKNOWN)
        return one->status == 404;
    if (one->endpoint == IM_ENDPOINT_SESSION || one->endpoint == IM_ENDPOINT_MODEL)
        return !one->req.query.len;
    im_str_cut(&key, '/');
    bool list = object.len && !im_str_has(key, '/') && im_object_type_find(object);
    return im_str_is(one->req.method, "GET") && list && !one->req.query.len;
}

static void recording_decide(struct recording *recording, size_t index)
{
    struct im_observed *one = recording->explanation->trace.items[index];
    struct outcome *outcome = &recording->outcomes[recording->count];

    if (!one->has_request || one->endpoint == IM_ENDPOINT_NONE)
        return;
    *outcome = (struct outcome){.endpoint = one->endpoint,
                                .nth = ++recording->seen[one->endpoint]};
    if (one->endpoint == IM_ENDPOINT_AUTHORIZE && one->status / 100 == 3)
        recording->signed_in = true;
    if (one->status < 200 || one->status > 599) /* no status that an answer can have */
        outcome->kind = DROPPED;
    else if (im_observed_is_refused(one) && one->status >= 400)
        decide_refusal(recording, outcome, index);
    else if (!is_natural(recording, one)) {
        outcome->kind = STATUS;
        outcome->status = one->status;
    }
    recording->signed_on |=
        im_is_token_endpoint(one) && im_is_success(one) && outcome->kind == NATURAL;
    recording->refused[outcome->cause] += outcome->kind == REFUSED;
    recording->damaged += outcome->kind == STATUS;
    recording->dropped += outcome->kind == DROPPED;
    recording->count++;
}

/* ---- writing ---- */

static void recording_write_world(const struct recording *recording,
                                  struct im_json_out *out)
{
    if (!recording->signed_in && !recording->switch_count)
        return;
    im_json_open_object(out, "world");
    if (recording->signed_in)
        im_json_strz(out, "signed_in", "jdoe@acme");
    for (size_t i = 0; i < recording->switch_count; i++) {
        const struct im_wording_switch *other = recording->switches[i];
        const struct im_policy_row *row = im_policy_find(im_str(other->policy));
        im_json_str(out, other->policy, im_policy_choice(row, other->value));
    }
    im_json_close_object(out);
}

/* For a client whose own sign-on was not recorded: no token of anybody. */
static const char token_response[] =
    "{\"token_type\":\"Bearer\",\"access_token\":\"recorded\","
    "\"refresh_token\":\"recorded\",\"expires_in\":43200}";

static void recording_write_rule(const struct outcome *outcome, struct im_json_out *out)
{
    im_json_open_object(out, NULL);
    im_json_open_object(out, "when");
    im_json_strz(out, "endpoint", im_endpoint_name(outcome->endpoint));
    im_json_int(out, "nth", (int64_t)outcome->nth);
    im_json_close_object(out);
    im_json_open_object(out, "then");
    if (outcome->kind == REFUSED) {
        im_json_strz(out, "refuse", im_cause_row(outcome->cause)->id);
    } else if (outcome->kind == DROPPED) {
        im_json_strz(out, "wire", "drop");
    } else {
        im_json_open_object(out, "wire");
        im_json_int(out, "status", outcome->status);
        if (outcome->endpoint == IM_ENDPOINT_TOKEN && outcome->status == 200)
            im_json_strz(out, "body", token_response);
        im_json_close_object(out);
    }
    im_json_close_object(out);
    im_json_close_object(out);
}

static void recording_write_expectation(struct im_json_out *out, const char *that,
                                        const char *field, const char *value,
                                        size_t at_most)
{
    im_json_open_object(out, NULL);
    im_json_strf(out, "that", "%s, no more often than was recorded", that);
    im_json_strz(out, field, value);
    im_json_int(out, "at_most", (int64_t)at_most);
    im_json_close_object(out);
}

static void recording_write_expectations(const struct recording *recording,
                                         struct im_json_out *out)
{
    bool refused = false;
    char that[160];

    im_json_open_array(out, "expect");
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        const char *id = im_cause_row((enum im_cause)i)->id;
        struct im_buf text;
        if (!recording->refused[i])
            continue;
        refused = true;
        im_buf_init_fixed(&text, that, sizeof that);
        im_buf_addf(&text, "the client is refused with %s", id);
        recording_write_expectation(out, that, "cause", id, recording->refused[i]);
    }
    if (recording->damaged)
        recording_write_expectation(out, "answers are replaced", "wire", "status",
                                    recording->damaged);
    if (recording->dropped)
        recording_write_expectation(out, "answers are lost", "wire", "drop",
                                    recording->dropped);
    /* where something was refused, a client that was mended signs on once more */
    if (recording->seen[IM_ENDPOINT_TOKEN] && !refused)
        recording_write_expectation(out, "tokens are asked for", "endpoint", "token",
                                    recording->seen[IM_ENDPOINT_TOKEN]);
    im_json_close_array(out);
}

static void recording_write_scenario(const struct recording *recording,
                                     struct im_str name, struct im_json_out *out)
{
    enum im_cause cause = im_explanation_cause(recording->explanation);

    im_json_open_object(out, NULL);
    im_json_str(out, "name", name);
    im_json_strf(out, "about",
                 "Made of a recording of %zu exchanges: the same are refused, by their "
                 "number at each endpoint.",
                 recording->count);
    if (recording->refused[cause])
        im_json_strz(out, "cause", im_cause_row(cause)->id);
    recording_write_world(recording, out);
    im_json_open_array(out, "rules");
    for (size_t i = 0; i < recording->count; i++)
        if (recording->outcomes[i].kind != NATURAL)
            recording_write_rule(&recording->outcomes[i], out);
    im_json_close_array(out);
    recording_write_expectations(recording, out);
    im_json_close_object(out);
}

/* ---- what was taken out ---- */

static void say_removed(struct im_buf *out, size_t n, const char *what)
{
    if (n)
        im_buf_addf(out, "  %zu %s\n", n, what);
}

static void list_removed(const struct recording *recording, struct im_buf *out)
{
    const struct im_trace *trace = &recording->explanation->trace;
    /* counted by kind, and never shown: the list is the reader's proof that they are gone */
    static const struct {
        const char *name, *what;
    } params[] = {{"refresh_token", "refresh tokens"},
                  {"code", "authorization codes"},
                  {"client_secret", "client secrets"},
                  {"client_id", "client ids"},
                  {"username", "user names"},
                  {"password", "passwords"},
                  {"code_verifier", "code verifiers"},
                  {"redirect_uri", "redirect URIs"},
                  {"state", "states"},
                  {"token", "tokens to revoke"}};
    size_t headers = 0, authorizations = 0, bodies = 0, answers = 0, urls = 0,
           queries = 0;

    for (size_t i = 0; i < trace->count; i++) {
        struct im_observed *one = trace->items[i];
        headers += one->req.header_count + one->answer_header_count;
        authorizations += im_request_header_count(&one->req, "authorization");
        bodies += one->req.body.len > 0;
        answers += one->answer_body.len > 0;
        urls += one->url.len > 0;
        queries += one->req.query.len > 0;
    }
    say_removed(out, authorizations, "Authorization headers, with their tokens");
    for (size_t p = 0; p < sizeof params / sizeof *params; p++) {
        size_t n = 0;
        for (size_t i = 0; i < trace->count; i++)
            n += im_sent(trace->items[i], params[p].name).len > 0;
        say_removed(out, n, params[p].what);
    }
    say_removed(out, headers, "headers in all");
    say_removed(out, bodies, "bodies of requests");
    say_removed(out, answers, "bodies of answers");
    say_removed(out, urls, "addresses, with host and keys of records");
    say_removed(out, queries, "queries");
    say_removed(out, trace->foreign, "exchanges with other services");
    say_removed(out, trace->beyond, "exchanges at the end, which were too many");
    im_buf_addz(out, "  all times\n");
}

struct im_str im_explanation_scenario(struct im_explanation *explanation,
                                      struct im_str name, struct im_buf *removed,
                                      struct im_error *err)
{
    struct im_trace *trace = &explanation->trace;
    struct recording *recording = IM_ARENA_NEW(trace->arena, struct recording);
    struct im_json_out out;
    struct im_buf json, pretty;

    im_buf_init(&json, trace->arena, 0);
    im_buf_init(&pretty, trace->arena, 0);
    if (recording)
        recording->outcomes =
            IM_ARENA_ARRAY(trace->arena, struct outcome, trace->count + 1);
    if (!recording || !recording->outcomes) {
        im_error_set(err, "out of memory");
        return im_buf_str(&pretty);
    }
    recording->explanation = explanation;
    im_policy_init(&recording->policy);
    for (size_t i = 0; i < trace->count; i++)
        recording_decide(recording, i);
    if (!recording->count) {
        im_error_set(err,
                     "the input has no exchange with Intacct whose request is known; "
                     "a HAR file or a log with addresses has");
        return im_buf_str(&pretty);
    }
    im_json_out_init(&out, &json);
    recording_write_scenario(recording, name, &out);
    im_json_pretty(im_buf_str(&json), &pretty);
    list_removed(recording, removed);
    return im_buf_str(&pretty);
}
