/* connection.c over real sockets: more connections than threads, than descriptors, than are let in. */
#include <sys/resource.h>

#include "listening.h"

static void nobody_starves_when_connections_outnumber_threads(void **state)
{
    serves_more_connections_than_threads(*state);
}

/* All but one of the threads, more than there are at first; and again when they may rest. */
static void where_workers_are_held_up_others_go_on(void **state)
{
    struct fixture *f = *state;
    enum { HELD = 7, ROUNDS = 4 };
    int fds[HELD];

    for (int round = 1; round <= ROUNDS; round++) {
        release(f, false);
        for (int i = 0; i < HELD; i++) {
            fds[i] = connected(f);
            says(fds[i], "GET /hold HTTP/1.1\r\n" HOST BYE "\r\n");
        }
        held(f, round * HELD);
        asks(f, "GET /quick HTTP/1.1\r\n" HOST BYE "\r\n");
        answered(f, "GET /quick ");
        release(f, true);
        for (int i = 0; i < HELD; i++) {
            hears_to_the_end(f, fds[i]);
            answered(f, "[sound] \nGET /hold ");
        }
    }
}

/* They say nothing, or not enough; others do not notice. */
static void silent_connections_cost_no_thread(void **state)
{
    struct fixture *f = *state;
    int fds[300];

    for (int i = 0; i < 300; i++) {
        fds[i] = connected(f);
        if (i % 3 == 1)
            says(fds[i], "GET / HT");
        if (i % 3 == 2)
            says(fds[i], "POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc");
    }
    int64_t began = im_clock_monotonic_ms();
    asks(f, "GET /quick HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "GET /quick ");
    assert_in_range(im_clock_monotonic_ms() - began, 0, AT_ONCE_MS);
    for (int i = 0; i < 300; i++)
        close(fds[i]);
}

static void slow_readers_cost_no_thread(void **state)
{
    struct fixture *f = *state;
    int fds[30];

    for (int i = 0; i < 30; i++) {
        fds[i] = connected(f);
        says(fds[i], "GET /large HTTP/1.1\r\n" HOST BYE "\r\n");
    }
    asks(f, "GET /quick HTTP/1.1\r\n" HOST BYE "\r\n");
    answered(f, "GET /quick ");
    for (int i = 0; i < 30; i++) {
        hears_to_the_end(f, fds[i]);
        assert_true(f->len > 3 * 1024 * 1024);
    }
}

struct log_pipe {
    struct im_log_sink sink;
    struct im_log log;
    int read_end;
};

static void logs(struct log_pipe *log)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    im_log_open(&log->sink, ends[1]);
    close(ends[1]);
    log->log = (struct im_log){.enabled = true, .level = IM_LOG_WARN, .sink = &log->sink};
    log->read_end = ends[0];
}

/* All that stands in the log now. */
static size_t count_in_log(const struct log_pipe *log, const char *what)
{
    char text[8192] = "";
    struct pollfd ready = {.fd = log->read_end, .events = POLLIN};
    size_t n = 0;

    if (poll(&ready, 1, 0) == 1)
        assert_true(read(log->read_end, text, sizeof(text) - 1) > 0);
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void without_descriptors_connections_wait(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    struct log_pipe log;
    struct rlimit before, low;
    int fds[3];

    logs(&log);
    options.log = &log.log;
    listens(f, &options);
    for (int i = 0; i < 3; i++)
        fds[i] = served(f);
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    int late = socket(AF_INET, SOCK_STREAM, 0); /* takes the last number */
    low.rlim_cur = (rlim_t)late + 1;
    setrlimit(RLIMIT_NOFILE, &low);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)f->port)};
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    assert_int_equal(connect(late, (struct sockaddr *)&to, sizeof(to)), 0);
    says(late, "GET /late HTTP/1.1\r\n" HOST BYE "\r\n");
    struct pollfd answer_there = {.fd = late, .events = POLLIN};
    assert_int_equal(poll(&answer_there, 1, 700), 0); /* several pauses long */
    setrlimit(RLIMIT_NOFILE, &before);
    hears_to_the_end(f, late);
    answered(f, "GET /late ");
    assert_int_equal(count_in_log(&log, "no connection can be accepted"), 1);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    stops(f, 1000);
    close(log.read_end);
    im_log_close(&log.sink);
}

static void beyond_its_bound_a_connection_is_told_so(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    int fds[2];

    options.connections = 2;
    listens(f, &options);
    for (int i = 0; i < 2; i++)
        fds[i] = served(f);
    asks(f, "GET /third HTTP/1.1\r\n" HOST "\r\n");
    answered(
        f, "[over capacity] 2 connections are open, and no more are let in\nGET /third");
    answered(f, "Connection: close");
    close(fds[0]);
    says(fds[1], "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
    hears_to_the_end(f, fds[1]);
    answered(f, "[sound]"); /* who was let in stays */
    stops(f, 1000);
}

static const struct CMUnitTest tests[] = {
    TEST(nobody_starves_when_connections_outnumber_threads),
    TEST(where_workers_are_held_up_others_go_on),
    TEST(silent_connections_cost_no_thread),
    TEST(slow_readers_cost_no_thread),
    BARE(without_descriptors_connections_wait),
    BARE(beyond_its_bound_a_connection_is_told_so),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
