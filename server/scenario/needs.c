/* What rules wait for, in words about the client (rule 1 of scenarios/README.md): a reader of a verdict
 * knows the requests of their program, not the rules of the scenario. */
#include "scenario/needs.h"

#include "base/clock.h"

/* ---- which rules are needed ---- */

/* A hold or a delay gives others time to collide. */
static bool only_supports(const struct im_rule *rule)
{
    return !rule->step_count && rule->refuse == CAUSE_NONE && rule->has_wire &&
           rule->wire.fault == IM_FAULT_NONE;
}

int64_t im_needs_of(const struct im_scenario *scenario, size_t rule)
{
    const struct im_rule *own = &scenario->rules[rule];
    bool others = false;

    if (own->needs || own->optional)
        return own->optional ? 0 : own->needs;
    /* where every rule only holds or delays, that is what the scenario is about */
    for (size_t i = 0; i < scenario->rule_count; i++)
        others |= !only_supports(&scenario->rules[i]);
    return others && only_supports(own) ? 0 : 1;
}

bool im_needs_cause(const struct im_scenario *scenario)
{
    return !scenario->rule_count && scenario->world && scenario->cause != CAUSE_NONE &&
           !im_cause_row(scenario->cause)->note;
}

/* ---- words ---- */

/* What is counted, as one and as several. */
struct noun {
    const char *one, *many;
};

static struct noun noun_of(const struct im_when *when)
{
    static const struct {
        const char *endpoint;
        struct noun noun;
    } nouns[] = {
        {"api", {"API call", "API calls"}},
        {"read", {"read", "reads"}},
        {"oauth", {"OAuth request", "OAuth requests"}},
        {"token", {"token request", "token requests"}},
        {"authorize", {"authorize request", "authorize requests"}},
        {"revoke", {"revocation", "revocations"}},
        {"introspect", {"introspection", "introspections"}},
        {"resource", {"call of an object", "calls of objects"}},
        {"query", {"query", "queries"}},
        {"model", {"call of the model", "calls of the model"}},
        {"session", {"call of the session", "calls of the session"}},
        {"proxy", {"connection through the proxy", "connections through the proxy"}},
    };

    for (size_t i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++)
        if (im_str_is(when->endpoint, nouns[i].endpoint))
            return nouns[i].noun;
    return (struct noun){"request", "requests"};
}

/* How many requests that fit `when` it takes. */
static int64_t wanted_of(const struct im_when *when, int64_t needs)
{
    if (when->nth > 0)
        return when->nth;
    return when->every > 0 ? when->every * needs : needs;
}

/* The same of a rule: what a quota leaves free comes before. */
static int64_t wanted_of_rule(const struct im_rule *rule, int64_t needs)
{
    return wanted_of(&rule->when, needs) + rule->schedule.limit;
}

/* " after access-token-revoked within 1m" */
static void say_event(const struct im_schedule *schedule, struct im_buf *out)
{
    const struct im_event *after = &schedule->after;

    if (after->rule)
        im_buf_addf(out, " after rule %d", after->rule);
    else if (after->text.len)
        im_buf_addf(out, " after %.*s", IM_ARG(after->text));
    if (schedule->limit)
        im_buf_addf(out, " within %.*s",
                    IM_ARG(im_duration_text(out->arena, schedule->per_ms)));
}

static void say_pairs(const struct im_when_pairs *pairs, const char *where,
                      struct im_buf *out)
{
    for (size_t i = 0; i < pairs->count; i++)
        im_buf_addf(out, " with %s %.*s = %.*s", where, IM_ARG(pairs->items[i].name),
                    IM_ARG(pairs->items[i].value));
}

static bool same_pairs(const struct im_when_pairs *a, const struct im_when_pairs *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = im_str_eq(a->items[i].name, b->items[i].name) &&
               im_str_eq(a->items[i].value, b->items[i].value);
    return same;
}

static void say_filters(const struct im_when *when, struct im_buf *out)
{
    if (when->method.len)
        im_buf_addf(out, " by %.*s", IM_ARG(when->method));
    if (when->grant.len)
        im_buf_addf(out, " with grant %.*s", IM_ARG(when->grant));
    if (when->path.len)
        im_buf_addf(out, " to %.*s", IM_ARG(when->path));
    if (when->user.len)
        im_buf_addf(out, " of user %.*s", IM_ARG(when->user));
    if (when->client.len)
        im_buf_addf(out, " of client %.*s", IM_ARG(when->client));
    if (when->scope.len)
        im_buf_addf(out, " with scope %.*s", IM_ARG(when->scope));
    say_pairs(&when->header, "header", out);
    say_pairs(&when->query, "query", out);
    say_pairs(&when->body, "body", out);
}

static const char *ordinal(int64_t n)
{
    if (n / 10 % 10 == 1) /* 11th, 12th, 13th */
        return "th";
    return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

/* By the first letters of the nouns above: "an API call", "an introspection". */
static const char *article(const char *noun)
{
    return noun[0] == 'A' || noun[0] == 'O' || noun[0] == 'a' || noun[0] == 'i' ? "an"
                                                                                : "a";
}

static void say_wanted(const struct im_when *when, int64_t wanted, struct im_buf *out)
{
    struct noun noun = noun_of(when);

    /* "grant refresh_token" alone says that it is a token request */
    if (wanted == 1 && im_str_is(when->endpoint, "token") && when->grant.len) {
        im_buf_addf(out, "grant %.*s", IM_ARG(when->grant));
        return;
    }
    if (wanted > 1)
        im_buf_addf(out, "%lld %s", (long long)wanted, noun.many);
    else
        im_buf_addf(out, "%s %s", article(noun.one), noun.one);
    say_filters(when, out);
}

/* ---- all that a scenario needs ---- */

static bool same_filters(const struct im_when *a, const struct im_when *b)
{
    return im_str_eq(a->endpoint, b->endpoint) && im_str_eq(a->method, b->method) &&
           im_str_eq(a->grant, b->grant) && im_str_eq(a->path, b->path) &&
           im_str_eq(a->user, b->user) && im_str_eq(a->client, b->client) &&
           im_str_eq(a->scope, b->scope) && same_pairs(&a->header, &b->header) &&
           same_pairs(&a->query, &b->query) && same_pairs(&a->body, &b->body);
}

static bool same_event(const struct im_schedule *a, const struct im_schedule *b)
{
    return a->after.rule == b->after.rule && im_str_eq(a->after.text, b->after.text);
}

/* Of the rules that count the same requests only the one that wants most is said: the same requests
 * serve the others. */
static bool is_outdone(const struct im_scenario *scenario, size_t rule)
{
    int64_t needs = im_needs_of(scenario, rule);
    const struct im_when *own = &scenario->rules[rule].when;

    for (size_t i = 0; i < scenario->rule_count; i++) {
        int64_t others = im_needs_of(scenario, i);
        const struct im_when *when = &scenario->rules[i].when;
        if (i == rule || !others || !same_filters(own, when) ||
            !same_event(&scenario->rules[i].schedule, &scenario->rules[rule].schedule))
            continue;
        int64_t more = wanted_of_rule(&scenario->rules[i], others) -
                       wanted_of_rule(&scenario->rules[rule], needs);
        if (more > 0 || (more == 0 && i < rule))
            return true;
    }
    return false;
}

bool im_needs_requests(const struct im_expectation *expectation)
{
    return !expectation->after.text.len && !expectation->optional &&
           !expectation->advice && expectation->at_least <= 0 &&
           (expectation->at_most >= 0 || expectation->in_parallel_at_most >= 0) &&
           (expectation->when.grant.len ||
            im_str_is(expectation->when.endpoint, "authorize"));
}

/* What a world refuses is what the expectation asks for that names the cause. NULL = none says which requests. */
static const struct im_when *when_of_cause(const struct im_scenario *scenario)
{
    for (size_t i = 0; i < scenario->expect.count; i++) {
        const struct im_expectation *expectation = &scenario->expect.items[i];
        if (expectation->cause == scenario->cause && !expectation->after.text.len &&
            expectation->when.endpoint.len)
            return &expectation->when;
    }
    return NULL;
}

void im_needs_say_cause(const struct im_scenario *scenario, struct im_buf *out)
{
    const struct im_when *when = when_of_cause(scenario);

    if (when)
        say_wanted(when, 1, out);
    else
        im_buf_addz(out, "a request");
}

static bool is_said(const struct im_scenario *scenario, size_t index)
{
    const struct im_when *own = &scenario->expect.items[index].when;

    for (size_t i = 0; i < scenario->rule_count; i++)
        if (im_needs_of(scenario, i) && same_filters(own, &scenario->rules[i].when))
            return true;
    for (size_t i = 0; i < index; i++)
        if (im_needs_requests(&scenario->expect.items[i]) &&
            same_filters(own, &scenario->expect.items[i].when))
            return true;
    return false;
}

struct im_str im_needs_text(const struct im_scenario *scenario, struct im_arena *arena)
{
    struct im_buf out;

    im_buf_init(&out, arena, 0);
    for (size_t i = 0; i < scenario->rule_count; i++) {
        int64_t needs = im_needs_of(scenario, i);
        const struct im_rule *rule = &scenario->rules[i];
        if (!needs || is_outdone(scenario, i))
            continue;
        im_buf_addz(&out, out.len ? ", " : "");
        say_wanted(&rule->when, wanted_of_rule(rule, needs), &out);
        say_event(&rule->schedule, &out);
    }
    bool by_cause = im_needs_cause(scenario);
    for (size_t i = 0; i < scenario->expect.count && !by_cause; i++)
        if (im_needs_requests(&scenario->expect.items[i]) && !is_said(scenario, i)) {
            im_buf_addz(&out, out.len ? ", " : "");
            say_wanted(&scenario->expect.items[i].when, 1, &out);
        }
    if (by_cause)
        im_needs_say_cause(scenario, &out);
    if (by_cause && !when_of_cause(scenario))
        im_buf_addf(&out, " that is refused with %s", im_cause_row(scenario->cause)->id);
    return im_buf_str(&out);
}

/* ---- what is missing ---- */

static void say_missing(const struct im_when *when, int64_t wanted,
                        const struct im_needs_seen *seen, struct im_buf *out)
{
    struct noun noun = noun_of(when);

    im_buf_addz(out, " waits for ");
    if (wanted > 1)
        im_buf_addf(out, "the %lld%s %s", (long long)wanted, ordinal(wanted), noun.one);
    else
        im_buf_addf(out, "%s %s", article(noun.one), noun.one);
    say_filters(when, out);
    /* a client that signs on in another way learns that, which no count would tell it */
    if (when->grant.len && seen->grants.len && !seen->fits)
        im_buf_addf(out, "; %s sent %.*s", seen->client, IM_ARG(seen->grants));
    else if (seen->fits)
        im_buf_addf(out, "; %s made %lld", seen->client, (long long)seen->fits);
    else
        im_buf_addf(out, "; %s made none", seen->client);
}

void im_needs_say_missing(const struct im_when *when, int64_t needs,
                          const struct im_needs_seen *seen, struct im_buf *out)
{
    say_missing(when, wanted_of(when, needs), seen, out);
}

void im_needs_say_rule(const struct im_rule *rule, int64_t needs,
                       const struct im_needs_seen *seen, struct im_buf *out)
{
    say_missing(&rule->when, wanted_of_rule(rule, needs), seen, out);
    say_event(&rule->schedule, out);
}
