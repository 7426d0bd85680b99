/* Where tokens are kept: records with their texts packed behind one another, and the
 * grants, sessions and subjects they belong to. This file finds, adds and forgets; it
 * judges nothing (tokens.c does). Grants, sessions and subjects are lists by pointer and
 * tables by key, so that a request does the same work with ten records and with 200,000. */
#include "oauth/token_store.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- packed texts ---- */

/* Which members of struct im_token are packed, and where they are: one loop copies them in
 * and out. A member is named here when it is also read alone. */
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

static char *packed_characters(struct im_packed *packed)
{
    void *place = packed->len + packed->count;
    return place;
}

/* One allocation for all texts of a token, and what an access token and its refresh token
 * have in common once: 200,000 records are kept (IM_TOKENS_MAX). */
static struct im_packed *texts_pack(const struct im_token *token, const size_t *fields,
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
    char *at = packed_characters(packed);
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

static const char *packed_start(const struct im_packed *packed)
{
    const void *place = packed->len + packed->count;
    return place;
}

static struct im_str packed_text(const struct im_packed *packed, unsigned field)
{
    const char *at = packed_start(packed);

    for (unsigned i = 0; i < field; i++)
        at += packed->len[i];
    return (struct im_str){at, packed->len[field]};
}

static void texts_unpack(const struct im_packed *packed, const size_t *fields,
                         struct im_arena *arena, struct im_token *out)
{
    struct im_str all = {packed_start(packed), 0};

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

struct im_str im_token_record_redirect_uri(const struct im_token_record *record)
{
    return record->own ? packed_text(record->own, REDIRECT_URI)
                       : (struct im_str){NULL, 0};
}

struct im_str im_token_record_challenge(const struct im_token_record *record)
{
    return record->own ? packed_text(record->own, CHALLENGE) : (struct im_str){NULL, 0};
}

/* ---- records ---- */

/* A REST access token has none of these: it saves the second allocation. */
static bool token_has_own(const struct im_token *token)
{
    return token->redirect_uri.len || token->challenge.len || token->nonce.len ||
           token->jti.len;
}

struct im_token_record *im_token_record_new(const struct im_token *token,
                                            struct im_packed *who)
{
    struct im_token_record *made = calloc(1, sizeof(*made));

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
    made->auth_time_s = token->auth_time_s;
    made->who = who ? im_packed_ref(who) : texts_pack(token, shared_fields, SHARED);
    made->own = token_has_own(token) ? texts_pack(token, own_fields, OWN) : NULL;
    if (made->who && (made->own || !token_has_own(token)))
        return made;
    im_token_record_free(made);
    return NULL;
}

void im_token_record_free(struct im_token_record *record)
{
    if (!record)
        return;
    im_packed_unref(record->who);
    im_packed_unref(record->own);
    free(record);
}

void im_token_record_copy(const struct im_token_record *record, struct im_arena *arena,
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
                             .auth_time_s = record->auth_time_s,
                             .consumed = record->consumed,
                             .consumed_ms = record->consumed_ms,
                             .consumed_at = record->consumed_at};
    memcpy(out->digest, record->digest, sizeof(out->digest));
    texts_unpack(record->who, shared_fields, arena, out);
    if (record->own)
        texts_unpack(record->own, own_fields, arena, out);
    if (!record->session)
        return;
    out->session = (struct im_str){record->session->id, record->session->id_len};
    if (arena)
        out->session = im_arena_copy(arena, out->session);
}

/* ---- finding ---- */

static uint64_t hash_of_subject(struct im_str user, struct im_str company)
{
    return im_table_hash(im_table_hash(0, user), company);
}

/* A link is the first member of what it links, so the pointers are the same; they pass
 * through void * because the compiler warns of a cast that raises the alignment. */
struct im_token_record *im_token_record_find_locked(const struct im_tokens *tokens,
                                                    const unsigned char digest[32])
{
    struct im_table_link *link =
        im_table_first(&tokens->by_digest, im_token_digest_hash(digest));

    for (; link; link = im_table_next(link)) {
        void *found = link;
        struct im_token_record *record = found;
        if (!memcmp(record->digest, digest, sizeof(record->digest)))
            return record;
    }
    return NULL;
}

struct im_session_state *im_session_find_locked(const struct im_tokens *tokens,
                                                struct im_str id)
{
    struct im_table_link *link = im_table_first(&tokens->sessions, im_table_hash(0, id));

    for (; link; link = im_table_next(link)) {
        void *found = link;
        struct im_session_state *session = found;
        if (im_str_eq((struct im_str){session->id, session->id_len}, id))
            return session;
    }
    return NULL;
}

struct im_subject *im_subject_find_locked(const struct im_tokens *tokens,
                                          struct im_str user, struct im_str company)
{
    struct im_table_link *link =
        im_table_first(&tokens->subjects, hash_of_subject(user, company));

    for (; link; link = im_table_next(link)) {
        void *found = link;
        struct im_subject *subject = found;
        if (im_str_eq(im_packed_user(subject->who), user) &&
            im_str_eq(im_packed_company(subject->who), company))
            return subject;
    }
    return NULL;
}

struct im_grant_state *im_grant_find_locked(const struct im_tokens *tokens, uint64_t id)
{
    struct im_table_link *link = id ? im_table_first(&tokens->grants, id) : NULL;
    void *found = link;

    return found;
}

/* ---- adding; the tables have room ---- */

static struct im_subject *open_subject_locked(struct im_tokens *tokens,
                                              const struct im_token_record *first)
{
    struct im_str user = im_packed_user(first->who),
                  company = im_packed_company(first->who);
    struct im_subject *subject = im_subject_find_locked(tokens, user, company);

    if (subject)
        return subject;
    subject = calloc(1, sizeof(*subject));
    if (!subject)
        return NULL;
    subject->who = im_packed_ref(first->who);
    subject->older = tokens->subject_newest;
    if (subject->older)
        subject->older->newer = subject;
    tokens->subject_newest = subject;
    im_table_add(&tokens->subjects, &subject->link, hash_of_subject(user, company));
    return subject;
}

static void close_subject_locked(struct im_tokens *tokens, struct im_subject *subject)
{
    if (!subject || subject->grants)
        return;
    if (subject->older)
        subject->older->newer = subject->newer;
    if (subject->newer)
        subject->newer->older = subject->older;
    else
        tokens->subject_newest = subject->older;
    im_table_remove(&tokens->subjects, &subject->link);
    im_packed_unref(subject->who);
    free(subject);
}

/* An id that is not known any more, its tokens having been dropped, opens a new
 * grant: the refresh token that continues it was just accepted. */
static struct im_grant_state *open_grant_locked(struct im_tokens *tokens, uint64_t id,
                                                const struct im_token_record *first)
{
    struct im_grant_state *grant = im_grant_find_locked(tokens, id);

    if (grant)
        return grant;
    struct im_subject *subject = open_subject_locked(tokens, first);
    grant = subject ? calloc(1, sizeof(*grant)) : NULL;
    if (!grant) {
        close_subject_locked(tokens, subject);
        return NULL;
    }
    grant->id = ++tokens->grant_ids;
    grant->by_code = im_str_is(im_packed_grant_type(first->who), "authorization_code");
    grant->subject = subject;
    grant->next = subject->grants;
    if (grant->next)
        grant->next->previous = grant;
    subject->grants = grant;
    im_table_add(&tokens->grants, &grant->link, grant->id);
    return grant;
}

static void close_grant_locked(struct im_tokens *tokens, struct im_grant_state *grant)
{
    if (grant->records)
        return;
    if (grant->next)
        grant->next->previous = grant->previous;
    if (grant->previous)
        grant->previous->next = grant->next;
    else
        grant->subject->grants = grant->next;
    im_table_remove(&tokens->grants, &grant->link);
    close_subject_locked(tokens, grant->subject);
    free(grant);
}

/* The session of the batch's access token: a new one unless there is one of that id. */
static struct im_session_state *open_session_locked(struct im_tokens *tokens,
                                                    const struct im_token_batch *batch,
                                                    const struct im_token_record *first)
{
    struct im_str id = batch->items[0].session;
    struct im_session_state *session = im_session_find_locked(tokens, id);

    if (!session) {
        session = calloc(1, sizeof(*session) + id.len);
        if (!session)
            return NULL;
        memcpy(session->id, id.at, id.len);
        session->id_len = id.len;
        session->who = im_packed_ref(first->who);
        session->started_ms = first->issued_ms;
        session->expires_ms = batch->session_expires_ms;
        im_table_add(&tokens->sessions, &session->link, im_table_hash(0, id));
        im_token_index_add(tokens->index, &session->entry, session->link.hash,
                           &tokens->owner);
    }
    session->refs++;
    return session;
}

static void close_session_locked(struct im_tokens *tokens,
                                 struct im_session_state *session)
{
    if (!session || --session->refs)
        return;
    im_table_remove(&tokens->sessions, &session->link);
    im_token_index_remove(tokens->index, &session->entry);
    im_packed_unref(session->who);
    free(session);
}

static void link_record_locked(struct im_tokens *tokens, struct im_grant_state *grant,
                               struct im_token_record *record)
{
    record->grant = grant;
    record->next = grant->records;
    if (record->next)
        record->next->previous = record;
    grant->records = record;

    record->serial = ++tokens->serials;
    record->older = tokens->newest;
    if (record->older)
        record->older->newer = record;
    else
        tokens->oldest = record;
    tokens->newest = record;
    im_table_add(&tokens->by_digest, &record->link, im_token_digest_hash(record->digest));
    im_token_index_add(tokens->index, &record->entry, record->link.hash, &tokens->owner);
}

/* All that can fail comes first (room in the tables, the grant, the session), so that a batch is added as a whole or not at all. */
bool im_store_add_locked(struct im_tokens *tokens, const struct im_token_batch *batch,
                         struct im_token_record *const *records)
{
    struct im_session_state *session = NULL;

    if (!im_table_reserve(&tokens->by_digest, batch->count) ||
        !im_table_reserve(&tokens->grants, 1) ||
        !im_table_reserve(&tokens->sessions, 1) ||
        !im_table_reserve(&tokens->subjects, 1))
        return false;
    struct im_grant_state *grant = open_grant_locked(tokens, batch->grant, records[0]);
    if (!grant)
        return false;
    if (batch->items[0].session.len) {
        session = open_session_locked(tokens, batch, records[0]);
        if (!session) {
            close_grant_locked(tokens, grant);
            return false;
        }
    }
    for (size_t i = 0; i < batch->count; i++) {
        struct im_token_record *same =
            im_token_record_find_locked(tokens, records[i]->digest);
        link_record_locked(tokens, grant, records[i]);
        /* dropped after the new one is linked, so that their grant does not end between */
        if (same)
            im_store_drop_locked(tokens, same);
    }
    records[0]->session = session;
    return true;
}

void im_store_drop_locked(struct im_tokens *tokens, struct im_token_record *record)
{
    im_table_remove(&tokens->by_digest, &record->link);
    im_token_index_remove(tokens->index, &record->entry);
    if (tokens->next_look == record)
        tokens->next_look = record->newer;
    for (struct im_token_cursor *cursor = tokens->cursors; cursor; cursor = cursor->next)
        if (cursor->at == record)
            cursor->at = record->newer;
    if (record->older)
        record->older->newer = record->newer;
    else
        tokens->oldest = record->newer;
    if (record->newer)
        record->newer->older = record->older;
    else
        tokens->newest = record->older;

    if (record->next)
        record->next->previous = record->previous;
    if (record->previous)
        record->previous->next = record->next;
    else
        record->grant->records = record->next;
    close_grant_locked(tokens, record->grant);
    close_session_locked(tokens, record->session);
    im_token_record_free(record);
}
