/* filterExpression: "and", "or", "1 and (2 or 3)". `and` binds tighter than `or` (guess:
 * the documentation shows parentheses wherever both occur). */
#ifndef IM_OBJECTS_EXPRESSION_H
#define IM_OBJECTS_EXPRESSION_H

#include "objects/objects.h"

#define IM_EXPRESSION_DEPTH_MAX 32  /* parentheses within parentheses */
#define IM_EXPRESSION_STEPS_MAX 512 /* conditions and connectives */

/* Postfix: a number (from 0) puts that condition on the stack, these join the top two. */
enum { IM_EXPRESSION_AND = -1, IM_EXPRESSION_OR = -2 };

/* Lifetime: request. */
struct im_object_expression {
    int *steps;
    size_t n;
};

/* Empty text is "and". Numbers name the n conditions from 1; a condition that is not
 * named has no effect (guess). */
enum im_objects_result im_object_expression_parse(struct im_object_expression *expression,
                                                  struct im_arena *arena,
                                                  struct im_str text, size_t n_conditions,
                                                  struct im_objects_refusal *refusal);
/* True for no conditions at all. */
bool im_object_expression_holds(const struct im_object_expression *expression,
                                bool (*condition)(const void *context, size_t i),
                                const void *context);

#endif
