/* What a request says: its headers (names in any case, RFC 9110 section 5.1), the type of
 * its body (section 8.3), its query. */
#include "http/request.h"

size_t im_request_header_count(const struct im_request *req, const char *name)
{
    struct im_str wanted = im_str(name);
    size_t n = 0;

    for (size_t i = 0; i < req->header_count; i++)
        n += im_str_eq_nocase(req->headers[i].name, wanted);
    return n;
}

bool im_request_is(const struct im_request *req, const char *media_type)
{
    struct im_str rest = im_request_header(req, "Content-Type");

    return im_str_eq_nocase(im_str_trim(im_str_cut(&rest, ';')), im_str(media_type));
}

bool im_request_query(const struct im_request *req, struct im_params *params,
                      struct im_error *err)
{
    return im_params_parse_form(req->arena, req->query, params, err);
}

bool im_request_add_header(struct im_request *req, struct im_str name,
                           struct im_str value)
{
    if (req->header_count == IM_HEADERS_MAX)
        return false;
    value = im_str_trim(value);
    if (!value.at)
        value.at = ""; /* present though empty: at == NULL means absent */
    req->headers[req->header_count++] = (struct im_header){name, value};
    return true;
}

struct im_str im_url_authority(struct im_str url)
{
    struct im_str rest = im_str_slice(url, im_str_find(url, ':'), url.len);

    rest = im_str_starts(rest, "://") ? im_str_slice(rest, 3, rest.len) : url;
    return im_str_cut(&rest, '/');
}

struct im_str im_authority_host(struct im_str authority)
{
    if (im_str_starts(authority, "["))
        return im_str_slice(authority, 0, im_str_find(authority, ']') + 1);
    return im_str_slice(authority, 0, im_str_find(authority, ':'));
}
