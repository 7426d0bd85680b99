/* oauth/dialect.c: claims and responses to the byte, and what scopes mean. */
#include "authority_fixture.h"
#include "oauth/scope.h"

static struct im_str response_of(struct fixture *f)
{
    struct im_json_out out;
    struct im_buf buf;

    im_buf_init(&buf, &f->arena, 0);
    im_json_out_init(&out, &buf);
    im_json_open_object(&out, NULL);
    im_dialect(f->issue.dialect)->write_response(&out, &f->issued);
    im_json_close_object(&out);
    return im_buf_str(&buf);
}

/* A member of the payload, quoted as it stands there. */
static struct im_str claim(struct fixture *f, struct im_str token, const char *name)
{
    struct im_json_error where;
    const struct im_json *payload =
        im_json_parse(&f->arena, payload_of(f, token), &where);

    assert_non_null(payload);
    return im_json_get_str(payload, name);
}

static void a_rest_access_token_has_the_observed_claims_in_the_observed_order(
    void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).access_token;
    struct im_str session = claim(f, token, "sessionId");

    assert_int_equal(session.len, 56);
    struct im_str wanted = im_arena_format(
        &f->arena,
        "{\"iss\":\"" BASE "\",\"iat\":1741600000,\"exp\":1741643200,"
        "\"clientId\":\"demo\",\"cnyId\":\"acme\",\"cnyKey\":\"100001\","
        "\"userId\":\"ws_user\",\"userKey\":\"444\",\"sessionId\":\"%.*s\","
        "\"entityKey\":\"\",\"entityId\":\"\"}",
        IM_ARG(session));
    is_text(payload_of(f, token), wanted.at);
}

static void an_entity_comes_with_its_key(void **state)
{
    struct fixture *f = *state;

    f->issue.entity = IM_STR("200");
    struct im_str token = issue(f).access_token;
    assert_true(im_str_is(claim(f, token, "entityId"), "200"));
    assert_true(im_str_is(claim(f, token, "entityKey"), "2"));
}

static void a_rest_refresh_token_is_the_same_without_session(void **state)
{
    struct fixture *f = *state;
    struct im_str token = issue(f).refresh_token;
    struct im_str wanted = im_arena_format(
        &f->arena,
        "{\"iss\":\"" BASE "\",\"iat\":1741600000,\"exp\":1744192000,"
        "\"clientId\":\"demo\",\"cnyId\":\"acme\",\"cnyKey\":\"100001\","
        "\"userId\":\"ws_user\",\"userKey\":\"444\",\"entityKey\":\"\",\"entityId\":\"\","
        "\"jti\":\"%.*s\"}",
        IM_ARG(claim(f, token, "jti")));

    is_text(payload_of(f, token), wanted.at);
}

static void a_code_begins_with_the_client(void **state)
{
    struct fixture *f = *state;
    struct im_str code = issue_code(f);

    assert_true(im_str_starts(code, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                                    "eyJjbGllbnRJZCI6I"));
    assert_true(
        im_str_starts(payload_of(f, code), "{\"clientId\":\"demo\",\"cnyId\":\"acme\""));
}

static void an_article_token_has_the_articles_claims_in_its_order(void **state)
{
    struct fixture *f = *state;

    f->issue.dialect = IM_DIALECT_ARTICLE;
    struct im_str token = issue(f).access_token;
    struct im_str wanted = im_arena_format(
        &f->arena,
        "{\"jti\":\"%.*s\",\"iat\":1741600000,\"exp\":1741600300,\"iss\":\"openam.api\","
        "\"sub\":\"444\",\"aud\":\"api\",\"contract\":\"full_account\","
        "\"scopes\":\"full_access:read Contact:action\"}",
        IM_ARG(claim(f, token, "jti")));
    is_text(payload_of(f, token), wanted.at);
    assert_int_equal(claim(f, token, "jti").len, 36);
    assert_true(im_str_is(claim(f, f->issued.refresh_token, "sub"), "444"));
}

static void a_rest_response_has_exactly_four_members(void **state)
{
    struct fixture *f = *state;

    f->issued = (struct im_issued){.access_token = IM_STR("AAA"),
                                   .refresh_token = IM_STR("RRR"),
                                   .expires_in_s = 43200};
    is_text(response_of(f), "{\"token_type\":\"Bearer\",\"access_token\":\"AAA\","
                            "\"refresh_token\":\"RRR\",\"expires_in\":43200}");
}

static void a_rest_response_names_no_token_that_there_is_not(void **state)
{
    struct fixture *f = *state;

    f->issued = (struct im_issued){
        .access_token = IM_STR("AAA"), .id_token = IM_STR("III"), .expires_in_s = 60};
    is_text(response_of(f), "{\"token_type\":\"Bearer\",\"access_token\":\"AAA\","
                            "\"expires_in\":60,\"id_token\":\"III\"}");
}

static void an_article_response_is_the_articles(void **state)
{
    struct fixture *f = *state;

    f->issue.dialect = IM_DIALECT_ARTICLE;
    issue(f);
    f->issued.access_token = IM_STR("AAA");
    f->issued.refresh_token = IM_STR("RRR");
    is_text(response_of(f),
            "{\"access_token\":\"AAA\",\"scopes\":\"full_access:read Contact:action\","
            "\"token_type\":\"bearer\",\"expires_in\":300,\"refresh_token\":\"RRR\","
            "\"refresh_token_expires_in\":86400,\"requested_by_id\":\"1234567890\"}");
}

static void who_requested_has_ten_digits_and_is_the_same_every_time(void **state)
{
    static const char *const keys[] = {"0",          "445",   "999999999",
                                       "9999999999", "a-key", ""};
    struct fixture *f = *state;

    f->issue.dialect = IM_DIALECT_ARTICLE;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        f->issued = (struct im_issued){.user_key = im_str(keys[i])};
        struct im_str text = response_of(f);
        struct im_str digits = im_str_slice(text, text.len - 12, text.len - 2);
        int64_t number;
        assert_true(im_str_int(digits, &number) && number >= 1000000000);
        assert_true(im_str_eq(text, response_of(f)));
    }
}

static bool knows(enum im_dialect_id id, const char *scope)
{
    return im_scope_known(im_dialect(id), im_str(scope));
}

static void each_dialect_knows_its_own_scopes(void **state)
{
    (void)state;
    assert_true(knows(IM_DIALECT_REST, "openid"));
    assert_true(knows(IM_DIALECT_REST, "offline_access"));
    assert_false(knows(IM_DIALECT_REST, "full_access:read"));
    assert_true(knows(IM_DIALECT_ARTICLE, "full_access:read"));
    assert_true(knows(IM_DIALECT_ARTICLE, "account:rw"));
    assert_true(knows(IM_DIALECT_ARTICLE, "Contact:action"));
    assert_true(knows(IM_DIALECT_ARTICLE, "readonly"));
    assert_false(knows(IM_DIALECT_ARTICLE, "Contact:delete"));
    assert_false(knows(IM_DIALECT_ARTICLE, "Spaceship:read"));
    assert_false(knows(IM_DIALECT_ARTICLE, "Contact"));
    assert_false(knows(IM_DIALECT_ARTICLE, "offline_access"));
    assert_false(knows(IM_DIALECT_ARTICLE, ""));
}

static bool allows(const char *granted, const char *object, bool writes)
{
    return im_scope_allows(im_dialect(IM_DIALECT_ARTICLE), im_str(granted),
                           im_str(object), writes);
}

static void the_default_scope_reads_everything_and_writes_nothing(void **state)
{
    const char *granted = im_dialect(IM_DIALECT_ARTICLE)->default_scope;

    (void)state;
    assert_true(allows(granted, "Vendor", false));
    assert_false(allows(granted, "Vendor", true));
    assert_false(allows(granted, "Contact", true));
}

static void a_scope_opens_what_it_names(void **state)
{
    (void)state;
    assert_true(allows("full_access:write", "Vendor", true));
    assert_false(allows("full_access:write", "Vendor", false));
    assert_true(allows("account:rw", "Account", true));
    assert_false(allows("account:rw", "Vendor", false));
    assert_true(allows("Bill:read Vendor:write", "Vendor", true));
    assert_true(allows("full_access", "User", true));
    assert_true(allows("readonly", "User", false));
    assert_false(allows("readonly", "User", true));
    assert_false(allows("", "User", false));
}

static void the_rest_api_asks_for_no_scope(void **state)
{
    (void)state;
    assert_true(
        im_scope_allows(im_dialect(IM_DIALECT_REST), IM_STR(""), IM_STR("Vendor"), true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rest_access_token_has_the_observed_claims_in_the_observed_order),
        TEST(an_entity_comes_with_its_key),
        TEST(a_rest_refresh_token_is_the_same_without_session),
        TEST(a_code_begins_with_the_client),
        TEST(an_article_token_has_the_articles_claims_in_its_order),
        TEST(a_rest_response_has_exactly_four_members),
        TEST(a_rest_response_names_no_token_that_there_is_not),
        TEST(an_article_response_is_the_articles),
        TEST(who_requested_has_ten_digits_and_is_the_same_every_time),
        TEST(each_dialect_knows_its_own_scopes),
        TEST(the_default_scope_reads_everything_and_writes_nothing),
        TEST(a_scope_opens_what_it_names),
        TEST(the_rest_api_asks_for_no_scope),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
