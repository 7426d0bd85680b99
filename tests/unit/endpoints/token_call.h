/* Forms posted to the OAuth endpoints: what the tests of token, revoke, introspect and
 * of the grants share. */
#ifndef IM_TESTS_UNIT_ENDPOINTS_TOKEN_CALL_H
#define IM_TESTS_UNIT_ENDPOINTS_TOKEN_CALL_H

#include "unit/endpoints/call.h"

#define CC       "grant_type=client_credentials"
#define DEMO     "&client_id=demo&client_secret=demo-secret"
#define USER     "&username=ws_user%40acme"
#define FORM     "application/x-www-form-urlencoded"
#define BASIC    "Basic ZGVtbzpkZW1vLXNlY3JldA==" /* demo:demo-secret */
#define CALLBACK "http://127.0.0.1/callback"
/* RFC 7636 appendix B */
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

enum { TOKEN_ROOM = 4000 };

/* A POST with this Content-Type (NULL: none) that is still to be made. */
static inline void prepare(struct call *call, enum im_place place, const char *type,
                           const char *body)
{
    next_call(call, "POST", place);
    if (type)
        header(call, "Content-Type", type);
    call->req.body = im_arena_copy(&call->arena, im_str(body));
}

static inline void post_to(struct call *call, im_endpoint_handler *endpoint,
                           const char *form)
{
    prepare(call, IM_PLACE_TOKEN, FORM, form);
    make_call(call, endpoint);
}

static inline void post(struct call *call, const char *form)
{
    post_to(call, im_endpoint_token, form);
}

static inline void post_article(struct call *call, const char *form)
{
    prepare(call, IM_PLACE_ARTICLE, FORM, form);
    make_call(call, im_endpoint_token);
}

/* The refusal of this form, and what its evidence says. */
static inline void post_refused(struct call *call, const char *form, enum im_cause cause,
                                const char *evidence)
{
    post(call, form);
    refused(call, cause);
    evidence_says(call, evidence);
}

/* A member of the answer, kept beyond the call. */
static inline void keep(struct call *call, const char *name, char out[TOKEN_ROOM])
{
    const struct im_json *value = member(call, name);
    assert_non_null(value);
    assert_true(value->text.len > 0 && value->text.len < TOKEN_ROOM);
    snprintf(out, TOKEN_ROOM, "%.*s", IM_ARG(value->text));
}

static inline void get_tokens(struct call *call, char access[TOKEN_ROOM],
                              char refresh[TOKEN_ROOM])
{
    post(call, CC DEMO USER);
    answered(call, 200);
    keep(call, "access_token", access);
    keep(call, "refresh_token", refresh);
}

/* A code as the authorize endpoint gives it. */
static inline void get_code(struct call *call, const struct im_issue *more,
                            char code[TOKEN_ROOM])
{
    struct im_error err;
    struct im_issue issue = *more;
    issue.grant_type = IM_STR("authorization_code");
    issue.redirect_uri = IM_STR(CALLBACK);
    issue.issuer = IM_STR(BASE_URL);
    issue.company = IM_STR("acme");
    issue.user = IM_STR("jdoe");
    if (!issue.client_id.len)
        issue.client_id = IM_STR("demo");
    next_call(call, "GET", IM_PLACE_TOKEN);
    struct im_str text = im_authority_issue_code(call->authority, &call->arena,
                                                 call->req.now_ms, &issue, &err);
    if (!text.len)
        fail_msg("%s", err.text);
    snprintf(code, TOKEN_ROOM, "%.*s", IM_ARG(text));
}

static inline void set_policy(struct call *call, const char *json)
{
    struct im_error err;
    struct im_json_error why;
    const struct im_json *at;
    struct im_policy policy = im_authority_policy(call->authority);
    const struct im_json *object = im_json_parse(&call->arena, im_str(json), &why);
    assert_non_null(object);
    if (!im_policy_set_all(&policy, object, &at, &err))
        fail_msg("%s", err.text);
    im_authority_set_policy(call->authority, &policy);
}

static inline void note_says(const struct call *call, enum im_cause cause,
                             const char *part)
{
    for (size_t i = 0; i < call->exchange.note_count; i++)
        if (call->exchange.notes[i].cause == cause) {
            says(call->exchange.notes[i].text, part);
            return;
        }
    fail_msg("no note %s", im_cause_row(cause)->id);
}

#endif
