#include <string.h>

#include "unit/fixture.h"

#include "base/crypto.h"
#include "oauth/credentials.h"

struct said {
    struct im_arena arena;
};

static int begin(void **state)
{
    new_fixture(state, sizeof(struct said));
    return 0;
}

#define READING(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

static const struct im_credentials *reads(struct said *s, const char *authorization,
                                          const char *query, const char *body)
{
    struct im_request req = {
        .arena = &s->arena, .query = im_str(query), .body = im_str(body)};

    if (authorization)
        im_request_add_header(&req, IM_STR("Authorization"), im_str(authorization));
    return im_credentials(&req);
}

static void is(struct im_str text, const char *wanted)
{
    if (!im_str_is(text, wanted))
        fail_msg("\"%.*s\", not \"%s\"", IM_ARG(text), wanted);
}

static const char *basic(struct said *s, const char *pair)
{
    return im_arena_format(&s->arena, "Basic %.*s",
                           IM_ARG(im_base64(&s->arena, pair, strlen(pair))))
        .at;
}

/* ---- where it stands ---- */

static void a_form_tells_all(void **state)
{
    const struct im_credentials *p =
        reads(*state, NULL, NULL,
              "grant_type=refresh_token&client_id=demo&client_secret=x&scope=a+b"
              "&username=ws_user%40acme&refresh_token=r1");
    is(p->client, "demo");
    is(p->grant, "refresh_token");
    is(p->scope, "a b");
    is(p->username, "ws_user@acme");
    is(p->token, "r1");
    is(p->sandbox, "");
}

static void json_tells_the_same(void **state)
{
    const struct im_credentials *p =
        reads(*state, NULL, NULL,
              " {\"grant_type\":\"authorization_code\",\"client_id\":\"demo~drop.1\","
              "\"code\":\"c1\"}");
    is(p->client, "demo");
    is(p->sandbox, "drop.1");
    is(p->grant, "authorization_code");
    is(p->token, "c1");
}

static void a_query_tells_the_same(void **state)
{
    const struct im_credentials *p = reads(
        *state, NULL, "client_id=demo%7Edrop&mock_user=jdoe%40acme&scope=openid", NULL);
    is(p->client, "demo");
    is(p->sandbox, "drop");
    is(p->username, "jdoe@acme");
    is(p->scope, "openid");
    is(p->token, "");
}

static void basic_tells_the_client(void **state)
{
    const struct im_credentials *p =
        reads(*state, basic(*state, "demo:demo-secret"), NULL, "grant_type=x");
    is(p->client, "demo");
    is(p->grant, "x");
    is(p->token, "");
    is(reads(*state, basic(*state, "demo~drop.k:s"), NULL, NULL)->sandbox, "drop.k");
    is(reads(*state, basic(*state, "demo~drop"), NULL, NULL)->sandbox, "drop");
}

static void basic_is_percent_decoded(void **state)
{
    is(reads(*state, basic(*state, "de%6Do%7Edrop:s"), NULL, NULL)->client, "demo");
    is(reads(*state, basic(*state, "demo%7Edrop:s"), NULL, NULL)->sandbox, "drop");
    is(reads(*state, basic(*state, "de%zzmo:s"), NULL, NULL)->client, "de%zzmo");
    is(reads(*state, basic(*state, "my+app:s"), NULL, NULL)->client, "my app");
}

static void a_bearer_token_is_presented(void **state)
{
    is(reads(*state, "Bearer t1", NULL, NULL)->token, "t1");
    is(reads(*state, "bearer  t1 ", NULL, NULL)->token, "t1");
    is(reads(*state, "Token t1", NULL, NULL)->token, "");
    is(reads(*state, "Bearer", NULL, NULL)->token, "");
    is(reads(*state, "", NULL, NULL)->token, "");
}

static void every_kind_of_token_is_presented(void **state)
{
    is(reads(*state, NULL, NULL, "refresh_token=a")->token, "a");
    is(reads(*state, NULL, NULL, "code=a")->token, "a");
    is(reads(*state, NULL, NULL, "token=a&token_type_hint=b")->token, "a");
    is(reads(*state, NULL, NULL, "session_id=a")->token, "a");
    is(reads(*state, NULL, NULL, "access_token=a")->token, "");
}

/* ---- what counts first ---- */

static void with_a_bearer_token_the_body_is_not_asked(void **state)
{
    const struct im_credentials *p =
        reads(*state, "Bearer t1", NULL, "{\"client_id\":\"x\",\"token\":\"y\"}");
    is(p->token, "t1");
    is(p->client, "");
}

static void the_header_counts_before_the_query_before_the_body(void **state)
{
    const char *header = basic(*state, "one:s");
    is(reads(*state, header, "client_id=two", "client_id=three")->client, "one");
    is(reads(*state, NULL, "client_id=two", "client_id=three")->client, "two");
    is(reads(*state, "Bearer t1", "token=t2", NULL)->token, "t1");
    is(reads(*state, NULL, "scope=a", "scope=b&grant_type=c")->grant, "c");
}

/* ---- what is broken says nothing ---- */

static void nothing_is_presented(const struct im_credentials *p)
{
    is(p->client, "");
    is(p->sandbox, "");
    is(p->token, "");
    is(p->grant, "");
    is(p->username, "");
    is(p->scope, "");
}

static void what_cannot_be_read_says_nothing(void **state)
{
    nothing_is_presented(reads(*state, NULL, NULL, NULL));
    nothing_is_presented(reads(*state, NULL, NULL, "{\"client_id\":\"demo\""));
    nothing_is_presented(reads(*state, NULL, NULL, "{\"client_id\":{}}"));
    nothing_is_presented(reads(*state, NULL, NULL, "client_id=%zz&token=x"));
    nothing_is_presented(reads(*state, NULL, "client_id=%zz", NULL));
    nothing_is_presented(reads(*state, "Basic !!!", NULL, NULL));
    nothing_is_presented(reads(*state, "Basic", NULL, NULL));
    nothing_is_presented(reads(*state, NULL, NULL, "   "));
    nothing_is_presented(reads(*state, NULL, NULL, "[1]"));
}

static void a_broken_header_does_not_hide_the_body(void **state)
{
    is(reads(*state, "Basic !!!", NULL, "client_id=demo")->client, "demo");
    is(reads(*state, NULL, "%zz", "client_id=demo")->client, "demo");
}

static void a_tilde_parts_client_and_sandbox(void **state)
{
    (void)state;
    is(im_client_id_alone(IM_STR("demo~drop.1")), "demo");
    is(im_client_id_alone(IM_STR("demo")), "demo");
    is(im_client_id_alone(IM_STR("demo~")), "demo");
    is(im_client_id_alone(IM_STR("~drop")), "");
    is(im_client_id_alone(IM_STR("")), "");
    is(reads(*state, NULL, NULL, "client_id=demo~")->sandbox, "");
    is(reads(*state, NULL, NULL, "client_id=demo~a~b")->sandbox, "a~b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        READING(a_form_tells_all),
        READING(json_tells_the_same),
        READING(a_query_tells_the_same),
        READING(basic_tells_the_client),
        READING(basic_is_percent_decoded),
        READING(a_bearer_token_is_presented),
        READING(every_kind_of_token_is_presented),
        READING(with_a_bearer_token_the_body_is_not_asked),
        READING(the_header_counts_before_the_query_before_the_body),
        READING(what_cannot_be_read_says_nothing),
        READING(a_broken_header_does_not_hide_the_body),
        READING(a_tilde_parts_client_and_sandbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
