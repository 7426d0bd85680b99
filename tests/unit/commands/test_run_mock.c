/* The sandboxes that `run` makes for itself. */
#include "unit/spine.h"

#include "commands/run_mock.h"

static struct im_run_mock mock_of(struct spine *s)
{
    return im_run_mock_of(&s->boxes, 7);
}

static void every_scenario_of_the_catalogue_is_listed(void **state)
{
    struct spine *s = *state;
    struct im_run_mock mock = mock_of(s);
    struct im_error err;
    size_t count, happy = 0;
    struct im_run_scenario *all = im_run_mock_scenarios(&mock, &s->kept, &count, &err);

    assert_non_null(all);
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++) {
        assert_true(all[i].about.len > 0);
        happy += im_str_is(all[i].name, "happy-path");
    }
    assert_int_equal(happy, 1);
}

static void a_sandbox_is_named_after_scenario_and_number_and_has_the_seed(void **state)
{
    struct spine *s = *state;
    struct im_run_mock mock = mock_of(s);
    const struct im_run_order order = {IM_STR("rate-limited"), 3, false};
    struct im_run_sandbox sandbox;
    struct im_error err;

    assert_true(mock.open(&mock, &sandbox, &order, &s->kept, &err));
    assert_true(im_str_is(sandbox.box->name, "rate-limited.run-3"));
    assert_int_equal(sandbox.box->seed, 7);
    assert_true(im_str_ends(sandbox.base_url, "/s/rate-limited.run-3"));
    struct im_run_sandbox second;
    assert_false(mock.open(&mock, &second, &order, &s->kept, &err));
    assert_non_null(strstr(err.text, "making its sandbox: there is a sandbox"));
    mock.close(&mock, &sandbox);
    assert_null(im_sandboxes_find(&s->boxes, IM_STR("rate-limited.run-3")));
}

static void a_verdict_comes_also_of_a_sandbox_that_was_deleted(void **state)
{
    struct spine *s = *state;
    struct im_run_mock mock = mock_of(s);
    const struct im_run_order order = {IM_STR("happy-path"), 1, false};
    struct im_run_sandbox sandbox;
    struct im_error err;

    assert_true(mock.open(&mock, &sandbox, &order, &s->kept, &err));
    const struct im_json *verdict = mock.verdict(&mock, &sandbox, &s->kept, &err);
    assert_true(im_str_is(im_json_get_str(verdict, "outcome"), "not-exercised"));
    send(s, "POST", "/s/happy-path.run-1" TOKEN, FORM, CONNECT);
    assert_status(s, 200);
    send(s, "DELETE", "/__mock/sandboxes/happy-path.run-1", NULL, NULL);
    assert_status(s, 204);
    verdict = mock.verdict(&mock, &sandbox, &s->kept, &err);
    assert_true(im_str_is(im_json_get_str(verdict, "sandbox"), "happy-path.run-1"));
    assert_int_equal(im_json_get(verdict, "exchanges")->whole, 1);
    mock.close(&mock, &sandbox);
}

#define SPINE(test) cmocka_unit_test_setup_teardown(test, spine_begin, spine_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPINE(every_scenario_of_the_catalogue_is_listed),
        SPINE(a_sandbox_is_named_after_scenario_and_number_and_has_the_seed),
        SPINE(a_verdict_comes_also_of_a_sandbox_that_was_deleted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
