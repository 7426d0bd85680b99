#include "unit/base/base_test.h"

#include "base/crypto.h"

static struct im_str hex_of(struct im_arena *arena, const unsigned char *bytes)
{
    return im_hex(arena, bytes, IM_SHA256_LEN);
}

/* FIPS 180-2, appendix B */
static void sha256_agrees_with_the_standard(void **state)
{
    unsigned char digest[IM_SHA256_LEN];
    im_sha256(IM_STR("abc"), digest);
    assert_says(hex_of(*state, digest),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    im_sha256(IM_STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), digest);
    assert_says(hex_of(*state, digest),
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    im_sha256((struct im_str){NULL, 0}, digest);
    assert_says(hex_of(*state, digest),
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_keyed_digest_is_the_inner_half_of_an_hmac(void **state)
{
    unsigned char digest[IM_SHA256_LEN];
    struct im_hmac_key key;
    im_hmac_key_init(&key, IM_STR("Jefe"));
    im_keyed_sha256(&key, IM_STR("what do ya want for nothing?"), digest);
    assert_says(hex_of(*state, digest),
                "a2e485863d27f9d864ac8d802432a1ed477d8c4c6f349d16d4e7e917c629cad7");
}

static void assert_mac(struct im_arena *arena, struct im_str key, struct im_str data,
                       const char *expected)
{
    unsigned char mac[IM_SHA256_LEN];
    im_hmac_sha256((const unsigned char *)key.at, key.len, data, mac);
    assert_says(hex_of(arena, mac), expected);
}

/* RFC 4231 section 4 */
static void hmac_agrees_with_the_rfc(void **state)
{
    char bytes_0b[20], bytes_aa[131], bytes_dd[50];
    memset(bytes_0b, 0x0B, sizeof(bytes_0b));
    memset(bytes_aa, 0xAA, sizeof(bytes_aa));
    memset(bytes_dd, 0xDD, sizeof(bytes_dd));

    assert_mac(*state, (struct im_str){bytes_0b, 20}, IM_STR("Hi There"),
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_mac(*state, IM_STR("Jefe"), IM_STR("what do ya want for nothing?"),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_mac(*state, (struct im_str){bytes_aa, 20}, (struct im_str){bytes_dd, 50},
               "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    assert_mac(*state, (struct im_str){bytes_aa, 131},
               IM_STR("Test Using Larger Than Block-Size Key - Hash Key First"),
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hmac_takes_no_key_and_no_data(void **state)
{
    assert_mac(*state, (struct im_str){NULL, 0}, (struct im_str){NULL, 0},
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static const struct {
    const char *text, *base64;
} rfc4648[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};

/* RFC 4648 section 10 */
static void base64_agrees_with_the_rfc(void **state)
{
    for (size_t i = 0; i < COUNT(rfc4648); i++) {
        struct im_str data;
        assert_says(im_base64(*state, rfc4648[i].text, strlen(rfc4648[i].text)),
                    rfc4648[i].base64);
        assert_true(im_base64_decode(*state, im_str(rfc4648[i].base64), &data));
        assert_says(data, rfc4648[i].text);
    }
}

/* RFC 7515 appendix A.1 */
static void base64url_agrees_with_the_jws_example(void **state)
{
    static const char header[] = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
    assert_says(im_base64url(*state, header, strlen(header)),
                "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9");
}

/* RFC 7636 appendix B */
static void the_pkce_example_comes_out(void **state)
{
    unsigned char digest[IM_SHA256_LEN];
    im_sha256(IM_STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), digest);
    assert_says(im_base64url(*state, digest, sizeof(digest)),
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void every_byte_survives_both_codings(void **state)
{
    unsigned char bytes[256];
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 37 + 11);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct im_str data, url = im_base64url(*state, bytes, len);
        assert_true(im_base64url_decode(*state, url, &data));
        assert_int_equal(data.len, len);
        assert_memory_equal(data.at, bytes, len);
        assert_true(im_base64_decode(*state, im_base64(*state, bytes, len), &data));
        assert_int_equal(data.len, len);
        assert_memory_equal(data.at, bytes, len);
    }
}

static void what_is_not_base64url_is_refused(void **state)
{
    static const char *const bad[] = {"Z",      "Zg==", "Zg=",  "Zh",  "Zm9",
                                      "Zm9v\n", "Zm 9", "Zm+v", "Z/8", "Zm9vY"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct im_str data;
        assert_false(im_base64url_decode(*state, im_str(bad[i]), &data));
    }
    struct im_str data;
    assert_false(im_base64url_decode(*state, IM_STR("Zm\0v"), &data));
}

static void what_is_not_base64_is_refused(void **state)
{
    static const char *const bad[] = {
        "Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm-v", "=Zg=", "Zm9v="};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct im_str data;
        assert_false(im_base64_decode(*state, im_str(bad[i]), &data));
    }
}

static void secrets_compare_by_content(void **state)
{
    assert_true(im_secret_eq(IM_STR("s3cret"), IM_STR("s3cret")));
    assert_false(im_secret_eq(IM_STR("s3cret"), IM_STR("s3creT")));
    assert_false(im_secret_eq(IM_STR("s3cret"), IM_STR("s3cre")));
    assert_true(im_secret_eq((struct im_str){NULL, 0}, IM_STR("")));
}

static void a_want_of_memory_is_an_empty_view(void **state)
{
    struct im_arena arena;
    struct im_str data;
    im_arena_init(&arena, 16);
    assert_null(im_base64url(&arena, "abc", 3).at);
    assert_null(im_hex(&arena, "abc", 3).at);
    assert_false(im_base64url_decode(&arena, IM_STR("Zm9v"), &data));
    assert_true(arena.failed);
    im_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(sha256_agrees_with_the_standard),
        TEST_IN_ARENA(a_keyed_digest_is_the_inner_half_of_an_hmac),
        TEST_IN_ARENA(hmac_agrees_with_the_rfc),
        TEST_IN_ARENA(hmac_takes_no_key_and_no_data),
        TEST_IN_ARENA(base64_agrees_with_the_rfc),
        TEST_IN_ARENA(base64url_agrees_with_the_jws_example),
        TEST_IN_ARENA(the_pkce_example_comes_out),
        TEST_IN_ARENA(every_byte_survives_both_codings),
        TEST_IN_ARENA(what_is_not_base64url_is_refused),
        TEST_IN_ARENA(what_is_not_base64_is_refused),
        cmocka_unit_test(secrets_compare_by_content),
        cmocka_unit_test(a_want_of_memory_is_an_empty_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
