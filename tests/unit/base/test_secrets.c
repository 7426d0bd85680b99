#include "unit/spine.h"

#include "base/secrets.h"

#define STRONG "p4ss%w+rd \"&<'x"

struct set {
    struct im_arena arena;
    struct im_secrets *secrets;
};

static int begin(void **state)
{
    static const unsigned char key[IM_SECRET_KEY_LEN] = {1, 2, 3};
    struct set *set = calloc(1, sizeof(*set));

    set->secrets = im_secrets_new(key);
    assert_true(im_secrets_add(set->secrets, IM_STR("demo-secret")));
    assert_true(im_secrets_add(set->secrets, IM_STR("demo-secret-of-old")));
    assert_true(im_secrets_add(set->secrets, IM_STR(STRONG)));
    assert_true(im_secrets_add(set->secrets, IM_STR("hush")));
    assert_true(im_secrets_add(set->secrets, IM_STR("abc")));
    *state = set;
    return 0;
}

static int end(void **state)
{
    struct set *set = *state;

    im_secrets_unref(set->secrets);
    im_arena_release(&set->arena);
    free(set);
    return 0;
}

static struct im_str hidden(struct set *set, const char *text)
{
    return im_secrets_hide(set->secrets, &set->arena, im_str(text));
}

static void a_secret_is_hidden_wherever_it_stands_and_however_it_is_written(void **state)
{
    static const char *const texts[] = {
        "demo-secret",     "xdemo-secrety",
        "a=demo%2Dsecret", "%64%65%6d%6F%2d%73%65%63%72%65%74",
        "demo%252dsecret", "demo\\u002dsecret",
        "Demo-Secret",     "demo~demo-secret.1",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct im_str shown = hidden(*state, texts[i]);
        if (!text_has(shown, "hmac:") || text_has(shown, "secret") ||
            text_has(shown, "%73"))
            fail_msg("%s\nbecame %.*s", texts[i], IM_ARG(shown));
    }
}

static void marks_in_it_may_be_escaped_in_every_way(void **state)
{
    static const char *const texts[] = {
        STRONG,
        "p4ss%25w%2Brd+%22%26%3C%27x",
        "p4ss%25w%2Brd%20%22%26%3c'x",
        "p4ss%w+rd \\\"&<'x",
        "p4ss%w+rd \\u0022\\u0026\\u003c\\u0027x",
        "p4ss%w+rd &quot;&amp;&lt;&#39;x",
        "p4ss%w rd \"&<'x", /* a plus that was lost */
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct im_str shown = hidden(*state, texts[i]);
        if (text_has(shown, "p4ss"))
            fail_msg("%s\nbecame %.*s", texts[i], IM_ARG(shown));
    }
}

static void the_longest_of_several_is_named(void **state)
{
    struct set *set = *state;
    struct im_str mark =
        im_fingerprint(set->secrets, &set->arena, IM_STR("demo-secret-of-old"));
    assert_true(im_str_eq(hidden(set, "demo-secret-of-old"), mark));
}

static void a_short_one_is_hidden_only_as_a_whole_value(void **state)
{
    assert_lacks(hidden(*state, "a=hush&b=c"), "hush");
    assert_lacks(hidden(*state, "{\"a\":\"hush\"}"), "hush");
    assert_lacks(hidden(*state, "hush@acme"), "hush");
    assert_has(hidden(*state, "hush_money=1"), "hush_money");
    assert_has(hidden(*state, "{\"hush\":1}"), "hush");
    assert_has(hidden(*state, "we hush it up"), "hush");
    assert_has(hidden(*state, "a=abc"), "abc");
}

static void sentences_of_ours_lose_only_long_ones(void **state)
{
    struct set *set = *state;
    struct im_str shown = im_secrets_hide_strong(
        set->secrets, &set->arena, IM_STR("\"hush\" is not \"demo-secret\""));
    assert_has(shown, "\"hush\" is not \"hmac:");
}

static void text_without_one_stays_the_same_memory(void **state)
{
    static const char text[] = "grant_type=client_credentials&client_id=demo&x=%41";
    assert_ptr_equal(hidden(*state, text).at, text);
}

static void a_fingerprint_depends_on_the_key(void **state)
{
    static const unsigned char key[IM_SECRET_KEY_LEN] = {4};
    struct set *set = *state;
    struct im_secrets *other = im_secrets_new(key);
    struct im_str a = im_fingerprint(set->secrets, &set->arena, IM_STR("abc"));
    struct im_str b = im_fingerprint(other, &set->arena, IM_STR("abc"));
    assert_int_equal(a.len, strlen("hmac:") + 12);
    assert_false(im_str_eq(a, b));
    assert_lacks(a, "ba7816bf8f01"); /* SHA-256 of it */
    unsigned char digest[IM_SHA256_LEN], mac[IM_SHA256_LEN];
    im_sha256(IM_STR("abc"), digest);
    im_hmac_sha256(key, sizeof(key), (struct im_str){(char *)digest, sizeof(digest)},
                   mac);
    assert_has(b, im_arena_copy(&set->arena, im_hex(&set->arena, mac, 6)).at);
    im_secrets_unref(other);
}

#define WITH_SET(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SET(a_secret_is_hidden_wherever_it_stands_and_however_it_is_written),
        WITH_SET(marks_in_it_may_be_escaped_in_every_way),
        WITH_SET(the_longest_of_several_is_named),
        WITH_SET(a_short_one_is_hidden_only_as_a_whole_value),
        WITH_SET(sentences_of_ours_lose_only_long_ones),
        WITH_SET(text_without_one_stays_the_same_memory),
        WITH_SET(a_fingerprint_depends_on_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
