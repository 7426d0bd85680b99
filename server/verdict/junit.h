/* JUnit XML, as continuous integration shows it: one <testsuite> in the making. Its head
 * counts what its body holds, so the body comes first. Well-formed XML 1.0 whatever goes
 * in: what XML cannot say, and what is no UTF-8, becomes U+FFFD. */
#ifndef IM_VERDICT_JUNIT_H
#define IM_VERDICT_JUNIT_H

#include "base/buf.h"

struct im_junit {
    struct im_str name; /* of the suite, and the class of its cases */
    const char *indent; /* before each of its lines */
    struct im_buf body;
    size_t tests, failures, skipped;
};

enum im_junit_kind { IM_JUNIT_PASSED, IM_JUNIT_FAILURE, IM_JUNIT_SKIPPED };

/* Lifetime: the arena's. */
void im_junit_begin(struct im_junit *suite, struct im_arena *arena, struct im_str name,
                    const char *indent);
void im_junit_property(struct im_junit *suite, const char *name, struct im_str value);
/* `why` and `lines` (many, or none) are not for what has passed. */
void im_junit_case(struct im_junit *suite, struct im_str name, enum im_junit_kind kind,
                   struct im_str why, struct im_str lines);
void im_junit_output(struct im_junit *suite, struct im_str text);
/* Writes the whole suite; took_ms < 0 = it is not a matter of time. */
void im_junit_end(const struct im_junit *suite, int64_t took_ms, struct im_buf *out);

#endif
