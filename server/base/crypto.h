/* Digests, MACs and the codings around them. With rng.h, oauth/jwt.h and http/tls.h the
 * only place that includes OpenSSL. */
#ifndef IM_BASE_CRYPTO_H
#define IM_BASE_CRYPTO_H

#include "base/arena.h"

#define IM_SHA256_LEN 32

void im_sha256(struct im_str data, unsigned char digest[IM_SHA256_LEN]);

/* A key of HMAC-SHA-256 (RFC 2104) whose part of each MAC is computed once. A plain value
 * without anything to release; it is as secret as the key itself. */
struct im_hmac_key {
    uint32_t inner[8], outer[8];
};
void im_hmac_key_init(struct im_hmac_key *key, struct im_str secret);
void im_hmac(const struct im_hmac_key *key, struct im_str data,
             unsigned char mac[IM_SHA256_LEN]);
/* The same for a key that is used once. */
void im_hmac_sha256(const unsigned char *secret, size_t len, struct im_str data,
                    unsigned char mac[IM_SHA256_LEN]);
/* SHA-256 of the key's block and the data: half of an HMAC, and half its cost. No MAC: who has
 * that of one text can compute that of some longer ones. */
void im_keyed_sha256(const struct im_hmac_key *key, struct im_str data,
                     unsigned char digest[IM_SHA256_LEN]);

/* base64url without padding (RFC 4648 section 5); base64 with padding. Lifetime: the
 * arena's. */
struct im_str im_base64url(struct im_arena *arena, const void *data, size_t len);
struct im_str im_base64(struct im_arena *arena, const void *data, size_t len);
/* Strict: no padding, no white space, canonical trailing bits. False when it is not
 * base64url. */
bool im_base64url_decode(struct im_arena *arena, struct im_str text, struct im_str *data);
/* Strict, padded; for the Basic scheme (RFC 7617). */
bool im_base64_decode(struct im_arena *arena, struct im_str text, struct im_str *data);
struct im_str im_hex(struct im_arena *arena, const void *data, size_t len);

/* Compares without telling by its time where the two differ. */
bool im_secret_eq(struct im_str a, struct im_str b);

#endif
