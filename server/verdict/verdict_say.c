/* The sentences of a verdict, in terms of the client, and whether a scenario came about at all (rule 1 of
 * scenarios/README.md). */
#include "verdict/verdict_say.h"

#include <string.h>

#include "http/form.h"
#include "http/redact.h"
#include "scenario/needs.h"
#include "verdict/advice.h"

const char *im_verdict_client(const struct im_verdict *verdict)
{
    return verdict->options->client ? verdict->options->client : "the client";
}

/* ---- whether it came about (rule 1) ---- */

bool im_verdict_has_fired(const struct im_verdict *verdict, size_t rule)
{
    return verdict->rules[rule].fired >= (uint64_t)im_needs_of(verdict->scenario, rule);
}

static bool was_refused_for(const struct im_verdict *verdict, enum im_cause cause)
{
    for (size_t i = 0; i < verdict->seen_count; i++)
        if (im_history_has_cause(&verdict->seen[i], cause))
            return true;
    return false;
}

bool im_verdict_came_about(const struct im_verdict *verdict)
{
    const struct im_scenario *scenario = verdict->scenario;
    bool needs = false;

    for (size_t i = 0; i < scenario->rule_count; i++) {
        if (!im_needs_of(scenario, i))
            continue;
        needs = true;
        if (verdict->rules[i].fired)
            return true;
    }
    /* without a rule that has to fire: the cause that the scenario is named after, else one of the requests
     * that it is printed to need, else anything that an expectation is about */
    if (needs || !verdict->exchanges)
        return false;
    if (im_needs_cause(scenario))
        return was_refused_for(verdict, scenario->cause);
    for (size_t i = 0; i < scenario->expect.count; i++)
        needs |= im_needs_requests(&scenario->expect.items[i]);
    for (size_t i = 0; i < scenario->expect.count; i++)
        if (verdict->judgements[i].outcome != IM_NOT_EXERCISED &&
            (!needs || im_needs_requests(&scenario->expect.items[i])))
            return true;
    return !scenario->expect.count;
}

/* ---- what was missing ---- */

/* The grants that the client asked for tokens with, each once. There are three; who sends more has made them
 * up, and a reader learns nothing from the others. */
static struct im_str grants_of(const struct im_verdict *verdict, struct im_arena *arena)
{
    enum { GRANTS = 8 };
    struct im_str grants[GRANTS];
    size_t count = 0;
    struct im_buf out;

    im_buf_init(&out, arena, 0);
    for (size_t i = 0; i < verdict->seen_count && count < GRANTS; i++) {
        const struct im_exchange *exchange = &verdict->seen[i];
        bool again = exchange->endpoint != IM_ENDPOINT_TOKEN || !exchange->grant.len;
        for (size_t k = 0; k < count && !again; k++)
            again = im_str_eq(grants[k], exchange->grant);
        if (again)
            continue;
        im_buf_addf(&out, "%s%.*s", count ? " and " : "",
                    IM_ARG(im_str_front(exchange->grant, 40)));
        grants[count++] = exchange->grant;
    }
    return im_buf_str(&out);
}

static void say_missing(const struct im_verdict *verdict, struct im_buf *out)
{
    const struct im_scenario *scenario = verdict->scenario;
    struct im_needs_seen seen = {.client = im_verdict_client(verdict),
                                 .grants = grants_of(verdict, out->arena)};

    for (size_t i = 0; i < scenario->rule_count; i++) {
        if (im_verdict_has_fired(verdict, i))
            continue;
        seen.fits = (int64_t)verdict->rules[i].fits;
        im_buf_addf(out, "%srule %zu", out->len ? ". " : "", i + 1);
        im_needs_say_rule(&scenario->rules[i], im_needs_of(scenario, i), &seen, out);
    }
    seen.fits = 0;
    /* only where no rule is waited for: a reader needs the first thing that is missing */
    bool by_cause = im_needs_cause(scenario);
    for (size_t i = 0; i < scenario->expect.count && !out->len && !by_cause; i++) {
        const struct im_expectation *expectation = &scenario->expect.items[i];
        if (!im_needs_requests(expectation) ||
            verdict->judgements[i].outcome != IM_NOT_EXERCISED)
            continue;
        im_buf_addf(out, "\"%.*s\"", IM_ARG(expectation->that));
        im_needs_say_missing(&expectation->when, 1, &seen, out);
    }
    if (!by_cause || im_verdict_came_about(verdict))
        return;
    im_buf_addz(out, "the scenario waits for ");
    im_needs_say_cause(scenario, out);
    im_buf_addf(out, " that is refused with %s; %s made none",
                im_cause_row(scenario->cause)->id, im_verdict_client(verdict));
}

/* ---- what could not be told ---- */

bool im_verdict_is_doubted(const struct im_verdict *verdict, size_t index)
{
    const struct im_expectation *expectation = &verdict->scenario->expect.items[index];

    return im_verdict_outcome_at(verdict, index) == IM_CANNOT_TELL &&
           !expectation->optional && !expectation->advice;
}

static void say_doubts(const struct im_verdict *verdict, struct im_buf *out)
{
    const char *separator = "";

    for (size_t i = 0; i < verdict->scenario->expect.count; i++) {
        if (!im_verdict_is_doubted(verdict, i))
            continue;
        im_buf_addf(out, "%s\"%.*s\": %.*s", separator,
                    IM_ARG(verdict->scenario->expect.items[i].that),
                    IM_ARG(verdict->judgements[i].why));
        separator = ". ";
    }
}

/* ---- of the whole ---- */

void im_verdict_say_exhausted(struct im_buf *out)
{
    im_buf_addz(out, "every rule that fits was used up, and there came one more request; "
                     "\"exhausted\" is \"fail\" in this scenario");
}

void im_verdict_say_dropped(const struct im_verdict *verdict, struct im_buf *out)
{
    bool one = verdict->dropped == 1;

    im_buf_addf(out, "%llu older exchange%s dropped; a larger --journal keeps more",
                (unsigned long long)verdict->dropped, one ? " was" : "s were");
}

/* Time that is advanced on the server does not pass on the client's machine. */
static bool moved_the_clock(const struct im_verdict *verdict)
{
    for (size_t i = 0; i < verdict->seen_count; i++) {
        const char *effect = verdict->seen[i].effect;
        if (effect &&
            (strcmp(effect, "advance-clock") == 0 || strcmp(effect, "skew") == 0))
            return true;
    }
    return false;
}

/* Is it unmet that the client does something about an access token that is over? */
static bool failed_over_expiry(const struct im_verdict *verdict)
{
    for (size_t i = 0; i < verdict->scenario->expect.count; i++) {
        const struct im_expectation *expectation = &verdict->scenario->expect.items[i];
        if (verdict->judgements[i].outcome == IM_NOT_MET &&
            (expectation->cause == CAUSE_ACCESS_TOKEN_EXPIRED ||
             expectation->after.cause == CAUSE_ACCESS_TOKEN_EXPIRED))
            return true;
    }
    return false;
}

/* What became of a client that was refused for its token and did not get well again. Whether it saw the
 * refusal at all is told by whether it asked for a token after it. */
static void say_recovery(const struct im_verdict *verdict, struct im_buf *out)
{
    const struct im_exchange *refused = im_advice_refused(verdict);
    const struct im_exchange *renewal = im_advice_renewal(verdict, refused);

    if (!renewal && moved_the_clock(verdict) && failed_over_expiry(verdict))
        im_buf_addf(
            out,
            "%sonly the server's clock moved, so %s cannot see by its own clock that a "
            "token is over: it has to renew when it is refused. Renewing ahead of "
            "time by expires_in is for the scenario token-lives-two-seconds",
            out->len ? ". " : "", im_verdict_client(verdict));
    if (im_advice_missed_400(verdict))
        im_buf_addf(
            out,
            "%sexchange %llu refused its token with 400%s%s: a client that renews "
            "on 401 alone%s does not see that",
            out->len ? ". " : "", (unsigned long long)refused->id,
            refused->code ? " " : "", refused->code ? refused->code : "",
            refused->code ? ", or on other codes," : "");
    if (!renewal || !im_advice_in_vain(verdict, refused, renewal) ||
        !im_advice_is_last_request(verdict, renewal))
        return;
    im_buf_addf(out,
                "%s%s asked for a new token last with exchange %llu, which brought none",
                out->len ? ". " : "", im_verdict_client(verdict),
                (unsigned long long)renewal->id);
    if (renewal->cause)
        im_buf_addf(out, ": %s", im_cause_row(renewal->cause)->id);
    else if (renewal->fault)
        im_buf_addf(out, " (fault: %s)", im_fault_name(renewal->fault));
}

static bool is_basic(const struct im_exchange *exchange)
{
    static const char basic[] = "\nauthorization: basic ";
    struct im_str lines = exchange->request_headers;

    return lines.len &&
           (im_str_find_nocase(lines, basic) < lines.len ||
            im_str_find_nocase(im_str_front(lines, sizeof(basic)), basic + 1) == 0);
}

static bool is_of_the_client(struct im_str name)
{
    return im_str_is(name, "client_id") || im_str_is(name, "client_secret");
}

/* What the first sends beside what says which client it is, the other sends, too. */
static bool is_part_of(const struct im_params *params, const struct im_params *other)
{
    for (size_t i = 0; i < params->count; i++) {
        const struct im_param *sent = &params->items[i];
        bool found = is_of_the_client(sent->name);
        for (size_t k = 0; k < other->count && !found; k++)
            found = im_str_eq(sent->name, other->items[k].name) &&
                    im_str_eq(sent->value, other->items[k].value);
        if (!found)
            return false;
    }
    return true;
}

/* False where the form is not known: not kept as a whole, or none. */
static bool read_form(const struct im_exchange *exchange, struct im_arena *arena,
                      struct im_params *params)
{
    struct im_error err;

    return exchange->request_body.len &&
           exchange->request_body.len == exchange->request_body_len &&
           im_params_parse_form(arena, exchange->request_body, params, &err);
}

/* The fingerprints of codes and tokens do not show that two requests are the same: what is refused before its
 * code is looked at has none. */
static bool is_the_same_in_two_ways(const struct im_exchange *a,
                                    const struct im_exchange *b, struct im_arena *arena)
{
    const struct im_exchange *basic = is_basic(a) ? a : b, *other = basic == a ? b : a;
    struct im_params by_basic, in_body;

    return a->endpoint == IM_ENDPOINT_TOKEN && b->endpoint == IM_ENDPOINT_TOKEN &&
           is_basic(basic) && !is_basic(other) && read_form(basic, arena, &by_basic) &&
           read_form(other, arena, &in_body) &&
           !im_param(&by_basic, "client_secret").len &&
           im_param(&in_body, "client_id").len &&
           im_param(&in_body, "client_secret").len && is_part_of(&by_basic, &in_body) &&
           is_part_of(&in_body, &by_basic);
}

/* A library that finds out by itself how the server wants the credentials (Go's AutoDetect) sends a refused
 * request again in the other way, which uses up a code, or a try, that its user knows nothing of. */
static void say_two_ways(const struct im_verdict *verdict, struct im_buf *out)
{
    for (size_t i = 0; i < verdict->scenario->expect.count; i++) {
        const struct im_judgement *judgement = &verdict->judgements[i];
        for (size_t k = 1; judgement->outcome == IM_NOT_MET && k < judgement->shown_count;
             k++) {
            const struct im_exchange *a = judgement->shown[k - 1];
            const struct im_exchange *b = judgement->shown[k];
            if (!is_the_same_in_two_ways(a, b, out->arena))
                continue;
            im_buf_addf(
                out,
                "%sexchanges %llu and %llu send the same, once with id and secret "
                "by HTTP Basic and once in the body, as libraries do that try both "
                "ways: name the one way that the server takes",
                out->len ? ". " : "", (unsigned long long)a->id,
                (unsigned long long)b->id);
            return;
        }
    }
}

/* The first refresh that was refused for what it presents; NULL = there is none. */
static const struct im_exchange *refused_refresh(const struct im_verdict *verdict)
{
    for (size_t i = 0; i < verdict->seen_count; i++)
        if (im_history_is_refresh(&verdict->seen[i]) && verdict->seen[i].cause &&
            verdict->seen[i].token.len)
            return &verdict->seen[i];
    return NULL;
}

/* Another refresh with the same refresh token; NULL = there is none. */
static const struct im_exchange *same_refresh(const struct im_verdict *verdict,
                                              const struct im_exchange *one)
{
    for (size_t i = 0; i < verdict->seen_count; i++)
        if (&verdict->seen[i] != one && im_history_is_refresh(&verdict->seen[i]) &&
            im_str_eq(verdict->seen[i].token, one->token))
            return &verdict->seen[i];
    return NULL;
}

/* How many calls were refused for their token before the exchange arrived? */
static size_t refused_before(const struct im_verdict *verdict,
                             const struct im_exchange *exchange)
{
    size_t n = 0;

    for (size_t i = 0; i < verdict->seen_count; i++)
        n += im_history_token_refused(&verdict->seen[i]) &&
             im_history_compare_arrival(&verdict->seen[i], exchange) < 0;
    return n;
}

/* Several calls are refused at once, and each of them renews with the one refresh token that there is: the
 * cause that the later one meets says nothing of that. */
static void say_two_renewals(const struct im_verdict *verdict, struct im_buf *out)
{
    const struct im_exchange *a = refused_refresh(verdict);
    const struct im_exchange *b = a ? same_refresh(verdict, a) : NULL;

    if (!b)
        return;
    if (im_history_compare_arrival(b, a) < 0) {
        const struct im_exchange *first = b;
        b = a;
        a = first;
    }
    if (refused_before(verdict, b) < 2)
        return;
    im_buf_addf(out,
                "%sexchanges %llu and %llu refresh with the same refresh token: where "
                "several calls are refused at once, let one of them renew, and the "
                "others wait for its tokens",
                out->len ? ". " : "", (unsigned long long)a->id,
                (unsigned long long)b->id);
}

static void say_notes(const struct im_verdict *verdict, struct im_buf *out)
{
    enum im_outcome_of outcome = im_verdict_outcome(verdict);

    if (!verdict->exchanges)
        im_buf_addz(out, "nothing in this scenario happened: no request came");
    else
        say_missing(verdict, out);
    struct im_str doubts = im_verdict_doubts(verdict, out);
    im_buf_addf(out, "%s%.*s", out->len && doubts.len ? ". " : "", IM_ARG(doubts));
    if (!verdict->scenario->expect.count)
        im_buf_addf(out, "%sthe scenario expects nothing, so nothing can be judged",
                    out->len ? ". " : "");
    if (outcome == IM_NOT_MET && verdict->exhausted) {
        im_buf_addz(out, out->len ? ". " : "");
        im_verdict_say_exhausted(out);
    }
    if (outcome == IM_NOT_MET) {
        say_recovery(verdict, out);
        say_two_ways(verdict, out);
        say_two_renewals(verdict, out);
    }
    if (!verdict->dropped)
        return;
    im_buf_addz(out, out->len ? ". " : "");
    im_verdict_say_dropped(verdict, out);
}

/* ---- of one expectation ---- */

static void say_why(const struct im_verdict *verdict, size_t index, struct im_buf *out)
{
    const struct im_judgement *judgement = &verdict->judgements[index];
    enum im_outcome_of outcome = im_verdict_outcome_at(verdict, index);

    /* the judgement's own sentence does not fit where the whole scenario did not come about */
    if (outcome == judgement->outcome || outcome == IM_INFORMATION)
        im_buf_add(out, judgement->why);
    else if (!verdict->exchanges)
        im_buf_addz(out, "nothing in this scenario happened: no request came");
    else
        say_missing(verdict, out);
}

size_t im_verdict_shown_at(const struct im_verdict *verdict, size_t index)
{
    return im_verdict_outcome_at(verdict, index) == IM_NOT_EXERCISED
               ? 0
               : verdict->judgements[index].shown_count;
}

/* ---- the line of an exchange ---- */

static void add_status(const struct im_exchange *exchange, struct im_buf *out)
{
    bool silent = exchange->fault == IM_FAULT_DROP || exchange->fault == IM_FAULT_RESET ||
                  exchange->fault == IM_FAULT_STALL;

    if (silent || exchange->status <= 0)
        im_buf_addz(out, " → no answer");
    else
        im_buf_addf(out, " → %d", exchange->status);
}

static void add_reason(const struct im_exchange *exchange, struct im_buf *out)
{
    if (exchange->cause)
        im_buf_addf(out, " %s", im_cause_row(exchange->cause)->id);
    for (size_t i = 0; i < exchange->note_count && !exchange->cause; i++)
        im_buf_addf(out, "%s %s", i ? "," : ", warned of",
                    im_cause_row(exchange->notes[i].cause)->id);
    if (exchange->fault)
        im_buf_addf(out, " (fault: %s)", im_fault_name(exchange->fault));
    if (exchange->evidence.len) {
        im_buf_addz(out, ": ");
        im_buf_add(out, exchange->evidence);
    }
}

void im_exchange_line(const struct im_exchange *exchange, struct im_buf *out)
{
    /* a secret may have been set after the exchange was recorded, so it is searched when it is read */
    im_buf_add(out, im_redact_quote(exchange->secrets, out->arena, exchange->method));
    im_buf_addc(out, ' ');
    im_buf_add(out, im_redact_url(exchange->secrets, out->arena, exchange->path));
    if (exchange->grant.len)
        im_buf_addf(out, " %.*s", IM_ARG(im_str_front(exchange->grant, 40)));
    add_status(exchange, out);
    add_reason(exchange, out);
}

/* ---- texts of their own, to be made safe for their place as a whole ---- */

struct im_str im_verdict_line(const struct im_exchange *exchange, struct im_buf *out)
{
    struct im_buf line;

    im_buf_init(&line, out->arena, 0);
    im_exchange_line(exchange, &line);
    out->failed |= line.failed;
    return im_buf_str(&line);
}

struct im_str im_verdict_why(const struct im_verdict *verdict, size_t index,
                             struct im_buf *out)
{
    struct im_buf why;

    im_buf_init(&why, out->arena, 0);
    say_why(verdict, index, &why);
    out->failed |= why.failed;
    return im_buf_str(&why);
}

struct im_str im_verdict_note(const struct im_verdict *verdict, struct im_buf *out)
{
    struct im_buf note;

    im_buf_init(&note, out->arena, 0);
    say_notes(verdict, &note);
    out->failed |= note.failed;
    return im_buf_str(&note);
}

struct im_str im_verdict_missing(const struct im_verdict *verdict, struct im_buf *out)
{
    struct im_buf missing;

    im_buf_init(&missing, out->arena, 0);
    say_missing(verdict, &missing);
    out->failed |= missing.failed;
    return im_buf_str(&missing);
}

struct im_str im_verdict_doubts(const struct im_verdict *verdict, struct im_buf *out)
{
    struct im_buf doubts;

    im_buf_init(&doubts, out->arena, 0);
    say_doubts(verdict, &doubts);
    out->failed |= doubts.failed;
    return im_buf_str(&doubts);
}
