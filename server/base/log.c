/* A line is put together in 4 KB (what a pipe takes whole) of the stack and leaves by
 * one write(2): threads do not mix their lines, and a log that reports a want of memory
 * needs none. A field that no longer fits is left out, and the line says so.
 *
 * A log never holds up its program, whatever it is written to. O_NONBLOCK belongs to an
 * open file, which the terminal's shell or the parent's other children may share, so it
 * is never set on one that was given to us. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

enum {
    LINE_MAX_BYTES = 4096,
    TAIL_MAX = 32,   /* kept free for cut=true and the end of the line */
    VALUE_MAX = 2048 /* of one value; the rest is cut off */
};

/* ---- where lines go ---- */

/* A pipe, a terminal or another device is opened once more, so that not to wait is a
 * property of ours alone. Where that cannot be done (no /dev/fd, not our terminal), it
 * is asked before each line. */
void im_log_open(struct im_log_sink *sink, int fd)
{
    struct stat target;
    char path[32];

    *sink = (struct im_log_sink){.fd = -1};
    if (fstat(fd, &target) != 0)
        return;
    sink->is_socket = S_ISSOCK(target.st_mode);
    if (!sink->is_socket && !S_ISREG(target.st_mode)) {
        snprintf(path, sizeof(path), "/dev/fd/%d", fd);
        sink->fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        sink->may_block = sink->fd < 0;
    }
    if (sink->fd < 0)
        sink->fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

void im_log_close(struct im_log_sink *sink)
{
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = -1;
}

static ssize_t sink_take(const struct im_log_sink *sink, struct im_str bytes)
{
    struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};

    if (sink->fd < 0)
        return 0;
    if (sink->is_socket)
        return send(sink->fd, bytes.at, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sink->may_block && poll(&ready, 1, 0) != 1)
        return 0;
    return write(sink->fd, bytes.at, bytes.len);
}

/* The whole line at once; `line` begins with an end of line, which is for the case that
 * the last one was torn. */
static void write_line(struct im_log_sink *sink, struct im_str line)
{
    bool torn = atomic_exchange(&sink->torn, false);
    struct im_str bytes = im_str_slice(line, !torn, line.len);
    ssize_t taken;

    do
        taken = sink_take(sink, bytes);
    while (taken < 0 && errno == EINTR);
    if (taken == (ssize_t)bytes.len)
        return;
    if (torn || taken > 0)
        atomic_store(&sink->torn, true);
    atomic_fetch_add(&sink->dropped, 1);
}

/* ---- lines ---- */

bool im_log_wants(const struct im_log *log, enum im_log_level level)
{
    return log && log->enabled && log->sink && level <= log->level;
}

static const char *level_name(enum im_log_level level)
{
    switch (level) {
    case IM_LOG_ERROR: return "error";
    case IM_LOG_WARN: return "warn";
    case IM_LOG_INFO: return "info";
    case IM_LOG_DEBUG: return "debug";
    }
    return "debug";
}

/* Can it stand without quotes and still be told from what is beside it? */
static bool is_bare(struct im_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '=')
            return false;
    }
    return value.len > 0;
}

/* One field, in the format of the line. */
static void add_field(const struct im_log *log, struct im_json_out *out, const char *name,
                      struct im_str value)
{
    if (log->json) {
        im_json_str(out, name, value);
        return;
    }
    im_buf_addf(out->buf, " %s=", name);
    if (is_bare(value)) {
        im_buf_add(out->buf, value);
        return;
    }
    struct im_json_out quoted;
    im_json_out_init(&quoted, out->buf);
    im_json_str(&quoted, NULL, value);
}

static void add_head(const struct im_log *log, struct im_json_out *out,
                     enum im_log_level level, int64_t now_ms, const char *event)
{
    char time[IM_TIME_ROOM];

    im_time_put(time, now_ms);
    if (!log->json) {
        im_buf_addf(out->buf, "%s %-5s %s", time, level_name(level), event);
        return;
    }
    im_json_open_object(out, NULL);
    im_json_strz(out, "time", time);
    im_json_strz(out, "level", level_name(level));
    im_json_strz(out, "event", event);
}

/* All fields that fit; false when something had to be cut. */
static bool add_fields(const struct im_log *log, struct im_json_out *out,
                       const struct im_log_field *fields)
{
    bool cut = false;

    for (; fields && fields->name; fields++) {
        struct im_buf before = *out->buf;
        struct im_json_out before_out = *out;
        cut |= fields->value.len > VALUE_MAX;
        add_field(log, out, fields->name, im_str_front(fields->value, VALUE_MAX));
        if (!out->buf->failed)
            continue;
        *out->buf = before;
        *out = before_out;
        cut = true;
    }
    return !cut;
}

static void add_tail(const struct im_log *log, struct im_json_out *out, bool cut)
{
    if (cut)
        add_field(log, out, "cut", IM_STR("true"));
    if (log->json)
        im_json_close_object(out);
    im_buf_addc(out->buf, '\n');
}

void im_log_line(const struct im_log *log, enum im_log_level level, int64_t now_ms,
                 const char *event, const struct im_log_field *fields)
{
    char line[LINE_MAX_BYTES];
    struct im_buf buf;
    struct im_json_out out;

    if (!im_log_wants(log, level))
        return;
    im_buf_init_fixed(&buf, line, sizeof(line) - TAIL_MAX);
    im_buf_addc(&buf, '\n');
    im_json_out_init(&out, &buf);
    add_head(log, &out, level, now_ms, event);
    bool whole = add_fields(log, &out, fields);

    buf.room = sizeof(line);
    buf.max = sizeof(line) - 1;
    add_tail(log, &out, !whole);
    write_line(log->sink, im_buf_str(&buf));
}
