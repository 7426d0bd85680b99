/* SHA-256, HMAC (RFC 2104), base64 and base64url (RFC 4648), comparison in constant time.
 * OpenSSL 3 by its one-shot functions: for messages this short, HMAC() is more than twice
 * as fast as the EVP_MAC and EVP_DigestSign ways. */
#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
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

bool im_sha256(struct im_str data, unsigned char digest[IM_SHA256_LEN])
{
    memset(digest, 0, IM_SHA256_LEN);
    return SHA256(bytes_of(data), data.len, digest) != NULL;
}

bool im_hmac_sha256(const unsigned char *key, size_t key_len, struct im_str data,
                    unsigned char mac[IM_SHA256_LEN])
{
    unsigned char digest[IM_SHA256_LEN];

    memset(mac, 0, IM_SHA256_LEN);
    /* RFC 2104: a key longer than a block of the digest stands for its digest. Done here,
     * since HMAC() counts the bytes of a key in an int. */
    if (key_len > SHA256_CBLOCK) {
        if (!im_sha256((struct im_str){(const char *)key, key_len}, digest))
            return false;
        key = digest;
        key_len = sizeof(digest);
    }
    const void *with = key_len ? (const void *)key : "";
    return HMAC(EVP_sha256(), with, (int)key_len, bytes_of(data), data.len, mac, NULL) !=
           NULL;
}

/* Up to three bytes become two to four characters. */
static size_t base64_encode_group(const char *alphabet, const unsigned char *in, size_t n,
                                  char *out)
{
    uint32_t bits = (uint32_t)in[0] << 16;
    if (n > 1)
        bits |= (uint32_t)in[1] << 8;
    if (n > 2)
        bits |= in[2];

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

    size_t len = 0;
    for (size_t i = 0; i < data.len; i += 3) {
        size_t n = data.len - i < 3 ? data.len - i : 3;
        len += base64_encode_group(alphabet, bytes_of(data) + i, n, out + len);
    }
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
