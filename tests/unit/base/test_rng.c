#include <pthread.h>

#include "unit/base/base_test.h"

#include "base/rng.h"

static struct im_rng seeded(uint64_t seed, const char *salt)
{
    struct im_rng rng;
    im_rng_init_seed(&rng, seed, im_str(salt));
    return rng;
}

static void the_same_seed_gives_the_same_draws(void **state)
{
    struct im_rng one = seeded(42, "box"), two = seeded(42, "box");
    for (int i = 0; i < 20; i++) {
        struct im_str a = im_rng_text(&one, "token", *state, 43);
        struct im_str b = im_rng_text(&two, "token", *state, 43);
        assert_true(im_str_eq(a, b));
    }
}

/* Pinned: whoever changes how draws are derived changes every recorded run. */
static void draws_are_the_same_for_ever(void **state)
{
    struct im_rng rng = seeded(1, "default");
    unsigned char fixed[4];
    assert_says(im_rng_text(&rng, "token", *state, 8), "GetmR_9M");
    assert_says(im_rng_uuid(&rng, "id", *state), "462386df-f52e-4bd9-b50b-0d8c34310ee2");
    im_rng_fixed(&rng, "key", fixed, sizeof(fixed));
    assert_int_equal(fixed[0] << 8 | fixed[1], 0xdc65);
}

static void seed_salt_kind_and_serial_all_count(void **state)
{
    struct im_rng first = seeded(1, ""), seed = seeded(2, ""), salt = seeded(1, "x");
    struct im_str base = im_rng_text(&first, "a", *state, 22);
    assert_false(im_str_eq(base, im_rng_text(&first, "a", *state, 22)));
    assert_false(im_str_eq(base, im_rng_text(&seed, "a", *state, 22)));
    assert_false(im_str_eq(base, im_rng_text(&salt, "a", *state, 22)));
    first = seeded(1, "");
    assert_false(im_str_eq(base, im_rng_text(&first, "b", *state, 22)));
}

static void long_kinds_are_told_apart_to_their_end(void **state)
{
    char one[200], two[200];
    unsigned char a[16], b[16];
    struct im_rng rng = seeded(1, "");
    memset(one, 'k', sizeof(one));
    one[199] = '\0';
    memcpy(two, one, sizeof(two));
    two[198] = 'x';
    im_rng_fixed(&rng, one, a, sizeof(a));
    im_rng_fixed(&rng, two, b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

static void fixed_values_need_no_serial(void **state)
{
    struct im_rng rng = seeded(9, "");
    unsigned char a[16], b[16], drawn[16];
    im_rng_fixed(&rng, "key", a, sizeof(a));
    im_rng_bytes(&rng, "key", drawn, sizeof(drawn));
    im_rng_fixed(&rng, "key", b, sizeof(b));
    assert_memory_equal(a, b, sizeof(a));
    assert_memory_not_equal(a, drawn, sizeof(a));
}

static void a_longer_draw_begins_like_a_shorter_one(void **state)
{
    unsigned char all[1000];
    struct im_rng whole = seeded(3, "");
    im_rng_bytes(&whole, "k", all, sizeof(all));
    for (size_t n = 0; n < sizeof(all); n += 31) {
        unsigned char part[1000];
        struct im_rng again = seeded(3, "");
        im_rng_bytes(&again, "k", part, n);
        assert_memory_equal(part, all, n);
    }
    assert_memory_not_equal(all, all + 32, 32);
}

static void text_has_the_length_asked_for(void **state)
{
    struct im_rng rng = seeded(4, "");
    for (size_t n = 0; n < 200; n++) {
        struct im_str text = im_rng_text(&rng, "t", *state, n);
        assert_int_equal(text.len, n);
        for (size_t i = 0; i < n; i++)
            assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_",
                                   text.at[i]));
    }
}

/* Each of the 64 characters about 1000 times; 5 standard deviations are 156. */
static void every_character_is_as_likely(void **state)
{
    struct im_rng rng = seeded(5, "");
    struct im_str text = im_rng_text(&rng, "t", *state, 64000);
    unsigned seen[256] = {0};
    for (size_t i = 0; i < text.len; i++)
        seen[(unsigned char)text.at[i]]++;
    for (size_t c = 0; c < 256; c++)
        assert_true(seen[c] == 0 || (seen[c] > 844 && seen[c] < 1156));
}

static void a_uuid_is_version_4(void **state)
{
    struct im_rng rng = seeded(6, "");
    for (int i = 0; i < 100; i++) {
        struct im_str id = im_rng_uuid(&rng, "id", *state);
        assert_true(im_str_glob(IM_STR("*-*-4*-*-*"), id) && id.len == 36);
        assert_true(id.at[8] == '-' && id.at[13] == '-' && id.at[18] == '-' &&
                    id.at[23] == '-');
        assert_non_null(strchr("89ab", id.at[19]));
        for (size_t at = 0; at < id.len; at++)
            assert_non_null(strchr("0123456789abcdef-", id.at[at]));
    }
}

static void random_seeds_differ(void **state)
{
    uint64_t one, two;
    struct im_error err;
    assert_true(im_rng_random_seed(&one, &err));
    assert_true(im_rng_random_seed(&two, &err));
    assert_true(one != two);
}

enum { DRAWS = 500, THREADS = 4 };

struct drawer {
    struct im_rng *rng;
    uint64_t drawn[DRAWS];
};

static void *draw(void *arg)
{
    struct drawer *drawer = arg;
    for (size_t i = 0; i < DRAWS; i++)
        im_rng_bytes(drawer->rng, "x", &drawer->drawn[i], sizeof(uint64_t));
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

static void threads_never_share_a_draw(void **state)
{
    static struct drawer drawers[THREADS];
    static uint64_t all[THREADS * DRAWS];
    struct im_rng rng = seeded(7, "");
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++) {
        drawers[i].rng = &rng;
        assert_int_equal(pthread_create(&threads[i], NULL, draw, &drawers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        memcpy(all + i * DRAWS, drawers[i].drawn, sizeof(drawers[i].drawn));
    }
    qsort(all, COUNT(all), sizeof(all[0]), by_value);
    for (size_t i = 1; i < COUNT(all); i++)
        assert_true(all[i - 1] != all[i]);
    assert_int_equal(atomic_load(&rng.serial), THREADS * DRAWS);
}

static void a_want_of_memory_is_an_empty_view(void **state)
{
    struct im_arena arena;
    struct im_rng rng = seeded(8, "");
    im_arena_init(&arena, 16);
    assert_null(im_rng_text(&rng, "t", &arena, 10).at);
    assert_null(im_rng_uuid(&rng, "t", &arena).at);
    assert_true(arena.failed);
    im_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(the_same_seed_gives_the_same_draws),
        TEST_IN_ARENA(draws_are_the_same_for_ever),
        TEST_IN_ARENA(seed_salt_kind_and_serial_all_count),
        cmocka_unit_test(long_kinds_are_told_apart_to_their_end),
        cmocka_unit_test(fixed_values_need_no_serial),
        cmocka_unit_test(a_longer_draw_begins_like_a_shorter_one),
        TEST_IN_ARENA(text_has_the_length_asked_for),
        TEST_IN_ARENA(every_character_is_as_likely),
        TEST_IN_ARENA(a_uuid_is_version_4),
        cmocka_unit_test(random_seeds_differ),
        cmocka_unit_test(threads_never_share_a_draw),
        cmocka_unit_test(a_want_of_memory_is_an_empty_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
