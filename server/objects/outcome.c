/* The evidence of refusals, in the two rooms of struct im_objects_refusal: fixed rooms, so
 * that a refusal needs no memory and can be copied. */
#include "objects/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* 80 bytes: several quotes and their sentence must fit into the room for the evidence. */
struct im_str im_objects_quote(struct im_str text)
{
    return im_str_utf8(text) ? im_str_front(text, 80) : IM_STR("(not UTF-8)");
}

static void text_keep(char *room, size_t size, struct im_str text)
{
    struct im_str fits = im_str_front(text, size - 1);
    if (fits.len)
        memcpy(room, fits.at, fits.len);
    room[fits.len] = '\0';
}

static void refusal_word(struct im_objects_refusal *refusal, const char *format,
                         va_list args) IM_PRINTF(2, 0);

static void refusal_word(struct im_objects_refusal *refusal, const char *format,
                         va_list args)
{
    /* twice the room: cut there by snprintf, then between characters by text_keep */
    char text[sizeof refusal->text * 2];
    text[0] = '\0';
    vsnprintf(text, sizeof text, format, args);
    text_keep(refusal->text, sizeof refusal->text, im_str(text));
}

enum im_objects_result im_objects_refuse(struct im_objects_refusal *refusal,
                                         enum im_objects_result result,
                                         struct im_str field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    refusal_word(refusal, format, args);
    va_end(args);
    text_keep(refusal->field, sizeof refusal->field, field);
    return result;
}

enum im_objects_result im_objects_refuse_at(struct im_objects_refusal *refusal,
                                            enum im_objects_result result,
                                            struct im_str dotted, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    refusal_word(refusal, format, args);
    va_end(args);
    refusal->field[0] = '/';
    text_keep(refusal->field + 1, sizeof refusal->field - 1, dotted);
    for (char *at = refusal->field; *at; at++)
        if (*at == '.')
            *at = '/';
    return result;
}

const char *im_objects_result_name(enum im_objects_result result)
{
    static const char *const names[] = {
        [IM_OBJECTS_OK] = "ok",
        [IM_OBJECTS_TYPE_UNKNOWN] = "type-unknown",
        [IM_OBJECTS_NOT_FOUND] = "not-found",
        [IM_OBJECTS_PAYLOAD_MISSING] = "payload-missing",
        [IM_OBJECTS_PAYLOAD_WRONG] = "payload-wrong",
        [IM_OBJECTS_FIELD_UNKNOWN] = "field-unknown",
        [IM_OBJECTS_FIELD_READ_ONLY] = "field-read-only",
        [IM_OBJECTS_KEY_GIVEN] = "key-given",
        [IM_OBJECTS_FIELD_MISSING] = "field-missing",
        [IM_OBJECTS_FIELD_WRONG_TYPE] = "field-wrong-type",
        [IM_OBJECTS_REFERENCE_UNKNOWN] = "reference-unknown",
        [IM_OBJECTS_KEY_REUSED] = "key-reused",
        [IM_OBJECTS_CONFLICT] = "conflict",
        [IM_OBJECTS_IN_USE] = "in-use",
        [IM_OBJECTS_QUERY_FIELD] = "query-field",
        [IM_OBJECTS_QUERY_UNKNOWN] = "query-unknown",
        [IM_OBJECTS_QUERY_MISSING] = "query-missing",
        [IM_OBJECTS_QUERY_WRONG] = "query-wrong",
        [IM_OBJECTS_TOO_LARGE] = "too-large",
        [IM_OBJECTS_FULL] = "full",
        [IM_OBJECTS_NO_MEMORY] = "no-memory",
    };
    return names[result];
}
