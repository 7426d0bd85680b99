/* SHA-256, HMAC (RFC 2104), base64 and base64url (RFC 4648), comparison in constant time.
 *
 * SHA-256 is OpenSSL's low-level interface, which OpenSSL 3 calls deprecated in favour of
 * EVP. It is used on purpose: a request digests about ten texts of one to ten blocks, and
 * EVP looks its algorithm up and allocates for each of them, which costs three to five
 * times as much as the digest itself. A state that is a plain value also lets the key of
 * an HMAC be prepared once and copied, without anything to release. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <string.h>

#define BASE64_COMMON "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char base64_alphabet[65] = BASE64_COMMON "+/";
static const char base64url_alphabet[65] = BASE64_COMMON "-_";

/* OpenSSL takes no NULL, even for no bytes. */
static const unsigned char *bytes_of(struct im_str data)
{
    return (const unsigned char *)(data.at ? data.at : "");
}

void im_sha256(struct im_str data, unsigned char digest[IM_SHA256_LEN])
{
    SHA256_CTX context;

    SHA256_Init(&context);
    SHA256_Update(&context, bytes_of(data), data.len);
    SHA256_Final(digest, &context);
}

/* The state of SHA-256 behind one block: the key, padded with zeros, in exclusive or with
 * `pad`. */
static void hmac_begin(const unsigned char block[SHA256_CBLOCK], unsigned char pad,
                       uint32_t state[8])
{
    unsigned char padded[SHA256_CBLOCK];
    SHA256_CTX context;

    for (size_t i = 0; i < sizeof(padded); i++)
        padded[i] = block[i] ^ pad;
    SHA256_Init(&context);
    SHA256_Update(&context, padded, sizeof(padded));
    for (size_t i = 0; i < 8; i++)
        state[i] = context.h[i];
    OPENSSL_cleanse(padded, sizeof(padded));
}

void im_hmac_key_init(struct im_hmac_key *key, struct im_str secret)
{
    unsigned char block[SHA256_CBLOCK] = {0};

    if (secret.len > sizeof(block))
        im_sha256(secret, block);
    else
        memcpy(block, bytes_of(secret), secret.len);
    hmac_begin(block, 0x36, key->inner);
    hmac_begin(block, 0x5C, key->outer);
    OPENSSL_cleanse(block, sizeof(block));
}

/* Goes on where hmac_begin() stopped: one block has been digested. */
static void hmac_finish(const uint32_t state[8], struct im_str data,
                        unsigned char digest[IM_SHA256_LEN])
{
    SHA256_CTX context;

    SHA256_Init(&context);
    for (size_t i = 0; i < 8; i++)
        context.h[i] = state[i];
    context.Nl = SHA256_CBLOCK * 8; /* bits so far */
    SHA256_Update(&context, bytes_of(data), data.len);
    SHA256_Final(digest, &context);
}

void im_hmac(const struct im_hmac_key *key, struct im_str data,
             unsigned char mac[IM_SHA256_LEN])
{
    unsigned char digest[IM_SHA256_LEN];

    hmac_finish(key->inner, data, digest);
    hmac_finish(key->outer, (struct im_str){(const char *)digest, sizeof(digest)}, mac);
}

void im_hmac_sha256(const unsigned char *secret, size_t len, struct im_str data,
                    unsigned char mac[IM_SHA256_LEN])
{
    struct im_hmac_key key;

    im_hmac_key_init(&key, (struct im_str){(const char *)secret, len});
    im_hmac(&key, data, mac);
    OPENSSL_cleanse(&key, sizeof(key));
}

void im_keyed_sha256(const struct im_hmac_key *key, struct im_str data,
                     unsigned char digest[IM_SHA256_LEN])
{
    hmac_finish(key->inner, data, digest);
}

/* The last one or two bytes become two or three characters. */
static size_t base64_encode_rest(const char *alphabet, const unsigned char *in, size_t n,
                                 char *out)
{
    uint32_t bits = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0);

    for (unsigned i = 0; i <= n; i++)
        out[i] = alphabet[bits >> (18 - 6 * i) & 63];
    return n + 1;
}

static struct im_str base64_encode(struct im_arena *arena, const char *alphabet,
                                   bool padded, struct im_str data)
{
    if (data.len > SIZE_MAX / 2) { /* the length below would overflow */
        arena->failed = true;
        return (struct im_str){NULL, 0};
    }
    char *out = im_arena_alloc(arena, (data.len + 2) / 3 * 4 + 1);
    if (!out)
        return (struct im_str){NULL, 0};

    const unsigned char *in = bytes_of(data);
    size_t len = 0, i = 0;
    for (; i + 3 <= data.len; i += 3, len += 4) {
        uint32_t bits = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        out[len] = alphabet[bits >> 18];
        out[len + 1] = alphabet[bits >> 12 & 63];
        out[len + 2] = alphabet[bits >> 6 & 63];
        out[len + 3] = alphabet[bits & 63];
    }
    if (i < data.len)
        len += base64_encode_rest(alphabet, in + i, data.len - i, out + len);
    while (padded && len % 4)
        out[len++] = '=';
    return (struct im_str){out, len};
}

struct im_str im_base64url(struct im_arena *arena, const void *data, size_t len)
{
    return base64_encode(arena, base64url_alphabet, false, (struct im_str){data, len});
}

struct im_str im_base64(struct im_arena *arena, const void *data, size_t len)
{
    return base64_encode(arena, base64_alphabet, true, (struct im_str){data, len});
}

/* The six bits a character stands for, -1 when it stands for none. */
static int base64_value(const char *alphabet, char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == alphabet[62])
        return 62;
    return c == alphabet[63] ? 63 : -1;
}

/* Two to four characters become one to three bytes; false when the bits left over are not
 * 0. */
static bool base64_decode_group(const char *alphabet, const char *in, size_t n, char *out)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < 4; i++) {
        int value = i < n ? base64_value(alphabet, in[i]) : 0;
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    for (unsigned i = 0; i + 1 < n; i++)
        out[i] = (char)(unsigned char)(bits >> (16 - 8 * i) & 255);
    uint32_t left_over = n == 4 ? 0 : bits & (n == 3 ? 0xFFu : 0xFFFFu);
    return left_over == 0;
}

/* `text` without padding. A single character left over holds six bits, which make no
 * byte: it is refused, and so is every second spelling of the same bytes (RFC 4648
 * section 3.5), so that a token has one text only. */
static bool base64_decode(struct im_arena *arena, const char *alphabet,
                          struct im_str text, struct im_str *data)
{
    if (text.len % 4 == 1)
        return false;
    size_t len = text.len / 4 * 3 + (text.len % 4 ? text.len % 4 - 1 : 0);
    char *out = im_arena_alloc(arena, len + 1);
    if (!out)
        return false;

    size_t made = 0;
    for (size_t i = 0; i < text.len; i += 4, made += 3) {
        size_t n = text.len - i < 4 ? text.len - i : 4;
        if (!base64_decode_group(alphabet, text.at + i, n, out + made))
            return false;
    }
    *data = (struct im_str){out, len};
    return true;
}

bool im_base64url_decode(struct im_arena *arena, struct im_str text, struct im_str *data)
{
    return base64_decode(arena, base64url_alphabet, text, data);
}

bool im_base64_decode(struct im_arena *arena, struct im_str text, struct im_str *data)
{
    if (text.len % 4)
        return false;
    for (int i = 0; i < 2 && im_str_ends(text, "="); i++)
        text.len--;
    return base64_decode(arena, base64_alphabet, text, data);
}

struct im_str im_hex(struct im_arena *arena, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *byte = data;
    char *out = im_arena_alloc(arena, len < SIZE_MAX / 4 ? len * 2 + 1 : SIZE_MAX);

    if (!out)
        return (struct im_str){NULL, 0};
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[byte[i] >> 4];
        out[2 * i + 1] = digits[byte[i] & 15];
    }
    return (struct im_str){out, len * 2};
}

bool im_secret_eq(struct im_str a, struct im_str b)
{
    return a.len == b.len && CRYPTO_memcmp(bytes_of(a), bytes_of(b), a.len) == 0;
}
