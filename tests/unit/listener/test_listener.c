/* listener.c over real sockets: how listeners start and stop beside each other and inside their host, and what becomes
 * of connections when one stops. */
#include <fcntl.h>
#include <signal.h>

#include "listening.h"

/* ---- stopping ---- */

/* Lets the held go once the listener is seen to stop: it does not accept any more. */
static void *release_when_stopping(void *context)
{
    struct fixture *f = context;

    while (!im_listener_stopping(f->listener))
        sched_yield();
    release(f, true);
    return NULL;
}

static void what_is_in_flight_is_finished(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);
    pthread_t thread;

    says(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    held(f, 1);
    pthread_create(&thread, NULL, release_when_stopping, f);
    im_listener_stop(f->listener, PATIENCE_MS);
    pthread_join(thread, NULL);
    f->listener = NULL;
    hears_to_the_end(f, fd);
    answered(f, "[sound] \nGET /hold ");
    answered(f, "Connection: close\r\n");
    assert_int_equal(connect_to("127.0.0.1", f->port), -1);
}

static void an_idle_listener_stops_at_once(void **state)
{
    struct fixture *f = *state;
    int fds[6];

    for (int i = 0; i < 6; i++)
        fds[i] = served(f);
    int64_t began = im_clock_monotonic_ms();
    stops(f, PATIENCE_MS);
    assert_in_range(im_clock_monotonic_ms() - began, 0, AT_ONCE_MS);
    for (int i = 0; i < 6; i++) {
        f->len = 0;
        assert_int_equal(hears_some(f, fds[i]), 0);
        close(fds[i]);
    }
}

static void stalls_and_streams_end_with_the_listener(void **state)
{
    struct fixture *f = *state;
    int stall = connected(f), quiet = connected(f);

    says(stall, "GET /stall HTTP/1.1\r\n" HOST "\r\n");
    says(quiet, "GET /quiet-stream HTTP/1.1\r\n" HOST "\r\n");
    f->len = 0;
    assert_true(hears_some(f, stall) > 0);
    assert_true(hears_some(f, quiet) > 0);
    int64_t began = im_clock_monotonic_ms();
    stops(f, PATIENCE_MS);
    assert_in_range(im_clock_monotonic_ms() - began, 0, AT_ONCE_MS);
    close(stall);
    close(quiet);
    ended_once(f);
}

static size_t open_descriptors(void)
{
    size_t n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void connections_that_said_nothing_are_closed(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    int busy[2], waiting[5];
    size_t before = open_descriptors();

    options.threads = 2;
    listens(f, &options);
    for (int i = 0; i < 2; i++) {
        busy[i] = connected(f);
        says(busy[i], "GET /stall HTTP/1.1\r\n" HOST "\r\n");
        f->len = 0;
        assert_true(hears_some(f, busy[i]) > 0);
    }
    for (int i = 0; i < 5; i++)
        waiting[i] = connected(f);
    stops(f, 0);
    for (int i = 0; i < 5; i++)
        hears_to_the_end(f, waiting[i]);
    close(busy[0]);
    close(busy[1]);
    assert_int_equal(open_descriptors(), before);
}

/* ---- starting ---- */

static void *start_ask_stop(void *context)
{
    struct fixture *f = new_fixture();
    struct im_listener_options options = options_for(f);
    struct im_error err = {.text = ""};

    for (int i = 0; i < 3; i++) {
        f->listener = im_listener_start(&options, &err);
        if (!f->listener)
            continue;
        f->port = port_in(im_listener_http_url(f->listener));
        int fd = connect_to("127.0.0.1", f->port);
        says(fd, "GET / HTTP/1.1\r\n" HOST BYE "\r\n");
        hears_to_the_end(f, fd);
        if (strstr(f->answer, "[sound]"))
            atomic_fetch_add((atomic_int *)context, 1);
        stops(f, 1000);
    }
    free_fixture(f);
    return NULL;
}

static void listeners_start_and_stop_side_by_side(void **state)
{
    pthread_t threads[4];
    atomic_int fine = 0;

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, start_ask_stop, &fine);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&fine), 12);
}

static void signals_stay_as_the_host_has_them(void **state)
{
    struct fixture *f = *state;
    struct im_listener_options options = options_for(f);
    struct sigaction pipe = {.sa_handler = SIG_DFL};
    sigset_t mask;

    sigaction(SIGPIPE, &pipe, NULL);
    listens(f, &options);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_false(sigismember(&mask, SIGTERM));
    sigaction(SIGPIPE, NULL, &pipe);
    assert_ptr_equal(pipe.sa_handler, SIG_DFL);
}

/* It would end this program. */
static void a_peer_that_does_not_wait_for_its_answer_is_no_broken_pipe(void **state)
{
    struct fixture *f = *state;
    struct sigaction pipe = {.sa_handler = SIG_DFL};

    sigaction(SIGPIPE, &pipe, NULL);
    for (int i = 0; i < 20; i++) {
        int fd = connected(f);
        says(fd,
             "GET /large HTTP/1.1\r\n" HOST "\r\nGET /large HTTP/1.1\r\n" HOST "\r\n");
        close(fd);
    }
    stops(f, PATIENCE_MS);
}

static const struct CMUnitTest tests[] = {
    TEST(what_is_in_flight_is_finished),
    TEST(an_idle_listener_stops_at_once),
    TEST(stalls_and_streams_end_with_the_listener),
    BARE(connections_that_said_nothing_are_closed),
    BARE(listeners_start_and_stop_side_by_side),
    BARE(signals_stay_as_the_host_has_them),
    TEST(a_peer_that_does_not_wait_for_its_answer_is_no_broken_pipe),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
