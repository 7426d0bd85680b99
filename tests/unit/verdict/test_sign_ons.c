/* count.c: whose sign-on it is, and which token is one too many (rule 5 of scenarios/README.md). */
#include "unit/verdict/teller.h"

/* ---- sign-ons, beside those of the baseline ---- */

static void a_further_sign_on_counts_where_the_client_signs_on_once(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T1");
    is_told_to_wait(h);
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_NOT_MET);
}

static void a_sign_on_after_the_call_went_well_is_later_work(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T1");
    is_told_to_wait(h);
    call(h, 1, "T1");
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_MET);
    h->count = 2;
    call(h, 2, "T1"); /* another call shows nothing of the refused one */
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_NOT_MET);
}

static void a_code_that_was_never_issued_counts_whoever_sends_it(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 2);
    signs_on(h, "T1");
    saw(h, "authorize", 302, CAUSE_NONE)->issued = IM_STR("C1");
    is_told_to_wait(h);
    struct im_exchange *redeems = signs_on(h, "T2");
    redeems->grant = IM_STR("authorization_code");
    redeems->token = IM_STR("C1");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_MET); /* no more than ever */
    redeems->token = IM_STR("C2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_NOT_MET);
}

static void it_cannot_be_told_where_it_signs_on_several_times(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 2);
    signs_on(h, "T1");
    is_told_to_wait(h);
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_MET); /* no more than ever */
    signs_on(h, "");
    signs_on(h, "");
    is(h, "{'that':'t','cause':'client-secret-wrong','at_most':1}", IM_CANNOT_TELL,
       "cannot tell: the client signs on 2 times; give each test a sandbox of its own "
       "(client id demo~NAME.TEST, or /s/NAME.TEST)",
       "4 5");
}

/* Two jobs may try twice each; who tries a fifth time tries too often, whichever of them it is. */
static void more_than_all_its_jobs_may_try_is_certain(void **state)
{
    struct history *h = *state;
    const char *twice = "{'that':'t','cause':'client-secret-wrong','at_most':2}";

    signs_on_times(h, 2);
    for (int i = 0; i < 4; i++)
        signs_on(h, "");
    outcome(h, twice, IM_CANNOT_TELL); /* one of them may have tried three times */
    signs_on(h, "");
    outcome(h, twice, IM_NOT_MET);
}

/* Each of two jobs may come to sign on for the first time, and once more when its token is refused. */
static void more_tokens_than_all_its_jobs_need_is_certain(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 2);
    signs_on_in_vain(h);
    for (int i = 0; i < 5; i++)
        at(h, signs_on(h, "T2"), i ? -10 * i : 0,
           100); /* before the first of them is had */
    outcome(h, ONE_TOKEN, IM_NOT_MET);
    h->count--;
    outcome(h, ONE_TOKEN, IM_CANNOT_TELL);
}

static void without_a_baseline_only_refreshes_count(void **state)
{
    struct history *h = *state;

    signs_on(h, "T1");
    is_told_to_wait(h);
    signs_on(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_CANNOT_TELL);
    h->count = 2;
    refreshes(h, "T2");
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_NOT_MET);
}

/* ---- refreshes ---- */

static void a_refresh_of_another_grant_does_not_count(void **state)
{
    struct history *h = *state;

    is_told_to_wait(h);
    h->seen[0].grant_id = 1;
    refreshes(h, "T2")->grant_id = 2;
    outcome(h, NO_TOKEN_AFTER("rate-limited"), IM_MET);
}

static void renewing_again_before_the_new_token_is_used_counts(void **state)
{
    struct history *h = *state;

    dead(h, 1, "T1");
    refreshes(h, "T2");
    call(h, 1, "T2");
    refreshes(h, "T3"); /* the next job's, perhaps */
    outcome(h, ONE_TOKEN, IM_MET);
    h->count = 2;
    refreshes(h, "T3");
    outcome(h, ONE_TOKEN, IM_NOT_MET);
}

static void who_renews_by_the_clock_may_do_so_right_behind_a_renewal(void **state)
{
    struct history *h = *state;

    signs_on(h, "T0");
    call(h, 1, "T0");
    refreshes(h, "T00");
    is_the_baseline(h);
    dead(h, 1, "T1");
    refreshes(h, "T2");
    refreshes(h, "T3");
    call(h, 1, "T3");
    outcome(h, ONE_TOKEN, IM_CANNOT_TELL);
}

static void renewing_a_short_lived_token_ahead_is_no_loop(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T1")->issued_for_s = 300;
    dead(h, 1, "T1");
    refreshes(h, "T2")->issued_for_s = 300; /* since the old one was refused */
    for (int i = 3; i < 6; i++) {
        const char *next = im_arena_format(&h->arena, "T%d", i).at;
        refreshes(h, next)->issued_for_s = 300; /* ahead of each call */
        call(h, 1, next);
    }
    is(h, ONE_TOKEN, IM_CANNOT_TELL,
       "cannot tell: these tokens live five minutes at most, and where the client renews "
       "tokens so far ahead, it renews these before each call; a smaller margin shows it",
       "2 3 4 6 8");
    for (int i = 0; i < 9; i++) /* it need not where they live longer */
        h->seen[i].issued_for_s = 301;
    outcome(h, ONE_TOKEN, IM_NOT_MET);
    h->count = 2;
    for (int i = 2; i < 5; i++) /* none of which is used */
        refreshes(h, im_arena_format(&h->arena, "T%d", i).at)->issued_for_s = 300;
    outcome(h, ONE_TOKEN, IM_NOT_MET);
}

/* ---- one token after the other ---- */

static struct im_exchange *refused_refresh(struct history *h, const char *token)
{
    struct im_exchange *seen =
        refuses(refreshes(h, ""), 400, CAUSE_REFRESH_TOKEN_UNKNOWN);

    seen->token = im_str(token);
    return seen;
}

/* A thread of its own renews now and then; each refresh is refused, and each time there is another way. */
static void signing_on_after_each_refused_refresh_is_no_loop(void **state)
{
    struct history *h = *state;
    const char *no_loop = "{'that':'t','endpoint':'token','after':"
                          "'refresh-token-unknown','at_most':2}";

    signs_on(h, "T0");
    call(h, 1, "T0");
    refreshes(h, "T00");
    refreshes(h, "T000");
    is_the_baseline(h);
    signs_on(h, "T1");
    for (int i = 2; i < 6; i++) {
        const char *next = im_arena_format(&h->arena, "T%d", i).at;
        refused_refresh(h, im_arena_format(&h->arena, "R%d", i).at);
        signs_on(h, next);
        call(h, 1, next);
    }
    outcome(h, no_loop, IM_MET);
    signs_on(h, "T6"); /* without a reason */
    signs_on(h, "T7");
    outcome(h, no_loop, IM_NOT_MET);
}

static void getting_one_token_after_the_other_is_a_loop(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T1");
    for (int i = 2; i < 5; i++) {
        refused_refresh(h, im_arena_format(&h->arena, "R%d", i).at);
        signs_on(h, im_arena_format(&h->arena, "T%d", i).at); /* which nobody uses */
    }
    outcome(h,
            "{'that':'t','endpoint':'token','after':'refresh-token-unknown','at_most':2}",
            IM_NOT_MET);
}

static const struct CMUnitTest tests[] = {
    TOLD(a_further_sign_on_counts_where_the_client_signs_on_once),
    TOLD(a_sign_on_after_the_call_went_well_is_later_work),
    TOLD(a_code_that_was_never_issued_counts_whoever_sends_it),
    TOLD(it_cannot_be_told_where_it_signs_on_several_times),
    TOLD(more_than_all_its_jobs_may_try_is_certain),
    TOLD(more_tokens_than_all_its_jobs_need_is_certain),
    TOLD(without_a_baseline_only_refreshes_count),
    TOLD(a_refresh_of_another_grant_does_not_count),
    TOLD(renewing_again_before_the_new_token_is_used_counts),
    TOLD(who_renews_by_the_clock_may_do_so_right_behind_a_renewal),
    TOLD(renewing_a_short_lived_token_ahead_is_no_loop),
    TOLD(signing_on_after_each_refused_refresh_is_no_loop),
    TOLD(getting_one_token_after_the_other_is_a_loop),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
