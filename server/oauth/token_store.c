/* Where records stand: finding, adding and forgetting them, and what they belong to. */
#include "oauth/token_store.h"

#include <stdlib.h>
#include <string.h>

/* ---- finding ---- */

static uint64_t hash_of_digest(const unsigned char digest[32])
{
    uint64_t hash;

    memcpy(&hash, digest, sizeof(hash));
    return hash;
}

static uint64_t hash_of_subject(struct im_str user, struct im_str company)
{
    return im_table_hash(im_table_hash(0, user), company);
}

/* A link is the first member of what it links. */
struct im_record *im_record_find_locked(const struct im_tokens *tokens,
                                        const unsigned char digest[32])
{
    struct im_table_link *link =
        im_table_first(&tokens->by_digest, hash_of_digest(digest));

    for (; link; link = im_table_next(link)) {
        void *found = link;
        struct im_record *record = found;
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

static struct im_grant_state *find_grant_locked(const struct im_tokens *tokens,
                                                uint64_t id)
{
    struct im_table_link *link = id ? im_table_first(&tokens->grants, id) : NULL;
    void *found = link;

    return found;
}

/* ---- adding; the tables have room ---- */

static struct im_subject *open_subject_locked(struct im_tokens *tokens,
                                              const struct im_record *first)
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
    im_table_add(&tokens->subjects, &subject->link, hash_of_subject(user, company));
    return subject;
}

static void close_subject_locked(struct im_tokens *tokens, struct im_subject *subject)
{
    if (!subject || subject->grants)
        return;
    im_table_remove(&tokens->subjects, &subject->link);
    im_packed_unref(subject->who);
    free(subject);
}

static struct im_grant_state *open_grant_locked(struct im_tokens *tokens, uint64_t id,
                                                const struct im_record *first)
{
    struct im_grant_state *grant = find_grant_locked(tokens, id);

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
                                                    const struct im_batch *batch,
                                                    const struct im_record *first)
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
    im_packed_unref(session->who);
    free(session);
}

static void link_record_locked(struct im_tokens *tokens, struct im_grant_state *grant,
                               struct im_record *record)
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
    im_table_add(&tokens->by_digest, &record->link, hash_of_digest(record->digest));
}

bool im_store_add_locked(struct im_tokens *tokens, const struct im_batch *batch,
                         struct im_record *const *records)
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
        struct im_record *same = im_record_find_locked(tokens, records[i]->digest);
        link_record_locked(tokens, grant, records[i]);
        if (same)
            im_store_drop_locked(tokens, same);
    }
    records[0]->session = session;
    return true;
}

void im_store_drop_locked(struct im_tokens *tokens, struct im_record *record)
{
    im_table_remove(&tokens->by_digest, &record->link);
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
    im_record_free(record);
}
