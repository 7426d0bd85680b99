/* What one line of a log tells of an exchange. Inside explain/. Lifetime: the arena's. */
#ifndef IM_EXPLAIN_LOG_PIECE_H
#define IM_EXPLAIN_LOG_PIECE_H

#include "explain/transport.h"

struct im_log_piece {
    struct im_str method, url, bearer, form, status_text;
    int status;
    bool has_time;
    int64_t at_ms;
    struct im_words words;
    struct im_str scheme; /* of an Authorization that is no Bearer */
    struct im_str body;   /* of an answer */
    bool echo;            /* does it only repeat what another line tells? */
    bool prose;           /* are its words those of a sentence? */
    bool in_passing;      /* may they be anybody's, and of no call? */
    bool object;          /* does an object of an HTTP library tell it? */
    const struct im_transport_words *ended; /* why no answer came; NULL = not told */
};

/* Is it an address, or a path of the API or of the application's callback? */
bool im_is_log_address(struct im_str word);
/* "//host/path", or the target alone where no host is told. */
struct im_str im_log_url_of(struct im_trace *trace, struct im_str host,
                            struct im_str target);
/* The host, with its port, of a line that is a header Host; empty = it is none. */
struct im_str im_log_host_line(struct im_str line);
/* Each looks in the line for its part, and fills that in. The status is looked for last: what it
 * stands beside is known then. */
void im_log_find_address(struct im_trace *trace, struct im_str line,
                         struct im_log_piece *piece);
void im_log_find_form(struct im_str line, struct im_log_piece *piece);
void im_log_find_authorization(struct im_str line, struct im_log_piece *piece);
void im_log_find_status(struct im_str line, struct im_log_piece *piece);
/* By its level, a line that tells of no failure. */
bool im_log_is_calm(struct im_str line);
/* A number of them is told: "invalid_grant count=0". */
bool im_log_counts(struct im_str line, const struct im_words *words);
/* Any word of failure, the level's among them. */
bool im_log_tells_failure(struct im_str line);

#endif
