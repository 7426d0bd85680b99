/* All watches last equally long, so the oldest ends first: a queue is enough. The thread
 * sleeps without a timeout only when nothing was watched since it woke, so that a server
 * under load does not have to wake it for every request. */
#include "listener/watchdog.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

struct im_watchdog {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* by the monotonic clock */
    int64_t timeout_ms;
    struct im_watch *oldest, *newest;
    bool asleep; /* until somebody wakes it */
    bool used;   /* since it last looked */
    bool ended;
};

static void unlink_locked(struct im_watchdog *dog, struct im_watch *watch)
{
    if (watch->previous)
        watch->previous->next = watch->next;
    else
        dog->oldest = watch->next;
    if (watch->next)
        watch->next->previous = watch->previous;
    else
        dog->newest = watch->previous;
}

/* Under the lock, because the connection cannot be closed, nor its descriptor become
 * another one's, before im_watch_end has returned. */
static void fire_locked(struct im_watchdog *dog, int64_t now_ms)
{
    struct im_watch *watch;

    while ((watch = dog->oldest) && watch->until_ms <= now_ms) {
        int fd = im_socket_find(watch->link);
        if (fd >= 0)
            shutdown(fd, SHUT_RD);
        watch->fired = true;
        unlink_locked(dog, watch);
    }
}

static void sleep_locked(struct im_watchdog *dog)
{
    if (!dog->oldest && !dog->used) {
        dog->asleep = true;
        pthread_cond_wait(&dog->changed, &dog->lock);
        dog->asleep = false;
        return;
    }
    int64_t for_ms =
        dog->oldest ? dog->oldest->until_ms - im_clock_monotonic_ms() : dog->timeout_ms;
    struct timespec when = im_cond_deadline(for_ms > 0 ? for_ms : 0);
    dog->used = false;
    pthread_cond_timedwait(&dog->changed, &dog->lock, &when);
}

static void *watch_over(void *context)
{
    struct im_watchdog *dog = context;

    pthread_mutex_lock(&dog->lock);
    while (!dog->ended) {
        fire_locked(dog, im_clock_monotonic_ms());
        sleep_locked(dog);
    }
    pthread_mutex_unlock(&dog->lock);
    return NULL;
}

struct im_watchdog *im_watchdog_new(int64_t timeout_ms, struct im_error *err)
{
    struct im_watchdog *dog = calloc(1, sizeof(*dog));

    if (!dog) {
        im_error_set(err, "starting the watchdog: out of memory");
        return NULL;
    }
    dog->timeout_ms = timeout_ms;
    pthread_mutex_init(&dog->lock, NULL);
    im_cond_init(&dog->changed);
    int why = pthread_create(&dog->thread, NULL, watch_over, dog);
    if (why == 0)
        return dog;
    im_error_set(err, "starting the watchdog thread: %s", strerror(why));
    pthread_cond_destroy(&dog->changed);
    pthread_mutex_destroy(&dog->lock);
    free(dog);
    return NULL;
}

void im_watchdog_free(struct im_watchdog *dog)
{
    if (!dog)
        return;
    pthread_mutex_lock(&dog->lock);
    dog->ended = true;
    pthread_cond_signal(&dog->changed);
    pthread_mutex_unlock(&dog->lock);
    pthread_join(dog->thread, NULL);
    pthread_cond_destroy(&dog->changed);
    pthread_mutex_destroy(&dog->lock);
    free(dog);
}

void im_watch_begin(struct im_watchdog *dog, struct im_watch *watch,
                    const struct im_link *link)
{
    *watch = (struct im_watch){.link = link,
                               .until_ms = im_clock_monotonic_ms() + dog->timeout_ms};
    pthread_mutex_lock(&dog->lock);
    watch->previous = dog->newest;
    if (dog->newest)
        dog->newest->next = watch;
    else
        dog->oldest = watch;
    dog->newest = watch;
    dog->used = true;
    if (dog->asleep)
        pthread_cond_signal(&dog->changed);
    pthread_mutex_unlock(&dog->lock);
}

bool im_watch_end(struct im_watchdog *dog, struct im_watch *watch)
{
    pthread_mutex_lock(&dog->lock);
    if (!watch->fired)
        unlink_locked(dog, watch);
    pthread_mutex_unlock(&dog->lock);
    return watch->fired;
}
