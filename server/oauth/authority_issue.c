/* Minting: what is to be issued → claims → signed text (RFC 7515) → remembered under
 * its digest. Tokens that are wrong on purpose take the same way, with one step done
 * wrong. */
#include <string.h>

#include "base/crypto.h"
#include "oauth/authority.h"

enum {
    SESSION_LEN = 56, /* observed in a REST access token */
    JTI_LEN = 22,     /* more than 128 bits, in letters and digits */
    PAYLOAD_MAX = 16 * 1024
};
#define HOUR_MS      INT64_C(3600000)
#define WRONG_ISSUER "https://issuer.invalid"

/* One call of im_authority_issue… under way. */
struct minting {
    struct im_authority *authority;
    struct im_arena *arena;
    const struct im_issue *issue;
    const struct im_dialect *dialect;
    struct im_policy policy;
    struct im_eval_context eval;
    struct im_error *err;
};

static void mint_init(struct minting *mint, struct im_authority *authority,
                      struct im_arena *arena, int64_t now_ms,
                      const struct im_issue *issue)
{
    *mint = (struct minting){.authority = authority,
                             .arena = arena,
                             .issue = issue,
                             .dialect = im_dialect(issue->dialect),
                             .policy = im_authority_policy(authority)};
    mint->eval = (struct im_eval_context){now_ms, &mint->policy};
}

/* Lifetimes are members of the policy that the dialect's row names by their offset. */
static int64_t ttl_of(const struct minting *mint, size_t offset)
{
    int64_t ttl_ms;

    memcpy(&ttl_ms, (const unsigned char *)&mint->policy + offset, sizeof(ttl_ms));
    return ttl_ms;
}

static int64_t access_ttl(const struct minting *mint)
{
    return mint->issue->ttl_ms ? mint->issue->ttl_ms
                               : ttl_of(mint, mint->dialect->access_ttl);
}

/* ---- the attributes ---- */

/* An entity's key is its place in the company's list (a guess; the objects agree). */
static struct im_str key_of_entity(struct im_arena *arena,
                                   const struct im_company *company, struct im_str entity)
{
    for (size_t i = 0; entity.len && i < company->entities.count; i++)
        if (im_str_eq(company->entities.items[i], entity))
            return im_arena_format(arena, "%zu", i + 1);
    return IM_STR("");
}

/* What all tokens of this issue have in common. Unknown users and companies have no
 * keys. */
static struct im_token common_attributes(const struct minting *mint)
{
    const struct im_issue *issue = mint->issue;
    const struct im_principal *principal = issue->principal;
    struct im_principal found = {.entity = issue->entity};

    if (!principal || !principal->user.id.at) {
        im_directory_principal(mint->authority->directory, IM_STR(""), issue->company,
                               issue->user, &found);
        principal = &found;
    }
    return (struct im_token){
        .dialect = issue->dialect,
        .grant_type = issue->grant_type,
        .client_id = issue->client_id,
        .user = issue->user,
        .company = issue->company,
        .entity = issue->entity,
        .scopes =
            issue->scopes.len ? issue->scopes : im_str(mint->dialect->default_scope),
        .user_key = principal->user.key,
        .company_key = principal->company.key,
        .entity_key = key_of_entity(mint->arena, &principal->company, issue->entity),
        .issued_ms = mint->eval.now_ms,
        .not_before_ms = mint->eval.now_ms,
        .key_generation = im_keys_generation(mint->authority->keys),
    };
}

static struct im_str draw_jti(const struct minting *mint)
{
    struct im_rng *rng = &mint->authority->rng;

    if (mint->issue->dialect == IM_DIALECT_ARTICLE)
        return im_rng_uuid(rng, "jti", mint->arena);
    return im_rng_text(rng, "jti", mint->arena, JTI_LEN);
}

/* The flaws that lie in the attributes; the others are made when the token is signed. */
static void apply_flaw(const struct minting *mint, struct im_token *token)
{
    int64_t ttl_ms = access_ttl(mint), skew_ms = mint->policy.skew;

    if (mint->issue->flaw == IM_FLAW_EXPIRED)
        token->issued_ms = mint->eval.now_ms - skew_ms - ttl_ms - 60000;
    if (mint->issue->flaw == IM_FLAW_NOT_YET_VALID)
        token->issued_ms = mint->eval.now_ms + skew_ms + HOUR_MS;
    if (mint->issue->flaw == IM_FLAW_WRONG_COMPANY) {
        /* a company that does not exist; the user named with it is of another one */
        token->company = IM_STR("another-company");
        token->company_key = IM_STR("999999");
    }
}

/* ---- the texts ---- */

static struct im_str payload_of(const struct minting *mint, const struct im_token *token)
{
    struct im_str issuer = im_str(mint->dialect->issuer);
    struct im_json_out out;
    struct im_buf buf;

    if (!issuer.len)
        issuer = mint->issue->issuer;
    if (mint->issue->flaw == IM_FLAW_WRONG_ISSUER && token->kind == IM_TOKEN_ACCESS)
        issuer = IM_STR(WRONG_ISSUER);
    im_buf_init(&buf, mint->arena, PAYLOAD_MAX);
    im_json_out_init(&out, &buf);
    im_json_open_object(&out, NULL);
    mint->dialect->write_claims(&out, token, issuer);
    im_json_close_object(&out);
    return buf.failed ? (struct im_str){NULL, 0} : im_buf_str(&buf);
}

static bool too_large(const struct minting *mint)
{
    return im_error_set(mint->err,
                        "writing the claims of a token: out of memory, or more than "
                        "%d bytes of them",
                        PAYLOAD_MAX);
}

/* Signs it and takes its digest. A code is an HS256 JWT in both dialects: documented for
 * Intacct, whose is the only sample. */
static struct im_str token_sign(const struct minting *mint, struct im_token *token)
{
    bool code = token->kind == IM_TOKEN_CODE;
    struct im_str payload = payload_of(mint, token), text = {NULL, 0};

    if (!payload.len)
        too_large(mint);
    else
        text = im_jwt_sign(mint->authority->keys, mint->arena,
                           code ? IM_JWT_HS256 : mint->dialect->alg,
                           !code && mint->dialect->header_kid, payload, mint->err);
    if (text.len)
        im_sha256(text, token->digest);
    return text;
}

/* ---- tokens that are wrong on purpose ---- */

static const char *const flaw_names[] = {
    [IM_FLAW_NONE] = "none",
    [IM_FLAW_EXPIRED] = "expired",
    [IM_FLAW_NOT_YET_VALID] = "not-yet-valid",
    [IM_FLAW_BAD_SIGNATURE] = "bad-signature",
    [IM_FLAW_UNKNOWN_KEY] = "unknown-key",
    [IM_FLAW_WRONG_ISSUER] = "wrong-issuer",
    [IM_FLAW_WRONG_COMPANY] = "wrong-company",
    [IM_FLAW_WRONG_ALGORITHM] = "wrong-algorithm",
    [IM_FLAW_MALFORMED] = "malformed",
};

const char *im_flaw_name(enum im_flaw flaw)
{
    return flaw_names[flaw];
}

/* Another character in the middle of the signature: still base64url, no longer ours. */
static struct im_str flaw_tamper(struct im_arena *arena, struct im_str token)
{
    size_t at = token.len - 10;
    const char *other = token.at[at] == 'A' ? "B" : "A";

    return im_arena_format(arena, "%.*s%s%.*s", (int)at, token.at, other, 9,
                           token.at + at + 1);
}

/* RFC 7519 section 6: "alg":"none" and nothing behind the last dot. */
static struct im_str flaw_unsign(struct im_arena *arena, struct im_str token)
{
    static const char header[] = "{\"alg\":\"none\",\"typ\":\"JWT\"}";
    struct im_str coded = im_base64url(arena, header, sizeof(header) - 1);
    struct im_str rest = token;

    im_str_cut(&rest, '.');
    struct im_str payload = im_str_cut(&rest, '.');
    return im_arena_format(arena, "%.*s.%.*s.", IM_ARG(coded), IM_ARG(payload));
}

/* The access token as the client gets it. */
static struct im_str token_sign_flawed(const struct minting *mint, struct im_token *token)
{
    struct im_str text = {NULL, 0}, payload;

    if (mint->issue->flaw == IM_FLAW_UNKNOWN_KEY) {
        payload = payload_of(mint, token);
        return payload.len
                   ? im_jwt_sign_with_unknown_key(mint->authority->keys, mint->arena,
                                                  mint->dialect->alg, payload, mint->err)
                   : payload;
    }
    text = token_sign(mint, token);
    if (!text.len)
        return text;
    switch (mint->issue->flaw) {
    case IM_FLAW_BAD_SIGNATURE: return flaw_tamper(mint->arena, text);
    case IM_FLAW_WRONG_ALGORITHM: return flaw_unsign(mint->arena, text);
    case IM_FLAW_MALFORMED: return im_str_slice(text, 0, text.len / 3);
    default: return text;
    }
}

/* Could these bytes have been issued in earnest? Then the store remembers them, since the
 * bearer check judges what it remembers; the others it must find out by taking apart. */
static bool is_genuine(enum im_flaw flaw)
{
    return flaw == IM_FLAW_NONE || flaw == IM_FLAW_EXPIRED ||
           flaw == IM_FLAW_NOT_YET_VALID || flaw == IM_FLAW_WRONG_COMPANY;
}

/* ---- the id_token ---- */

/* OpenID Connect Core section 2. Discovery says RS256; the claims besides the standard
 * ones are a guess. */
static struct im_str make_id_token(const struct minting *mint,
                                   const struct im_token *access)
{
    struct im_json_out out;
    struct im_buf buf;

    im_buf_init(&buf, mint->arena, PAYLOAD_MAX);
    im_json_out_init(&out, &buf);
    im_json_open_object(&out, NULL);
    im_json_str(&out, "iss", mint->issue->issuer);
    im_json_str(&out, "sub", access->user_key);
    im_json_str(&out, "aud", access->client_id);
    im_json_int(&out, "exp", access->expires_ms / 1000);
    im_json_int(&out, "iat", access->issued_ms / 1000);
    if (mint->issue->auth_time_s)
        im_json_int(&out, "auth_time", mint->issue->auth_time_s);
    if (mint->issue->nonce.len)
        im_json_str(&out, "nonce", mint->issue->nonce);
    im_json_str(&out, "cnyId", access->company);
    im_json_str(&out, "userId", access->user);
    im_json_close_object(&out);
    if (buf.failed) {
        too_large(mint);
        return (struct im_str){NULL, 0};
    }
    return im_jwt_sign(mint->authority->keys, mint->arena, IM_JWT_RS256, true,
                       im_buf_str(&buf), mint->err);
}

/* ---- the three ways of issuing ---- */

/* Under rotation `keep` no new token is made: the text that was presented goes back. */
static bool mint_refresh(const struct minting *mint, struct im_token_batch *batch,
                         struct im_issued *issued)
{
    int64_t ttl_ms = ttl_of(mint, mint->dialect->refresh_ttl);
    struct im_str keep = mint->issue->keep_refresh;
    struct im_token kept;

    if (!mint->issue->with_refresh)
        return true;
    if (keep.len) { /* it lives as long as it would have */
        if (im_authority_find(mint->authority, mint->arena, keep, mint->eval.now_ms,
                              &kept))
            ttl_ms = kept.expires_ms - mint->eval.now_ms;
        issued->refresh_token = keep;
        issued->refresh_expires_in_s = ttl_ms / 1000;
        return true;
    }
    struct im_token *refresh = &batch->items[batch->count++];
    *refresh = common_attributes(mint);
    refresh->kind = IM_TOKEN_REFRESH;
    refresh->expires_ms = refresh->issued_ms + ttl_ms;
    refresh->jti = draw_jti(mint);
    issued->refresh_token = token_sign(mint, refresh);
    issued->refresh_expires_in_s = ttl_ms / 1000;
    return issued->refresh_token.len;
}

static bool mint_access(const struct minting *mint, struct im_token_batch *batch,
                        struct im_issued *issued)
{
    struct im_token *access = &batch->items[batch->count];

    *access = common_attributes(mint);
    access->kind = IM_TOKEN_ACCESS;
    apply_flaw(mint, access);
    access->not_before_ms = access->issued_ms;
    access->expires_ms = access->issued_ms + access_ttl(mint);
    access->session = mint->issue->session;
    if (!access->session.len)
        access->session =
            im_rng_text(&mint->authority->rng, "session", mint->arena, SESSION_LEN);
    if (mint->issue->dialect == IM_DIALECT_ARTICLE)
        access->jti = draw_jti(mint);
    issued->access_token = token_sign_flawed(mint, access);
    issued->expires_in_s = access_ttl(mint) / 1000;
    if (is_genuine(mint->issue->flaw))
        issued->fingerprint =
            im_fingerprint_of(mint->authority->secrets, mint->arena, access->digest);
    issued->scopes = access->scopes;
    issued->user_key = access->user_key;
    if (issued->access_token.len && mint->issue->with_id_token) {
        issued->id_token = make_id_token(mint, access);
        if (!issued->id_token.len)
            return false;
    }
    /* otherwise the next token takes its place in the batch: it is not remembered */
    batch->count += is_genuine(mint->issue->flaw);
    return issued->access_token.len;
}

static bool remember_batch(const struct minting *mint, struct im_token_batch *batch,
                           struct im_issued *issued)
{
    if (mint->arena->failed)
        return im_error_no_memory(mint->err, "minting a token");
    if (!batch->count)
        return true;
    issued->grant = im_tokens_add(mint->authority->tokens, batch, &mint->eval, mint->err);
    batch->count = 0;
    return issued->grant;
}

bool im_authority_issue(struct im_authority *authority, struct im_arena *arena,
                        int64_t now_ms, const struct im_issue *issue,
                        struct im_issued *issued, struct im_error *err)
{
    struct minting mint;
    struct im_token_batch batch = {.grant = issue->grant};

    mint_init(&mint, authority, arena, now_ms, issue);
    mint.err = err;
    batch.session_expires_ms = now_ms + mint.policy.session_ttl;
    *issued = (struct im_issued){.grant = issue->grant};
    if (!mint_access(&mint, &batch, issued))
        return false;
    /* its grant is one of the other company, so it cannot share that of the refresh token */
    if (issue->flaw == IM_FLAW_WRONG_COMPANY && !remember_batch(&mint, &batch, issued))
        return false;
    return mint_refresh(&mint, &batch, issued) && remember_batch(&mint, &batch, issued);
}

struct im_str im_authority_issue_code(struct im_authority *authority,
                                      struct im_arena *arena, int64_t now_ms,
                                      const struct im_issue *issue, struct im_error *err)
{
    struct im_token_batch batch = {.count = 1};
    struct im_token *code = &batch.items[0];
    struct minting mint;

    mint_init(&mint, authority, arena, now_ms, issue);
    mint.err = err;
    *code = common_attributes(&mint);
    code->kind = IM_TOKEN_CODE;
    code->expires_ms = now_ms + mint.policy.code_ttl;
    code->redirect_uri = issue->redirect_uri;
    code->challenge = issue->challenge;
    code->challenge_plain = issue->challenge_plain;
    code->nonce = issue->nonce;
    code->auth_time_s = issue->auth_time_s;
    code->jti = draw_jti(&mint);
    struct im_str text = token_sign(&mint, code);
    if (!text.len || !im_tokens_add(authority->tokens, &batch, &mint.eval, err))
        return (struct im_str){NULL, 0};
    return text;
}
