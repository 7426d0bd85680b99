/* All sandboxes of one server, and the settings they share. */
#ifndef IM_SANDBOXES_H
#define IM_SANDBOXES_H

#include "base/log.h"
#include "sandbox.h"

struct im_settings {
    bool hints;                  /* send the X-Intacct-Mock-* headers */
    bool control;                /* serve /__mock on the ports of the API */
    struct im_str control_token; /* demanded on /__mock; empty = none */
    struct im_str
        public_url; /* what issuer and links say; empty = from the request's Host */
    uint64_t seed;
    int64_t start_ms;    /* where clocks start; < 0 = the real time */
    size_t journal_keep; /* exchanges per sandbox */
    struct im_log log;
    /* What the server knows of itself once it listens; empty before. */
    struct im_str http_url, https_url, control_url, ca_pem;
};

/* Lifetime: server. Texts in settings must live as long. */
struct im_sandboxes {
    struct im_settings settings;
    struct im_sandbox *standard; /* the default sandbox */
    int64_t started_ms;          /* real time */
};

bool im_sandboxes_init(struct im_sandboxes *sandboxes, const struct im_settings *settings,
                       struct im_error *err);
void im_sandboxes_release(struct im_sandboxes *sandboxes);
/* The sandbox of that name ("default"), or NULL. */
struct im_sandbox *im_sandboxes_find(struct im_sandboxes *sandboxes, struct im_str name);
/* Wakes whoever waits in any of them: the server stops. */
void im_sandboxes_interrupt(struct im_sandboxes *sandboxes);

#endif
