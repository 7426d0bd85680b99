/* The web pages, server/pages: what a browser is shown at /__mock/. Every page is the same document; the module
 * that it loads looks at the address, and asks the calls beside it. So the document and its parts say nothing of
 * any sandbox, and need no control token. */
#include <string.h>

#include "control/control.h"
#include "http/html.h"

static const char *page_media_type(struct im_str name)
{
    if (im_str_ends(name, ".css"))
        return "text/css; charset=utf-8";
    if (im_str_ends(name, ".js"))
        return "text/javascript; charset=utf-8";
    return im_str_ends(name, ".svg") ? "image/svg+xml" : "text/html; charset=utf-8";
}

static struct im_buf *page_begin(struct im_response *res, struct im_str name)
{
    struct im_buf *body = im_response_begin(res, 200, page_media_type(name));

    /* a program that is replaced by a newer one must not be shown by old modules */
    im_response_header(res, "Cache-Control", IM_STR("no-cache"));
    im_response_header(res, "X-Content-Type-Options", IM_STR("nosniff"));
    return body;
}

bool im_control_wants_page(const struct im_request *req)
{
    return im_str_glob(IM_STR("*text/html*"), im_request_header(req, "accept"));
}

/* The parts are named from where the page lies (`{root}`), for a proxy may have put it below a path of its own. */
void im_control_answer_page(struct im_call *call)
{
    struct im_str below = im_str_slice(call->req->path, strlen("/__mock"), SIZE_MAX);
    struct im_str name = IM_STR("page.html"), text = im_html_file(name);
    struct im_response *res = call->res;

    if (!below.len) {
        im_response_redirect(res, 302,
                             im_arena_format(call->req->arena, "%.*s/__mock/",
                                             IM_ARG(call->req->server_url)));
        return;
    }
    struct im_buf *body = page_begin(res, name);

    im_response_header(res, "Vary", IM_STR("Accept"));
    im_response_header(res, "Referrer-Policy", IM_STR("no-referrer"));
    /* what was sent by a client is shown here: nothing in it may become markup, script or style */
    im_response_header(
        res, "Content-Security-Policy",
        IM_STR("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
               "connect-src 'self'; base-uri 'none'; form-action 'none'; "
               "frame-ancestors 'none'; require-trusted-types-for 'script'"));
    while (text.len) {
        im_buf_add(body, im_str_cut(&text, '{'));
        for (size_t i = 1; text.len && i < below.len; i++)
            if (below.at[i] == '/')
                im_buf_addz(body, "../");
        im_str_cut(&text, '}');
    }
}

/* A person who opens the address of a sandbox wants to see what happens there. */
struct im_str im_control_page_for(const struct im_request *req)
{
    struct im_str path = req->path;
    struct im_arena *arena = req->arena;

    if (!im_str_is(req->method, "GET") || !req->control_url.len ||
        !im_control_wants_page(req))
        return IM_STR("");
    if (im_str_is(path, "/"))
        return im_arena_format(arena, "%.*s/__mock/", IM_ARG(req->control_url));
    if (!im_str_starts(path, "/s/"))
        return IM_STR("");
    struct im_str rest = im_str_slice(path, strlen("/s/"), path.len);
    struct im_str name = im_str_cut(&rest, '/');
    if (rest.len || !im_sandbox_name_is_sound(name))
        return IM_STR("");
    return im_arena_format(arena, "%.*s/__mock/?sandbox=%.*s", IM_ARG(req->control_url),
                           IM_ARG(name));
}

static void answer_file(struct im_call *call)
{
    struct im_str file = im_html_file(call->id);

    if (!file.at) {
        im_control_refuse(call, 404, NULL, "the pages have no file \"%.*s\"",
                          IM_ARG(im_str_front(call->id, 60)));
        return;
    }
    im_buf_add(page_begin(call->res, call->id), file);
}

void im_control_answer_icon(struct im_response *res)
{
    struct im_str name = IM_STR("favicon.svg");

    im_buf_add(page_begin(res, name), im_html_file(name));
}

const struct im_control_route im_control_page_routes[] = {
    {"GET", "/control", im_control_answer_page, true, "for a browser: clock, tokens, …",
     NULL},
    {"GET", "/explain", im_control_answer_page, true,
     "for a browser: the box to paste into", NULL},
    {"GET", "/pages/{id}", answer_file, true, "what the pages load", NULL},
};
const size_t im_control_page_route_count =
    sizeof(im_control_page_routes) / sizeof(im_control_page_routes[0]);
