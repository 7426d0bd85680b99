/* A line is put together in 4 KB (what a pipe takes whole) of the stack and leaves by
 * one write(2): threads do not mix their lines, and a log that reports a want of memory
 * needs none. A field that no longer fits is left out, and the line says so. */
#include "base/log.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

enum {
    LINE_MAX_BYTES = 4096,
    TAIL_MAX = 32,   /* kept free for cut=true and the end of the line */
    VALUE_MAX = 2048 /* of one value; the rest is cut off */
};

bool im_log_wants(const struct im_log *log, enum im_log_level level)
{
    return log && log->enabled && level <= log->level;
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

/* Can it stand without quotes, so that a reader still sees where it ends? */
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
static void log_add_field(const struct im_log *log, struct im_json_out *out,
                          const char *name, struct im_str value)
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
    /* quoted as JSON: its escapes keep control characters and line breaks out of the
     * line */
    struct im_json_out quoted;
    im_json_out_init(&quoted, out->buf);
    im_json_str(&quoted, NULL, value);
}

static void log_add_head(const struct im_log *log, struct im_json_out *out,
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
static bool log_add_fields(const struct im_log *log, struct im_json_out *out,
                           const struct im_log_field *fields)
{
    bool cut = false;

    for (; fields && fields->name; fields++) {
        /* half a field would be broken JSON: one that does not fit is taken back whole */
        struct im_buf before = *out->buf;
        struct im_json_out before_out = *out;
        cut |= fields->value.len > VALUE_MAX;
        log_add_field(log, out, fields->name, im_str_front(fields->value, VALUE_MAX));
        if (!out->buf->failed)
            continue;
        *out->buf = before;
        *out = before_out;
        cut = true;
    }
    return !cut;
}

void im_log_line(const struct im_log *log, enum im_log_level level, int64_t now_ms,
                 const char *event, const struct im_log_field *fields)
{
    char line[LINE_MAX_BYTES];
    struct im_buf buf;
    struct im_json_out out;
    ssize_t sent;

    if (!im_log_wants(log, level))
        return;
    /* the fields get all but the tail's room, which is freed behind them: so a line that
     * is cut still says so and is still whole JSON */
    im_buf_init_fixed(&buf, line, sizeof(line) - TAIL_MAX);
    im_json_out_init(&out, &buf);
    log_add_head(log, &out, level, now_ms, event);
    bool whole = log_add_fields(log, &out, fields);

    buf.room = sizeof(line);
    buf.max = sizeof(line) - 1;
    if (!whole)
        log_add_field(log, &out, "cut", IM_STR("true"));
    if (log->json)
        im_json_close_object(&out);
    im_buf_addc(&buf, '\n');

    /* only an interrupted write is repeated: what a full pipe does not take is lost,
     * since a log must never hold up its program */
    do
        sent = write(log->fd, line, buf.len);
    while (sent < 0 && errno == EINTR);
}
