/* Scenario after scenario, several at a time: a fresh sandbox, CMD, the verdict, its
 * lines. One thread and one poll(). */
#ifndef IM_COMMANDS_RUN_FLOW_H
#define IM_COMMANDS_RUN_FLOW_H

#include <stdio.h>

#include "commands/args.h"
#include "commands/environment.h"
#include "commands/run_child.h"
#include "commands/run_mock.h"

enum { IM_RUN_JOBS_MAX = 256 };

/* The table is run.c's. */
struct im_run_options {
    struct im_texts globs; /* --scenario; none = all */
    const char *scenarios_dir, *junit, *artifacts;
    const char *client;       /* "resilient", "fail-fast" */
    const char *min_coverage; /* as given, and read: */
    int64_t min_percent;
    int64_t jobs, timeout_ms;
    int64_t seed; /* 0 = random */
    bool require_all, exit_zero, show_output, list;
    struct im_client_options server;  /* --url and what goes with it; no url = our own */
    const char *shard;                /* "I/N", and read: */
    int64_t shard_index, shard_count; /* from 1; 0 = all of it */
    bool https;
    bool intercept;           /* CMD has Sage's host built in: each gets a proxy */
    const char *proxy_others; /* "refuse", "pass" */
};

struct im_run_work {
    const struct im_run_mock *mock;
    const struct im_run_options *options;
    const struct im_run_program *program;
    char *const *environment; /* ours; the children's is this and where their mock is */
    const struct im_run_scenario
        *scenarios; /* the first is the baseline, if there is one */
    size_t count;
    size_t left_out; /* scenarios, for want of --intercept */
    struct im_run_signals *signals;
    const struct im_trust_files *trust; /* the mock's CA, for CMD; NULL = none */
    FILE *out;                          /* where the scorecard goes */
    bool terminal;                      /* out is one: show how far it is */
    bool colour;
    struct im_buf *xml;  /* JUnit, or NULL */
    struct im_str again; /* CMD as a shell would read it */
    struct im_str
        where; /* the program and options that say which mock, for a shell too */
};

/* The exit status. IM_EXIT_START with err: CMD cannot be executed, so nothing was run. */
int im_run_flow(const struct im_run_work *work, struct im_error *err);

#endif
