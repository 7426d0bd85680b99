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

struct order {
    struct im_sandbox_params params;
    const struct im_json *scenario;
    int64_t seed;
    const struct im_json *seed_json;
};

/* The scenario ordered: by name, inline, or that of the sandbox's name. */
static bool find_scenario(struct im_call *call, struct order *order)
{
    struct im_str name = order->params.name;
    struct im_error err = {.text = ""};

    if (order->scenario && order->scenario->type == IM_JSON_OBJECT) {
        order->params.scenario = im_control_scenario(call, order->scenario, "scenario");
        return order->params.scenario != NULL;
    }
    if (order->scenario && order->scenario->type != IM_JSON_STRING) {
        im_control_refuse(call, 400, "scenario",
                          "\"scenario\" must be a scenario's name, or a whole scenario");
        return false;
    }
    name = order->scenario ? order->scenario->text
           : name.len      ? im_str_slice(name, 0, im_str_find(name, '.'))
                           : IM_STR("happy-path");
    order->params.scenario = im_catalogue_get(call->sandboxes->catalogue, name, &err);
    if (!order->params.scenario)
        im_control_refuse(call, 400, order->scenario ? "scenario" : "name", "%s",
                          err.text);
    return order->params.scenario != NULL;
}

static bool read_seed(struct im_call *call, struct order *order)
{
    const struct im_json *seed = order->seed_json;

    if (!seed)
        return true;
    order->params.seeded = true;
    order->params.seed = (uint64_t)seed->whole;
    if (seed->type == IM_JSON_NUMBER && seed->is_whole && seed->whole >= 0)
        return true;
    im_control_refuse(call, 400, "seed", "\"seed\" must be a whole number, 0 or more");
    return false;
}

static bool read_params(struct im_call *call, struct order *order)
{
    struct im_control_field fields[] = {
        {.name = "name", .type = IM_TAKE_TEXT, .into = &order->params.name},
        {.name = "scenario", .type = IM_TAKE_JSON, .into = &order->scenario},
        {.name = "seed", .type = IM_TAKE_JSON, .into = &order->seed_json},
        {.name = "now", .type = IM_TAKE_TIME, .into = &order->params.start_ms},
        {.name = NULL},
    };

    if (!im_control_fields(call, fields) || !read_seed(call, order))
        return false;
    if (order->params.name.len && !im_sandbox_name_is_sound(order->params.name)) {
        im_control_refuse(call, 400, "name",
                          "\"name\" must be at most 64 of a-z, 0-9, '.', '_' and '-', "
                          "beginning with a letter or digit");
        return false;
    }
    return find_scenario(call, order);
}

static void answer_make(struct im_call *call)
{
    struct order order = {.params.start_ms = -1};
    struct im_error err = {.text = ""};
    enum im_made made;

    if (!read_params(call, &order))
        return;
    struct im_sandbox *box =
        im_sandboxes_make(call->sandboxes, &order.params, &made, &err);
    im_scenario_unref(order.params.scenario);
    if (box) {
        im_control_answer_box(call, box, 201);
        im_sandboxes_unref(call->sandboxes, box);
    } else if (made == IM_MADE_TAKEN) {
        im_control_refuse(
            call, 409, "name",
            "there is a sandbox \"%.*s\" already; DELETE it or take another "
            "name",
            IM_ARG(order.params.name));
    } else {
        im_control_refuse(call, 500, NULL, "%s", err.text);
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
    {"GET", "/sandboxes", answer_list, false, "the sandboxes"},
    {"POST", "/sandboxes", answer_make, false,
     "a new one: {\"scenario\": NAME or {…}, \"name\", \"seed\", \"now\"}"},
    {"DELETE", "/sandboxes/{name}", answer_delete, false, "one less"},
};
const size_t im_control_boxes_route_count =
    sizeof(im_control_boxes_routes) / sizeof(im_control_boxes_routes[0]);
