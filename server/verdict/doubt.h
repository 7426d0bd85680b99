/* Why something cannot be told: what a client may have had a good reason for that does not show. */
#ifndef IM_VERDICT_DOUBT_H
#define IM_VERDICT_DOUBT_H

#include "verdict/judge.h"

enum im_doubt {
    IM_DOUBT_NONE,
    IM_DOUBT_SIGN_ONS,    /* the client signs on several times anyway */
    IM_DOUBT_NO_BASELINE, /* it is not known how often it does */
    IM_DOUBT_REFRESHES,   /* it refreshes anyway */
    IM_DOUBT_SAME_CALLS,  /* it makes the same call several times anyway */
    IM_DOUBT_WORKERS,     /* another worker of it may not have heard of the answer yet */
    IM_DOUBT_UNTOLD,      /* or need not have been told of it, in another process */
    IM_DOUBT_AHEAD,       /* the token lives no longer than tokens are renewed ahead */
    IM_DOUBT_RECORDS,     /* one more record is there, which need not be the same one */
    IM_DOUBT_RANDOM_GAPS, /* its pauses vary as random ones do */
    IM_DOUBT_ONE_GAP      /* the first repeat may come at once, and there was no other */
};

/* The sentence for a doubt: "cannot tell: CMD signs on 3 times; give each test a sandbox of its own". */
void im_doubt_say(const struct im_judge_options *options, enum im_doubt doubt,
                  struct im_buf *why);

#endif
