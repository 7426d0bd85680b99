#include "sandbox.h"

#include <stdlib.h>
#include <string.h>

static bool copy_name(struct im_sandbox *box, struct im_str name)
{
    char *copy = malloc(name.len + 1);

    if (!copy)
        return false;
    memcpy(copy, name.at, name.len);
    copy[name.len] = '\0';
    box->name = (struct im_str){copy, name.len};
    return true;
}

static void free_name(struct im_str name)
{
    void *memory;

    memcpy(&memory, &name.at, sizeof(memory)); /* the view is const; the copy was ours */
    free(memory);
}

struct im_sandbox *im_sandbox_new(const struct im_sandbox_options *options,
                                  struct im_error *err)
{
    struct im_sandbox *box = calloc(1, sizeof(*box));

    if (!box) {
        im_error_set(err, "making sandbox %.*s: out of memory", IM_ARG(options->name));
        return NULL;
    }
    pthread_rwlock_init(&box->swap, NULL);
    pthread_mutex_init(&box->turnstile, NULL);
    box->seed = options->seed;
    box->start_ms = options->start_ms;
    box->journal = im_journal_new(options->journal_keep);
    if (copy_name(box, options->name) && box->journal)
        box->authority = im_authority_new(box->seed, box->name, box->start_ms, err);
    else
        im_error_set(err, "making sandbox %.*s: out of memory", IM_ARG(options->name));
    if (!box->authority) {
        im_sandbox_free(box);
        return NULL;
    }
    return box;
}

void im_sandbox_free(struct im_sandbox *box)
{
    if (!box)
        return;
    im_authority_free(box->authority);
    im_journal_free(box->journal);
    pthread_rwlock_destroy(&box->swap);
    pthread_mutex_destroy(&box->turnstile);
    free_name(box->name);
    free(box);
}

struct im_authority *im_sandbox_enter(struct im_sandbox *box)
{
    pthread_mutex_lock(&box->turnstile);
    pthread_rwlock_rdlock(&box->swap);
    pthread_mutex_unlock(&box->turnstile);
    return box->authority;
}

void im_sandbox_leave(struct im_sandbox *box)
{
    pthread_rwlock_unlock(&box->swap);
}

bool im_sandbox_reset(struct im_sandbox *box, struct im_error *err)
{
    struct im_authority *fresh =
        im_authority_new(box->seed, box->name, box->start_ms, err);
    struct im_authority *old;

    if (!fresh)
        return false;
    pthread_mutex_lock(&box->turnstile);
    pthread_rwlock_wrlock(&box->swap);
    old = box->authority;
    box->authority = fresh;
    im_journal_clear(box->journal);
    pthread_rwlock_unlock(&box->swap);
    pthread_mutex_unlock(&box->turnstile);
    im_authority_free(old);
    return true;
}
