/* Scenarios by the control API: which there are, which one is followed, and the verdict. */
#include "unit/spine.h"

#include <pthread.h>
#include <sched.h>

static void is(const struct im_json *json, const char *member, const char *wanted)
{
    if (!im_str_is(im_json_get_str(json, member), wanted))
        fail_msg("%s: %.*s", member, IM_ARG(im_json_get_str(json, member)));
}

/* ---- which there are ---- */

static const struct im_json *listed(const struct im_json *list, const char *name)
{
    const struct im_json *one = im_json_get(list, "scenarios")->first;

    while (one && !im_str_is(im_json_get_str(one, "name"), name))
        one = one->next;
    assert_non_null(one);
    return one;
}

static void every_scenario_is_listed_with_what_it_is_about(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/__mock/scenarios", NULL, NULL);
    assert_status(s, 200);
    const struct im_json *one = listed(json_of(s), "access-token-revoked");
    is(one, "cause", "access-token-revoked");
    assert_true(im_json_get_str(one, "family").len > 0);
    assert_true(im_json_get_str(one, "about").len > 0);
    assert_true(im_json_get(one, "built_in")->boolean);
    assert_null(im_json_get(one, "trouble"));
    assert_null(im_json_get(listed(json_of(s), "drop"), "cause"));
}

static void one_of_them_is_as_its_file_has_it(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/__mock/scenarios/drop", NULL, NULL);
    assert_status(s, 200);
    is(json_of(s), "name", "drop");
    assert_has(body_of(s), "\"$schema\": \"./schema.json\"");
    send(s, "GET", "/__mock/scenarios/drp", NULL, NULL);
    assert_status(s, 404);
    assert_has(body_of(s), "did you mean \\\"drop\\\"?");
}

/* ---- following ---- */

static void refuses(struct spine *s, const char *body, const char *says)
{
    control(s, "PUT", "/scenario", body);
    assert_status(s, 400);
    assert_has(im_json_get_str(json_of(s), "message"), says);
    control(s, "GET", "", NULL);
    is(json_of(s), "scenario", "happy-path");
}

static void another_one_is_followed_by_name(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    control(s, "PUT", "/scenario", "{\"name\":\"drop\"}");
    assert_status(s, 200);
    is(json_of(s), "scenario", "drop");
    send(s, "GET", VENDORS, bearer, NULL);
    assert_true(s->res.damage.drop);
    control(s, "PUT", "/scenario", "{\"name\":\"happy-path\"}");
    send(s, "GET", VENDORS, bearer, NULL);
    assert_status(s, 200);
}

static void another_one_may_stand_in_the_body(void **state)
{
    struct spine *s = *state;
    control(s, "PUT", "/scenario",
            "{\"rules\":[{\"then\":{\"refuse\":\"rate-limited\"}}]}");
    assert_status(s, 200);
    is(json_of(s), "scenario", "inline");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_status(s, 429);
    control(s, "PUT", "/scenario", "{\"name\":\"mine\",\"about\":\"x\"}");
    is(json_of(s), "scenario", "mine");
}

static void what_is_wrong_is_told_and_nothing_changes(void **state)
{
    struct spine *s = *state;
    refuses(s, NULL, "must be {\"name\": NAME} or a whole scenario");
    refuses(s, "{}", "must be {\"name\": NAME} or a whole scenario");
    refuses(s, "{\"name\":\"drp\"}", "did you mean \"drop\"?");
    refuses(s, "{\"name\":7}", "line 1, column 2: scenario: \"name\" must be 1 to 64 of");
    refuses(
        s, "{\"name\":\"x\",\n \"rulez\":[]}",
        "line 2, column 2: scenario: unknown field \"rulez\"; did you mean \"rules\"?");
    refuses(s,
            "{\"rules\":[{\"then\":{\"world\":{\"do\":\"lock-user\","
            "\"user\":\"nobody@acme\"}}}]}",
            "nobody");
}

static void a_reset_begins_it_anew(void **state)
{
    struct spine *s = *state;
    control(s, "PUT", "/scenario",
            "{\"rules\":[{\"then\":{\"refuse\":\"rate-limited\"},\"times\":1}]}");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_status(s, 429);
    send(s, "GET", VENDORS, NULL, NULL);
    assert_status(s, 401);
    control(s, "POST", "/reset", NULL);
    is(json_of(s), "scenario", "inline");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_status(s, 429);
}

/* ---- letting go ---- */

static void *hold(void *barrier)
{
    im_barrier_wait(barrier, barrier, 0, 60000);
    return NULL;
}

static void those_held_are_shown_and_unref(void **state)
{
    struct spine *s = *state;
    struct im_barrier *barrier = s->boxes.standard->barrier;
    pthread_t thread;
    int64_t deadline_ms = im_clock_monotonic_ms() + 30000;
    assert_int_equal(pthread_create(&thread, NULL, hold, barrier), 0);
    while (im_barrier_waiting(barrier) == 0 && im_clock_monotonic_ms() < deadline_ms)
        sched_yield();
    control(s, "GET", "", NULL);
    assert_int_equal(im_json_get(json_of(s), "held")->whole, 1);
    control(s, "POST", "/release", "{}");
    assert_status(s, 200);
    assert_int_equal(im_json_get(json_of(s), "affected")->whole, 1);
    pthread_join(thread, NULL);
    control(s, "POST", "/release", NULL);
    assert_int_equal(im_json_get(json_of(s), "affected")->whole, 0);
    control(s, "POST", "/release", "{\"all\":true}");
    assert_status(s, 400);
}

/* ---- the verdict ---- */

static void verdict(struct spine *s, const char *accept)
{
    send(s, "GET", BOX "/verdict", accept, NULL);
    assert_status(s, 200);
}

#define CAREFUL                                                                          \
    "{\"name\":\"careful\",\"rules\":[{\"then\":{\"refuse\":\"rate-limited\"},"          \
    "\"times\":1}],\"expect\":[{\"that\":\"it stops\",\"at_most\":1}]}"

static void the_verdict_is_json_unless_asked_otherwise(void **state)
{
    struct spine *s = *state;
    control(s, "PUT", "/scenario", CAREFUL);
    verdict(s, NULL);
    is(json_of(s), "outcome", "not-exercised");
    send(s, "GET", VENDORS, NULL, NULL);
    verdict(s, "Accept: application/json\n");
    is(json_of(s), "outcome", "met");
    is(json_of(s), "scenario", "careful");
    is(json_of(s), "sandbox", "default");
    const struct im_json *rule = im_json_get(json_of(s), "rules")->first;
    assert_int_equal(im_json_get(rule, "fired")->whole, 1);
    send(s, "GET", VENDORS, NULL, NULL);
    verdict(s, "Accept: */*\n");
    is(json_of(s), "outcome", "not-met");
    rule = im_json_get(json_of(s), "rules")->first;
    assert_int_equal(im_json_get(rule, "fits")->whole, 2);
}

#define RECOVERS                                                                         \
    "{\"name\":\"recovers\",\"rules\":[{\"then\":{\"refuse\":\"rate-limited\"},"         \
    "\"times\":1}],\"expect\":[{\"that\":\"it is repeated\",\"after\":\"rate-limited\"," \
    "\"at_least\":1}]}"

static void ask_verdict(struct spine *s, const char *query, int status)
{
    char target[200];
    snprintf(target, sizeof(target), BOX "/verdict?%s", query);
    send(s, "GET", target, NULL, NULL);
    assert_status(s, status);
}

static void how_it_judges_can_be_said(void **state)
{
    struct spine *s = *state;
    control(s, "PUT", "/scenario", RECOVERS);
    send(s, "GET", VENDORS, NULL, NULL);
    verdict(s, NULL);
    is(json_of(s), "outcome", "not-met");
    ask_verdict(s, "running=true", 200);
    is(im_json_get(json_of(s), "expect")->first, "outcome", "pending");
    ask_verdict(s, "client=fail-fast&running=false", 200);
    is(im_json_get(json_of(s), "expect")->first, "outcome", "information");
    is(json_of(s), "client", "fail-fast");
    send(s, "GET", "/s/happy-path.base" VENDORS, NULL, NULL);
    ask_verdict(s, "baseline=happy-path.base", 200);
    const struct im_json *baseline = im_json_get(json_of(s), "baseline");
    assert_int_equal(im_json_get(baseline, "exchanges")->whole, 1);
    assert_int_equal(im_json_get(baseline, "sign_ons")->whole, 0);
    ask_verdict(s, "baseline=happy-path.none", 400);
    ask_verdict(s, "client=patient", 400);
    ask_verdict(s, "running=1", 400);
    ask_verdict(s, "base=x", 400);
}

static void the_verdict_is_text_or_junit_when_asked(void **state)
{
    struct spine *s = *state;
    control(s, "PUT", "/scenario", CAREFUL);
    send(s, "GET", VENDORS, NULL, NULL);
    verdict(s, "Accept: text/plain\n");
    assert_has(answer_header(s, "Content-Type"), "text/plain");
    assert_has(body_of(s), "it stops");
    verdict(s, "Accept: application/xml\n");
    assert_has(answer_header(s, "Content-Type"), "application/xml");
    assert_has(body_of(s), "<testsuite");
    verdict(s, "Accept: text/xml\n");
    assert_has(body_of(s), "<testsuite");
    assert_has(answer_header(s, "Cache-Control"), "no-store");
}

static void used_up_rules_that_are_to_fail_are_not_met(void **state)
{
    struct spine *s = *state;
    control(s, "PUT", "/scenario",
            "{\"exhausted\":\"fail\",\"rules\":[{\"then\":{\"world\":\"rotate-keys\"},"
            "\"times\":1}]}");
    send(s, "GET", VENDORS, NULL, NULL);
    verdict(s, NULL);
    is(json_of(s), "outcome", "partly"); /* nothing is expected */
    send(s, "GET", VENDORS, NULL, NULL);
    assert_status(s, 500);
    assert_cause(s, "scenario-exhausted");
    verdict(s, NULL);
    is(json_of(s), "outcome", "not-met");
}

static void a_verdict_is_on_its_own_sandbox(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/s/happy-path.1" VENDORS, NULL, NULL);
    send(s, "GET", "/__mock/sandboxes/happy-path.1/verdict", NULL, NULL);
    is(json_of(s), "sandbox", "happy-path.1");
    assert_int_equal(im_json_get(json_of(s), "exchanges")->whole, 1);
    verdict(s, NULL);
    assert_int_equal(im_json_get(json_of(s), "exchanges")->whole, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPINE(every_scenario_is_listed_with_what_it_is_about),
        IN_SPINE(one_of_them_is_as_its_file_has_it),
        IN_SPINE(another_one_is_followed_by_name),
        IN_SPINE(another_one_may_stand_in_the_body),
        IN_SPINE(what_is_wrong_is_told_and_nothing_changes),
        IN_SPINE(a_reset_begins_it_anew),
        IN_SPINE(those_held_are_shown_and_unref),
        IN_SPINE(the_verdict_is_json_unless_asked_otherwise),
        IN_SPINE(how_it_judges_can_be_said),
        IN_SPINE(the_verdict_is_text_or_junit_when_asked),
        IN_SPINE(used_up_rules_that_are_to_fail_are_not_met),
        IN_SPINE(a_verdict_is_on_its_own_sandbox),
    };
    return cmocka_run_group_tests_name("scenario", tests, NULL, NULL);
}
