/* Scenarios: which there are, which one a sandbox follows, and the verdict on its client. */
#include "control/control.h"
#include "scenario/needs.h"
#include "scenario/scenario_file.h"
#include "verdict/verdict.h"

/* ---- which there are ---- */

static void scenario_write_listed(struct im_call *call, const struct im_listed *listed)
{
    const struct im_scenario *scenario = listed->scenario;
    struct im_json_out *out = &call->out;
    struct im_str needs = im_needs_text(scenario, call->req->arena);

    im_json_open_object(out, NULL);
    im_json_str(out, "name", scenario->name);
    im_json_str(out, "about", scenario->about);
    if (scenario->cause != CAUSE_NONE) {
        im_json_strz(out, "cause", im_cause_row(scenario->cause)->id);
        im_json_strz(out, "family",
                     im_family_name(im_cause_row(scenario->cause)->family));
    }
    im_json_bool(out, "built_in", listed->built_in);
    if (im_scenario_needs_proxy(scenario))
        im_json_bool(out, "needs_proxy", true);
    if (needs.len)
        im_json_str(out, "needs", needs);
    if (listed->trouble.len)
        im_json_str(out, "trouble", listed->trouble);
    im_json_close_object(out);
}

static void answer_scenarios(struct im_call *call)
{
    size_t count;
    struct im_listed *listed =
        im_catalogue_list(call->sandboxes->catalogue, call->req->arena, &count);

    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_open_array(&call->out, "scenarios");
    for (size_t i = 0; i < count; i++)
        scenario_write_listed(call, &listed[i]);
    im_json_close_array(&call->out);
    im_json_close_object(&call->out);
    im_catalogue_unlist(listed, count);
}

static void answer_scenario(struct im_call *call)
{
    struct im_error err = {.text = ""};
    struct im_scenario *scenario =
        im_catalogue_get(call->sandboxes->catalogue, call->id, &err);

    if (!scenario) {
        im_control_refuse(call, 404, NULL, "%s", err.text);
        return;
    }
    im_buf_add(im_response_begin(call->res, 200, "application/json"), scenario->text);
    im_scenario_unref(scenario);
}

/* ---- which one a sandbox follows ---- */

static void answer_follow(struct im_call *call)
{
    struct im_arena *arena = call->req->arena;
    struct im_problem problem = {.field = NULL};
    struct im_scenario_choice choice;

    if (!call->body || !call->body->count)
        im_control_refuse(call, 400, NULL,
                          "the body must be {\"name\": NAME} or a whole scenario");
    else if (im_scenario_choice_read(call->req->body, arena, &choice, &problem) &&
             im_sandbox_use_scenario(call->sandboxes, call->box, &choice, arena,
                                     &problem))
        im_control_answer_box(call, call->box, 200);
    else
        im_control_refuse_problem(call, &problem);
}

/* As its file or whoever sent it has it. */
static void answer_followed(struct im_call *call)
{
    struct im_scenario *scenario = im_sandbox_scenario(call->box);

    im_buf_add(im_response_begin(call->res, 200, "application/json"), scenario->text);
    im_scenario_unref(scenario);
}

static void answer_release(struct im_call *call)
{
    size_t affected = im_barrier_release(call->box->barrier);
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_int(&call->out, "affected", (int64_t)affected);
    im_json_close_object(&call->out);
}

/* ---- the verdict ---- */

static void verdict_write_text(struct im_call *call, const char *type,
                               const struct im_verdict *verdict,
                               void (*write)(const struct im_verdict *verdict,
                                             struct im_buf *out))
{
    struct im_buf *body = im_response_begin(call->res, 200, type);

    im_response_header(call->res, "Cache-Control", IM_STR("no-store"));
    write(verdict, body);
}

static void verdict_write(struct im_call *call, const struct im_verdict *verdict)
{
    struct im_str accept = im_request_header(call->req, "accept");
    struct im_str xml = IM_STR("*/xml*"), text = IM_STR("*text/*");

    if (im_str_glob(xml, accept)) {
        verdict_write_text(call, "application/xml", verdict, im_verdict_write_junit);
    } else if (im_str_glob(text, accept)) {
        verdict_write_text(call, "text/plain; charset=utf-8", verdict,
                           im_verdict_write_text);
    } else {
        im_control_begin(call, 200);
        im_verdict_write_json(verdict, &call->out);
    }
}

static bool call_read_baseline(struct im_call *call, struct im_str name,
                               struct im_history *history)
{
    struct im_sandbox *box = im_sandboxes_find(call->sandboxes, name);

    if (!box) {
        im_control_refuse(call, 400, "baseline", "there is no sandbox \"%.*s\"",
                          IM_ARG(im_str_front(name, 80)));
        return false;
    }
    bool read = im_sandbox_history(box, call->req->arena, history);
    im_sandboxes_unref(call->sandboxes, box);
    if (!read)
        im_control_refuse(call, 400, "baseline",
                          "the journal of sandbox \"%.*s\" does not hold all any more; a "
                          "larger --journal keeps more",
                          IM_ARG(im_str_front(name, 80)));
    return read;
}

static bool call_read_word(struct im_call *call, const struct im_param *param,
                           const char *yes, const char *no, bool *into)
{
    *into = im_str_is(param->value, yes);
    if (*into || im_str_is(param->value, no))
        return true;
    im_control_refuse(call, 400, param->name.at, "\"%.*s\" must be %s or %s",
                      IM_ARG(param->name), yes, no);
    return false;
}

/* How to judge, as the query asks for it: read strictly. */
static bool call_read_judging(struct im_call *call, struct im_judge_options *options,
                              struct im_history *baseline)
{
    struct im_params params;
    struct im_error err;

    if (!im_request_query(call->req, &params, &err)) {
        im_control_refuse(call, 400, NULL, "%s", err.text);
        return false;
    }
    for (size_t i = 0; i < params.count; i++) {
        const struct im_param *param = &params.items[i];
        bool fine = true;
        if (im_str_is(param->name, "client")) {
            fine = call_read_word(call, param, "fail-fast", "resilient",
                                  &options->fail_fast);
        } else if (im_str_is(param->name, "running")) {
            fine = call_read_word(call, param, "true", "false", &options->running);
            options->running_known = true;
        } else if (im_str_is(param->name, "called")) {
            options->client = im_arena_copy(call->req->arena, param->value).at;
        } else if (im_str_is(param->name, "baseline")) {
            fine = call_read_baseline(call, param->value, baseline);
            options->baseline = baseline;
        } else {
            im_control_refuse(call, 400, im_arena_copy(call->req->arena, param->name).at,
                              "the verdict has no parameter \"%.*s\"; there are client, "
                              "running, baseline and called",
                              IM_ARG(im_str_front(param->name, 60)));
            return false;
        }
        if (!fine)
            return false;
    }
    return true;
}

static void answer_verdict(struct im_call *call)
{
    struct im_judge_options options = {.baseline = NULL};
    struct im_history baseline;
    struct im_verdict verdict;

    if (!call_read_judging(call, &options, &baseline))
        return;
    struct im_scenario *scenario =
        im_sandbox_verdict(call->box, &options, call->req->arena, &verdict);

    if (scenario) {
        verdict_write(call, &verdict);
        im_response_header(call->res, "X-Intacct-Mock-Outcome",
                           im_str(im_outcome_of_name(im_verdict_outcome(&verdict))));
    }
    im_scenario_unref(scenario);
}

const struct im_control_route im_control_scenario_routes[] = {
    {"GET", "/scenarios", answer_scenarios, false, "every scenario there is", NULL},
    {"GET", "/scenarios/{id}", answer_scenario, false, "one of them, as its file has it",
     NULL},
    {"GET", "/sandboxes/{name}/scenario", answer_followed, false,
     "the one it follows, as its file has it", NULL},
    {"PUT", "/sandboxes/{name}/scenario", answer_follow, false,
     "follow another one: {\"name\": NAME} or a whole scenario; tokens stay",
     &im_scenario_inline_table},
    {"POST", "/sandboxes/{name}/release", answer_release, false, "let held requests go",
     &im_control_nothing},
    {"GET", "/sandboxes/{name}/verdict", answer_verdict, false,
     "did the client do what the scenario expects? JSON, text or JUnit by Accept", NULL},
};
const size_t im_control_scenario_route_count =
    sizeof(im_control_scenario_routes) / sizeof(im_control_scenario_routes[0]);
