#include "unit/spine.h"

#include "server.h"

#define NO_ANSWER() fail_msg("%s", "no answer")
#include "support/ask.h"

/* ---- starting, asking, stopping ---- */

static struct im_server *start(struct im_options options)
{
    char error[IM_ERROR_MAX];
    struct im_server *server = im_start(&options, error, sizeof(error));

    if (!server)
        fail_msg("%s", error);
    assert_string_equal(error, "");
    return server;
}

static void refused(struct im_options options, const char *says)
{
    char error[IM_ERROR_MAX] = "";
    struct im_server *server = im_start(&options, error, sizeof(error));

    im_stop(server);
    assert_null(server);
    if (!strstr(error, says))
        fail_msg("\"%s\" is not in: %s", says, error);
    assert_null(strchr(error, '\n'));
}

static int port_in(const char *url)
{
    const char *colon = strrchr(url, ':');
    return colon ? atoi(colon + 1) : 0;
}

static void no_options_start_a_server_on_a_free_port(void **state)
{
    struct im_server *server = im_start(NULL, NULL, 0);
    assert_non_null(server);
    assert_memory_equal(im_http_url(server), "http://127.0.0.1:", 17);
    assert_true(port_in(im_http_url(server)) > 0);
    assert_string_equal(im_https_url(server), "");
    assert_string_equal(im_ca_pem(server), "");
    assert_string_equal(im_control_url(server), im_http_url(server));
    im_stop(server);
}

static void stopping_nothing_is_fine(void **state)
{
    im_stop(NULL);
}

static void https_has_an_address_and_a_ca_of_its_own(void **state)
{
    struct im_server *server = start((struct im_options){.https = 1});
    assert_memory_equal(im_https_url(server), "https://", 8);
    assert_int_not_equal(port_in(im_https_url(server)), port_in(im_http_url(server)));
    assert_non_null(strstr(im_ca_pem(server), "BEGIN CERTIFICATE"));
    im_stop(server);
}

static void control_may_be_off_or_elsewhere(void **state)
{
    struct im_server *server = start((struct im_options){.control_port = IM_OFF});
    assert_string_equal(im_control_url(server), "");
    assert_int_equal(status_of(server, "GET", "/__mock/health", NULL, NULL), 404);
    im_stop(server);
}

static void several_servers_share_nothing(void **state)
{
    struct im_server *one = start((struct im_options){.seed = 1});
    struct im_server *two = start((struct im_options){.seed = 1});
    assert_int_not_equal(port_in(im_http_url(one)), port_in(im_http_url(two)));
    struct im_reply reply = ask(one, "POST", BOX "/clock", NULL, "{\"advance\":\"99d\"}");
    assert_int_equal(reply.status, 200);
    im_reply_release(&reply);
    reply = ask(two, "GET", BOX "/clock", NULL, NULL);
    assert_non_null(strstr(reply.body, "\"offset_s\":0,"));
    im_reply_release(&reply);
    im_stop(one);
    assert_int_equal(status_of(two, "GET", "/__mock/health", NULL, NULL), 200);
    im_stop(two);
}

static void a_server_may_be_started_again_and_again(void **state)
{
    for (int i = 0; i < 5; i++)
        im_stop(start((struct im_options){.threads = 2}));
}

static void texts_of_the_options_are_copied(void **state)
{
    char token[] = "t-1", url[] = "http://p.test/";
    struct im_server *server =
        start((struct im_options){.control_token = token, .public_url = url});
    token[0] = url[7] = 'x';
    assert_int_equal(
        status_of(server, "GET", BOX "/clock", "Authorization: Bearer t-1\n", NULL), 200);
    struct im_reply reply =
        ask(server, "GET", "/.well-known/openid-configuration", NULL, NULL);
    assert_non_null(strstr(reply.body, "http://p.test/ia/"));
    im_reply_release(&reply);
    im_stop(server);
}

/* ---- options that cannot be ---- */

static void bad_options_are_refused_with_a_line_that_says_why(void **state)
{
    refused((struct im_options){.log = "xml"}, "\"text\" or \"json\", not \"xml\"");
    refused((struct im_options){.log_level = "loud"}, "not \"loud\"");
    refused((struct im_options){.bind = "nowhere"}, "nowhere");
    refused((struct im_options){.https = 1, .cert_file = "/nowhere.pem"}, "key");
    refused((struct im_options){.https = 1,
                                .cert_file = "/nowhere.pem",
                                .key_file = "/nowhere.key"},
            "/nowhere.pem");
}

static void ports_that_cannot_be_are_refused(void **state)
{
    refused((struct im_options){.port = 70000}, "70000");
    refused((struct im_options){.port = -2}, "-2");
    refused((struct im_options){.https = 1, .https_port = 65536}, "65536");
    refused((struct im_options){.control_port = 65536}, "65536");
    refused((struct im_options){.control_port = -2}, "-2");
    refused((struct im_options){.port = IM_OFF}, "HTTP and HTTPS are off");
}

static void a_taken_port_is_refused(void **state)
{
    struct im_server *server = start((struct im_options){.port = 0});
    char number[16];
    snprintf(number, sizeof(number), "%d", port_in(im_http_url(server)));
    refused((struct im_options){.port = port_in(im_http_url(server))}, number);
    im_stop(server);
}

/* A caller compiled with the header of a later version, which has one member more. */
struct later_options {
    struct im_options known;
    const char *later;
};

static void options_of_another_version_are_taken_as_far_as_they_go(void **state)
{
    struct later_options later = {.known = {.size = sizeof(later), .seed = 7}};
    char error[IM_ERROR_MAX];

    struct im_server *server = im_start(&later.known, error, sizeof(error));
    assert_non_null(server);
    im_stop(server);
    later.later = "set";
    assert_null(im_start(&later.known, error, sizeof(error)));
    assert_non_null(strstr(error, "does not know"));
    later.known.size = sizeof(later.known);
    server = im_start(&later.known, error, sizeof(error));
    assert_non_null(server);
    im_stop(server);
    later.known.size = 0; /* what lies behind the first members is not looked at */
    server = im_start(&later.known, error, sizeof(error));
    assert_non_null(server);
    im_stop(server);
}

static void a_size_that_cannot_be_is_refused(void **state)
{
    refused((struct im_options){.size = 8}, "sizeof(struct im_options)");
    refused((struct im_options){.size = (size_t)-1}, "sizeof(struct im_options)");
}

static void an_error_is_cut_to_the_room_there_is(void **state)
{
    char error[8];
    struct im_options options = {.log = "xml"};
    memset(error, 'x', sizeof(error));
    assert_null(im_start(&options, error, sizeof(error)));
    assert_int_equal(strlen(error), 7);
    assert_null(im_start(&options, NULL, 0));
    assert_null(im_start(&options, error, 0));
}

/* ---- im_handle ---- */

static int open_server(void **state)
{
    *state = im_start(&(struct im_options){.seed = 7, .threads = 2}, NULL, 0);
    return *state ? 0 : -1;
}

static int close_server(void **state)
{
    im_stop(*state);
    return 0;
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, open_server, close_server)

static void a_request_without_a_socket_is_answered(void **state)
{
    struct im_reply reply = ask(*state, "POST", TOKEN, FORM, CONNECT);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.headers, "Content-Type: application/json"));
    assert_non_null(strstr(reply.headers, "\nDate: "));
    assert_non_null(strstr(reply.body, "\"access_token\":\"eyJ"));
    assert_int_equal(reply.body_len, strlen(reply.body));
    im_reply_release(&reply);
    assert_null(reply.body);
    im_reply_release(&reply);
}

static void without_method_or_target_it_is_an_empty_request(void **state)
{
    static const struct im_message nothing[] = {{NULL, NULL, NULL, NULL, 17},
                                                {"GET", NULL, NULL, NULL, 0},
                                                {NULL, "/", NULL, NULL, 0}};
    struct im_reply reply;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(im_handle(*state, &nothing[i], &reply), 0);
        assert_true(reply.status >= 400);
        im_reply_release(&reply);
    }
}

static void a_body_that_is_not_there_has_no_length(void **state)
{
    struct im_message bodiless = {"POST", "/", NULL, NULL, 17};
    struct im_reply reply;
    assert_int_equal(im_handle(*state, &bodiless, &reply), 0);
    assert_int_equal(reply.status, 404);
    im_reply_release(&reply);
}

static void headers_may_end_in_crlf_and_have_blanks(void **state)
{
    struct im_reply reply = ask(
        *state, "POST", TOKEN,
        "content-type :  application/x-www-form-urlencoded \r\n\r\nno colon\r\n:x\r\n",
        CONNECT);
    assert_int_equal(reply.status, 200);
    im_reply_release(&reply);
}

static void what_is_too_much_is_refused(void **state)
{
    char headers[65 * 5 + 1];
    for (int i = 0; i < 65; i++)
        memcpy(headers + i * 5, "A: b\n", 6);
    assert_int_equal(status_of(*state, "GET", VENDORS, headers, NULL), 431);

    size_t len = (size_t)1024 * 1024 + 1;
    char *body = test_calloc(1, len);
    struct im_message large = {"POST", TOKEN, FORM, body, len};
    struct im_reply reply;
    assert_int_equal(im_handle(*state, &large, &reply), 0);
    assert_int_equal(reply.status, 413);
    im_reply_release(&reply);
    test_free(body);
}

static void a_stream_without_a_socket_is_its_headers(void **state)
{
    struct im_reply reply = ask(*state, "GET", BOX "/events?since=0", NULL, NULL);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.headers, "Content-Type: text/event-stream"));
    assert_int_equal(reply.body_len, 0);
    im_reply_release(&reply);
}

static void without_http_links_lead_to_https(void **state)
{
    struct im_server *server = start((struct im_options){.port = IM_OFF, .https = 1});
    struct im_reply reply =
        ask(server, "GET", "/.well-known/openid-configuration", NULL, NULL);
    assert_non_null(strstr(reply.body, im_https_url(server)));
    im_reply_release(&reply);
    assert_string_equal(im_control_url(server), im_https_url(server));
    im_stop(server);
}

static void the_same_seed_and_start_give_the_same_bytes(void **state)
{
    struct im_reply replies[2];
    for (int i = 0; i < 2; i++) {
        struct im_server *server =
            start((struct im_options){.seed = 7, .start_ms = START_MS, .threads = 2});
        replies[i] = ask(server, "POST", BOX "/clock", NULL,
                         "{\"set\":\"2027-01-01T00:00:00Z\",\"freeze\":true}");
        im_reply_release(&replies[i]);
        replies[i] = ask(server, "POST", TOKEN, FORM "Host: h\n", CONNECT);
        im_stop(server);
    }
    assert_string_equal(replies[0].body, replies[1].body);
    im_reply_release(&replies[0]);
    im_reply_release(&replies[1]);
}

static void the_ready_document_says_how_to_begin(void **state)
{
    struct im_arena arena;
    struct im_json_error why;
    im_arena_init(&arena, 0);
    struct im_str text = im_server_ready_document(*state, &arena);
    const struct im_json *ready = im_json_parse(&arena, text, &why);
    assert_true(im_str_ends(text, "}\n"));
    assert_true(im_str_is(im_json_get_str(ready, "http"), im_http_url(*state)));
    assert_true(im_str_is(im_json_get_str(ready, "client_id"), "demo"));
    assert_true(im_str_is(im_json_get_str(ready, "version"), im_version()));
    im_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_options_start_a_server_on_a_free_port),
        cmocka_unit_test(stopping_nothing_is_fine),
        cmocka_unit_test(https_has_an_address_and_a_ca_of_its_own),
        cmocka_unit_test(control_may_be_off_or_elsewhere),
        cmocka_unit_test(several_servers_share_nothing),
        cmocka_unit_test(a_server_may_be_started_again_and_again),
        cmocka_unit_test(texts_of_the_options_are_copied),
        cmocka_unit_test(bad_options_are_refused_with_a_line_that_says_why),
        cmocka_unit_test(ports_that_cannot_be_are_refused),
        cmocka_unit_test(a_taken_port_is_refused),
        cmocka_unit_test(options_of_another_version_are_taken_as_far_as_they_go),
        cmocka_unit_test(a_size_that_cannot_be_is_refused),
        cmocka_unit_test(an_error_is_cut_to_the_room_there_is),
        SERVED(a_request_without_a_socket_is_answered),
        SERVED(without_method_or_target_it_is_an_empty_request),
        SERVED(a_body_that_is_not_there_has_no_length),
        SERVED(headers_may_end_in_crlf_and_have_blanks),
        SERVED(what_is_too_much_is_refused),
        SERVED(a_stream_without_a_socket_is_its_headers),
        cmocka_unit_test(without_http_links_lead_to_https),
        cmocka_unit_test(the_same_seed_and_start_give_the_same_bytes),
        SERVED(the_ready_document_says_how_to_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
