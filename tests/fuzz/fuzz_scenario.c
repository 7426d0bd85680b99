/* Any bytes given to the reader of scenarios: they are refused with a place inside the text, or what
 * was read makes a sandbox, has its say on a few requests, damages their answers and is judged. */
#include <stdlib.h>

#include "sandbox.h"
#include "scenario/scenario_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

static const struct {
    const char *method, *path, *endpoint, *body;
} calls[] = {
    {"POST", "/ia/api/v1/oauth2/token", "token",
     "grant_type=client_credentials&client_id=demo&username=ws_user@acme"},
    {"GET", "/ia/api/v1/objects/accounts-payable/vendor", "resource", ""},
    {"GET", "/ia/api/v1/objects/accounts-payable/vendor", "resource", ""},
    {"POST", "/ia/api/v1/oauth2/token", "token",
     "grant_type=refresh_token&client_id=demo&refresh_token=x"},
    {"POST", "/ia/api/v1/services/core/query", "query", "{}"},
    {"GET", "/ia/api/v1/oauth2/authorize", "authorize", ""},
};

static void one_call(struct im_sandbox *box, struct im_arena *arena, size_t number)
{
    struct im_authority *authority = im_sandbox_enter(box);
    struct im_exchange exchange = {.endpoint =
                                       im_endpoint_find(im_str(calls[number].endpoint))};
    struct im_request req = {.arena = arena,
                             .method = im_str(calls[number].method),
                             .target = im_str(calls[number].path),
                             .path = im_str(calls[number].path),
                             .body = im_str(calls[number].body),
                             .began_us = im_clock_monotonic_us(),
                             .exchange = &exchange};
    struct im_response res;
    struct im_plan plan;
    struct im_error err = {.text = ""};

    im_response_init(&res, arena);
    req.now_ms = im_clock_now_ms(&authority->clock);
    im_scenario_plan(box->scenario_state, authority, &req, NULL, &plan);
    exchange.rule = im_plan_rule(&plan);
    exchange.effect = im_plan_effect(&plan);
    if (!im_plan_change_world(&plan, authority, req.now_ms, &err))
        require(err.text[0] != '\0');
    im_buf_addz(im_response_begin(&res, 200, "application/json"), "{\"a\":[1,2,3]}");
    exchange.cause = exchange.worded_as = plan.refuse;
    exchange.evidence = plan.evidence;
    if (im_plan_wire(&plan))
        im_wire_apply(im_plan_wire(&plan), &res);
    if (im_plan_wire(&plan))
        im_wire_locate(im_plan_wire(&plan), IM_STR("http://127.0.0.1:1"), &res);
    require(im_response_bytes(&res, req.now_ms, false, true).len > 0);
    im_exchange_complete(&req, &res);
    im_journal_add(box->journal, &exchange);
    im_plan_release(&plan);
    im_sandbox_leave(box);
}

static void judge(struct im_sandbox *box, struct im_arena *arena)
{
    struct im_verdict verdict;
    struct im_json_out out;
    struct im_buf text;
    struct im_json_error error;
    static const struct im_judge_options options = {.baseline = NULL};
    struct im_scenario *scenario = im_sandbox_judge(box, &options, arena, &verdict);

    require(scenario != NULL);
    im_buf_init(&text, arena, 0);
    im_json_out_init(&out, &text);
    im_verdict_write_json(&verdict, &out);
    require(im_json_parse(arena, im_buf_str(&text), &error) != NULL);
    im_buf_init(&text, arena, 0);
    im_verdict_write_text(&verdict, &text);
    im_verdict_write_junit(&verdict, &text);
    require(im_str_utf8(im_buf_str(&text)));
    im_scenario_unref(scenario);
}

static void live_through(struct im_scenario *scenario)
{
    struct im_sandbox_options options = {.name = IM_STR("fuzz"),
                                         .scenario = scenario,
                                         .seed = 42,
                                         .start_ms = 1767225600000,
                                         .journal_keep = 8};
    struct im_error err = {.text = ""};
    struct im_sandbox *box = im_sandbox_new(&options, &err);
    struct im_arena arena;

    if (!box) { /* a world that contradicts itself */
        require(err.text[0] != '\0');
        return;
    }
    im_arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        one_call(box, &arena, i);
    judge(box, &arena);
    im_arena_release(&arena);
    im_sandbox_free(box);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct im_scenario_error error = {.what = ""};
    struct im_scenario *scenario = im_scenario_parse(
        (struct im_str){(const char *)data, size}, IM_STR("inline"), &error);

    if (scenario)
        live_through(scenario);
    else
        require(error.line > 0 && error.column > 0 && error.what[0] != '\0' &&
                im_str_utf8(im_str(error.what)));
    im_scenario_unref(scenario);
    return 0;
}
