/* Reads a scenario's `expect`: strict, so that an expectation that could never fail, or never be
 * met, for a slip of the pen is refused. */
#ifndef IM_SCENARIO_EXPECT_READ_H
#define IM_SCENARIO_EXPECT_READ_H

#include "scenario/expect.h"

/* All or nothing: false with err, and *at is the value at fault. Texts are copied into the
 * arena. */
bool im_expect_read(struct im_expectations *into, struct im_arena *arena,
                    const struct im_json *array, const struct im_json **at,
                    struct im_error *err);
/* The members an expectation may have beside those of `when`, for the schema; NULL past the
 * end. */
const char *im_expect_field(size_t index);

#endif
