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

bool im_error_set(struct im_error *err, const char *format, ...)
{
    if (!err)
        return false;

    err->kind = IM_ERROR_PLAIN;
    va_list args;
    va_start(args, format);
    if (vsnprintf(err->text, sizeof(err->text), format, args) < 0)
        err->text[0] = '\0';
    va_end(args);

    /* texts of libraries and names that people give may hold line breaks */
    for (char *at = err->text; (at = strpbrk(at, "\r\n")) != NULL; at++)
        *at = ' ';
    return false;
}
