/* The loop of `run`: who has a sandbox and a child now, who is next, what is printed
 * when. */
#include "commands/run_flow.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "commands/command.h"
#include "commands/environment.h"
#include "commands/run_report.h"

enum state { WAITING, RUNNING, ENDED, ABANDONED };

/* One scenario on its way. */
struct slot {
    enum state state;
    struct im_arena arena; /* released once its lines are out */
    struct im_run_sandbox sandbox;
    struct im_run_child *child;
    struct im_run_result result;
    bool hidden; /* only played */
};

struct flow {
    const struct im_run_work *work;
    struct im_run_mock mock;        /* learns of the baseline on the way */
    struct im_run_sandbox baseline; /* kept to the end */
    bool has_baseline;
    struct im_arena arena;
    struct slot *slots;
    struct pollfd *polled;
    struct im_run_rules rules;
    struct im_run_tally tally;
    size_t next;    /* the first that has not begun */
    size_t front;   /* the first whose lines are not out */
    size_t running; /* children */
    size_t ended, started;
    size_t shown;          /* how many had ended when the lines were last looked at */
    bool stumbles;         /* CMD fails where nothing goes wrong, and that is not shown */
    struct im_str stumble; /* by which refusal; empty = by none */
    bool interrupted, impossible; /* impossible: CMD cannot be executed */
};

/* ---- beginning ---- */

static void slot_fail(struct flow *flow, struct slot *slot, const char *text)
{
    slot->result.trouble = im_arena_copy(&slot->arena, im_str(text));
    slot->state = ENDED;
    flow->ended++;
}

static bool slot_start_child(struct flow *flow, struct slot *slot, struct im_error *err)
{
    const struct im_run_work *work = flow->work;
    struct im_environment own;

    im_environment_init(&own, &slot->arena, work->environment);
    im_environment_add_client(&own, slot->sandbox.base_url, IM_STR("demo"));
    im_environment_set(&own, "INTACCT_SCENARIO", slot->result.scenario);
    if (work->trust && slot->sandbox.proxy_url.len)
        im_environment_add_interception(&own, slot->sandbox.proxy_url,
                                        flow->mock.intercept, work->trust);
    else if (work->trust)
        im_environment_add_trust(&own, work->trust);
    char **environment = im_environment_merge(&own);
    slot->child = IM_ARENA_NEW(&slot->arena, struct im_run_child);
    if (!environment || !slot->child)
        return im_error_set(err, "out of memory");
    if (!im_run_child_start(slot->child, work->program, environment,
                            &work->signals->before, err)) {
        flow->impossible = flow->started == 0;
        return false;
    }
    slot->child->deadline_ms = slot->child->began_ms + work->options->timeout_ms;
    return true;
}

static void slot_begin(struct flow *flow, size_t index, struct im_error *err)
{
    const struct im_run_work *work = flow->work;
    const struct im_run_mock *mock = &flow->mock;
    struct slot *slot = &flow->slots[index];
    const struct im_run_order order = {work->scenarios[index].name, index + 1,
                                       work->options->intercept};

    im_arena_init(&slot->arena, 0);
    slot->result.scenario = work->scenarios[index].name;
    slot->result.cause = work->scenarios[index].cause;
    slot->hidden = work->scenarios[index].only_baseline;
    if (!mock->open(mock, &slot->sandbox, &order, &slot->arena, err)) {
        slot_fail(flow, slot, err->text);
        return;
    }
    if (!slot_start_child(flow, slot, err)) {
        mock->close(mock, &slot->sandbox);
        slot_fail(flow, slot, err->text);
        return;
    }
    slot->state = RUNNING;
    flow->started++;
    flow->running++;
}

static bool is_baseline(const struct flow *flow, size_t index)
{
    return index == 0 && im_str_is(flow->work->scenarios[0].name, IM_RUN_BASELINE);
}

/* All others are judged by it, so they wait until it has ended. */
static bool flow_may_begin(const struct flow *flow)
{
    bool waits =
        is_baseline(flow, 0) && flow->next == 1 && flow->slots[0].state == RUNNING;

    return !flow->interrupted && !flow->impossible && !waits &&
           flow->next < flow->work->count &&
           flow->running < (size_t)flow->work->options->jobs;
}

/* ---- ending ---- */

/* The line of the first exchange that the verdict shows as answered by 4xx; empty = there is
 * none. */
static struct im_str first_refusal(const struct im_json *verdict)
{
    const struct im_json *shown = im_json_get(verdict, "exchanges_shown");

    for (shown = shown ? shown->first : NULL; shown; shown = shown->next) {
        const struct im_json *status = im_json_get(shown, "status");
        if (status && status->is_whole && status->whole / 100 == 4)
            return im_json_get_str(shown, "line");
    }
    return (struct im_str){NULL, 0};
}

/* Its sandbox stays, so that verdicts can look at it. A CMD that did not come to its end says nothing of
 * what it does when all goes well. */
static void flow_keep_baseline(struct flow *flow, const struct slot *slot)
{
    flow->baseline = slot->sandbox;
    flow->baseline.name = im_arena_copy(&flow->arena, slot->sandbox.name);
    flow->has_baseline = true;
    if (slot->result.end == IM_RUN_EXITED)
        flow->mock.baseline = &flow->baseline;
    flow->stumbles =
        slot->hidden &&
        im_str_is(im_json_get_str(slot->result.verdict, "outcome"), "not-met");
    if (flow->stumbles)
        flow->stumble = im_arena_copy(&flow->arena, first_refusal(slot->result.verdict));
}

static bool write_artifact(struct slot *slot, const char *folder, const char *suffix,
                           struct im_str text)
{
    struct im_str path = im_arena_format(&slot->arena, "%s/%.*s.%s", folder,
                                         IM_ARG(slot->result.scenario), suffix);
    FILE *file = path.len ? fopen(path.at, "w") : NULL;

    if (!file)
        return false;
    bool written = fwrite(text.at, 1, text.len, file) == text.len;
    return fclose(file) == 0 && written;
}

/* --artifacts: a failure is looked at where it cannot be repeated. */
static void keep_artifacts(struct flow *flow, struct slot *slot)
{
    const char *folder = flow->work->options->artifacts;
    struct im_json_out out;
    struct im_buf verdict;

    if (!folder)
        return;
    struct im_str har =
        flow->mock.journal(&flow->mock, &slot->sandbox, true, &slot->arena);
    struct im_str journal =
        flow->mock.journal(&flow->mock, &slot->sandbox, false, &slot->arena);
    im_buf_init(&verdict, &slot->arena, 0);
    im_json_out_init(&out, &verdict);
    im_json_value(&out, (struct im_str){NULL, 0}, slot->result.verdict);
    if (!har.len || !journal.len || verdict.failed)
        errno = ENOMEM;
    else if (write_artifact(slot, folder, "har", har) &&
             write_artifact(slot, folder, "journal.json", journal) &&
             write_artifact(slot, folder, "verdict.json", im_buf_str(&verdict)))
        return;
    fprintf(stderr, "intacct-mock: writing --artifacts %s/%.*s.*: %s\n", folder,
            IM_ARG(slot->result.scenario), strerror(errno));
}

/* Why nothing may have come of CMD's connections. Where none came at all, nobody here knows what it did
 * instead: its requests may well have reached the real host. */
static struct im_str reason_unreached(const struct flow *flow, struct slot *slot)
{
    struct im_str evidence = flow->mock.refused(&slot->sandbox, &slot->arena);

    if (evidence.len)
        return im_arena_format(&slot->arena,
                               "CMD came to the proxy, but no request did: %.*s",
                               IM_ARG(evidence));
    return im_arena_format(
        &slot->arena, "no connection came: CMD went past the proxy, or did nothing; %s",
        im_environment_remedy(flow->work->program->path));
}

static void slot_finish(struct flow *flow, struct slot *slot)
{
    const struct im_run_mock *mock = &flow->mock;
    struct im_run_result *result = &slot->result;
    const struct im_run_child *child = slot->child;
    struct im_error err = {.text = ""};

    result->end = child->end;
    result->code = child->code;
    result->took_ms = im_clock_monotonic_ms() - child->began_ms;
    result->output = im_run_output_text(&child->output, &slot->arena);
    result->verdict = mock->verdict(mock, &slot->sandbox, &slot->arena, &err);
    if (flow->work->options->intercept && mock->refused)
        result->unreached = reason_unreached(flow, slot);
    if (!result->verdict)
        result->trouble = im_arena_copy(&slot->arena, im_str(err.text));
    if (result->verdict && !slot->hidden)
        keep_artifacts(flow, slot);
    if (is_baseline(flow, (size_t)(slot - flow->slots)))
        flow_keep_baseline(flow, slot);
    else
        mock->close(mock, &slot->sandbox);
    slot->state = child->end == IM_RUN_INTERRUPTED ? ABANDONED : ENDED;
    flow->running--;
    flow->ended++;
}

static void slot_print(struct flow *flow, struct slot *slot)
{
    struct im_buf text;

    im_buf_init(&text, &slot->arena, 0);
    im_run_report_add(&text, &slot->result, &flow->rules);
    im_run_tally_add(&flow->tally, &slot->result, &flow->rules);
    if (flow->work->xml)
        im_run_junit_add(flow->work->xml, &slot->result, &flow->rules);
    fprintf(flow->work->out, "%.*s%s", IM_ARG(im_buf_str(&text)),
            text.failed ? "[out of memory]\n" : "");
}

/* In the order of the list: what has ended waits for those before it. */
static void flow_print_ended(struct flow *flow)
{
    FILE *out = flow->work->out;

    if (flow->ended == flow->shown)
        return;
    flow->shown = flow->ended;
    if (flow->work->terminal)
        fputs("\r\033[K", out);
    for (; flow->front < flow->next; flow->front++) {
        struct slot *slot = &flow->slots[flow->front];
        if (slot->state == RUNNING)
            break;
        if (slot->state == ENDED && !slot->hidden)
            slot_print(flow, slot);
        im_arena_release(&slot->arena);
    }
    if (flow->work->terminal && flow->running) {
        size_t hidden = flow->work->scenarios[0].only_baseline;
        fprintf(out, "running %zu/%zu …", flow->ended > hidden ? flow->ended - hidden : 0,
                flow->work->count - hidden);
    }
    fflush(out);
}

/* ---- waiting ---- */

static int flow_patience_ms(const struct flow *flow, int64_t now_ms)
{
    int64_t least = INT32_MAX;

    for (size_t i = flow->front; i < flow->next; i++) {
        const struct slot *slot = &flow->slots[i];
        if (slot->state == RUNNING && slot->child->deadline_ms - now_ms < least)
            least = slot->child->deadline_ms - now_ms;
    }
    return least < 0 ? 0 : (int)least;
}

static void flow_wait(struct flow *flow)
{
    nfds_t n = 1;

    flow->polled[0] = (struct pollfd){.fd = flow->work->signals->fd, .events = POLLIN};
    for (size_t i = flow->front; i < flow->next; i++) {
        const struct slot *slot = &flow->slots[i];
        if (slot->state == RUNNING && slot->child->fd >= 0)
            flow->polled[n++] = (struct pollfd){.fd = slot->child->fd, .events = POLLIN};
    }
    poll(flow->polled, n, flow_patience_ms(flow, im_clock_monotonic_ms()));
}

/* Once asks the children to end, twice makes them. */
static void flow_interrupt(struct flow *flow, int64_t now_ms)
{
    for (size_t i = flow->front; i < flow->next; i++) {
        const struct slot *slot = &flow->slots[i];
        if (slot->state != RUNNING)
            continue;
        if (flow->interrupted)
            im_run_child_kill(slot->child);
        else
            im_run_child_tell(slot->child, IM_RUN_INTERRUPTED, now_ms);
    }
    flow->interrupted = true;
}

static void flow_look(struct flow *flow)
{
    int64_t now_ms = im_clock_monotonic_ms();

    for (int number; (number = im_run_signals_next(flow->work->signals)) != 0;)
        if (number != SIGCHLD)
            flow_interrupt(flow, now_ms);
    for (size_t i = flow->front; i < flow->next; i++) {
        struct slot *slot = &flow->slots[i];
        if (slot->state != RUNNING)
            continue;
        im_run_child_read(slot->child);
        if (im_run_child_reap(slot->child))
            slot_finish(flow, slot);
        else
            im_run_child_press(slot->child, now_ms);
    }
}

/* ---- all of it ---- */

static bool flow_prepare(struct flow *flow, const struct im_run_work *work)
{
    const struct im_run_options *options = work->options;

    *flow = (struct flow){.work = work, .shown = SIZE_MAX};
    flow->rules = (struct im_run_rules){
        .require_all = options->require_all,
        .exit_zero = options->exit_zero,
        .show_output = options->show_output,
        .left_out = work->left_out,
        .colour = work->colour,
        .timeout_ms = options->timeout_ms,
        .client = options->client,
        .again = work->again,
        .where = work->where,
        .min_percent = options->min_percent,
    };
    im_arena_init(&flow->arena, 0);
    flow->tally.arena = &flow->arena;
    flow->mock = *work->mock;
    flow->mock.fail_fast = options->client && strcmp(options->client, "fail-fast") == 0;
    flow->slots = IM_ARENA_ARRAY(&flow->arena, struct slot, work->count);
    flow->polled = IM_ARENA_ARRAY(&flow->arena, struct pollfd, (size_t)options->jobs + 1);
    return flow->slots && flow->polled;
}

static int flow_conclude(struct flow *flow)
{
    const struct im_run_tally *tally = &flow->tally;
    FILE *out = flow->work->out;
    struct im_buf text;

    im_buf_init(&text, &flow->arena, 0);
    if (flow->interrupted)
        im_buf_addf(&text, "interrupted: %zu of %zu scenarios ran to their end\n",
                    tally->passed + tally->failed + tally->partly + tally->skipped,
                    flow->work->count - flow->work->scenarios[0].only_baseline);
    if (flow->stumbles)
        im_buf_addz(&text,
                    "CMD does not pass " IM_RUN_BASELINE ", where nothing goes wrong: "
                    "look at that first, by --scenario " IM_RUN_BASELINE ".\n");
    /* often the credentials are not the mock's, and then every scenario looks odd */
    if (flow->stumble.len) {
        im_buf_addz(&text, "  there: ");
        im_buf_add_visible(&text, flow->stumble);
        im_buf_addc(&text, '\n');
    }
    im_run_report_end(&text, tally, &flow->rules);
    fprintf(out, "%.*s", IM_ARG(im_buf_str(&text)));
    fflush(out);
    return flow->interrupted || tally->failed || !tally->passed ||
                   !im_run_covers(tally, &flow->rules)
               ? IM_EXIT_NO
               : IM_EXIT_FINE;
}

int im_run_flow(const struct im_run_work *work, struct im_error *err)
{
    struct flow flow;
    int status = IM_EXIT_START;

    if (!flow_prepare(&flow, work)) {
        im_error_set(err, "running %zu scenarios: out of memory", work->count);
    } else {
        do {
            while (flow_may_begin(&flow))
                slot_begin(&flow, flow.next++, err);
            if (flow.impossible)
                break;
            flow_print_ended(&flow);
            if (flow.running) {
                flow_wait(&flow);
                flow_look(&flow);
            }
        } while (flow.running || flow_may_begin(&flow));
        if (!flow.impossible) {
            flow_print_ended(&flow);
            status = flow_conclude(&flow);
        }
    }
    if (flow.has_baseline)
        flow.mock.close(&flow.mock, &flow.baseline);
    for (; flow.slots && flow.front < flow.next; flow.front++)
        im_arena_release(&flow.slots[flow.front].arena);
    im_arena_release(&flow.arena);
    return status;
}
