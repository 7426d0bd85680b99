/* explain/: whatever holds a secret, none is in what is said of it: as text, as JSON, as a scenario. */
#include "unit/explain/asked.h"

#include "causes/diagnosis.h"

#define SECRET "S3cr3tZeta9Omega"
/* told apart from words by no rule: hidden where its place says what it is */
#define WORD      "zetaomegazeta"
#define API       "https://api.intacct.com/ia/api/v1/objects/accounts-payable/vendor"
#define SHORTENED "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NDQifQ."
#define HAR(url)                                                                         \
    "{\"log\":{\"entries\":[{\"request\":{\"method\":\"POST\",\"url\":\"" url "\","      \
    "\"headers\":[],\"postData\":{\"text\":\"grant_type=refresh_token\"}},"              \
    "\"response\":{\"status\":401,\"content\":{\"text\":"                                \
    "\"{\\\"error\\\":\\\"invalid_client\\\"}\"}}}]}}"
#define ANSWER "\n{\"ia::error\":{\"code\":\"GW-0040\",\"message\":\"Expired token\"}}\n"

/* the rest of an object in which the server repeats what it was sent */
#define ECHO                                                                             \
    "\"error\":\"invalid_client\",\"error_description\":\"nothing is known of " WORD "\"}"
#define HAR_WITH(member, said)                                                           \
    "{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"" API             \
    "\"," member "},\"response\":{\"status\":401,\"content\":{\"text\":"                 \
    "\"{\\\"error\\\":\\\"invalid_client\\\",\\\"error_description\\\":\\\"no " said     \
    "\\\"}\"}}}]}}"

static const char *const inputs[] = {
    /* user info */
    "curl https://demo:" WORD "@api.intacct.com/ia/api/v1/oauth2/token" ANSWER,
    "curl demo:" WORD "@api.intacct.com/ia/api/v1/oauth2/token" ANSWER,
    "2026-01-01 GET https://demo:" WORD
    "@api.intacct.com/ia/api/v1/objects/a/b 401" ANSWER,
    "> GET https://demo:" WORD "@api.intacct.com/ia/api/v1/x HTTP/1.1\n"
    "< HTTP/1.1 401 Unauthorized\n<\n{\"error\":\"bad " WORD "\"}",
    "> GET /ia/api/v1/x HTTP/1.1\n> Host: demo:" WORD "@api.intacct.con\n"
    "< HTTP/1.1 401 Unauthorized\n",
    HAR("https://demo:" WORD "@api.intacct.com/ia/api/v1/oauth2/token"),
    HAR("https://demo:a/" WORD "@api.intacct.com/ia/api/v1/oauth2/token"),
    "https://demo:" WORD "@api.intacct.com/ia/api/v1/nothing",
    "https://api.intacct.com/ia/api/v1/oauth2/authorize?redirect_uri="
    "https%3A%2F%2Fdemo%3A" WORD "%40app",
    "ProxyError('Unable to connect to proxy http://user:" WORD "@proxy:3128') 401",
    /* queries, paths */
    "> GET /ia/api/v1/objects/accounts-payable/vendor?t=" WORD " HTTP/1.1\n"
    "< HTTP/1.1 401 Unauthorized\n",
    "https://app/cb?error=access_denied&state=" WORD,
    "> GET /ia/api/v1/objects/" SECRET "?u=http://a.example/ HTTP/1.1\n"
    "< HTTP/1.1 401 Unauthorized\n",
    HAR("https://api.intacct.com/ia/api/v1/oauth2/token?sig=" WORD "&a=b#c=" WORD),
    "curl https://api.intacct.com/ia/api/v1/oauth2/token/" SECRET ANSWER,
    "https://api.intacct.con/" SECRET "/token 404",
    /* behind a token, where its signature was */
    "HTTP/1.1 400 Bad Request\n\n{\"error\":\"x\",\"error_description\":"
    "\"bad https://a.example/" SHORTENED "<" WORD ">\"}",
    "HTTP/1.1 400 Bad Request\n\n{\"error\":\"" SHORTENED "<" WORD ">\"}",
    /* where something else stands by rights */
    "grant_type=" SECRET " 400 unsupported_grant_type",
    "curl -X " SECRET " " API ANSWER,
    "HTTP/1.1 400 Bad Request\n\n{\"error\":\"" SECRET
    "\",\"error_description\":\"not found: " SECRET "\"}",
    API "?" WORD,
    API "?a&" WORD,
    API "#" WORD,
    API "#access_token=" WORD,
    API "?x[password]=" WORD,
    API "?t=a*" WORD,
    API "?t=" WORD "...",
    API "/" WORD "@x",
    "curl //u:" WORD "@api.intacct.com/ia/api/v1/objects/a/b" ANSWER,
    /* what a server repeats */
    "{\"error\":\"invalid_grant\",\"error_description\":\"no answer of " API "?t=" WORD
    "\"}",
    "{\"error\":\"invalid_client\",\"error_description\":\"the client secret '" WORD
    "' is wrong\"}",
    "{\"client_secret\":\"" WORD "\"," ECHO,
    "{\"client\\u005fsecret\":\"" WORD "\"," ECHO,
    "{\"values\":[{\"key\":\"client_secret\",\"value\":\"" WORD "\"}]," ECHO,
    "HTTP/1.1 401 Unauthorized\nSet-Cookie: sid=" WORD "; Path=/\n\n{" ECHO,
    "curl -b 'theme=dark; sid=" WORD "' " API "\n{" ECHO,
    "curl -H 'X-Api-Key: " WORD "' " API "\n{" ECHO,
    "curl -H 'X-Auth-Token: Bearer " WORD "' " API "\n{" ECHO,
    "curl -d client_secret='a*" WORD "' " API "\n{\"error\":\"invalid_client\","
    "\"error_description\":\"a*" WORD "\"}",
    "2026-01-01 ERROR {\"password\":\"" WORD "\",\"msg\":\"401\"," ECHO,
    "<login><password>" WORD "</password></login><error><errorno>XL03000006</errorno>"
    "<description2>Sign-in information is incorrect: " WORD "</description2></error>",
    HAR_WITH("\"cookies\":[{\"name\":\"a\",\"value\":\"" WORD "\"}]", WORD),
    HAR_WITH("\"headers\":[{\"name\":\"Cookie\",\"value\":\"a=" WORD "\"}]", WORD),
    "{\"log\":{\"entries\":[{\"request\":{\"method\":\"" WORD "\",\"url\":\"" API
    "\"},\"response\":{\"status\":401}}]}}",
    /* a claim: {"alg":"HS256"} . {"iss":"x","password":"zetaomegazeta","pin":12345678} */
    "eyJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJ4IiwicGFzc3dvcmQiOiJ6ZXRhb21lZ2F6ZXRhIiwicGluIjo5OTg4Nzc2Nn0."
    "c2lnbmF0dXJl",
};

/* Before and behind the address; %s is the option with its argument. */
static const char *const options[] = {
    "-U u:" WORD,
    "-Uu:" WORD,
    "--proxy-user u:" WORD,
    "--oauth2-bearer " WORD,
    "-E file.pem:" WORD,
    "--cert file:" WORD,
    "--proxy-cert file:" WORD,
    "--pass " WORD,
    "--proxy-pass " WORD,
    "--tlspassword " WORD,
    "--proxy-tlspassword " WORD,
    "--preproxy socks5://u:" WORD "@h",
    "-x http://u:" WORD "@h",
    "--proxy1.0 u:" WORD "@h",
    "--socks5-basic --socks5-hostname u:" WORD "@h",
    "-b sid=" WORD,
    "--cookie sid=" WORD,
    "-u a:" WORD,
    "-ua:" WORD,
    "-sSLu a:" WORD,
    "--user=a:" WORD,
    "--variable x=" WORD,
    "--expand-user a:" WORD,
    "-F a=" WORD,
    "--form-string a=" WORD,
    "--url-query a=" WORD,
    "--login-options AUTH=" WORD,
    "--ftp-account " WORD,
    "-d client_secret=" WORD,
    "-H 'X: " WORD "'",
    "-H 'Authorization: Bearer " WORD "'",
    "--engine " WORD,
    "--mail-auth " WORD,
    "--service-name " WORD,
    "--sasl-authzid " WORD,
    "-e " WORD,
    "--option-of-a-newer-curl " WORD,
    "--option-of-a-newer-curl file/a." WORD,
};

static void lacks(const char *what, const char *input, struct im_str text)
{
    static const char *const hidden[] = {WORD, SECRET, "99887766"};

    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (im_str_find_nocase(text, hidden[i]) < text.len)
            fail_msg("%s of\n%s\nshows it: %.*s", what, input, IM_ARG(text));
}

static void check_input(const char *input)
{
    struct im_error err = {.text = ""};
    struct im_buf removed;
    struct asked asked;

    ask(&asked, im_str(input));
    im_buf_init(&removed, &asked.arena, 0);
    lacks("the text", input, asked.text);
    lacks("the JSON", input, asked.json);
    lacks("the scenario", input,
          im_explanation_scenario(asked.explanation, IM_STR("mine"), &removed, &err));
    lacks("what was taken out", input, im_buf_str(&removed));
    asked_end(&asked);
}

static void no_secret_of_the_input_is_shown(void **state)
{
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        check_input(inputs[i]);
}

static void no_argument_of_curl_is_taken_for_the_address(void **state)
{
    char input[400];

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        snprintf(input, sizeof input, "curl %s " API ANSWER, options[i]);
        check_input(input);
        snprintf(input, sizeof input, "curl " API " %s" ANSWER, options[i]);
        check_input(input);
    }
}

static void the_address_is_shown_all_the_same(void **state)
{
    static const char *const words[] = {
        API,          "--oauth2-bearer x " API,          "--location " API,
        "-sSLG " API, "--option-of-a-newer-curl x " API, "-d a=b --compressed " API};
    char input[400];
    struct asked asked;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        snprintf(input, sizeof input, "curl %s" ANSWER, words[i]);
        ask(&asked, im_str(input));
        if (im_str_find_nocase(asked.json, API) == asked.json.len)
            fail_msg("%s\n%.*s", input, IM_ARG(asked.json));
        asked_end(&asked);
    }
}

static void what_a_query_asks_for_is_shown(void **state)
{
    struct asked asked;

    ask(&asked,
        IM_STR("> GET /ia/api/v1/objects/accounts-payable/vendor?fields=id,name&t="
               "x HTTP/1.1\n< HTTP/1.1 401 Unauthorized\n"));
    assert_true(im_str_find_nocase(asked.json, "?fields=id,name&t=hmac:") <
                asked.json.len);
    asked_end(&asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_secret_of_the_input_is_shown),
        cmocka_unit_test(no_argument_of_curl_is_taken_for_the_address),
        cmocka_unit_test(the_address_is_shown_all_the_same),
        cmocka_unit_test(what_a_query_asks_for_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
