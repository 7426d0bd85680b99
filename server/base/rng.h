/* Chance, derived: what is drawn is a digest of seed, kind and serial, so that the same
 * seed and the same requests give the same tokens, ids and bytes. Thread-safe. */
#ifndef IM_BASE_RNG_H
#define IM_BASE_RNG_H

#include <stdatomic.h>

#include "base/crypto.h"

struct im_rng {
    struct im_hmac_key key;
    atomic_uint_fast64_t serial; /* draws so far */
};

/* From a number somebody chose, and a salt that keeps sandboxes apart (may be empty). */
void im_rng_init_seed(struct im_rng *rng, uint64_t seed, struct im_str salt);
/* From the system's entropy; false when there is none. */
bool im_rng_random_seed(uint64_t *seed, struct im_error *err);

/* The next draw of this kind: n bytes. */
void im_rng_bytes(struct im_rng *rng, const char *kind, void *out, size_t n);
/* A value that depends on the seed and the kind alone (keys): no serial. */
void im_rng_fixed(const struct im_rng *rng, const char *kind, void *out, size_t n);
/* Drawn text of n characters of the base64url alphabet, 6 bits each. As the UUID: an
 * empty view, and the arena is marked `failed`, when memory is short. */
struct im_str im_rng_text(struct im_rng *rng, const char *kind, struct im_arena *arena,
                          size_t n);
/* A drawn version 4 UUID (RFC 9562), lower case. */
struct im_str im_rng_uuid(struct im_rng *rng, const char *kind, struct im_arena *arena);

#endif
