/* count.c: what is created twice, since the answer to a create was lost. */
#include "unit/verdict/teller.h"

static const char *const not_twice = "{'that':'t','after':'drop','same':'call',"
                                     "'created':true,'count':0}";

static void what_was_created_counts_whatever_became_of_the_answer(void **state)
{
    struct history *h = *state;
    struct im_exchange *lost = answered(h);

    lost->created = true;
    lost->fault = IM_FAULT_DROP;
    met(h, "{'that':'t','created':true}", "once, as it should be", "1");
    answered(h)->created = true;
    not_met(h, not_twice, "wanted none, but saw 1 after exchange 1", "1 2");
    lost->created = false; /* so it was not made twice */
    not_exercised(h, not_twice,
                  "drop never happened to a request that made a record, so this was not "
                  "exercised");
}

/* Another key and another body make another call of it. */
static struct im_exchange *creates(struct history *h, int number, enum im_fault fault)
{
    struct im_exchange *seen = call(h, number, "T0");

    seen->method = IM_STR("POST");
    seen->path = IM_STR("/bill");
    seen->created = true;
    seen->fault = fault;
    return seen;
}

static void two_records_that_are_alike_may_be_meant(void **state)
{
    struct history *h = *state;

    creates(h, 1, IM_FAULT_NONE);
    creates(h, 1, IM_FAULT_NONE);
    is_the_baseline(h);
    creates(h, 1, IM_FAULT_DROP);
    creates(h, 1, IM_FAULT_NONE);
    outcome(h, not_twice, IM_MET);
    creates(h, 1, IM_FAULT_NONE);
    outcome(h, not_twice, IM_NOT_MET);
    h->options.baseline = NULL;
    h->count--;
    outcome(h, not_twice, IM_NOT_MET);
}

#define MADE_ONCE "{'that':'t','after':'drop','created':true,'count':0}"

static void creates_in_the_baseline(struct history *h, int records)
{
    signs_on(h, "T0");
    for (int i = 0; i < records; i++)
        creates(h, i, IM_FAULT_NONE);
    is_the_baseline(h);
}

static void a_create_that_is_made_anew_after_a_lost_answer_is_there_twice(void **state)
{
    struct history *h = *state;

    creates_in_the_baseline(h, 1);
    creates(h, 1, IM_FAULT_DROP);
    creates(h, 2, IM_FAULT_NONE);
    not_met(h, MADE_ONCE, "wanted none, but saw 1 after exchange 1", "1 2");
}

static void what_it_creates_anyway_is_not_there_twice(void **state)
{
    struct history *h = *state;

    creates_in_the_baseline(h, 3);
    creates(h, 1, IM_FAULT_DROP);
    creates(h, 2, IM_FAULT_NONE);
    creates(h, 3, IM_FAULT_NONE);
    creates(h, 1, IM_FAULT_NONE)->created = false; /* known by its key */
    outcome(h, MADE_ONCE, IM_MET);
    creates(h, 4, IM_FAULT_NONE)->path = IM_STR("/other");
    outcome(h, MADE_ONCE, IM_MET); /* well again long ago */
}

static void without_a_baseline_it_is_not_known_what_it_creates(void **state)
{
    struct history *h = *state;

    creates(h, 1, IM_FAULT_DROP);
    creates(h, 2, IM_FAULT_NONE);
    outcome(h, MADE_ONCE, IM_CANNOT_TELL);
}

static const struct CMUnitTest tests[] = {
    TOLD(what_was_created_counts_whatever_became_of_the_answer),
    TOLD(two_records_that_are_alike_may_be_meant),
    TOLD(a_create_that_is_made_anew_after_a_lost_answer_is_there_twice),
    TOLD(what_it_creates_anyway_is_not_there_twice),
    TOLD(without_a_baseline_it_is_not_known_what_it_creates),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
