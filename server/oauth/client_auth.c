/* Client authentication (RFC 6749 section 2.3): what the credentials claim, put
 * together from header and body, and whether it is true. Most of the file words the
 * mistakes that people make with secrets. */
#include "oauth/client_auth.h"

#include "base/crypto.h"
#include "base/near_miss.h"
#include "oauth/credentials.h"
#include "oauth/misspelling.h"

/* ---- what was sent ---- */

static enum im_cause claim_read_header(struct im_request *req,
                                       struct im_client_claim *claim)
{
    const struct im_credentials *said = im_credentials(req);
    if (said->header_count > 1)
        return im_refuse(req, CAUSE_AUTHORIZATION_REPEATED,
                         "the Authorization header was sent %zu times",
                         said->header_count);
    if (said->scheme != IM_AUTH_BASIC)
        return CAUSE_NONE;
    if (said->basic_fault == IM_BASIC_NOT_BASE64)
        return im_refuse(
            req, CAUSE_CLIENT_AUTH_MISSING,
            "the Authorization header says Basic, but what follows is not base64");
    if (said->basic_fault == IM_BASIC_NO_COLON)
        return im_refuse(
            req, CAUSE_CLIENT_AUTH_MISSING,
            "the Authorization header says Basic, but what it encodes has no ':' "
            "between client id and secret");
    claim->id = im_client_id_alone(said->basic_id);
    claim->raw_id = im_client_id_alone(said->basic_raw_id);
    claim->raw_secret = said->basic_raw_secret;
    claim->secret = said->basic_secret;
    claim->in_header = true;
    return CAUSE_NONE;
}

/* Refused by name rather than ignored: otherwise the answer would be that no secret was
 * sent. */
static enum im_cause refuse_other_methods(struct im_request *req,
                                          const struct im_params *params)
{
    if (!im_param_count(params, "client_assertion") &&
        !im_param_count(params, "client_assertion_type"))
        return CAUSE_NONE;
    return im_refuse(
        req, CAUSE_CLIENT_AUTH_METHOD_REFUSED,
        "client_assertion was sent: discovery advertises private_key_jwt, but how a "
        "client registers its key is not known, so it is not mocked; send "
        "client_secret");
}

static enum im_cause check_client_sent_once(struct im_request *req,
                                            const struct im_params *params)
{
    static const char *const once[] = {"client_secret", NULL};
    size_t n = im_param_count(params, "client_id");
    if (n > 1)
        return im_refuse(req, CAUSE_CLIENT_ID_REPEATED, "client_id was sent %zu times",
                         n);
    return im_refuse_repeated(req, params, once);
}

/* ---- header and body together ---- */

/* Constant time, since one of them may be the right secret. */
static bool secrets_contradict(struct im_str in_header, struct im_str in_body)
{
    return in_body.len && !im_secret_eq(in_header, in_body);
}

/* Both are taken as long as they agree: libraries that try Basic first and add the
 * body are common. The body then counts, so that policy basic_auth refuses only
 * clients that sent nothing else. */
static enum im_cause merge_header_and_body(struct im_request *req,
                                           struct im_client_claim *claim)
{
    struct im_str id = im_client_id_alone(im_param(claim->params, "client_id"));
    struct im_str secret = im_param(claim->params, "client_secret");
    if (!claim->in_header) {
        claim->id = claim->raw_id = id;
        claim->secret = claim->raw_secret = secret;
        return CAUSE_NONE;
    }
    if (secrets_contradict(claim->id, id) && secrets_contradict(claim->raw_id, id))
        return im_refuse(req, CAUSE_CLIENT_AUTH_REPEATED,
                         "the Authorization header and the body name different clients");
    if (secrets_contradict(claim->secret, secret) &&
        secrets_contradict(claim->raw_secret, secret))
        return im_refuse(
            req, CAUSE_CLIENT_AUTH_REPEATED,
            "client secrets were sent in the Authorization header and in the "
            "body, and they differ");
    if (!secret.len)
        return CAUSE_NONE;
    im_note(
        req, CAUSE_CLIENT_AUTH_REPEATED,
        "the client authenticated twice, in the Authorization header and in the body; "
        "RFC 6749 section 2.3 allows one of them");
    claim->in_header = false;
    claim->secret = claim->raw_secret = secret;
    return CAUSE_NONE;
}

enum im_cause im_client_claim_read(struct im_request *req, struct im_client_claim *claim)
{
    const struct im_params *params = &im_credentials_body(req)->params;
    *claim = (struct im_client_claim){.params = params};
    enum im_cause cause = check_client_sent_once(req, params);
    if (!cause)
        cause = refuse_other_methods(req, params);
    if (!cause)
        cause = claim_read_header(req, claim);
    return cause ? cause : merge_header_and_body(req, claim);
}

bool im_client_claims(const struct im_client_claim *claim)
{
    return claim->id.len || claim->secret.len || claim->in_header;
}

enum im_cause im_client_claim_need_id(struct im_request *req,
                                      const struct im_client_claim *claim)
{
    if (claim->id.len)
        return CAUSE_NONE;
    if (claim->in_header)
        return im_refuse(req, CAUSE_CLIENT_ID_MISSING,
                         "the Basic credentials have no client id before the ':'");
    return im_refuse_missing(req, claim->params, "client_id", CAUSE_CLIENT_ID_MISSING);
}

/* ---- is the secret right? ---- */

static const char *white_space_name(char c)
{
    switch (c) {
    case ' ': return "a space";
    case '\n': return "a newline";
    case '\r': return "a carriage return";
    case '\t': return "a tab";
    default: return "white space";
    }
}

static enum im_cause refuse_padded_secret(struct im_request *req,
                                          const struct im_client *client,
                                          struct im_str sent)
{
    bool before = sent.at[0] != client->secret.at[0];
    bool after = sent.at[sent.len - 1] != client->secret.at[client->secret.len - 1];
    if (before && after)
        return im_refuse(
            req, CAUSE_CLIENT_SECRET_PADDED,
            "the secret of client %.*s was sent with white space at both ends",
            IM_ARG(client->id));
    return im_refuse(req, CAUSE_CLIENT_SECRET_PADDED,
                     "the secret of client %.*s was sent with %s at the %s",
                     IM_ARG(client->id),
                     white_space_name(sent.at[before ? 0 : sent.len - 1]),
                     before ? "beginning" : "end");
}

/* What may have happened to the right secret on its way: "; it differs only in case". */
static struct im_str secret_mistake(struct im_arena *arena,
                                    const struct im_client *client, struct im_str sent)
{
    const char *how = im_near_miss(arena, sent, client->secret);

    if (im_str_eq(sent, client->id))
        return IM_STR("; it is the client's id");
    return how ? im_arena_format(arena, "; it is the right one, but %s", how)
               : IM_STR("");
}

static enum im_cause refuse_secret(struct im_request *req, const struct im_client *client,
                                   struct im_str sent)
{
    struct im_str trimmed = im_str_trim(sent);
    struct im_str shown = im_fingerprint(req->exchange->secrets, req->arena, sent);
    if (im_secret_eq(trimmed, client->secret))
        return refuse_padded_secret(req, client, sent);
    /* newest first, so that the count says how many came after the one sent */
    for (size_t i = client->old_secrets.count; i > 0; i--)
        if (im_secret_eq(trimmed, client->old_secrets.items[i - 1]))
            return im_refuse(
                req, CAUSE_CLIENT_SECRET_ROTATED,
                "%.*s was the secret of client %.*s until it was rotated (%zu "
                "newer since); now it is %.*s",
                IM_ARG(shown), IM_ARG(client->id), client->old_secrets.count - i + 1,
                IM_ARG(
                    im_fingerprint(req->exchange->secrets, req->arena, client->secret)));
    if (im_refuse_placeholder(req, "client_secret", sent, CAUSE_CLIENT_SECRET_WRONG))
        return CAUSE_CREDENTIAL_PLACEHOLDER;
    return im_refuse(
        req, CAUSE_CLIENT_SECRET_WRONG,
        "the secret sent is %.*s, that of client %.*s is %.*s%.*s", IM_ARG(shown),
        IM_ARG(client->id),
        IM_ARG(im_fingerprint(req->exchange->secrets, req->arena, client->secret)),
        IM_ARG(secret_mistake(req->arena, client, sent)));
}

/* Either reading of a Basic secret may be right: see basic_raw_secret. */
static enum im_cause check_secret(struct im_request *req,
                                  const struct im_client_claim *claim,
                                  const struct im_client *client)
{
    bool sent = claim->secret.len || claim->raw_secret.len;
    if (!client->secret.len) {
        if (sent)
            im_note(req, CAUSE_CLIENT_SECRET_WRONG,
                    "client %.*s is public: it has no secret, and the one sent was not "
                    "looked at",
                    IM_ARG(client->id));
        return CAUSE_NONE;
    }
    if (!sent && claim->in_header)
        return im_refuse(req, CAUSE_CLIENT_SECRET_MISSING,
                         "the Basic credentials have no secret after the ':'");
    /* PKCE is no substitute for the secret of a client that has one */
    if (!sent && im_param(claim->params, "code_verifier").len &&
        !im_misspelling_of(claim->params, "client_secret").at)
        return im_refuse(
            req, CAUSE_CLIENT_SECRET_MISSING,
            "no client_secret was sent, and client %.*s has one, which PKCE does "
            "not replace; a public client has none: demo-public, or one that a "
            "scenario's world makes without \"secret\"",
            IM_ARG(client->id));
    if (!sent)
        return im_refuse_missing(req, claim->params, "client_secret",
                                 CAUSE_CLIENT_SECRET_MISSING);
    if (im_secret_eq(claim->secret, client->secret) ||
        im_secret_eq(claim->raw_secret, client->secret))
        return CAUSE_NONE;
    return refuse_secret(req, client, claim->secret);
}

/* ---- is there such a client? ---- */

static enum im_cause check_auth_method(struct im_request *req,
                                       const struct im_client_claim *claim,
                                       struct im_str grant_type,
                                       const struct im_policy *policy)
{
    if (!claim->in_header || policy->basic_auth == IM_BASIC_EVERYWHERE)
        return CAUSE_NONE;
    if (policy->basic_auth == IM_BASIC_NEVER)
        return im_refuse(
            req, CAUSE_CLIENT_AUTH_METHOD_REFUSED,
            "HTTP Basic was used, and policy basic_auth says never: send client_id "
            "and client_secret in the body");
    if (!im_str_is(grant_type, "refresh_token"))
        return CAUSE_NONE;
    return im_refuse(
        req, CAUSE_CLIENT_AUTH_IN_HEADER_ON_REFRESH,
        "the credentials came by HTTP Basic; on grant_type refresh_token they are "
        "wanted in the body, as client_id and client_secret");
}

/* What was sent as the id may be the secret: im_quote then gives its fingerprint. */
static enum im_cause refuse_unknown_client(struct im_authority *authority,
                                           struct im_request *req,
                                           const struct im_client_claim *claim)
{
    struct im_client other;
    struct im_str shown = im_quote(req, claim->id);
    if (claim->secret.len &&
        im_directory_client(authority->directory, im_client_id_alone(claim->secret),
                            &other))
        return im_refuse(
            req, CAUSE_CLIENT_UNKNOWN,
            "client_id and client_secret look swapped: the secret sent is the id of "
            "client %.*s",
            IM_ARG(other.id));
    req->exchange->client_id = shown; /* for rules and journal, although it is unknown */
    if (im_refuse_placeholder(req, "client_id", claim->id, CAUSE_CLIENT_UNKNOWN))
        return CAUSE_CREDENTIAL_PLACEHOLDER;
    struct im_near_miss near = im_directory_near(authority->directory, req->arena,
                                                 IM_CLIENTS, IM_STR(""), claim->id);
    if (near.how)
        return im_refuse(req, CAUSE_CLIENT_UNKNOWN,
                         "there is no client \"%.*s\"; the client is \"%.*s\": %s",
                         IM_ARG(shown), IM_ARG(near.right), near.how);
    if (im_str_starts(shown, "hmac:") && !im_str_starts(claim->id, "hmac:"))
        return im_refuse(
            req, CAUSE_CLIENT_UNKNOWN,
            "there is no client \"%.*s\"; what was sent as its id is a secret",
            IM_ARG(shown));
    return im_refuse(
        req, CAUSE_CLIENT_UNKNOWN, "there is no client \"%.*s\"%s", IM_ARG(shown),
        im_directory_hint(authority->directory, IM_CLIENTS, IM_STR(""), claim->id).text);
}

enum im_cause im_client_check(struct im_authority *authority, struct im_request *req,
                              const struct im_client_claim *claim,
                              struct im_str grant_type, struct im_client *out)
{
    struct im_policy policy = im_authority_policy(authority);
    enum im_cause cause = im_client_claim_need_id(req, claim);
    if (!cause)
        cause = check_auth_method(req, claim, grant_type, &policy);
    if (cause)
        return cause;
    /* an id that was not percent-encoded before base64 may have changed by decoding */
    if (!im_directory_client(authority->directory, claim->id, out) &&
        !im_directory_client(authority->directory, claim->raw_id, out))
        return refuse_unknown_client(authority, req, claim);
    req->exchange->client_id = out->id;
    if (!out->active)
        return im_refuse(req, CAUSE_CLIENT_INACTIVE, "client %.*s is inactive",
                         IM_ARG(out->id));
    return check_secret(req, claim, out);
}
