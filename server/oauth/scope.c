/* Which scopes a dialect has, what was asked for and what is granted (RFC 6749 section
 * 3.3), what a refresh may ask for again (section 6), and what a scope allows. Which
 * scopes a client may have is in the directory. */
#include "oauth/scope.h"

#include "objects/objects.h"

bool im_scope_known(const struct im_dialect *dialect, struct im_str scope)
{
    struct im_str right = scope;

    if (dialect->id == IM_DIALECT_REST)
        return im_str_in_list(im_str(dialect->scopes), scope);
    if (im_str_is(scope, "full_access") || im_str_is(scope, "readonly"))
        return true;
    struct im_str name = im_str_cut(&right, ':');
    /* "Contract" stands in the scopes of the article's own token (legible there) */
    return (im_str_eq_nocase(name, IM_STR("full_access")) ||
            im_str_is(name, "Contract") || im_object_type_find_article(name)) &&
           im_str_in_list(IM_STR("read write rw action"), right);
}

/* Sage Accounting's words `full_access` and `readonly` (documented) speak of every
 * object; `rw` and `action` are the article's. That `action` opens neither reading nor
 * writing is a guess. */
static bool scope_allows(struct im_str scope, struct im_str object, bool writes)
{
    struct im_str right = scope;
    struct im_str name = im_str_cut(&right, ':');

    if (im_str_is(scope, "full_access"))
        return true;
    if (im_str_is(scope, "readonly"))
        return !writes;
    if (!im_str_eq_nocase(name, IM_STR("full_access")) && !im_str_eq_nocase(name, object))
        return false;
    return im_str_is(right, "rw") || im_str_is(right, writes ? "write" : "read");
}

bool im_scope_allows(const struct im_dialect *dialect, struct im_str granted,
                     struct im_str object, bool writes)
{
    if (dialect->id == IM_DIALECT_REST)
        return true;
    while (granted.len)
        if (scope_allows(im_str_cut(&granted, ' '), object, writes))
            return true;
    return false;
}

/* ---- granting ---- */

/* RFC 6749 section 3.3: order does not matter, so a scope named twice counts once. */
static void add_scope(struct im_buf *list, struct im_str word)
{
    if (im_str_in_list(im_buf_str(list), word))
        return;
    im_buf_addz(list, list->len ? " " : "");
    im_buf_add(list, word);
}

static enum im_cause scope_judge(const struct im_scope_ask *ask, struct im_str word)
{
    if (!im_scope_known(ask->dialect, word))
        return CAUSE_SCOPE_UNKNOWN;
    return im_list_has(ask->client->scopes, word) ? CAUSE_NONE : CAUSE_SCOPE_DENIED;
}

static struct im_str scope_explain(struct im_request *req, const struct im_scope_ask *ask,
                                   struct im_str word, enum im_cause cause)
{
    struct im_str shown = im_quote(req, word);
    if (cause == CAUSE_SCOPE_UNKNOWN)
        return im_arena_format(req->arena,
                               "there is no scope \"%.*s\" here; known are: %s",
                               IM_ARG(shown), ask->dialect->scopes);
    return im_arena_format(req->arena, "client %.*s may not ask for scope \"%.*s\"",
                           IM_ARG(ask->client->id), IM_ARG(shown));
}

enum im_cause im_scope_grant(struct im_request *req, const struct im_scope_ask *ask,
                             struct im_str *granted)
{
    struct im_str rest = im_str_trim(ask->asked);
    req->exchange->scope = im_quote(req, rest);
    *granted = im_str(ask->dialect->default_scope);
    if (!rest.len)
        return CAUSE_NONE;

    enum im_cause first = CAUSE_NONE;
    struct im_str reason = {0};
    struct im_buf list;
    im_buf_init(&list, req->arena, 0);
    while (rest.len) {
        struct im_str word = im_str_cut(&rest, ' ');
        enum im_cause cause = word.len ? scope_judge(ask, word) : CAUSE_NONE;
        if (!cause && word.len)
            add_scope(&list, word);
        if (!cause)
            continue;
        struct im_str text = scope_explain(req, ask, word, cause);
        if (ask->policy->scope_excess == IM_SCOPE_REFUSE)
            return im_refuse(req, cause, "%.*s", IM_ARG(text));
        im_note(req, cause, "%.*s; it was not granted", IM_ARG(text));
        reason = first ? reason : text;
        first = first ? first : cause;
    }
    *granted = im_buf_str(&list);
    /* where a grant without scopes is an ordinary one, narrowing may leave none */
    if (first && !granted->len && *ask->dialect->default_scope)
        return im_refuse(req, first, "%.*s, and no other was asked for", IM_ARG(reason));
    return CAUSE_NONE;
}

enum im_cause im_scope_keep(struct im_request *req, struct im_str asked,
                            struct im_str held, struct im_str *granted)
{
    struct im_str rest = im_str_trim(asked);
    req->exchange->scope = im_quote(req, rest);
    *granted = held;
    if (!rest.len)
        return CAUSE_NONE;

    struct im_buf list;
    im_buf_init(&list, req->arena, 0);
    while (rest.len) {
        struct im_str word = im_str_cut(&rest, ' ');
        if (!word.len)
            continue;
        if (!im_str_in_list(held, word))
            return im_refuse(
                req, CAUSE_SCOPE_DENIED,
                "a refresh cannot add scope \"%.*s\": this grant has \"%.*s\"",
                IM_ARG(im_quote(req, word)), IM_ARG(held));
        add_scope(&list, word);
    }
    *granted = im_buf_str(&list);
    return CAUSE_NONE;
}
