/* Taking a token apart (RFC 7515 section 5.2, steps 1 to 5). The errors tell what is
 * wrong with it and never show any of it. */
#include "base/crypto.h"
#include "oauth/jwt.h"

static const struct im_json *part_object(struct im_arena *arena, struct im_str part,
                                         const char *what, struct im_error *err)
{
    struct im_json_error where;
    struct im_str text;

    if (!part.len || !im_base64url_decode(arena, part, &text)) {
        im_error_set(err, "its %s is not base64url", what);
        return NULL;
    }
    const struct im_json *object = im_json_parse(arena, text, &where);
    if (!object)
        im_error_set(err, "its %s is not JSON: %s", what, where.what);
    else if (object->type != IM_JSON_OBJECT)
        im_error_set(err, "its %s is %s, not an object", what,
                     im_json_type_name(object->type));
    return object && object->type == IM_JSON_OBJECT ? object : NULL;
}

static size_t count_dots(struct im_str text)
{
    size_t dots = 0;

    for (size_t i = 0; i < text.len; i++)
        dots += text.at[i] == '.';
    return dots;
}

bool im_jwt_decode(struct im_arena *arena, struct im_str token, struct im_jwt *jwt,
                   struct im_error *err)
{
    struct im_str rest = token;

    *jwt = (struct im_jwt){0};
    if (count_dots(token) != 2)
        return im_error_set(err, "it is not three parts with dots between but %zu",
                            count_dots(token) + 1);
    struct im_str header = im_str_cut(&rest, '.');
    struct im_str payload = im_str_cut(&rest, '.');
    jwt->signing_input = im_str_slice(token, 0, header.len + 1 + payload.len);
    jwt->header = part_object(arena, header, "header", err);
    jwt->payload = jwt->header ? part_object(arena, payload, "payload", err) : NULL;
    if (!jwt->payload)
        return false;
    if (rest.len && !im_base64url_decode(arena, rest, &jwt->signature))
        return im_error_set(err, "its signature is not base64url");
    jwt->alg = im_json_get_str(jwt->header, "alg");
    jwt->kid = im_json_get_str(jwt->header, "kid");
    return true;
}
