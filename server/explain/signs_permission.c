/* Signs in what else the same user asked for: a permission that is missing for one action, one
 * object, or, where nothing is allowed, for all. */
#include "explain/match.h"

/* "…/objects/accounts-payable/vendor", without a record's key. */
static struct im_str object_of(struct im_str path)
{
    size_t at = im_str_find_nocase(path, "/objects/");
    struct im_str rest = im_str_slice(path, at + 9, path.len), whole = rest;

    if (at == path.len)
        return (struct im_str){NULL, 0};
    im_str_cut(&rest, '/');
    struct im_str name = im_str_cut(&rest, '/');
    return im_str_slice(whole, 0, (size_t)(name.at ? name.at - whole.at : 0) + name.len);
}

void im_signs_of_permissions(struct im_ranking *ranking)
{
    struct im_observed *one = ranking->one;
    struct im_str object = object_of(one->req.path);
    size_t allowed = 0, refused = 0;

    if (one->status != 403 || !im_is_api(one))
        return;
    for (size_t i = 0; i < ranking->trace->count; i++) {
        struct im_observed *other = ranking->trace->items[i];
        if (!im_is_api(other) || other == one ||
            !im_may_be_one_owner(&one->owner, &other->owner))
            continue;
        bool same = object.len && im_str_eq(object, object_of(other->req.path));
        allowed += im_is_success(other);
        refused += other->status == 403 && !same;
        if (im_is_success(other) && same &&
            !im_str_eq(other->req.method, one->req.method))
            im_sign(ranking, CAUSE_PERMISSION_ACTION_DENIED, IM_SIGN_STRONG,
                    "%.*s of the same object succeeds (no. %zu), %.*s does not",
                    IM_ARG(im_trace_quote_method(ranking->trace, other->req.method)),
                    other->number,
                    IM_ARG(im_trace_quote_method(ranking->trace, one->req.method)));
    }
    /* what the same user is allowed tells a missing role from a missing permission */
    if (allowed)
        im_sign(ranking, CAUSE_PERMISSION_OBJECT_DENIED, IM_SIGN_GOOD,
                "%zu other calls succeed", allowed);
    if (allowed)
        im_sign_against(ranking, CAUSE_PERMISSION_ROLE_MISSING, IM_SIGN_GOOD,
                        "other calls succeed");
    else if (refused)
        im_sign(ranking, CAUSE_PERMISSION_ROLE_MISSING, IM_SIGN_GOOD,
                "%zu calls of other objects are refused too", refused);
}
