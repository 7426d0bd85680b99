/* One check for all places that ask whether a user may work here: the steps, and which
 * places take them in which order; see eligibility.h. The steps read the principal, which
 * was looked up once: all of them judge the same state of the directory. */
#include "directory/eligibility.h"

#include "http/redact.h"

struct eligibility_check {
    struct im_directory *directory;
    struct im_arena *arena;
    const struct im_eligibility *asked;
    const struct im_principal *principal;
    struct im_str *evidence;
};

typedef enum im_cause check_step(const struct eligibility_check *c);

#define BECAUSE(check, cause, ...)                                                       \
    (*(check)->evidence = im_arena_format((check)->arena, __VA_ARGS__), (cause))

/* A token names company and user by itself, so its bearer cannot put a mistake in them
 * right: the API has causes of its own for it. */
static bool asked_by_api(const struct eligibility_check *c)
{
    return c->asked->place == IM_ELIGIBLE_TO_CALL;
}

/* ---- the client by itself ---- */

static enum im_cause check_client(const struct eligibility_check *c)
{
    const struct im_client *client = &c->principal->client;

    if (!client->id.at)
        return BECAUSE(c, CAUSE_CLIENT_INACTIVE, "client %.*s does not exist any more",
                       IM_ARG(c->asked->client_id));
    if (!client->active)
        return BECAUSE(c, CAUSE_CLIENT_INACTIVE, "client %.*s is inactive",
                       IM_ARG(client->id));
    return CAUSE_NONE;
}

/* ---- the company, and what it allows the client ---- */

/* What was typed is redacted: a secret may stand in the wrong field. */
static enum im_cause explain_company(const struct eligibility_check *c)
{
    struct im_str id = c->asked->company,
                  shown =
                      im_redact_quote(im_directory_secrets(c->directory), c->arena, id);

    if (asked_by_api(c))
        return BECAUSE(c, CAUSE_TOKEN_WRONG_COMPANY,
                       "the token is for company %.*s, which does not exist here",
                       IM_ARG(id));
    struct im_near_miss near =
        im_directory_near(c->directory, c->arena, IM_COMPANIES, id, id);
    if (near.how)
        return BECAUSE(c, CAUSE_COMPANY_UNKNOWN,
                       "there is no company \"%.*s\"; the company is \"%.*s\": %s",
                       IM_ARG(shown), IM_ARG(near.right), near.how);
    return BECAUSE(c, CAUSE_COMPANY_UNKNOWN, "there is no company \"%.*s\"%s",
                   IM_ARG(shown),
                   im_directory_hint(c->directory, IM_COMPANIES, id, id).text);
}

static enum im_cause check_company(const struct eligibility_check *c)
{
    const struct im_company *company = &c->principal->company;

    if (!company->id.at)
        return explain_company(c);
    if (!company->active)
        return BECAUSE(c, CAUSE_COMPANY_INACTIVE, "company %.*s is inactive",
                       IM_ARG(company->id));
    return CAUSE_NONE;
}

static enum im_cause check_environment(const struct eligibility_check *c)
{
    const struct im_client *client = &c->principal->client;
    const struct im_company *company = &c->principal->company;
    const char *key = client->production ? "production" : "non-production";

    if (client->production == company->production)
        return CAUSE_NONE;
    if (asked_by_api(c))
        return BECAUSE(c, CAUSE_TOKEN_WRONG_ENVIRONMENT,
                       "client %.*s has a %s key, and company %.*s is a %s company",
                       IM_ARG(client->id), key, IM_ARG(company->id),
                       company->production ? "production" : "non-production");
    return BECAUSE(c, CAUSE_CLIENT_WRONG_ENVIRONMENT,
                   "client %.*s has a %s key, company %.*s is a %s company",
                   IM_ARG(client->id), key, IM_ARG(company->id),
                   company->production ? "production" : "sandbox");
}

/* The sender id is the application's at Sage; a client of a scenario may have none. */
static enum im_cause check_sender(const struct eligibility_check *c)
{
    const struct im_client *client = &c->principal->client;
    const struct im_company *company = &c->principal->company;

    if (!client->sender_id.len || im_list_has(company->senders, client->sender_id))
        return CAUSE_NONE;
    return BECAUSE(c, CAUSE_SENDER_NOT_AUTHORIZED,
                   "sender id %.*s of client %.*s is not among the Web Services "
                   "authorizations of company %.*s",
                   IM_ARG(client->sender_id), IM_ARG(client->id), IM_ARG(company->id));
}

static enum im_cause check_authorized(const struct eligibility_check *c)
{
    const struct im_client *client = &c->principal->client;
    const struct im_company *company = &c->principal->company;

    if (im_list_has(company->clients, client->id))
        return CAUSE_NONE;
    return BECAUSE(c,
                   asked_by_api(c) ? CAUSE_APP_NOT_AUTHORIZED_BY_ADMIN
                                   : CAUSE_CLIENT_NOT_AUTHORIZED_BY_COMPANY,
                   "client %.*s is not among the %s client applications of company %.*s",
                   IM_ARG(client->id), asked_by_api(c) ? "Authorized" : "authorized",
                   IM_ARG(company->id));
}

static enum im_cause check_subscription(const struct eligibility_check *c)
{
    if (c->principal->company.web_services)
        return CAUSE_NONE;
    return BECAUSE(c, CAUSE_WEB_SERVICES_OFF,
                   "company %.*s does not subscribe to Web Services",
                   IM_ARG(c->principal->company.id));
}

/* ---- the user ---- */

static enum im_cause explain_user(const struct eligibility_check *c)
{
    struct im_user other;
    struct im_str id = c->asked->user, company = c->principal->company.id;
    struct im_str shown =
        im_redact_quote(im_directory_secrets(c->directory), c->arena, id);

    if (asked_by_api(c))
        return BECAUSE(c, CAUSE_TOKEN_WRONG_COMPANY,
                       "the token is for user %.*s, whom company %.*s does not have",
                       IM_ARG(id), IM_ARG(company));
    /* a cause of its own, since field reports name it: ids are compared exactly */
    if (im_directory_user_nocase(c->directory, company, id, &other)) {
        if (c->asked->place == IM_ELIGIBLE_TO_SIGN_IN)
            return BECAUSE(c, CAUSE_USER_WRONG_CASE,
                           "company %.*s has no user \"%.*s\", but \"%.*s\": user ids "
                           "are case-sensitive",
                           IM_ARG(company), IM_ARG(shown), IM_ARG(other.id));
        return BECAUSE(c, CAUSE_USER_WRONG_CASE,
                       "username \"%.*s@%.*s\" differs only in case from \"%.*s\"",
                       IM_ARG(shown), IM_ARG(company), IM_ARG(other.id));
    }
    struct im_near_miss near =
        im_directory_near(c->directory, c->arena, IM_USERS, company, id);
    if (near.how)
        return BECAUSE(c, CAUSE_USER_UNKNOWN,
                       "company %.*s has no user \"%.*s\"; the user is \"%.*s\": %s",
                       IM_ARG(company), IM_ARG(shown), IM_ARG(near.right), near.how);
    return BECAUSE(c, CAUSE_USER_UNKNOWN, "company %.*s has no user \"%.*s\"%s",
                   IM_ARG(company), IM_ARG(shown),
                   im_directory_hint(c->directory, IM_USERS, company, id).text);
}

static enum im_cause check_user(const struct eligibility_check *c)
{
    const struct im_user *user = &c->principal->user;
    struct im_str company = asked_by_api(c) ? IM_STR("") : user->company;
    const char *at = asked_by_api(c) ? "" : "@";

    if (!user->id.at)
        return explain_user(c);
    if (!user->active)
        return BECAUSE(c, CAUSE_USER_INACTIVE, "user %.*s%s%.*s is inactive",
                       IM_ARG(user->id), at, IM_ARG(company));
    if (user->locked)
        return BECAUSE(c, CAUSE_USER_LOCKED, "user %.*s%s%.*s is locked",
                       IM_ARG(user->id), at, IM_ARG(company));
    if (c->asked->needs_web_services_user && !user->web_services)
        return BECAUSE(c, CAUSE_USER_NOT_WEB_SERVICES,
                       "user %.*s@%.*s is an ordinary user, not a Web Services user",
                       IM_ARG(user->id), IM_ARG(company));
    return CAUSE_NONE;
}

/* Only whether the entity exists: whether the user may enter it is refused by the API, and
 * tokens are minted all the same. */
static enum im_cause check_entity(const struct eligibility_check *c)
{
    struct im_str entity = c->principal->entity;
    const struct im_company *company = &c->principal->company;

    if (!entity.len || im_list_has(company->entities, entity))
        return CAUSE_NONE;
    return BECAUSE(
        c, CAUSE_ENTITY_UNKNOWN, "company %.*s has no entity \"%.*s\"%s",
        IM_ARG(company->id),
        IM_ARG(im_redact_quote(im_directory_secrets(c->directory), c->arena, entity)),
        im_hint_or_all(entity, company->entities.items, company->entities.count).text);
}

/* ---- the places ----
 * What each asks, in its order; the first step that fails counts. */

#define GRANT_STEPS                                                                      \
    check_company, check_environment, check_sender, check_authorized,                    \
        check_subscription, check_user, check_entity

enum { STEPS_MAX = 9 }; /* with the NULL that ends each row */
static check_step *const places[][STEPS_MAX] = {
    [IM_ELIGIBLE_FOR_GRANT] = {GRANT_STEPS},
    [IM_ELIGIBLE_STILL] = {check_client, GRANT_STEPS},
    [IM_ELIGIBLE_TO_CALL] = {check_client, check_company, check_environment, check_user,
                             check_authorized},
    [IM_ELIGIBLE_TO_SIGN_IN] = {check_company, check_user},
};

enum im_cause im_eligibility_check(struct im_directory *directory, struct im_arena *arena,
                                   const struct im_eligibility *asked,
                                   const struct im_principal *principal,
                                   struct im_str *evidence)
{
    const struct eligibility_check c = {directory, arena, asked, principal, evidence};
    enum im_cause cause = CAUSE_NONE;

    for (check_step *const *step = places[asked->place]; !cause && *step; step++)
        cause = (*step)(&c);
    return cause;
}
