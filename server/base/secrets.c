/* Values are found by their first bytes: a table by a hash of these, asked at each place of the
 * text, as it stands and with its escapes undone. Letters are compared without case, and a blank
 * equals a plus, since a form turns one into the other: too much hidden does no harm. */
#include "base/secrets.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/table.h"

struct secret {
    struct im_table_link link; /* by its first IM_SECRET_MIN bytes */
    struct im_str value;
};

enum { FINGERPRINT_LEN = 6, RECENT = 16 };

/* Fingerprints made lately: a client presents the same token with call after call. */
struct recent {
    pthread_mutex_t lock;
    struct {
        bool known;
        unsigned char digest[IM_SHA256_LEN];
        unsigned char fingerprint[FINGERPRINT_LEN];
    } entries[RECENT]; /* by the digest's first byte */
};

struct im_secrets {
    atomic_size_t refs;
    struct recent *recent; /* it may change where the set may not */
    struct im_hmac_key key;
    pthread_mutex_t lock;
    struct im_table by_start;
    /* most places of a text need no more: may a value begin with this byte, and with these two? */
    bool first[256];
    unsigned char starts[64]; /* a bit for each hash of them */
};

struct im_secrets *im_secrets_new(const unsigned char key[IM_SECRET_KEY_LEN])
{
    struct im_secrets *secrets = calloc(1, sizeof(*secrets));

    if (!secrets)
        return NULL;
    secrets->recent = calloc(1, sizeof(*secrets->recent));
    if (!secrets->recent) {
        free(secrets);
        return NULL;
    }
    pthread_mutex_init(&secrets->recent->lock, NULL);
    atomic_init(&secrets->refs, 1);
    im_hmac_key_init(&secrets->key,
                     (struct im_str){(const char *)key, IM_SECRET_KEY_LEN});
    pthread_mutex_init(&secrets->lock, NULL);
    return secrets;
}

struct im_secrets *im_secrets_ref(struct im_secrets *secrets)
{
    atomic_fetch_add(&secrets->refs, 1);
    return secrets;
}

static void secret_free(struct secret *secret)
{
    if (secret)
        im_str_free(&secret->value);
    free(secret);
}

void im_secrets_unref(struct im_secrets *secrets)
{
    if (!secrets || atomic_fetch_sub(&secrets->refs, 1) > 1)
        return;
    for (size_t i = 0; i < secrets->by_start.room; i++)
        while (secrets->by_start.slots[i]) {
            struct im_table_link *link = secrets->by_start.slots[i];
            im_table_remove(&secrets->by_start, link);
            secret_free((struct secret *)(void *)link);
        }
    im_table_release(&secrets->by_start);
    pthread_mutex_destroy(&secrets->lock);
    pthread_mutex_destroy(&secrets->recent->lock);
    free(secrets->recent);
    free(secrets);
}

/* ---- reading a text with its escapes undone ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two hexadecimal digits stand for at `at`; -1 when they are none. */
static int hex_byte(struct im_str text, size_t at)
{
    if (at + 2 > text.len)
        return -1;
    int high = hex_value(text.at[at]), low = hex_value(text.at[at + 1]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* How a text is read: as it stands, with its escapes undone, or with percent escapes undone for as
 * long as there are any, since some clients encode twice. */
enum text_reading { PLAIN, ESCAPED, ESCAPED_TWICE, READINGS };

/* "%2D", and "%252D" of something encoded twice. */
static size_t percent_length(struct im_str text, size_t at, enum text_reading reading,
                             unsigned char *byte)
{
    size_t digits = at + 1;
    int value = hex_byte(text, digits);

    while (reading == ESCAPED_TWICE && value == '%' && hex_byte(text, digits + 2) >= 0) {
        digits += 2;
        value = hex_byte(text, digits);
    }
    if (value < 0)
        return 0;
    *byte = (unsigned char)value;
    return digits + 2 - at;
}

/* "\u002d", "\"", "\\", "\/" (RFC 8259 section 7) */
static size_t backslash_length(struct im_str text, size_t at, unsigned char *byte)
{
    if (at + 2 > text.len)
        return 0;
    if (text.at[at + 1] == 'u' && hex_byte(text, at + 2) == 0) {
        int value = hex_byte(text, at + 4);
        *byte = (unsigned char)value;
        return value < 0 ? 0 : 6;
    }
    *byte = (unsigned char)text.at[at + 1];
    return strchr("\"\\/", text.at[at + 1]) ? 2 : 0;
}

static size_t entity_length(struct im_str text, size_t at, unsigned char *byte)
{
    static const struct {
        const char *name;
        char stands_for;
    } entities[] = {{"&amp;", '&'},  {"&lt;", '<'},   {"&gt;", '>'},
                    {"&quot;", '"'}, {"&#39;", '\''}, {"&apos;", '\''}};
    struct im_str rest = im_str_slice(text, at, text.len);

    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
        if (im_str_starts(rest, entities[i].name)) {
            *byte = (unsigned char)entities[i].stands_for;
            return strlen(entities[i].name);
        }
    return 0;
}

/* The byte at `at` and how many bytes of the text say it. */
static size_t byte_at(struct im_str text, size_t at, enum text_reading reading,
                      unsigned char *byte)
{
    size_t length = 0;

    if (reading && text.at[at] == '%')
        length = percent_length(text, at, reading, byte);
    else if (reading && text.at[at] == '\\')
        length = backslash_length(text, at, byte);
    else if (reading && text.at[at] == '&')
        length = entity_length(text, at, byte);
    if (!length)
        *byte = (unsigned char)text.at[at];
    return length ? length : 1;
}

static unsigned char fold(unsigned char byte)
{
    if (byte == '+')
        return ' ';
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
}

/* The bit of `starts` for these two bytes. */
static unsigned pair_bit(char first, char second)
{
    return (fold((unsigned char)first) * 31U + fold((unsigned char)second)) % 512;
}

static bool may_start(const struct im_secrets *secrets, struct im_str text, size_t at)
{
    if (!secrets->first[(unsigned char)text.at[at]])
        return false;
    unsigned bit = pair_bit(text.at[at], text.at[at + 1]);
    return secrets->starts[bit / 8] & 1U << bit % 8;
}

/* Hash of the first bytes at `at`; false when the text ends before. */
static bool start_hash(struct im_str text, size_t at, enum text_reading reading,
                       uint64_t *hash)
{
    char start[IM_SECRET_MIN];

    for (size_t n = 0; n < sizeof(start); n++) {
        unsigned char byte;
        if (at >= text.len)
            return false;
        at += byte_at(text, at, reading, &byte);
        start[n] = (char)fold(byte);
    }
    *hash = im_table_hash(0, (struct im_str){start, sizeof(start)});
    return true;
}

/* ---- adding ---- */

static bool is_known_locked(const struct im_secrets *secrets, struct im_str value,
                            uint64_t hash)
{
    const struct im_table_link *link = im_table_first(&secrets->by_start, hash);

    for (; link; link = im_table_next(link))
        if (im_str_eq(((const struct secret *)(const void *)link)->value, value))
            return true;
    return false;
}

bool im_secrets_add(struct im_secrets *secrets, struct im_str value)
{
    uint64_t hash;

    if (!start_hash(value, 0, PLAIN, &hash))
        return true;
    struct secret *secret = calloc(1, sizeof(*secret));
    if (!secret || !im_str_duplicate(value, &secret->value)) {
        secret_free(secret);
        return false;
    }
    pthread_mutex_lock(&secrets->lock);
    bool known = is_known_locked(secrets, value, hash);
    bool room = known || im_table_reserve(&secrets->by_start, 1);
    if (room && !known) {
        unsigned bit = pair_bit(value.at[0], value.at[1]);
        secrets->starts[bit / 8] |= (unsigned char)(1U << bit % 8);
        for (unsigned byte = 0; byte < 256; byte++)
            if (fold((unsigned char)byte) == fold((unsigned char)value.at[0]))
                secrets->first[byte] = true;
        im_table_add(&secrets->by_start, &secret->link, hash);
        secret = NULL;
    }
    pthread_mutex_unlock(&secrets->lock);
    secret_free(secret);
    return room;
}

/* ---- hiding ---- */

/* How many bytes of the text say this value, beginning at `at`; 0 when they say another. */
static size_t said_length(struct im_str text, size_t at, enum text_reading reading,
                          struct im_str value)
{
    size_t from = at;

    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte;
        if (at >= text.len)
            return 0;
        at += byte_at(text, at, reading, &byte);
        if (fold(byte) != fold((unsigned char)value.at[i]))
            return 0;
    }
    return at - from;
}

/* A short value such as "secret" is also a word of other names and of sentences: it is a secret
 * only between marks, and not where it names something itself. */
static bool is_whole_value(struct im_str text, size_t from, size_t to)
{
    static const char before[] = "=:\"'|@,;>(/", after[] = "&\"'|@,;<)/#\r\n";
    struct im_str rest = im_str_slice(text, to, text.len);

    if (im_str_starts(rest, "\":") || im_str_starts(rest, "\" :"))
        return false;
    return (from == 0 || (text.at[from - 1] && strchr(before, text.at[from - 1]))) &&
           (!rest.len || !rest.at || (rest.at[0] && strchr(after, rest.at[0])));
}

struct hiding {
    struct im_secrets *secrets;
    struct im_str text;
    bool strong; /* look for strong values only */
};

/* The longest value at this place, and how many bytes say it. */
static const struct secret *secret_at_locked(const struct hiding *hiding, size_t at,
                                             enum text_reading reading, size_t *length)
{
    const struct secret *longest = NULL;
    uint64_t hash;

    if (!start_hash(hiding->text, at, reading, &hash))
        return NULL;
    const struct im_table_link *link = im_table_first(&hiding->secrets->by_start, hash);
    for (; link; link = im_table_next(link)) {
        const struct secret *secret = (const void *)link;
        size_t said = said_length(hiding->text, at, reading, secret->value);
        bool strong = secret->value.len >= IM_SECRET_STRONG;
        if (!said ||
            (!strong && (hiding->strong || !is_whole_value(hiding->text, at, at + said))))
            continue;
        if (!longest || secret->value.len > longest->value.len) {
            longest = secret;
            *length = said;
        }
    }
    return longest;
}

static struct im_str hide_locked(const struct hiding *hiding, struct im_arena *arena)
{
    struct im_str text = hiding->text;
    struct im_buf out;
    size_t kept = 0;
    int readings = im_str_has(text, '%')                             ? READINGS
                   : im_str_has(text, '\\') || im_str_has(text, '&') ? ESCAPED_TWICE
                                                                     : ESCAPED;

    im_buf_init(&out, arena, 0);
    for (size_t at = 0; at + IM_SECRET_MIN <= text.len;) {
        size_t length = 0;
        const struct secret *secret = NULL;
        if (readings == ESCAPED && !may_start(hiding->secrets, text, at)) {
            at++;
            continue;
        }
        for (int reading = PLAIN; !secret && reading < readings; reading++)
            secret = secret_at_locked(hiding, at, (enum text_reading)reading, &length);
        if (!secret) {
            at++;
            continue;
        }
        im_buf_add(&out, im_str_slice(text, kept, at));
        im_buf_add(&out, im_fingerprint(hiding->secrets, arena, secret->value));
        kept = at += length;
    }
    if (!kept)
        return text;
    im_buf_add(&out, im_str_slice(text, kept, text.len));
    return im_buf_str(&out);
}

static struct im_str hide(const struct hiding *hiding, struct im_arena *arena)
{
    struct im_secrets *secrets = hiding->secrets;

    if (!secrets || hiding->text.len < IM_SECRET_MIN)
        return hiding->text;
    pthread_mutex_lock(&secrets->lock);
    struct im_str shown =
        secrets->by_start.count ? hide_locked(hiding, arena) : hiding->text;
    pthread_mutex_unlock(&secrets->lock);
    return shown;
}

struct im_str im_secrets_hide(struct im_secrets *secrets, struct im_arena *arena,
                              struct im_str text)
{
    return hide(&(struct hiding){secrets, text, false}, arena);
}

struct im_str im_secrets_hide_strong(struct im_secrets *secrets, struct im_arena *arena,
                                     struct im_str text)
{
    return hide(&(struct hiding){secrets, text, true}, arena);
}

/* ---- fingerprints ---- */

struct im_str im_fingerprint(const struct im_secrets *secrets, struct im_arena *arena,
                             struct im_str secret)
{
    unsigned char digest[IM_SHA256_LEN];

    im_sha256(secret, digest);
    return im_fingerprint_of(secrets, arena, digest);
}

static bool fingerprint_recall(struct recent *recent,
                               const unsigned char digest[IM_SHA256_LEN],
                               unsigned char fingerprint[FINGERPRINT_LEN])
{
    size_t at = digest[0] % RECENT;

    pthread_mutex_lock(&recent->lock);
    bool known = recent->entries[at].known &&
                 memcmp(recent->entries[at].digest, digest, IM_SHA256_LEN) == 0;
    if (known)
        memcpy(fingerprint, recent->entries[at].fingerprint, FINGERPRINT_LEN);
    pthread_mutex_unlock(&recent->lock);
    return known;
}

static void fingerprint_remember(struct recent *recent,
                                 const unsigned char digest[IM_SHA256_LEN],
                                 const unsigned char fingerprint[FINGERPRINT_LEN])
{
    size_t at = digest[0] % RECENT;

    pthread_mutex_lock(&recent->lock);
    recent->entries[at].known = true;
    memcpy(recent->entries[at].digest, digest, IM_SHA256_LEN);
    memcpy(recent->entries[at].fingerprint, fingerprint, FINGERPRINT_LEN);
    pthread_mutex_unlock(&recent->lock);
}

static void fingerprint_make(const struct im_secrets *secrets,
                             const unsigned char digest[IM_SHA256_LEN],
                             unsigned char fingerprint[FINGERPRINT_LEN])
{
    static const unsigned char none[IM_SECRET_KEY_LEN];
    unsigned char mac[IM_SHA256_LEN];
    struct im_str text = {(const char *)digest, IM_SHA256_LEN};

    if (secrets && fingerprint_recall(secrets->recent, digest, fingerprint))
        return;
    if (secrets)
        im_hmac(&secrets->key, text, mac);
    else
        im_hmac_sha256(none, sizeof(none), text, mac);
    memcpy(fingerprint, mac, FINGERPRINT_LEN);
    if (secrets)
        fingerprint_remember(secrets->recent, digest, fingerprint);
}

struct im_str im_fingerprint_of(const struct im_secrets *secrets, struct im_arena *arena,
                                const unsigned char digest[IM_SHA256_LEN])
{
    unsigned char fingerprint[FINGERPRINT_LEN];

    fingerprint_make(secrets, digest, fingerprint);
    return IM_ARENA_JOIN(arena, IM_STR("hmac:"),
                         im_hex(arena, fingerprint, FINGERPRINT_LEN));
}
