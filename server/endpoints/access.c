/* The gate of the protected API behind the bearer check: which entity the call works
 * in, whether the user may be there, and whether module and roles allow what it asks
 * for. See access.h. */
#include "endpoints/access.h"

#include <string.h>

#include "oauth/bearer.h"

/* The spelling that is observed to work against the real server. */
#define ENTITY_HEADER "X-IA-API-Param-Entity"
/* The spelling that Sage's header page prints; whether the server takes it is not
 * known. */
#define ENTITY_HEADER_DOCUMENTED "X-IA-API-ParamEntity"

/* ---- the header that selects the entity, and those that only look like it ---- */

static bool resembles_entity_header(struct im_str name)
{
    /* Sage-Param-Entity is observed to be accepted and silently ignored. */
    static const struct im_str near[] = {
        IM_STR_INIT(ENTITY_HEADER),       IM_STR_INIT("Sage-Param-Entity"),
        IM_STR_INIT("X-IA-Param-Entity"), IM_STR_INIT("X-IA-Entity"),
        IM_STR_INIT("X-Entity-Id"),
    };
    if (!name.len || !strchr("XxSs", name.at[0])) /* distances are worked out for few */
        return false;
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        if (im_str_distance(name, near[i]) <= 2)
            return true;
    return false;
}

static void note_entity_header_ignored(struct im_request *req,
                                       const struct im_header *header,
                                       struct im_str applies)
{
    const char *reason =
        im_str_eq_nocase(header->name, IM_STR(ENTITY_HEADER_DOCUMENTED))
            ? "is the spelling of Sage's documentation, but nobody has shown that "
              "the server takes it"
            : "is not a header that the server knows";
    struct im_str scope =
        applies.len
            ? im_arena_format(req->arena, "the token's entity %.*s", IM_ARG(applies))
            : IM_STR("the top level: data of all entities");
    im_note(
        req, CAUSE_ENTITY_HEADER_IGNORED,
        "%.*s: %.*s %s; it is ignored and the call works at %.*s; %s is known to work",
        IM_ARG(im_quote(req, header->name)), IM_ARG(im_quote(req, header->value)), reason,
        IM_ARG(scope), ENTITY_HEADER);
}

/* An empty header selects nothing: clients clear it to work at the top level. */
struct im_str im_access_entity(const struct im_request *req, struct im_str tokens_own)
{
    struct im_str asked = im_request_header(req, ENTITY_HEADER);

    return asked.len ? asked : tokens_own;
}

/* ---- where ---- */

/* An entity that the company does not have and one that the user may not enter are one
 * cause; the evidence says which. */
static enum im_cause access_check_entity(struct im_request *req,
                                         const struct im_access *access)
{
    struct im_str entity = access->entity, shown = im_quote(req, entity),
                  company = access->principal.company.id;
    if (!im_list_has(access->principal.company.entities, entity))
        return im_refuse(req, CAUSE_PERMISSION_ENTITY_DENIED,
                         "company %.*s has no entity \"%.*s\"%s", IM_ARG(company),
                         IM_ARG(shown),
                         im_hint_or_all(entity, access->principal.company.entities.items,
                                        access->principal.company.entities.count)
                             .text);
    if (access->principal.user.entities.count &&
        !im_list_has(access->principal.user.entities, entity))
        return im_refuse(req, CAUSE_PERMISSION_ENTITY_DENIED,
                         "user %.*s may not enter entity %.*s", IM_ARG(access->who),
                         IM_ARG(shown));
    return CAUSE_NONE;
}

static enum im_cause access_check_place(struct im_request *req,
                                        const struct im_access *access)
{
    if (access->entity.len)
        return access_check_entity(req, access);
    if (access->principal.user.top_level)
        return CAUSE_NONE;
    return im_refuse(
        req, CAUSE_PERMISSION_COMPANY_DENIED,
        "user %.*s may not work at the top level of the company, and neither the "
        "token nor the header %s names an entity",
        IM_ARG(access->who), ENTITY_HEADER);
}

enum im_cause im_access_check(struct im_authority *authority, struct im_request *req,
                              enum im_dialect_id dialect, struct im_access *out)
{
    *out = (struct im_access){0};
    enum im_cause cause =
        im_bearer_check(authority, req, dialect, &out->token, &out->principal);
    /* recorded by the bearer check, like the token's entity */
    out->who = req->exchange->user;
    out->entity = im_access_entity(req, req->exchange->entity);
    req->exchange->entity = im_quote(req, out->entity);
    if (cause)
        return cause;
    /* similar headers do no harm where the right one is there */
    if (!im_request_header(req, ENTITY_HEADER).at)
        for (size_t i = 0; i < req->header_count; i++)
            if (resembles_entity_header(req->headers[i].name))
                note_entity_header_ignored(req, &req->headers[i], out->entity);
    return access_check_place(req, out);
}

/* ---- on what ---- */

static enum im_cause access_check_module(struct im_request *req,
                                         const struct im_access *access,
                                         const struct im_object_type *type)
{
    if (type->always_subscribed ||
        im_list_has(access->principal.company.modules, im_str(type->module)))
        return CAUSE_NONE;
    return im_refuse(req, CAUSE_MODULE_NOT_SUBSCRIBED,
                     "company %.*s does not subscribe to %s, which %s belongs to",
                     IM_ARG(access->principal.company.id), type->module, type->rest_name);
}

static struct im_str names_join(struct im_arena *arena, struct im_list list)
{
    struct im_buf buf;
    im_buf_init(&buf, arena, 0);
    for (size_t i = 0; i < list.count; i++) {
        im_buf_addz(&buf, i ? ", " : "");
        im_buf_add(&buf, list.items[i]);
    }
    return im_buf_str(&buf);
}

enum im_cause im_access_object(struct im_authority *authority, struct im_request *req,
                               const struct im_access *access,
                               const struct im_object_type *type, enum im_action action)
{
    struct im_str object = im_str(type->rest_name);
    req->exchange->object = object;
    enum im_cause cause = access_check_module(req, access, type);
    if (cause)
        return cause;
    const char *verb = im_action_name(action);
    struct im_str roles = names_join(req->arena, access->principal.user.roles);
    /* asked of the roles as they are now: a role may have changed since the token was issued */
    switch (im_directory_permit(authority->directory, &access->principal.user, object,
                                action)) {
    case IM_PERMIT_YES: return CAUSE_NONE;
    case IM_PERMIT_NO_ROLE:
        return im_refuse(req, CAUSE_PERMISSION_ROLE_MISSING,
                         "user %.*s has no role, so it may not %s %s",
                         IM_ARG(access->who), verb, type->rest_name);
    case IM_PERMIT_NO_OBJECT:
        return im_refuse(req, CAUSE_PERMISSION_OBJECT_DENIED,
                         "none of the roles of user %.*s (%.*s) says anything about %s",
                         IM_ARG(access->who), IM_ARG(roles), type->rest_name);
    case IM_PERMIT_NO_ACTION: break;
    }
    return im_refuse(
        req, CAUSE_PERMISSION_ACTION_DENIED,
        "the roles of user %.*s (%.*s) allow other actions on %s, but not to %s",
        IM_ARG(access->who), IM_ARG(roles), type->rest_name, verb);
}
