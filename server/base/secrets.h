/* The values that must leave the program in no text: client secrets and passwords that are or were
 * registered, each recognised wherever it stands and however it is escaped, and the key with which
 * any secret is named by a fingerprint. One set per sandbox; it only grows, so that what was a
 * secret when an exchange was recorded stays hidden after a rotation or a reset. Thread-safe,
 * counted. A set that is NULL knows no value and has a key of zeros. */
#ifndef IM_BASE_SECRETS_H
#define IM_BASE_SECRETS_H

#include "base/crypto.h"

struct im_secrets;

enum {
    IM_SECRET_KEY_LEN = 32,
    IM_SECRET_MIN = 4, /* bytes; shorter values are no secrets, and stand everywhere */
    IM_SECRET_STRONG =
        8 /* bytes; a shorter one is hidden only where it is a whole value */
};

/* One reference for the caller; NULL when memory is short. */
struct im_secrets *im_secrets_new(const unsigned char key[IM_SECRET_KEY_LEN]);
struct im_secrets *im_secrets_ref(struct im_secrets *secrets);
void im_secrets_unref(struct im_secrets *secrets); /* NULL: nothing happens */

/* The value is a secret from now on, for good. False when memory is short. */
bool im_secrets_add(struct im_secrets *secrets, struct im_str value);

/* The text with the fingerprint of each such value in its place; the text itself when it holds
 * none. Percent escapes, those of JSON and HTML, and other case make no difference. */
struct im_str im_secrets_hide(struct im_secrets *secrets, struct im_arena *arena,
                              struct im_str text);
/* The same, but values shorter than IM_SECRET_STRONG stay: for sentences of our own. */
struct im_str im_secrets_hide_strong(struct im_secrets *secrets, struct im_arena *arena,
                                     struct im_str text);

/* How a secret may be named where people read: "hmac:1f3a9c0d5b7e", the first 6 bytes of
 * HMAC-SHA-256 of its SHA-256 digest. The key makes it no oracle for guesses. */
struct im_str im_fingerprint(const struct im_secrets *secrets, struct im_arena *arena,
                             struct im_str secret);
/* The same where its SHA-256 digest is known already. */
struct im_str im_fingerprint_of(const struct im_secrets *secrets, struct im_arena *arena,
                                const unsigned char digest[IM_SHA256_LEN]);

#endif
