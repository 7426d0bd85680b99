/* One sandbox: what it is, its clock, its policy, and back to the beginning. */
#include "control/control.h"

/* Its own name makes the client id good for base URLs that cannot carry a path. */
static void write_access(struct im_call *call, struct im_sandbox *box)
{
    bool standard = box == call->sandboxes->standard;
    struct im_str url = im_control_api_url(call);
    struct im_json_out *out = &call->out;

    im_json_str(out, "name", box->name);
    im_json_strf(out, "base_url", "%.*s%s%.*s", IM_ARG(url), standard ? "" : "/s/",
                 IM_ARG(standard ? IM_STR("") : box->name));
    im_json_strf(out, "client_id", "demo%s%.*s", standard ? "" : "~",
                 IM_ARG(standard ? IM_STR("") : box->name));
}

/* What an integration is given. A scenario may well have other secrets: that is then the point. */
static void write_client(struct im_json_out *out)
{
    im_json_strz(out, "client_secret", "demo-secret");
    im_json_strz(out, "username", "ws_user@acme");
    im_json_strz(out, "redirect_uri", "http://127.0.0.1/callback");
}

void im_control_answer_box(struct im_call *call, struct im_sandbox *box, int status)
{
    struct im_scenario *scenario = im_sandbox_scenario(box);
    struct im_json_out *out = &call->out;
    uint64_t exchanges = im_journal_total(box->journal);

    im_control_begin(call, status);
    im_json_open_object(out, NULL);
    write_access(call, box);
    write_client(out);
    im_json_str(out, "scenario", scenario->name);
    im_json_int(out, "exchanges", (int64_t)exchanges);
    im_json_int(out, "held", (int64_t)im_barrier_waiting(box->barrier));
    im_json_close_object(out);
    im_scenario_unref(scenario);
}

static void answer_box(struct im_call *call)
{
    im_control_answer_box(call, call->box, 200);
}

static void answer_reset(struct im_call *call)
{
    struct im_control_field none[] = {{.name = NULL}};
    struct im_error err;

    if (!im_control_fields(call, none))
        return;
    if (!im_sandboxes_reset(call->sandboxes, call->box, &err)) {
        im_control_refuse(call, 500, NULL, "%s", err.text);
        return;
    }
    answer_box(call);
}

/* ---- the clock ---- */

static void write_clock(struct im_call *call, struct im_clock_state state)
{
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_str(&call->out, "now", im_time_rfc3339(call->req->arena, state.now_ms));
    im_json_bool(&call->out, "frozen", state.frozen);
    im_json_int(&call->out, "offset_s",
                (state.offset_ms + (state.offset_ms < 0 ? -500 : 500)) / 1000);
    im_json_double(&call->out, "scale", state.scale);
    im_json_close_object(&call->out);
}

static void answer_clock(struct im_call *call)
{
    struct im_clock_state state = im_clock_state(&im_sandbox_enter(call->box)->clock);

    im_sandbox_leave(call->box);
    write_clock(call, state);
}

static bool read_clock(struct im_call *call, struct im_clock_change *change)
{
    int freeze = -1;
    struct im_control_field fields[] = {
        {.name = "set", .type = IM_TAKE_TIME, .into = &change->set_ms},
        {.name = "advance", .type = IM_TAKE_DURATION, .into = &change->advance_ms},
        {.name = "freeze", .type = IM_TAKE_BOOL, .into = &freeze},
        {.name = "scale", .type = IM_TAKE_NUMBER, .into = &change->scale},
        {.name = NULL},
    };

    if (!im_control_fields(call, fields))
        return false;
    change->has_set = fields[0].given;
    change->has_frozen = fields[2].given;
    change->frozen = freeze == 1;
    if (!fields[0].given && !fields[1].given && !fields[2].given && !fields[3].given) {
        im_control_refuse(
            call, 400, NULL,
            "tell the clock something: \"advance\", \"set\", \"freeze\" or \"scale\"");
        return false;
    }
    if (fields[3].given && !(change->scale > 0 && change->scale <= 1e6)) {
        im_control_refuse(call, 400, "scale",
                          "\"scale\" must be above 0 and at most 1000000");
        return false;
    }
    return true;
}

static void answer_set_clock(struct im_call *call)
{
    struct im_clock_change change = {.has_set = false};

    if (!read_clock(call, &change))
        return;
    struct im_clock_state state =
        im_clock_change(&im_sandbox_enter(call->box)->clock, &change);
    im_sandbox_leave(call->box);
    write_clock(call, state);
}

/* ---- policy ---- */

static void write_policy(struct im_call *call)
{
    struct im_policy policy = im_authority_policy(im_sandbox_enter(call->box));

    im_sandbox_leave(call->box);
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_policy_write(&policy, &call->out);
    im_json_close_object(&call->out);
}

static void answer_set_policy(struct im_call *call)
{
    struct im_authority *authority = im_sandbox_enter(call->box);
    const struct im_json *at = NULL;
    struct im_error err = {.text = "the body must name a switch of policy"};
    bool done =
        call->body && im_authority_change_policy(authority, call->body, &at, &err);

    im_sandbox_leave(call->box);
    if (done)
        write_policy(call);
    else
        im_control_refuse(call, 400,
                          at ? im_arena_copy(call->req->arena, at->name).at : NULL, "%s",
                          err.text);
}

const struct im_control_route im_control_sandbox_routes[] = {
    {"GET", "/sandboxes/{name}", answer_box, false, "one sandbox"},
    {"POST", "/sandboxes/{name}/reset", answer_reset, false, "as freshly made"},
    {"GET", "/sandboxes/{name}/clock", answer_clock, false, "its clock"},
    {"POST", "/sandboxes/{name}/clock", answer_set_clock, false,
     "advance, set, freeze or scale it"},
    {"GET", "/sandboxes/{name}/policy", write_policy, false, "the switches of policy"},
    {"PATCH", "/sandboxes/{name}/policy", answer_set_policy, false,
     "change some of them"},
};
const size_t im_control_sandbox_route_count =
    sizeof(im_control_sandbox_routes) / sizeof(im_control_sandbox_routes[0]);
