/* explain/ of the logs that HTTP libraries and servers write, each in its own notation. */
#include "unit/explain/asked.h"

#define TOKEN   "/ia/api/v1/oauth2/token"
#define VENDOR  "/ia/api/v1/objects/accounts-payable/vendor"
#define INTACCT "https://api.intacct.com"

static void says(const char *input, const char *text)
{
    struct asked asked;

    ask(&asked, im_str(input));
    /* the text is wrapped, the JSON is not */
    if (!strstr(asked.text.at, text) && !strstr(asked.json.at, text))
        fail_msg("%s: it does not say \"%s\":\n%s", input, text, asked.text.at);
    asked_end(&asked);
}

static void is_not_known(const char *input)
{
    says(input, "Recognised: nothing that is known here");
}

/* One exchange: what was asked and what was answered. */
static const struct {
    const char *input, *asked, *answered;
} notations[] = {
    /* urllib3, which requests writes through */
    {"DEBUG:urllib3.connectionpool:Starting new HTTPS connection (1): "
     "api.intacct.com:443\n"
     "DEBUG:urllib3.connectionpool:https://api.intacct.com:443 \"POST " TOKEN
     " HTTP/1.1\" 401 26\n",
     "asked: POST https://api.intacct.com:443" TOKEN "\n", "answered: 401\n"},
    /* servers' access logs */
    {"10.0.0.7 - - [28/Nov/2026:14:00:15 +0000] \"GET " VENDOR "?a=b HTTP/1.1\" 401 - "
     "\"https://app.example.com/x\" \"python-requests/2.32\"\n",
     "asked: GET " VENDOR "?a=", "answered: 401\n"},
    {"INFO:     127.0.0.1:52001 - \"POST " TOKEN " HTTP/1.1\" 401 Unauthorized\n",
     "asked: POST " TOKEN "\n", "answered: 401\n"},
    /* OkHttp */
    {"--> POST " INTACCT TOKEN "\nContent-Type: application/x-www-form-urlencoded\n"
     "Content-Length: 401\n\ngrant_type=refresh_token&client_id=a\n"
     "--> END POST (200-byte body)\n<-- 401 " INTACCT TOKEN " (123ms)\n"
     "content-type: application/json\n\n{\"error\":\"invalid_client\"}\n"
     "<-- END HTTP (403-byte body)\n",
     "asked: POST " INTACCT TOKEN, "answered: 401 invalid_client\n"},
    /* .NET */
    {"info: System.Net.Http.HttpClient.Default.LogicalHandler[100]\n"
     "      Start processing HTTP request POST " INTACCT TOKEN "\n"
     "info: System.Net.Http.HttpClient.Default.ClientHandler[100]\n"
     "      Sending HTTP request POST " INTACCT TOKEN "\n"
     "info: System.Net.Http.HttpClient.Default.ClientHandler[101]\n"
     "      Received HTTP response headers after 12.3ms - 401\n"
     "info: System.Net.Http.HttpClient.Default.LogicalHandler[101]\n"
     "      End processing HTTP request after 15.1ms - 401\n",
     "asked: POST " INTACCT TOKEN "\n", "answered: 401\n"},
    /* Faraday */
    {"I, [2026-11-28T14:00:15.123456 #1]  INFO -- request: POST " INTACCT TOKEN "\n"
     "I, [2026-11-28T14:00:15.123456 #1]  INFO -- request: User-Agent: \"Faraday v2.7\"\n"
     "I, [2026-11-28T14:00:15.323456 #1]  INFO -- response: Status 401\n",
     "asked: POST " INTACCT TOKEN "\n", "answered: 401\n"},
    /* Go's httputil, plain behind the time of the log, and quoted */
    {"2026/11/28 14:00:15 POST " TOKEN " HTTP/1.1\nHost: api.intacct.com\n"
     "User-Agent: Go-http-client/1.1\nContent-Length: 24\n\ngrant_type=refresh_token\n"
     "2026/11/28 14:00:15 HTTP/2.0 401 Unauthorized\nContent-Length: 26\n\n"
     "{\"error\":\"invalid_client\"}\n",
     "asked: POST api.intacct.com" TOKEN, "answered: 401 invalid_client\n"},
    {"2026/11/28 14:00:15 \"POST " TOKEN " HTTP/1.1\\r\\nHost: api.intacct.com\\r\\n"
     "User-Agent: Go-http-client/1.1\\r\\n\\r\\n\"\n"
     "2026/11/28 14:00:15 \"HTTP/1.1 401 Unauthorized\\r\\nContent-Length: 26\\r\\n\"\n",
     "asked: POST api.intacct.com" TOKEN "\n", "answered: 401\n"},
    /* a line for the call, and one for its answer */
    {"14:00:15 POST " INTACCT TOKEN "\n14:00:15 POST " INTACCT TOKEN " -> 401\n",
     "asked: POST " INTACCT TOKEN "\n", "answered: 401\n"},
};

static void each_library_is_read_in_its_own_notation(void **state)
{
    for (size_t i = 0; i < sizeof notations / sizeof *notations; i++) {
        says(notations[i].input, notations[i].asked);
        says(notations[i].input, notations[i].answered);
        says(notations[i].input, "Recognised: a log\n"); /* of one exchange */
    }
}

static void a_log_in_which_all_goes_well_is_one(void **state)
{
    says("DEBUG:urllib3.connectionpool:https://api.intacct.com:443 \"POST " TOKEN
         " HTTP/1.1\" 200 1021\n"
         "DEBUG:urllib3.connectionpool:https://api.intacct.com:443 \"GET " VENDOR
         " HTTP/1.1\" 200 4420\n",
         "a log of 2 exchanges, 0 of them refused");
    says("DEBUG:urllib3.connectionpool:https://api.intacct.com:443 \"POST " TOKEN
         " HTTP/1.1\" 200 1021\n"
         "DEBUG:urllib3.connectionpool:https://api.intacct.com:443 \"GET " VENDOR
         " HTTP/1.1\" 401 110\n",
         "a log of 2 exchanges, 1 of them refused\n");
}

static void an_application_s_own_pages_are_no_calls_of_intacct(void **state)
{
    is_not_known("10.0.0.7 - - [28/Nov/2026:14:00:15 +0000] \"GET /login HTTP/1.1\" 401 "
                 "-\n");
    says("10.0.0.7 - - [28/Nov/2026:14:00:15 +0000] \"GET /login HTTP/1.1\" 500 -\n"
         "POST " INTACCT TOKEN " -> 200\n",
         "1 that has nothing to do with Intacct left out");
}

#define RETRY                                                                            \
    "10:00:01 WARNING urllib3.connectionpool Retrying (Retry(total=2)) after "           \
    "connection broken by 'ReadTimeoutError(\"HTTPSConnectionPool(host='"                \
    "api.intacct.com', port=443): Read timed out. (read timeout=10)\")': " VENDOR "\n"
#define THEN(status)                                                                     \
    "10:00:13 DEBUG urllib3.connectionpool https://api.intacct.com:443 \"GET " VENDOR    \
    " HTTP/1.1\" " status " 4420\n10:00:13 INFO done\n"

static void a_call_that_went_well_on_the_second_try_is_said_to_have(void **state)
{
    struct asked asked;

    says(RETRY THEN("200"), "explained is no. 1, the first wrong one; the client got "
                            "over it");
    says(RETRY THEN("200"), "The client got over it");
    ask(&asked, IM_STR(RETRY THEN("200")));
    assert_null(strstr(asked.text.at, "No answer of Intacct reached the program"));
    asked_end(&asked);
    says(RETRY THEN("401"), "explained is no. 2");
    says(RETRY, "No answer of Intacct reached the program");
}

#define WELL "POST " INTACCT TOKEN " -> 200\nGET " INTACCT VENDOR " -> 200\n"

/* Names, memos, notices, counters. */
static const char *const passing[] = {
    "INFO vendor 'Connection Refused Records Ltd' updated\n",
    "vendor 'Connection Refused Records Ltd' updated\n",
    "ERROR vendor 'Connection Refused Records Ltd' has no address\n",
    "INFO certificate has expired notice mailed to vendor V-100\n",
    "INFO invoice memo: \"connection timed out, see ticket 4711\"\n",
    "invoice memo: \"connection timed out, see ticket 4711\"\n",
    "INFO request timed out 0 times\n",
    "INFO invalid_grant count=0\n",
    "invalid_grant count=0\n",
    "metrics: invalid_grant=3 invalid_client=0\n",
    "{\"level\":\"info\",\"msg\":\"imported the memo 'no route to host'\"}\n",
    "DEBUG the codes that are renewed on: GW-0040, REST-1206\n",
    "[info] retry policy knows invalid_grant and invalid_client\n",
    "customer 'Socket Hang Up Ltd' has 3 invoices\n",
};

static void words_in_passing_are_no_call(void **state)
{
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        char input[600];
        snprintf(input, sizeof input, WELL "%s", passing[i]);
        says(input, "a log of 2 exchanges, 0 of them refused");
        says(input, "nothing of it looks wrong");
        /* before the calls as well as behind them */
        snprintf(input, sizeof input, "%s" WELL, passing[i]);
        says(input, "a log of 2 exchanges, 0 of them refused\n");
    }
}

static void an_error_without_an_address_is_one_beside_calls_that_have_them(void **state)
{
    static const char *const errors[][2] = {
        {"ERROR connection refused\n", "connection-refused"},
        {"ERROR sync failed: connection refused\n", "connection-refused"},
        {"java.net.ConnectException: Connection refused (Connection refused)\n",
         "connection-refused"},
        {"OSError: [Errno 113] No route to host\n", "host-unreachable"},
        {"Error: socket hang up\n", "connection-closed"},
        {"2026-11-28 02:00:03 ERROR c.a.Sync - Read timed out\n", "timeout-reading"},
        {"curl: (7) Failed to connect\n", "connection-refused"},
    };

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        char input[600];
        snprintf(input, sizeof input, WELL "%s", errors[i][0]);
        says(input, errors[i][1]);
        says(errors[i][0], errors[i][1]);
    }
    says(WELL "ERROR refresh failed: invalid_grant\n", "3 exchanges, 1 of them refused");
    says("Connection refused\n", "connection-refused");
    says("GET " INTACCT VENDOR " -> 401\nDEBUG GW-0040 Expired token\n",
         "answered: 401 GW-0040");
}

#define LOST_REFRESH(grant)                                                              \
    "2026-11-28 14:00:15 ERROR POST " INTACCT TOKEN grant                                \
    " failed: Read timed out. (read timeout=10)\n"
#define REFUSED(grant)                                                                   \
    "2026-11-28 14:00:27 ERROR POST " INTACCT TOKEN grant                                \
    " -> 401 {\"error\":\"invalid_grant\"}\n"

static void a_refresh_whose_answer_was_lost_explains_the_next(void **state)
{
    static const char *const first[] = {
        LOST_REFRESH(" grant_type=refresh_token") REFUSED(" grant_type=refresh_token"),
        LOST_REFRESH("") REFUSED(""),
        "2026-11-28 14:00:15 ERROR POST " INTACCT TOKEN
        " grant_type=refresh_token failed: read "
        "ECONNRESET\n" REFUSED(" grant_type=refresh_token"),
    };
    static const char *const not [] = {
        LOST_REFRESH(" grant_type=refresh_token")
            REFUSED(" grant_type=client_credentials"),
        LOST_REFRESH(" grant_type=refresh_token&client_id=a")
            REFUSED(" grant_type=refresh_token&client_id=b"),
        LOST_REFRESH("") "2026-11-28 14:00:20 POST " INTACCT TOKEN
                         " -> 200\n" REFUSED(""),
    };

    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        assert_int_equal(rank_in(first[i], "refresh-token-reused"), 1);
        says(first[i], "no. 1");
    }
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
        assert_int_not_equal(rank_in(not [i], "refresh-token-reused"), 1);
}

static void it_is_said_why_it_is_this_exchange(void **state)
{
    const char *expired = "2026-11-28 14:00:14 WARN GET " INTACCT VENDOR
                          " -> 401 {\"ia::error\":{\"code\":\"GW-0040\"}}\n";
    char input[900];

    snprintf(input, sizeof input, "%s" LOST_REFRESH("") REFUSED(""), expired);
    says(input, "\"which\": \"the renewal that failed when no. 1 was refused\"");
    says(LOST_REFRESH("") REFUSED(""),
         "explained is no. 2, the first refused one that the client did not get over");
    says(REFUSED(" grant_type=refresh_token"),
         "asked: POST " INTACCT TOKEN " with\n  grant_type=refresh_token");
}

/* What is not told is not made up. */
static void an_error_tells_an_address_as_far_as_it_does(void **state)
{
    static const char *const told[][2] = {
        {"curl: (7) Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect "
         "to "
         "server\n",
         "asked: 127.0.0.1:1\n"},
        {"requests.exceptions.ConnectionError: HTTPConnectionPool(host='127.0.0.1', "
         "port=1): Max retries exceeded with url: /x (Caused by NewConnectionError('x: "
         "Failed to establish a new connection: [Errno 111] Connection refused'))\n",
         "asked: http://127.0.0.1:1/x\n"},
        {"requests.exceptions.ConnectionError: "
         "HTTPSConnectionPool(host='api.intacct.com', "
         "port=443): Max retries exceeded with url: /ia/api/v1/oauth2/token (Caused by "
         "NewConnectionError('x: Failed to establish a new connection: [Errno 111] "
         "Connection refused'))\n",
         "asked: https://api.intacct.com/ia/api/v1/oauth2/token\n"},
        {"Error: connect ECONNREFUSED 127.0.0.1:19999\n", "asked: 127.0.0.1:19999\n"},
        {"Error: getaddrinfo ENOTFOUND api.intacct.con\n", "asked: api.intacct.con\n"},
        {"ConnectTimeoutError: Connect Timeout Error (attempted address: "
         "api.intacct.com:443, timeout: 10000ms)\n",
         "asked: api.intacct.com:443\n"},
    };

    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        says(told[i][0], told[i][1]);
}

static void a_page_that_explains_an_error_is_no_call(void **state)
{
    says("httpx.HTTPStatusError: Client error '401 Unauthorized' for url '" INTACCT VENDOR
         "'\nFor more information check: "
         "https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/401\n",
         "Recognised: a log\n");
    says("InsecureRequestWarning: Unverified HTTPS request is being made to host "
         "'api.intacct.com'. See: "
         "https://urllib3.readthedocs.io/en/latest/advanced-usage.html\nGET " INTACCT
             VENDOR " -> 401\n",
         "Recognised: a log\n");
}

static void what_ends_a_call_is_not_said_to_be_made_by_a_refusal(void **state)
{
    struct asked asked;

    ask(&asked, IM_STR("Error: getaddrinfo ENOTFOUND api.intacct.con\n"));
    assert_int_equal(rank_of(&asked, "host-misspelled"), 1);
    assert_null(strstr(asked.text.at, "is refused so"));
    assert_null(strstr(asked.json.at, "\"refuse\""));
    assert_non_null(strstr(asked.text.at, "https://nowhere.invalid"));
    asked_end(&asked);
    says("Error: self-signed certificate in certificate chain\n", "(HTTPS_PROXY)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_library_is_read_in_its_own_notation),
        cmocka_unit_test(a_log_in_which_all_goes_well_is_one),
        cmocka_unit_test(an_application_s_own_pages_are_no_calls_of_intacct),
        cmocka_unit_test(a_call_that_went_well_on_the_second_try_is_said_to_have),
        cmocka_unit_test(words_in_passing_are_no_call),
        cmocka_unit_test(a_refresh_whose_answer_was_lost_explains_the_next),
        cmocka_unit_test(it_is_said_why_it_is_this_exchange),
        cmocka_unit_test(an_error_tells_an_address_as_far_as_it_does),
        cmocka_unit_test(a_page_that_explains_an_error_is_no_call),
        cmocka_unit_test(what_ends_a_call_is_not_said_to_be_made_by_a_refusal),
        cmocka_unit_test(an_error_without_an_address_is_one_beside_calls_that_have_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
