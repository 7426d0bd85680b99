/* The log on standard error: one line per event, text for people or JSON for machines.
 * Never given a secret: callers pass fingerprints. Thread-safe (one write per line). */
#ifndef IM_BASE_LOG_H
#define IM_BASE_LOG_H

#include "base/arena.h"

enum im_log_level { IM_LOG_ERROR, IM_LOG_WARN, IM_LOG_INFO, IM_LOG_DEBUG };

/* Where lines go. A zeroed struct is a log that is silent (the embedded default). */
struct im_log {
    bool enabled;
    bool json;
    enum im_log_level level;
    int fd; /* 2 = standard error */
};

struct im_log_field {
    const char *name;
    struct im_str value;
};

bool im_log_wants(const struct im_log *log, enum im_log_level level);
/* `fields` ends with { NULL }; may be NULL. `now_ms` is the caller's clock. */
void im_log_line(const struct im_log *log, enum im_log_level level, int64_t now_ms,
                 const char *event, const struct im_log_field *fields);

#endif
