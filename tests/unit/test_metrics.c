#include "unit/fixture.h"
#include "unit/spine.h"

#include "endpoints/endpoint.h"

struct counting {
    struct im_arena arena;
    struct im_metrics metrics;
};

static int begin(void **state)
{
    new_fixture(state, sizeof(struct counting));
    return 0;
}

#define COUNTING(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

static struct im_str written(struct counting *c)
{
    struct im_buf out;

    im_buf_init(&out, &c->arena, 0);
    im_metrics_write(&c->metrics, &out);
    return im_buf_str(&out);
}

static size_t lines_with(struct im_str text, const char *start)
{
    size_t n = 0;

    while (text.len)
        n += im_str_starts(im_str_cut(&text, '\n'), start);
    return n;
}

/* ---- counting ---- */

static void nothing_is_counted_yet(void **state)
{
    struct counting *c = *state;
    assert_int_equal(lines_with(written(c), "intacct_mock_requests_total"), 0);
    assert_has(written(c), "# TYPE intacct_mock_requests_total counter\n");
    assert_has(written(c), "_bucket{le=\"+Inf\"} 0\n");
    assert_has(written(c), "_sum 0.000000\n");
}

static void count(struct counting *c, enum im_endpoint endpoint, int status,
                  enum im_cause cause, int64_t duration_us)
{
    const struct im_exchange exchange = {.endpoint = endpoint,
                                         .status = status,
                                         .cause = cause,
                                         .duration_us = duration_us};

    im_metrics_count(&c->metrics, &exchange);
}

static void answers_are_told_apart_by_endpoint_status_and_cause(void **state)
{
    struct counting *c = *state;
    count(c, IM_ENDPOINT_TOKEN, 200, CAUSE_NONE, 1);
    count(c, IM_ENDPOINT_TOKEN, 200, CAUSE_NONE, 1);
    count(c, IM_ENDPOINT_RESOURCE, 200, CAUSE_NONE, 1);
    count(c, IM_ENDPOINT_RESOURCE, 401, CAUSE_ACCESS_TOKEN_EXPIRED, 1);
    count(c, IM_ENDPOINT_RESOURCE, 400, CAUSE_ACCESS_TOKEN_EXPIRED, 1);
    assert_has(written(c), "{endpoint=\"token\",status=\"200\",cause=\"\"} 2\n");
    assert_has(written(c), "{endpoint=\"resource\",status=\"200\",cause=\"\"} 1\n");
    assert_has(
        written(c),
        "{endpoint=\"resource\",status=\"401\",cause=\"access-token-expired\"} 1\n");
    assert_has(
        written(c),
        "{endpoint=\"resource\",status=\"400\",cause=\"access-token-expired\"} 1\n");
    assert_int_equal(lines_with(written(c), "intacct_mock_requests_total"), 4);
}

static void an_endpoint_nobody_knows_is_unknown(void **state)
{
    struct counting *c = *state;
    count(c, IM_ENDPOINT_UNKNOWN, 404, CAUSE_PATH_UNKNOWN, 1);
    count(c, IM_ENDPOINT_NONE, 404, CAUSE_PATH_UNKNOWN, 1);
    assert_has(written(c),
               "{endpoint=\"unknown\",status=\"404\",cause=\"path-unknown\"} 2\n");
}

static void what_finds_no_room_is_counted_together(void **state)
{
    struct counting *c = *state;
    for (int status = 100; status < 100 + IM_METRICS_ROOM + 30; status++)
        count(c, IM_ENDPOINT_TOKEN, status, CAUSE_NONE, 1);
    count(c, IM_ENDPOINT_TOKEN, 100, CAUSE_NONE, 1);
    assert_has(written(c), "{endpoint=\"token\",status=\"100\",cause=\"\"} 2\n");
    assert_has(written(c), "{endpoint=\"other\",status=\"other\",cause=\"other\"} 30\n");
    assert_int_equal(lines_with(written(c), "intacct_mock_requests_total"),
                     IM_METRICS_ROOM + 1);
}

/* ---- durations ---- */

static void buckets_hold_all_that_was_as_fast(void **state)
{
    struct counting *c = *state;
    count(c, IM_ENDPOINT_TOKEN, 200, CAUSE_NONE, 50);
    count(c, IM_ENDPOINT_TOKEN, 200, CAUSE_NONE, 51);
    count(c, IM_ENDPOINT_TOKEN, 200, CAUSE_NONE, 2000000);
    count(c, IM_ENDPOINT_TOKEN, 200, CAUSE_NONE, 3600 * INT64_C(1000000));
    assert_has(written(c), "_bucket{le=\"0.00005\"} 1\n");
    assert_has(written(c), "_bucket{le=\"0.0001\"} 2\n");
    assert_has(written(c), "_bucket{le=\"1\"} 2\n");
    assert_has(written(c), "_bucket{le=\"2.5\"} 3\n");
    assert_has(written(c), "_bucket{le=\"30\"} 3\n");
    assert_has(written(c), "_bucket{le=\"+Inf\"} 4\n");
    assert_has(written(c), "_sum 3602.000101\n");
    assert_has(written(c), "_count 4\n");
}

static void a_clock_that_goes_back_takes_nothing_away(void **state)
{
    struct counting *c = *state;
    count(c, IM_ENDPOINT_TOKEN, 200, CAUSE_NONE, -5);
    assert_has(written(c), "_bucket{le=\"0.00005\"} 1\n");
    assert_has(written(c), "_sum 0.000000\n");
}

/* ---- names, and the pipeline ---- */

static void every_route_has_a_name_that_is_known_here(void **state)
{
    for (size_t i = 0; im_route_at(i); i++) {
        enum im_endpoint endpoint = im_route_at(i)->endpoint;
        assert_int_equal(im_endpoint_find(im_str(im_endpoint_name(endpoint))), endpoint);
    }
    assert_int_equal(im_endpoint_find(IM_STR("unknown")), IM_ENDPOINT_UNKNOWN);
    assert_int_equal(im_endpoint_find(IM_STR("frob")), IM_ENDPOINT_NONE);
}

static void the_pipeline_counts_but_not_the_control_api(void **state)
{
    struct spine *s = *state;
    send(s, "POST", TOKEN, FORM, CONNECT);
    send(s, "GET", "/nowhere", NULL, NULL);
    send(s, "GET", "/__mock/health", NULL, NULL);
    send(s, "GET", "/__mock/metrics", NULL, NULL);
    assert_status(s, 200);
    assert_true(im_str_is(answer_header(s, "Content-Type"),
                          "text/plain; version=0.0.4; charset=utf-8"));
    assert_has(body_of(s), "{endpoint=\"token\",status=\"200\",cause=\"\"} 1\n");
    assert_has(body_of(s),
               "{endpoint=\"unknown\",status=\"404\",cause=\"path-unknown\"} 1\n");
    assert_has(body_of(s), "_count 2\n");
}

static void a_refusal_for_an_unknown_sandbox_counts(void **state)
{
    struct spine *s = *state;
    send(s, "POST", "/s/no-such-scenario" TOKEN, FORM, CONNECT);
    assert_status(s, 404);
    send(s, "GET", "/__mock/metrics", NULL, NULL);
    assert_has(body_of(s), "{endpoint=\"unknown\",status=\"404\","
                           "cause=\"scenario-unknown\"} 1\n");
    assert_has(body_of(s), "_count 1\n");
}

static void what_there_is_now_is_counted_too(void **state)
{
    struct spine *s = *state;
    connect_ws_user(s, NULL);
    for (int i = 0; i < 10; i++)
        send(s, "GET", "/nowhere", NULL, NULL);
    send(s, "GET", "/__mock/metrics", NULL, NULL);
    assert_has(body_of(s), "intacct_mock_tokens_live{kind=\"access\"} 1\n");
    assert_has(body_of(s), "intacct_mock_tokens_live{kind=\"refresh\"} 1\n");
    assert_has(body_of(s), "intacct_mock_tokens_live{kind=\"code\"} 0\n");
    assert_has(body_of(s), "intacct_mock_sandboxes 1\n");
    assert_has(body_of(s), "intacct_mock_journal_dropped 1\n");
    assert_has(body_of(s), "intacct_mock_build_info{version=\"" IM_VERSION "\"} 1\n");
    control(s, "POST", "/clock", "{\"advance\":\"13h\"}");
    send(s, "GET", "/__mock/metrics", NULL, NULL);
    assert_has(body_of(s), "intacct_mock_tokens_live{kind=\"access\"} 0\n");
    assert_has(body_of(s), "intacct_mock_tokens_live{kind=\"refresh\"} 1\n");
}

static void a_reset_takes_no_count_back(void **state)
{
    struct spine *s = *state;
    send(s, "POST", TOKEN, FORM, CONNECT);
    control(s, "POST", "/reset", NULL);
    send(s, "GET", "/__mock/metrics", NULL, NULL);
    assert_has(body_of(s), "{endpoint=\"token\",status=\"200\",cause=\"\"} 1\n");
    assert_has(body_of(s), "intacct_mock_tokens_live{kind=\"access\"} 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COUNTING(nothing_is_counted_yet),
        COUNTING(answers_are_told_apart_by_endpoint_status_and_cause),
        COUNTING(an_endpoint_nobody_knows_is_unknown),
        COUNTING(what_finds_no_room_is_counted_together),
        COUNTING(buckets_hold_all_that_was_as_fast),
        COUNTING(a_clock_that_goes_back_takes_nothing_away),
        cmocka_unit_test(every_route_has_a_name_that_is_known_here),
        IN_SPINE(the_pipeline_counts_but_not_the_control_api),
        IN_SPINE(a_refusal_for_an_unknown_sandbox_counts),
        IN_SPINE(what_there_is_now_is_counted_too),
        IN_SPINE(a_reset_takes_no_count_back),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
