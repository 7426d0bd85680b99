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
    struct im_error err;

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

/* All the clock can be told in one body; order of effect: set, advance, scale, freeze. */
struct clock_change {
    int64_t set_ms, advance_ms;
    double scale; /* 0 = not given */
    int freeze;   /* < 0 = not given */
};

static const struct im_json_row clock_rows[] = {
    {"advance", IM_READ_DURATION, IM_READ_INTO(struct clock_change, advance_ms),
     .about = "may be negative"},
    {"set", IM_READ_TIME, IM_READ_INTO(struct clock_change, set_ms)},
    {"freeze", IM_READ_BOOL, IM_READ_INTO(struct clock_change, freeze),
     .about = "false lets it go on from where it stands"},
    {"scale", IM_READ_NUMBER, IM_READ_ABOVE, IM_READ_INTO(struct clock_change, scale),
     .max = 1000000},
};
static const struct clock_change blank = {.set_ms = INT64_MIN, .freeze = -1};
static const struct im_json_table clock_table = {.name = "ClockChange",
                                                 IM_READ_ROWS(clock_rows),
                                                 .size = sizeof(blank),
                                                 .blank = &blank,
                                                 .least = 1};

static void answer_set_clock(struct im_call *call)
{
    const struct clock_change *asked = call->params;
    struct im_clock_change change = {.has_set = asked->set_ms != INT64_MIN,
                                     .set_ms = asked->set_ms,
                                     .advance_ms = asked->advance_ms,
                                     .scale = asked->scale,
                                     .has_frozen = asked->freeze >= 0,
                                     .frozen = asked->freeze == 1};
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
    {"GET", "/sandboxes/{name}", answer_box, false, "one sandbox", NULL},
    {"POST", "/sandboxes/{name}/reset", answer_reset, false, "as freshly made",
     &im_control_nothing},
    {"GET", "/sandboxes/{name}/clock", answer_clock, false, "its clock", NULL},
    {"POST", "/sandboxes/{name}/clock", answer_set_clock, false,
     "advance, set, freeze or scale it", &clock_table},
    {"GET", "/sandboxes/{name}/policy", write_policy, false, "the switches of policy",
     NULL},
    {"PATCH", "/sandboxes/{name}/policy", answer_set_policy, false, "change some of them",
     &im_policy_table},
};
const size_t im_control_sandbox_route_count =
    sizeof(im_control_sandbox_routes) / sizeof(im_control_sandbox_routes[0]);
