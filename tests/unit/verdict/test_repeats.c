/* count.c: how often a call, or a request for a token, may be tried that is refused each time. */
#include "unit/verdict/teller.h"

/* ---- as often as where nothing goes wrong ---- */

static void a_call_that_is_made_as_often_as_ever_is_no_repeat(void **state)
{
    struct history *h = *state;
    const char *once = "{'that':'t','cause':'path-unknown','at_most':1,'per':'call'}";

    makes_a_call_twice(h);
    refuses(call(h, 1, "T1"), 404, CAUSE_PATH_UNKNOWN);
    refuses(call(h, 1, "T1"), 404, CAUSE_PATH_UNKNOWN);
    outcome(h, once, IM_MET);
    refuses(call(h, 1, "T1"), 404, CAUSE_PATH_UNKNOWN);
    outcome(h, once, IM_NOT_MET); /* more than once for each */
    h->options.baseline = NULL;
    outcome(h, once, IM_NOT_MET);
}

/* A token or a date within the call makes it another one in each sandbox. */
static void a_call_that_differs_from_run_to_run_is_known_by_its_address(void **state)
{
    struct history *h = *state;
    const char *once = "{'that':'t','cause':'token-missing','at_most':1,'per':'call'}";

    signs_on(h, "T0");
    for (int i = 0; i < 3; i++) {
        struct im_exchange *asks = saw(h, "introspect", 200, CAUSE_NONE);
        asks->call = 70; /* of token T0 */
    }
    is_the_baseline(h);
    signs_on(h, "T1");
    for (int i = 0; i < 3; i++)
        saw(h, "introspect", 400, CAUSE_TOKEN_MISSING)->call = 71; /* of token T1 */
    outcome(h, once, IM_MET);
    saw(h, "introspect", 400, CAUSE_TOKEN_MISSING)->call = 71;
    outcome(h, once, IM_NOT_MET); /* one more than ever */
    h->count--;
    saw(h, "introspect", 200, CAUSE_NONE)->call =
        70; /* the baseline's own is there too */
    outcome(h, once, IM_NOT_MET);
}

/* ---- each of several ---- */

static struct im_exchange *refreshes_in_vain(struct history *h, int number)
{
    struct im_exchange *seen =
        refuses(refreshes(h, ""), 401, CAUSE_CLIENT_SECRET_ROTATED);

    seen->call = (uint64_t)number;
    return seen;
}

static void each_request_with_wrong_credentials_may_be_tried_twice(void **state)
{
    struct history *h = *state;
    const char *twice =
        "{'that':'t','cause':'client-secret-rotated','at_most':2,'per':'call'}";

    signs_on_times(h, 1);
    for (int i = 0; i < 2; i++)
        refreshes_in_vain(h, 50);
    refuses(signs_on(h, ""), 401, CAUSE_CLIENT_SECRET_ROTATED);
    refreshes_in_vain(h, 51); /* another grant's */
    outcome(h, twice, IM_MET);
    refreshes_in_vain(h, 50);
    outcome(h, twice, IM_NOT_MET);
    h->count--;
    for (int i = 0; i < 2; i++)
        refuses(signs_on(h, ""), 401, CAUSE_CLIENT_SECRET_ROTATED);
    outcome(h, twice, IM_NOT_MET);
}

/* ---- a call that is refused with every token ---- */

#define GIVEN_UP                                                                         \
    "{'that':'t','endpoint':'api','cause':'access-token-revoked','at_most':5,"           \
    "'per':'call'}"

static void refused_with_each_token(struct history *h, int times)
{
    for (int i = 0; i < times; i++) {
        dead(h, 1, im_arena_format(&h->arena, "T%d", i).at);
        refreshes(h, im_arena_format(&h->arena, "T%d", i + 1).at);
    }
}

static void a_call_that_every_token_is_refused_for_is_given_up(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T0");
    refused_with_each_token(h, 2);
    met(h, GIVEN_UP, "twice, as it should be", "2 4");
    refused_with_each_token(h, 10);
    outcome(h, GIVEN_UP, IM_NOT_MET);
}

static void each_of_its_calls_may_be_tried_with_a_new_token(void **state)
{
    struct history *h = *state;

    signs_on_times(h, 1);
    signs_on(h, "T0");
    for (int i = 0; i < 12; i++)
        dead(h, i, "T0")->token = im_arena_format(&h->arena, "T%d", i);
    outcome(h, GIVEN_UP, IM_MET);
}

static const struct CMUnitTest tests[] = {
    TOLD(a_call_that_is_made_as_often_as_ever_is_no_repeat),
    TOLD(a_call_that_differs_from_run_to_run_is_known_by_its_address),
    TOLD(each_request_with_wrong_credentials_may_be_tried_twice),
    TOLD(a_call_that_every_token_is_refused_for_is_given_up),
    TOLD(each_of_its_calls_may_be_tried_with_a_new_token),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
