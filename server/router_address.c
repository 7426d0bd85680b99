/* The address by which a request came: which sandbox it means (by its path, its client id, or the token
 * it presents), and what the client takes for our own address, for issuer and links: that of
 * --public-url, of a proxy (RFC 7239), or of its Host (RFC 9110 section 7.2). */
#include <string.h>

#include "http/form.h"
#include "oauth/credentials.h"
#include "router_parts.h"

/* ---- which sandbox ---- */

#define BOX_PREFIX "/s/"

/* "/s/NAME/ia/…" → NAME; path and base URL then are those of that sandbox. The URL keeps NAME as it was
 * sent, since clients compare the issuer with the URL that they have. */
static struct im_str path_cut_sandbox(struct im_request *req)
{
    struct im_str rest = im_str_slice(req->path, strlen(BOX_PREFIX), req->path.len);
    size_t end = im_str_find(rest, '/');
    struct im_str name = im_str_slice(rest, 0, end), decoded;

    req->path = end < rest.len ? im_str_slice(rest, end, rest.len) : IM_STR("/");
    req->base_url = IM_ARENA_JOIN(req->arena, req->base_url, IM_STR(BOX_PREFIX), name);
    return im_url_decode(req->arena, name, false, &decoded) ? decoded : name;
}

/* Base URLs that cannot carry a path: the client id names the sandbox, or what is presented was
 * handed out there. */
static struct im_sandbox *box_of_credentials(struct im_sandboxes *sandboxes,
                                             struct im_request *req, struct im_error *err)
{
    const struct im_credentials *credentials = im_credentials(req);
    struct im_sandbox *owner;

    if (credentials->sandbox.len)
        return im_sandboxes_touch(sandboxes, credentials->sandbox, err);
    owner = atomic_load(&sandboxes->count)
                ? im_sandboxes_owner(sandboxes, req->arena, credentials->token)
                : NULL;
    return owner ? owner : sandboxes->standard;
}

/* A client that comes through a proxy has named its sandbox there. */
static struct im_sandbox *find_by_proxy(struct im_sandboxes *sandboxes,
                                        const struct im_request *req,
                                        struct im_error *err)
{
    if (!req->sandbox_must_be)
        return im_sandboxes_touch(sandboxes, req->sandbox, err);
    struct im_sandbox *box = im_sandboxes_find(sandboxes, req->sandbox);
    if (!box)
        im_error_set(err, "the sandbox %.*s, which this proxy port is for, is gone",
                     IM_ARG(req->sandbox));
    return box;
}

struct im_sandbox *im_find_box(struct im_sandboxes *sandboxes, struct im_request *req,
                               struct im_error *err)
{
    if (im_str_starts(req->path, BOX_PREFIX))
        return im_sandboxes_touch(sandboxes, path_cut_sandbox(req), err);
    if (req->sandbox.len)
        return find_by_proxy(sandboxes, req, err);
    return box_of_credentials(sandboxes, req, err);
}

/* ---- our own address ---- */

static bool char_is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool text_is_made_of(struct im_str text, const char *marks)
{
    for (size_t i = 0; i < text.len; i++)
        if (!char_is_alnum(text.at[i]) && (!text.at[i] || !strchr(marks, text.at[i])))
            return false;
    return text.len < 256;
}

static bool text_is_host(struct im_str host)
{
    return host.len > 0 && text_is_made_of(host, ".-:[]_");
}

/* What a proxy in front of us says that its client asked for. Where several proxies are in a row,
 * the first that wrote is the one that the client meets. */
struct forwarded {
    struct im_str proto, host, prefix;
};

/* 'host="a:1";proto=https, for=…' (RFC 7239) */
static void forwarded_read(struct im_str text, struct forwarded *forwarded)
{
    struct im_str first = im_str_cut(&text, ',');

    while (first.len) {
        struct im_str value = im_str_cut(&first, ';');
        struct im_str name = im_str_trim(im_str_cut(&value, '='));
        value = im_str_trim(value);
        if (value.len >= 2 && value.at[0] == '"' && im_str_ends(value, "\""))
            value = im_str_slice(value, 1, value.len - 1);
        if (im_str_eq_nocase(name, IM_STR("proto")))
            forwarded->proto = value;
        else if (im_str_eq_nocase(name, IM_STR("host")))
            forwarded->host = value;
    }
}

static struct im_str header_first_value(const struct im_request *req, const char *header)
{
    struct im_str values = im_request_header(req, header);

    return im_str_trim(im_str_cut(&values, ','));
}

/* "/mock/a". Other characters would change the meaning of an address that begins with it. */
static bool text_is_prefix(struct im_str prefix)
{
    return prefix.len > 1 && prefix.at[0] == '/' && prefix.at[1] != '/' &&
           text_is_made_of(prefix, "._~-/");
}

/* Forwarded is the standard, X-Forwarded-* what most proxies send; only the latter has a prefix.
 * A value that is unsound counts as not sent: a client may have written it. */
static struct forwarded forwarded_find(const struct im_request *req)
{
    struct forwarded found = {.proto = header_first_value(req, "x-forwarded-proto"),
                              .host = header_first_value(req, "x-forwarded-host"),
                              .prefix = header_first_value(req, "x-forwarded-prefix")};

    forwarded_read(im_request_header(req, "forwarded"), &found);
    while (im_str_ends(found.prefix, "/"))
        found.prefix.len--;
    if (!im_str_is(found.proto, "http") && !im_str_is(found.proto, "https"))
        found.proto.len = 0;
    if (!text_is_host(found.host))
        found.host.len = 0;
    if (!text_is_prefix(found.prefix))
        found.prefix.len = 0;
    return found;
}

struct im_str im_server_url(const struct im_sandboxes *sandboxes,
                            const struct im_request *req)
{
    const struct im_settings *settings = &sandboxes->settings;
    struct im_str host = im_request_header(req, "host");
    struct forwarded forwarded = {.host = {NULL, 0}};

    /* a client that comes through our own proxy means Sage's address, not ours */
    bool intercepted = req->in_tunnel || (req->at_proxy && req->form != IM_TARGET_ORIGIN);
    if (settings->public_url.len && !intercepted)
        return settings->public_url;
    if (settings->trust_proxy)
        forwarded = forwarded_find(req);
    if (!forwarded.proto.len)
        forwarded.proto = req->tls ? IM_STR("https") : IM_STR("http");
    if (forwarded.host.len)
        host = forwarded.host;
    if (!text_is_host(host))
        return req->local_base;
    return IM_ARENA_JOIN(req->arena, forwarded.proto, IM_STR("://"), host,
                         forwarded.prefix);
}

/* "https://Mock.example:443/x" → "Mock.example": the default port is the same as none. */
static struct im_str url_authority(struct im_str url)
{
    bool tls = im_str_starts(url, "https://");
    struct im_str rest = im_url_authority(url);

    if (im_str_ends(rest, tls ? ":443" : ":80"))
        rest.len -= tls ? 4 : 3;
    return rest;
}

/* A request that came through a proxy came by another address on purpose. */
static bool came_by_proxy(const struct im_request *req)
{
    return im_request_header(req, "forwarded").len || im_request_header(req, "via").len ||
           im_request_header(req, "x-forwarded-host").len ||
           im_request_header(req, "x-forwarded-for").len;
}

void im_warn_of_public_url(struct im_sandboxes *sandboxes, const struct im_request *req)
{
    const struct im_settings *settings = &sandboxes->settings;
    struct im_str host = im_request_header(req, "host");

    if (!settings->public_url.len || req->in_tunnel || req->at_proxy ||
        atomic_load(&sandboxes->host_warned) || !text_is_host(host) || came_by_proxy(req))
        return;
    struct im_str asked = im_arena_format(req->arena, "%s://%.*s",
                                          req->tls ? "https" : "http", IM_ARG(host));
    if (im_str_eq_nocase(url_authority(asked), url_authority(settings->public_url)) ||
        atomic_exchange(&sandboxes->host_warned, true) ||
        !im_log_wants(&settings->log, IM_LOG_WARN))
        return;
    const struct im_log_field fields[] = {
        {"asked_for", asked},
        {"public_url", settings->public_url},
        {"why",
         IM_STR("issuer and links lead to --public-url, which may be no address of "
                "this client's; give it the one that clients use, or leave it out")},
        {NULL, {NULL, 0}}};
    im_log_line(&settings->log, IM_LOG_WARN, im_clock_real_ms(),
                "a client came by another address than --public-url", fields);
}

#define SAGES_HOST "api.intacct.com"

/* The article's own sample mistypes the host, and a proxy or hosts file may carry that here. */
void im_note_host(struct im_request *req)
{
    struct im_str host = im_request_header(req, "host");
    struct im_str name = im_str_slice(host, 0, im_str_find(host, ':'));

    if (name.len + 2 >= strlen(SAGES_HOST) && name.len <= strlen(SAGES_HOST) + 2 &&
        !im_str_is(name, SAGES_HOST) && im_str_distance(name, IM_STR(SAGES_HOST)) <= 2)
        im_note(req, CAUSE_HOST_MISSPELLED, "Host says \"%.*s\"; Sage's is " SAGES_HOST,
                IM_ARG(name));
}
