/* What `run` says of each scenario: the lines of the scorecard, and JUnit. Pure text:
 * verdicts and how CMD ended go in. */
#ifndef IM_COMMANDS_RUN_REPORT_H
#define IM_COMMANDS_RUN_REPORT_H

#include "base/json.h"
#include "commands/run_child.h"

struct im_run_result {
    struct im_str scenario;
    const struct im_json *verdict; /* NULL when there is none; then `trouble` says why */
    struct im_str trouble;
    enum im_run_end end; /* how CMD ended */
    int code;            /* its exit status, or the signal */
    int64_t took_ms;
    struct im_str output;
};

enum im_run_outcome { IM_RUN_PASSED, IM_RUN_FAILED, IM_RUN_SKIPPED };

struct im_run_rules {
    bool require_all, exit_zero, show_output, colour;
    int64_t timeout_ms;
};

struct im_run_tally {
    size_t passed, failed, skipped;
    size_t silent; /* of the skipped: CMD sent nothing at all */
};

enum im_run_outcome im_run_judge(const struct im_run_result *result,
                                 const struct im_run_rules *rules);
void im_run_tally_add(struct im_run_tally *tally, const struct im_run_result *result,
                      const struct im_run_rules *rules);

/* The scorecard's lines of one scenario. */
void im_run_report_add(struct im_buf *text, const struct im_run_result *result,
                       const struct im_run_rules *rules);
/* What to do about it, and the last line. */
void im_run_report_end(struct im_buf *text, const struct im_run_tally *tally,
                       const struct im_run_rules *rules);

/* The same as JUnit XML: a suite for each scenario, a case for each of its expectations. */
void im_run_junit_begin(struct im_buf *xml);
void im_run_junit_add(struct im_buf *xml, const struct im_run_result *result,
                      const struct im_run_rules *rules);
void im_run_junit_end(struct im_buf *xml);

#endif
