/* What Prometheus scrapes: what was counted, and what there is now. */
#include "control/control.h"

/* What there is in all sandboxes together. */
struct census {
    uint64_t sandboxes, dropped;
    uint64_t live[IM_TOKEN_REFRESH + 1]; /* tokens, by kind */
    int64_t now_ms;                      /* of the sandbox at hand */
};

static bool count_token(void *context, const struct im_token *token)
{
    struct census *census = context;

    if (token->ended == IM_NOT_ENDED && !token->consumed &&
        census->now_ms < token->expires_ms)
        census->live[token->kind]++;
    return true;
}

static void count_box(struct census *census, struct im_sandbox *box)
{
    struct im_authority *authority = im_sandbox_enter(box);

    census->sandboxes++;
    census->dropped += im_journal_dropped(box->journal);
    census->now_ms = im_clock_now_ms(&authority->clock);
    im_authority_each_token(authority, census->now_ms, count_token, census);
    im_sandbox_leave(box);
}

static void take_census(struct im_call *call, struct census *census)
{
    size_t count;
    struct im_sandbox **all =
        im_sandboxes_list(call->sandboxes, call->req->arena, &count);

    for (size_t i = 0; i < count; i++) {
        count_box(census, all[i]);
        im_sandboxes_unref(call->sandboxes, all[i]);
    }
}

static void write_gauge(struct im_buf *out, const char *name, const char *help,
                        uint64_t value)
{
    im_buf_addf(out, "# HELP intacct_mock_%s %s\n# TYPE intacct_mock_%s gauge\n", name,
                help, name);
    im_buf_addf(out, "intacct_mock_%s %llu\n", name, (unsigned long long)value);
}

static void write_tokens(struct im_buf *out, const struct census *census)
{
    im_buf_addz(out, "# HELP intacct_mock_tokens_live Tokens that are good now, by the "
                     "clock of their sandbox.\n"
                     "# TYPE intacct_mock_tokens_live gauge\n");
    for (int kind = 0; kind <= IM_TOKEN_REFRESH; kind++)
        im_buf_addf(out, "intacct_mock_tokens_live{kind=\"%s\"} %llu\n",
                    im_token_kind_name((enum im_token_kind)kind),
                    (unsigned long long)census->live[kind]);
}

static void write_log(struct im_buf *out, struct im_log_sink *sink)
{
    uint64_t dropped = sink ? atomic_load(&sink->dropped) : 0;

    im_buf_addf(
        out,
        "# HELP intacct_mock_log_lines_dropped_total Lines that standard error did "
        "not take at once.\n"
        "# TYPE intacct_mock_log_lines_dropped_total counter\n"
        "intacct_mock_log_lines_dropped_total %llu\n",
        (unsigned long long)dropped);
}

void im_control_metrics(struct im_call *call)
{
    struct im_buf *out =
        im_response_begin(call->res, 200, "text/plain; version=0.0.4; charset=utf-8");
    struct census census = {.sandboxes = 0};
    int64_t up_ms = im_clock_real_ms() - call->sandboxes->started_ms;

    im_response_header(call->res, "Cache-Control", IM_STR("no-store"));
    take_census(call, &census);
    im_buf_addz(out,
                "# HELP intacct_mock_build_info Always 1; what runs is in the labels.\n"
                "# TYPE intacct_mock_build_info gauge\n"
                "intacct_mock_build_info{version=\"" IM_VERSION "\"} 1\n");
    write_gauge(out, "uptime_seconds", "Since the server started, in real time.",
                up_ms > 0 ? (uint64_t)up_ms / 1000 : 0);
    write_gauge(out, "sandboxes", "Sandboxes there are.", census.sandboxes);
    write_gauge(out, "journal_dropped",
                "Exchanges that the journals there are no longer hold.", census.dropped);
    write_tokens(out, &census);
    write_log(out, call->sandboxes->settings.log.sink);
    im_metrics_write(&call->sandboxes->metrics, out);
}
