/* exchange.c over real sockets: requests whose answer waits, for a time or until it is woken. */
#include "listening.h"

static void in_pause(struct fixture *f, int n)
{
    pthread_mutex_lock(&f->lock);
    while (f->paused < n)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static void pauses_last_as_long_as_they_say(void **state)
{
    struct fixture *f = *state;
    int64_t began = im_clock_monotonic_ms();

    asks(f, "GET /pause-short HTTP/1.1\r\n" HOST BYE "\r\n");
    assert_in_range(im_clock_monotonic_ms() - began, 150, AT_ONCE_MS);
    answered(f, "[sound]");
    assert_int_equal(f->resumed, 1);
}

static void a_pause_ends_when_it_is_woken(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /pause HTTP/1.1\r\n" HOST "\r\n");
    in_pause(f, 1);
    f->waker->wake(f->waker);
    hears_one(f, fd);
    answered(f, "Connection: keep-alive");
    close(fd);
}

static void pauses_hold_no_thread(void **state)
{
    struct fixture *f = *state;
    int fds[100];

    for (int i = 0; i < 100; i++) {
        fds[i] = connected(f);
        says(fds[i], "GET /pause-short HTTP/1.1\r\n" HOST "\r\n");
    }
    in_pause(f, 100);
    for (int i = 0; i < 100; i++) {
        hears_one(f, fds[i]);
        close(fds[i]);
    }
    assert_int_equal(f->resumed, 100);
}

static void a_pause_for_nobody_ends(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /pause-here HTTP/1.1\r\n" HOST "\r\n");
    in_pause(f, 1);
    close(fd);
    pthread_mutex_lock(&f->lock);
    while (f->resumed == 0)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static void a_stop_does_not_wait_for_pauses_for_ever(void **state)
{
    struct fixture *f = *state;
    int fd = connected(f);

    says(fd, "GET /pause HTTP/1.1\r\n" HOST "\r\n");
    in_pause(f, 1);
    int64_t began = im_clock_monotonic_ms();
    stops(f, 100);
    assert_in_range(im_clock_monotonic_ms() - began, 100, AT_ONCE_MS);
    hears_to_the_end(f, fd);
    assert_int_equal(f->len, 0);
}

static const struct CMUnitTest tests[] = {
    TEST(pauses_last_as_long_as_they_say),
    TEST(a_pause_ends_when_it_is_woken),
    TEST(pauses_hold_no_thread),
    TEST(a_pause_for_nobody_ends),
    TEST(a_stop_does_not_wait_for_pauses_for_ever),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
