/* What was handed out: listing it, and minting a token that is right, or wrong in one way. */
#include <string.h>

#include "base/crypto.h"
#include "control/control.h"
#include "directory/account.h"
#include "oauth/token_refusal.h"
#include "scenario/world.h"

/* ---- the list ---- */

struct listing {
    struct im_json_out *out;
    int64_t now_ms;
};

static const char *state_of(const struct im_token *token, int64_t now_ms)
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

static bool write_token(void *context, const struct im_token *token)
{
    struct listing *listing = context;
    struct im_json_out *out = listing->out;
    struct im_arena *arena = out->buf->arena;

    im_json_open_object(out, NULL);
    im_json_strz(out, "kind", im_token_kind_name(token->kind));
    im_json_strz(out, "state", state_of(token, listing->now_ms));
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
    im_json_str(out, "fingerprint", im_fingerprint_of(arena, token->digest));
    im_json_close_object(out);
    return true;
}

static void answer_tokens(struct im_call *call)
{
    struct im_authority *authority = im_sandbox_enter(call->box);
    struct listing listing = {&call->out, im_clock_now_ms(&authority->clock)};

    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_json_open_array(&call->out, "tokens");
    im_authority_each_token(authority, listing.now_ms, write_token, &listing);
    im_json_close_array(&call->out);
    im_json_close_object(&call->out);
    im_sandbox_leave(call->box);
}

/* ---- minting ---- */

struct mint {
    struct im_str user, client_id, scopes, entity;
    enum im_flaw flaw;
    enum im_dialect_id dialect;
    int64_t ttl_ms;
};

static const char *flaw_word(size_t index)
{
    return index <= IM_FLAW_MALFORMED ? im_flaw_name((enum im_flaw)index) : NULL;
}

static const struct im_json_names flaws = {.name = "Flaw",
                                           .what = "flaw",
                                           .word = flaw_word};

#define MINT(member) IM_READ_INTO(struct mint, member)

static const struct im_json_row mint_rows[] = {
    {"user", IM_READ_TEXT, IM_READ_REQUIRED, MINT(user), .about = "USER@COMPANY"},
    {"client_id", IM_READ_TEXT, IM_READ_REQUIRED, MINT(client_id)},
    {"scopes", IM_READ_TEXT, MINT(scopes), .about = "separated by spaces"},
    {"ttl", IM_READ_DURATION, MINT(ttl_ms), .min = 1, .max = INT64_MAX,
     .about = "how long it lives; for an expired token say \"flaw\": \"expired\""},
    {"flaw", IM_READ_WORD, MINT(flaw), .names = &flaws,
     .about = "in which one way it is wrong"},
    {"dialect", IM_READ_WORD, MINT(dialect), .words = "rest|article"},
    {"entity", IM_READ_TEXT, MINT(entity)},
};
static const struct im_json_table mint_table = {.name = "Mint",
                                                IM_READ_ROWS(mint_rows),
                                                .size = sizeof(struct mint)};

/* Minting goes past every rule but one: who the token is for must exist. */
static bool read_issue(struct im_call *call, struct im_authority *authority,
                       const struct mint *mint, struct im_issue *issue)
{
    struct im_account account = im_account_read(mint->user);
    struct im_client client;
    struct im_user user;

    issue->user = account.user;
    issue->company = account.company;
    if (!im_directory_user(authority->directory, issue->company, issue->user, &user)) {
        im_control_refuse(
            call, 400, "user",
            "there is no user \"%.*s\"; write USER@COMPANY, such as ws_user@acme",
            IM_ARG(im_str_slice(mint->user, 0, 60)));
        return false;
    }
    if (!im_directory_client(authority->directory, mint->client_id, &client)) {
        im_control_refuse(call, 400, "client_id", "there is no client \"%.*s\"%s",
                          IM_ARG(im_str_slice(mint->client_id, 0, 60)),
                          im_directory_hint(authority->directory, IM_CLIENTS, IM_STR(""),
                                            mint->client_id)
                              .text);
        return false;
    }
    issue->grant_type = IM_STR("client_credentials");
    issue->client_id = mint->client_id;
    issue->entity = mint->entity.len ? mint->entity : account.entity;
    issue->scopes = mint->scopes.len ? mint->scopes
                                     : im_str(im_dialect(issue->dialect)->default_scope);
    issue->ttl_ms = mint->ttl_ms;
    issue->with_refresh = true;
    issue->issuer = call->req->base_url;
    return true;
}

static void mint_token(struct im_call *call, struct im_authority *authority,
                       const struct mint *mint)
{
    struct im_issue issue = {.dialect = mint->dialect, .flaw = mint->flaw};
    struct im_issued issued;
    struct im_error err;
    int64_t now_ms = im_clock_now_ms(&authority->clock);

    if (!read_issue(call, authority, mint, &issue))
        return;
    if (!im_authority_issue(authority, call->req->arena, now_ms, &issue, &issued, &err)) {
        im_control_refuse(call, 500, NULL, "%s", err.text);
        return;
    }
    im_control_begin(call, 200);
    im_json_open_object(&call->out, NULL);
    im_dialect(issue.dialect)->write_response(&call->out, &issued);
    im_json_close_object(&call->out);
}

static void answer_mint(struct im_call *call)
{
    mint_token(call, im_sandbox_enter(call->box), call->params);
    im_sandbox_leave(call->box);
}

const struct im_control_route im_control_token_routes[] = {
    {"GET", "/sandboxes/{name}/tokens", answer_tokens, false, "every token handed out",
     NULL},
    {"POST", "/sandboxes/{name}/tokens", answer_mint, false,
     "mint one, right or with a flaw", &mint_table},
};
const size_t im_control_token_route_count =
    sizeof(im_control_token_routes) / sizeof(im_control_token_routes[0]);
