/* Reading and checking an authorization request (RFC 6749 section 4.1.1). As long as
 * client and redirect URI are in doubt the refusal is a page, because a redirect to
 * an address that is not registered would send answers to an attacker (section 4.1.2.1). */
#include "endpoints/authorize_request.h"

#include <string.h>

#include "base/crypto.h"
#include "endpoints/endpoint.h"
#include "oauth/credentials.h"
#include "oauth/misspelling.h"
#include "oauth/scope.h"

/* ---- parameters ---- */

struct im_str im_authorize_param(const struct im_authorize *ask, const char *name)
{
    return im_param(&ask->params, name);
}

static bool params_join(struct im_arena *arena, struct im_params *params,
                        const struct im_params *more)
{
    size_t count = params->count + more->count;
    struct im_param *items = IM_ARENA_ARRAY(arena, struct im_param, count);
    if (!items)
        return false;
    if (params->count)
        memcpy(items, params->items, params->count * sizeof *items);
    if (more->count)
        memcpy(items + params->count, more->items, more->count * sizeof *items);
    *params = (struct im_params){items, count};
    return true;
}

/* RFC 6749 section 3.1: the endpoint may be asked with POST, parameters in the body. */
static enum im_cause ask_read_body(struct im_authorize *ask)
{
    struct im_request *req = ask->req;
    if (!im_str_is(req->method, "POST") || !req->body.len)
        return CAUSE_NONE;
    if (!im_request_is(req, "application/x-www-form-urlencoded"))
        return im_refuse(
            req, CAUSE_CONTENT_TYPE_UNSUPPORTED,
            "Content-Type is \"%.*s\", not application/x-www-form-urlencoded",
            IM_ARG(im_quote(req, im_request_header(req, "Content-Type"))));
    const struct im_sent_params *body = im_credentials_body(req);
    if (body->json)
        return im_refuse(req, CAUSE_PAYLOAD_MALFORMED,
                         "the body: not a list of name=value: it begins with '{'");
    if (body->fault.len)
        return im_refuse(req, CAUSE_PAYLOAD_MALFORMED, "the body: %.*s",
                         IM_ARG(body->fault));
    if (!params_join(req->arena, &ask->params, &body->params))
        return im_refuse(req, CAUSE_INTERNAL, "memory is short");
    return CAUSE_NONE;
}

static enum im_cause ask_read_params(struct im_authorize *ask)
{
    const struct im_sent_params *query = &im_credentials(ask->req)->query;
    ask->params = query->params;
    if (query->fault.len)
        return im_refuse(ask->req, CAUSE_PAYLOAD_MALFORMED, "the query: %.*s",
                         IM_ARG(query->fault));
    return ask_read_body(ask);
}

/* ---- the client ---- */

static enum im_cause ask_find_client(struct im_authorize *ask)
{
    /* "demo~NAME": the part behind it has chosen the sandbox already */
    struct im_str id = im_client_id_alone(im_authorize_param(ask, "client_id"));
    if (!id.len)
        return im_refuse_missing(ask->req, &ask->params, "client_id",
                                 CAUSE_AUTHORIZE_CLIENT_UNKNOWN);
    ask->req->exchange->client_id = im_quote(ask->req, id);
    if (im_directory_client(ask->authority->directory, id, &ask->client))
        return CAUSE_NONE;
    if (im_refuse_placeholder(ask->req, "client_id", id, CAUSE_AUTHORIZE_CLIENT_UNKNOWN))
        return CAUSE_CREDENTIAL_PLACEHOLDER;
    struct im_near_miss near = im_directory_near(
        ask->authority->directory, ask->req->arena, IM_CLIENTS, IM_STR(""), id);
    if (near.how)
        return im_refuse(
            ask->req, CAUSE_AUTHORIZE_CLIENT_UNKNOWN,
            "client_id \"%.*s\" is not registered; the client is \"%.*s\": %s",
            IM_ARG(ask->req->exchange->client_id), IM_ARG(near.right), near.how);
    return im_refuse(ask->req, CAUSE_AUTHORIZE_CLIENT_UNKNOWN,
                     "client_id \"%.*s\" is not registered",
                     IM_ARG(ask->req->exchange->client_id));
}

/* ---- the redirect URI ---- */

static bool text_skip_prefix(struct im_str *text, const char *prefix)
{
    if (!im_str_starts(*text, prefix))
        return false;
    *text = im_str_slice(*text, strlen(prefix), text->len);
    return true;
}

static bool text_skip_port(struct im_str *text)
{
    size_t digits = 0;
    if (!text_skip_prefix(text, ":"))
        return true;
    while (digits < text->len && text->at[digits] >= '0' && text->at[digits] <= '9')
        digits++;
    *text = im_str_slice(*text, digits, text->len);
    return digits > 0 && digits <= 5;
}

/* What follows host and port of a loopback URI of this origin; false when it is none.
 * Anything but a path or query there would make it another host
 * ("http://127.0.0.1:1@evil.example/"). */
static bool loopback_rest(struct im_str uri, const char *origin, struct im_str *rest)
{
    if (!text_skip_prefix(&uri, origin) || !text_skip_port(&uri))
        return false;
    *rest = uri;
    return !uri.len || uri.at[0] == '/' || uri.at[0] == '?';
}

/* RFC 8252 section 7.3: a loopback redirect URI matches whatever its port. */
static bool redirect_matches(struct im_str registered, struct im_str asked)
{
    static const char *const origins[] = {"http://127.0.0.1", "http://[::1]",
                                          "http://localhost", "https://127.0.0.1",
                                          "https://[::1]",    "https://localhost"};
    struct im_str a, b;
    if (im_str_eq(registered, asked))
        return true;
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
        if (loopback_rest(registered, origins[i], &a) &&
            loopback_rest(asked, origins[i], &b))
            return im_str_eq(a, b);
    return false;
}

static enum im_cause refuse_unregistered_redirect(const struct im_authorize *ask,
                                                  struct im_str asked)
{
    struct im_list known = ask->client.redirect_uris;
    struct im_buf list;
    im_buf_init(&list, ask->req->arena, 2000);
    for (size_t i = 0; i < known.count; i++)
        im_buf_addf(&list, "%s%.*s", i ? ", " : "", IM_ARG(known.items[i]));
    return im_refuse(
        ask->req, CAUSE_REDIRECT_URI_UNREGISTERED,
        "redirect_uri \"%.*s\" is not one of client %.*s: %.*s (compared exactly; "
        "only the port of a loopback address may differ)",
        IM_ARG(im_quote(ask->req, asked)), IM_ARG(ask->client.id),
        IM_ARG(im_buf_str(&list)));
}

static enum im_cause ask_find_redirect(struct im_authorize *ask)
{
    struct im_str asked = im_authorize_param(ask, "redirect_uri");
    if (!asked.len)
        return im_refuse_missing(ask->req, &ask->params, "redirect_uri",
                                 CAUSE_REDIRECT_URI_MISSING);
    const char *flaw = im_redirect_uri_flaw(asked);
    if (flaw)
        return im_refuse(ask->req, CAUSE_REDIRECT_URI_UNREGISTERED,
                         "redirect_uri \"%.*s\": %s", IM_ARG(im_quote(ask->req, asked)),
                         flaw);
    for (size_t i = 0; i < ask->client.redirect_uris.count; i++) {
        if (!redirect_matches(ask->client.redirect_uris.items[i], asked))
            continue;
        ask->redirect_uri = asked;
        return CAUSE_NONE;
    }
    return refuse_unregistered_redirect(ask, asked);
}

/* From here on refusals go to the client by redirect. */
static void ask_use_redirect(struct im_authorize *ask)
{
    ask->state = im_authorize_param(ask, "state");
    ask->req->exchange->redirect_uri = ask->redirect_uri;
    ask->req->exchange->state = ask->state;
    if (!ask->state.len)
        im_note(
            ask->req, CAUSE_STATE_MISSING,
            "no state was sent: nothing ties the answer to the browser that asked (RFC "
            "6749 section 10.12)");
}

/* ---- what is asked for ---- */

static enum im_cause ask_check_response_type(const struct im_authorize *ask)
{
    struct im_str type = im_authorize_param(ask, "response_type");
    if (im_str_is(type, "code"))
        return CAUSE_NONE;
    if (!type.len)
        return im_refuse_missing(ask->req, &ask->params, "response_type",
                                 CAUSE_RESPONSE_TYPE_UNSUPPORTED);
    return im_refuse(ask->req, CAUSE_RESPONSE_TYPE_UNSUPPORTED,
                     "response_type is \"%.*s\"; only \"code\" is offered",
                     IM_ARG(im_quote(ask->req, type)));
}

static enum im_cause ask_check_client(const struct im_authorize *ask)
{
    const struct im_client *client = &ask->client;
    if (!client->active)
        return im_refuse(ask->req, CAUSE_CLIENT_INACTIVE, "client %.*s is inactive",
                         IM_ARG(client->id));
    if (!im_list_has(client->grants, IM_STR("authorization_code")))
        return im_refuse(ask->req, CAUSE_CLIENT_GRANT_NOT_ALLOWED,
                         "client %.*s may not use the grant authorization_code",
                         IM_ARG(client->id));
    return CAUSE_NONE;
}

static enum im_cause ask_read_scopes(struct im_authorize *ask)
{
    struct im_scope_ask scopes = {
        .asked = im_authorize_param(ask, "scope"),
        .dialect = ask->dialect,
        .policy = &ask->policy,
        .client = &ask->client,
    };
    return im_scope_grant(ask->req, &scopes, &ask->scopes);
}

/* ---- OpenID Connect ---- */

/* Read before anything else is judged, since refusals are sent in this mode too. */
static enum im_cause ask_read_response_mode(struct im_authorize *ask)
{
    struct im_str mode = im_authorize_param(ask, "response_mode");

    for (int i = 0; i < IM_RESPONSE_MODES; i++)
        if (!mode.len ||
            im_str_is(mode, im_response_mode_name((enum im_response_mode)i))) {
            ask->response_mode = (enum im_response_mode)i;
            ask->req->exchange->response_mode = ask->response_mode;
            return CAUSE_NONE;
        }
    return im_refuse(
        ask->req, CAUSE_RESPONSE_MODE_UNSUPPORTED,
        "response_mode is \"%.*s\"; query, fragment and form_post are offered",
        IM_ARG(im_quote(ask->req, mode)));
}

/* OpenID Connect Core section 6: a server that does not read them says which it was. */
static enum im_cause ask_check_no_request_object(const struct im_authorize *ask)
{
    bool uri = im_param_count(&ask->params, "request_uri") > 0;

    if (!uri && !im_param_count(&ask->params, "request"))
        return CAUSE_NONE;
    if (uri)
        ask->req->exchange->redirect_error = "request_uri_not_supported";
    return im_refuse(ask->req, CAUSE_REQUEST_OBJECT_UNSUPPORTED,
                     "%s was sent; send each parameter by itself, as discovery says",
                     uri ? "request_uri" : "request");
}

/* OpenID Connect Core section 3.1.2.1. There are no sign-in sessions: the person signs in now,
 * so no sign-in is too old. */
static enum im_cause ask_read_max_age(struct im_authorize *ask)
{
    struct im_str text = im_authorize_param(ask, "max_age");
    int64_t seconds;

    if (!im_param_count(&ask->params, "max_age"))
        return CAUSE_NONE;
    ask->wants_auth_time = true;
    if (im_str_int(text, &seconds) && seconds >= 0)
        return CAUSE_NONE;
    return im_refuse(ask->req, CAUSE_AUTHORIZE_PARAMETER_INVALID,
                     "max_age is \"%.*s\", not a number of seconds such as 3600",
                     IM_ARG(im_quote(ask->req, text)));
}

static enum im_cause ask_read_prompt(struct im_authorize *ask)
{
    struct im_str prompt = im_authorize_param(ask, "prompt");

    ask->silent = im_str_in_list(prompt, IM_STR("none"));
    if (!ask->silent || im_str_is(im_str_trim(prompt), "none"))
        return CAUSE_NONE;
    return im_refuse(ask->req, CAUSE_AUTHORIZE_PARAMETER_INVALID,
                     "prompt is \"%.*s\": none stands alone, or not at all",
                     IM_ARG(im_quote(ask->req, prompt)));
}

/* ---- PKCE ---- */

static enum im_cause ask_read_pkce_method(struct im_authorize *ask)
{
    struct im_str method = im_authorize_param(ask, "code_challenge_method"), digest;
    /* RFC 7636 section 4.3: no method means plain */
    ask->challenge_plain = !method.len || im_str_is(method, "plain");
    /* section 4.2: a plain challenge is a verifier, of 128 characters at most */
    if (ask->challenge_plain && ask->policy.pkce_plain && ask->challenge.len <= 128)
        return CAUSE_NONE;
    if (!im_str_is(method, "S256"))
        return im_refuse(ask->req, CAUSE_PKCE_METHOD_UNSUPPORTED,
                         "code_challenge_method is %s%.*s; S256 is supported",
                         method.len ? "" : "missing, which means plain",
                         IM_ARG(im_quote(ask->req, method)));
    if (im_base64url_decode(ask->req->arena, ask->challenge, &digest) &&
        digest.len == IM_SHA256_LEN)
        return CAUSE_NONE;
    return im_refuse(
        ask->req, CAUSE_PKCE_CHALLENGE_INVALID,
        "code_challenge (%zu characters) is not what S256 makes: 43 characters of "
        "base64url, a SHA-256 digest",
        ask->challenge.len);
}

/* The nonce is kept with the code and travels in the id_token. */
static enum im_cause ask_read_nonce(struct im_authorize *ask)
{
    enum { NONCE_MAX = 1024 }; /* it is kept, and each kept text costs memory */

    ask->nonce = im_authorize_param(ask, "nonce");
    if (ask->nonce.len <= NONCE_MAX)
        return CAUSE_NONE;
    return im_refuse(ask->req, CAUSE_REQUEST_TOO_LARGE,
                     "the nonce has %zu bytes; %d are taken", ask->nonce.len, NONCE_MAX);
}

static enum im_cause ask_read_pkce(struct im_authorize *ask)
{
    ask->challenge = im_authorize_param(ask, "code_challenge");
    if (ask->challenge.len)
        return ask_read_pkce_method(ask);
    if (ask->client.secret.len)
        return CAUSE_NONE;
    /* a public client has nothing else that ties the code to it (RFC 9700 section 2.1.1) */
    return im_refuse(
        ask->req, CAUSE_PKCE_CHALLENGE_INVALID,
        "client %.*s is public (it has no secret) and sent no code_challenge",
        IM_ARG(ask->client.id));
}

/* ---- all of it ---- */

static enum im_cause ask_read_rest(struct im_authorize *ask)
{
    static const char *const once[] = {"response_type",
                                       "scope",
                                       "state",
                                       "code_challenge",
                                       "code_challenge_method",
                                       "nonce",
                                       "response_mode",
                                       "prompt",
                                       "max_age",
                                       NULL};
    static const char *const optional[] = {"scope", "state", "code_challenge",
                                           "code_challenge_method", NULL};
    enum im_cause cause = ask_read_response_mode(ask);
    if (!cause)
        cause =
            im_refuse_repeated(ask->req, &ask->params, once); /* RFC 6749 section 3.1 */
    im_note_misspelled(ask->req, &ask->params, optional);
    if (!cause)
        cause = ask_check_no_request_object(ask);
    if (!cause)
        cause = ask_check_response_type(ask);
    if (!cause)
        cause = ask_check_client(ask);
    if (!cause)
        cause = ask_read_scopes(ask);
    if (!cause)
        cause = ask_read_pkce(ask);
    if (!cause)
        cause = ask_read_nonce(ask);
    if (!cause)
        cause = ask_read_max_age(ask);
    if (!cause)
        cause = ask_read_prompt(ask);
    return cause;
}

/* As long as these are in doubt there is no redirect, not even for a parameter that stands twice. */
static enum im_cause ask_read_client(struct im_authorize *ask)
{
    static const char *const once[] = {"client_id", "redirect_uri", NULL};
    enum im_cause cause = ask_read_params(ask);
    if (!cause)
        cause = im_refuse_repeated(ask->req, &ask->params, once);
    if (!cause)
        cause = ask_find_client(ask);
    return cause ? cause : ask_find_redirect(ask);
}

static enum im_cause ask_read_address(struct im_authority *authority,
                                      struct im_request *req, struct im_authorize *ask)
{
    *ask = (struct im_authorize){
        .authority = authority,
        .req = req,
        .dialect = im_dialect(im_endpoint_dialect(req)),
        .policy = im_authority_policy(authority),
    };
    enum im_cause cause = ask_read_client(ask);
    if (!cause)
        ask_use_redirect(ask);
    return cause;
}

enum im_cause im_authorize_read(struct im_authority *authority, struct im_request *req,
                                struct im_authorize *ask)
{
    enum im_cause cause = ask_read_address(authority, req, ask);
    return cause ? cause : ask_read_rest(ask);
}

enum im_cause im_authorize_address(struct im_authority *authority, struct im_request *req)
{
    struct im_authorize ask;
    req->exchange->page = true;
    return ask_read_address(authority, req, &ask);
}

/* ---- the answer ---- */

void im_authorize_answer(const struct im_authorize *ask, struct im_response *res,
                         struct im_str code)
{
    const struct im_callback to = {.redirect_uri = ask->redirect_uri,
                                   .mode = ask->response_mode,
                                   .posted = im_str_is(ask->req->method, "POST")};
    const struct im_callback_param params[] = {
        {"code", code}, {"state", ask->state}, {NULL, {NULL, 0}}};

    im_callback_answer(res, &to, params);
}
