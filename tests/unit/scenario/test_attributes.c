#include "unit/oauth/authority_fixture.h"

#include "scenario/attributes.h"

/* ---- what a request says of itself before anybody decides ---- */

struct asked {
    struct im_exchange of;
    struct im_str token;
};

static struct asked ask(struct fixture *f, const char *authorization, const char *body)
{
    struct asked asked;

    arrive(f);
    f->req.method = IM_STR("POST");
    f->req.path = IM_STR("/ia/x");
    f->req.body = im_str(body);
    f->exchange.endpoint = IM_ENDPOINT_TOKEN;
    if (authorization)
        im_request_add_header(&f->req, IM_STR("Authorization"), im_str(authorization));
    asked.token = im_attributes_read(f->authority, &f->req, &asked.of);
    return asked;
}

static struct asked ask_with_bearer(struct fixture *f, struct im_str token)
{
    return ask(f, im_arena_format(&f->arena, "Bearer %.*s", IM_ARG(token)).at, NULL);
}

static struct im_issued hand_out(struct fixture *f)
{
    struct im_issued issued;

    f->issue.scopes = IM_STR("offline_access");
    if (!im_authority_issue(f->authority, &f->arena, f->now_ms, &f->issue, &issued,
                            &f->err))
        fail_msg("%s", f->err.text);
    return issued;
}

static void is(struct im_str text, const char *wanted)
{
    if (!im_str_is(text, wanted))
        fail_msg("\"%.*s\", not \"%s\"", IM_ARG(text), wanted);
}

static void the_request_says_who_and_what(void **state)
{
    struct asked asked = ask(*state, NULL,
                             "grant_type=client_credentials&client_id=other~drop.1"
                             "&username=jdoe%40acme&scope=a");
    assert_int_equal(asked.of.endpoint, IM_ENDPOINT_TOKEN);
    is(asked.of.method, "POST");
    is(asked.of.path, "/ia/x");
    is(asked.of.grant, "client_credentials");
    is(asked.of.client_id, "other");
    is(asked.of.user, "jdoe@acme");
    is(asked.of.scope, "a");
    assert_int_equal(asked.token.len, 0);
    assert_int_equal(asked.of.grant_id, 0);
}

static void the_entity_is_no_part_of_the_user(void **state)
{
    struct asked asked = ask(*state, NULL, "username=jdoe%40acme%7C100");
    is(asked.of.user, "jdoe@acme");
    is(asked.of.entity, "100");
}

static void a_call_is_made_for_the_entity_of_its_header_or_else_of_its_token(void **state)
{
    struct fixture *f = *state;
    f->issue.entity = IM_STR("100");
    struct im_issued issued = hand_out(f);
    is(ask_with_bearer(f, issued.access_token).of.entity, "100");
    f->exchange.endpoint = IM_ENDPOINT_RESOURCE;
    im_request_add_header(&f->req, IM_STR("X-IA-API-Param-Entity"), IM_STR("200"));
    struct im_exchange asked;
    im_attributes_read(f->authority, &f->req, &asked);
    is(asked.entity, "200");
}

static void a_token_tells_whose_it_is(void **state)
{
    struct fixture *f = *state;
    struct im_issued issued = hand_out(f);
    struct asked asked = ask_with_bearer(f, issued.access_token);
    is(asked.of.client_id, "demo");
    is(asked.of.user, "ws_user@acme");
    is(asked.of.scope, "offline_access");
    assert_true(im_str_eq(asked.token, issued.access_token));
    assert_int_equal(asked.of.token.len, 0); /* no secret in an exchange */
    assert_int_equal(asked.of.grant_id, issued.grant);
    assert_true(issued.grant > 0);
}

static void a_refresh_token_tells_it_too(void **state)
{
    struct fixture *f = *state;
    struct im_issued issued = hand_out(f);
    const char *body =
        im_arena_format(&f->arena, "refresh_token=%.*s", IM_ARG(issued.refresh_token)).at;
    struct asked asked = ask(f, NULL, body);
    is(asked.of.user, "ws_user@acme");
    is(asked.of.client_id, "demo");
    assert_int_equal(asked.of.grant_id, issued.grant);
}

static void what_the_request_says_counts_first(void **state)
{
    struct fixture *f = *state;
    struct im_issued issued = hand_out(f);
    const char *body = im_arena_format(&f->arena,
                                       "refresh_token=%.*s&client_id=other&scope=b"
                                       "&username=jdoe%%40acme",
                                       IM_ARG(issued.refresh_token))
                           .at;
    struct asked asked = ask(f, NULL, body);
    is(asked.of.client_id, "other");
    is(asked.of.user, "jdoe@acme");
    is(asked.of.scope, "b");
    assert_int_equal(asked.of.grant_id, issued.grant);
}

static void the_owner_of_a_dead_token_is_still_known(void **state)
{
    struct fixture *f = *state;
    struct im_issued issued = hand_out(f);
    im_authority_revoke(f->authority, issued.access_token, f->now_ms);
    is(ask_with_bearer(f, issued.access_token).of.user, "ws_user@acme");
    f->now_ms += INT64_C(100) * 86400 * 1000;
    struct asked asked = ask_with_bearer(f, issued.access_token);
    is(asked.of.user, "ws_user@acme");
    assert_int_equal(asked.of.grant_id, issued.grant);
}

static void an_unknown_token_tells_nothing(void **state)
{
    struct asked asked = ask(*state, "Bearer nonsense", NULL);
    is(asked.token, "nonsense");
    is(asked.of.user, "");
    is(asked.of.client_id, "");
    assert_int_equal(asked.of.grant_id, 0);
}

static void nothing_said_is_nothing_known(void **state)
{
    struct asked asked = ask(*state, NULL, "{\"client_id\":");
    is(asked.of.client_id, "");
    is(asked.of.user, "");
    is(asked.of.grant, "");
    is(asked.of.scope, "");
    is(asked.token, "");
}

#define KNOWING(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KNOWING(the_request_says_who_and_what),
        KNOWING(the_entity_is_no_part_of_the_user),
        KNOWING(a_call_is_made_for_the_entity_of_its_header_or_else_of_its_token),
        KNOWING(a_token_tells_whose_it_is),
        KNOWING(a_refresh_token_tells_it_too),
        KNOWING(what_the_request_says_counts_first),
        KNOWING(the_owner_of_a_dead_token_is_still_known),
        KNOWING(an_unknown_token_tells_nothing),
        KNOWING(nothing_said_is_nothing_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
