/* Single values: how an amount, a date, a time is read, written and compared. */
#ifndef IM_OBJECTS_VALUE_H
#define IM_OBJECTS_VALUE_H

#include "base/arena.h"
#include "base/str.h"

/* "-1234.5" → -12345000: units of 1/10000, so that amounts compare and add exactly. False
 * when it is no decimal, or has more than 14 digits before or 4 after the point. */
bool im_object_decimal(struct im_str text, int64_t *scaled);
/* With two decimals, more when they are not zero: "68400.00". */
struct im_str im_object_decimal_text(struct im_arena *arena, int64_t scaled);

bool im_object_date(struct im_str text); /* "2026-03-31", a day that exists */

/* What filters and orders compare. Nothing stands before everything else. */
struct im_object_cell {
    enum { IM_CELL_NOTHING, IM_CELL_TEXT, IM_CELL_NUMBER } form;
    struct im_str text; /* also beside a number, for "contains" and its kin */
    int64_t number;
};

int im_object_compare(struct im_object_cell a, struct im_object_cell b, bool fold_case);

bool im_object_contains(struct im_str text, struct im_str part, bool fold_case);
bool im_object_starts(struct im_str text, struct im_str part, bool fold_case);
bool im_object_ends(struct im_str text, struct im_str part, bool fold_case);

#endif
