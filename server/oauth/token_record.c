/* One record of the token store, and its texts, which are packed behind one another. */
#include "oauth/token_store.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- packed texts ---- */

enum shared { GRANT_TYPE, CLIENT, USER, COMPANY, ENTITY, SCOPES, SHARED = SCOPES + 4 };
static const size_t shared_fields[SHARED] = {
    [GRANT_TYPE] = offsetof(struct im_token, grant_type),
    [CLIENT] = offsetof(struct im_token, client_id),
    [USER] = offsetof(struct im_token, user),
    [COMPANY] = offsetof(struct im_token, company),
    [ENTITY] = offsetof(struct im_token, entity),
    [SCOPES] = offsetof(struct im_token, scopes),
    offsetof(struct im_token, user_key),
    offsetof(struct im_token, company_key),
    offsetof(struct im_token, entity_key),
};

enum own { REDIRECT_URI, CHALLENGE, OWN = CHALLENGE + 3 };
static const size_t own_fields[OWN] = {
    [REDIRECT_URI] = offsetof(struct im_token, redirect_uri),
    [CHALLENGE] = offsetof(struct im_token, challenge),
    offsetof(struct im_token, nonce),
    offsetof(struct im_token, jti),
};

static struct im_str *text_at(struct im_token *token, size_t offset)
{
    void *place = (unsigned char *)token + offset;
    return place;
}

static struct im_str text_of(const struct im_token *token, size_t offset)
{
    const void *place = (const unsigned char *)token + offset;
    const struct im_str *text = place;
    return *text;
}

static char *characters(struct im_packed *packed)
{
    void *place = packed->len + packed->count;
    return place;
}

static struct im_packed *pack(const struct im_token *token, const size_t *fields,
                              unsigned n)
{
    size_t total = 0;

    for (unsigned i = 0; i < n; i++)
        total += text_of(token, fields[i]).len;
    struct im_packed *packed =
        total < UINT32_MAX ? malloc(sizeof(*packed) + n * sizeof(uint32_t) + total)
                           : NULL;
    if (!packed)
        return NULL;
    packed->refs = 1;
    packed->count = n;
    char *at = characters(packed);
    for (unsigned i = 0; i < n; i++) {
        struct im_str text = text_of(token, fields[i]);
        packed->len[i] = (uint32_t)text.len;
        if (text.len)
            memcpy(at, text.at, text.len);
        at += text.len;
    }
    return packed;
}

struct im_packed *im_packed_ref(struct im_packed *packed)
{
    if (packed)
        packed->refs++;
    return packed;
}

void im_packed_unref(struct im_packed *packed)
{
    if (packed && --packed->refs == 0)
        free(packed);
}

static const char *start_of(const struct im_packed *packed)
{
    const void *place = packed->len + packed->count;
    return place;
}

static struct im_str packed_text(const struct im_packed *packed, unsigned field)
{
    const char *at = start_of(packed);

    for (unsigned i = 0; i < field; i++)
        at += packed->len[i];
    return (struct im_str){at, packed->len[field]};
}

static void unpack(const struct im_packed *packed, const size_t *fields,
                   struct im_arena *arena, struct im_token *out)
{
    struct im_str all = {start_of(packed), 0};

    for (unsigned i = 0; i < packed->count; i++)
        all.len += packed->len[i];
    if (arena)
        all = im_arena_copy(arena, all);
    if (!all.at)
        return; /* the arena has failed, which its owner sees */
    for (unsigned i = 0; i < packed->count; i++) {
        *text_at(out, fields[i]) = (struct im_str){all.at, packed->len[i]};
        all.at += packed->len[i];
    }
}

struct im_str im_packed_user(const struct im_packed *who)
{
    return packed_text(who, USER);
}

struct im_str im_packed_company(const struct im_packed *who)
{
    return packed_text(who, COMPANY);
}

struct im_str im_packed_client(const struct im_packed *who)
{
    return packed_text(who, CLIENT);
}

struct im_str im_packed_grant_type(const struct im_packed *who)
{
    return packed_text(who, GRANT_TYPE);
}

struct im_str im_packed_entity(const struct im_packed *who)
{
    return packed_text(who, ENTITY);
}

struct im_str im_record_redirect_uri(const struct im_record *record)
{
    return record->own ? packed_text(record->own, REDIRECT_URI)
                       : (struct im_str){NULL, 0};
}

struct im_str im_record_challenge(const struct im_record *record)
{
    return record->own ? packed_text(record->own, CHALLENGE) : (struct im_str){NULL, 0};
}

/* ---- records ---- */

static bool has_own(const struct im_token *token)
{
    return token->redirect_uri.len || token->challenge.len || token->nonce.len ||
           token->jti.len;
}

struct im_record *im_record_new(const struct im_token *token, struct im_packed *who)
{
    struct im_record *made = calloc(1, sizeof(*made));

    if (!made)
        return NULL;
    made->kind = token->kind;
    made->dialect = token->dialect;
    memcpy(made->digest, token->digest, sizeof(made->digest));
    made->issued_ms = token->issued_ms;
    made->expires_ms = token->expires_ms;
    made->not_before_ms = token->not_before_ms;
    made->key_generation = token->key_generation;
    made->challenge_plain = token->challenge_plain;
    made->who = who ? im_packed_ref(who) : pack(token, shared_fields, SHARED);
    made->own = has_own(token) ? pack(token, own_fields, OWN) : NULL;
    if (made->who && (made->own || !has_own(token)))
        return made;
    im_record_free(made);
    return NULL;
}

void im_record_free(struct im_record *record)
{
    if (!record)
        return;
    im_packed_unref(record->who);
    im_packed_unref(record->own);
    free(record);
}

void im_record_copy(const struct im_record *record, struct im_arena *arena,
                    struct im_token *out)
{
    *out = (struct im_token){.kind = record->kind,
                             .dialect = record->dialect,
                             .serial = record->serial,
                             .grant = record->grant->id,
                             .issued_ms = record->issued_ms,
                             .expires_ms = record->expires_ms,
                             .not_before_ms = record->not_before_ms,
                             .key_generation = record->key_generation,
                             .challenge_plain = record->challenge_plain,
                             .consumed = record->consumed,
                             .consumed_ms = record->consumed_ms,
                             .consumed_at = record->consumed_at};
    memcpy(out->digest, record->digest, sizeof(out->digest));
    unpack(record->who, shared_fields, arena, out);
    if (record->own)
        unpack(record->own, own_fields, arena, out);
    if (!record->session)
        return;
    out->session = (struct im_str){record->session->id, record->session->id_len};
    if (arena)
        out->session = im_arena_copy(arena, out->session);
}
