/* What a test does to the tokens of a sandbox: they reach their end, are revoked, are minted right or
 * wrong in one way. Ending is an effect of scenario/world.c, as a rule of a scenario has it. */
#include "directory/account.h"
#include "oauth/dialect.h"
#include "operations.h"

/* ---- ending ---- */

enum { TOKEN_KINDS = 3 };
static const char *const expiries[TOKEN_KINDS] = {"expire-access-token",
                                                  "expire-refresh-token", "expire-code"};
static const char *const revocations[TOKEN_KINDS] = {
    "revoke-access-token", "revoke-refresh-token", "revoke-code"};

#define END_TOKENS(member) IM_READ_INTO(struct im_end_tokens, member)

static const struct im_json_row end_tokens_rows[] = {
    {"kind", IM_READ_WORD, IM_READ_REQUIRED, END_TOKENS(kind),
     .words = "access|refresh|code|all"},
    {"token", IM_READ_TEXT, END_TOKENS(token),
     .about = "this one only: its text or its fingerprint"},
    {"client_id", IM_READ_TEXT, END_TOKENS(client_id)},
    {"user", IM_READ_TEXT, END_TOKENS(user),
     .about = "USER@COMPANY; without @ of every company"},
};
const struct im_json_table im_end_tokens_table = {.name = "EndTokens",
                                                  IM_READ_ROWS(end_tokens_rows),
                                                  .size = sizeof(struct im_end_tokens)};

static bool tokens_end(struct im_sandbox *box, const struct im_end_tokens *params,
                       const char *const effects[TOKEN_KINDS], size_t *affected,
                       struct im_problem *problem)
{
    struct im_effect_args args = {.token = params->token, .client_id = params->client_id};
    unsigned given = params->user.len ? IM_ARG_USER : 0U;

    *affected = 0;
    if (!im_sandbox_read_user(params->user, &args, problem))
        return false;
    /* one effect for each kind, as rules of scenarios have them */
    for (int i = 0; i < TOKEN_KINDS; i++)
        if ((params->kind == i || params->kind == TOKEN_KINDS) &&
            !im_sandbox_apply(box, effects[i], &args, given, affected, problem))
            return false;
    return true;
}

bool im_sandbox_expire(struct im_sandbox *box, const struct im_end_tokens *params,
                       size_t *affected, struct im_problem *problem)
{
    return tokens_end(box, params, expiries, affected, problem);
}

bool im_sandbox_revoke(struct im_sandbox *box, const struct im_end_tokens *params,
                       size_t *affected, struct im_problem *problem)
{
    return tokens_end(box, params, revocations, affected, problem);
}

/* ---- minting ---- */

static const char *flaw_word(size_t index)
{
    return index <= IM_FLAW_MALFORMED ? im_flaw_name((enum im_flaw)index) : NULL;
}

static const struct im_json_names flaw_names = {.name = "Flaw",
                                                .what = "flaw",
                                                .word = flaw_word};

#define MINT(member) IM_READ_INTO(struct im_mint, member)

static const struct im_json_row mint_rows[] = {
    {"user", IM_READ_TEXT, IM_READ_REQUIRED, MINT(user), .about = "USER@COMPANY"},
    {"client_id", IM_READ_TEXT, IM_READ_REQUIRED, MINT(client_id)},
    {"scopes", IM_READ_TEXT, MINT(scopes), .about = "separated by spaces"},
    {"ttl", IM_READ_DURATION, MINT(ttl_ms), .min = 1, .max = INT64_MAX,
     .about = "how long it lives; for an expired token say \"flaw\": \"expired\""},
    {"flaw", IM_READ_WORD, MINT(flaw), .names = &flaw_names,
     .about = "in which one way it is wrong"},
    {"dialect", IM_READ_WORD, MINT(dialect), .words = "rest|article"},
    {"entity", IM_READ_TEXT, MINT(entity)},
};
const struct im_json_table im_mint_table = {.name = "Mint",
                                            IM_READ_ROWS(mint_rows),
                                            .size = sizeof(struct im_mint)};

/* A token for a user or client that does not exist would be refused for that, not for the flaw that was
 * asked for. */
static bool mint_is_possible(struct im_authority *authority, const struct im_mint *params,
                             const struct im_account *account, struct im_problem *problem)
{
    struct im_client client;
    struct im_user user;

    problem->field = "user";
    if (!im_directory_user(authority->directory, account->company, account->user, &user))
        return im_error_set(&problem->err, "there is no user \"%.*s\"%s",
                            IM_ARG(im_str_front(params->user, 60)),
                            im_directory_hint(authority->directory, IM_USERS,
                                              account->company, account->user)
                                .text);
    problem->field = "client_id";
    if (!im_directory_client(authority->directory, params->client_id, &client))
        return im_error_set(&problem->err, "there is no client \"%.*s\"%s",
                            IM_ARG(im_str_front(params->client_id, 60)),
                            im_directory_hint(authority->directory, IM_CLIENTS,
                                              IM_STR(""), params->client_id)
                                .text);
    problem->field = "ttl";
    if (params->ttl_ms < 0 || params->ttl_ms > IM_DURATION_MAX)
        return im_error_set(&problem->err,
                            "\"ttl\" must be 1ms to 100000d, not %lldms; for an expired "
                            "token take the flaw \"expired\"",
                            (long long)params->ttl_ms);
    problem->field = NULL;
    return true;
}

bool im_sandbox_mint(struct im_sandbox *box, const struct im_mint *params,
                     struct im_arena *arena, struct im_buf *response,
                     struct im_problem *problem)
{
    const struct im_dialect *dialect = im_dialect(params->dialect);
    struct im_authority *authority = im_sandbox_enter(box);
    struct im_account account = im_account_read(params->user);
    const struct im_issue issue = {
        .dialect = params->dialect,
        .flaw = params->flaw,
        /* the grant that needs no person: minting supersedes no other connection of the user */
        .grant_type = IM_STR("client_credentials"),
        .client_id = params->client_id,
        .user = account.user,
        .company = account.company,
        .entity = params->entity.len ? params->entity : account.entity,
        .scopes = params->scopes.len ? params->scopes : im_str(dialect->default_scope),
        .ttl_ms = params->ttl_ms,
        .with_refresh = true,
        .issuer = params->issuer,
    };
    struct im_issued issued;
    struct im_json_out out;
    bool done = mint_is_possible(authority, params, &account, problem);

    if (done && !im_authority_issue(authority, arena, im_clock_now_ms(&authority->clock),
                                    &issue, &issued, &problem->err)) {
        im_error_of(&problem->err, IM_ERROR_INTERNAL); /* what is asked for is possible */
        done = false;
    }
    im_sandbox_leave(
        box); /* what was issued is in the arena, so writing it needs no lock */
    if (!done)
        return false;
    im_json_out_init(&out, response);
    im_json_open_object(&out, NULL);
    dialect->write_response(&out, &issued);
    im_json_close_object(&out);
    return true;
}
