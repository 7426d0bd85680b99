/* oauth/jwt.c: what is signed, with what, and who can tell. The public keys are rebuilt
 * with OpenSSL from what the key set says, as a client would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/crypto.h"
#include "oauth/jwt.h"

#define PAYLOAD "{\"sub\":\"444\"}"

struct fixture {
    struct im_arena arena;
    struct im_rng rng;
    struct im_keys *keys;
    struct im_error err;
    struct im_jwt jwt;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    im_arena_init(&f->arena, 0);
    im_rng_init_seed(&f->rng, 7, IM_STR("test"));
    f->keys = im_keys_new(&f->rng, &f->err);
    *state = f;
    return f->keys ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    im_keys_free(f->keys);
    im_arena_release(&f->arena);
    test_free(f);
    return 0;
}

static struct im_str sign(struct fixture *f, enum im_jwt_alg alg, bool kid)
{
    struct im_str token =
        im_jwt_sign(f->keys, &f->arena, alg, kid, IM_STR(PAYLOAD), &f->err);

    if (!token.len)
        fail_msg("%s", f->err.text);
    return token;
}

static enum im_jwt_check verify(struct fixture *f, struct im_str token,
                                enum im_jwt_alg expected)
{
    if (!im_jwt_decode(&f->arena, token, &f->jwt, &f->err))
        fail_msg("%s", f->err.text);
    return im_jwt_verify(f->keys, &f->jwt, expected);
}

static struct im_str part(struct fixture *f, struct im_str token, int n)
{
    struct im_str text, rest = token, coded = im_str_cut(&rest, '.');

    while (n--)
        coded = im_str_cut(&rest, '.');
    assert_true(im_base64url_decode(&f->arena, coded, &text));
    return text;
}

/* header '.' payload '.' signature, from texts not yet coded */
static struct im_str make(struct fixture *f, const char *header, struct im_str signature)
{
    struct im_str h = im_base64url(&f->arena, header, strlen(header));
    struct im_str p = im_base64url(&f->arena, PAYLOAD, strlen(PAYLOAD));
    struct im_str s = im_base64url(&f->arena, signature.at, signature.len);

    return im_arena_format(&f->arena, "%.*s.%.*s.%.*s", IM_ARG(h), IM_ARG(p), IM_ARG(s));
}

/* ---- what a client would do with the key set ---- */

static struct im_str jwks_text(struct fixture *f)
{
    struct im_json_out out;
    struct im_buf buf;

    im_buf_init(&buf, &f->arena, 0);
    im_json_out_init(&out, &buf);
    assert_true(im_keys_write_jwks(f->keys, &out, &f->err));
    return im_buf_str(&buf);
}

static const struct im_json *jwk_for(struct fixture *f, const char *alg)
{
    struct im_json_error where;
    const struct im_json *set = im_json_parse(&f->arena, jwks_text(f), &where);
    const struct im_json *key = im_json_get(set, "keys")->first;

    while (key && !im_str_is(im_json_get_str(key, "alg"), alg))
        key = key->next;
    assert_non_null(key);
    return key;
}

static BIGNUM *number(struct fixture *f, const struct im_json *jwk, const char *name)
{
    struct im_str raw;

    assert_true(im_base64url_decode(&f->arena, im_json_get_str(jwk, name), &raw));
    return BN_bin2bn((const unsigned char *)raw.at, (int)raw.len, NULL);
}

static EVP_PKEY *public_key(struct fixture *f, const struct im_json *jwk)
{
    BIGNUM *n = number(f, jwk, "n"), *e = number(f, jwk, "e");
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    BN_free(n);
    BN_free(e);
    return key;
}

static bool openssl_verifies(struct fixture *f, struct im_str token, const char *alg,
                             const EVP_MD *digest)
{
    EVP_PKEY *key = public_key(f, jwk_for(f, alg));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct im_str signature = part(f, token, 2);
    size_t signed_len = token.len;

    while (token.at[--signed_len] != '.')
        ;
    assert_int_equal(EVP_DigestVerifyInit(context, NULL, digest, NULL, key), 1);
    bool good =
        EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.len,
                         (const unsigned char *)token.at, signed_len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

/* ---- signing ---- */

static void an_hs256_header_is_alg_and_typ_to_the_byte(void **state)
{
    struct fixture *f = *state;
    struct im_str token = sign(f, IM_JWT_HS256, false);

    assert_true(im_str_starts(token, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
    assert_true(im_str_is(part(f, token, 0), "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
    assert_true(im_str_is(part(f, token, 1), PAYLOAD));
    assert_int_equal(part(f, token, 2).len, 32);
    assert_int_equal(verify(f, token, IM_JWT_HS256), IM_JWT_GOOD);
}

static void an_rs512_header_is_alg_and_a_kid_of_44_characters(void **state)
{
    struct fixture *f = *state;
    struct im_str header = part(f, sign(f, IM_JWT_RS512, true), 0);

    assert_true(im_str_starts(header, "{\"alg\":\"RS512\",\"kid\":\""));
    assert_true(im_str_ends(header, "=\"}"));
    assert_int_equal(header.len, strlen("{\"alg\":\"RS512\",\"kid\":\"\"}") + 44);
}

static void an_rsa_header_without_kid_has_typ(void **state)
{
    struct fixture *f = *state;
    struct im_str token = sign(f, IM_JWT_RS256, false);

    assert_true(im_str_is(part(f, token, 0), "{\"alg\":\"RS256\",\"typ\":\"JWT\"}"));
    assert_int_equal(verify(f, token, IM_JWT_RS256), IM_JWT_GOOD);
}

static void openssl_verifies_rs512_with_the_published_key(void **state)
{
    struct fixture *f = *state;
    struct im_str token = sign(f, IM_JWT_RS512, true);

    assert_true(openssl_verifies(f, token, "RS512", EVP_sha512()));
    assert_false(openssl_verifies(f, token, "RS512", EVP_sha256()));
    assert_int_equal(verify(f, token, IM_JWT_RS512), IM_JWT_GOOD);
}

static void openssl_verifies_rs256_with_the_published_key(void **state)
{
    struct fixture *f = *state;

    assert_true(openssl_verifies(f, sign(f, IM_JWT_RS256, true), "RS256", EVP_sha256()));
}

static void the_key_set_names_the_kid_of_the_header(void **state)
{
    struct fixture *f = *state;

    verify(f, sign(f, IM_JWT_RS512, true), IM_JWT_RS512);
    assert_true(im_str_eq(f->jwt.kid, im_json_get_str(jwk_for(f, "RS512"), "kid")));
    verify(f, sign(f, IM_JWT_RS256, true), IM_JWT_RS256);
    assert_true(im_str_eq(f->jwt.kid, im_json_get_str(jwk_for(f, "RS256"), "kid")));
}

static void the_key_set_has_the_members_of_rfc_7517_and_nothing_private(void **state)
{
    struct fixture *f = *state;
    const struct im_json *jwk = jwk_for(f, "RS256");

    assert_int_equal(jwk->count, 6);
    assert_true(im_str_is(im_json_get_str(jwk, "kty"), "RSA"));
    assert_true(im_str_is(im_json_get_str(jwk, "use"), "sig"));
    assert_true(im_str_is(im_json_get_str(jwk, "e"), "AQAB"));
    assert_null(im_json_get(jwk, "d"));
}

static void another_sandbox_calls_its_keys_by_other_names(void **state)
{
    struct fixture *f = *state;
    struct im_rng other;
    struct im_jwt jwt;

    im_rng_init_seed(&other, 7, IM_STR("another sandbox"));
    struct im_keys *keys = im_keys_new(&other, &f->err);
    struct im_str token =
        im_jwt_sign(keys, &f->arena, IM_JWT_RS512, true, IM_STR(PAYLOAD), &f->err);
    assert_true(token.len > 0);
    assert_true(im_jwt_decode(&f->arena, token, &jwt, &f->err));
    assert_false(im_str_eq(jwt.kid, im_json_get_str(jwk_for(f, "RS512"), "kid")));
    assert_int_equal(jwt.kid.len, 44);
    im_keys_free(keys);
}

static void the_same_seed_signs_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    struct im_keys *again = im_keys_new(&f->rng, &f->err);

    for (unsigned alg = 0; alg < IM_JWT_ALGS; alg++)
        assert_true(im_str_eq(sign(f, alg, true), im_jwt_sign(again, &f->arena, alg, true,
                                                              IM_STR(PAYLOAD), &f->err)));
    im_keys_free(again);
}

static void another_seed_has_another_hmac_key(void **state)
{
    struct fixture *f = *state;
    struct im_rng other;

    im_rng_init_seed(&other, 8, IM_STR("test"));
    struct im_keys *keys = im_keys_new(&other, &f->err);
    struct im_str token =
        im_jwt_sign(keys, &f->arena, IM_JWT_HS256, false, IM_STR(PAYLOAD), &f->err);
    assert_int_equal(verify(f, token, IM_JWT_HS256), IM_JWT_BAD_SIGNATURE);
    im_keys_free(keys);
}

static void the_seed_chooses_the_rsa_key_to_begin_with(void **state)
{
    struct fixture *f = *state;
    struct im_keys *own = f->keys;
    struct im_str first = im_json_get_str(jwk_for(f, "RS512"), "n");
    size_t others = 0;

    for (uint64_t seed = 1; seed <= 16; seed++) {
        struct im_rng rng;
        im_rng_init_seed(&rng, seed, IM_STR("test"));
        f->keys = im_keys_new(&rng, &f->err);
        others += !im_str_eq(first, im_json_get_str(jwk_for(f, "RS512"), "n"));
        im_keys_free(f->keys);
    }
    f->keys = own;
    assert_in_range(others, 1, 15); /* a pool of a few keys */
}

/* ---- rotation ---- */

static void a_rotated_out_key_is_known_as_retired(void **state)
{
    struct fixture *f = *state;
    struct im_str hs = sign(f, IM_JWT_HS256, false), rs = sign(f, IM_JWT_RS512, true);

    assert_int_equal(im_keys_generation(f->keys), 0);
    assert_true(im_keys_rotate(f->keys, &f->err));
    assert_int_equal(im_keys_generation(f->keys), 1);
    assert_int_equal(verify(f, hs, IM_JWT_HS256), IM_JWT_RETIRED_KEY);
    assert_int_equal(verify(f, rs, IM_JWT_RS512), IM_JWT_RETIRED_KEY);
    assert_int_equal(verify(f, sign(f, IM_JWT_RS512, true), IM_JWT_RS512), IM_JWT_GOOD);
}

static void rotation_publishes_another_key(void **state)
{
    struct fixture *f = *state;
    struct im_str before = im_json_get_str(jwk_for(f, "RS512"), "n");

    im_keys_rotate(f->keys, &f->err);
    assert_false(im_str_eq(before, im_json_get_str(jwk_for(f, "RS512"), "n")));
}

static void rotation_goes_on_when_the_pool_is_used_up(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 4; i++)
        im_keys_rotate(f->keys, &f->err);
    struct im_str token = sign(f, IM_JWT_RS512, true);
    assert_true(openssl_verifies(f, token, "RS512", EVP_sha512()));
}

/* ---- tokens that are wrong ---- */

static void alg_none_is_the_wrong_algorithm(void **state)
{
    struct fixture *f = *state;
    struct im_str token = make(f, "{\"alg\":\"none\",\"typ\":\"JWT\"}", IM_STR(""));

    assert_int_equal(verify(f, token, IM_JWT_HS256), IM_JWT_WRONG_ALG);
    assert_int_equal(verify(f, token, IM_JWT_RS512), IM_JWT_WRONG_ALG);
}

/* RFC 8725 section 2.1: the public key taken for an HMAC secret */
static void hmac_with_the_public_key_is_the_wrong_algorithm(void **state)
{
    struct fixture *f = *state;
    EVP_PKEY *key = public_key(f, jwk_for(f, "RS512"));
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned char mac[IM_SHA256_LEN];
    char *pem;

    PEM_write_bio_PUBKEY(bio, key);
    size_t len = (size_t)BIO_get_mem_data(bio, &pem);
    struct im_str plain = make(f, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", IM_STR(""));
    im_hmac_sha256((unsigned char *)pem, len, im_str_slice(plain, 0, plain.len - 1), mac);
    BIO_free(bio);
    EVP_PKEY_free(key);

    struct im_str token = make(f, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
                               (struct im_str){(const char *)mac, sizeof(mac)});
    assert_int_equal(verify(f, token, IM_JWT_RS512), IM_JWT_WRONG_ALG);
    assert_int_equal(verify(f, token, IM_JWT_HS256), IM_JWT_BAD_SIGNATURE);
}

static void a_changed_payload_is_a_bad_signature(void **state)
{
    struct fixture *f = *state;

    for (unsigned alg = 0; alg < IM_JWT_ALGS; alg++) {
        struct im_str signature = part(f, sign(f, alg, false), 2);
        struct im_str header =
            im_arena_format(&f->arena, "{\"alg\":\"%s\"}", im_jwt_alg_name(alg));
        assert_int_equal(verify(f, make(f, header.at, signature), alg),
                         IM_JWT_BAD_SIGNATURE);
    }
}

static void an_empty_signature_is_a_bad_signature(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(verify(f, make(f, "{\"alg\":\"HS256\"}", IM_STR("")), IM_JWT_HS256),
                     IM_JWT_BAD_SIGNATURE);
}

static void a_strangers_token_names_an_unknown_key(void **state)
{
    struct fixture *f = *state;

    for (unsigned alg = 0; alg < IM_JWT_ALGS; alg++) {
        struct im_str token = im_jwt_sign_with_unknown_key(f->keys, &f->arena, alg,
                                                           IM_STR(PAYLOAD), &f->err);
        assert_int_equal(verify(f, token, alg), IM_JWT_UNKNOWN_KEY);
    }
}

static void refused(struct fixture *f, const char *token, const char *why)
{
    assert_false(im_jwt_decode(&f->arena, im_str(token), &f->jwt, &f->err));
    if (!strstr(f->err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", f->err.text, why);
}

static void what_is_no_jwt_is_refused_with_the_reason(void **state)
{
    struct fixture *f = *state;

    refused(f, "", "but 1");
    refused(f, "abc", "but 1");
    refused(f, "e30.e30", "but 2");
    refused(f, "e30.e30.e30.e30.e30", "but 5");
    refused(f, "e3 0.e30.AA", "header is not base64url");
    refused(f, "e30=.e30.AA", "header is not base64url");
    refused(f, ".e30.AA", "header is not base64url");
    refused(f, "e30.e30.A", "signature is not base64url");
    refused(f, "YWJj.e30.AA", "header is not JSON");
    refused(f, "e30.W10.AA", "payload is an array, not an object");
    refused(f, "e30.MQ.AA", "payload is a number, not an object");
}

static void decoding_tells_header_and_payload(void **state)
{
    struct fixture *f = *state;

    verify(f, sign(f, IM_JWT_RS256, true), IM_JWT_RS256);
    assert_true(im_str_is(f->jwt.alg, "RS256"));
    assert_int_equal(f->jwt.kid.len, 43);
    assert_true(im_str_is(im_json_get_str(f->jwt.payload, "sub"), "444"));
    assert_int_equal(f->jwt.signature.len, 256);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_hs256_header_is_alg_and_typ_to_the_byte),
        TEST(an_rs512_header_is_alg_and_a_kid_of_44_characters),
        TEST(an_rsa_header_without_kid_has_typ),
        TEST(openssl_verifies_rs512_with_the_published_key),
        TEST(openssl_verifies_rs256_with_the_published_key),
        TEST(the_key_set_names_the_kid_of_the_header),
        TEST(the_key_set_has_the_members_of_rfc_7517_and_nothing_private),
        TEST(another_sandbox_calls_its_keys_by_other_names),
        TEST(the_same_seed_signs_the_same_bytes),
        TEST(the_seed_chooses_the_rsa_key_to_begin_with),
        TEST(another_seed_has_another_hmac_key),
        TEST(a_rotated_out_key_is_known_as_retired),
        TEST(rotation_publishes_another_key),
        TEST(rotation_goes_on_when_the_pool_is_used_up),
        TEST(alg_none_is_the_wrong_algorithm),
        TEST(hmac_with_the_public_key_is_the_wrong_algorithm),
        TEST(a_changed_payload_is_a_bad_signature),
        TEST(an_empty_signature_is_a_bad_signature),
        TEST(a_strangers_token_names_an_unknown_key),
        TEST(what_is_no_jwt_is_refused_with_the_reason),
        TEST(decoding_tells_header_and_payload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
