/* The world that every sandbox starts with; README and the examples use it. In two texts,
 * because a C compiler need not take a string literal over 4095 bytes (C11 5.2.4.1). */
#include "directory/directory.h"

/* every scope of both dialects that the sample applications may ask for */
#define SCOPES                                                                           \
    "\"scopes\":[\"openid\",\"offline_access\",\"full_access\",\"readonly\","            \
    "\"full_access:read\",\"full_access:write\",\"full_access:rw\",\"account:rw\","      \
    "\"Contract:action\",\"account:write\",\"Contact:action\",\"Account:read\","         \
    "\"Account:write\",\"Bill:read\",\"Bill:write\",\"Contact:read\","                   \
    "\"Contact:write\",\"Customer:read\",\"Customer:write\",\"Entity:read\","            \
    "\"Entity:write\",\"Invoice:read\",\"Invoice:write\",\"Location:read\","             \
    "\"Location:write\",\"User:read\",\"User:write\",\"Vendor:read\",\"Vendor:write\"]"

#define REDIRECT_URIS                                                                    \
    "\"redirect_uris\":[\"http://127.0.0.1/callback\",\"http://localhost/callback\","    \
    "\"https://127.0.0.1/callback\",\"https://localhost/callback\","                     \
    "\"https://app.example/callback\"]"

/* demo-public has no client_credentials: RFC 6749 section 4.4 is for clients with a secret alone */
static const char applications[] =
    "{\"clients\":["
    "{\"id\":\"demo\",\"name\":\"Demo "
    "application\",\"secret\":\"demo-secret\"," REDIRECT_URIS ","
    "\"grants\":[\"authorization_code\",\"client_credentials\",\"refresh_token\"]," SCOPES
    "},"
    "{\"id\":\"demo-public\",\"name\":\"Demo application without a "
    "secret\"," REDIRECT_URIS ","
    "\"grants\":[\"authorization_code\",\"refresh_token\"]," SCOPES "},"
    "{\"id\":\"demo-sandbox\",\"name\":\"Demo application "
    "(sandbox)\",\"secret\":\"demo-sandbox-secret\",\"production\":"
    "false," REDIRECT_URIS ","
    "\"grants\":[\"authorization_code\",\"client_credentials\",\"refresh_token\"]," SCOPES
    "}"
    "]}";

/* ws_user has key 444 because the article's sample token says "sub":"444" */
static const char organisations[] =
    "{\"roles\":["
    "{\"name\":\"all\",\"permissions\":[\"*:*\"]},"
    "{\"name\":\"read-only\",\"permissions\":[\"*:read\"]}],"
    "\"companies\":["
    "{\"id\":\"acme\",\"key\":\"100001\",\"title\":\"Acme "
    "Inc.\",\"entities\":[\"100\",\"200\"],"
    "\"clients\":[\"demo\",\"demo-public\"]},"
    "{\"id\":\"acme-sandbox\",\"key\":\"100002\",\"title\":\"Acme Inc. (sandbox)\","
    "\"production\":false,\"entities\":[\"100\",\"200\"],\"clients\":[\"demo-sandbox\"]}]"
    ","
    "\"users\":["
    "{\"id\":\"ws_user\",\"company\":\"acme\",\"key\":\"444\",\"name\":\"Web Services\","
    "\"password\":\"secret\",\"web_services\":true,\"roles\":[\"all\"]},"
    "{\"id\":\"jdoe\",\"company\":\"acme\",\"key\":\"445\",\"name\":\"Jane Doe\","
    "\"password\":\"secret\",\"roles\":[\"all\"]},"
    "{\"id\":\"admin\",\"company\":\"acme\",\"key\":\"446\",\"name\":\"Administrator\","
    "\"password\":\"secret\",\"admin\":true,\"roles\":[\"all\"]},"
    "{\"id\":\"ws_user\",\"company\":\"acme-sandbox\",\"key\":\"447\",\"name\":\"Web "
    "Services\","
    "\"password\":\"secret\",\"web_services\":true,\"roles\":[\"all\"]}]}";

const char *const im_builtin_world[] = {applications, organisations, NULL};
