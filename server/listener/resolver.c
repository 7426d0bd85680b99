/* Threads that look names up (getaddrinfo). They are detached: a look-up may outlive the
 * server that wanted it (10 s and more where no name server answers), and a stop must not
 * wait for that. What they share is freed by whoever leaves last. */
#include "listener/resolver.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LOOKUPS_MAX = 32 /* threads at once, in one server */ };

struct im_resolver {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int users; /* whoever made it, and each look-up; the last one frees it */
    int calling;
    bool closed; /* nobody wants to know any more */
};

struct lookup {
    struct im_resolver *resolver;
    char host[IM_HOST_MAX + 1];
    int port;
    void (*done)(void *context, const struct im_resolved *found);
    void *context;
};

struct im_resolver *im_resolver_new(void)
{
    struct im_resolver *resolver = calloc(1, sizeof(*resolver));

    if (!resolver)
        return NULL;
    pthread_mutex_init(&resolver->lock, NULL);
    pthread_cond_init(&resolver->changed, NULL);
    resolver->users = 1;
    return resolver;
}

/* Called with the lock, which it releases. */
static void resolver_leave(struct im_resolver *resolver)
{
    bool last = --resolver->users == 0;

    pthread_mutex_unlock(&resolver->lock);
    if (!last)
        return;
    pthread_cond_destroy(&resolver->changed);
    pthread_mutex_destroy(&resolver->lock);
    free(resolver);
}

void im_resolver_free(struct im_resolver *resolver)
{
    if (!resolver)
        return;
    pthread_mutex_lock(&resolver->lock);
    resolver->closed = true;
    while (resolver->calling)
        pthread_cond_wait(&resolver->changed, &resolver->lock);
    resolver_leave(resolver);
}

static void lookup_find(const struct lookup *lookup, struct im_resolved *found)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
    struct addrinfo *list = NULL;
    char port[8];

    memset(found, 0, sizeof(*found));
    snprintf(port, sizeof(port), "%d", lookup->port);
    int failed = getaddrinfo(lookup->host, port, &hints, &list);
    if (failed)
        snprintf(found->why, sizeof(found->why), "%s", gai_strerror(failed));
    if (!failed && list && list->ai_canonname)
        snprintf(found->canonical, sizeof(found->canonical), "%s", list->ai_canonname);
    for (const struct addrinfo *at = failed ? NULL : list;
         at && found->count < IM_RESOLVED_MAX; at = at->ai_next)
        if (at->ai_addrlen <= sizeof(found->items[0]))
            memcpy(&found->items[found->count++], at->ai_addr, at->ai_addrlen);
    if (!failed)
        freeaddrinfo(list);
}

static void *lookup_run(void *context)
{
    struct lookup *lookup = context;
    struct im_resolver *resolver = lookup->resolver;
    struct im_resolved found;

    lookup_find(lookup, &found);
    pthread_mutex_lock(&resolver->lock);
    if (!resolver->closed) {
        /* outside of the lock, and yet never after im_resolver_free */
        resolver->calling++;
        pthread_mutex_unlock(&resolver->lock);
        lookup->done(lookup->context, &found);
        pthread_mutex_lock(&resolver->lock);
        resolver->calling--;
        pthread_cond_broadcast(&resolver->changed);
    }
    resolver_leave(resolver);
    free(lookup);
    return NULL;
}

/* Signals are the host program's own affair. */
static bool start_detached(struct lookup *lookup)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    bool started = pthread_create(&thread, &attributes, lookup_run, lookup) == 0;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

bool im_resolver_ask(struct im_resolver *resolver, const char *host, int port,
                     void (*done)(void *context, const struct im_resolved *found),
                     void *context)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));

    if (!lookup)
        return false;
    *lookup = (struct lookup){
        .resolver = resolver, .port = port, .done = done, .context = context};
    snprintf(lookup->host, sizeof(lookup->host), "%s", host);
    pthread_mutex_lock(&resolver->lock);
    bool room = resolver->users <= LOOKUPS_MAX;
    resolver->users += room;
    pthread_mutex_unlock(&resolver->lock);
    if (room && start_detached(lookup))
        return true;
    pthread_mutex_lock(&resolver->lock);
    resolver->users -= room;
    pthread_mutex_unlock(&resolver->lock);
    free(lookup);
    return false;
}
