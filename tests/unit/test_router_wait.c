/* router_wait.c: requests that wait, without a thread, and how many may. */
#include "unit/routed.h"

/* Whoever carries the request comes back for it. */
static void comes_back(struct spine *s)
{
    void (*resume)(void *) = s->res.resume;

    assert_non_null(resume);
    s->res.resume = NULL;
    resume(s->res.resume_context);
}

static void who_waits_holds_no_thread(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *box = s->boxes.standard;
    follow(s, "{\"then\":{\"wire\":{\"hold\":9,\"delay\":\"10m\"}}}");
    send(s, "GET", "/.well-known/jwks.json", NULL, NULL);
    assert_int_equal(s->res.status, 0);
    assert_int_equal(im_barrier_waiting(box->barrier), 1);
    comes_back(s); /* for no reason */
    assert_int_equal(im_barrier_waiting(box->barrier), 1);
    im_barrier_release(box->barrier);
    comes_back(s); /* held no longer, and delayed now */
    assert_int_equal(s->res.status, 0);
    assert_in_range(s->res.resume_ms - im_clock_monotonic_ms(), 590000, 600001);
    im_barrier_release(box->barrier);
    comes_back(s);
    assert_null(s->res.resume);
    assert_status(s, 200);
    assert_int_equal(last_exchange(s)->fault, IM_FAULT_HOLD);
    assert_int_equal(im_barrier_waiting(box->barrier), 0);
}

static void who_has_been_given_up_waits_no_more(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":{\"hold\":9,\"delay\":\"10m\"}}}");
    send(s, "GET", "/.well-known/jwks.json", NULL, NULL);
    s->res.abandoned = true;
    comes_back(s);
    assert_null(s->res.resume);
    assert_status(s, 200);
    assert_int_equal(im_barrier_waiting(s->boxes.standard->barrier), 0);
}

static void no_more_wait_than_the_bound_says(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.waiting_max = 1;
    assert_true(im_sandboxes_may_wait(&s->boxes)); /* somebody does */
    follow(s, "{\"then\":{\"wire\":{\"hold\":9,\"delay\":\"10m\"}}}");
    send(s, "GET", "/.well-known/jwks.json", NULL, NULL);
    assert_status(s, 503);
    assert_cause(s, "mock-capacity");
    assert_has(answer_header(s, "X-Intacct-Mock-Evidence"), "1 requests wait already");
    assert_int_equal(last_exchange(s)->cause, CAUSE_MOCK_CAPACITY);
    control(s, "GET", "/requests?since=1000&wait=1s", NULL);
    assert_status(s, 503);
    control(s, "GET", "/events", NULL);
    assert_status(s, 503);
    assert_has(body_of(s), "\"error\":\"capacity\"");
    im_sandboxes_waited(&s->boxes);
    control(s, "GET", "/requests?since=1000&wait=1s", NULL);
    assert_non_null(s->res.resume);
    assert_int_equal(atomic_load(&s->boxes.waiting), 1);
    s->res.abandoned = true;
    comes_back(s);
    assert_int_equal(atomic_load(&s->boxes.waiting), 0);
}

static void a_bound_of_ours_is_no_fault_of_the_client(void **state)
{
    struct spine *s = *state;
    struct im_verdict verdict;
    s->boxes.settings.waiting_max = 0;
    follow_scenario(
        s, "{\"name\":\"calm\",\"rules\":[{\"then\":{\"wire\":{\"delay\":\"10m\"}}}],"
           "\"expect\":[{\"that\":\"nothing fails\",\"status\":503,\"count\":0}]}");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_cause(s, "mock-capacity");
    struct im_scenario *scenario =
        im_sandbox_judge(s->boxes.standard, &(struct im_judge_options){.baseline = NULL},
                         &s->kept, &verdict);
    assert_int_equal(im_verdict_outcome(&verdict), IM_MET);
    im_scenario_unref(scenario);
}

static void a_stalled_client_keeps_its_sandbox_until_it_leaves(void **state)
{
    struct spine *s = *state;
    send_only(s, "GET", "/s/stall.1" VENDORS, NULL, NULL);
    struct im_sandbox *box = im_sandboxes_find(&s->boxes, IM_STR("stall.1"));
    assert_true(s->res.damage.stall);
    assert_int_equal(box->users, 2);
    assert_int_equal(im_journal_get(box->journal, &s->kept, 1)->delivered_us, 0);
    deliver(s);
    assert_true(im_journal_get(box->journal, &s->kept, 1)->delivered_us > 0);
    assert_int_equal(box->users, 1);
    im_sandboxes_unref(&s->boxes, box);
}

static const struct CMUnitTest tests[] = {
    IN_SPINE(who_waits_holds_no_thread),
    IN_SPINE(who_has_been_given_up_waits_no_more),
    IN_SPINE(no_more_wait_than_the_bound_says),
    IN_SPINE(a_bound_of_ours_is_no_fault_of_the_client),
    IN_SPINE(a_stalled_client_keeps_its_sandbox_until_it_leaves),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
