/* The pipeline when memory is short: the same request with every limit of its arena. */
#include <cjson/cJSON.h>

#include "unit/routed.h"

#include "intacct_mock.h"

static int answer_within(struct spine *s, size_t limit, const struct im_message *m)
{
    im_arena_release(&s->arena);
    im_arena_init(&s->arena, limit);
    send(s, m->method, m->target, m->headers, m->body);
    bool failed = s->arena.failed;
    int status = s->res.status;
    im_arena_release(&s->arena);
    im_arena_init(&s->arena, 0);
    return failed && status != 500 ? -status : status;
}

/* What runs out only while the journal is written does not spoil the answer. */
static void starve(struct spine *s, const char *method, const char *target,
                   const char *headers, const char *body)
{
    enum { STEP = 16, MOST = 512 * 1024 };
    struct im_message m = {method, target, headers, body, 0};
    int fed = answer_within(s, 0, &m);
    int status = 0;

    for (size_t limit = 1; status != fed; limit += limit < 20000 ? STEP : limit / 100) {
        status = answer_within(s, limit, &m);
        if (limit > MOST || (status != 500 && status != fed && status != -fed))
            fail_msg("%s with %zu bytes: %d, not %d", target, limit, status, fed);
    }
}

/* What sends JSON with a token of ws_user@acme; kept. */
static const char *json_headers(struct spine *s)
{
    return im_arena_format(&s->kept, "%sContent-Type: application/json\n",
                           connect_ws_user(s, NULL))
        .at;
}

static void starved_requests_answer_500_and_never_crash(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    starve(s, "POST", TOKEN, FORM, CONNECT);
    starve(s, "POST", TOKEN, "Content-Type: application/json\n",
           "{\"grant_type\":\"client_credentials\",\"client_id\":\"demo\","
           "\"client_secret\":\"demo-secret\",\"username\":\"ws_user@acme\"}");
    starve(s, "GET", VENDORS, bearer, NULL);
    starve(s, "GET", VENDORS, NULL, NULL);
    starve(s, "GET", "/nowhere", "Host: api.intacct.co\n", NULL);
    starve(s, "PUT", TOKEN, NULL, NULL);
    starve(s, "GET", "/ia/api/v1/services/core/session/id", bearer, NULL);
    starve(s, "GET", "/.well-known/openid-configuration", NULL, NULL);
    starve(s, "GET", "/.well-known/jwks.json", NULL, NULL);
}

static void starved_pages_answer_500_and_never_crash(void **state)
{
    struct spine *s = *state;
    starve(s, "GET", AUTHORIZE, NULL, NULL);
    starve(s, "GET", AUTHORIZE "&mock_user=jdoe@acme", NULL, NULL);
    starve(s, "GET", "/ia/api/v1/oauth2/authorize?client_id=nobody", NULL, NULL);
}

static void starved_writes_answer_500_and_never_crash(void **state)
{
    struct spine *s = *state;
    const char *headers = json_headers(s);
    starve(s, "POST", VENDORS, headers, "{\"name\":\"x\"}");
    starve(s, "POST", "/ia/api/v1/services/core/query", headers,
           "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"id\",\"name\"]}");
    starve(s, "POST", "/ia/api/v1/oauth2/introspect", FORM,
           "token=x&client_id=demo&client_secret=demo-secret");
}

static void starved_control_calls_answer_500_and_never_crash(void **state)
{
    struct spine *s = *state;
    connect_ws_user(s, NULL);
    starve(s, "GET", "/__mock/", NULL, NULL);
    starve(s, "GET", "/__mock/ready", NULL, NULL);
    starve(s, "GET", "/__mock/causes/path-unknown", NULL, NULL);
    starve(s, "GET", "/__mock/causes/path-unknown", PAGE, NULL);
    starve(s, "GET", "/__mock/calls", NULL, NULL);
    starve(s, "GET", "/__mock/causes/path-unknwn", NULL, NULL);
    starve(s, "GET", "/__mock/effects", NULL, NULL);
    starve(s, "GET", BOX "/requests", NULL, NULL);
    starve(s, "GET", BOX "/requests/1", NULL, NULL);
    starve(s, "GET", BOX "/requests.har", NULL, NULL);
    starve(s, "GET", BOX "/tokens", NULL, NULL);
    starve(s, "GET", BOX "/policy", NULL, NULL);
    starve(s, "POST", BOX "/clock", NULL, "{\"advance\":\"1s\"}");
    starve(s, "POST", BOX "/world", NULL, "{\"do\":\"lock-usr\"}");
    starve(s, "POST", BOX "/tokens", NULL,
           "{\"user\":\"ws_user@acme\",\"client_id\":\"demo\"}");
    starve(s, "PATCH", BOX "/policy", NULL, "{\"rotation\":\"keep\"}");
}

static void *no_memory_for_cjson(size_t size)
{
    (void)size;
    return NULL;
}

static void json_that_there_is_no_memory_for_is_no_fault_of_the_client(void **state)
{
    struct spine *s = *state;
    const char *headers = json_headers(s);
    cJSON_Hooks starved = {no_memory_for_cjson, free};
    cJSON_InitHooks(&starved);
    send(s, "POST", VENDORS, headers, "{\"id\":\"V\",\"name\":\"N\"}");
    cJSON_InitHooks(NULL);
    assert_status(s, 500);
    assert_cause(s, "internal");
    send(s, "POST", VENDORS, headers, "{\"id\":\"V\",\"name\":\"N\"}");
    assert_status(s, 201);
}

static void a_500_of_ours_has_the_cause_internal_in_the_journal(void **state)
{
    struct spine *s = *state;
    size_t n = 0;
    for (size_t limit = 1500; limit < 9000 && !n; limit += 200) {
        im_arena_release(&s->arena);
        im_arena_init(&s->arena, limit);
        send(s, "POST", TOKEN, FORM, CONNECT);
        im_arena_release(&s->arena);
        im_arena_init(&s->arena, 0);
        struct im_journal_filter internal = {.cause = CAUSE_INTERNAL,
                                             .status = {500, 500}};
        im_journal_select(s->boxes.standard->journal, &s->kept, &internal, &n);
    }
    assert_true(n > 0);
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_status(s, 200);
}

static const struct CMUnitTest tests[] = {
    IN_SPINE(starved_requests_answer_500_and_never_crash),
    IN_SPINE(starved_pages_answer_500_and_never_crash),
    IN_SPINE(starved_writes_answer_500_and_never_crash),
    IN_SPINE(starved_control_calls_answer_500_and_never_crash),
    IN_SPINE(json_that_there_is_no_memory_for_is_no_fault_of_the_client),
    IN_SPINE(a_500_of_ours_has_the_cause_internal_in_the_journal),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
