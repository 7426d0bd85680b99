/* POST /__mock/explain: what somebody has at hand, and what it means. Nothing of it is
 * kept. */
#include "explain/explain.h"
#include "base/sanitize.h"
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

static bool explain_stopped(void *context)
{
    struct im_sandboxes *sandboxes = context;

    return atomic_load(&sandboxes->stopping);
}

static void refuse_explain(struct im_call *call, const struct im_error *err)
{
    if (explain_stopped(call->sandboxes))
        im_control_refuse(call, 503, NULL, "%s", err->text);
    else if (err->kind == IM_ERROR_CAPACITY)
        im_control_refuse(call, 413, NULL,
                          "%s; send what is around the refusal, or ask `intacct-mock "
                          "explain FILE`, which takes %d MB",
                          err->text, IM_EXPLAIN_MAX / 1024 / 1024);
    else
        im_control_refuse(call, 400, NULL, "%s", err->text);
}

/* Where the caller reaches the control API: at the address he asked at. Through a proxy that is another
 * host's, and the public URL need not lead to a control port. */
static struct im_str control_url(const struct im_call *call)
{
    const struct im_request *req = call->req;
    const struct im_settings *settings = &call->sandboxes->settings;
    bool by_proxy = req->in_tunnel || req->form != IM_TARGET_ORIGIN;
    bool apart = req->on_control_port && settings->public_url.len;

    return by_proxy || apart ? settings->control_url : req->server_url;
}

static void answer_explain(struct im_call *call)
{
    /* what is packed may be as long, unpacked, as what is not: no request costs more */
    struct im_explain_options options = {.now_ms = im_clock_real_ms(),
                                         .verify = verify,
                                         .stopped = explain_stopped,
                                         .context = call->sandboxes,
                                         .max_bytes = IM_BODY_MAX,
                                         .url = control_url(call)};
    struct im_str accept = im_request_header(call->req, "accept");
    struct im_error err = {.text = ""};
    struct im_explanation *explanation =
        im_explain(&options, call->req->arena, call->req->body, &err);

    if (!explanation) {
        refuse_explain(call, &err);
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

/* ---- the tokens of an exchange ---- */

enum { TOKENS_MAX = 8 }; /* that are shown of one exchange */

struct found_tokens {
    struct im_str text[TOKENS_MAX];
    size_t count;
};

static void find_tokens(struct found_tokens *found, struct im_str text)
{
    for (size_t at = 0; at < text.len; at++) {
        struct im_str rest = im_str_slice(text, at, text.len);
        struct im_str token = im_str_slice(rest, 0, im_jwt_length(rest));
        size_t known = 0;

        if (!token.len)
            continue;
        while (known < found->count && !im_str_eq(found->text[known], token))
            known++;
        if (known == found->count && found->count < TOKENS_MAX)
            found->text[found->count++] = token;
        at += token.len - 1;
    }
}

/* As explain tells it, but with the fingerprint that journal and listings have, and at the
 * sandbox's time. */
static void write_found_token(struct im_call *call, const struct im_exchange *exchange,
                              struct im_str token, struct im_json_out *out)
{
    struct im_explain_options options = {
        .now_ms = exchange->at_ms, .verify = verify, .context = call->sandboxes};
    struct im_arena *arena = call->req->arena;
    struct im_json_error error;
    struct im_error err;
    struct im_explanation *explanation = im_explain(&options, arena, token, &err);

    if (!explanation)
        return; /* memory is short, which the arena remembers */
    const struct im_json *told = im_json_get(
        im_json_parse(arena, im_explanation_json(explanation), &error), "token");
    im_json_open_object(out, NULL);
    im_json_str(out, "fingerprint", im_fingerprint(exchange->secrets, arena, token));
    for (const struct im_json *one = told ? told->first : NULL; one; one = one->next)
        if (!im_str_is(one->name, "fingerprint"))
            im_json_value(out, one->name, one);
    im_json_close_object(out);
    im_explanation_end(explanation);
}

static void answer_exchange_tokens(struct im_call *call)
{
    struct im_arena *arena = call->req->arena;
    const struct im_exchange *exchange = im_control_exchange(call);
    struct found_tokens found = {.count = 0};
    struct im_json_out out;
    struct im_buf text;

    if (!exchange)
        return;
    find_tokens(&found, exchange->target);
    find_tokens(&found, exchange->request_headers);
    find_tokens(&found, exchange->request_body);
    find_tokens(&found, exchange->response_headers);
    find_tokens(&found, exchange->response_body);
    im_buf_init(&text, arena, 0);
    im_json_out_init(&out, &text);
    im_json_open_object(&out, NULL);
    im_json_open_array(&out, "tokens");
    for (size_t i = 0; i < found.count; i++)
        write_found_token(call, exchange, found.text[i], &out);
    im_json_close_array(&out);
    im_json_close_object(&out);
    im_control_begin(call, 200);
    /* a client may have put anything into a token of its own */
    im_buf_add(&call->res->body,
               im_secrets_hide(exchange->secrets, arena, im_buf_str(&text)));
}

const struct im_control_route im_control_explain_routes[] = {
    {"POST", "/explain", answer_explain, false,
     "why was I refused? a response, log, HAR, token or code, explained",
     &im_control_any_text},
    {"GET", "/sandboxes/{name}/requests/{id}/tokens", answer_exchange_tokens, false,
     "its tokens, decoded and explained", NULL},
};
const size_t im_control_explain_route_count =
    sizeof(im_control_explain_routes) / sizeof(im_control_explain_routes[0]);
