/* What the server publishes about itself: the OpenID Connect discovery document (as saved
 * from the real one in July 2026, members and order) and the key set (RFC 7517). */
#include "endpoints/endpoint.h"

/* A list of texts, as a member. */
static void discovery_write_list(struct im_json_out *out, const char *name,
                                 const char *words)
{
    struct im_str rest = im_str(words);
    im_json_open_array(out, name);
    while (rest.len)
        im_json_str(out, NULL, im_str_cut(&rest, ' '));
    im_json_close_array(out);
}

static void discovery_write_url(struct im_json_out *out, const char *name,
                                struct im_str base, const char *path)
{
    im_json_strf(out, name, "%.*s%s", IM_ARG(base), path);
}

/* The oddities of the real document break no client and are kept: its
 * authorization_endpoint is not the documented one (both are answered here),
 * refresh_token is not among the grants though it works, PKCE, revocation and
 * introspection are not mentioned. One member is ours and marked so below. */
static void discovery_write_endpoints(struct im_json_out *out, struct im_str base)
{
    im_json_str(out, "issuer", base);
    discovery_write_url(out, "authorization_endpoint", base, "/ia/authorize");
    discovery_write_url(out, "token_endpoint", base, "/ia/api/v1/oauth2/token");
    discovery_write_url(out, "jwks_uri", base, "/.well-known/jwks.json");
}

static void discovery_write_abilities(struct im_json_out *out)
{
    discovery_write_list(out, "scopes_supported",
                         "openid offline_access sage/ai-agents token-exchange");
    discovery_write_list(out, "response_types_supported", "code token id_token");
    /* Ours: the real document does not say it, and what its server does with response_mode is
     * not known. Here another mode is refused, and a client can only choose what is offered if
     * it is told. Without the member it must take query and fragment for all there is (OpenID
     * Connect Discovery section 3), and form_post would never be asked for. A client that does
     * not know the member ignores it (same section). */
    discovery_write_list(out, "response_modes_supported", "query fragment form_post");
    discovery_write_list(out, "subject_types_supported", "public");
    discovery_write_list(out, "token_endpoint_auth_methods_supported",
                         "client_secret_basic client_secret_post private_key_jwt");
    discovery_write_list(out, "token_endpoint_auth_signing_alg_values_supported",
                         "RS256");
    discovery_write_list(
        out, "claims_supported",
        "aud exp iat iss sub agentId clientId cnyId cnyKey userId userKey entityId "
        "sessionId oid aiEnabled");
    im_json_bool(out, "request_uri_parameter_supported", false);
    im_json_bool(out, "request_parameter_supported", false);
    discovery_write_list(out, "id_token_signing_alg_values_supported", "RS256");
    discovery_write_list(out, "grant_types_supported",
                         "authorization_code client_credentials "
                         "urn:ietf:params:oauth:grant-type:token-exchange");
}

enum im_cause im_endpoint_discovery(struct im_authority *authority,
                                    struct im_request *req, struct im_response *res)
{
    struct im_json_out out;
    (void)authority;
    im_json_out_init(&out, im_response_begin(res, 200, "application/json"));
    im_json_open_object(&out, NULL);
    discovery_write_endpoints(&out, req->base_url);
    discovery_write_abilities(&out);
    im_json_close_object(&out);
    return CAUSE_NONE;
}

enum im_cause im_endpoint_jwks(struct im_authority *authority, struct im_request *req,
                               struct im_response *res)
{
    struct im_error err;
    struct im_json_out out;
    im_json_out_init(&out, im_response_begin(res, 200, "application/json"));
    if (im_keys_write_jwks(authority->keys, &out, &err))
        return CAUSE_NONE;
    return im_refuse(req, CAUSE_INTERNAL, "writing the key set: %s", err.text);
}
