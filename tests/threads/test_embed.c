/* The library inside a program with threads: servers are started, used and stopped by several
 * threads at once, and stopped while requests are on their way over sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "intacct_mock.h"
#include "server_inside.h"

enum { STARTERS = 6, ROUNDS = 5, CLIENTS = 6 };

#define FORM                                                                             \
    "grant_type=client_credentials&client_id=demo&client_secret=demo-secret&"            \
    "username=ws_user@acme"

/* ---- a client over a socket ---- */

static size_t swallow(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

/* The status, or 0 when no whole answer came. */
static long post_form(const char *base, const char *path)
{
    CURL *curl = curl_easy_init();
    char url[512];
    long status = 0;

    snprintf(url, sizeof(url), "%s%s", base, path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, FORM);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return status;
}

/* ---- many servers ---- */

static void *live_through_it(void *context)
{
    struct im_options options = {.threads = 4, .journal = 10};
    atomic_int *wrong = context;
    char error[IM_ERROR_MAX] = "";

    for (int round = 0; round < ROUNDS; round++) {
        struct im_server *mock = im_start(&options, error, sizeof(error));
        if (!mock) {
            print_message("%s\n", error);
            atomic_fetch_add(wrong, 1);
            return NULL;
        }
        if (post_form(im_http_url(mock), "/ia/api/v1/oauth2/token") != 200)
            atomic_fetch_add(wrong, 1);
        if (im_expire(mock, NULL, NULL, NULL, 0) != 2)
            atomic_fetch_add(wrong, 1);
        im_stop(mock);
    }
    return NULL;
}

static void servers_are_started_and_stopped_by_several_threads(void **state)
{
    pthread_t threads[STARTERS];
    atomic_int wrong = 0;

    for (int i = 0; i < STARTERS; i++)
        pthread_create(&threads[i], NULL, live_through_it, &wrong);
    for (int i = 0; i < STARTERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
}

static void *stop_it(void *context)
{
    im_stop(context);
    return NULL;
}

static void another_thread_than_the_one_that_started_it_may_stop_a_server(void **state)
{
    struct im_server *mock = im_start(NULL, NULL, 0);
    pthread_t thread;

    assert_non_null(mock);
    pthread_create(&thread, NULL, stop_it, mock);
    pthread_join(thread, NULL);
}

/* ---- when an answer was delivered ---- */

/* On one connection the second answer is begun only after the first has gone. */
static void an_answer_is_delivered_after_it_ended_and_before_the_next_begins(void **state)
{
    struct im_server *mock = im_start(NULL, NULL, 0);
    struct im_arena arena = {.limit = 0};
    CURL *curl = curl_easy_init();
    char url[512];

    assert_non_null(mock);
    snprintf(url, sizeof(url), "%s/.well-known/jwks.json", im_http_url(mock));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);
    struct im_journal *journal = mock->sandboxes.standard->journal;
    const struct im_exchange *first = im_journal_get(journal, &arena, 1);
    const struct im_exchange *second = im_journal_get(journal, &arena, 2);
    assert_int_equal(first->connection, second->connection);
    assert_true(first->delivered_us >= first->ended_us);
    assert_true(first->delivered_us <= second->began_us);
    curl_easy_cleanup(curl);
    im_arena_release(&arena);
    im_stop(mock);
}

/* ---- one server, many verbs ---- */

struct crowd {
    struct im_server *mock;
    atomic_int wrong;
};

static void *use_every_verb(void *context)
{
    struct crowd *crowd = context;
    struct im_server *mock = crowd->mock;
    char error[IM_ERROR_MAX] = "";
    int bad = 0;

    for (int i = 0; i < 20; i++) {
        char *minted = im_mint(mock, "happy-path.crowd", NULL, error, sizeof(error));
        char *journal = im_journal(mock, NULL, NULL, error, sizeof(error));
        char *verdict = im_verdict(mock, "happy-path.crowd", NULL, error, sizeof(error));
        bad += !minted || !journal || !verdict;
        bad += im_advance_clock(mock, "happy-path.crowd", 1000, NULL, 0) != 0;
        bad += im_expire(mock, "happy-path.crowd", NULL, NULL, 0) < 0;
        bad += im_use_scenario(mock, NULL, i % 2 ? "happy-path" : "refresh-race", NULL,
                               0) != 0;
        bad += im_reset(mock, i % 3 ? NULL : "happy-path.crowd", NULL, 0) != 0;
        im_free(minted);
        im_free(journal);
        im_free(verdict);
    }
    if (bad)
        print_message("%s\n", error);
    atomic_fetch_add(&crowd->wrong, bad);
    return NULL;
}

static void every_verb_may_be_used_by_several_threads(void **state)
{
    struct im_options options = {.threads = 8};
    struct crowd crowd = {.mock = im_start(&options, NULL, 0)};
    pthread_t threads[CLIENTS];

    assert_non_null(crowd.mock);
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, use_every_verb, &crowd);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    im_stop(crowd.mock);
    assert_int_equal(crowd.wrong, 0);
}

/* ---- stopping in the midst of it ---- */

struct flight {
    char base[256];
    atomic_int answered, cut, watching;
};

static void *ask_once(void *context)
{
    struct flight *flight = context;

    if (post_form(flight->base, "/ia/api/v1/oauth2/token") != 0)
        atomic_fetch_add(&flight->answered, 1);
    else
        atomic_fetch_add(&flight->cut, 1);
    return NULL;
}

static void *ask_on_and_on(void *context)
{
    struct flight *flight = context;

    while (post_form(flight->base, "/ia/api/v1/oauth2/token") != 0)
        atomic_fetch_add(&flight->answered, 1);
    atomic_fetch_add(&flight->cut, 1);
    return NULL;
}

static size_t note_first_line(char *line, size_t size, size_t count, void *context)
{
    struct flight *flight = context;

    if (size * count > 12 && memcmp(line + 8, " 200", 4) == 0)
        atomic_store(&flight->watching, 1);
    return size * count;
}

/* The stream of events, until it ends. */
static void *watch_events(void *context)
{
    struct flight *flight = context;
    CURL *curl = curl_easy_init();
    char url[512];

    snprintf(url, sizeof(url), "%s/__mock/sandboxes/default/events", flight->base);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, note_first_line);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, flight);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return NULL;
}

/* Until all of them wait in the sandbox's barrier. */
static void wait_for_held(struct im_server *mock, int count)
{
    struct im_message message = {.method = "GET", .target = "/__mock/sandboxes/default"};
    char wanted[32];
    bool there = false;

    snprintf(wanted, sizeof(wanted), "\"held\":%d", count);
    while (!there) {
        struct im_reply reply;
        assert_int_equal(im_handle(mock, &message, &reply), 0);
        there = strstr(reply.body, wanted) != NULL;
        im_reply_release(&reply);
        sched_yield();
    }
}

static void wait_for_answers(struct flight *flight)
{
    while (atomic_load(&flight->answered) < CLIENTS)
        sched_yield();
}

/* In far less than what anybody was told to wait. */
static void stop_soon(struct im_server *mock)
{
    int64_t began_ms = im_clock_monotonic_ms();

    im_stop(mock);
    assert_true(im_clock_monotonic_ms() - began_ms < 20000);
}

/* Clients ask by `how` until the mock is gone; it goes once `held` of them wait, or all have been
 * answered. No client hangs. */
static void stop_in_flight(const char *scenario, void *(*how)(void *), bool held)
{
    struct im_options options = {.threads = 32};
    struct im_server *mock = im_start(&options, NULL, 0);
    struct flight flight = {.answered = 0};
    pthread_t threads[CLIENTS];
    char error[IM_ERROR_MAX] = "";

    assert_non_null(mock);
    if (im_use_scenario(mock, NULL, scenario, error, sizeof(error)) != 0)
        fail_msg("%s", error);
    snprintf(flight.base, sizeof(flight.base), "%s", im_http_url(mock));
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&threads[i], NULL, how, &flight);
    if (held)
        wait_for_held(mock, CLIENTS);
    else
        wait_for_answers(&flight);
    stop_soon(mock);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    if (held)
        assert_int_equal(flight.answered + flight.cut, CLIENTS);
    else
        assert_int_equal(flight.cut, CLIENTS);
}

#define RULE(wire)                                                                       \
    "{\"name\": \"waits\", \"rules\": [{\"when\": {\"endpoint\": \"token\"}, "           \
    "\"then\": {\"wire\": " wire "}}]}"

static void requests_that_are_held_do_not_hold_a_stop(void **state)
{
    stop_in_flight(RULE("{\"hold\": {\"until\": 100, \"for\": \"60s\"}}"), ask_once,
                   true);
}

static void requests_that_are_delayed_do_not_hold_a_stop(void **state)
{
    stop_in_flight(RULE("{\"delay\": \"60s\"}"), ask_once, true);
}

static void requests_in_flight_do_not_hold_a_stop(void **state)
{
    stop_in_flight("happy-path", ask_on_and_on, false);
}

static void answers_that_never_end_do_not_hold_a_stop(void **state)
{
    struct im_options options = {.threads = 8};
    struct im_server *mock = im_start(&options, NULL, 0);
    struct flight flight = {.answered = 0};
    pthread_t stalled, watching;

    assert_non_null(mock);
    assert_int_equal(im_use_scenario(mock, NULL, RULE("\"stall\""), NULL, 0), 0);
    snprintf(flight.base, sizeof(flight.base), "%s", im_http_url(mock));
    pthread_create(&stalled, NULL, ask_once, &flight);
    pthread_create(&watching, NULL, watch_events, &flight);
    im_free(im_journal(mock, NULL, "endpoint=token&count=1&wait=60s", NULL, 0));
    while (!atomic_load(&flight.watching))
        sched_yield();
    stop_soon(mock);
    pthread_join(stalled, NULL);
    pthread_join(watching, NULL);
    assert_int_equal(flight.answered, 0);
}

/* ---- a port that is taken ---- */

static void a_port_that_is_taken_is_named(void **state)
{
    struct im_options options = {.threads = 2};
    struct im_server *first = im_start(&options, NULL, 0);
    char error[IM_ERROR_MAX] = "", wanted[32];

    assert_non_null(first);
    options.port = atoi(strrchr(im_http_url(first), ':') + 1);
    snprintf(wanted, sizeof(wanted), "%d", options.port);
    assert_null(im_start(&options, error, sizeof(error)));
    assert_non_null(strstr(error, wanted));
    assert_non_null(strstr(error, "in use"));
    assert_null(strchr(error, '\n'));
    assert_int_equal(post_form(im_http_url(first), "/ia/api/v1/oauth2/token"), 200);
    im_stop(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_started_and_stopped_by_several_threads),
        cmocka_unit_test(another_thread_than_the_one_that_started_it_may_stop_a_server),
        cmocka_unit_test(
            an_answer_is_delivered_after_it_ended_and_before_the_next_begins),
        cmocka_unit_test(every_verb_may_be_used_by_several_threads),
        cmocka_unit_test(requests_that_are_held_do_not_hold_a_stop),
        cmocka_unit_test(requests_that_are_delayed_do_not_hold_a_stop),
        cmocka_unit_test(requests_in_flight_do_not_hold_a_stop),
        cmocka_unit_test(answers_that_never_end_do_not_hold_a_stop),
        cmocka_unit_test(a_port_that_is_taken_is_named),
    };

    curl_global_init(CURL_GLOBAL_ALL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
