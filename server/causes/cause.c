/* The table of causes, looked up and written as JSON. The words that causes.def is written
 * in are defined here; what they put on the wire is refusal.c's business. */
#include "causes/cause.h"

#include "base/json.h"
#include "causes/refusal.h"

/* ---- the vocabulary of causes.def ---- */

#define NATURAL(f) .family = IM_FAMILY_##f, .natural = true
#define FORCED(f)  .family = IM_FAMILY_##f

#define OAUTH(s, c)                                                                      \
    {                                                                                    \
        .envelope = IM_ENVELOPE_OAUTH, .status = (s), .code = (c)                        \
    }
#define OAUTH_SAYS(s, c, m)                                                              \
    {                                                                                    \
        .envelope = IM_ENVELOPE_OAUTH, .status = (s), .code = (c), .message = (m)        \
    }
#define GATEWAY(s, c, m)                                                                 \
    {                                                                                    \
        .envelope = IM_ENVELOPE_GATEWAY, .status = (s), .code = (c), .message = (m)      \
    }
#define REST(s, c, w, m, i)                                                              \
    {                                                                                    \
        .envelope = IM_ENVELOPE_REST, .status = (s), .code = (c), .word = (w),           \
        .message = (m), .message_id = (i)                                                \
    }
#define REST_DETAIL(c, m, i)                                                             \
    {                                                                                    \
        .envelope = IM_ENVELOPE_REST, .status = 400, .code = (c),                        \
        .word = "invalidRequest", .message = (m), .message_id = (i),                     \
        .head = IM_HEAD_PAYLOAD                                                          \
    }
/* A rule of business that does not hold. The detail's errorId is one that clients have
 * met there. */
#define REST_BUSINESS(s, m)                                                              \
    {                                                                                    \
        .envelope = IM_ENVELOPE_REST, .status = (s), .code = "BL01001973",               \
        .word = "operationFailed", .message = (m), .head = IM_HEAD_BUSINESS              \
    }
/* No code is documented for it. GW-0011 would say that company, sender or client are not
 * active. */
#define NOT_SERVED(s, m) REST(s, NULL, "invalidRequest", m, NULL)

#define EVERYWHERE(...) .token = __VA_ARGS__, .api = __VA_ARGS__
#define ARTICLE(s, c)   .article = OAUTH(s, c)
#define WHEN(p, v, ...)                                                                  \
    {                                                                                    \
        .policy = (p), .value = (v), .wording = __VA_ARGS__                              \
    }

#define BAD_CREDENTIALS "The provided credentials are invalid"
#define NO_PERMISSION                                                                    \
    "The authenticated user does not have sufficient permission to run the operation"

#define TOKEN_IS_INVALID(s)                                                              \
    REST(s, "REST-2102", "tokenInvalid", "Token is not valid", "IA.TOKEN_IS_INVALID")
#define TOKEN_NOT_VALID(s)                                                               \
    REST(s, "REST-1206", "invalidRequest", "The token is not valid", NULL)
#define CLIENT_INCORRECT(s)                                                              \
    REST(s, "REST-1216", "invalidRequest",                                               \
         "The Client ID, Client Secret, and/or 3rd Party Application are incorrect",     \
         NULL)

#define TOKEN_INVALID_GRANT                                                              \
    .token = OAUTH(400, "invalid_grant"),                                                \
    .token_switch = WHEN("invalid_grant_status", 1, OAUTH(401, "invalid_grant"))
#define TOKEN_INVALID_CLIENT                                                             \
    .token = OAUTH(401, "invalid_client"),                                               \
    .token_switch = WHEN("invalid_client_style", 1, CLIENT_INCORRECT(400))
#define API_TOKEN_DEAD                                                                   \
    .api = TOKEN_IS_INVALID(401),                                                        \
    .api_switch = WHEN("revoked_status", 1, TOKEN_IS_INVALID(400))
#define API_TOKEN_BAD                                                                    \
    .api = TOKEN_NOT_VALID(400),                                                         \
    .api_switch = WHEN("malformed_style", 1, GATEWAY(401, "GW-0031", "Invalid Token"))

static const struct im_cause_row rows[CAUSE_COUNT] = {
    [CAUSE_NONE] = {.id = "none", .why = "", .fix = "", .source = ""},
#define IM_CAUSE(NAME, text, ...) [CAUSE_##NAME] = {.id = (text), __VA_ARGS__},
#include "causes/causes.def"
#undef IM_CAUSE
};

/* ---- looking up ---- */

const struct im_cause_row *im_cause_row(enum im_cause cause)
{
    bool known = cause > CAUSE_NONE && cause < CAUSE_COUNT;
    return &rows[known ? cause : CAUSE_NONE];
}

enum im_cause im_cause_find(struct im_str id)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (im_str_is(id, rows[i].id))
            return (enum im_cause)i;
    return CAUSE_NONE;
}

struct im_hint im_cause_hint(struct im_str id)
{
    struct im_str ids[CAUSE_COUNT];

    for (int i = 0; i < CAUSE_COUNT; i++)
        ids[i] = im_str(rows[i].id);
    return im_hint(id, ids + 1, CAUSE_COUNT - 1);
}

static const char *cause_word(size_t index)
{
    return index + 1 < CAUSE_COUNT ? rows[index + 1].id : NULL;
}

const struct im_json_names im_cause_names = {.name = "cause",
                                             .what = "cause",
                                             .word = cause_word,
                                             .lister =
                                                 "`intacct-mock causes` lists them"};

const char *im_family_name(enum im_family family)
{
    switch (family) {
    case IM_FAMILY_EXPIRED: return "access token expired";
    case IM_FAMILY_REVOKED: return "revoked or invalid access token";
    case IM_FAMILY_CREDENTIALS: return "invalid credentials";
    case IM_FAMILY_PERMISSIONS: return "insufficient permissions";
    case IM_FAMILY_PROTOCOL: return "wrong address and protocol";
    case IM_FAMILY_SERVICE: return "not the client's fault";
    case IM_FAMILY_DATA: return "wrong payload";
    case IM_FAMILY_MOCK: return "the mock about itself";
    case IM_FAMILIES: break;
    }
    return "unknown";
}

/* ---- as JSON ---- */

static void write_answer(const struct im_wording *wording, struct im_json_out *out)
{
    im_json_int(out, "status", wording->status);
    if (wording->code)
        im_json_strz(out, "code", wording->code);
    im_wording_write_sample(wording, out, "body");
}

static void write_switch(const struct im_wording_switch *other, struct im_json_out *out)
{
    const struct im_policy_row *policy = im_policy_find(im_str(other->policy));

    im_json_open_object(out, "switch");
    im_json_strz(out, "policy", other->policy);
    if (policy)
        im_json_str(out, "value", im_policy_choice(policy, other->value));
    write_answer(&other->wording, out);
    im_json_close_object(out);
}

static void write_place(const struct im_wording *wording,
                        const struct im_wording_switch *other, struct im_json_out *out,
                        const char *name)
{
    if (wording->envelope == IM_ENVELOPE_NONE)
        return;
    im_json_open_object(out, name);
    write_answer(wording, out);
    if (other && other->policy)
        write_switch(other, out);
    im_json_close_object(out);
}

void im_cause_write(enum im_cause cause, struct im_json_out *out, const char *name)
{
    const struct im_cause_row *row = im_cause_row(cause);

    im_json_open_object(out, name);
    im_json_strz(out, "id", row->id);
    im_json_strz(out, "family", im_family_name(row->family));
    im_json_bool(out, "natural", row->natural);
    im_json_bool(out, "note", row->note);
    im_json_strz(out, "why", row->why);
    im_json_strz(out, "fix", row->fix);
    im_json_strz(out, "confidence", im_confidence_name(row->confidence));
    im_json_strz(out, "source", row->source);
    im_json_open_object(out, "wording");
    write_place(&row->token, &row->token_switch, out, "token");
    write_place(&row->api, &row->api_switch, out, "api");
    write_place(&row->article, NULL, out, "article");
    im_json_close_object(out);
    if (row->redirect)
        im_json_strz(out, "redirect", row->redirect);
    im_json_close_object(out);
}
