/* A change of the world that cannot be made is refused by the field at fault. */
#include "unit/spine.h"

static void refuses(struct spine *s, const char *below, const char *body,
                    const char *field)
{
    control(s, "POST", below, body);
    assert_status(s, 400);
    struct im_str named = im_json_get_str(json_of(s), "field");
    if (!im_str_is(named, field))
        fail_msg("%s names \"%.*s\", not \"%s\"", body, IM_ARG(named), field);
}

#define WORLD(body, field) refuses(s, "/world", body, field)

static void what_is_missing_is_named(void **state)
{
    struct spine *s = *state;
    WORLD("{}", "do");
    WORLD("{\"do\":\"lock-user\"}", "user");
    WORLD("{\"do\":\"advance-clock\"}", "by");
    WORLD("{\"do\":\"withdraw-sender\",\"client_id\":\"demo\"}", "company");
    WORLD("{\"do\":\"withdraw-sender\",\"company\":\"acme\"}", "client_id");
    WORLD("{\"do\":\"remove-permission\",\"user\":\"jdoe@acme\"}", "permission");
    WORLD("{\"do\":\"restrict-to-entity\",\"user\":\"jdoe@acme\"}", "entity");
}

static void what_is_wrong_is_named(void **state)
{
    struct spine *s = *state;
    WORLD("{\"do\":\"frob\"}", "do");
    WORLD("{\"do\":7}", "do");
    WORLD("{\"do\":\"lock-user\",\"user\":7}", "user");
    WORLD("{\"do\":\"lock-user\",\"user\":\"jdoe\"}", "user");
    WORLD("{\"do\":\"lock-user\",\"user\":\"jdoe@acme\",\"by\":\"1h\"}", "by");
    WORLD("{\"do\":\"advance-clock\",\"by\":\"1\"}", "by");
}

static void what_is_not_there_is_named(void **state)
{
    struct spine *s = *state;
    WORLD("{\"do\":\"lock-user\",\"user\":\"nobody@acme\"}", "user");
    WORLD("{\"do\":\"lock-user\",\"user\":\"jdoe@nowhere\"}", "user");
    WORLD("{\"do\":\"sign-in\",\"user\":\"nobody@acme\"}", "user");
    WORLD("{\"do\":\"deactivate-company\",\"company\":\"nowhere\"}", "company");
    WORLD("{\"do\":\"deactivate-client\",\"client_id\":\"nobody\"}", "client_id");
    WORLD("{\"do\":\"withdraw-sender\",\"client_id\":\"nobody\",\"company\":\"acme\"}",
          "client_id");
    WORLD("{\"do\":\"second-authorization\",\"user\":\"jdoe@acme\",\"client_id\":\"no\"}",
          "client_id");
    WORLD("{\"do\":\"remove-role\",\"user\":\"jdoe@acme\",\"role\":\"x\"}", "role");
    WORLD("{\"do\":\"remove-permission\",\"user\":\"jdoe@acme\",\"permission\":\"x\"}",
          "permission");
    WORLD("{\"do\":\"unsubscribe-module\",\"company\":\"acme\",\"module\":\"x\"}",
          "module");
}

static void the_shorter_words_name_it_too(void **state)
{
    struct spine *s = *state;
    refuses(s, "/sign-in", "{\"user\":\"nobody@acme\"}", "user");
    refuses(s, "/withdraw", "{\"client_id\":\"nobody\"}", "client_id");
    refuses(s, "/withdraw", "{\"role\":\"x\"}", "role");
    refuses(s, "/withdraw", "{\"role\":\"all\",\"company\":\"nowhere\"}", "company");
    refuses(s, "/withdraw", "{\"role\":\"all\",\"user\":\"nobody@acme\"}", "user");
    refuses(s, "/expire", "{\"kind\":\"x\"}", "kind");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPINE(what_is_missing_is_named),
        IN_SPINE(what_is_wrong_is_named),
        IN_SPINE(what_is_not_there_is_named),
        IN_SPINE(the_shorter_words_name_it_too),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
