/* explain/signs_*.c: what an exchange, and what came before it, says for a cause. Each input shows one sign;
 * the cause is then among the answers, with the sentence as its evidence. */
#include "unit/explain/asked.h"

#include <stdlib.h>

#include "base/json.h"

#define TOKEN "POST /ia/api/v1/oauth2/token HTTP/1.1\nHost: api.intacct.com\n"
#define FORM  "Content-Type: application/x-www-form-urlencoded\n\n"
#define READ                                                                             \
    "GET /ia/api/v1/objects/accounts-payable/vendor HTTP/1.1\nHost: api.intacct.com\n"
#define BEARER "Authorization: Bearer abcdefghijkl\n"
#define BASIC  "Authorization: Basic YWFhYTpzZWNyZXQxMg==\n"
#define CREATE                                                                           \
    "POST /ia/api/v1/objects/accounts-payable/vendor HTTP/1.1\nHost: api.intacct.com\n"
#define SIGN_IN "GET /ia/api/v1/oauth2/authorize?"
#define CLIENT  "&client_id=aaaa&client_secret=bbbbbbbb"
#define GRANT   "grant_type=client_credentials"
#define HOST    " HTTP/1.1\nHost: api.intacct.com\n\n"

#define WRONG   "\n\nHTTP/1.1 400 Bad Request\n\n{\"error\":\"invalid_request\"}\n"
#define REFUSED "\nHTTP/1.1 401 Unauthorized\n\n{\"ia::error\":{\"code\":\"GW-0034\"}}\n"

struct sign {
    const char *input, *cause, *evidence;
};

static bool has_text(const struct im_json *list, const char *text)
{
    for (const struct im_json *at = list ? list->first : NULL; at; at = at->next)
        if (strstr(at->text.at, text))
            return true;
    return false;
}

static void gives(const struct sign *sign)
{
    struct asked asked;
    struct im_json_error where;
    bool found = false;

    ask(&asked, im_str(sign->input));
    const struct im_json *json = im_json_parse(&asked.arena, asked.json, &where);
    const struct im_json *causes = im_json_get(json, "causes");
    for (const struct im_json *at = causes ? causes->first : NULL; at; at = at->next)
        found |= im_str_is(im_json_get_str(at, "id"), sign->cause) &&
                 has_text(im_json_get(at, "evidence"), sign->evidence);
    if (!found)
        fail_msg("%s: \"%s\" is no evidence in %.*s", sign->cause, sign->evidence,
                 IM_ARG(asked.text));
    asked_end(&asked);
}

static void all_give(const struct sign *signs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gives(&signs[i]);
}

#define ALL_GIVE(signs) all_give(signs, sizeof(signs) / sizeof((signs)[0]))

static void the_address_and_the_headers_of_a_call_are_looked_at(void **state)
{
    static const struct sign signs[] = {
        {"GET /ia/nowhere" HOST "HTTP/1.1 404 Not Found\n\n{}\n", "path-unknown",
         "none of the documented paths"},
        {READ BEARER BEARER REFUSED, "authorization-repeated", "2 Authorization headers"},
        {READ "Authorization: Bearer \n" REFUSED, "authorization-header-missing",
         "nothing stands behind the word Bearer"},
        {READ "Authorization: Token abcdefgh\n" REFUSED, "authorization-not-bearer",
         "does not begin with the word Bearer"},
        {READ BASIC REFUSED, "authorization-not-bearer", "of the scheme Basic"},
        {READ BEARER "Intacct-Entity-Id: 100\n\nHTTP/1.1 200 OK\n\n{}\n",
         "entity-header-ignored", "is not the one that chooses an entity"},
        {CREATE BEARER "Content-Encoding: gzip\n\n{}" WRONG,
         "content-encoding-unsupported", "Content-Encoding: gzip"},
        {CREATE BEARER "Content-Type: application/xml\n\n<request/>" WRONG,
         "xml-sent-to-rest", "the body is XML"},
    };
    ALL_GIVE(signs);
}

static void the_parameters_of_a_token_request_are_looked_at(void **state)
{
    static const struct sign signs[] = {
        {TOKEN BASIC FORM "grant_type=refresh_token&refresh_token=cccccccc" WRONG,
         "client-auth-in-header-on-refresh", "the refresh carries"},
        {TOKEN BASIC FORM GRANT "&username=a@b" WRONG, "client-auth-method-refused",
         "come by HTTP Basic"},
        {TOKEN BASIC FORM GRANT "&username=a@b" CLIENT WRONG, "client-auth-repeated",
         "by HTTP Basic and in the body"},
        {TOKEN FORM GRANT "&username=a@b&client_id=a&client_secret=bbbbbbbb%20" WRONG,
         "client-secret-padded", "has a blank or a line break"},
        {TOKEN FORM GRANT "&username=a@b&client_id=zzzz" CLIENT WRONG,
         "client-id-repeated", "client_id stands there 2 times"},
        {TOKEN FORM GRANT "&username=a@b&username=a@b" CLIENT WRONG, "username-repeated",
         "username stands there 2 times"},
        {TOKEN FORM GRANT "&username=" CLIENT WRONG, "username-empty",
         "username has no value"},
        {TOKEN FORM GRANT "&username=sync" CLIENT WRONG, "username-without-company",
         "no @ and no company"},
        {TOKEN FORM GRANT "&username=a@b%7C100" CLIENT WRONG, "entity-unknown",
         "names an entity behind a |"},
        {TOKEN FORM "username=a@b" CLIENT WRONG, "grant-type-missing", "grant_type"},
        {TOKEN FORM "grant_type=password&username=a@b" CLIENT WRONG,
         "grant-type-unsupported", "grant_type is "},
        {TOKEN FORM "{\"grant_type\":\"client_credentials\"}" WRONG, "payload-malformed",
         "Content-Type says a form, and the body is JSON"},
        {TOKEN "Content-Type: text/plain\n\n" GRANT "&username=a@b" CLIENT WRONG,
         "content-type-unsupported", "neither a form's nor JSON's"},
        {"POST /ia/api/v1/oauth2/token?" GRANT "&username=a@b" CLIENT HOST WRONG,
         "payload-missing", "the parameters stand in the address"},
    };
    ALL_GIVE(signs);
}

static void the_parameters_of_a_sign_in_are_looked_at(void **state)
{
    static const struct sign signs[] = {
        {SIGN_IN "response_type=token&client_id=aaaa" HOST WRONG,
         "response-type-unsupported", "response_type is not code"},
        {SIGN_IN "response_type=code&client_id=aaaa" HOST WRONG, "redirect-uri-missing",
         "has no redirect_uri"},
        {SIGN_IN
         "response_type=code&client_id=aaaa&redirect_uri=http://a.example/" HOST WRONG,
         "redirect-uri-unregistered", "begins with http:"},
        {SIGN_IN
         "response_type=code&client_id=aaaa&redirect_uri=https%3A%2F%2Fa.example%2F"
         "&code_challenge=abcdefgh&code_challenge_method=plain" HOST WRONG,
         "pkce-method-unsupported", "is not S256"},
    };
    ALL_GIVE(signs);
}

static void a_status_may_say_it(void **state)
{
    static const struct sign signs[] = {
        {READ BEARER "\nHTTP/1.1 429 Too Many Requests\n\n", "rate-limited",
         "the status is 429"},
        {READ BEARER "\nHTTP/1.1 503 Service Unavailable\n\n", "service-unavailable",
         "the status is 503"},
        {READ BEARER "\nHTTP/1.1 502 Bad Gateway\n\n", "gateway-error",
         "the status is 502"},
        {READ BEARER "\nHTTP/1.1 504 Gateway Timeout\n\n", "gateway-error",
         "the status is 504"},
    };
    ALL_GIVE(signs);
}

/* ---- what came before ---- */

#define BEGUN                                                                            \
    SIGN_IN "response_type=code&client_id=aaaa&state=1"                                  \
            "&redirect_uri=https%3A%2F%2Fa.example%2Fcb&code_challenge=abcdefghijkl"     \
            "&code_challenge_method=S256" HOST "HTTP/1.1 302 Found\n"                    \
            "Location: https://a.example/cb?code=cccccccc&state=1\n\n"
#define CODE        "grant_type=authorization_code&code=cccccccc&client_secret=dddddddd"
#define NOT_GRANTED "\n\nHTTP/1.1 400 Bad Request\n\n{\"error\":\"invalid_grant\"}\n"

static void a_code_is_held_against_the_request_that_it_is_from(void **state)
{
    static const struct sign signs[] = {
        {BEGUN TOKEN FORM CODE "&client_id=aaaa&code_verifier=x"
                               "&redirect_uri=https%3A%2F%2Fb.example%2Fcb" NOT_GRANTED,
         "redirect-uri-mismatch",
         "is https://b.example/cb here and was https://a.example/cb in no. 1"},
        {BEGUN TOKEN FORM CODE
         "&client_id=aaaa&redirect_uri=https%3A%2F%2Fa.example%2Fcb" NOT_GRANTED,
         "pkce-verifier-missing", "no. 1 had a code_challenge"},
        {BEGUN TOKEN FORM CODE "&client_id=zzzz&code_verifier=x"
                               "&redirect_uri=https%3A%2F%2Fa.example%2Fcb" NOT_GRANTED,
         "code-of-another-client", "no. 1 had another client_id"},
        {TOKEN FORM CODE
         "&client_id=aaaa\n\nHTTP/1.1 200 OK\n\n{\"access_token\":\"x\"}\n\n" TOKEN FORM
             CODE "&client_id=aaaa" NOT_GRANTED,
         "code-reused", "no. 1 has exchanged the same code before"},
    };
    ALL_GIVE(signs);
}

/* ---- a token ---- */

/* {"alg":"none"}.{"iss":"https://api.intacct.com/ia"}. and others of that kind, made by hand */
static void the_header_of_a_token_is_looked_at(void **state)
{
    static const struct sign signs[] = {
        {"eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2FwaS5pbnRhY2N0LmNvbS9pYSJ9.",
         "token-wrong-algorithm", "the token's alg is none"},
        {"eyJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2FwaS5pbnRhY2N0LmNvbS9pYSJ9.eA",
         "token-wrong-algorithm", "the token's alg is missing"},
    };
    ALL_GIVE(signs);
}

/* ---- a HAR ---- */

/* The answer is {"error":"unsupported_grant_type"} */
static void a_har_may_have_the_form_in_parts_and_the_answer_in_base64(void **state)
{
    static const struct sign signs[] = {
        {"{\"log\":{\"entries\":[{\"request\":{\"method\":\"POST\",\"url\":"
         "\"https://api.intacct.com/ia/api/v1/oauth2/token\",\"headers\":[],"
         "\"postData\":{\"mimeType\":\"application/x-www-form-urlencoded\",\"params\":["
         "{\"name\":\"grant_type\",\"value\":\"pass word\"},"
         "{\"name\":\"client_id\",\"value\":\"aaaa\"}]}},\"response\":{\"status\":400,"
         "\"content\":{\"encoding\":\"base64\",\"text\":"
         "\"eyJlcnJvciI6InVuc3VwcG9ydGVkX2dyYW50X3R5cGUifQ==\"}}}]}}",
         "grant-type-unsupported", "grant_type is pass word"},
    };
    ALL_GIVE(signs);
}

/* {"alg":"HS256"}, {"cnyId":"Acme","userId":"anna", …} */
#define ANNA                                                                             \
    "eyJhbGciOiJIUzI1NiJ9.eyJjbnlJZCI6IkFjbWUiLCJ1c2VySWQiOiJhbm5"                       \
    "hIiwic2Vzc2lvbklkIjoieCJ9.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define BERTA                                                                            \
    "eyJhbGciOiJIUzI1NiJ9.eyJjbnlJZCI6IkFjbWUiLCJ1c2VySWQiOiJiZXJ"                       \
    "0YSIsInNlc3Npb25JZCI6IngifQ.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void what_another_user_may_says_nothing_of_a_role(void **state)
{
    static const char format[] =
        "2026-11-28 03:00:00 GET https://api.intacct.com/ia/api/v1/objects/a/b "
        "Authorization: Bearer %s -> 200\n"
        "2026-11-28 03:00:05 GET https://api.intacct.com/ia/api/v1/objects/c/d "
        "Authorization: Bearer " ANNA " -> 403\n";
    static const struct {
        const char *other;
        bool counts;
    } others[] = {{ANNA, true}, {BERTA, false}};

    for (size_t i = 0; i < 2; i++) {
        char input[1000];
        struct asked asked;
        snprintf(input, sizeof input, format, others[i].other);
        ask(&asked, im_str(input));
        bool counts = strstr(asked.json.at, "1 other calls succeed") != NULL;
        asked_end(&asked);
        assert_int_equal(counts, others[i].counts);
    }
}

static void what_succeeds_for_another_user_is_no_recovery(void **state)
{
    static const char log[] =
        "2026-11-28 03:00:00 GET https://api.intacct.com/ia/api/v1/objects/a/b "
        "Authorization: Bearer " ANNA " -> 403\n"
        "2026-11-28 03:00:05 GET https://api.intacct.com/ia/api/v1/objects/a/b "
        "Authorization: Bearer " BERTA " -> 200\n";
    struct asked asked;

    ask(&asked, im_str(log));
    assert_non_null(strstr(asked.json.at, "\"recovered\": false"));
    asked_end(&asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_and_the_headers_of_a_call_are_looked_at),
        cmocka_unit_test(the_parameters_of_a_token_request_are_looked_at),
        cmocka_unit_test(the_parameters_of_a_sign_in_are_looked_at),
        cmocka_unit_test(a_status_may_say_it),
        cmocka_unit_test(a_code_is_held_against_the_request_that_it_is_from),
        cmocka_unit_test(the_header_of_a_token_is_looked_at),
        cmocka_unit_test(a_har_may_have_the_form_in_parts_and_the_answer_in_base64),
        cmocka_unit_test(what_another_user_may_says_nothing_of_a_role),
        cmocka_unit_test(what_succeeds_for_another_user_is_no_recovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
