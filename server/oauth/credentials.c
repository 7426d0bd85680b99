/* Reading the Authorization header (RFC 9110 section 11.6.2, RFC 7617, RFC 6750 section
 * 2.1) and the parameters of a request, once. Nothing is judged here, so nothing is
 * refused: what cannot be read is left empty, with the fault beside it. */
#include "oauth/credentials.h"

#include "base/crypto.h"
#include "causes/exchange.h"

struct im_str im_client_id_alone(struct im_str id)
{
    return im_str_slice(id, 0, im_str_find(id, '~'));
}

/* ---- the Authorization header ---- */

/* RFC 6749 section 2.3.1 has both parts percent-encoded before base64; a part
 * that is not encoded, which is common, is taken as it stands. */
static struct im_str decode_part(struct im_arena *arena, struct im_str part)
{
    struct im_str decoded;

    return im_url_decode(arena, part, true, &decoded) ? decoded : part;
}

/* Without a ':' the whole is the id, since that names the sandbox which refuses it. */
static void credentials_read_basic(struct im_request *req, struct im_str encoded,
                                   struct im_credentials *credentials)
{
    struct im_str pair;

    credentials->basic_fault = IM_BASIC_NOT_BASE64;
    if (!im_base64_decode(req->arena, im_str_trim(encoded), &pair))
        return;
    credentials->basic_fault = im_str_has(pair, ':') ? IM_BASIC_SOUND : IM_BASIC_NO_COLON;
    credentials->basic_raw_id = im_str_cut(&pair, ':');
    credentials->basic_id = decode_part(req->arena, credentials->basic_raw_id);
    credentials->basic_secret = decode_part(req->arena, pair);
    credentials->basic_raw_secret = pair;
}

static void credentials_read_header(struct im_request *req,
                                    struct im_credentials *credentials)
{
    struct im_str rest;

    credentials->header_count = im_request_header_count(req, "Authorization");
    if (!credentials->header_count)
        return;
    rest = credentials->header = im_request_header(req, "Authorization");
    credentials->scheme_name = im_str_cut(&rest, ' ');
    if (im_str_eq_nocase(credentials->scheme_name, IM_STR("Bearer"))) {
        credentials->scheme = IM_AUTH_BEARER;
        credentials->bearer_token = im_str_trim(rest);
    } else if (im_str_eq_nocase(credentials->scheme_name, IM_STR("Basic"))) {
        credentials->scheme = IM_AUTH_BASIC;
        credentials_read_basic(req, rest, credentials);
    } else {
        credentials->scheme = IM_AUTH_OTHER;
    }
}

/* ---- parameters ---- */

/* The text's own look says what it is: Content-Type may be wrong, and it is for the
 * endpoint to say so. */
static struct im_sent_params sent_params_read(struct im_request *req, struct im_str text,
                                              bool may_be_json)
{
    struct im_sent_params sent = {.params = {NULL, 0}};
    struct im_error err;

    if (!text.len)
        return sent;
    sent.json = may_be_json && im_str_starts(im_str_trim(text), "{");
    if (sent.json ? im_params_parse_json(req->arena, text, &sent.params, &err)
                  : im_params_parse_form(req->arena, text, &sent.params, &err))
        return sent;
    sent.params = (struct im_params){NULL, 0};
    sent.fault = im_arena_format(req->arena, "%s", err.text);
    return sent;
}

static void param_take(const struct im_params *params, const char *name,
                       struct im_str *into)
{
    if (!into->len)
        *into = im_param(params, name);
}

/* What was found before counts: the header before the query, that before the body. */
static void credentials_take(const struct im_params *params,
                             struct im_credentials *credentials, struct im_str *client_id)
{
    if (!params->count)
        return;
    param_take(params, "client_id", client_id);
    param_take(params, "grant_type", &credentials->grant);
    param_take(params, "username", &credentials->username);
    param_take(params, "mock_user", &credentials->username);
    param_take(params, "scope", &credentials->scope);
    param_take(params, "refresh_token", &credentials->token);
    param_take(params, "code", &credentials->token);
    param_take(params, "token", &credentials->token);
    param_take(params, "session_id", &credentials->token);
}

/* ---- once ---- */

/* The answer when there was no memory to read anything into. */
static const struct im_credentials no_credentials = {
    .body_known = true,
    .query.fault = IM_STR_INIT("out of memory"),
    .body.fault = IM_STR_INIT("out of memory")};

/* NULL when memory is short. */
static struct im_credentials *credentials_read(struct im_request *req)
{
    if (req->credentials)
        return req->credentials;
    struct im_credentials *made = IM_ARENA_NEW(req->arena, struct im_credentials);
    if (!made)
        return NULL;
    req->credentials = made; /* before the body is asked for, which comes here again */
    credentials_read_header(req, made);
    struct im_str client_id = made->basic_id;
    made->token = made->bearer_token;
    made->query = sent_params_read(req, req->query, false);
    credentials_take(&made->query.params, made, &client_id);
    if (!made->token.len)
        credentials_take(&im_credentials_body(req)->params, made, &client_id);
    made->client = im_client_id_alone(client_id);
    if (made->client.len < client_id.len)
        made->sandbox = im_str_slice(client_id, made->client.len + 1, client_id.len);
    return made;
}

const struct im_credentials *im_credentials(struct im_request *req)
{
    const struct im_credentials *credentials = credentials_read(req);

    return credentials ? credentials : &no_credentials;
}

const struct im_sent_params *im_credentials_body(struct im_request *req)
{
    struct im_credentials *credentials = credentials_read(req);

    if (!credentials)
        return &no_credentials.body;
    if (!credentials->body_known) {
        credentials->body_known = true;
        credentials->body = sent_params_read(req, req->body, true);
    }
    return &credentials->body;
}
