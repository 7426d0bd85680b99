/* Hosts, ports and users of requests to a forward proxy. Strict: a host that two readers
 * could take for different ones must not decide whether something is passed on. */
#include "http/proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/error.h"

/* ---- a host and its port ---- */

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '.';
}

/* Of labels that are not empty. Underscores are no part of a host name (RFC 952), but
 * Compose makes names with them. */
static bool is_name(struct im_str host)
{
    char before = '.';

    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_char(host.at[i]) || (host.at[i] == '.' && before == '.'))
            return false;
        before = host.at[i];
    }
    return host.len && host.len <= IM_HOST_MAX && before != '.';
}

static bool is_v6(struct im_str host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (host.len >= sizeof(text))
        return false;
    snprintf(text, sizeof(text), "%.*s", IM_ARG(host));
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* Would the system's resolver take it for an address, though it is no decimal one (0x7f.1, 127.1,
 * 2130706433)? A name never ends in a label that is a number (URL Standard, "ends in a number"). */
static bool is_odd_address(struct im_str host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    struct im_str last = host;
    bool number = true;

    while (im_str_has(last, '.'))
        im_str_cut(&last, '.');
    bool hex = im_str_eq_nocase(im_str_slice(last, 0, 2), IM_STR("0x"));
    for (size_t i = hex ? 2 : 0; i < last.len; i++) {
        int digit = im_hex_digit(last.at[i]);
        number = number && digit >= 0 && (hex || digit < 10);
    }
    if (!number)
        return false;
    snprintf(text, sizeof(text), "%.*s", IM_ARG(im_str_front(host, sizeof(text) - 1)));
    return host.len >= sizeof(text) || inet_pton(AF_INET, text, &address) != 1;
}

static bool read_port(struct im_str text, int *port)
{
    int64_t number;

    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    if (text.len > 5 || !im_str_int(text, &number) || number < 1 || number > 65535)
        return false;
    *port = (int)number;
    return true;
}

bool im_authority_part_read(struct im_str text, int default_port,
                            struct im_authority_part *part, struct im_error *err)
{
    struct im_str shown = im_str_front(text, 100), port;

    *part = (struct im_authority_part){.port = default_port};
    part->v6 = im_str_starts(text, "[");
    if (part->v6)
        text = im_str_slice(text, 1, text.len);
    size_t end = im_str_find(text, part->v6 ? ']' : ':');
    part->host = im_str_slice(text, 0, end);
    port = im_str_slice(text, part->v6 ? end + 1 : end, text.len);
    if (im_str_ends(part->host, "."))
        part->host.len--;
    if (part->v6 ? end == text.len || !is_v6(part->host)
                 : !is_name(part->host) || is_odd_address(part->host))
        return im_error_set(err,
                            "\"%.*s\" names no host: it is NAME:PORT, IPv4:PORT or "
                            "[IPv6]:PORT",
                            IM_ARG(shown));
    if (!port.len && default_port)
        return true;
    if (!im_str_starts(port, ":") ||
        !read_port(im_str_slice(port, 1, port.len), &part->port))
        return im_error_set(err, "\"%.*s\" has no port from 1 to 65535 behind its host",
                            IM_ARG(shown));
    return true;
}

/* ---- which hosts ---- */

static bool pattern_matches(struct im_str pattern, struct im_str host)
{
    if (!im_str_starts(pattern, "*."))
        return im_str_eq_nocase(pattern, host);
    struct im_str domain = im_str_slice(pattern, 1, pattern.len); /* ".example.org" */
    return host.len > domain.len &&
           im_str_eq_nocase(im_str_slice(host, host.len - domain.len, host.len), domain);
}

bool im_hosts_match(struct im_str patterns, struct im_str host)
{
    if (im_str_ends(host, "."))
        host.len--;
    while (patterns.len)
        if (pattern_matches(im_str_trim(im_str_cut(&patterns, ',')), host))
            return true;
    return false;
}

const char *im_hosts_flaw(struct im_str patterns)
{
    if (!im_str_trim(patterns).len)
        return "it names no host";
    while (patterns.len) {
        struct im_str one = im_str_trim(im_str_cut(&patterns, ','));
        struct im_str name =
            im_str_starts(one, "*.") ? im_str_slice(one, 2, one.len) : one;
        if (!is_name(name) && !is_v6(name))
            return "hosts are names without scheme, port or path, such as "
                   "api.intacct.com; several are separated by commas, and *. may stand "
                   "in "
                   "front";
    }
    return NULL;
}

bool im_host_is_loopback(struct im_str host)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;

    if (im_str_eq_nocase(host, IM_STR("localhost")) ||
        pattern_matches(IM_STR("*.localhost"), host))
        return true;
    if (host.len >= sizeof(text))
        return false;
    snprintf(text, sizeof(text), "%.*s", IM_ARG(host));
    if (inet_pton(AF_INET, text, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* ---- who asks ---- */

/* Clients percent-encode a user of a URL, and decode it again before they send it. */
bool im_proxy_user(struct im_str header, struct im_arena *arena, struct im_str *user,
                   struct im_error *err)
{
    struct im_str rest = im_str_trim(header);
    struct im_str scheme = im_str_cut(&rest, ' '), pair;

    if (!im_str_eq_nocase(scheme, IM_STR("Basic")))
        return im_error_set(err, "Proxy-Authorization is not Basic");
    if (!im_base64_decode(arena, im_str_trim(rest), &pair))
        return im_error_set(err,
                            "what Proxy-Authorization has behind Basic is not base64");
    *user = im_str_cut(&pair, ':');
    return user->len || im_error_set(err, "Proxy-Authorization names no user");
}
