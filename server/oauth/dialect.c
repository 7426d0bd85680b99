/* Claims and token responses, member by member. Order and types of the REST dialect's
 * access token and of its response: observed (one token of 2025, one recorded response
 * of 2026). The article dialect: from the article's sample, decoded; it is Sage
 * Accounting's (documented). What is guessed says so where it stands. */
#include "oauth/dialect.h"

#include <stddef.h>

#include "oauth/authority.h"

#define ARTICLE_ISSUER "openam.api"

/* ---- REST ---- */

/* Past the clientId a guess: Sage's sample is cut off there. */
static void write_code_claims(struct im_json_out *out, const struct im_token *token)
{
    im_json_str(out, "clientId", token->client_id);
    im_json_str(out, "cnyId", token->company);
    im_json_str(out, "userId", token->user);
    im_json_int(out, "iat", token->issued_ms / 1000);
    im_json_int(out, "exp", token->expires_ms / 1000);
    im_json_str(out, "jti", token->jti);
}

/* A refresh token is the same without sessionId (inferred from the length of a recorded
 * one). The `jti` at its end is ours: without it two of one user in one second would be
 * one token. */
static void write_rest_claims(struct im_json_out *out, const struct im_token *token,
                              struct im_str issuer)
{
    if (token->kind == IM_TOKEN_CODE) {
        write_code_claims(out, token);
        return;
    }
    im_json_str(out, "iss", issuer);
    im_json_int(out, "iat", token->issued_ms / 1000);
    im_json_int(out, "exp", token->expires_ms / 1000);
    im_json_str(out, "clientId", token->client_id);
    im_json_str(out, "cnyId", token->company);
    im_json_str(out, "cnyKey", token->company_key);
    im_json_str(out, "userId", token->user);
    im_json_str(out, "userKey", token->user_key);
    if (token->kind == IM_TOKEN_ACCESS)
        im_json_str(out, "sessionId", token->session);
    im_json_str(out, "entityKey", token->entity_key);
    im_json_str(out, "entityId", token->entity);
    if (token->kind == IM_TOKEN_REFRESH)
        im_json_str(out, "jti", token->jti);
}

static void write_rest_response(struct im_json_out *out, const struct im_issued *issued)
{
    im_json_strz(out, "token_type", "Bearer");
    im_json_str(out, "access_token", issued->access_token);
    if (issued->refresh_token.len)
        im_json_str(out, "refresh_token", issued->refresh_token);
    im_json_int(out, "expires_in", issued->expires_in_s);
    if (issued->id_token.len)
        im_json_str(out, "id_token", issued->id_token);
}

/* ---- article ---- */

static void write_article_claims(struct im_json_out *out, const struct im_token *token,
                                 struct im_str issuer)
{
    if (token->kind == IM_TOKEN_CODE) {
        write_code_claims(out, token);
        return;
    }
    im_json_str(out, "jti", token->jti);
    im_json_int(out, "iat", token->issued_ms / 1000);
    im_json_int(out, "exp", token->expires_ms / 1000);
    im_json_str(out, "iss", issuer);
    im_json_str(out, "sub", token->user_key);
    im_json_strz(out, "aud", "api");
    im_json_strz(out, "contract", "full_account");
    im_json_str(out, "scopes", token->scopes);
}

/* Ten digits, the same for the same user; the article's "1234567890" for user key 444. */
static int64_t requested_by(struct im_str user_key)
{
    int64_t key = 0;

    if (!im_str_int(user_key, &key) || key < 0 || key > 999999999)
        for (size_t i = 0; i < user_key.len; i++)
            key = (key * 31 + (unsigned char)user_key.at[i]) % 1000000000;
    return 1234567890 - 444 + key;
}

static void write_article_response(struct im_json_out *out,
                                   const struct im_issued *issued)
{
    im_json_str(out, "access_token", issued->access_token);
    im_json_str(out, "scopes", issued->scopes);
    im_json_strz(out, "token_type", "bearer");
    im_json_int(out, "expires_in", issued->expires_in_s);
    if (issued->refresh_token.len) {
        im_json_str(out, "refresh_token", issued->refresh_token);
        im_json_int(out, "refresh_token_expires_in", issued->refresh_expires_in_s);
    }
    im_json_strf(out, "requested_by_id", "%lld",
                 (long long)requested_by(issued->user_key));
}

/* ---- the rows ---- */

static const struct im_dialect dialects[] = {
    [IM_DIALECT_REST] = {.id = IM_DIALECT_REST,
                         .name = "rest",
                         .alg = IM_JWT_HS256,
                         .default_scope = "",
                         .scopes = "openid offline_access sage/ai-agents token-exchange",
                         .access_ttl = offsetof(struct im_policy, access_token_ttl),
                         .refresh_ttl = offsetof(struct im_policy, refresh_token_ttl),
                         .write_claims = write_rest_claims,
                         .write_response = write_rest_response},
    [IM_DIALECT_ARTICLE] = {.id = IM_DIALECT_ARTICLE,
                            .name = "article",
                            .alg = IM_JWT_RS512,
                            .header_kid = true,
                            .issuer = ARTICLE_ISSUER,
                            .default_scope = "full_access:read Contact:action",
                            .scopes = "full_access readonly NAME:read NAME:write NAME:rw "
                                      "NAME:action",
                            .access_ttl =
                                offsetof(struct im_policy, article_access_token_ttl),
                            .refresh_ttl =
                                offsetof(struct im_policy, article_refresh_token_ttl),
                            .write_claims = write_article_claims,
                            .write_response = write_article_response},
};

const struct im_dialect *im_dialect(enum im_dialect_id id)
{
    return &dialects[id];
}
