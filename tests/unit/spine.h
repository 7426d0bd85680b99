/* The whole pipeline in process, without a server around it: what the tests of the router,
 * the sandboxes, the world and the control API share. Seed 7, a frozen clock. */
#ifndef IM_TESTS_UNIT_SPINE_H
#define IM_TESTS_UNIT_SPINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "router.h"
#include "scenario/scenario_file.h"
#include "support/clock.h"

#define START_MS INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */
#define TOKEN    "/ia/api/v1/oauth2/token"
#define VENDORS  "/ia/api/v1/objects/accounts-payable/vendor"
#define BOX      "/__mock/sandboxes/default"
#define FORM     "Content-Type: application/x-www-form-urlencoded\n"
#define CONNECT                                                                          \
    "grant_type=client_credentials&client_id=demo&client_secret=demo-secret"             \
    "&username=ws_user@acme"

struct spine {
    struct im_sandboxes boxes;
    struct im_arena arena; /* of the answer at hand */
    struct im_arena kept;  /* what outlives it */
    struct im_request req;
    struct im_response res;
    int64_t date_ms;
    bool on_control_port; /* of what is sent next */
};

/* A scenario from its text, with a reference for the caller. */
static inline struct im_scenario *spine_scenario(const char *json)
{
    struct im_scenario_error error;
    struct im_scenario *scenario =
        im_scenario_parse(im_str(json), (struct im_str){NULL, 0}, &error);

    if (!scenario)
        fail_msg("%u:%u: %s", error.line, error.column, error.what);
    return scenario;
}

static inline struct im_settings spine_settings(void)
{
    return (struct im_settings){.hints = true,
                                .control = true,
                                .seed = 7,
                                .start_ms = START_MS,
                                .journal_keep = 10,
                                .sandboxes_max = 4,
                                .waiting_max = 100,
                                .sandbox_ttl_ms = 3600000};
}

static inline int spine_begin_with(void **state, struct im_settings settings)
{
    struct im_error err;
    struct spine *s = calloc(1, sizeof(*s));

    if (!s || !im_sandboxes_init(&s->boxes, &settings, &err))
        return -1;
    stop_clock_at(&s->boxes.standard->authority->clock, START_MS);
    *state = s;
    return 0;
}

static inline int spine_begin(void **state)
{
    return spine_begin_with(state, spine_settings());
}

static inline int spine_end(void **state)
{
    struct spine *s = *state;

    im_sandboxes_release(&s->boxes);
    im_arena_release(&s->arena);
    im_arena_release(&s->kept);
    free(s);
    return 0;
}

/* The answer has reached the client. */
static inline void deliver(struct spine *s)
{
    if (s->res.delivered)
        s->res.delivered(s->res.delivered_context);
    s->res.delivered = NULL;
}

/* headers: "Name: value\n" lines; both may be NULL. What the last answer said is gone. */
static inline void send_only(struct spine *s, const char *method, const char *target,
                             const char *headers, const char *body)
{
    struct im_str lines = im_str(headers);

    im_arena_release(&s->arena);
    s->req = (struct im_request){.arena = &s->arena,
                                 .method = im_str(method),
                                 .target = im_str(target),
                                 .body = im_str(body),
                                 .local_base = IM_STR("http://127.0.0.1:1"),
                                 .on_control_port = s->on_control_port};
    struct im_str query = s->req.target;
    im_str_cut(&query, '?');
    s->req.query = query;
    while (lines.len) {
        struct im_str value = im_str_cut(&lines, '\n');
        struct im_str name = im_str_cut(&value, ':');
        im_request_add_header(&s->req, name, value);
    }
    im_response_init(&s->res, &s->arena);
    im_answer(&s->boxes, &s->req, &s->res, &s->date_ms);
}

static inline void send(struct spine *s, const char *method, const char *target,
                        const char *headers, const char *body)
{
    send_only(s, method, target, headers, body);
    deliver(s);
}

static inline struct im_str body_of(const struct spine *s)
{
    return im_buf_str(&s->res.body);
}

static inline bool text_has(struct im_str text, const char *part)
{
    size_t len = strlen(part);

    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.at + i, part, len) == 0)
            return true;
    return false;
}

static inline void expect_in(struct im_str text, const char *part, bool wanted,
                             const char *file, int line)
{
    if (text_has(text, part) == wanted)
        return;
    print_error("\"%s\" is %s:\n%.*s\n", part, wanted ? "not in" : "in", IM_ARG(text));
    _fail(file, line);
}
#define assert_has(text, part)   expect_in((text), (part), true, __FILE__, __LINE__)
#define assert_lacks(text, part) expect_in((text), (part), false, __FILE__, __LINE__)

static inline void expect_status(const struct spine *s, int status, const char *file,
                                 int line)
{
    if (s->res.status == status)
        return;
    print_error("%d, not %d: %.*s\n", s->res.status, status, IM_ARG(body_of(s)));
    _fail(file, line);
}
#define assert_status(s, status) expect_status((s), (status), __FILE__, __LINE__)

static inline struct im_str answer_header(const struct spine *s, const char *name)
{
    return im_response_get_header(&s->res, name);
}

#define assert_cause(s, id)                                                              \
    assert_string_equal(                                                                 \
        im_arena_copy(&(s)->arena, answer_header((s), "X-Intacct-Mock-Cause")).at, id)

/* Parsed; the answer's. */
static inline const struct im_json *json_of(struct spine *s)
{
    struct im_json_error why;
    const struct im_json *value = im_json_parse(&s->arena, body_of(s), &why);

    if (!value)
        fail_msg("no JSON (%s): %.*s", why.what, IM_ARG(body_of(s)));
    return value;
}

static inline void control(struct spine *s, const char *method, const char *below,
                           const char *body)
{
    struct im_str target = im_arena_format(&s->kept, BOX "%s", below);
    send(s, method, target.at, NULL, body);
}

/* "Authorization: Bearer …\n" with a token of ws_user@acme's; kept. */
static inline const char *connect_ws_user(struct spine *s, const char **refresh)
{
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_status(s, 200);
    const struct im_json *json = json_of(s);
    if (refresh)
        *refresh = im_arena_copy(&s->kept, im_json_get_str(json, "refresh_token")).at;
    return im_arena_format(&s->kept, "Authorization: Bearer %.*s\n",
                           IM_ARG(im_json_get_str(json, "access_token")))
        .at;
}

#define IN_SPINE(test) cmocka_unit_test_setup_teardown(test, spine_begin, spine_end)

#endif
