/* The sandboxes: which there are, a new one, one less. */
#include "control/control.h"
#include "scenario/scenario_file.h"

/* ---- the list ---- */

static void write_line(struct im_call *call, struct im_sandbox *box)
{
    struct im_scenario *scenario = im_sandbox_scenario(box);
    bool standard = box == call->sandboxes->standard;
    struct im_str url = im_control_api_url(call);

    im_json_open_object(&call->out, NULL);
    im_json_str(&call->out, "name", box->name);
    im_json_strf(&call->out, "base_url", "%.*s%s%.*s", IM_ARG(url), standard ? "" : "/s/",
                 IM_ARG(standard ? IM_STR("") : box->name));
    im_json_str(&call->out, "scenario", scenario->name);
    im_json_int(&call->out, "exchanges", (int64_t)im_journal_total(box->journal));
    im_json_close_object(&call->out);
    im_scenario_unref(scenario);
}

static void answer_list(struct im_call *call)
{
    struct im_sandboxes *sandboxes = call->sandboxes;
    size_t count;
    struct im_sandbox **all = im_sandboxes_list(sandboxes, call->req->arena, &count);

    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_int(&call->out, "count", (int64_t)count);
    im_json_int(&call->out, "dropped", (int64_t)im_sandboxes_dropped(sandboxes));
    im_json_open_array(&call->out, "sandboxes");
    for (size_t i = 0; i < count; i++) {
        write_line(call, all[i]);
        im_sandboxes_unref(sandboxes, all[i]);
    }
    im_json_close_array(&call->out);
    im_json_close_object(&call->out);
}

/* ---- a new one ---- */

struct new_box {
    struct im_str name;
    struct im_str scenario_name;    /* one of the two, or neither */
    const struct im_json *scenario; /* a whole one */
    int64_t seed, now_ms;           /* < 0 = not given */
};

static const struct im_json_row scenario_forms[] = {
    {NULL, IM_READ_TEXT, IM_READ_INTO(struct new_box, scenario_name),
     .about = "the name of one"},
    {NULL, IM_READ_JSON, IM_READ_INTO(struct new_box, scenario),
     .table = &im_scenario_inline_table},
};
static const struct im_json_row new_box_rows[] = {
    {"name", IM_READ_TEXT, IM_READ_INTO(struct new_box, name),
     .sound = im_sandbox_name_is_sound, .pattern = "^[a-z0-9][a-z0-9._-]{0,63}$",
     .wanted =
         "at most 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
     .about = "SCENARIO or SCENARIO.KEY"},
    {"scenario", IM_READ_EITHER, IM_READ_ROWS(scenario_forms),
     .wanted = "a scenario's name, or a whole scenario"},
    {"seed", IM_READ_WHOLE, IM_READ_INTO(struct new_box, seed), .max = INT64_MAX,
     .about = "the same seed and the same requests give the same bytes"},
    {"now", IM_READ_TIME, IM_READ_INTO(struct new_box, now_ms),
     .about = "where its clock starts"},
};
static const struct new_box blank = {.seed = -1, .now_ms = -1};
static const struct im_json_table new_box_table = {.name = "NewSandbox",
                                                   IM_READ_ROWS(new_box_rows),
                                                   .size = sizeof(blank),
                                                   .blank = &blank};

/* The scenario wanted: by name, inline, or that of the sandbox's name; NULL when it has refused. */
static struct im_scenario *find_scenario(struct im_call *call,
                                         const struct new_box *params)
{
    struct im_str name = params->name, given = params->scenario_name;
    struct im_error err = {.text = ""};

    if (params->scenario)
        return im_control_scenario(call, params->scenario, "scenario");
    name = given.len  ? given
           : name.len ? im_str_slice(name, 0, im_str_find(name, '.'))
                      : IM_STR("happy-path");
    struct im_scenario *scenario =
        im_catalogue_get(call->sandboxes->catalogue, name, &err);
    if (!scenario)
        im_control_refuse(call, 400, given.len ? "scenario" : "name", "%s", err.text);
    return scenario;
}

static void answer_make(struct im_call *call)
{
    const struct new_box *params = call->params;
    struct im_sandbox_params wanted = {.name = params->name,
                                       .scenario = find_scenario(call, params),
                                       .seeded = params->seed >= 0,
                                       .seed = (uint64_t)params->seed,
                                       .start_ms = params->now_ms};
    struct im_error err = {.text = ""};
    enum im_made made;

    if (!wanted.scenario)
        return;
    struct im_sandbox *box = im_sandboxes_make(call->sandboxes, &wanted, &made, &err);
    im_scenario_unref(wanted.scenario);
    if (box) {
        im_control_answer_box(call, box, 201);
        im_sandboxes_unref(call->sandboxes, box);
    } else if (made == IM_MADE_TAKEN) {
        im_control_refuse(
            call, 409, "name",
            "there is a sandbox \"%.*s\" already; DELETE it or take another "
            "name",
            IM_ARG(params->name));
    } else {
        im_control_refuse(call, err.kind == IM_ERROR_CAPACITY ? 503 : 500, NULL, "%s",
                          err.text);
    }
}

/* ---- one less ---- */

static void answer_delete(struct im_call *call)
{
    if (im_str_eq(call->name, call->sandboxes->standard->name))
        im_control_refuse(call, 400, NULL,
                          "the default sandbox stays; POST …/reset makes it as new");
    else if (!im_sandboxes_delete(call->sandboxes, call->name))
        im_control_refuse(call, 404, NULL, "there is no sandbox \"%.*s\"",
                          IM_ARG(im_str_front(call->name, 80)));
    else
        call->res->status = 204;
}

const struct im_control_route im_control_boxes_routes[] = {
    {"GET", "/sandboxes", answer_list, false, "the sandboxes", NULL},
    {"POST", "/sandboxes", answer_make, false,
     "a new one: {\"scenario\": NAME or {…}, \"name\", \"seed\", \"now\"}",
     &new_box_table},
    {"DELETE", "/sandboxes/{name}", answer_delete, false, "one less", NULL},
};
const size_t im_control_boxes_route_count =
    sizeof(im_control_boxes_routes) / sizeof(im_control_boxes_routes[0]);
