/* Sixteen threads present one code, or one refresh token, at the same moment, a thousand
 * times: exactly one wins. And while tokens are minted and checked, others end them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "oauth/bearer.h"

enum { THREADS = 16, ROUNDS = 1000 };
#define NOW_MS INT64_C(1741600000000)

struct race;

struct runner {
    struct race *race;
    pthread_t thread;
    unsigned number;
    enum im_cause cause; /* of the last round */
    struct im_str minted;
    struct im_arena arena;
};

struct race {
    struct im_authority *authority;
    pthread_barrier_t start, finish;
    struct im_str contested; /* the token of this round */
    enum im_cause (*run)(struct runner *runner, struct im_request *req);
    int rounds;
    struct runner runners[THREADS];
};

/* ---- one round of one thread ---- */

static const struct im_issue issue = {.grant_type = IM_STR_INIT("authorization_code"),
                                      .client_id = IM_STR_INIT("demo"),
                                      .user = IM_STR_INIT("jdoe"),
                                      .company = IM_STR_INIT("acme"),
                                      .issuer = IM_STR_INIT("http://127.0.0.1"),
                                      .with_refresh = true};

static enum im_cause present_code(struct runner *runner, struct im_request *req)
{
    struct im_code_claim claim = {.code = runner->race->contested,
                                  .client_id = IM_STR("demo")};
    struct im_token token;

    return im_authority_redeem_code(runner->race->authority, req, &claim, &token);
}

/* The winner goes on to mint, as the token endpoint does. */
static enum im_cause present_refresh(struct runner *runner, struct im_request *req)
{
    struct im_authority *authority = runner->race->authority;
    struct im_token token;
    struct im_issued issued;
    struct im_error err;
    enum im_cause cause = im_authority_redeem_refresh(
        authority, req, IM_DIALECT_REST, runner->race->contested, IM_STR("demo"), &token);

    if (cause)
        return cause;
    struct im_issue next = issue;
    next.grant = token.grant;
    if (!im_authority_issue(authority, req->arena, NOW_MS, &next, &issued, &err))
        return CAUSE_INTERNAL;
    runner->minted = issued.refresh_token;
    return CAUSE_NONE;
}

static void mint_one(struct im_authority *authority, struct im_request *req)
{
    struct im_issue other = issue;
    struct im_issued issued;
    struct im_token token;
    struct im_error err;

    other.grant_type = IM_STR("client_credentials");
    if (!im_authority_issue(authority, req->arena, NOW_MS, &other, &issued, &err))
        return;
    struct im_str header =
        im_arena_format(req->arena, "Bearer %.*s", IM_ARG(issued.access_token));
    im_request_add_header(req, IM_STR("Authorization"), header);
    im_bearer_check(authority, req, IM_DIALECT_REST, &token, NULL);
}

static bool stop_soon(void *context, const struct im_token *token)
{
    (void)token;
    return ++*(int *)context < 20;
}

/* Everything at once: minting, checking, revoking, ending, listing, changing,
 * rotating. */
static enum im_cause do_anything(struct runner *runner, struct im_request *req)
{
    struct im_authority *authority = runner->race->authority;
    struct im_token_selector all = {.user = IM_STR("jdoe"), .company = IM_STR("acme")};
    struct im_change_target who = {.company = IM_STR("acme"), .client = IM_STR("demo")};
    struct im_policy policy = im_authority_policy(authority);
    struct im_error err;
    int count = 0;

    mint_one(authority, req);
    switch (runner->number % 6) {
    case 0: im_authority_end(authority, &all, IM_ENDED_PASSWORD_CHANGED, NOW_MS); break;
    case 1: im_authority_each_token(authority, NOW_MS, 0, stop_soon, &count); break;
    case 2:
        im_directory_change(authority->directory, IM_CHANGE_AUTHORIZE_CLIENT, &who, &err);
        break;
    case 3: im_authority_set_policy(authority, &policy); break;
    case 4: im_authority_revoke(authority, runner->race->contested, NOW_MS); break;
    default: im_authority_issue_code(authority, req->arena, NOW_MS, &issue, &err); break;
    }
    return CAUSE_NONE;
}

static void run_once(struct runner *runner)
{
    struct im_exchange exchange = {.cause = CAUSE_NONE};
    struct im_request req = {
        .arena = &runner->arena, .now_ms = NOW_MS, .exchange = &exchange};

    req.arrived = atomic_fetch_add(&runner->race->authority->arrivals, 1);
    runner->cause = runner->race->run(runner, &req);
}

static void *run(void *context)
{
    struct runner *runner = context;

    for (int round = 0; round < runner->race->rounds; round++) {
        pthread_barrier_wait(&runner->race->start);
        im_arena_release(&runner->arena);
        run_once(runner);
        pthread_barrier_wait(&runner->race->finish);
    }
    return NULL;
}

/* ---- the race ---- */

static void begin(struct race *race, int rounds)
{
    struct im_error err;

    race->authority = im_authority_new(1, IM_STR("race"), NOW_MS, &err);
    assert_non_null(race->authority);
    race->rounds = rounds;
    pthread_barrier_init(&race->start, NULL, THREADS + 1);
    pthread_barrier_init(&race->finish, NULL, THREADS + 1);
    for (unsigned i = 0; i < THREADS; i++) {
        race->runners[i] = (struct runner){.race = race, .number = i};
        im_arena_init(&race->runners[i].arena, 0);
        assert_int_equal(
            pthread_create(&race->runners[i].thread, NULL, run, &race->runners[i]), 0);
    }
}

static void end(struct race *race)
{
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(race->runners[i].thread, NULL);
        im_arena_release(&race->runners[i].arena);
    }
    pthread_barrier_destroy(&race->finish);
    pthread_barrier_destroy(&race->start);
    im_authority_free(race->authority);
}

static void one_round(struct race *race)
{
    pthread_barrier_wait(&race->start);
    pthread_barrier_wait(&race->finish);
}

/* How many had this outcome. A loser is late or lost a race: which, the scheduler
 * decides. */
static int count(const struct race *race, enum im_cause cause)
{
    int n = 0;

    for (unsigned i = 0; i < THREADS; i++)
        n += race->runners[i].cause == cause;
    return n;
}

static void sixteen_threads_redeem_one_code_and_one_wins(void **state)
{
    struct race race = {.run = present_code};
    struct im_arena arena;
    struct im_error err;

    (void)state;
    im_arena_init(&arena, 0);
    begin(&race, ROUNDS);
    for (int round = 0; round < ROUNDS; round++) {
        im_arena_release(&arena);
        race.contested =
            im_authority_issue_code(race.authority, &arena, NOW_MS, &issue, &err);
        one_round(&race);
        assert_int_equal(count(&race, CAUSE_NONE), 1);
        assert_int_equal(count(&race, CAUSE_CODE_REUSED), THREADS - 1);
    }
    end(&race);
    im_arena_release(&arena);
}

/* What the winner got is what the next round is about. */
static void hand_on(struct race *race, struct im_arena *arena)
{
    im_arena_release(arena);
    for (unsigned i = 0; i < THREADS; i++)
        if (!race->runners[i].cause)
            race->contested = im_arena_copy(arena, race->runners[i].minted);
}

static void sixteen_threads_refresh_with_one_token_and_one_wins(void **state)
{
    struct race race = {.run = present_refresh};
    struct im_arena arena;
    struct im_issued issued;
    struct im_error err;

    (void)state;
    im_arena_init(&arena, 0);
    begin(&race, ROUNDS);
    assert_true(
        im_authority_issue(race.authority, &arena, NOW_MS, &issue, &issued, &err));
    race.contested = issued.refresh_token;
    for (int round = 0; round < ROUNDS; round++) {
        one_round(&race);
        int late = count(&race, CAUSE_REFRESH_TOKEN_REUSED);
        assert_int_equal(count(&race, CAUSE_NONE), 1);
        assert_int_equal(count(&race, CAUSE_PARALLEL_REFRESH) + late, THREADS - 1);
        hand_on(&race, &arena);
    }
    end(&race);
    im_arena_release(&arena);
}

static void whatever_happens_at_once_nothing_breaks(void **state)
{
    struct race race = {.run = do_anything, .contested = IM_STR("nothing")};
    struct im_error err;

    (void)state;
    begin(&race, ROUNDS / 10);
    for (int round = 0; round < ROUNDS / 10; round++) {
        if (round % 10 == 0)
            im_keys_rotate(race.authority->keys, &err);
        one_round(&race);
    }
    end(&race);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixteen_threads_redeem_one_code_and_one_wins),
        cmocka_unit_test(sixteen_threads_refresh_with_one_token_and_one_wins),
        cmocka_unit_test(whatever_happens_at_once_nothing_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
