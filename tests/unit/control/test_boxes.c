/* Sandboxes by the control API: which there are, a new one, one less. */
#include "unit/spine.h"

static void refuses(struct spine *s, const char *body, int status, const char *field,
                    const char *says)
{
    send(s, "POST", "/__mock/sandboxes", NULL, body);
    assert_status(s, status);
    struct im_str named = im_json_get_str(json_of(s), "field");
    if (!im_str_is(named, field ? field : ""))
        fail_msg("%s names \"%.*s\"", body, IM_ARG(named));
    assert_has(im_json_get_str(json_of(s), "message"), says);
}

static const struct im_json *made(struct spine *s, const char *body)
{
    send(s, "POST", "/__mock/sandboxes", "Host: mock.test:1\n", body);
    assert_status(s, 201);
    return json_of(s);
}

static void is(const struct im_json *json, const char *member, const char *wanted)
{
    if (!im_str_is(im_json_get_str(json, member), wanted))
        fail_msg("%s: %.*s", member, IM_ARG(im_json_get_str(json, member)));
}

/* ---- a new one ---- */

static void a_new_one_says_all_that_an_integration_needs(void **state)
{
    const struct im_json *box = made(*state, "{\"scenario\":\"drop\"}");
    is(box, "name", "drop.1");
    is(box, "base_url", "http://mock.test:1/s/drop.1");
    is(box, "client_id", "demo~drop.1");
    is(box, "client_secret", "demo-secret");
    is(box, "username", "ws_user@acme");
    is(box, "redirect_uri", "http://127.0.0.1/callback");
    is(box, "scenario", "drop");
    assert_int_equal(im_json_get(box, "exchanges")->whole, 0);
    assert_int_equal(im_json_get(box, "held")->whole, 0);
}

static void nothing_said_is_the_happy_path(void **state)
{
    is(made(*state, NULL), "scenario", "happy-path");
    is(made(*state, "{}"), "name", "happy-path.2");
}

static void the_name_tells_the_scenario(void **state)
{
    const struct im_json *box = made(*state, "{\"name\":\"stall.mine\"}");
    is(box, "name", "stall.mine");
    is(box, "scenario", "stall");
    is(made(*state, "{\"name\":\"any\",\"scenario\":\"drop\"}"), "scenario", "drop");
}

static void a_scenario_may_stand_inline(void **state)
{
    struct spine *s = *state;
    const struct im_json *box =
        made(s, "{\"scenario\":{\"rules\":[{\"then\":{\"refuse\":\"rate-limited\"}}]}}");
    is(box, "name", "inline.1");
    send(s, "GET", "/s/inline.1" VENDORS, NULL, NULL);
    assert_status(s, 429);
    is(made(s, "{\"name\":\"x\",\"scenario\":{\"name\":\"mine\"}}"), "scenario", "mine");
}

static const char *token_of(struct spine *s, const char *box)
{
    send(s, "POST", im_arena_format(&s->kept, "/s/%s" TOKEN, box).at, FORM, CONNECT);
    assert_status(s, 200);
    return im_arena_copy(&s->kept, im_json_get_str(json_of(s), "access_token")).at;
}

static void seed_and_now_make_it_the_same_again(void **state)
{
    static const char body[] =
        "{\"name\":\"drop.1\",\"seed\":5,\"now\":\"2027-01-01T00:00:00Z\"}";
    struct spine *s = *state;
    made(s, body);
    send(s, "GET", "/__mock/sandboxes/drop.1/clock", NULL, NULL);
    assert_has(im_json_get_str(json_of(s), "now"), "2027-01-01T00:0");
    struct im_sandbox *box = im_sandboxes_find(&s->boxes, IM_STR("drop.1"));
    assert_int_equal(box->seed, 5);
    assert_true(box->start_ms == INT64_C(1798761600000));
    im_sandboxes_unref(&s->boxes, box);
    made(s, "{\"name\":\"drop.2\",\"seed\":0}");
    box = im_sandboxes_find(&s->boxes, IM_STR("drop.2"));
    assert_int_equal(box->seed, 0);
    im_sandboxes_unref(&s->boxes, box);
}

static void an_order_is_refused_by_its_field(void **state)
{
    struct spine *s = *state;
    refuses(s, "{\"scenario\":\"drp\"}", 400, "scenario", "did you mean \"drop\"?");
    refuses(s, "{\"scenario\":7}", 400, "scenario", "a scenario's name, or a whole");
    refuses(s, "{\"scenario\":{\"rulez\":[]}}", 400, "scenario",
            "unknown field \"rulez\"; did you mean \"rules\"?");
    refuses(s, "{\"name\":\"Drop\"}", 400, "name", "must be at most 64 of a-z");
    refuses(s, "{\"name\":\"a/b\"}", 400, "name", "must be at most 64 of a-z");
    refuses(s, "{\"name\":\"zzzzzzzz\"}", 400, "name", "there is no scenario");
    refuses(s, "{\"seed\":-1}", 400, "seed", "a whole number, 0 or more");
    refuses(s, "{\"seed\":\"1\"}", 400, "seed", "a whole number, 0 or more");
    refuses(s, "{\"seed\":1.5}", 400, "seed", "a whole number, 0 or more");
    refuses(s, "{\"now\":\"soon\"}", 400, "now", "now");
    refuses(s, "{\"sed\":1}", 400, "sed", "seed");
    refuses(s, "[]", 400, NULL, "must be a JSON object");
    assert_int_equal(atomic_load(&s->boxes.count), 0);
}

static void a_taken_name_is_a_conflict(void **state)
{
    struct spine *s = *state;
    made(s, "{\"name\":\"drop.1\"}");
    refuses(s, "{\"name\":\"drop.1\"}", 409, "name", "there is a sandbox \"drop.1\"");
    refuses(s, "{\"name\":\"default\",\"scenario\":\"drop\"}", 409, "name", "already");
    assert_int_equal(atomic_load(&s->boxes.count), 1);
}

/* ---- which there are ---- */

static void the_list_has_the_default_one_first(void **state)
{
    struct spine *s = *state;
    made(s, "{\"name\":\"drop.1\"}");
    made(s, "{\"name\":\"drop.2\"}");
    token_of(s, "drop.1");
    send(s, "GET", "/__mock/sandboxes", "Host: mock.test:1\n", NULL);
    const struct im_json *list = json_of(s);
    assert_int_equal(im_json_get(list, "count")->whole, 3);
    assert_int_equal(im_json_get(list, "dropped")->whole, 0);
    const struct im_json *one = im_json_get(list, "sandboxes")->first;
    is(one, "name", "default");
    is(one, "base_url", "http://mock.test:1");
    is(one->next, "name", "drop.1");
    is(one->next, "base_url", "http://mock.test:1/s/drop.1");
    is(one->next, "scenario", "drop");
    assert_int_equal(im_json_get(one->next, "exchanges")->whole, 1);
    is(one->next->next, "name", "drop.2");
}

static void those_dropped_for_want_of_room_are_counted(void **state)
{
    struct spine *s = *state; /* room for four */
    for (int i = 0; i < 6; i++)
        made(s, "{}");
    send(s, "GET", "/__mock/sandboxes", NULL, NULL);
    assert_int_equal(im_json_get(json_of(s), "count")->whole, 5);
    assert_int_equal(im_json_get(json_of(s), "dropped")->whole, 2);
}

static void asking_for_one_makes_it(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/__mock/sandboxes/drop.9", NULL, NULL);
    assert_status(s, 200);
    is(json_of(s), "scenario", "drop");
    send(s, "GET", "/__mock/sandboxes/drp.9", NULL, NULL);
    assert_status(s, 404);
    assert_has(body_of(s), "did you mean \\\"drop\\\"?");
    send(s, "GET", "/__mock/sandboxes/Drop", NULL, NULL);
    assert_status(s, 404);
    assert_int_equal(atomic_load(&s->boxes.count), 1);
}

static void the_control_port_tells_the_address_of_the_api(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.http_url = IM_STR("http://127.0.0.1:8080");
    s->on_control_port = true;
    is(made(s, "{\"name\":\"drop.1\"}"), "base_url", "http://127.0.0.1:8080/s/drop.1");
    send(s, "GET", BOX, NULL, NULL);
    is(json_of(s), "base_url", "http://127.0.0.1:8080");
    is(json_of(s), "client_id", "demo");
}

/* ---- one less ---- */

static void a_deleted_one_is_gone(void **state)
{
    struct spine *s = *state;
    made(s, "{\"name\":\"drop.1\"}");
    send(s, "DELETE", "/__mock/sandboxes/drop.1", NULL, NULL);
    assert_status(s, 204);
    assert_int_equal(body_of(s).len, 0);
    assert_int_equal(atomic_load(&s->boxes.count), 0);
}

static void what_is_not_there_cannot_be_deleted_nor_is_it_made(void **state)
{
    struct spine *s = *state;
    send(s, "DELETE", "/__mock/sandboxes/drop.1", NULL, NULL);
    assert_status(s, 404);
    assert_has(body_of(s), "there is no sandbox \\\"drop.1\\\"");
    send(s, "DELETE", BOX, NULL, NULL);
    assert_status(s, 400);
    assert_has(body_of(s), "the default sandbox stays");
    assert_int_equal(atomic_load(&s->boxes.count), 0);
}

/* ---- each by itself ---- */

static void a_reset_empties_that_one_alone(void **state)
{
    struct spine *s = *state;
    token_of(s, "happy-path.1");
    token_of(s, "happy-path.2");
    send(s, "POST", "/__mock/sandboxes/happy-path.1/reset", NULL, NULL);
    assert_status(s, 200);
    assert_int_equal(im_json_get(json_of(s), "exchanges")->whole, 0);
    send(s, "GET", "/__mock/sandboxes/happy-path.2", NULL, NULL);
    assert_int_equal(im_json_get(json_of(s), "exchanges")->whole, 1);
}

static void a_switch_is_turned_in_that_one_alone(void **state)
{
    struct spine *s = *state;
    send(s, "PATCH", "/__mock/sandboxes/happy-path.1/policy", NULL,
         "{\"rotation\":\"keep\"}");
    assert_status(s, 200);
    assert_has(body_of(s), "keep");
    send(s, "GET", "/__mock/sandboxes/happy-path.2/policy", NULL, NULL);
    is(json_of(s), "rotation", "rotate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPINE(a_new_one_says_all_that_an_integration_needs),
        IN_SPINE(nothing_said_is_the_happy_path),
        IN_SPINE(the_name_tells_the_scenario),
        IN_SPINE(a_scenario_may_stand_inline),
        IN_SPINE(seed_and_now_make_it_the_same_again),
        IN_SPINE(an_order_is_refused_by_its_field),
        IN_SPINE(a_taken_name_is_a_conflict),
        IN_SPINE(the_list_has_the_default_one_first),
        IN_SPINE(those_dropped_for_want_of_room_are_counted),
        IN_SPINE(asking_for_one_makes_it),
        IN_SPINE(the_control_port_tells_the_address_of_the_api),
        IN_SPINE(a_deleted_one_is_gone),
        IN_SPINE(what_is_not_there_cannot_be_deleted_nor_is_it_made),
        IN_SPINE(a_reset_empties_that_one_alone),
        IN_SPINE(a_switch_is_turned_in_that_one_alone),
    };
    return cmocka_run_group_tests_name("boxes", tests, NULL, NULL);
}
