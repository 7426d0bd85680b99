/* How long a request is, and whether its headers may be believed (RFC 9112 sections 3.2,
 * 5 and 6). */
#ifndef IM_HTTP_FRAMING_H
#define IM_HTTP_FRAMING_H

#include "http/request.h"

enum { IM_HEADERS_SIZE_MAX = 16 * 1024 }; /* bytes of request line and headers together */

struct im_framing {
    bool chunked;
    int64_t length;    /* of the body by Content-Length; 0 without one */
    bool keep_alive;   /* the client would go on with this connection */
    bool takes_chunks; /* it knows the chunked transfer coding */
    bool expects_continue;
};

/* Reads it off the headers; version is "1.0" or "1.1". False with req->flaw and
 * req->flaw_text filled in. A length over IM_BODY_MAX is such a flaw. */
bool im_framing_read(struct im_request *req, struct im_str version,
                     struct im_framing *framing);
/* Does its body come as it is? False with the flaw when Content-Encoding says otherwise
 * (RFC 9110 section 8.4). */
bool im_request_is_plain(struct im_request *req);
/* Is the word one of a header's list with commas (RFC 9110 section 5.6.1), case folded? */
bool im_header_list_has(struct im_str list, struct im_str word);
/* Is it a token (RFC 9110 section 5.6.2)? False with the flaw. */
bool im_header_name_check(struct im_request *req, struct im_str name);
/* Sets the flaw and its evidence; returns false. The text is cut to 200 bytes and made
 * printable. */
bool im_request_refuse(struct im_request *req, enum im_request_flaw flaw,
                       const char *format, ...) IM_PRINTF(3, 4);

#endif
