/* One sandbox: its parts, and the swap of its authority by a reset. A reset makes all that is new first
 * and takes the sandbox alone only for exchanging pointers; what is old is freed after. */
#include "sandbox.h"

#include <stdlib.h>

/* A fresh authority in the state that the scenario begins with. */
static struct im_authority *authority_make(const struct im_sandbox *box,
                                           const struct im_scenario *scenario,
                                           struct im_error *err)
{
    struct im_authority *authority =
        im_authority_new(box->seed, box->name, box->start_ms, err);

    /* the secrets of the authority before stay in the set: exchanges and log lines may still have them */
    bool kept = authority &&
                (!box->secrets || im_authority_keep_secrets(authority, box->secrets) ||
                 im_error_no_memory(err, "keeping the secrets")) &&
                (!box->token_index ||
                 im_tokens_join(authority->tokens, box->token_index, box->name) ||
                 im_error_no_memory(err, "joining the index of tokens"));
    if (kept && im_scenario_set_up(scenario, authority, err))
        return authority;
    im_authority_free(authority);
    return NULL;
}

static bool sandbox_make_parts(struct im_sandbox *box,
                               const struct im_sandbox_options *options,
                               struct im_error *err)
{
    box->journal = im_journal_new(options->journal_keep, options->journal_memory);
    box->barrier = im_barrier_new();
    box->scenario_state = im_scenario_state_new(options->scenario);
    if (!im_str_duplicate(options->name, &box->name) || !box->journal || !box->barrier ||
        !box->scenario_state)
        return im_error_no_memory(err, "making sandbox %.*s", IM_ARG(options->name));
    box->authority = authority_make(box, options->scenario, err);
    if (!box->authority)
        return false;
    box->secrets = im_secrets_ref(box->authority->secrets);
    return true;
}

struct im_sandbox *im_sandbox_new(const struct im_sandbox_options *options,
                                  struct im_error *err)
{
    struct im_sandbox *box = calloc(1, sizeof(*box));

    if (!box) {
        im_error_no_memory(err, "making sandbox %.*s", IM_ARG(options->name));
        return NULL;
    }
    pthread_rwlock_init(&box->swap, NULL);
    pthread_mutex_init(&box->turnstile, NULL);
    box->seed = options->seed;
    box->start_ms = options->start_ms;
    box->token_index = options->token_index;
    if (sandbox_make_parts(box, options, err))
        return box;
    im_sandbox_free(box);
    return NULL;
}

void im_sandbox_free(struct im_sandbox *box)
{
    if (!box)
        return;
    im_authority_free(box->authority);
    im_scenario_state_free(box->scenario_state);
    im_barrier_free(box->barrier);
    im_journal_free(box->journal);
    im_secrets_unref(box->secrets);
    pthread_rwlock_destroy(&box->swap);
    pthread_mutex_destroy(&box->turnstile);
    im_str_free(&box->name);
    free(box);
}

/* Through the turnstile: the lock of glibc lets readers pass a waiting writer, and a steady stream of
 * requests would keep a reset out. */
struct im_authority *im_sandbox_enter(struct im_sandbox *box)
{
    pthread_mutex_lock(&box->turnstile);
    pthread_rwlock_rdlock(&box->swap);
    pthread_mutex_unlock(&box->turnstile);
    return box->authority;
}

void im_sandbox_leave(struct im_sandbox *box)
{
    pthread_rwlock_unlock(&box->swap);
}

/* No request is inside until sandbox_leave_alone. */
static void sandbox_enter_alone(struct im_sandbox *box)
{
    pthread_mutex_lock(&box->turnstile);
    pthread_rwlock_wrlock(&box->swap);
}

static void sandbox_leave_alone(struct im_sandbox *box)
{
    pthread_rwlock_unlock(&box->swap);
    pthread_mutex_unlock(&box->turnstile);
}

bool im_sandbox_reset(struct im_sandbox *box, struct im_scenario *scenario,
                      struct im_error *err)
{
    struct im_authority *authority = authority_make(box, scenario, err);
    struct im_scenario_state *scenario_state =
        authority ? im_scenario_state_new(scenario) : NULL;

    if (!scenario_state) {
        im_authority_free(authority);
        return authority ? im_error_no_memory(err, "resetting the sandbox") : false;
    }
    sandbox_enter_alone(box);
    struct im_authority *old_authority = box->authority;
    struct im_scenario_state *old_state = box->scenario_state;
    box->authority = authority;
    box->scenario_state = scenario_state;
    im_journal_clear(
        box->journal); /* here, so that none of the old state's is added after it */
    sandbox_leave_alone(box);
    im_barrier_release(
        box->barrier); /* held requests were held by the old scenario state */
    im_authority_free(old_authority);
    im_scenario_state_free(old_state);
    return true;
}

bool im_sandbox_follow(struct im_sandbox *box, struct im_scenario *scenario,
                       struct im_error *err)
{
    struct im_scenario_state *scenario_state = im_scenario_state_new(scenario);

    if (!scenario_state)
        return im_error_no_memory(err, "changing the scenario");
    sandbox_enter_alone(box); /* the world changes in place: tokens stay */
    struct im_scenario_state *old = scenario_state;
    bool done = im_scenario_set_up(scenario, box->authority, err);
    if (done) {
        old = box->scenario_state;
        box->scenario_state = scenario_state;
    }
    sandbox_leave_alone(box);
    im_scenario_state_free(old);
    return done;
}

struct im_scenario *im_sandbox_scenario(struct im_sandbox *box)
{
    im_sandbox_enter(box);
    struct im_scenario *scenario =
        im_scenario_ref(im_scenario_state_scenario(box->scenario_state));

    im_sandbox_leave(box);
    return scenario;
}

/* ---- the verdict ---- */

void im_sandbox_settle(struct im_sandbox *box, int64_t at_most_ms)
{
    enum { LOOK_EVERY_MS = 2 };
    int64_t until = im_clock_monotonic_ms() + at_most_ms;

    /* held requests stay open until they are released, so they are not waited for */
    while (atomic_load(&box->open) > im_barrier_waiting(box->barrier) &&
           im_clock_monotonic_ms() < until)
        im_barrier_wait(box->barrier, &until, 0, LOOK_EVERY_MS);
}

/* What the rules have done so far. */
static bool verdict_count_rules(struct im_sandbox *box, struct im_scenario *scenario,
                                struct im_arena *arena, struct im_verdict *verdict)
{
    struct im_rule_count *counts =
        IM_ARENA_ARRAY(arena, struct im_rule_count, scenario->rule_count);

    if (!counts)
        return false;
    im_sandbox_enter(box);
    /* counts of another scenario, followed since, are about other rules: then none has fired */
    bool same = im_scenario_state_scenario(box->scenario_state) == scenario;
    if (same)
        verdict->exhausted = im_scenario_state_counts(box->scenario_state, counts);
    im_sandbox_leave(box);
    verdict->rules = counts;
    return true;
}

/* Tunnels tell how a client connects, not what it asks for: they count where a scenario is about
 * connections. That a bound of ours was reached is no fault of the client, and it was not answered. */
static bool is_judged(const struct im_exchange *exchange,
                      const struct im_scenario *scenario)
{
    return exchange->cause != CAUSE_MOCK_CAPACITY &&
           (exchange->endpoint != IM_ENDPOINT_PROXY ||
            (scenario && im_scenario_needs_proxy(scenario)));
}

/* What the client did, oldest first. Without a scenario: its requests. */
static const struct im_exchange *judged_exchanges(const struct im_sandbox *box,
                                                  const struct im_scenario *scenario,
                                                  struct im_arena *arena, size_t *count)
{
    static const struct im_journal_filter all = {.cause = CAUSE_NONE};
    size_t n = 0;
    struct im_exchange *exchanges = im_journal_select(box->journal, arena, &all, count);

    for (size_t i = 0; i < *count; i++)
        if (is_judged(&exchanges[i], scenario))
            exchanges[n++] = exchanges[i];
    *count = n;
    return exchanges;
}

static bool sandbox_judge(struct im_sandbox *box, struct im_scenario *scenario,
                          const struct im_judge_options *options, struct im_arena *arena,
                          struct im_verdict *verdict)
{
    struct im_judgement *judgements =
        IM_ARENA_ARRAY(arena, struct im_judgement, scenario->expect.count);
    struct im_judge_options *known = IM_ARENA_NEW(arena, struct im_judge_options);
    size_t count;
    const struct im_exchange *exchanges = judged_exchanges(box, scenario, arena, &count);

    if (!known)
        return false;
    *known = *options;
    known->forgotten = im_journal_dropped(box->journal) > 0;
    *verdict = (struct im_verdict){.scenario = scenario,
                                   .sandbox = box->name,
                                   .judgements = judgements,
                                   .options = known,
                                   .seen = exchanges,
                                   .seen_count = count,
                                   .dropped = im_journal_dropped(box->journal)};
    verdict->exchanges = count + verdict->dropped;
    return judgements && verdict_count_rules(box, scenario, arena, verdict) &&
           im_expect_judge(&scenario->expect, exchanges, count, known, arena, judgements);
}

struct im_scenario *im_sandbox_judge(struct im_sandbox *box,
                                     const struct im_judge_options *options,
                                     struct im_arena *arena, struct im_verdict *verdict)
{
    struct im_scenario *scenario = im_sandbox_scenario(box);

    if (sandbox_judge(box, scenario, options, arena, verdict))
        return scenario;
    arena->failed = true;
    im_scenario_unref(scenario);
    return NULL;
}

bool im_sandbox_history(struct im_sandbox *box, struct im_arena *arena,
                        struct im_history *history)
{
    size_t count;
    const struct im_exchange *exchanges = judged_exchanges(box, NULL, arena, &count);

    /* a baseline that lacks its beginning would have too few sign-ons (rule 5) */
    return !im_journal_dropped(box->journal) &&
           im_history_read(history, exchanges, count, arena);
}

void im_sandbox_interrupt(struct im_sandbox *box)
{
    im_journal_interrupt(box->journal);
    im_barrier_interrupt(box->barrier);
}
