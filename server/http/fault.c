/* The closed vocabulary of faults: one row is one way to damage delivery. scenario/wire.c
 * and the listener carry them out, those of TLS http/tls_hello.c. */
#include "http/fault.h"

#include <string.h>

static const struct {
    const char *name;
    bool after; /* it damages an answer that there is */
    const char *about;
} faults[IM_FAULTS] = {
    [IM_FAULT_NONE] = {"none", false, "delivery is not damaged"},
    [IM_FAULT_DELAY] = {"delay", false, "the answer comes late"},
    [IM_FAULT_HOLD] = {"hold", false, "the request waits until others are there"},
    [IM_FAULT_BANDWIDTH] = {"bandwidth", true, "the body comes so many bytes a second"},
    [IM_FAULT_STALL] = {"stall", false, "headers come, the body never does"},
    [IM_FAULT_DROP] = {"drop", false, "the connection is closed without a byte"},
    [IM_FAULT_RESET] = {"reset", false, "the connection is reset (TCP RST)"},
    [IM_FAULT_TRUNCATE] = {"truncate", true,
                           "half the body comes, less than Content-Length says"},
    [IM_FAULT_MALFORMED_JSON] = {"malformed-json", true, "the JSON is cut short"},
    [IM_FAULT_WRONG_TYPE] = {"wrong-type", true, "the JSON is called text/html"},
    [IM_FAULT_HTML] = {"html", false, "a proxy's login page comes with status 200"},
    [IM_FAULT_STATUS] = {"status", false, "another status and body"},
    [IM_FAULT_REDIRECT] = {"redirect", false, "a redirect to another address"},
    [IM_FAULT_TLS_EXPIRED] = {"tls-expired", false, "the certificate has expired"},
    [IM_FAULT_TLS_NOT_YET_VALID] = {"tls-not-yet-valid", false,
                                    "the certificate is not valid yet"},
    [IM_FAULT_TLS_WRONG_HOST] = {"tls-wrong-host", false,
                                 "the certificate is for another host"},
    [IM_FAULT_TLS_OLD_PROTOCOL] = {"tls-old-protocol", false,
                                   "nothing newer than TLS 1.1 is spoken"},
    [IM_FAULT_TLS_UNTRUSTED] = {"tls-untrusted", false,
                                "the certificate is by a CA that nobody knows"},
    [IM_FAULT_TLS_ABORT] = {"tls-abort", false,
                            "the handshake of TLS is broken off without a byte"},
};

const char *im_fault_name(enum im_fault fault)
{
    return faults[fault].name;
}

const char *im_fault_about(enum im_fault fault)
{
    return faults[fault].about;
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
