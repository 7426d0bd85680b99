#include "oauth/presented.h"

#include "base/crypto.h"

struct im_str im_client_id_alone(struct im_str id)
{
    return im_str_slice(id, 0, im_str_find(id, '~'));
}

/* ---- the Authorization header ---- */

static void read_basic(struct im_request *req, struct im_str encoded, struct im_str *id)
{
    struct im_str pair;
    struct im_str decoded;

    if (!im_base64_decode(req->arena, im_str_trim(encoded), &pair))
        return;
    pair = im_str_cut(&pair, ':');
    *id = im_url_decode(req->arena, pair, true, &decoded) ? decoded : pair;
}

static void read_header(struct im_request *req, struct im_presented *presented,
                        struct im_str *id)
{
    struct im_str rest = im_request_header(req, "Authorization");
    struct im_str scheme = im_str_cut(&rest, ' ');

    if (im_str_eq_nocase(scheme, IM_STR("Basic")))
        read_basic(req, rest, id);
    else if (im_str_eq_nocase(scheme, IM_STR("Bearer")))
        presented->token = im_str_trim(rest);
}

/* ---- parameters ---- */

static void take(const struct im_params *params, const char *name, struct im_str *into)
{
    if (!into->len)
        *into = im_param(params, name);
}

static void take_all(const struct im_params *params, struct im_presented *presented,
                     struct im_str *id)
{
    take(params, "client_id", id);
    take(params, "grant_type", &presented->grant);
    take(params, "username", &presented->username);
    take(params, "mock_user", &presented->username);
    take(params, "scope", &presented->scope);
    take(params, "refresh_token", &presented->token);
    take(params, "code", &presented->token);
    take(params, "token", &presented->token);
    take(params, "session_id", &presented->token);
}

static bool read_body(struct im_request *req, struct im_params *params)
{
    struct im_error err;
    struct im_str body = im_str_trim(req->body);

    if (!body.len)
        return false;
    if (body.at[0] == '{')
        return im_params_parse_json(req->arena, req->body, params, &err);
    return im_params_parse_form(req->arena, req->body, params, &err);
}

void im_presented_read(struct im_request *req, struct im_presented *presented)
{
    struct im_params params;
    struct im_error err;
    struct im_str id = {0};

    *presented = (struct im_presented){0};
    read_header(req, presented, &id);
    if (req->query.len && im_request_query(req, &params, &err))
        take_all(&params, presented, &id);
    /* with a bearer token the body is the business of the API, and may be large */
    if (!presented->token.len && read_body(req, &params))
        take_all(&params, presented, &id);
    presented->client = im_client_id_alone(id);
    if (presented->client.len < id.len)
        presented->sandbox = im_str_slice(id, presented->client.len + 1, id.len);
}
