/* JSON Web Tokens (RFC 7519) in the compact form of RFC 7515, and the keys that sign
 * them (RFC 7517, 7518). Keys come in generations. A generation is never freed or
 * changed while the keys live, but for its RSA key, which is made when it is first
 * needed; so signing needs a lock only to read which generation is in force. OpenSSL
 * allows one EVP_PKEY to be used by many threads. */
#include "oauth/jwt.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "oauth/test_keys.h"

enum { SECRET_LEN = 32, KID_MAX = 48, HEADER_MAX = 128, RSA_BITS = 2048 };

struct generation {
    struct generation *older;
    unsigned number;
    struct im_hmac_key secret;      /* HS256 */
    EVP_PKEY *rsa;                  /* behind rsa_lock; NULL until it is needed … */
    char kid[IM_JWT_ALGS][KID_MAX]; /* … and then these two are filled in too */
    char header[IM_JWT_ALGS][HEADER_MAX];
};

struct im_keys {
    const struct im_rng *rng;
    pthread_mutex_t lock;     /* newest */
    pthread_mutex_t rsa_lock; /* the RSA part of every generation */
    struct generation *newest;
    struct generation
        unknown_key; /* a key that is not ours; see im_jwt_sign_with_unknown_key */
};

static const char hs256_header[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

const char *im_jwt_alg_name(enum im_jwt_alg alg)
{
    static const char *const names[] = {"HS256", "RS256", "RS512"};
    return names[alg];
}

size_t im_jwt_signature_len(enum im_jwt_alg alg)
{
    return alg == IM_JWT_HS256 ? IM_SHA256_LEN : RSA_BITS / 8;
}

/* ---- generations ---- */

static void draw_secret(const struct im_keys *keys, struct generation *made,
                        const char *kind)
{
    unsigned char secret[SECRET_LEN];

    im_rng_fixed(keys->rng, kind, secret, sizeof(secret));
    im_hmac_key_init(&made->secret,
                     (struct im_str){(const char *)secret, sizeof(secret)});
}

static struct generation *new_generation(const struct im_keys *keys, unsigned number)
{
    struct generation *made = calloc(1, sizeof(*made));
    char kind[32];

    if (!made)
        return NULL;
    made->number = number;
    snprintf(kind, sizeof(kind), "hmac key %u", number);
    draw_secret(keys, made, kind);
    return made;
}

struct im_keys *im_keys_new(const struct im_rng *rng, struct im_error *err)
{
    struct im_keys *keys = calloc(1, sizeof(*keys));

    if (keys) {
        keys->rng = rng;
        pthread_mutex_init(&keys->lock, NULL);
        pthread_mutex_init(&keys->rsa_lock, NULL);
        keys->newest = new_generation(keys, 0);
    }
    if (!keys || !keys->newest) {
        im_error_no_memory(err, "making the signing keys");
        im_keys_free(keys);
        return NULL;
    }
    draw_secret(keys, &keys->unknown_key, "stranger's hmac key");
    return keys;
}

void im_keys_free(struct im_keys *keys)
{
    if (!keys)
        return;
    for (struct generation *next, *one = keys->newest; one; one = next) {
        next = one->older;
        EVP_PKEY_free(one->rsa);
        free(one);
    }
    EVP_PKEY_free(keys->unknown_key.rsa);
    pthread_mutex_destroy(&keys->rsa_lock);
    pthread_mutex_destroy(&keys->lock);
    free(keys);
}

static struct generation *in_force(struct im_keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    struct generation *newest = keys->newest;
    pthread_mutex_unlock(&keys->lock);
    return newest;
}

bool im_keys_rotate(struct im_keys *keys, struct im_error *err)
{
    pthread_mutex_lock(&keys->lock);
    struct generation *made = new_generation(keys, keys->newest->number + 1);
    if (made) {
        made->older = keys->newest;
        keys->newest = made;
    }
    pthread_mutex_unlock(&keys->lock);
    return made || im_error_no_memory(err, "rotating the signing keys");
}

unsigned im_keys_generation(struct im_keys *keys)
{
    return in_force(keys)->number;
}

/* ---- RSA ---- */

/* Which key of the pool: the seed says where to begin, rotation goes round once. */
static EVP_PKEY *from_pool(const struct im_keys *keys, struct im_arena *arena,
                           unsigned number)
{
    unsigned char start = 0;
    struct im_str der;

    im_rng_fixed(keys->rng, "rsa pool", &start, sizeof(start));
    if (!im_base64_decode(arena, im_test_keys[(start + number) % IM_TEST_KEYS], &der))
        return NULL;
    const unsigned char *at = (const unsigned char *)der.at;
    return d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)der.len);
}

static struct im_str number_of(struct im_arena *arena, const EVP_PKEY *rsa,
                               const char *name)
{
    BIGNUM *number = NULL;
    struct im_str text = {NULL, 0};

    if (EVP_PKEY_get_bn_param(rsa, name, &number) != 1)
        return text;
    size_t len = (size_t)BN_num_bytes(number);
    unsigned char *raw = im_arena_alloc(arena, len);
    if (raw && BN_bn2bin(number, raw) >= 0)
        text = im_base64url(arena, raw, len);
    BN_free(number);
    return text;
}

/* Names the key: {"alg":…,"kid":…} in this order, as the article's sample has it. */
static bool name_key(struct generation *one, struct im_arena *arena, enum im_jwt_alg alg,
                     struct im_str kid)
{
    struct im_str json = im_arena_format(arena, "{\"alg\":\"%s\",\"kid\":\"%.*s\"}",
                                         im_jwt_alg_name(alg), IM_ARG(kid));
    struct im_str header = im_base64url(arena, json.at, json.len);

    snprintf(one->kid[alg], KID_MAX, "%.*s", IM_ARG(kid));
    snprintf(one->header[alg], HEADER_MAX, "%.*s", IM_ARG(header));
    return kid.len && header.len && header.len < HEADER_MAX;
}

/* The name is drawn and is not the key's thumbprint (RFC 7638): sandboxes share the few
 * keys of the pool, and a client that caches keys by name must not find the key of
 * another sandbox. The words in quotes are input to the drawing: with others, the same
 * seed would give other bytes. */
static bool name_keys(struct im_keys *keys, struct generation *one,
                      struct im_arena *arena)
{
    unsigned char name[IM_SHA256_LEN];
    struct im_str kind = im_arena_format(
        arena, one == &keys->unknown_key ? "stranger's kid" : "kid %u", one->number);

    if (!kind.len)
        return false;
    im_rng_fixed(keys->rng, kind.at, name, sizeof(name));
    return name_key(one, arena, IM_JWT_RS256, im_base64url(arena, name, sizeof(name))) &&
           name_key(one, arena, IM_JWT_RS512, im_base64(arena, name, sizeof(name)));
}

static EVP_PKEY *make_rsa(struct im_keys *keys, struct generation *one)
{
    struct im_arena arena;
    bool pooled = one->number < IM_TEST_KEYS;

    im_arena_init(&arena, 0);
    EVP_PKEY *rsa = pooled ? from_pool(keys, &arena, one->number) : EVP_RSA_gen(RSA_BITS);
    if (rsa && !name_keys(keys, one, &arena)) {
        EVP_PKEY_free(rsa);
        rsa = NULL;
    }
    im_arena_release(&arena);
    return rsa;
}

/* The generation's RSA key, made now if need be; NULL on failure. */
static EVP_PKEY *rsa_of(struct im_keys *keys, struct generation *one,
                        struct im_error *err)
{
    pthread_mutex_lock(&keys->rsa_lock);
    if (!one->rsa)
        one->rsa = make_rsa(keys, one);
    EVP_PKEY *rsa = one->rsa;
    pthread_mutex_unlock(&keys->rsa_lock);
    if (!rsa)
        im_error_set(err, "making RSA signing key %u: OpenSSL refused or memory is short",
                     one->number);
    return rsa;
}

/* The RSA key of a generation that may have signed something; NULL when it never did. */
static EVP_PKEY *rsa_used(struct im_keys *keys, const struct generation *one)
{
    pthread_mutex_lock(&keys->rsa_lock);
    EVP_PKEY *rsa = one->rsa;
    pthread_mutex_unlock(&keys->rsa_lock);
    return rsa;
}

static void write_jwk(struct im_json_out *out, const struct generation *one,
                      enum im_jwt_alg alg, struct im_str n, struct im_str e)
{
    im_json_open_object(out, NULL);
    im_json_strz(out, "kty", "RSA");
    im_json_strz(out, "use", "sig");
    im_json_strz(out, "alg", im_jwt_alg_name(alg));
    im_json_strz(out, "kid", one->kid[alg]);
    im_json_str(out, "n", n);
    im_json_str(out, "e", e);
    im_json_close_object(out);
}

bool im_keys_write_jwks(struct im_keys *keys, struct im_json_out *out,
                        struct im_error *err)
{
    struct generation *one = in_force(keys);
    EVP_PKEY *rsa = rsa_of(keys, one, err);

    if (!rsa)
        return false;
    struct im_str n = number_of(out->buf->arena, rsa, OSSL_PKEY_PARAM_RSA_N);
    struct im_str e = number_of(out->buf->arena, rsa, OSSL_PKEY_PARAM_RSA_E);
    im_json_open_object(out, NULL);
    im_json_open_array(out, "keys");
    write_jwk(out, one, IM_JWT_RS256, n, e);
    write_jwk(out, one, IM_JWT_RS512, n, e);
    im_json_close_array(out);
    im_json_close_object(out);
    return (n.len && e.len) || im_error_no_memory(err, "writing the key set");
}

/* ---- signing ---- */

static const EVP_MD *digest_of(enum im_jwt_alg alg)
{
    return alg == IM_JWT_RS512 ? EVP_sha512() : EVP_sha256();
}

static struct im_str hmac_sign(const struct generation *one, struct im_arena *arena,
                               struct im_str input)
{
    unsigned char *mac = im_arena_alloc(arena, IM_SHA256_LEN);

    if (!mac)
        return (struct im_str){NULL, 0};
    im_hmac(&one->secret, input, mac);
    return (struct im_str){(const char *)mac, IM_SHA256_LEN};
}

static struct im_str rsa_sign(EVP_PKEY *rsa, struct im_arena *arena, enum im_jwt_alg alg,
                              struct im_str input)
{
    size_t len = (size_t)EVP_PKEY_get_size(rsa);
    unsigned char *signature = im_arena_alloc(arena, len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct im_str made = {NULL, 0};

    if (signature && context &&
        EVP_DigestSignInit(context, NULL, digest_of(alg), NULL, rsa) == 1 &&
        EVP_DigestSign(context, signature, &len, (const unsigned char *)input.at,
                       input.len) == 1)
        made = (struct im_str){(const char *)signature, len};
    EVP_MD_CTX_free(context);
    return made;
}

/* header '.' payload '.' signature; the header is in base64url already. */
static struct im_str jwt_assemble(struct im_arena *arena, struct generation *one,
                                  EVP_PKEY *rsa, enum im_jwt_alg alg,
                                  const struct im_str part[2])
{
    struct im_str payload = im_base64url(arena, part[1].at, part[1].len);
    struct im_buf buf;

    im_buf_init(&buf, arena, 0);
    im_buf_add(&buf, part[0]);
    im_buf_addc(&buf, '.');
    im_buf_add(&buf, payload);
    struct im_str input = im_buf_str(&buf);
    struct im_str signature =
        rsa ? rsa_sign(rsa, arena, alg, input) : hmac_sign(one, arena, input);
    im_buf_addc(&buf, '.');
    im_buf_add(&buf, im_base64url(arena, signature.at, signature.len));
    return payload.len && signature.len && !buf.failed ? im_buf_str(&buf)
                                                       : (struct im_str){NULL, 0};
}

static struct im_str plain_header(struct im_arena *arena, enum im_jwt_alg alg)
{
    struct im_str json =
        im_arena_format(arena, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", im_jwt_alg_name(alg));

    return im_base64url(arena, json.at, json.len);
}

struct im_str im_jwt_sign(struct im_keys *keys, struct im_arena *arena,
                          enum im_jwt_alg alg, bool header_kid, struct im_str payload,
                          struct im_error *err)
{
    struct generation *one = in_force(keys);
    struct im_str part[2] = {im_str(hs256_header), payload};
    EVP_PKEY *rsa = NULL;

    if (alg != IM_JWT_HS256) {
        rsa = rsa_of(keys, one, err);
        if (!rsa)
            return (struct im_str){NULL, 0};
        part[0] = header_kid ? im_str(one->header[alg]) : plain_header(arena, alg);
    }
    struct im_str token = jwt_assemble(arena, one, rsa, alg, part);
    if (!token.len)
        im_error_no_memory(err, "signing a token with %s", im_jwt_alg_name(alg));
    return token;
}

struct im_str im_jwt_sign_with_unknown_key(struct im_keys *keys, struct im_arena *arena,
                                           enum im_jwt_alg alg, struct im_str payload,
                                           struct im_error *err)
{
    struct generation *one = &keys->unknown_key;
    EVP_PKEY *rsa = rsa_of(keys, one, err);

    if (!rsa)
        return (struct im_str){NULL, 0};
    if (alg != IM_JWT_HS256)
        return jwt_assemble(arena, one, rsa, alg,
                            (struct im_str[]){im_str(one->header[alg]), payload});

    struct im_str json =
        im_arena_format(arena, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
                        one->kid[IM_JWT_RS256]);
    return jwt_assemble(
        arena, one, NULL, alg,
        (struct im_str[]){im_base64url(arena, json.at, json.len), payload});
}

/* ---- taking apart (RFC 7515 section 5.2, steps 1 to 5) ----
 * The errors tell what is wrong with a token and never show any of it. */

static const struct im_json *part_object(struct im_arena *arena, struct im_str part,
                                         const char *what, struct im_error *err)
{
    struct im_json_error where;
    struct im_str text;

    if (!part.len || !im_base64url_decode(arena, part, &text)) {
        im_error_set(err, "its %s is not base64url", what);
        return NULL;
    }
    const struct im_json *object = im_json_parse(arena, text, &where);
    if (!object)
        im_error_set(err, "its %s is not JSON: %s", what, where.what);
    else if (object->type != IM_JSON_OBJECT)
        im_error_set(err, "its %s is %s, not an object", what,
                     im_json_type_name(object->type));
    return object && object->type == IM_JSON_OBJECT ? object : NULL;
}

static size_t count_dots(struct im_str text)
{
    size_t dots = 0;

    for (size_t i = 0; i < text.len; i++)
        dots += text.at[i] == '.';
    return dots;
}

bool im_jwt_decode(struct im_arena *arena, struct im_str token, struct im_jwt *jwt,
                   struct im_error *err)
{
    struct im_str rest = token;

    *jwt = (struct im_jwt){0};
    if (count_dots(token) != 2)
        return im_error_set(err, "it is not three parts with dots between but %zu",
                            count_dots(token) + 1);
    struct im_str header = im_str_cut(&rest, '.');
    struct im_str payload = im_str_cut(&rest, '.');
    jwt->signing_input = im_str_slice(token, 0, header.len + 1 + payload.len);
    jwt->header = part_object(arena, header, "header", err);
    jwt->payload = jwt->header ? part_object(arena, payload, "payload", err) : NULL;
    if (!jwt->payload)
        return false;
    if (rest.len && !im_base64url_decode(arena, rest, &jwt->signature))
        return im_error_set(err, "its signature is not base64url");
    jwt->alg = im_json_get_str(jwt->header, "alg");
    jwt->kid = im_json_get_str(jwt->header, "kid");
    return true;
}

/* ---- verifying ---- */

static bool hmac_verifies(const struct generation *one, const struct im_jwt *jwt)
{
    unsigned char mac[IM_SHA256_LEN];

    im_hmac(&one->secret, jwt->signing_input, mac);
    return im_secret_eq(jwt->signature, (struct im_str){(const char *)mac, sizeof(mac)});
}

static bool rsa_verifies(EVP_PKEY *rsa, const struct im_jwt *jwt, enum im_jwt_alg alg)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        context && EVP_DigestVerifyInit(context, NULL, digest_of(alg), NULL, rsa) == 1 &&
        EVP_DigestVerify(context, (const unsigned char *)jwt->signature.at,
                         jwt->signature.len, (const unsigned char *)jwt->signing_input.at,
                         jwt->signing_input.len) == 1;

    EVP_MD_CTX_free(context);
    return good;
}

/* Has this generation signed it? *named: the header names this generation's key. */
static bool generation_verifies(struct im_keys *keys, const struct generation *one,
                                const struct im_jwt *jwt, enum im_jwt_alg alg,
                                bool *named)
{
    EVP_PKEY *rsa = alg == IM_JWT_HS256 ? NULL : rsa_used(keys, one);

    /* our HS256 headers have no kid, as the real ones: one with a kid is foreign */
    if (alg == IM_JWT_HS256)
        return !jwt->kid.len && hmac_verifies(one, jwt);
    if (!rsa || (jwt->kid.len && !im_str_is(jwt->kid, one->kid[alg])))
        return false;
    *named = *named || jwt->kid.len;
    return rsa_verifies(rsa, jwt, alg);
}

enum im_jwt_check im_jwt_verify(struct im_keys *keys, const struct im_jwt *jwt,
                                enum im_jwt_alg expected)
{
    const struct generation *newest = in_force(keys);
    bool named = false;

    if (!im_str_is(jwt->alg, im_jwt_alg_name(expected)))
        return IM_JWT_WRONG_ALG;
    /* retired generations too: "signed by us, but rotated out" is a cause of its own */
    for (const struct generation *one = newest; one; one = one->older)
        if (generation_verifies(keys, one, jwt, expected, &named))
            return one == newest ? IM_JWT_GOOD : IM_JWT_RETIRED_KEY;
    return jwt->kid.len && !named ? IM_JWT_UNKNOWN_KEY : IM_JWT_BAD_SIGNATURE;
}
