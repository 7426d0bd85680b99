/* bound.c: how many exchanges are open at once. */
#include "unit/verdict/teller.h"

/* ---- exchanges ---- */

static void exchanges_that_overlap_are_counted(void **state)
{
    struct history *h = *state;
    const char *one = "{'that':'t','in_parallel_at_most':1}";

    met(h, one, "at most 0 at once, as it should be", "");
    at(h, answered(h), 0, 10);
    met(h, one, "at most 1 at once, as it should be", "1");
    at(h, answered(h), 0, 10);
    met(h, one, "at most 1 at once, as it should be", "1 2");
    at(h, answered(h), -5, 10);
    not_met(h, one, "2 at once; at most 1 may be", "2 3");
    met(h, "{'that':'t','in_parallel_at_most':2}", "at most 2 at once, as it should be",
        "1 2 3");
}

static void an_exchange_without_length_is_open_too(void **state)
{
    struct history *h = *state;

    at(h, answered(h), 0, 30);
    at(h, answered(h), 0, 0);
    not_met(h, "{'that':'t','in_parallel_at_most':1}", "2 at once; at most 1 may be",
            "1 2");
    not_exercised(h, "{'that':'t','in_parallel_at_most':1,'endpoint':'oauth'}",
                  "there was no oauth request, so this was not exercised");
}

static void the_order_of_the_list_does_not_matter(void **state)
{
    struct history *h = *state;

    at(h, answered(h), 50, 1);
    answered(h);
    at(h, answered(h), -2, 40);
    met(h, "{'that':'t'}", "3 times, as it should be", "2 3 1");
    not_met(h, "{'that':'t','in_parallel_at_most':1}", "2 at once; at most 1 may be",
            "3 1");
}

static void refreshes_of_two_grants_are_not_at_once(void **state)
{
    struct history *h = *state;
    const char *once = "{'that':'t','endpoint':'token','in_parallel_at_most':1}";

    refreshes(h, "T1")->grant_id = 1;
    together(h, refreshes(h, "T2"))->grant_id = 2;
    outcome(h, once, IM_MET);
    h->seen[1].grant_id = 1;
    outcome(h, once, IM_NOT_MET);
    h->seen[1].grant_id = 0; /* of which grant is not known */
    outcome(h, once, IM_NOT_MET);
}

/* ---- of one call ---- */

#define EACH_CALL_ONCE "{'that':'t','in_parallel_at_most':1,'per':'call'}"

static void the_same_call_twice_at_once_is_certain_where_one_thing_follows_another(
    void **state)
{
    struct history *h = *state;

    call(h, 1, "T1");
    together(h, call(h, 1, "T1"));
    outcome(h, EACH_CALL_ONCE, IM_NOT_MET);
    at(h, call(h, 2, "T1"), 0, 30);
    call(h, 3, "T1"); /* two workers: the equal calls may be one of each */
    outcome(h, EACH_CALL_ONCE, IM_CANNOT_TELL);
}

static void the_same_call_twice_at_once_is_none_where_it_is_made_twice(void **state)
{
    struct history *h = *state;

    call(h, 1, "T0");
    together(h, call(h, 2, "T0"));
    together(h, call(h, 1, "T0"));
    is_the_baseline(h);
    call(h, 1, "T1");
    together(h, call(h, 1, "T1"));
    outcome(h, EACH_CALL_ONCE, IM_CANNOT_TELL);
    h->count = 0;
    call(h, 2, "T1"); /* this one is made once */
    together(h, call(h, 2, "T1"));
    outcome(h, EACH_CALL_ONCE, IM_NOT_MET);
}

static const struct CMUnitTest tests[] = {
    TOLD(exchanges_that_overlap_are_counted),
    TOLD(an_exchange_without_length_is_open_too),
    TOLD(the_order_of_the_list_does_not_matter),
    TOLD(refreshes_of_two_grants_are_not_at_once),
    TOLD(the_same_call_twice_at_once_is_certain_where_one_thing_follows_another),
    TOLD(the_same_call_twice_at_once_is_none_where_it_is_made_twice),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
