/* The pool of RSA-2048 signing keys that ship with the product: PUBLIC TEST KEYS, for
 * the JWTs of a mock, never for TLS. test_keys.c has the reason. */
#ifndef IM_OAUTH_TEST_KEYS_H
#define IM_OAUTH_TEST_KEYS_H

#include "base/str.h"

enum { IM_TEST_KEYS = 4 };

/* RSAPrivateKey in DER, base64 with padding. Lifetime: static. */
extern const struct im_str im_test_keys[IM_TEST_KEYS];

#endif
