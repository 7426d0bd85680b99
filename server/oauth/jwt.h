/* JSON Web Tokens (RFC 7519, 7515) and the keys that sign them. */
#ifndef IM_OAUTH_JWT_H
#define IM_OAUTH_JWT_H

#include "base/json.h"
#include "base/rng.h"

enum im_jwt_alg { IM_JWT_HS256, IM_JWT_RS256, IM_JWT_RS512 };
enum { IM_JWT_ALGS = 3 };
const char *im_jwt_alg_name(enum im_jwt_alg alg);
/* Bytes of a whole signature (RFC 7518 sections 3.2 and 3.3). */
size_t im_jwt_signature_len(enum im_jwt_alg alg);

/* The keys of one sandbox: an HMAC secret and an RSA key, both derived from the seed;
 * rotation makes new ones and remembers the old as retired. Thread-safe. RSA keys come
 * from a small built-in pool of PUBLIC TEST KEYS (start must not wait 144 ms for a key,
 * and the same seed must give the same key), then, once rotation has used the pool up,
 * fresh ones. */
struct im_keys;

/* rng must outlive the keys. No RSA key is parsed before the first one is needed. */
struct im_keys *im_keys_new(const struct im_rng *rng, struct im_error *err);
void im_keys_free(struct im_keys *keys);
bool im_keys_rotate(struct im_keys *keys, struct im_error *err);
/* The generation in force: 0, 1, … */
unsigned im_keys_generation(struct im_keys *keys);
/* RFC 7517 key set of the RSA public keys in force:
 * {"keys":[{kty,use,alg,kid,n,e}…]}. It is one key under two names, because a `kid`
 * stands for one `alg`: 32 bytes drawn for this sandbox and generation, in base64url
 * for RS256, in padded base64 (44 characters, as in the article's sample) for RS512. */
bool im_keys_write_jwks(struct im_keys *keys, struct im_json_out *out,
                        struct im_error *err);

/* Signs a payload (JSON text) with the key in force. header_kid false leaves `kid` out
 * (REST access tokens have none). Empty on failure. */
struct im_str im_jwt_sign(struct im_keys *keys, struct im_arena *arena,
                          enum im_jwt_alg alg, bool header_kid, struct im_str payload,
                          struct im_error *err);
/* The same with a key that is not ours and a `kid` that we never had: for tokens that
 * are wrong on purpose. */
struct im_str im_jwt_sign_with_unknown_key(struct im_keys *keys, struct im_arena *arena,
                                           enum im_jwt_alg alg, struct im_str payload,
                                           struct im_error *err);

/* A token taken apart; nothing is verified yet. */
struct im_jwt {
    const struct im_json *header, *payload;
    struct im_str alg, kid;      /* as they stand in the header; empty when absent */
    struct im_str signing_input; /* header '.' payload, as they stand in the token */
    struct im_str signature;     /* decoded */
};

/* False with err when it is not three base64url parts with two JSON objects. */
bool im_jwt_decode(struct im_arena *arena, struct im_str token, struct im_jwt *jwt,
                   struct im_error *err);

enum im_jwt_check {
    IM_JWT_GOOD,
    IM_JWT_RETIRED_KEY, /* signed by us, with a key that has been rotated out */
    IM_JWT_UNKNOWN_KEY, /* names a kid that we never had */
    IM_JWT_WRONG_ALG,   /* `none`, or not what belongs here (RFC 8725 section 3.1) */
    IM_JWT_BAD_SIGNATURE
};

/* Verifies with the algorithm that the caller expects, never with what the header
 * says. */
enum im_jwt_check im_jwt_verify(struct im_keys *keys, const struct im_jwt *jwt,
                                enum im_jwt_alg expected);

#endif
