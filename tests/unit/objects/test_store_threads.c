/* store.c with several threads: each operation is one step, and so are those on many rows. */
#include <pthread.h>

#include "store.h"

static const char busy_query[] =
    "{\"object\":\"accounts-payable/vendor\",\"fields\":[\"key\",\"id\",\"name\","
    "\"parent.name\",\"audit.modifiedDateTime\"],\"orderBy\":[{\"name\":\"desc\"}]}";

static void work(struct shop *shop)
{
    for (int i = 0; i < 50; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"id\":\"T%d\",\"name\":\"n%d\"}", i, i % 7);
        create(shop, VENDOR, body);
        patch(shop, VENDOR, "43", "{\"notes\":\"busy\"}");
        query(shop, busy_query);
    }
}

static void *work_alone(void *shop)
{
    work(shop);
    return NULL;
}

static void two_stores_in_two_threads_give_the_same_bytes(void **state)
{
    struct shop *shop = *state;
    struct shop other;
    pthread_t thread;
    shop_open(&other);
    assert_int_equal(pthread_create(&thread, NULL, work_alone, &other), 0);
    work(shop);
    pthread_join(thread, NULL);
    assert_string_equal(said(shop), said(&other));
    shop_close(&other);
}

/* One store, the caller's own arena and writer per thread. */
struct worker {
    struct im_objects *store;
    int number;
    int created;
};

static void *work_together(void *context)
{
    struct worker *worker = context;
    struct im_arena arena;
    im_arena_init(&arena, 0);
    for (int i = 0; i < 100; i++) {
        char body[100];
        struct im_json_error error;
        struct im_buf buf;
        struct im_json_out out;
        im_arena_release(&arena);
        im_buf_init(&buf, &arena, 0);
        im_json_out_init(&out, &buf);
        struct im_objects_call call = {
            .type = im_object_type_find(IM_STR(VENDOR)), .now_ms = NOON_MS, .out = &out};
        snprintf(body, sizeof body, "{\"id\":\"T%d\",\"name\":\"by %d\"}", i,
                 worker->number);
        enum im_objects_result result = im_objects_create(
            worker->store, &call, im_json_parse(&arena, im_str(body), &error));
        worker->created += result == IM_OBJECTS_OK;
        call.type = NULL;
        im_objects_query(worker->store, &call,
                         im_json_parse(&arena, im_str(busy_query), &error));
    }
    im_arena_release(&arena);
    return NULL;
}

static void of_two_that_create_the_same_id_at_once_one_wins(void **state)
{
    struct shop *shop = *state;
    struct worker workers[4] = {0};
    pthread_t threads[4];
    int created = 0;
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){&shop->store, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work_together, &workers[i]),
                         0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        created += workers[i].created;
    }
    assert_int_equal(created, 100);
    list(shop, VENDOR, 0, 4000, false);
    assert_int_equal(shop->call.meta.total, 105);
}

/* Of each the second item is refused, so that the first must not stay. */
static void *create_in_vain(void *context)
{
    struct worker *worker = context;
    struct shop own;
    shop_open(&own);
    const struct im_json *bodies =
        json(&own, "[{\"id\":\"T\",\"name\":\"x\"},{\"id\":\"T\",\"name\":\"y\"}]");
    for (int i = 0; i < 2000; i++) {
        struct im_objects_call calls[2];
        size_t done = 0;
        calls[0] = calls[1] = *ask(&own, VENDOR);
        worker->created += im_objects_create_all(worker->store, calls, bodies, &done) !=
                               IM_OBJECTS_CONFLICT ||
                           done != 1;
    }
    shop_close(&own);
    return NULL;
}

static void of_all_or_none_nobody_sees_a_part(void **state)
{
    struct shop *shop = *state;
    struct worker worker = {&shop->store, 0, 0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, create_in_vain, &worker), 0);
    for (int i = 0; i < 2000; i++) {
        list(shop, VENDOR, 0, 1, false);
        assert_int_equal(shop->call.meta.total, 5);
    }
    pthread_join(thread, NULL);
    assert_int_equal(worker.created, 0);
    list(shop, VENDOR, 0, 1, false);
    assert_int_equal(shop->call.meta.total, 5);
}

static const struct CMUnitTest tests[] = {
    TEST(two_stores_in_two_threads_give_the_same_bytes),
    TEST(of_two_that_create_the_same_id_at_once_one_wins),
    TEST(of_all_or_none_nobody_sees_a_part),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
