#include "scenario/member.h"

enum { SHOWN_MAX = 60 }; /* bytes of what was written, in an error */

bool im_member_wrong(const struct im_json *member, const char *wanted,
                     struct im_error *err)
{
    struct im_str name = im_str_front(member->name, SHOWN_MAX);
    struct im_str text = im_str_front(member->text, SHOWN_MAX);

    switch (member->type) {
    case IM_JSON_STRING:
        return im_error_set(err, "\"%.*s\" must be %s, not \"%.*s\"", IM_ARG(name),
                            wanted, IM_ARG(text));
    case IM_JSON_NUMBER:
        return im_error_set(err, "\"%.*s\" must be %s, not %.*s", IM_ARG(name), wanted,
                            IM_ARG(text));
    case IM_JSON_BOOL:
        return im_error_set(err, "\"%.*s\" must be %s, not %s", IM_ARG(name), wanted,
                            member->boolean ? "true" : "false");
    default:
        return im_error_set(err, "\"%.*s\" must be %s, not %s", IM_ARG(name), wanted,
                            im_json_type_name(member->type));
    }
}

bool im_member_whole(const struct im_json *member, int64_t least, int64_t *value,
                     struct im_error *err)
{
    char wanted[64] = "";
    struct im_buf buf;

    if (member->type == IM_JSON_NUMBER && member->is_whole && member->whole >= least) {
        *value = member->whole;
        return true;
    }
    im_buf_init_fixed(&buf, wanted, sizeof(wanted));
    im_buf_addz(&buf, "a whole number");
    if (least > INT64_MIN)
        im_buf_addf(&buf, ", %lld or more", (long long)least);
    return im_member_wrong(member, wanted, err);
}

bool im_member_text(const struct im_json *member, struct im_arena *arena,
                    struct im_str *value, struct im_error *err)
{
    if (member->type != IM_JSON_STRING || !member->text.len)
        return im_member_wrong(member, "a string with something in it", err);
    *value = im_arena_copy(arena, member->text);
    return value->at || im_error_set(err, "reading \"%.*s\": out of memory",
                                     IM_ARG(im_str_front(member->name, SHOWN_MAX)));
}

/* Distances are told of short words only: of long ones (sentences) the front decides. */
struct im_str im_member_hint(struct im_arena *arena, struct im_str word,
                             const struct im_str *candidates, size_t n)
{
    struct im_str *fronts = IM_ARENA_ARRAY(arena, struct im_str, n);

    if (!fronts)
        return IM_STR("");
    for (size_t i = 0; i < n; i++)
        fronts[i] = im_str_front(candidates[i], SHOWN_MAX);
    int nearest = im_str_nearest(im_str_front(word, SHOWN_MAX), fronts, n);
    if (nearest < 0)
        return IM_STR("");
    return im_arena_format(arena, "; did you mean \"%.*s\"?",
                           IM_ARG(candidates[nearest]));
}
