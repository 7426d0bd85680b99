/* What `run` says of each scenario: the lines of the scorecard, and JUnit. Pure text: verdicts and
 * how CMD ended go in. */
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

/* How CMD ended, behind "CMD ". */
void im_run_report_end_of(struct im_buf *text, const struct im_run_result *result,
                          const struct im_run_rules *rules);
/* Lines of the exchanges that show an expectation, each behind `indent`. */
void im_run_report_exchanges(struct im_buf *text, const struct im_json *verdict,
                             const struct im_json *expectation, const char *indent);
/* What the verdict says beside its expectations, or empty. */
struct im_str im_run_report_note(const struct im_run_result *result);
/* Why it was not exercised. */
struct im_str im_run_report_idle(const struct im_run_result *result);

/* The scorecard's lines of one scenario. */
void im_run_report_add(struct im_buf *text, const struct im_run_result *result,
                       const struct im_run_rules *rules);
/* What to do about it, and the last line. */
void im_run_report_end(struct im_buf *text, const struct im_run_tally *tally,
                       const struct im_run_rules *rules);

#endif
