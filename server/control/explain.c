/* POST /__mock/explain: what somebody has at hand, and what it means. Nothing of it is
 * kept. */
#include "explain/explain.h"
#include "control/control.h"

/* The algorithm is the one that the token names: asked is who signed it, not whether to
 * take it. */
static enum im_jwt_check verify_in(struct im_sandbox *box, const struct im_jwt *jwt)
{
    static const enum im_jwt_alg algs[] = {IM_JWT_HS256, IM_JWT_RS256, IM_JWT_RS512};
    struct im_authority *authority = im_sandbox_enter(box);
    enum im_jwt_check check = IM_JWT_BAD_SIGNATURE;

    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
        enum im_jwt_check one = im_jwt_verify(authority->keys, jwt, algs[i]);
        if (one == IM_JWT_GOOD || one == IM_JWT_RETIRED_KEY)
            check = one;
    }
    im_sandbox_leave(box);
    return check;
}

/* The sandbox that handed it out knows; of a token that none has, the default one is
 * asked. */
static enum im_jwt_check verify(void *context, struct im_arena *arena,
                                struct im_str token, const struct im_jwt *jwt)
{
    struct im_sandboxes *sandboxes = context;
    struct im_sandbox *owner = im_sandboxes_owner(sandboxes, arena, token);
    enum im_jwt_check check = verify_in(owner ? owner : sandboxes->standard, jwt);

    im_sandboxes_unref(sandboxes, owner);
    return check;
}

static void answer_explain(struct im_call *call)
{
    struct im_explain_options options = {
        .now_ms = im_clock_real_ms(), .verify = verify, .context = call->sandboxes};
    struct im_str accept = im_request_header(call->req, "accept");
    struct im_error err = {.text = ""};
    struct im_explanation *explanation =
        im_explain(&options, call->req->arena, call->req->body, &err);

    if (!explanation) {
        im_control_refuse(call, 400, NULL, "%s", err.text);
        return;
    }
    bool text = im_str_glob(IM_STR("*text/plain*"), accept);
    struct im_str said =
        text ? im_explanation_text(explanation) : im_explanation_json(explanation);
    im_buf_add(im_response_begin(call->res, 200,
                                 text ? "text/plain; charset=utf-8" : "application/json"),
               said);
    im_response_header(call->res, "Cache-Control", IM_STR("no-store"));
    im_explanation_end(explanation);
}

const struct im_control_route im_control_explain_routes[] = {
    {"POST", "/explain", answer_explain, false,
     "why was I refused? a response, log, HAR, token or code, explained",
     &im_control_any_text},
};
const size_t im_control_explain_route_count =
    sizeof(im_control_explain_routes) / sizeof(im_control_explain_routes[0]);
