/* Many threads count at once, while somebody looks. */
#include "unit/spine.h"

#include <pthread.h>

enum { THREADS = 8, EACH = 2000, KINDS = 50 };

struct counting {
    struct im_metrics metrics;
    struct im_arena arena;
};

static struct im_str written(struct counting *c)
{
    struct im_buf out;

    im_buf_init(&out, &c->arena, 0);
    im_metrics_write(&c->metrics, &out);
    return im_buf_str(&out);
}

static size_t kinds_in(struct im_str text)
{
    size_t n = 0;

    while (text.len)
        n += im_str_starts(im_str_cut(&text, '\n'), "intacct_mock_requests_total{");
    return n;
}

static void *count_many(void *context)
{
    struct counting *c = context;

    for (int i = 0; i < EACH; i++)
        im_metrics_count(&c->metrics,
                         &(struct im_exchange){.endpoint = IM_ENDPOINT_RESOURCE,
                                               .status = 200 + i % KINDS,
                                               .duration_us = 1});
    return NULL;
}

static void none_is_lost_and_none_is_counted_twice(void **state)
{
    struct counting *c = test_calloc(1, sizeof(*c));
    pthread_t threads[THREADS];
    char wanted[32];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, c), 0);
    for (int i = 0; i < 20; i++)
        assert_true(kinds_in(written(c)) <= KINDS);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct im_str all = written(c);
    assert_int_equal(kinds_in(all), KINDS);
    snprintf(wanted, sizeof(wanted), "_count %d\n", THREADS * EACH);
    assert_has(all, wanted);
    snprintf(wanted, sizeof(wanted), "\"249\",cause=\"\"} %d\n", THREADS * EACH / KINDS);
    assert_has(all, wanted);
    im_arena_release(&c->arena);
    test_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_lost_and_none_is_counted_twice),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
