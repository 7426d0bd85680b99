/* The mock of `run`: no socket and no request lies between; it uses the operations on sandboxes as the
 * control API and the library do. */
#include "commands/run_mock.h"

#include "journal_query.h"

struct im_run_scenario *im_run_mock_scenarios(const struct im_run_mock *mock,
                                              struct im_arena *arena, size_t *count,
                                              struct im_error *err)
{
    size_t listed = 0;
    struct im_listed *list =
        im_catalogue_list(mock->sandboxes->catalogue, arena, &listed);
    struct im_run_scenario *scenarios =
        IM_ARENA_ARRAY(arena, struct im_run_scenario, listed + 1);

    *count = list && scenarios ? listed : 0;
    for (size_t i = 0; i < *count; i++)
        scenarios[i] = (struct im_run_scenario){
            .name = im_arena_copy(arena, list[i].scenario->name),
            .about = im_arena_copy(arena, list[i].scenario->about),
            .needs_proxy = im_scenario_needs_proxy(list[i].scenario),
            .cause = list[i].scenario->cause
                         ? im_str(im_cause_row(list[i].scenario->cause)->id)
                         : IM_STR("")};
    im_catalogue_unlist(list, list ? listed : 0);
    if (list && !arena->failed)
        return scenarios;
    im_error_set(err, "listing the scenarios: out of memory");
    return NULL;
}

static void mock_close(const struct im_run_mock *mock,
                       const struct im_run_sandbox *sandbox)
{
    im_sandboxes_delete(mock->sandboxes, sandbox->box->name);
    im_sandboxes_unref(mock->sandboxes, sandbox->box);
}

struct im_str im_run_baseline_text(struct im_str scenario, struct im_arena *arena)
{
    const char *rules = "[{\"when\":{\"endpoint\":\"api\"},\"then\":{\"wire\":{\"hold\":"
                        "{\"until\":2,\"for\":\"25ms\"}}},\"times\":100,"
                        "\"optional\":true}]";
    struct im_json_error flaw;
    struct im_json_out out;
    struct im_buf text;
    const struct im_json *json = im_json_parse(arena, scenario, &flaw);

    im_buf_init(&text, arena, 0);
    if (json && !im_json_get(json, "rules")) {
        im_json_out_init(&out, &text);
        im_json_open_object(&out, NULL);
        for (const struct im_json *member = json->first; member; member = member->next)
            im_json_value(&out, member->name, member);
        im_json_raw(&out, "rules", im_str(rules));
        im_json_close_object(&out);
    }
    return im_buf_str(&text);
}

static struct im_str baseline_text(const struct im_run_mock *mock, struct im_arena *arena)
{
    struct im_error err;
    struct im_scenario *own =
        im_catalogue_get(mock->sandboxes->catalogue, IM_STR(IM_RUN_BASELINE), &err);
    struct im_str text =
        own ? im_run_baseline_text(own->text, arena) : (struct im_str){NULL, 0};

    im_scenario_unref(own);
    return text;
}

static bool mock_open(const struct im_run_mock *mock, struct im_run_sandbox *sandbox,
                      const struct im_run_order *order, struct im_arena *arena,
                      struct im_error *err)
{
    struct im_new_sandbox params = {
        .name = im_arena_format(arena, "%.*s.run-%zu", IM_ARG(order->scenario),
                                order->serial),
        .scenario.name = order->scenario,
        .seed = mock->seed ? (int64_t)mock->seed : -1,
        .now_ms = -1,
        .proxy = order->proxy,
    };
    struct im_problem problem = {.field = NULL};

    *sandbox = (struct im_run_sandbox){.box = NULL};
    if (im_str_is(order->scenario, IM_RUN_BASELINE))
        params.scenario.text = baseline_text(mock, arena);
    if (params.scenario.text.len)
        params.scenario.name = IM_STR("");
    if (!arena->failed)
        sandbox->box = im_sandbox_create(mock->sandboxes, &params, arena, &problem);
    else
        im_error_set(&problem.err, "out of memory");
    if (!sandbox->box)
        return im_error_set(err, "making its sandbox: %.400s", problem.err.text);
    sandbox->name = params.name;
    sandbox->base_url = im_sandbox_base_url(mock->sandboxes, sandbox->box,
                                            im_sandboxes_url(mock->sandboxes), arena);
    sandbox->proxy_url = im_sandboxes_proxy_url(mock->sandboxes, sandbox->box, arena);
    if (!arena->failed)
        return true;
    mock_close(mock, sandbox);
    return im_error_set(err, "making its sandbox: out of memory");
}

static const struct im_json *mock_verdict(const struct im_run_mock *mock,
                                          const struct im_run_sandbox *sandbox,
                                          struct im_arena *arena, struct im_error *err)
{
    const struct im_json *document = NULL;
    struct im_verdict verdict;
    struct im_json_error flaw;
    struct im_json_out out;
    struct im_buf text;

    struct im_history baseline;
    struct im_judge_options options = {.fail_fast = mock->fail_fast,
                                       .running_known = true, /* it has ended */
                                       .client = "CMD"};

    if (mock->baseline && im_sandbox_history(mock->baseline->box, arena, &baseline))
        options.baseline = &baseline;
    /* what is still held, was sent all the same: the verdict waits until it is written down */
    im_barrier_release(sandbox->box->barrier);
    struct im_scenario *scenario =
        im_sandbox_verdict(sandbox->box, &options, arena, &verdict);
    im_buf_init(&text, arena, 0);
    im_json_out_init(&out, &text);
    if (scenario) {
        im_verdict_write_json(&verdict, &out);
        document = im_json_parse(arena, im_buf_str(&text), &flaw);
    }
    im_scenario_unref(scenario);
    if (document && !arena->failed)
        return document;
    im_error_set(err, "asking for its verdict: out of memory");
    return NULL;
}

static struct im_str mock_journal(const struct im_run_mock *mock,
                                  const struct im_run_sandbox *sandbox, bool har,
                                  struct im_arena *arena)
{
    static const struct im_journal_filter all = {.cause = CAUSE_NONE};
    struct im_journal *journal = sandbox->box->journal;
    struct im_listing list;
    struct im_buf text;

    (void)mock;
    im_buf_init(&text, arena, 0);
    if (har)
        im_listing_begin_har(&list, journal, &all, arena, &text);
    else
        im_listing_begin(&list, journal, &all, arena, &text);
    im_listing_write_all(&list, &text);
    return text.failed || arena->failed ? IM_STR("") : im_buf_str(&text);
}

static struct im_str mock_refused(const struct im_run_sandbox *sandbox,
                                  struct im_arena *arena)
{
    static const struct im_journal_filter all = {.status = 0};
    struct im_str evidence = IM_STR("");
    size_t count;
    const struct im_exchange *exchanges =
        im_journal_select(sandbox->box->journal, arena, &all, &count);

    for (size_t i = 0; exchanges && i < count; i++)
        if (exchanges[i].endpoint == IM_ENDPOINT_PROXY && exchanges[i].cause)
            evidence = exchanges[i].evidence;
    return evidence;
}

struct im_run_mock im_run_mock_of(struct im_sandboxes *sandboxes, uint64_t seed)
{
    return (struct im_run_mock){.sandboxes = sandboxes,
                                .seed = seed,
                                .intercept = sandboxes->settings.intercept,
                                .open = mock_open,
                                .verdict = mock_verdict,
                                .journal = mock_journal,
                                .refused = mock_refused,
                                .close = mock_close};
}
