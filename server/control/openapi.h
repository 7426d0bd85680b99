/* server/control/openapi.json, carried inside the program: made into C during the build. */
#ifndef IM_CONTROL_OPENAPI_H
#define IM_CONTROL_OPENAPI_H

#include <stddef.h>

extern const char im_openapi_json[]; /* with a NUL behind it */
extern const size_t im_openapi_json_len;

#endif
