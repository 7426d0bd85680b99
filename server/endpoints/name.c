#include "endpoints/endpoint.h"

const char *im_endpoint_name(size_t index)
{
    static const char *const names[] = {
        "token",    "authorize", "revoke", "introspect", "discovery", "jwks",
        "resource", "query",     "model",  "session",    "unknown"};

    return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}
