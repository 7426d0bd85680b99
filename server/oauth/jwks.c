/* Verifying signatures with keys that others publish: RSA keys of a JSON Web Key Set
 * (RFC 7517, RFC 7518 sections 3.3 and 6.3.1), and the public test keys of this
 * product. */
#include "oauth/jwks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/crypto.h"
#include "oauth/test_keys.h"

static const EVP_MD *jwks_digest(struct im_str alg)
{
    if (im_str_is(alg, "RS256"))
        return EVP_sha256();
    if (im_str_is(alg, "RS384"))
        return EVP_sha384();
    return im_str_is(alg, "RS512") ? EVP_sha512() : NULL;
}

static bool jwks_verifies(EVP_PKEY *key, const struct im_jwt *jwt, const EVP_MD *digest)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        context && EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1 &&
        EVP_DigestVerify(context, (const unsigned char *)jwt->signature.at,
                         jwt->signature.len, (const unsigned char *)jwt->signing_input.at,
                         jwt->signing_input.len) == 1;

    EVP_MD_CTX_free(context);
    return good;
}

static BIGNUM *jwk_number(const struct im_json *jwk, const char *name,
                          struct im_arena *arena)
{
    struct im_str raw;

    if (!im_base64url_decode(arena, im_json_get_str(jwk, name), &raw) || !raw.len)
        return NULL;
    return BN_bin2bn((const unsigned char *)raw.at, (int)raw.len, NULL);
}

static EVP_PKEY *jwk_key_of(BIGNUM *n, BIGNUM *e)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    if (builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        params = OSSL_PARAM_BLD_to_param(builder);
    if (!params || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return key;
}

/* NULL when it is no RSA key. */
static EVP_PKEY *jwk_key(const struct im_json *jwk, struct im_arena *arena)
{
    if (!im_str_is(im_json_get_str(jwk, "kty"), "RSA"))
        return NULL;
    BIGNUM *n = jwk_number(jwk, "n", arena), *e = jwk_number(jwk, "e", arena);
    EVP_PKEY *key = n && e ? jwk_key_of(n, e) : NULL;

    BN_free(n);
    BN_free(e);
    return key;
}

enum im_jwks_check im_jwks_verify(const struct im_json *jwks, struct im_arena *arena,
                                  const struct im_jwt *jwt)
{
    const EVP_MD *digest = jwks_digest(jwt->alg);
    const struct im_json *keys = im_json_get(jwks, "keys");
    enum im_jwks_check found = IM_JWKS_UNKNOWN_KEY;

    if (!digest)
        return IM_JWKS_NO_METHOD;
    for (const struct im_json *jwk = keys ? keys->first : NULL; jwk; jwk = jwk->next) {
        if (jwt->kid.len && !im_str_eq(jwt->kid, im_json_get_str(jwk, "kid")))
            continue;
        EVP_PKEY *key = jwk_key(jwk, arena);
        if (!key)
            continue;
        bool good = jwks_verifies(key, jwt, digest);
        EVP_PKEY_free(key);
        if (good)
            return IM_JWKS_GOOD;
        found = IM_JWKS_BAD;
    }
    return found;
}

bool im_jwks_is_test_key(struct im_arena *arena, const struct im_jwt *jwt)
{
    const EVP_MD *digest = jwks_digest(jwt->alg);
    bool good = false;

    for (size_t i = 0; digest && i < IM_TEST_KEYS && !good; i++) {
        /* without memory to decode it there is no key, as with every other failure */
        struct im_str der = IM_STR("");
        im_base64_decode(arena, im_test_keys[i], &der);
        const unsigned char *at = (const unsigned char *)der.at;
        EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)der.len);
        good = key && jwks_verifies(key, jwt, digest);
        EVP_PKEY_free(key);
    }
    return good;
}
