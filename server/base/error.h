/* A failure of ours (memory, socket, key, file), described in one line. What a client did
 * wrong is never an im_error but an outcome: see causes/cause.h. Lifetime: caller-owned,
 * plain value. */
#ifndef IM_BASE_ERROR_H
#define IM_BASE_ERROR_H

#include <stdbool.h>

#if defined(__GNUC__)
#define IM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define IM_PRINTF(fmt, args)
#endif

struct im_error {
    char text
        [512]; /* what was attempted, on what, why it failed, what to do; no newline */
    enum im_error_kind {
        IM_ERROR_PLAIN,
        IM_ERROR_INTERNAL, /* we ran out of memory: nobody else can put it right */
        IM_ERROR_CAPACITY  /* a bound of ours is reached */
    } kind;                /* told where it matters, by im_error_of */
};

/* Says of what kind the failure is whose text is set; returns false. */
bool im_error_of(struct im_error *err, enum im_error_kind kind);
/* Writes the text (cut to fit) and returns false, so that a failure is one statement:
 * `return im_error_set(err, "reading %s: %s", …)`. err may be NULL. */
bool im_error_set(struct im_error *err, const char *format, ...) IM_PRINTF(2, 3);
/* The format words the attempt; the text is "ATTEMPT: out of memory", of kind INTERNAL. */
bool im_error_no_memory(struct im_error *err, const char *format, ...) IM_PRINTF(2, 3);
/* The format words the attempt; the text is "ATTEMPT: REASON", of the reason's kind. */
bool im_error_because(struct im_error *err, const struct im_error *reason,
                      const char *format, ...) IM_PRINTF(3, 4);

#endif
