/* What a stream of events remembers between its pieces. */
#ifndef IM_CONTROL_EVENTS_H
#define IM_CONTROL_EVENTS_H

#include "sandbox.h"

enum {
    IM_EVENTS_SILENCE_MS = 15000
}; /* after so much of it the peer is told that we live */

/* One stream. Lifetime: from the answer to its stream_end, in the request's memory. */
struct im_events {
    struct im_sandboxes *sandboxes;
    struct im_sandbox *box;
    struct im_response *res;
    struct im_journal_filter filter; /* since: the last one that was sent */
    struct im_journal_watch watch;   /* tells when there is more */
    int64_t spoke_ms;                /* monotonic: when the peer last heard of us */
};

#endif
