/* The log on standard error: one line per event, text for people or JSON for machines.
 * Never given a secret: callers pass fingerprints. Thread-safe (one write per line). */
#ifndef IM_BASE_LOG_H
#define IM_BASE_LOG_H

#include <stdatomic.h>

#include "base/arena.h"

enum im_log_level { IM_LOG_ERROR, IM_LOG_WARN, IM_LOG_INFO, IM_LOG_DEBUG };

/* Where lines go, without ever waiting: what is not taken at once is lost, and counted.
 * Lifetime: longer than the logs that use it. */
struct im_log_sink {
    int fd;                       /* of our own; -1 = there is none */
    bool is_socket;               /* send(2) need not wait */
    bool may_block;               /* it must be asked first whether it takes anything */
    atomic_bool torn;             /* it took the beginning of a line */
    atomic_uint_fast64_t dropped; /* lines, those that were torn included */
};

/* A zeroed struct is a log that is silent (the embedded default). */
struct im_log {
    bool enabled;
    bool json;
    enum im_log_level level;
    struct im_log_sink *sink;
};

/* For what is open as fd, which stays the caller's. */
void im_log_open(struct im_log_sink *sink, int fd);
void im_log_close(struct im_log_sink *sink);

struct im_log_field {
    const char *name;
    struct im_str value;
};

bool im_log_wants(const struct im_log *log, enum im_log_level level);
/* `fields` ends with { NULL }; may be NULL. `now_ms` is the caller's clock. */
void im_log_line(const struct im_log *log, enum im_log_level level, int64_t now_ms,
                 const char *event, const struct im_log_field *fields);

#endif
