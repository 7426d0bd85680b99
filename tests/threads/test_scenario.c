/* Rules count exactly, however many ask at once; who is held is let go; and nobody who waits on
 * purpose keeps others from their answer, or the server from stopping. */
#include "threads/crowd.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { REQUESTS = 100000, HELD = 8, LANES = 8 };

/* ---- counting ---- */

struct count {
    struct im_server *mock;
    atomic_int nth, times, every, fine, other;
};

static void *ask_many(void *context)
{
    struct count *count = context;

    for (int i = 0; i < REQUESTS / CROWD; i++)
        switch (status_of(count->mock, "GET", DISCOVERY, NULL, NULL)) {
        case 503: atomic_fetch_add(&count->nth, 1); break;
        case 502: atomic_fetch_add(&count->times, 1); break;
        case 504: atomic_fetch_add(&count->every, 1); break;
        case 200: atomic_fetch_add(&count->fine, 1); break;
        default: atomic_fetch_add(&count->other, 1);
        }
    return NULL;
}

static void of_many_requests_at_once_each_rule_meets_exactly_its_own(void **state)
{
    struct im_options options = {.seed = 1, .journal = 10};
    struct count count = {.mock = im_start(&options, NULL, 0)};
    pthread_t threads[CROWD];

    assert_non_null(count.mock);
    follow(count.mock, "default",
           "{\"when\":{\"nth\":3},\"then\":{\"wire\":{\"status\":503}}},"
           "{\"when\":{\"every\":10},\"then\":{\"wire\":{\"status\":504}}},"
           "{\"then\":{\"wire\":{\"status\":502}},\"times\":7}");
    for (int i = 0; i < CROWD; i++)
        pthread_create(&threads[i], NULL, ask_many, &count);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(count.nth, 1);
    assert_int_equal(count.every, REQUESTS / 10);
    assert_int_equal(count.times, 7);
    assert_int_equal(count.fine, REQUESTS - REQUESTS / 10 - 8);
    assert_int_equal(count.other, 0);
    im_stop(count.mock);
}

/* ---- holding, in process ---- */

struct waiting {
    struct im_server *mock;
    atomic_int fine;
};

static void *be_held(void *context)
{
    struct waiting *waiting = context;

    if (status_of(waiting->mock, "GET", DISCOVERY, NULL, NULL) == 200)
        atomic_fetch_add(&waiting->fine, 1);
    return NULL;
}

static void begin_held(struct waiting *waiting, pthread_t *threads, int from, int to)
{
    for (int i = from; i < to; i++)
        pthread_create(&threads[i], NULL, be_held, waiting);
}

static void all_are_held_until_all_are_there(void **state)
{
    struct waiting waiting = {.mock = im_start(NULL, NULL, 0)};
    pthread_t threads[HELD];

    follow(waiting.mock, "default",
           "{\"then\":{\"wire\":{\"hold\":{\"until\":8,\"for\":\"10m\"}}}}");
    begin_held(&waiting, threads, 0, HELD - 1);
    assert_true(comes_to(waiting.mock, "/__mock/sandboxes/default", "\"held\":7"));
    assert_int_equal(waiting.fine, 0);
    begin_held(&waiting, threads, HELD - 1, HELD);
    for (int i = 0; i < HELD; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(waiting.fine, HELD);
    im_stop(waiting.mock);
}

static void unref_by(const char *method, const char *target)
{
    struct waiting waiting = {.mock = im_start(NULL, NULL, 0)};
    pthread_t threads[HELD];

    follow(waiting.mock, "default", "{\"then\":{\"wire\":{\"hold\":{\"for\":\"10m\"}}}}");
    begin_held(&waiting, threads, 0, HELD);
    assert_true(comes_to(waiting.mock, "/__mock/sandboxes/default", "\"held\":8"));
    assert_int_equal(status_of(waiting.mock, method, target, NULL, NULL), 200);
    for (int i = 0; i < HELD; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(waiting.fine, HELD);
    im_stop(waiting.mock);
}

static void a_release_lets_all_go_who_are_held(void **state)
{
    unref_by("POST", "/__mock/sandboxes/default/release");
}

static void a_reset_lets_all_go_who_are_held(void **state)
{
    unref_by("POST", "/__mock/sandboxes/default/reset");
}

/* ---- waiting, over sockets ---- */

static int connect_to(struct im_server *mock)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_port = htons((uint16_t)atoi(strrchr(im_http_url(mock), ':') + 1));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static int send_get(struct im_server *mock, const char *target)
{
    char text[256];
    int fd = connect_to(mock);
    int len = snprintf(text, sizeof(text),
                       "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                       target);

    assert_int_equal(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
    return fd;
}

/* The status of the answer that is waited for; 0 = none came. */
static int answered(int fd)
{
    char text[16] = "";
    size_t have = 0;
    ssize_t n;

    while (have < 12 && (n = recv(fd, text + have, 12 - have, 0)) > 0)
        have += (size_t)n;
    return have == 12 ? atoi(text + 9) : 0;
}

static int get_status(struct im_server *mock, const char *target)
{
    int fd = send_get(mock, target);
    int status = answered(fd);

    close(fd);
    return status;
}

static void delayed_requests_need_no_threads(void **state)
{
    struct im_options options = {.threads = LANES};
    struct im_server *mock = im_start(&options, NULL, 0);
    int delayed[2 * LANES];
    char held[32];

    snprintf(held, sizeof(held), "\"held\":%d", 2 * LANES);
    follow(mock, "happy-path.slow", "{\"then\":{\"wire\":{\"delay\":\"10m\"}}}");
    for (int i = 0; i < 2 * LANES; i++)
        delayed[i] = send_get(mock, "/s/happy-path.slow" DISCOVERY);
    assert_true(comes_to(mock, "/__mock/sandboxes/happy-path.slow", held));
    for (int i = 0; i < 20; i++)
        assert_int_equal(get_status(mock, "/__mock/health"), 200);
    assert_true(comes_to(mock, "/__mock/sandboxes/happy-path.slow", held));
    status_of(mock, "POST", "/__mock/sandboxes/happy-path.slow/release", NULL, NULL);
    for (int i = 0; i < 2 * LANES; i++) {
        assert_int_equal(answered(delayed[i]), 200);
        close(delayed[i]);
    }
    im_stop(mock);
}

static void stalled_requests_leave_threads_for_others(void **state)
{
    struct im_options options = {.threads = LANES};
    struct im_server *mock = im_start(&options, NULL, 0);
    int stalled[2 * LANES];

    follow(mock, "happy-path.mute", "{\"then\":{\"wire\":\"stall\"}}");
    for (int i = 0; i < 2 * LANES; i++)
        stalled[i] = send_get(mock, "/s/happy-path.mute" DISCOVERY);
    for (int i = 0; i < 2 * LANES; i++)
        assert_int_equal(answered(stalled[i]), 200);
    for (int i = 0; i < 20; i++)
        assert_int_equal(get_status(mock, "/__mock/health"), 200);
    for (int i = 0; i < 2 * LANES; i++)
        close(stalled[i]);
    im_stop(mock);
}

static int64_t stops_with_waiting_clients_in_ms(void)
{
    struct im_server *mock = im_start(NULL, NULL, 0);
    int waiting[12];

    follow(mock, "default", "{\"then\":{\"wire\":{\"hold\":{\"for\":\"10m\"}}}}");
    follow(mock, "happy-path.slow", "{\"then\":{\"wire\":{\"delay\":\"10m\"}}}");
    follow(mock, "happy-path.late",
           "{\"then\":{\"wire\":{\"delay\":\"10m\",\"at\":\"after\"}}}");
    follow(mock, "happy-path.mute", "{\"then\":{\"wire\":\"stall\"}}");
    for (int i = 0; i < 12; i += 4) {
        waiting[i] = send_get(mock, DISCOVERY);
        waiting[i + 1] = send_get(mock, "/s/happy-path.slow" DISCOVERY);
        waiting[i + 2] = send_get(mock, "/s/happy-path.late" DISCOVERY);
        waiting[i + 3] = send_get(mock, "/s/happy-path.mute" DISCOVERY);
        assert_int_equal(answered(waiting[i + 3]), 200);
    }
    assert_true(comes_to(mock, "/__mock/sandboxes/default", "\"held\":3"));
    assert_true(comes_to(mock, "/__mock/sandboxes/happy-path.slow", "\"held\":3"));
    assert_true(comes_to(mock, "/__mock/sandboxes/happy-path.late", "\"held\":3"));
    int64_t began_ms = im_clock_monotonic_ms();
    im_stop(mock);
    int64_t took_ms = im_clock_monotonic_ms() - began_ms;
    for (int i = 0; i < 12; i++)
        close(waiting[i]);
    return took_ms;
}

/* A busy machine makes single stops slow; one that waits for a client makes each slow. */
static void a_server_stops_in_time_whoever_waits(void **state)
{
    int64_t quickest_ms = INT64_MAX;

    for (int tries = 0; tries < 5 && quickest_ms >= 1500; tries++) {
        int64_t took_ms = stops_with_waiting_clients_in_ms();
        quickest_ms = took_ms < quickest_ms ? took_ms : quickest_ms;
    }
    assert_true(quickest_ms < 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_many_requests_at_once_each_rule_meets_exactly_its_own),
        cmocka_unit_test(all_are_held_until_all_are_there),
        cmocka_unit_test(a_release_lets_all_go_who_are_held),
        cmocka_unit_test(a_reset_lets_all_go_who_are_held),
        cmocka_unit_test(delayed_requests_need_no_threads),
        cmocka_unit_test(stalled_requests_leave_threads_for_others),
        cmocka_unit_test(a_server_stops_in_time_whoever_waits),
    };

    return cmocka_run_group_tests_name("scenario", tests, NULL, NULL);
}
