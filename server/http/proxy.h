/* What a forward proxy reads of a request (RFC 9110 sections 7.3 and 9.3.6, RFC 9112 section
 * 3.2): which host it is for, whether that is one that we answer for, and who asks. Text
 * alone; nothing here knows a socket. */
#ifndef IM_HTTP_PROXY_H
#define IM_HTTP_PROXY_H

#include "base/arena.h"

/* Hosts that the proxy answers for when nobody says otherwise. */
#define IM_INTERCEPT_DEFAULT "api.intacct.com"
/* The host to which scenarios redirect clients that know this mock by no name of its own
 * (scenario/wire.c). It is answered here too, so that a journal shows what was sent there. */
#define IM_ELSEWHERE_HOST "elsewhere.invalid"

enum { IM_HOST_MAX = 253 /* of a DNS name, RFC 1035 section 3.1 */ };

/* "example.org:443", "[::1]:443" */
struct im_authority_part {
    struct im_str host; /* without brackets and without a last dot; a view */
    int port;
    bool v6;
};

/* Reads it; default_port 0 = the port must be there. False with what is wrong, to stand
 * behind "the target …". */
bool im_authority_part_read(struct im_str text, int default_port,
                            struct im_authority_part *part, struct im_error *err);
/* Is the host one of "api.intacct.com,*.example.org"? `*.` stands for one or more labels. */
bool im_hosts_match(struct im_str patterns, struct im_str host);
/* What is wrong with such a list; NULL when nothing is. */
const char *im_hosts_flaw(struct im_str patterns);
/* Does the name or address lead to the machine itself? localhost and what is below it (RFC
 * 6761 section 6.3), 127.0.0.0/8, ::1. */
bool im_host_is_loopback(struct im_str host);

/* The user name of a Proxy-Authorization header (RFC 7617): the sandbox. False with what is
 * wrong, which quotes nothing of the header: that may be a secret. Lifetime: the arena's. */
bool im_proxy_user(struct im_str header, struct im_arena *arena, struct im_str *user,
                   struct im_error *err);

#endif
