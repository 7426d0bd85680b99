/* Consent tickets that were used: a ring of digests behind one lock. All of it is searched
 * each time: 1,024 comparisons of a few ns are nothing beside a person's decision. Digests
 * are kept instead of texts, since tickets differ in length. */
#include "oauth/once.h"

#include <stdlib.h>
#include <string.h>

void im_once_init(struct im_once *once)
{
    *once = (struct im_once){.used = NULL};
    pthread_mutex_init(&once->lock, NULL);
}

void im_once_release(struct im_once *once)
{
    free(once->used);
    pthread_mutex_destroy(&once->lock);
}

static enum im_once_result use_locked(struct im_once *once,
                                      const unsigned char digest[IM_SHA256_LEN],
                                      int64_t until_ms, int64_t now_ms)
{
    if (!once->used)
        once->used = calloc(IM_ONCE_MAX, sizeof(*once->used));
    if (!once->used)
        return IM_ONCE_NO_MEMORY;
    for (size_t i = 0; i < IM_ONCE_MAX; i++)
        if (once->used[i].until_ms > now_ms &&
            memcmp(once->used[i].digest, digest, IM_SHA256_LEN) == 0)
            return IM_ONCE_AGAIN;
    memcpy(once->used[once->next].digest, digest, IM_SHA256_LEN);
    once->used[once->next].until_ms = until_ms;
    once->next = (once->next + 1) % IM_ONCE_MAX;
    return IM_ONCE_FIRST;
}

enum im_once_result im_once_use(struct im_once *once, struct im_str thing,
                                int64_t until_ms, int64_t now_ms)
{
    unsigned char digest[IM_SHA256_LEN];

    im_sha256(thing, digest);
    pthread_mutex_lock(&once->lock);
    enum im_once_result result = use_locked(once, digest, until_ms, now_ms);
    pthread_mutex_unlock(&once->lock);
    return result;
}
