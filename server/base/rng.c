/* What a sandbox draws: seeds, tokens, ids (UUIDs of RFC 9562). A draw is
 * SHA-256(key ‖ kind ‖ 0 ‖ 'd' ‖ serial ‖ counter), a fixed value the same with 'f' and
 * serial 0; serial and counter are 8 bytes each, most significant first, and the counter
 * numbers the blocks of 32 bytes. The key is HMAC-SHA-256(seed, salt) as the block that the
 * inner hash of an HMAC begins with (RFC 2104). The outer hash is left out, since it doubles
 * the cost and only keeps longer messages from being computed, and no draw is one. */
#include "base/rng.h"

#include <openssl/rand.h>
#include <string.h>

#include "base/crypto.h"

enum { KIND_MAX = 64, MESSAGE_MAX = KIND_MAX + 2 + 8 + 8 };

static void put_u64(unsigned char out[8], uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        out[i] = (unsigned char)(value & 255);
}

void im_rng_init_seed(struct im_rng *rng, uint64_t seed, struct im_str salt)
{
    unsigned char number[8], key[IM_SHA256_LEN];

    put_u64(number, seed);
    im_hmac_sha256(number, sizeof(number), salt, key);
    im_hmac_key_init(&rng->key, (struct im_str){(const char *)key, sizeof(key)});
    atomic_init(&rng->serial, 0);
}

bool im_rng_random_seed(uint64_t *seed, struct im_error *err)
{
    unsigned char raw[sizeof(*seed)];

    if (RAND_bytes(raw, sizeof(raw)) != 1)
        return im_error_set(err, "drawing a random seed: the system gives no entropy; "
                                 "choose a seed yourself");
    memcpy(seed, raw, sizeof(raw));
    return true;
}

/* The message of a draw without its counter; gives the length. The 0 behind the kind
 * keeps two kinds apart of which one begins with the other. A kind longer than any of
 * ours stands for its digest, so that the message has a bound. */
static size_t rng_message(unsigned char message[MESSAGE_MAX], const char *kind,
                          char domain, uint64_t serial)
{
    struct im_str name = im_str(kind);
    unsigned char digest[IM_SHA256_LEN];

    if (name.len > KIND_MAX) {
        im_sha256(name, digest);
        name = (struct im_str){(const char *)digest, sizeof(digest)};
    }
    if (name.len)
        memcpy(message, name.at, name.len);
    message[name.len] = 0;
    message[name.len + 1] = (unsigned char)domain;
    put_u64(message + name.len + 2, serial);
    return name.len + 2 + 8;
}

/* `len` is what rng_message() gave; the counter comes behind it. */
static void rng_derive(const struct im_hmac_key *key, unsigned char message[MESSAGE_MAX],
                       size_t len, unsigned char *out, size_t n)
{
    unsigned char block[IM_SHA256_LEN];
    struct im_str whole = {(const char *)message, len + 8};

    for (size_t done = 0; done < n; done += sizeof(block)) {
        size_t take = n - done < sizeof(block) ? n - done : sizeof(block);
        put_u64(message + len, done / sizeof(block));
        im_keyed_sha256(key, whole, block);
        memcpy(out + done, block, take);
    }
}

void im_rng_bytes(struct im_rng *rng, const char *kind, void *out, size_t n)
{
    unsigned char message[MESSAGE_MAX];
    uint64_t serial = atomic_fetch_add(&rng->serial, 1);
    size_t len = rng_message(message, kind, 'd', serial);

    rng_derive(&rng->key, message, len, out, n);
}

void im_rng_fixed(const struct im_rng *rng, const char *kind, void *out, size_t n)
{
    unsigned char message[MESSAGE_MAX];
    size_t len = rng_message(message, kind, 'f', 0);

    rng_derive(&rng->key, message, len, out, n);
}

struct im_str im_rng_text(struct im_rng *rng, const char *kind, struct im_arena *arena,
                          size_t n)
{
    size_t raw_len = n / 4 * 3 + n % 4; /* six bits each, rounded up */
    unsigned char *raw = im_arena_alloc(arena, raw_len);

    if (!raw)
        return (struct im_str){NULL, 0};
    im_rng_bytes(rng, kind, raw, raw_len);
    struct im_str text = im_base64url(arena, raw, raw_len);
    return im_str_slice(text, 0, n);
}

struct im_str im_rng_uuid(struct im_rng *rng, const char *kind, struct im_arena *arena)
{
    unsigned char raw[16];

    im_rng_bytes(rng, kind, raw, sizeof(raw));
    raw[6] = (unsigned char)(0x40 | (raw[6] & 0x0F)); /* version 4 */
    raw[8] = (unsigned char)(0x80 | (raw[8] & 0x3F)); /* variant of RFC 9562 */

    struct im_str hex = im_hex(arena, raw, sizeof(raw));
    if (!hex.len)
        return hex;
    return im_arena_format(arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex.at, hex.at + 8,
                           hex.at + 12, hex.at + 16, hex.at + 20);
}
