#include "directory/eligibility.h"

#include "base/sanitize.h"

struct check {
    struct im_directory *directory;
    struct im_arena *arena;
    const struct im_eligibility *who;
    struct im_company company;
    struct im_user user;
    struct im_str *evidence;
};

#define BECAUSE(check, cause, ...)                                                       \
    (*(check)->evidence = im_arena_format((check)->arena, __VA_ARGS__), (cause))

static enum im_cause check_company(struct check *c)
{
    struct im_str id = c->who->company;
    struct im_str shown = im_sanitize(c->arena, id);
    if (im_directory_company(c->directory, id, &c->company)) {
        if (c->company.active)
            return CAUSE_NONE;
        return BECAUSE(c, CAUSE_COMPANY_INACTIVE, "company %.*s is inactive", IM_ARG(id));
    }
    if (im_directory_company(c->directory, im_str_trim(id), &c->company))
        return BECAUSE(c, CAUSE_COMPANY_UNKNOWN,
                       "company id \"%.*s\" has white space at an end", IM_ARG(shown));
    return BECAUSE(c, CAUSE_COMPANY_UNKNOWN, "there is no company \"%.*s\"",
                   IM_ARG(shown));
}

/* What the company has to say about the client. */
static enum im_cause check_client(struct check *c)
{
    const struct im_client *client = c->who->client;
    struct im_str company = c->company.id;
    if (client->production != c->company.production)
        return BECAUSE(c, CAUSE_CLIENT_WRONG_ENVIRONMENT,
                       "client %.*s has a %s key, company %.*s is a %s company",
                       IM_ARG(client->id),
                       client->production ? "production" : "non-production",
                       IM_ARG(company), c->company.production ? "production" : "sandbox");
    if (client->sender_id.len && !im_list_has(c->company.senders, client->sender_id))
        return BECAUSE(c, CAUSE_SENDER_NOT_AUTHORIZED,
                       "sender id %.*s of client %.*s is not among the Web Services "
                       "authorizations of company %.*s",
                       IM_ARG(client->sender_id), IM_ARG(client->id), IM_ARG(company));
    if (!im_list_has(c->company.clients, client->id))
        return BECAUSE(
            c, CAUSE_CLIENT_NOT_AUTHORIZED_BY_COMPANY,
            "client %.*s is not among the authorized client applications of company "
            "%.*s",
            IM_ARG(client->id), IM_ARG(company));
    if (!c->company.web_services)
        return BECAUSE(c, CAUSE_WEB_SERVICES_OFF,
                       "company %.*s does not subscribe to Web Services",
                       IM_ARG(company));
    return CAUSE_NONE;
}

static enum im_cause explain_user(struct check *c)
{
    struct im_str id = c->who->user, company = c->company.id;
    struct im_str shown = im_sanitize(c->arena, id);
    struct im_user *other = &c->user;
    if (im_directory_user_nocase(c->directory, company, id, other))
        return BECAUSE(c, CAUSE_USER_WRONG_CASE,
                       "username \"%.*s@%.*s\" differs only in case from \"%.*s\"",
                       IM_ARG(shown), IM_ARG(company), IM_ARG(other->id));
    if (im_directory_user(c->directory, company, im_str_trim(id), other))
        return BECAUSE(c, CAUSE_USER_UNKNOWN,
                       "user id \"%.*s\" has white space at an end", IM_ARG(shown));
    return BECAUSE(c, CAUSE_USER_UNKNOWN, "company %.*s has no user \"%.*s\"",
                   IM_ARG(company), IM_ARG(shown));
}

static enum im_cause check_user(struct check *c)
{
    struct im_user *user = &c->user;
    struct im_str company = c->company.id;
    if (!im_directory_user(c->directory, company, c->who->user, user))
        return explain_user(c);
    if (!user->active)
        return BECAUSE(c, CAUSE_USER_INACTIVE, "user %.*s@%.*s is inactive",
                       IM_ARG(user->id), IM_ARG(company));
    if (user->locked)
        return BECAUSE(c, CAUSE_USER_LOCKED, "user %.*s@%.*s is locked", IM_ARG(user->id),
                       IM_ARG(company));
    if (c->who->needs_web_services_user && !user->web_services)
        return BECAUSE(c, CAUSE_USER_NOT_WEB_SERVICES,
                       "user %.*s@%.*s is an ordinary user, not a Web Services user",
                       IM_ARG(user->id), IM_ARG(company));
    return CAUSE_NONE;
}

/* Whether the user may enter it is for the API to say: tokens are minted all the same. */
static enum im_cause check_entity(struct check *c)
{
    struct im_str entity = c->who->entity;
    if (!entity.len || im_list_has(c->company.entities, entity))
        return CAUSE_NONE;
    return BECAUSE(c, CAUSE_ENTITY_UNKNOWN, "company %.*s has no entity \"%.*s\"",
                   IM_ARG(c->company.id), IM_ARG(im_sanitize(c->arena, entity)));
}

enum im_cause im_eligibility_check(struct im_directory *directory, struct im_arena *arena,
                                   const struct im_eligibility *who,
                                   struct im_str *evidence)
{
    struct check c = {
        .directory = directory, .arena = arena, .who = who, .evidence = evidence};
    enum im_cause cause = check_company(&c);
    if (!cause)
        cause = check_client(&c);
    if (!cause)
        cause = check_user(&c);
    return cause ? cause : check_entity(&c);
}
