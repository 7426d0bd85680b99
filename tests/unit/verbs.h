/* What the tests of the public verbs share: one server, requests of a client, and what verbs give. */
#ifndef IM_TESTS_UNIT_VERBS_H
#define IM_TESTS_UNIT_VERBS_H

#include "unit/spine.h"

#define NO_ANSWER() fail_msg("%s", "no answer")
#include "support/ask.h"

/* A verb that says 0 when it is done. */
#define HAPPENED(call) assert_int_equal(call, 0)

struct scene {
    struct im_server *mock;
    char error[IM_ERROR_MAX];
};

static inline int set_up(void **state)
{
    static const struct im_options options = {
        .seed = 7, .threads = 4, .start_ms = START_MS};
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->mock = im_start(&options, scene->error, sizeof(scene->error));
    *state = scene;
    return scene->mock ? 0 : -1;
}

static inline int tear_down(void **state)
{
    struct scene *scene = *state;

    im_stop(scene->mock);
    free(scene);
    return 0;
}

#define ERROR scene->error, sizeof(scene->error)

static inline void token_from(const char *json, char *token, size_t room)
{
    const char *at = strstr(json, "\"access_token\":\"");

    assert_non_null(at);
    at += strlen("\"access_token\":\"");
    snprintf(token, room, "%.*s", (int)strcspn(at, "\""), at);
}

static inline void connect_at(struct im_server *mock, const char *target, char *token,
                              size_t room)
{
    struct im_reply reply = ask(mock, "POST", target, FORM, CONNECT);

    assert_int_equal(reply.status, 200);
    token_from(reply.body, token, room);
    im_reply_release(&reply);
}

static inline int call_with(struct im_server *mock, const char *target, const char *token)
{
    char headers[4200]; /* a token of the largest room, and the name */

    snprintf(headers, sizeof(headers), "Authorization: Bearer %s\n", token);
    return status_of(mock, "GET", target, headers, NULL);
}

static inline void holds(const char *text, const char *wanted)
{
    if (!text || !strstr(text, wanted))
        fail_msg("\"%s\" is not in: %s", wanted, text ? text : "(nothing)");
}

/* Says so once and frees it. */
static inline void gives(char *text, const char *wanted)
{
    holds(text, wanted);
    im_free(text);
}

/* The text of a token that is made to order; NULL: of the ordinary one. */
static inline void mint(struct scene *scene, const struct im_token_order *order,
                        char *token, size_t room)
{
    char *minted = im_mint(scene->mock, NULL, order, ERROR);

    if (!minted)
        fail_msg("%s: %s", order && order->flaw ? order->flaw : "minting", scene->error);
    token_from(minted, token, room);
    im_free(minted);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
