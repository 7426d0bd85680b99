/* A scenario on an authority of its own, how far one has come in it, and one request after the other: what the
 * tests of playing share. */
#ifndef IM_TESTS_UNIT_SCENARIO_STAGE_H
#define IM_TESTS_UNIT_SCENARIO_STAGE_H

#include "unit/spine.h"

#include "scenario/scenario.h"
#include "unit/scenario/quoted.h"

struct stage {
    struct im_authority *authority;
    struct im_scenario *scenario;
    struct im_scenario_state *scenario_state;
    struct im_arena arena;
    struct im_request req;
    struct im_exchange exchange;
    struct im_plan plan;
    struct im_error err;
};

static inline int begin(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));

    s->authority = im_authority_new(7, IM_STR("test"), START_MS, &s->err);
    stop_clock_at(&s->authority->clock, START_MS);
    *state = s;
    return s->authority ? 0 : -1;
}

static inline int end(void **state)
{
    struct stage *s = *state;

    im_plan_release(&s->plan);
    im_scenario_state_free(s->scenario_state);
    im_scenario_unref(s->scenario);
    im_authority_free(s->authority);
    im_arena_release(&s->arena);
    free(s);
    return 0;
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, begin, end)

/* "'" stands for a quotation mark. */
static inline struct im_scenario *scenario_of(struct stage *s, const char *text)
{
    return spine_scenario(with_quotes(&s->arena, text).at);
}

static inline void play_all(struct stage *s, const char *text)
{
    s->scenario = scenario_of(s, text);
    s->scenario_state = im_scenario_state_new(s->scenario);
}

static inline void play(struct stage *s, const char *rules)
{
    play_all(s, im_arena_format(&s->arena, "{'name':'play','rules':[%s]}", rules).at);
}

static inline const struct im_plan *ask_with(struct stage *s, const char *endpoint,
                                             const char *authorization, const char *body)
{
    im_plan_release(&s->plan);
    s->exchange = (struct im_exchange){.endpoint = im_endpoint_find(im_str(endpoint))};
    s->req = (struct im_request){.arena = &s->arena,
                                 .method = IM_STR("POST"),
                                 .path = IM_STR("/p"),
                                 .body = im_str(body),
                                 .now_ms = im_clock_now_ms(&s->authority->clock),
                                 .exchange = &s->exchange};
    if (authorization)
        im_request_add_header(&s->req, IM_STR("Authorization"), im_str(authorization));
    im_scenario_plan(s->scenario_state, s->authority, &s->req, NULL, &s->plan);
    return &s->plan;
}

static inline const struct im_plan *ask(struct stage *s, const char *endpoint)
{
    return ask_with(s, endpoint, NULL, NULL);
}

static inline bool locked(struct stage *s, const char *name)
{
    struct im_user user;

    assert_true(
        im_directory_user(s->authority->directory, IM_STR("acme"), im_str(name), &user));
    return user.locked;
}

#endif
