/* What the tests of the authorization server share: one authority with a seed and a
 * clock of its own, and requests that arrive at it. */
#ifndef IM_TESTS_AUTHORITY_FIXTURE_H
#define IM_TESTS_AUTHORITY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/crypto.h"
#include "oauth/bearer.h"
#include "oauth/token_refusal.h"

#define NOW_MS   INT64_C(1741600000000)
#define BASE     "http://127.0.0.1:8080"
#define REDIRECT "https://app.example/callback"
/* the pair that Sage's own documentation uses as its sample */
#define VERIFIER  "zWiRBuiUcmnIbPBCoNqA5cWDFuaEZwZ7jLJJGJ4P3NQ"
#define CHALLENGE "manPXpjp75EFeofO-YWtY3gIPp0S6_CJ-ciRJyYIonw"

struct fixture {
    struct im_authority *authority;
    struct im_arena arena;
    struct im_request req;
    struct im_exchange exchange;
    struct im_issue issue;
    struct im_issued issued;
    struct im_token token;
    struct im_error err;
    int64_t now_ms;
    const char *base_url; /* NULL = BASE */
};

static inline void arrive(struct fixture *f)
{
    f->exchange =
        (struct im_exchange){.cause = CAUSE_NONE, .secrets = f->authority->secrets};
    f->req = (struct im_request){.arena = &f->arena,
                                 .base_url = im_str(f->base_url ? f->base_url : BASE),
                                 .now_ms = f->now_ms,
                                 .exchange = &f->exchange};
    f->req.arrived = atomic_fetch_add(&f->authority->arrivals, 1);
}

static inline int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    im_arena_init(&f->arena, 0);
    f->now_ms = NOW_MS;
    f->authority = im_authority_new(7, IM_STR("test"), NOW_MS, &f->err);
    f->issue = (struct im_issue){.dialect = IM_DIALECT_REST,
                                 .grant_type = IM_STR("client_credentials"),
                                 .client_id = IM_STR("demo"),
                                 .user = IM_STR("ws_user"),
                                 .company = IM_STR("acme"),
                                 .with_refresh = true,
                                 .issuer = IM_STR(BASE)};
    if (!f->authority)
        return -1;
    arrive(f);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    im_authority_free(f->authority);
    im_arena_release(&f->arena);
    test_free(f);
    return 0;
}

static inline struct im_issued issue_flawed(struct fixture *f, enum im_flaw flaw)
{
    struct im_issue issue = f->issue;

    issue.flaw = flaw;
    if (!im_authority_issue(f->authority, &f->arena, f->now_ms, &issue, &f->issued,
                            &f->err))
        fail_msg("issuing: %s", f->err.text);
    return f->issued;
}

static inline struct im_issued issue(struct fixture *f)
{
    return issue_flawed(f, IM_FLAW_NONE);
}

static inline struct im_str issue_code(struct fixture *f)
{
    f->issue.grant_type = IM_STR("authorization_code");
    f->issue.redirect_uri = IM_STR(REDIRECT);
    struct im_str code =
        im_authority_issue_code(f->authority, &f->arena, f->now_ms, &f->issue, &f->err);
    assert_true(code.len > 0);
    return code;
}

static inline struct im_code_claim claim_of(struct im_str code)
{
    return (struct im_code_claim){.dialect = IM_DIALECT_REST,
                                  .code = code,
                                  .client_id = IM_STR("demo"),
                                  .redirect_uri = IM_STR(REDIRECT)};
}

static inline enum im_cause redeem_claim(struct fixture *f,
                                         const struct im_code_claim *claim)
{
    arrive(f);
    return im_authority_redeem_code(f->authority, &f->req, claim, &f->token);
}

static inline enum im_cause redeem_code(struct fixture *f, struct im_str code)
{
    struct im_code_claim claim = claim_of(code);
    return redeem_claim(f, &claim);
}

/* A person signs in, and the client exchanges the code. */
static inline struct im_issued authorize(struct fixture *f)
{
    assert_int_equal(redeem_code(f, issue_code(f)), CAUSE_NONE);
    f->issue.grant = f->token.grant;
    issue(f);
    f->issue.grant = 0;
    return f->issued;
}

static inline enum im_cause refresh(struct fixture *f, struct im_str token)
{
    arrive(f);
    return im_authority_redeem_refresh(f->authority, &f->req, IM_DIALECT_REST, token,
                                       IM_STR("demo"), &f->token);
}

static inline enum im_cause check_header(struct fixture *f, enum im_dialect_id dialect,
                                         struct im_str value)
{
    arrive(f);
    im_request_add_header(&f->req, IM_STR("Authorization"), value);
    return im_bearer_check(f->authority, &f->req, dialect, &f->token, NULL);
}

static inline enum im_cause call_api(struct fixture *f, struct im_str token)
{
    return check_header(f, f->issue.dialect,
                        im_arena_format(&f->arena, "Bearer %.*s", IM_ARG(token)));
}

static inline void set_policy(struct fixture *f, const char *name, int64_t value)
{
    struct im_policy policy = im_authority_policy(f->authority);
    const struct im_policy_row *row = im_policy_find(im_str(name));

    assert_non_null(row);
    memcpy((char *)&policy + row->offset, &value, sizeof(value));
    im_authority_set_policy(f->authority, &policy);
}

static inline void change(struct fixture *f, enum im_change what, const char *user,
                          const char *client, const char *value)
{
    struct im_change_target target = {.company = IM_STR("acme"),
                                      .user = im_str(user),
                                      .client = im_str(client),
                                      .value = im_str(value)};

    if (!im_directory_change(f->authority->directory, what, &target, &f->err))
        fail_msg("%s", f->err.text);
}

static inline void refused(struct fixture *f, enum im_cause is, enum im_cause wanted,
                           const char *evidence)
{
    if (is != wanted)
        fail_msg("refused as %s, not %s (%.*s)", im_cause_row(is)->id,
                 im_cause_row(wanted)->id, IM_ARG(f->exchange.evidence));
    struct im_str text = im_arena_copy(&f->arena, f->exchange.evidence);
    if (!text.at || !strstr(text.at, evidence))
        fail_msg("the evidence \"%.*s\" does not say \"%s\"", IM_ARG(text), evidence);
}

/* The payload of a JWT as it stands there. */
static inline struct im_str payload_of(struct fixture *f, struct im_str token)
{
    struct im_str payload, rest = token;

    im_str_cut(&rest, '.');
    assert_true(im_base64url_decode(&f->arena, im_str_cut(&rest, '.'), &payload));
    return payload;
}

static inline void is_text(struct im_str text, const char *wanted)
{
    if (!im_str_is(text, wanted))
        fail_msg("it is\n%.*s\nand not\n%s", IM_ARG(text), wanted);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
