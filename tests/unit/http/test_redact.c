#include <time.h>

#include "unit/fixture.h"
#include "unit/spine.h"

#include "http/redact.h"

enum { BODY = 16 * 1024 }; /* as long a text as a journal keeps */

/* ---- redaction of texts ---- */

#define SECRET    "hunter2-zebra"
#define JWT       "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NDQifQ.c2lnbmF0dXJl"
#define SHORTENED "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NDQifQ."

static const char *const leaky[] = {
    /* forms */
    "client_secret=" SECRET,
    "grant_type=x&client_secret=" SECRET "&scope=y",
    "a=b&client%5Fsecret=" SECRET,
    "a=b&client%73ecret=" SECRET,
    "a=b&client secret=" SECRET,
    "a=b&client+secret=" SECRET,
    "a=b&Client-Secret=" SECRET,
    "a=b&clientSecret=" SECRET,
    "a=b&client_secrt=" SECRET,
    "a=b&refresh_tokn=" SECRET,
    "a=b&pasword=" SECRET,
    "a=b&pwd=" SECRET,
    "a=b&pass=" SECRET,
    "a=b&secret=" SECRET,
    "a=b&code=" SECRET,
    "a=b&authorization_code=" SECRET,
    "a=b&authCode=" SECRET,
    "a=b&code_verifier=" SECRET,
    "a=b&token=" SECRET,
    "a=b&session_id=" SECRET,
    "a=b&refresh=" SECRET,
    "client_secret=%zz" SECRET,
    "client_secret=a=" SECRET,
    "grant_type=x\nclient_secret=" SECRET,
    "grant_type=x;client_secret=" SECRET,
    "grant_type=x, client_secret: " SECRET,
    "grant_type=x&client_secret:" SECRET,
    "redirect_uri=https://x/cb?code=" SECRET,
    "redirect_uri=https%3A%2F%2Fx%2Fcb%3Fcode%3D" SECRET "%26state%3D1",
    "redirect_uri=https%3A%2F%2Fx%2Fcb%23access_token%3D" SECRET,
    "x=1&{\"client_secret\":\"" SECRET "=\"}",
    "[a]=1&client_secret=" SECRET,
    "[a]=1&client%73ecret=" SECRET,
    "a_very_long_name_in_front_of_a_secret_that_goes_on_and_on_and_on_until_the_"
    "client_secret=" SECRET,
    /* JSON */
    "{\"client_secret\":\"" SECRET "\"}",
    "{\"client secret\":\"" SECRET "\"}",
    "{\"client\\u005fsecret\":\"" SECRET "\"}",
    "{\"p\\u0061ssword\":\"" SECRET "\"}",
    "{\"code\":\"" SECRET "\"}",
    "{\"password\":[\"" SECRET "\"]}",
    "{\"password\":{\"value\":\"" SECRET "\"}}",
    "{\"password\":{\"a\":[[{\"b\":\"" SECRET "\"}]]}}",
    "{\"a\":{\"b\":[{\"access_token\":\"" SECRET "\"}]}}",
    "{\"client_secret\":\"x\",\"client_secret\":\"" SECRET "\"}",
    "{\"body\":\"grant_type=x&client_secret=" SECRET "\"}",
    "\"grant_type=x&client_secret=" SECRET "\"",
    "\"{\\\"client_secret\\\":\\\"" SECRET "\\\"}\"",
    "{\"note\":\"client_secret: " SECRET "\"}",
    "  {\"client_secret\":\"" SECRET "\"}",
    /* JSON, malformed */
    "{\"client_secret\":\"" SECRET "\"",
    "{\"client_secret\":\"" SECRET,
    "{\"client_secret\":\"a\\\"" SECRET "\"",
    "{\"client_secret\":\"a,b&c}d<e'" SECRET "\"",
    "{'client_secret':'" SECRET "'}",
    "{'client_secret':'a\"" SECRET "'}",
    "{client_secret:" SECRET "}",
    "{\"client_secret\" \"" SECRET "\"}",
    "{\"client_secret\" => \"" SECRET "\"}",
    "{\"client_secret\":[\"" SECRET "\"",
    "{\"client_secret\":{\"v\":\"x\",\"w\":1},\"password\":\"" SECRET "\"",
    "{\"a\":\"b\" \"password\" : \"" SECRET "\",}",
    "{\"client%5Fsecret\":\"" SECRET "\"",
    "\xEF\xBB\xBF{\"client_secret\":\"" SECRET "\"}",
    "{\"client_secret\":\"\xFF" SECRET "\"}",
    /* other words for it */
    "a=b&key=" SECRET,
    "a=b&client_key=" SECRET,
    "a=b&passphrase=" SECRET,
    "a=b&t=" SECRET,
    "sig=" SECRET "&a=b",
    "a=b&pw=" SECRET,
    "a=b&pin=" SECRET,
    "a=b&sid=" SECRET,
    "Authorization=Bearer " SECRET "&a=b",
    "{\"Authorization\":\"Bearer " SECRET "\"}",
    "{\"headers\":{\"Authorization\":\"" SECRET "\"}}",
    "Authorization: Basic " SECRET,
    "{\"note\":\"Basic ZGVtb" SECRET "\"}",
    "x=Bearer+a9" SECRET,
    /* the name beside it */
    "{\"key\":\"client_secret\",\"value\":\"" SECRET "\"}",
    "[{\"name\":\"password\",\"value\":\"" SECRET "\"}]",
    "{\"a\":{\"header\":\"Authorization\",\"value\":\"" SECRET "\"}}",
    "[[\"client_secret\",\"" SECRET "\"]]",
    "{\"auth\":[\"id\",\"" SECRET "\"]}",
    "{\"auth\":{\"user\":\"id\",\"with\":\"" SECRET "\"}}",
    "auth[]=id&auth[]=" SECRET,
    "credentials[client_secret]=" SECRET,
    "array('client_secret' => '" SECRET "')",
    "Array\n(\n    [client_secret] => " SECRET "\n)",
    "a:1:{s:13:\"client_secret\";s:13:\"" SECRET "\";}",
    /* XML */
    "<password><![CDATA[" SECRET "]]></password>",
    "<a><ns:password xsi:type=\"xsd:string\">" SECRET "</ns:password></a>",
    "<login password=\"" SECRET "\"/>",
    "<login password='" SECRET "'>",
    "<param name=\"client_secret\" value=\"" SECRET "\"/>",
    "<param name='client_secret'>" SECRET "</param>",
    "<?xml version=\"1.0\"?><client_secret><b>x</b>" SECRET "</client_secret>",
    "<password>" SECRET,
    "<password a='>'>" SECRET "</password>",
    /* the user info of an address */
    "redirect_uri=https://demo:" SECRET "@x/cb",
    "redirect_uri=https%3A%2F%2Fdemo%3A" SECRET "%40x%2Fcb",
    "{\"url\":\"https://demo:" SECRET "@x\"}",
    "{\"url\":\"https:\\/\\/demo:" SECRET "@x\"",
    "<a href=\"https://demo:" SECRET "@x\">",
    "ProxyError('http://user:" SECRET "@proxy:3128')",
    /* behind a token, where its signature was */
    "The token " SHORTENED "<" SECRET "> is bad",
    "{\"error_description\":\"" SHORTENED "<" SECRET ">\"}",
    "a=b&grant_type=" SHORTENED "<" SECRET ">",
    "access_token=" SHORTENED "<" SECRET ">",
    "Authorization: Bearer " SHORTENED "<" SECRET ">",
    SHORTENED "<" SECRET,
    /* neither */
    "client_secret " SECRET,
    "password " SECRET " client_id=demo",
    "client_secret: " SECRET,
    "client_secret\t" SECRET,
    "<xml><password>" SECRET "</password></xml>",
    "<!doctype html><input type=\"hidden\" name=\"mock_ticket\" value=\"" SECRET "\">",
    "<a href=\"https://x/cb?code=" SECRET "&amp;state=1\">",
};

static void no_spelling_of_a_secret_leaks(void **state)
{
    struct im_arena *arena = *state;
    for (size_t i = 0; i < sizeof(leaky) / sizeof(leaky[0]); i++) {
        struct im_str shown = im_redact_text(NULL, arena, im_str(leaky[i]));
        if (text_has(shown, "hunter2") || text_has(shown, "zebra"))
            fail_msg("%s\nbecame %.*s", leaky[i], IM_ARG(shown));
    }
}

static void a_token_leaks_nowhere(void **state)
{
    static const char *const texts[] = {
        JWT,
        "x" JWT,
        "see " JWT " here",
        "Bearer " JWT,
        "a=" JWT,
        JWT "=a",
        "a=1&" JWT,
        "{\"a\":\"" JWT "\"}",
        "{\"a\":\"Bearer " JWT "\"}",
        "{\"" JWT "\":1}",
        "[\"" JWT "\"]",
        "\"" JWT "\"",
        "{\"a\":\"" JWT,
        "{\"a\":\"Bearer " JWT,
        "<p>" JWT "</p>",
        "a=https%3A%2F%2Fx%2F" JWT,
    };
    struct im_arena *arena = *state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct im_str shown = im_redact_text(NULL, arena, im_str(texts[i]));
        if (text_has(shown, "eyJ") || text_has(shown, "c2lnbmF0dXJl") ||
            !text_has(shown, "hmac"))
            fail_msg("%s\nbecame %.*s", texts[i], IM_ARG(shown));
    }
}

static void what_is_no_secret_stays_to_be_read(void **state)
{
    static const char *const texts[] = {
        "",
        "&&=",
        "grant_type=refresh_token&client_id=demo&token_type_hint=access_token",
        "redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&state=a%20b",
        "a=%zz",
        "client_secret=",
        "client_secret",
        "{\"ia::error\":{\"code\":\"GW-0040\",\"message\":\"Expired token\"}}",
        "{\"token_type\":\"Bearer\",\"expires_in\":43200}",
        "{\"error\":\"invalid_grant\",\"error_description\":\"The refresh token is "
        "bad\"}",
        "{\"token_endpoint\":\"https://x/token\","
        "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],"
        "\"id_token_signing_alg_values_supported\":[\"RS256\"]}",
        "<!doctype html><p>The token has expired</p>",
        "<!doctype html><label for=\"password\">Password</label>",
        "eyJ",
        "<a><b key=\"1\">2</b></a>",
        "{\"ia::result\":{\"key\":\"23\",\"name\":\"x\"}}",
        "{\"note\":\"the Basic credentials\"}",
    };
    struct im_arena *arena = *state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct im_str shown = im_redact_text(NULL, arena, im_str(texts[i]));
        if (!im_str_is(shown, texts[i]))
            fail_msg("%s\nbecame %.*s", texts[i], IM_ARG(shown));
    }
}

static void a_secret_becomes_the_fingerprint_of_what_it_says(void **state)
{
    struct im_arena *arena = *state;
    struct im_str print = im_fingerprint(NULL, arena, IM_STR("a b"));
    struct im_str form = im_redact_text(NULL, arena, IM_STR("x=1&client_secret=a%20b"));
    struct im_str json =
        im_redact_text(NULL, arena, IM_STR("{\"client_secret\":\"a b\"}"));
    assert_has(form, print.at);
    assert_has(json, print.at);
}

/* Cut anywhere, damaged anywhere: the secret's two halves are looked for in what is left. */
static void no_cut_and_no_damage_makes_a_secret_leak(void **state)
{
    static const char json[] =
        "{\"grant_type\":\"client_credentials\",\"client_secret\":\"" SECRET
        "\",\"a\":1}";
    static const char junk[] = "\"'&=,{}<% \\\n";
    struct im_arena *arena = *state;
    size_t name_end = strlen("{\"grant_type\":\"client_credentials\",\"client_secret");
    for (size_t cut = 0; cut < sizeof(json); cut++)
        assert_lacks(im_redact_text(NULL, arena, (struct im_str){json, cut}), "hunter2");
    for (size_t at = 0; at < name_end - strlen("client_secret"); at++)
        for (const char *c = junk; *c; c++) {
            struct im_str text = im_arena_copy(arena, im_str(json));
            char *damaged = im_arena_alloc(arena, text.len + 1);
            memcpy(damaged, text.at, text.len);
            damaged[at] = *c;
            assert_lacks(im_redact_text(NULL, arena, im_str(damaged)), "hunter2");
        }
}

static void redaction_takes_time_in_proportion(void **state)
{
    static const char *const pieces[] = {"eyJ", "token ", "code=",  "\"", "%5F",
                                         "{",   "&=",     "eyJ.. ", "a:", "a b"};
    struct im_arena *arena = *state;
    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        struct im_buf text;
        im_buf_init(&text, arena, 0);
        while (text.len < BODY)
            im_buf_addz(&text, pieces[p]);
        clock_t began = clock(); /* of this process alone: others may be at work too */
        im_redact_text(NULL, arena, im_buf_str(&text));
        if (clock() - began > 2 * CLOCKS_PER_SEC)
            fail_msg("\"%s\" again and again took over 2 s", pieces[p]);
    }
}

/* ---- redaction of headers and addresses ---- */

static struct im_str header(struct im_arena *arena, const char *name, const char *value)
{
    return im_redact_header(NULL, arena, im_str(name), im_str(value));
}

static void headers_keep_the_scheme_and_hide_the_rest(void **state)
{
    static const char *const cases[][2] = {
        {"Authorization", "Bearer " SECRET},
        {"authorization", "Basic " SECRET},
        {"Authorization", SECRET},
        {"Authorization", SECRET " x"},
        {"Authorization ", "Bearer " SECRET},
        {"Authorisation", "Basic " SECRET},
        {"Autorization", SECRET},
        {"X-Authorization", "Bearer " SECRET},
        {"Proxy-Authorization", "Basic " SECRET},
        {"Cookie", "a=" SECRET "; b=c"},
        {"Set-Cookie", "a=" SECRET "; Path=/"},
        {"X-Auth-Token", SECRET},
        {"X-Auth", SECRET},
        {"X-Session", SECRET},
        {"X-Pass", SECRET},
        {"x-key", SECRET},
        {"client_secret", SECRET},
        {"Location", "https://x/cb?state=1&code=" SECRET},
        {"Location", "https://x/cb#access_token=" SECRET},
        {"Location", "https://x/cb?a=1#access_token=" SECRET},
        {"Referer", "https://x/?client%20secret=" SECRET},
        {"X-Other", "Bearer " SECRET},
        {"X-Other", "client_secret=" SECRET},
        {"Referer", "https://demo:" SECRET "@x/y"},
        {"Location", "/cb?back=https%3A%2F%2Fdemo%3A" SECRET "%40x"},
        {"X-Other", "see https://demo:" SECRET "@x"},
        {"X-Intacct-Mock-Note", "client-secret=" SECRET},
        {"X-Intacct-Mock-Note", "state-missing: client_secret=" SECRET},
    };
    struct im_arena *arena = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct im_str shown = header(arena, cases[i][0], cases[i][1]);
        if (text_has(shown, "zebra"))
            fail_msg("%s: %s\nbecame %.*s", cases[i][0], cases[i][1], IM_ARG(shown));
    }
    assert_has(header(arena, "Authorization", "Bearer abc"), "Bearer hmac:");
    assert_lacks(header(arena, "X-Other", "see " JWT), "eyJ");
}

static void ordinary_headers_stay_as_they_are(void **state)
{
    static const char *const cases[][2] = {
        {"Content-Type", "application/json; charset=utf-8"},
        {"WWW-Authenticate", "Bearer realm=\"x\", error=\"invalid_token\""},
        {"Location", "https://x/cb?error=access_denied&state=a%20b"},
        {"Host", "api.intacct.com"},
        {"Origin", "https://x.example:8443"},
        {"Referer", "http://[::1]:8080/user@company?to=http://${HOST}:${PORT}/"},
        {"Accept", "*/*"},
        {"Authorization", ""},
        {"X-Intacct-Mock-Note", "refresh-token-missing: no refresh token was issued: the "
                                "scope granted is \"\", without offline_access"},
    };
    struct im_arena *arena = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (!im_str_is(header(arena, cases[i][0], cases[i][1]), cases[i][1]))
            fail_msg("%s: %s", cases[i][0], cases[i][1]);
}

static void an_address_hides_secrets_in_path_query_and_fragment(void **state)
{
    static const char *const urls[] = {
        "/token?client_secret=" SECRET,
        "/token%3Fclient_secret=" SECRET,
        "/token&client_secret=" SECRET,
        "/a?b=1&code=" SECRET,
        "/cb#id_token=" SECRET,
        "/a?b=1?client_secret=" SECRET,
        "https://demo:" SECRET "@x/y",
        "https://" SECRET "@x/y",
        "https://demo:a@" SECRET "@x",
        "https://demo:a/" SECRET "@x/y",
        "https://demo:" SECRET,
        "demo:" SECRET "@x/y",
        "/a?b=https%3A%2F%2Fdemo%3A" SECRET "%40x",
    };
    struct im_arena *arena = *state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        assert_lacks(im_redact_url(NULL, arena, im_str(urls[i])), "zebra");
    assert_lacks(im_redact_url(NULL, arena, IM_STR("/objects/" JWT)), "eyJ");
    assert_true(im_str_is(im_redact_url(NULL, arena, IM_STR(TOKEN "/x?a=b#c")),
                          TOKEN "/x?a=b#c"));
    assert_has(im_redact_url(NULL, arena, IM_STR("https://demo:" SECRET "@x/y")), "@x/y");
}

static void what_looks_random_is_hidden_in_a_text_of_strangers(void **state)
{
    static const char *const secrets[] = {
        "S3cr3tZeta9Omega", "AB11582f0c9d7e6b5a4938", "3f2b8c1e-77aa-4b1c-9d0e",
        "qwertyuiopasdfghjklzx7", "dGhpcyBp_cyBhIHNl-Y3JldDEyMw"};
    static const char *const words[] = {"/ia/api/v1/objects/accounts-payable/vendor/12",
                                        "REST-1206 IA.TOKEN_IS_INVALID",
                                        "2026-03-02T10:00:00Z",
                                        "openid-configuration",
                                        "XL03000006",
                                        "client_credentials",
                                        "urn:ietf:params:oauth:grant-type:jwt-bearer",
                                        "hmac:1f3a9c0d5b7e",
                                        "OAuth2Client"};
    struct im_arena *arena = *state;
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        char text[200];
        snprintf(text, sizeof text, "/a/%s?t=%s not found: %s", secrets[i], secrets[i],
                 secrets[i]);
        assert_lacks(im_redact_quote_foreign(NULL, arena, im_str(text)), secrets[i]);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!im_str_is(im_redact_quote_foreign(NULL, arena, im_str(words[i])), words[i]))
            fail_msg("%s", words[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(no_spelling_of_a_secret_leaks),
        TEST_IN_ARENA(a_token_leaks_nowhere),
        TEST_IN_ARENA(what_is_no_secret_stays_to_be_read),
        TEST_IN_ARENA(a_secret_becomes_the_fingerprint_of_what_it_says),
        TEST_IN_ARENA(no_cut_and_no_damage_makes_a_secret_leak),
        TEST_IN_ARENA(redaction_takes_time_in_proportion),
        TEST_IN_ARENA(headers_keep_the_scheme_and_hide_the_rest),
        TEST_IN_ARENA(ordinary_headers_stay_as_they_are),
        TEST_IN_ARENA(an_address_hides_secrets_in_path_query_and_fragment),
        TEST_IN_ARENA(what_looks_random_is_hidden_in_a_text_of_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
