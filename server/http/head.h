/* The head of a request before it is parsed (RFC 9112 sections 2 to 5): where it ends,
 * and what in it is no part of HTTP. Text alone; nothing here knows a socket. */
#ifndef IM_HTTP_HEAD_H
#define IM_HTTP_HEAD_H

#include "http/framing.h"

/* How far bytes that come piece by piece have been looked at; all zero at first. */
struct im_head_scan {
    size_t at;    /* bytes seen */
    size_t begin; /* where the head begins: behind the one empty line that is ignored */
    size_t end;   /* behind its blank line; 0 = not there yet */
    bool wrong;   /* the byte at `at` cannot stand in a head: nothing more is looked at */
};

/* Looks at what has come since. True when there is something to decide: an end, a wrong
 * byte, or more than IM_HEADERS_SIZE_MAX bytes. */
bool im_head_look(struct im_head_scan *scan, struct im_str bytes);

/* Checks the head's lines. False with the flaw in req; *sound is the length of the lines
 * before the one that is wrong (0: the first is), which may still be parsed. */
bool im_head_check(struct im_request *req, const struct im_head_scan *scan,
                   struct im_str bytes, size_t *sound);
/* Splits the first line at its first two blanks, as far as it goes. */
void im_head_first_line(struct im_str line, struct im_str *method, struct im_str *target,
                        struct im_str *version);

#endif
