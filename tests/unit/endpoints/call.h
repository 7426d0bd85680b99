/* One request given to one endpoint, without a socket: what the tests of the endpoints
 * share. */
#ifndef IM_TESTS_UNIT_ENDPOINTS_CALL_H
#define IM_TESTS_UNIT_ENDPOINTS_CALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "causes/refusal.h"
#include "router.h"
#include "support/clock.h"

#define BASE_URL "http://127.0.0.1:8080"
#define NOW_MS   INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */

/* The request is filled in before `make_call`; everything else is there after it. */
struct call {
    struct im_arena arena;
    struct im_authority *authority;
    struct im_request req;
    struct im_response res;
    struct im_exchange exchange;
    enum im_cause cause;
};

/* A fresh request to the same authority; what the last one left is gone. */
static inline void next_call(struct call *call, const char *method, enum im_place place)
{
    im_arena_release(&call->arena);
    call->exchange =
        (struct im_exchange){.place = place, .secrets = call->authority->secrets};
    call->req = (struct im_request){
        .arena = &call->arena,
        .method = im_str(method),
        .base_url = IM_STR(BASE_URL),
        .now_ms = im_clock_now_ms(&call->authority->clock),
        .arrived = ++call->authority->arrivals,
        .exchange = &call->exchange,
    };
}

/* At the first path that leads to it. */
static inline void make_call(struct call *call, im_endpoint_handler *endpoint)
{
    size_t i = 0;

    while (im_route_at(i) && im_route_at(i)->answer != endpoint)
        i++;
    call->req.route = im_route_at(i);
    im_response_init(&call->res, &call->arena);
    call->cause = endpoint(call->authority, &call->req, &call->res);
    assert_int_equal(call->cause, call->exchange.cause);
    assert_false(call->arena.failed);
}

static inline void header(struct call *call, const char *name, const char *value)
{
    assert_true(im_request_add_header(&call->req, im_str(name), im_str(value)));
}

static inline int begin(void **state)
{
    struct im_error err;
    struct call *call = calloc(1, sizeof *call);
    assert_non_null(call);
    im_arena_init(&call->arena, 0);
    call->authority = im_authority_new(7, IM_STR("unit"), NOW_MS, &err);
    assert_non_null(call->authority);
    stop_clock_at(&call->authority->clock, NOW_MS);
    *state = call;
    return 0;
}

static inline int end(void **state)
{
    struct call *call = *state;
    im_arena_release(&call->arena);
    im_authority_free(call->authority);
    free(call);
    return 0;
}

/* More companies, users, roles, clients, as a scenario's `world` says them. */
static inline void world(struct call *call, const char *json)
{
    struct im_json_error why;
    struct im_error err;
    const struct im_json *at, *more = im_json_parse(&call->arena, im_str(json), &why);
    assert_non_null(more);
    if (!im_directory_load(call->authority->directory, more, &at, &err))
        fail_msg("%s", err.text);
}

static inline void change(struct call *call, enum im_change what,
                          struct im_change_target target)
{
    struct im_error err;
    if (!im_directory_change(call->authority->directory, what, &target, &err))
        fail_msg("%s", err.text);
}

/* Presents an access token of its own for this issue; dialect, user and company have
 * defaults. */
static inline void present(struct call *call, struct im_issue issue)
{
    struct im_error err;
    struct im_issued issued;
    issue.grant_type = IM_STR("client_credentials");
    issue.client_id = IM_STR("demo");
    issue.issuer = IM_STR(BASE_URL);
    if (!issue.user.len)
        issue.user = IM_STR("ws_user");
    if (!issue.company.len)
        issue.company = IM_STR("acme");
    if (!im_authority_issue(call->authority, &call->arena, call->req.now_ms, &issue,
                            &issued, &err))
        fail_msg("%s", err.text);
    struct im_str value =
        im_arena_format(&call->arena, "Bearer %.*s", IM_ARG(issued.access_token));
    header(call, "Authorization", value.at);
}

static inline void refused(const struct call *call, enum im_cause cause)
{
    if (call->cause != cause)
        fail_msg("%s, not %s: %.*s", im_cause_row(call->cause)->id,
                 im_cause_row(cause)->id, IM_ARG(call->exchange.evidence));
}

static inline void answered(const struct call *call, int status)
{
    if (call->cause)
        fail_msg("%s: %.*s", im_cause_row(call->cause)->id,
                 IM_ARG(call->exchange.evidence));
    assert_int_equal(call->res.status, status);
}

/* The refusal as the pipeline words it. */
static inline void word_refusal(struct call *call)
{
    struct im_policy policy = im_authority_policy(call->authority);
    im_refusal_render(&call->req, &call->res, &policy, &call->authority->rng);
}

static inline bool contains(struct im_str text, const char *part)
{
    size_t len = strlen(part);
    for (size_t at = 0; at + len <= text.len; at++)
        if (memcmp(text.at + at, part, len) == 0)
            return true;
    return false;
}

static inline void says(struct im_str text, const char *part)
{
    if (!contains(text, part))
        fail_msg("\"%s\" is not in: %.*s", part, IM_ARG(text));
}

static inline void evidence_says(const struct call *call, const char *part)
{
    says(call->exchange.evidence, part);
}

static inline bool noted(const struct call *call, enum im_cause cause)
{
    for (size_t i = 0; i < call->exchange.note_count; i++)
        if (call->exchange.notes[i].cause == cause)
            return true;
    return false;
}

static inline struct im_str body(const struct call *call)
{
    return im_buf_str(&call->res.body);
}

/* A member of the answer by its path, "ia::meta/totalCount"; a number picks from an
 * array. */
static inline const struct im_json *member(struct call *call, const char *path)
{
    struct im_json_error why;
    const struct im_json *at = im_json_parse(&call->arena, body(call), &why);
    struct im_str rest = im_str(path);
    if (!at)
        fail_msg("no JSON (%s): %.*s", why.what, IM_ARG(body(call)));
    while (at && rest.len) {
        struct im_str step = im_arena_copy(&call->arena, im_str_cut(&rest, '/'));
        int64_t index;
        if (at->type == IM_JSON_ARRAY && im_str_int(step, &index)) {
            for (at = at->first; at && index > 0; index--)
                at = at->next;
        } else {
            at = im_json_get(at, step.at);
        }
    }
    return at;
}

static inline void is_text(struct call *call, const char *path, const char *text)
{
    const struct im_json *value = member(call, path);
    if (!value || value->type != IM_JSON_STRING || !im_str_is(value->text, text))
        fail_msg("%s is not \"%s\" in %.*s", path, text, IM_ARG(body(call)));
}

static inline void is_whole(struct call *call, const char *path, int64_t whole)
{
    const struct im_json *value = member(call, path);
    if (!value || !value->is_whole || value->whole != whole)
        fail_msg("%s is not %lld in %.*s", path, (long long)whole, IM_ARG(body(call)));
}

#define TEST(title, function)                                                            \
    {                                                                                    \
        title, function, begin, end, NULL                                                \
    }

#endif
