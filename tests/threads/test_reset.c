/* Resets while requests are being answered: nothing that a request shows may be gone, no reset
 * waits for ever, and of two servers on one port number each stops alone. */
#include "threads/crowd.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

enum { RESETS = 200 };

struct scene {
    struct im_server *mock;
    atomic_bool over;
    atomic_int refused;
};

static void *connect_on_and_on(void *context)
{
    struct scene *scene = context;

    while (!atomic_load(&scene->over))
        if (status_of(scene->mock, "POST", TOKEN, FORM, CREDENTIALS) != 200)
            atomic_fetch_add(&scene->refused, 1);
    return NULL;
}

static void resets_come_through_a_crowd_and_leave_it_unharmed(void **state)
{
    struct im_options options = {.seed = 1, .log = "text"};
    struct scene scene = {.mock = NULL};
    pthread_t threads[CROWD];
    int null = open("/dev/null", O_WRONLY);
    int kept = dup(STDERR_FILENO);

    dup2(null,
         STDERR_FILENO); /* the log must be on: it is what outlived the sandbox once */
    scene.mock = im_start(&options, NULL, 0);
    assert_non_null(scene.mock);
    for (int i = 0; i < CROWD; i++)
        pthread_create(&threads[i], NULL, connect_on_and_on, &scene);
    for (int i = 0; i < RESETS; i++)
        assert_int_equal(
            status_of(scene.mock, "POST", "/__mock/sandboxes/default/reset", NULL, NULL),
            200);
    atomic_store(&scene.over, true);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    im_stop(scene.mock);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(null);
    assert_int_equal(scene.refused, 0);
}

static void one_port_number_on_two_addresses_is_two_servers(void **state)
{
    struct im_options here = {.bind = "127.0.0.1"};
    struct im_server *first = im_start(&here, NULL, 0);
    assert_non_null(first);
    struct im_options there = {.bind = "127.0.0.2",
                               .port = atoi(strrchr(im_http_url(first), ':') + 1)};
    struct im_server *second = im_start(&there, NULL, 0);

    if (!second) { /* a machine without 127.0.0.2, or the port is taken there */
        im_stop(first);
        skip();
    }
    im_stop(first);
    struct im_options again = there;
    char error[IM_ERROR_MAX] = "";
    assert_null(im_start(&again, error, sizeof(error))); /* it listens still */
    assert_non_null(strstr(error, "in use"));
    im_stop(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resets_come_through_a_crowd_and_leave_it_unharmed),
        cmocka_unit_test(one_port_number_on_two_addresses_is_two_servers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
