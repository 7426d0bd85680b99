/* How a failure is worded: one line, always terminated. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool im_error_of(struct im_error *err, enum im_error_kind kind)
{
    if (err)
        err->kind = kind;
    return false;
}

/* Attempt and reason, cut to fit, in one line. */
IM_PRINTF(3, 0)
static void error_write(struct im_error *err, const char *reason, const char *format,
                        va_list args)
{
    int len = vsnprintf(err->text, sizeof(err->text), format, args);

    if (len < 0)
        len = 0;
    if ((size_t)len < sizeof(err->text))
        snprintf(err->text + len, sizeof(err->text) - (size_t)len, "%s", reason);
    /* texts of libraries and names that people give may hold line breaks */
    for (char *at = err->text; (at = strpbrk(at, "\r\n")) != NULL; at++)
        *at = ' ';
}

bool im_error_set(struct im_error *err, const char *format, ...)
{
    if (!err)
        return false;

    va_list args;
    va_start(args, format);
    error_write(err, "", format, args);
    va_end(args);
    return im_error_of(err, IM_ERROR_PLAIN);
}

bool im_error_no_memory(struct im_error *err, const char *format, ...)
{
    if (!err)
        return false;

    va_list args;
    va_start(args, format);
    error_write(err, ": out of memory", format, args);
    va_end(args);
    return im_error_of(err, IM_ERROR_INTERNAL);
}

bool im_error_because(struct im_error *err, const struct im_error *reason,
                      const char *format, ...)
{
    char because[sizeof(err->text)];

    if (!err)
        return false;

    snprintf(because, sizeof(because), ": %.*s", (int)sizeof(because) - 3, reason->text);
    enum im_error_kind kind = reason->kind; /* `reason` may be `err` itself */
    va_list args;
    va_start(args, format);
    error_write(err, because, format, args);
    va_end(args);
    return im_error_of(err, kind);
}
