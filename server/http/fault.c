/* The closed vocabulary of faults: one row is one way to damage delivery. scenario/wire.c
 * and the listener carry them out, those of TLS http/tls_hello.c. */
#include "http/fault.h"

#include <string.h>

/* What to do about trouble of one kind. */
#define AGAIN                                                                            \
    "repeat a read after a pause, a few times, and a create only with its "              \
    "Idempotency-Key. A refresh whose answer was lost may have used its token up: when " \
    "that is refused, sign on anew."
#define UNREADABLE                                                                       \
    "Check what came before it is used, and take it for trouble on the way, not for an " \
    "answer of the API: " AGAIN
#define LATE                                                                             \
    "Wait longer, and send nothing again while it is under way: bound the time without " \
    "a byte, not that of the whole answer."
#define UNTRUSTED                                                                        \
    "Refuse the connection, send nothing on it, and report why. Leave the check of "     \
    "certificates and versions on."

static const struct {
    const char *name;
    bool after; /* it damages an answer that there is */
    const char *about, *fix;
} faults[IM_FAULTS] = {
    [IM_FAULT_NONE] = {"none", false, "delivery is not damaged",
                       "Nothing is to be done."},
    [IM_FAULT_DELAY] = {"delay", false, "the answer comes late", LATE},
    [IM_FAULT_HOLD] = {"hold", false, "the request waits until others are there", LATE},
    [IM_FAULT_BANDWIDTH] = {"bandwidth", true, "the body comes so many bytes a second",
                            LATE},
    [IM_FAULT_STALL] = {"stall", false, "headers come, the body never does",
                        "Set a time limit for reading, not only for connecting. When it "
                        "is over, " AGAIN},
    [IM_FAULT_DROP] = {"drop", false, "the connection is closed without a byte",
                       "Catch the error of the connection, and " AGAIN},
    [IM_FAULT_RESET] = {"reset", false, "the connection is reset (TCP RST)",
                        "Catch the error of the connection, and " AGAIN},
    [IM_FAULT_TRUNCATE] = {"truncate", true,
                           "half the body comes, less than Content-Length says",
                           "Catch the error of reading the body, too, and " AGAIN},
    [IM_FAULT_MALFORMED_JSON] = {"malformed-json", true, "the JSON is cut short",
                                 UNREADABLE},
    [IM_FAULT_WRONG_TYPE] = {"wrong-type", true, "the JSON is called text/html",
                             "Read the JSON all the same, or take it for trouble on the "
                             "way: " AGAIN},
    [IM_FAULT_HTML] = {"html", false, "a proxy's login page comes with status 200",
                       UNREADABLE},
    [IM_FAULT_STATUS] = {"status", false, "another status and body",
                         "Take 408, 429 and 5xx for trouble on the way, wait as long as "
                         "Retry-After says, and " AGAIN},
    [IM_FAULT_REDIRECT] = {"redirect", false, "a redirect to another address",
                           "Do not follow it to another host, and send no token and no "
                           "secret there."},
    [IM_FAULT_TLS_EXPIRED] = {"tls-expired", false, "the certificate has expired",
                              UNTRUSTED},
    [IM_FAULT_TLS_NOT_YET_VALID] = {"tls-not-yet-valid", false,
                                    "the certificate is not valid yet", UNTRUSTED},
    [IM_FAULT_TLS_WRONG_HOST] = {"tls-wrong-host", false,
                                 "the certificate is for another host", UNTRUSTED},
    [IM_FAULT_TLS_OLD_PROTOCOL] = {"tls-old-protocol", false,
                                   "nothing newer than TLS 1.1 is spoken", UNTRUSTED},
    [IM_FAULT_TLS_UNTRUSTED] = {"tls-untrusted", false,
                                "the certificate is by a CA that nobody knows",
                                UNTRUSTED},
    [IM_FAULT_TLS_ABORT] = {"tls-abort", false,
                            "the handshake of TLS is broken off without a byte",
                            "Catch the error of the connection, and " AGAIN},
};

const char *im_fault_name(enum im_fault fault)
{
    return faults[fault].name;
}

const char *im_fault_about(enum im_fault fault)
{
    return faults[fault].about;
}

const char *im_fault_fix(enum im_fault fault)
{
    return faults[fault].fix;
}

bool im_fault_is_after(enum im_fault fault)
{
    return faults[fault].after;
}

enum im_fault im_fault_find(struct im_str name)
{
    for (int i = IM_FAULT_NONE + 1; i < IM_FAULTS; i++)
        if (im_str_is(name, faults[i].name))
            return (enum im_fault)i;
    return IM_FAULT_NONE;
}

const char *im_fault_tls_word(enum im_fault fault)
{
    return fault >= IM_FAULT_TLS_EXPIRED && fault < IM_FAULTS
               ? faults[fault].name + strlen("tls-")
               : NULL;
}
