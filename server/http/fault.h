/* The kinds of damage to the delivery of an answer: the closed vocabulary that scenarios,
 * journal and verdicts share. */
#ifndef IM_HTTP_FAULT_H
#define IM_HTTP_FAULT_H

#include <stdbool.h>

#include "base/str.h"

enum im_fault {
    IM_FAULT_NONE,
    IM_FAULT_DELAY,
    IM_FAULT_HOLD,
    IM_FAULT_BANDWIDTH,
    IM_FAULT_STALL,
    IM_FAULT_DROP,
    IM_FAULT_RESET,
    IM_FAULT_TRUNCATE,
    IM_FAULT_MALFORMED_JSON,
    IM_FAULT_WRONG_TYPE,
    IM_FAULT_HTML,
    IM_FAULT_STATUS,
    IM_FAULT_REDIRECT,
    /* of TLS: a connection has them, not a request; http/tls.c carries them out */
    IM_FAULT_TLS_EXPIRED,
    IM_FAULT_TLS_NOT_YET_VALID,
    IM_FAULT_TLS_WRONG_HOST,
    IM_FAULT_TLS_OLD_PROTOCOL,
    IM_FAULT_TLS_UNTRUSTED,
    IM_FAULT_TLS_ABORT,
    IM_FAULTS
};

const char *im_fault_name(enum im_fault fault);  /* "malformed-json"; "none" */
const char *im_fault_about(enum im_fault fault); /* one sentence */
/* What the maker of a client does about it. */
const char *im_fault_fix(enum im_fault fault);
/* By default the request takes effect first: the fault damages an answer that there
 * is. */
bool im_fault_is_after(enum im_fault fault);
enum im_fault im_fault_find(struct im_str name); /* IM_FAULT_NONE when there is none */
/* "expired" of "tls-expired": how then.tls and the labels of host names say it. NULL when the
 * fault is none of TLS. */
const char *im_fault_tls_word(enum im_fault fault);

#endif
