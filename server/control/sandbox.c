/* Calls on sandboxes: which there are, a new one, one less; what one is, its clock, its policy, what was
 * handed out, and what changes in its world. The work is done in operations.h, so that the C API and
 * `run` do the same. */
#include "base/crypto.h"
#include "control/control.h"
#include "oauth/dialect.h"
#include "oauth/token_refusal.h"

/* Answers the problem of an operation that was not done. Returns whether it was. */
static bool call_check_done(struct im_call *call, bool done,
                            const struct im_problem *problem)
{
    if (!done)
        im_control_refuse_problem(call, problem);
    return done;
}

/* ---- one sandbox ---- */

static struct im_str call_base_url(struct im_call *call, const struct im_sandbox *box)
{
    return im_sandbox_base_url(call->sandboxes, box, im_control_api_url(call),
                               call->req->arena);
}

/* The client id names the sandbox too, for clients whose base URL cannot have a path. */
static void box_write_access(struct im_call *call, struct im_sandbox *box)
{
    bool standard = box == call->sandboxes->standard; /* it needs no name */
    struct im_json_out *out = &call->out;

    im_json_str(out, "name", box->name);
    im_json_str(out, "base_url", call_base_url(call, box));
    im_json_strf(out, "client_id", "demo%s%.*s", standard ? "" : "~",
                 IM_ARG(standard ? IM_STR("") : box->name));
    struct im_str proxy = im_sandboxes_proxy_url(call->sandboxes, box, call->req->arena);
    if (proxy.len)
        im_json_str(out, "proxy", proxy);
}

/* What an integration is configured with. A scenario may have other secrets, on purpose. */
static void box_write_client(struct im_json_out *out)
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
    box_write_access(call, box);
    box_write_client(out);
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

/* Answers the sandbox, as calls that make or change one do: its address and counts are what comes next. */
static void answer_reset(struct im_call *call)
{
    struct im_error err;

    if (!im_sandboxes_reset(call->sandboxes, call->box, &err)) {
        im_control_refuse(call, 500, NULL, "%s", err.text);
        return;
    }
    answer_box(call);
}

/* ---- all of them ---- */

static void box_write_listed(struct im_call *call, struct im_sandbox *box)
{
    struct im_scenario *scenario = im_sandbox_scenario(box);

    im_json_open_object(&call->out, NULL);
    im_json_str(&call->out, "name", box->name);
    im_json_str(&call->out, "base_url", call_base_url(call, box));
    im_json_str(&call->out, "scenario", scenario->name);
    im_json_int(&call->out, "exchanges", (int64_t)im_journal_total(box->journal));
    im_json_close_object(&call->out);
    im_scenario_unref(scenario);
}

static void answer_boxes(struct im_call *call)
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
        box_write_listed(call, all[i]);
        im_sandboxes_unref(sandboxes, all[i]);
    }
    im_json_close_array(&call->out);
    im_json_close_object(&call->out);
}

static void answer_make(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};
    struct im_sandbox *box =
        im_sandbox_create(call->sandboxes, call->params, call->req->arena, &problem);

    if (call_check_done(call, box != NULL, &problem))
        im_control_answer_box(call, box, 201);
    im_sandboxes_unref(call->sandboxes, box);
}

static void answer_delete(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};

    if (call_check_done(call, im_sandbox_delete(call->sandboxes, call->name, &problem),
                        &problem))
        call->res->status = 204;
}

/* ---- the clock ---- */

static void clock_write(struct im_call *call, struct im_clock_state state)
{
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_str(&call->out, "now", im_time_rfc3339(call->req->arena, state.now_ms));
    im_json_bool(&call->out, "frozen", state.frozen);
    /* to the nearest second: setting a clock leaves the milliseconds of real time in the offset */
    im_json_int(&call->out, "offset_s",
                (state.offset_ms + (state.offset_ms < 0 ? -500 : 500)) / 1000);
    im_json_double(&call->out, "scale", state.scale);
    im_json_close_object(&call->out);
}

static void answer_clock(struct im_call *call)
{
    clock_write(call, im_sandbox_clock(call->box));
}

static void answer_set_clock(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};
    struct im_clock_state state;

    if (call_check_done(
            call, im_sandbox_change_clock(call->box, call->params, &state, &problem),
            &problem))
        clock_write(call, state);
}

/* ---- policy ---- */

static void answer_policy(struct im_call *call)
{
    struct im_policy policy = im_sandbox_policy(call->box);

    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_policy_write(&policy, &call->out);
    im_json_close_object(&call->out);
}

static void answer_set_policy(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};

    if (call_check_done(
            call,
            im_sandbox_change_policy(call->box, call->body, call->req->arena, &problem),
            &problem))
        answer_policy(call);
}

/* ---- what was handed out ---- */

struct token_query {
    int64_t limit, after; /* a serial */
};

/* A store that is full takes twenty pages; most tests have a handful of tokens. */
enum { TOKENS_LISTED = 10000 };

static const struct im_json_row token_query_rows[] = {
    {"limit", IM_READ_WHOLE, IM_READ_INTO(struct token_query, limit), .min = 1,
     .max = TOKENS_LISTED},
    {"after", IM_READ_WHOLE, IM_READ_INTO(struct token_query, after), .max = INT64_MAX},
};
static const struct im_json_table token_query_table = {IM_READ_ROWS(token_query_rows)};

struct token_listing {
    struct im_json_out *out;
    const struct im_secrets *secrets;
    int64_t now_ms;
    int64_t left;  /* of the limit */
    uint64_t last; /* serial of the last one */
    bool more;
};

/* Four states are what a test asks for; the cause beside it has the exact reason. */
static const char *token_state(const struct im_token *token, int64_t now_ms)
{
    switch (token->ended) {
    case IM_NOT_ENDED: /* under its grace, or within the skew */
        return token->consumed               ? "consumed"
               : now_ms >= token->expires_ms ? "expired"
                                             : "live";
    case IM_ENDED_EXPIRED: return "expired";
    case IM_ENDED_USED_UP: return "consumed";
    default: return "revoked";
    }
}

/* A fingerprint instead of the token: what is listed here ends up in logs and reports of tests. */
static bool token_write(void *context, const struct im_token *token)
{
    struct token_listing *listing = context;
    struct im_json_out *out = listing->out;
    struct im_arena *arena = out->buf->arena;

    listing->more = listing->left-- == 0;
    if (listing->more)
        return false;
    listing->last = token->serial;

    im_json_open_object(out, NULL);
    im_json_strz(out, "kind", im_token_kind_name(token->kind));
    im_json_strz(out, "state", token_state(token, listing->now_ms));
    if (token->ended != IM_NOT_ENDED)
        im_json_strz(out, "cause", im_cause_row(im_token_cause(token))->id);
    im_json_strz(out, "dialect", im_dialect(token->dialect)->name);
    im_json_int(out, "grant", (int64_t)token->grant);
    im_json_str(out, "grant_type", token->grant_type);
    im_json_str(out, "client_id", token->client_id);
    im_json_strf(out, "user", "%.*s@%.*s", IM_ARG(token->user), IM_ARG(token->company));
    im_json_str(out, "entity", token->entity);
    im_json_str(out, "scopes", token->scopes);
    im_json_str(out, "issued", im_time_rfc3339(arena, token->issued_ms));
    im_json_str(out, "expires", im_time_rfc3339(arena, token->expires_ms));
    im_json_str(out, "fingerprint",
                im_fingerprint_of(listing->secrets, arena, token->digest));
    im_json_close_object(out);
    return true;
}

static void answer_tokens(struct im_call *call)
{
    struct im_arena *arena = call->req->arena;
    struct token_query query = {.limit = TOKENS_LISTED};
    struct im_json_fault fault;

    if (!im_query_read(arena, call->req->query, &token_query_table, &query, &fault)) {
        im_control_refuse_fault(call, &fault);
        return;
    }
    /* inside the sandbox, or a reset would free what is being listed */
    struct im_authority *authority = im_sandbox_enter(call->box);
    struct token_listing listing = {.out = &call->out,
                                    .secrets = authority->secrets,
                                    .now_ms = im_clock_now_ms(&authority->clock),
                                    .left = query.limit};
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_open_array(&call->out, "tokens");
    if (!im_authority_each_token(authority, listing.now_ms, (uint64_t)query.after,
                                 token_write, &listing))
        arena->failed = true;
    im_json_close_array(&call->out);
    if (listing.more)
        im_json_int(&call->out, "next", (int64_t)listing.last);
    im_json_close_object(&call->out);
    im_sandbox_leave(call->box);
}

static void answer_mint(struct im_call *call)
{
    struct im_mint *params = call->params;
    struct im_problem problem = {.field = NULL};
    struct im_buf response;

    params->issuer = call->req->base_url; /* as if the token endpoint had issued it */
    im_buf_init(&response, call->req->arena, 0);
    if (!call_check_done(
            call,
            im_sandbox_mint(call->box, params, call->req->arena, &response, &problem),
            &problem))
        return;
    im_control_begin(call, 200);
    im_json_raw(&call->out, NULL, im_buf_str(&response));
}

/* ---- changes of its world ---- */

static void answer_affected(struct im_call *call, bool done, size_t affected,
                            const struct im_problem *problem)
{
    if (!call_check_done(call, done, problem))
        return;
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_int(&call->out, "affected", (int64_t)affected);
    im_json_close_object(&call->out);
}

static void answer_expire(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};
    size_t affected;
    bool done = im_sandbox_expire(call->box, call->params, &affected, &problem);

    answer_affected(call, done, affected, &problem);
}

static void answer_revoke(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};
    size_t affected;
    bool done = im_sandbox_revoke(call->box, call->params, &affected, &problem);

    answer_affected(call, done, affected, &problem);
}

static void answer_sign_in(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};
    size_t affected;
    bool done = im_sandbox_sign_in(call->box, call->params, &affected, &problem);

    answer_affected(call, done, affected, &problem);
}

static void answer_withdraw(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};
    size_t affected;
    bool done = im_sandbox_withdraw(call->box, call->params, &affected, &problem);

    answer_affected(call, done, affected, &problem);
}

static void answer_add_redirect(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};
    size_t affected;
    bool done = im_sandbox_add_redirect(call->box, call->params, &affected, &problem);

    answer_affected(call, done, affected, &problem);
}

static void answer_rotate_keys(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};
    size_t affected;
    bool done = im_sandbox_rotate_keys(call->box, &affected, &problem);

    answer_affected(call, done, affected, &problem);
}

static void answer_change_world(struct im_call *call)
{
    struct im_problem problem = {.field = NULL};
    size_t affected;
    bool done =
        im_sandbox_change_world(call->box, call->body, call->params, &affected, &problem);

    answer_affected(call, done, affected, &problem);
}

const struct im_control_route im_control_sandbox_routes[] = {
    {"GET", "/sandboxes", answer_boxes, false, "the sandboxes", NULL},
    {"POST", "/sandboxes", answer_make, false,
     "a new one: {\"scenario\": NAME or {…}, \"name\", \"seed\", \"now\", \"proxy\": "
     "true}",
     &im_new_sandbox_table},
    {"DELETE", "/sandboxes/{name}", answer_delete, false, "one less", NULL},
    {"GET", "/sandboxes/{name}", answer_box, false, "one sandbox", NULL},
    {"POST", "/sandboxes/{name}/reset", answer_reset, false, "as freshly made",
     &im_control_nothing},
    {"GET", "/sandboxes/{name}/clock", answer_clock, false, "its clock", NULL},
    {"POST", "/sandboxes/{name}/clock", answer_set_clock, false,
     "advance, set, freeze or scale it", &im_clock_table},
    {"GET", "/sandboxes/{name}/policy", answer_policy, false, "the switches of policy",
     NULL},
    {"PATCH", "/sandboxes/{name}/policy", answer_set_policy, false, "change some of them",
     &im_policy_table},
    {"GET", "/sandboxes/{name}/tokens", answer_tokens, false, "every token handed out",
     NULL},
    {"POST", "/sandboxes/{name}/tokens", answer_mint, false,
     "mint one, right or with a flaw", &im_mint_table},
    {"POST", "/sandboxes/{name}/expire", answer_expire, false,
     "tokens reach their end now", &im_end_tokens_table},
    {"POST", "/sandboxes/{name}/revoke", answer_revoke, false, "tokens are revoked now",
     &im_end_tokens_table},
    {"POST", "/sandboxes/{name}/sign-in", answer_sign_in, false,
     "a user signs in to the web UI", &im_sign_in_table},
    {"POST", "/sandboxes/{name}/withdraw", answer_withdraw, false,
     "an authorization, role, permission, module or consent is withdrawn",
     &im_withdrawal_table},
    {"POST", "/sandboxes/{name}/clients", answer_add_redirect, false,
     "a client gets one more redirect URI: {\"redirect_uri\": URI}",
     &im_new_redirect_table},
    {"POST", "/sandboxes/{name}/keys/rotate", answer_rotate_keys, false,
     "the signing keys are rotated", &im_control_nothing},
    {"POST", "/sandboxes/{name}/world", answer_change_world, false,
     "any change of the world: {\"do\": EFFECT, …}", &im_effect_table},
};
const size_t im_control_sandbox_route_count =
    sizeof(im_control_sandbox_routes) / sizeof(im_control_sandbox_routes[0]);
