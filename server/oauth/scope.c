/* What was asked for and what is granted (RFC 6749 section 3.3), and what a refresh
 * may ask for again (section 6). Which scopes there are is the dialect's affair,
 * which the client may have the directory's. */
#include "oauth/scope.h"

static void add_scope(struct im_buf *list, struct im_str word)
{
    if (im_str_in_list(im_buf_str(list), word))
        return;
    im_buf_addz(list, list->len ? " " : "");
    im_buf_add(list, word);
}

static enum im_cause scope_judge(const struct im_scope_ask *ask, struct im_str word)
{
    if (!im_dialect_knows_scope(ask->dialect, word))
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
    struct im_str why = {0};
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
        why = first ? why : text;
        first = first ? first : cause;
    }
    *granted = im_buf_str(&list);
    /* where a grant without scopes is an ordinary one, narrowing may leave none */
    if (first && !granted->len && *ask->dialect->default_scope)
        return im_refuse(req, first, "%.*s, and no other was asked for", IM_ARG(why));
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
