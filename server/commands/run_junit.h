/* The results of `run` as JUnit XML: a test suite for each scenario, a test case for each of its
 * expectations. Well-formed XML 1.0 whatever CMD prints. */
#ifndef IM_COMMANDS_RUN_JUNIT_H
#define IM_COMMANDS_RUN_JUNIT_H

#include "commands/run_report.h"

void im_run_junit_begin(struct im_buf *xml);
void im_run_junit_add(struct im_buf *xml, const struct im_run_result *result,
                      const struct im_run_rules *rules);
void im_run_junit_end(struct im_buf *xml);

#endif
