#include "unit/endpoints/call.h"

static void get(struct call *call, im_endpoint_handler *endpoint)
{
    next_call(call, "GET", IM_PLACE_TOKEN);
    make_call(call, endpoint);
    answered(call, 200);
}

static void members_are_the_real_ones(void **state)
{
    static const char *const names[] = {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "scopes_supported",
        "response_types_supported",
        "response_modes_supported", /* ours */
        "subject_types_supported",
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "claims_supported",
        "request_uri_parameter_supported",
        "request_parameter_supported",
        "id_token_signing_alg_values_supported",
        "grant_types_supported"};
    struct call *call = *state;
    get(call, im_endpoint_discovery);
    const struct im_json *document = member(call, ""), *item = document->first;
    assert_int_equal(document->count, sizeof names / sizeof *names);
    for (size_t i = 0; i < document->count; i++, item = item->next)
        assert_true(im_str_is(item->name, names[i]));
}

static void addresses_are_ours(void **state)
{
    struct call *call = *state;
    next_call(call, "GET", IM_PLACE_TOKEN);
    call->req.base_url = IM_STR("https://h:1/s/x");
    make_call(call, im_endpoint_discovery);
    is_text(call, "issuer", "https://h:1/s/x");
    is_text(call, "authorization_endpoint", "https://h:1/s/x/ia/authorize");
    is_text(call, "token_endpoint", "https://h:1/s/x/ia/api/v1/oauth2/token");
    is_text(call, "jwks_uri", "https://h:1/s/x/.well-known/jwks.json");
    is_text(call, "grant_types_supported/1", "client_credentials");
}

/* An id_token must find its key there. */
static void keys_are_published(void **state)
{
    struct im_jwt jwt;
    struct im_error err;
    struct call *call = *state;
    get(call, im_endpoint_jwks);
    is_text(call, "keys/0/kty", "RSA");
    bool found = false;
    struct im_str token = im_jwt_sign(call->authority->keys, &call->arena, IM_JWT_RS256,
                                      true, IM_STR("{}"), &err);
    assert_true(im_jwt_decode(&call->arena, token, &jwt, &err));
    for (const struct im_json *key = member(call, "keys")->first; key; key = key->next)
        found = found || im_str_eq(im_json_get_str(key, "kid"), jwt.kid);
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("the discovery document has the members of the real one, in order",
             members_are_the_real_ones),
        TEST("its addresses are under the base URL that was asked", addresses_are_ours),
        TEST("the key set holds the key that signs id_tokens", keys_are_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
