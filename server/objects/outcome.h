/* How this folder refuses: one statement that names the result, the field and the
 * evidence. */
#ifndef IM_OBJECTS_OUTCOME_H
#define IM_OBJECTS_OUTCOME_H

#include "objects/objects.h"

/* Fills in *refusal and returns `result`. `field` is a view; what is too long is cut between
 * characters, never inside one. */
enum im_objects_result im_objects_refuse(struct im_objects_refusal *refusal,
                                         enum im_objects_result result,
                                         struct im_str field, const char *format, ...)
    IM_PRINTF(4, 5);

/* The same, with the field written as a pointer: "currency.txnCurrency" →
 * "/currency/…". */
enum im_objects_result im_objects_refuse_at(struct im_objects_refusal *refusal,
                                            enum im_objects_result result,
                                            struct im_str dotted, const char *format, ...)
    IM_PRINTF(4, 5);

/* As much of what a client sent as a sentence may repeat: a view, cut after 80 bytes. */
struct im_str im_objects_quote(struct im_str text);

#endif
