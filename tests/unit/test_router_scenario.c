/* What the rules of a scenario do to a request on its way through the pipeline. */
#include "unit/routed.h"

static void a_refusal_by_name_is_worded_as_its_place_does(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    follow(s, "{\"then\":{\"refuse\":\"access-token-revoked\"}}");
    send(s, "GET", VENDORS, bearer, NULL);
    assert_status(s, 401);
    assert_cause(s, "access-token-revoked");
    assert_has(answer_header(s, "X-Intacct-Mock-Evidence"),
               "rule 1 of scenario play refuses it");
    assert_int_equal(last_exchange(s)->rule, 1);
    assert_true(im_str_is(last_exchange(s)->user, "ws_user@acme"));
    assert_true(im_str_is(last_exchange(s)->client_id, "demo"));
}

static void a_refusal_by_name_has_no_effect(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"when\":{\"method\":\"POST\",\"endpoint\":\"token\"},"
              "\"then\":{\"refuse\":\"rate-limited\"},\"times\":1}");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_status(s, 429);
    assert_int_equal(last_exchange(s)->issued.len, 0);
    assert_has(answer_header(s, "Retry-After"), "1");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_status(s, 200);
    assert_int_equal(last_exchange(s)->rule, 0);
}

static void retry_after_of_the_scenario_counts(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"refuse\":\"rate-limited\","
              "\"wire\":{\"retry_after\":\"7s\"}}}");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_status(s, 429);
    assert_true(im_str_is(answer_header(s, "Retry-After"), "7"));
    assert_int_equal(last_exchange(s)->fault, IM_FAULT_NONE);
}

static void a_refusal_by_name_at_authorize_goes_back_to_the_client(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"refuse\":\"consent-denied\"}}");
    send(s, "GET", AUTHORIZE, NULL, NULL);
    assert_cause(s, "consent-denied");
    assert_has(answer_header(s, "Location"),
               "http://127.0.0.1/callback?error=access_denied");
    assert_has(answer_header(s, "Location"), "state=s1");
}

static void it_never_redirects_to_an_address_that_is_not_the_clients(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"refuse\":\"consent-denied\"}}");
    send(s, "GET",
         "/ia/api/v1/oauth2/authorize?response_type=code&client_id=demo&state=s1"
         "&redirect_uri=https://evil.test/",
         NULL, NULL);
    assert_int_equal(answer_header(s, "Location").len, 0);
    assert_true(s->res.status >= 400);
}

static void a_change_of_the_world_meets_the_same_request(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    follow(s, "{\"then\":{\"world\":\"revoke-access-token\"}}");
    send(s, "GET", VENDORS, bearer, NULL);
    assert_cause(s, "access-token-revoked");
    assert_string_equal(last_exchange(s)->effect, "revoke-access-token");
    assert_int_equal(last_exchange(s)->rule, 1);
}

static void time_that_passes_passes_before_the_request(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"world\":{\"do\":\"advance-clock\",\"by\":\"1h\"}}}");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_int_equal(s->date_ms, START_MS + 3600000);
    assert_int_equal(last_exchange(s)->at_ms, START_MS + 3600000);
}

static void a_change_for_somebody_made_up_leaves_the_ordinary_refusal(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"world\":\"lock-user\"}}");
    send(s, "POST", TOKEN, FORM,
         "grant_type=client_credentials&client_id=demo&client_secret=demo-secret"
         "&username=nobody@acme");
    assert_cause(s, "user-unknown");
}

static void damage_before_leaves_the_endpoint_unasked(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":\"drop\"}}");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_true(s->res.damage.drop);
    assert_int_equal(last_exchange(s)->issued.len, 0);
    assert_int_equal(last_exchange(s)->fault, IM_FAULT_DROP);
}

static void damage_after_lets_it_take_effect(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":{\"drop\":true,\"at\":\"after\"}}}");
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_true(s->res.damage.drop);
    assert_int_equal(s->res.status, 200);
    assert_true(last_exchange(s)->issued.len > 0);
}

static void another_status_is_written_down_as_sent(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":{\"status\":503,\"body\":\"busy\","
              "\"retry_after\":\"2s\"}}}");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_status(s, 503);
    assert_has(answer_header(s, "Retry-After"), "2");
    assert_int_equal(last_exchange(s)->status, 503);
    assert_int_equal(last_exchange(s)->fault, IM_FAULT_STATUS);
}

static void scenarios_reach_paths_that_are_not_there(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"when\":{\"endpoint\":\"unknown\",\"path\":\"/x/*\"},"
              "\"then\":{\"wire\":\"html\"}}");
    send(s, "GET", "/x/y", NULL, NULL);
    assert_status(s, 200);
    send(s, "GET", "/z", NULL, NULL);
    assert_status(s, 404);
}

static void control_is_never_touched_by_a_scenario(void **state)
{
    struct spine *s = *state;
    follow(s, "{\"then\":{\"wire\":\"drop\"}}");
    control(s, "GET", "/clock", NULL);
    assert_status(s, 200);
    assert_false(s->res.damage.drop);
}

static const struct CMUnitTest tests[] = {
    IN_SPINE(a_refusal_by_name_is_worded_as_its_place_does),
    IN_SPINE(a_refusal_by_name_has_no_effect),
    IN_SPINE(retry_after_of_the_scenario_counts),
    IN_SPINE(a_refusal_by_name_at_authorize_goes_back_to_the_client),
    IN_SPINE(it_never_redirects_to_an_address_that_is_not_the_clients),
    IN_SPINE(a_change_of_the_world_meets_the_same_request),
    IN_SPINE(time_that_passes_passes_before_the_request),
    IN_SPINE(a_change_for_somebody_made_up_leaves_the_ordinary_refusal),
    IN_SPINE(damage_before_leaves_the_endpoint_unasked),
    IN_SPINE(damage_after_lets_it_take_effect),
    IN_SPINE(another_status_is_written_down_as_sent),
    IN_SPINE(scenarios_reach_paths_that_are_not_there),
    IN_SPINE(control_is_never_touched_by_a_scenario),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
