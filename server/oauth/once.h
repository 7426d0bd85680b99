/* What may be done once: consent tickets that were used, each remembered until it expires, at most
 * IM_ONCE_MAX (then the one that was used first is forgotten). Thread-safe. */
#ifndef IM_OAUTH_ONCE_H
#define IM_OAUTH_ONCE_H

#include <pthread.h>

#include "base/crypto.h"

enum { IM_ONCE_MAX = 1024 };

struct im_once {
    pthread_mutex_t lock;
    size_t next; /* where the next one goes */
    struct {
        unsigned char digest[IM_SHA256_LEN];
        int64_t until_ms;
    } * used; /* IM_ONCE_MAX, made when the first is used */
};

void im_once_init(struct im_once *once);
void im_once_release(struct im_once *once);
enum im_once_result { IM_ONCE_FIRST, IM_ONCE_AGAIN, IM_ONCE_NO_MEMORY };
/* Uses the thing up, in one step. */
enum im_once_result im_once_use(struct im_once *once, struct im_str thing,
                                int64_t until_ms, int64_t now_ms);

#endif
