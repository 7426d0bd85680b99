/* What `run` says of each scenario: the lines of the scorecard, and JUnit. Pure text:
 * verdicts and how CMD ended go in. */
#ifndef IM_COMMANDS_RUN_REPORT_H
#define IM_COMMANDS_RUN_REPORT_H

#include "base/json.h"
#include "commands/run_child.h"

struct im_run_result {
    struct im_str scenario;
    struct im_str cause;           /* that it is about, or empty */
    const struct im_json *verdict; /* NULL when there is none; then `trouble` says why */
    struct im_str trouble;
    enum im_run_end end; /* how CMD ended */
    int code;            /* its exit status, or the signal */
    int64_t took_ms;
    struct im_str output;
    struct im_str unreached; /* what to say when nothing came; empty = the usual */
};

enum im_run_outcome { IM_RUN_PASSED, IM_RUN_FAILED, IM_RUN_PARTLY, IM_RUN_SKIPPED };

struct im_run_rules {
    bool require_all, exit_zero, show_output, colour;
    int64_t timeout_ms;
    const char *client;  /* as im_run_options has it */
    struct im_str again; /* CMD as a shell would read it; empty = it is not said */
    struct im_str
        where; /* the program and which mock it is to play: "intacct-mock run --https" */
    int64_t min_percent; /* of the causes, below which all has failed */
    size_t left_out;     /* scenarios that take --intercept, which was not given */
};

/* Scenarios about a cause that is not met, for one and the same reason. Lifetime: the tally's arena. */
struct im_run_group {
    struct im_run_group *next;
    struct im_str way; /* what it takes that these are met: "with 8 API calls" */
    size_t count;
    struct im_str names; /* the first few */
};

struct im_run_tally {
    struct im_arena *arena;
    size_t passed, failed, partly, skipped;
    size_t silent;    /* of the skipped: CMD sent nothing at all */
    bool intercepted; /* it was led here by a proxy */
    bool
        ended_early; /* where something was missing, it ended with another status than 0 */
    size_t gave_up; /* of the failed: it only ended with an error where it was to go on */
    size_t causes, causes_met; /* that the scenarios are about */
    struct im_run_group *groups;
};

enum im_run_outcome im_run_judge(const struct im_run_result *result,
                                 const struct im_run_rules *rules);
void im_run_tally_add(struct im_run_tally *tally, const struct im_run_result *result,
                      const struct im_run_rules *rules);

/* The scorecard's lines of one scenario. */
void im_run_report_add(struct im_buf *text, const struct im_run_result *result,
                       const struct im_run_rules *rules);
/* Is the share of causes that are met as large as --min-coverage wants it? */
bool im_run_covers(const struct im_run_tally *tally, const struct im_run_rules *rules);
/* What to do about it, how much is covered, and the last line. */
void im_run_report_end(struct im_buf *text, const struct im_run_tally *tally,
                       const struct im_run_rules *rules);

/* The same as JUnit XML: a suite for each scenario, a case for each of its expectations. */
void im_run_junit_begin(struct im_buf *xml);
void im_run_junit_add(struct im_buf *xml, const struct im_run_result *result,
                      const struct im_run_rules *rules);
void im_run_junit_end(struct im_buf *xml);

#endif
