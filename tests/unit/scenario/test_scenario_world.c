/* scenario.c: the world that a scenario begins with, and how its rules change it. */
#include "unit/scenario/stage.h"

/* ---- the truth from the start ---- */

static void set_up_plain(struct stage *s)
{
    struct im_scenario *plain = scenario_of(s, "{'name':'plain'}");

    assert_true(im_scenario_set_up(plain, s->authority, &s->err));
    im_scenario_unref(plain);
}

static void set_up_puts_policy_back_before_it_sets_its_own(void **state)
{
    struct stage *s = *state;
    struct im_policy initial = im_authority_policy(s->authority), policy = initial;
    policy.rotation = IM_ROTATION_KEEP;
    im_authority_set_policy(s->authority, &policy);
    play_all(s, "{'name':'play','world':{'access_token_ttl':'1m'}}");
    assert_true(im_scenario_set_up(s->scenario, s->authority, &s->err));
    policy = im_authority_policy(s->authority);
    assert_int_equal(policy.rotation, initial.rotation);
    assert_int_not_equal(memcmp(&policy, &initial, sizeof(policy)), 0);
    set_up_plain(s);
    policy = im_authority_policy(s->authority);
    assert_memory_equal(&policy, &initial, sizeof(policy));
}

static void set_up_adds_people_and_says_who_is_signed_in(void **state)
{
    struct stage *s = *state;
    struct im_user user;
    play_all(s, "{'name':'play','world':{'signed_in':'new@acme','users':["
                "{'id':'new','company':'acme'},"
                "{'id':'jdoe','company':'acme','locked':true}]}}");
    for (int twice = 0; twice < 2; twice++)
        assert_true(im_scenario_set_up(s->scenario, s->authority, &s->err));
    assert_true(
        im_directory_user(s->authority->directory, IM_STR("acme"), IM_STR("new"), &user));
    assert_true(locked(s, "jdoe"));
    assert_true(im_str_is(im_authority_signed_in(s->authority, &s->arena), "new@acme"));
    set_up_plain(s);
    assert_int_equal(im_authority_signed_in(s->authority, &s->arena).len, 0);
}

/* ---- the truth changes: what the rule does not say, the request does ---- */

static struct im_issued connect(struct stage *s, const char *user, const char *client)
{
    struct im_issued issued;
    struct im_issue what = {.grant_type = IM_STR("client_credentials"),
                            .client_id = im_str(client),
                            .user = im_str(user),
                            .company = IM_STR("acme"),
                            .issuer = IM_STR("http://h"),
                            .with_refresh = true};

    if (!im_authority_issue(s->authority, &s->arena, START_MS, &what, &issued, &s->err))
        fail_msg("%s", s->err.text);
    return issued;
}

static const char *bearer(struct stage *s, struct im_str token)
{
    return im_arena_format(&s->arena, "Bearer %.*s", IM_ARG(token)).at;
}

static bool is_alive(struct stage *s, struct im_str token)
{
    struct im_token found;
    int64_t now_ms = im_clock_now_ms(&s->authority->clock);

    assert_true(im_authority_find(s->authority, &s->arena, token, now_ms, &found));
    return found.ended == IM_NOT_ENDED;
}

static void change(struct stage *s)
{
    if (!im_plan_change_world(&s->plan, s->authority, START_MS, &s->err))
        fail_msg("%s", s->err.text);
}

static void the_token_presented_is_meant_and_no_other(void **state)
{
    struct stage *s = *state;
    struct im_issued mine = connect(s, "ws_user", "demo");
    struct im_issued other = connect(s, "ws_user", "demo");
    play(s, "{'then':{'world':'revoke-access-token'}}");
    ask_with(s, "query", bearer(s, mine.access_token), NULL);
    change(s);
    assert_false(is_alive(s, mine.access_token));
    assert_true(is_alive(s, mine.refresh_token));
    assert_true(is_alive(s, other.access_token));
}

static void the_refresh_token_presented_ends_with_its_grant(void **state)
{
    struct stage *s = *state;
    struct im_issued mine = connect(s, "ws_user", "demo");
    struct im_issued other = connect(s, "ws_user", "demo");
    play(s, "{'then':{'world':'revoke-grant'}}");
    ask_with(s, "token", NULL,
             im_arena_format(&s->arena, "grant_type=refresh_token&refresh_token=%.*s",
                             IM_ARG(mine.refresh_token))
                 .at);
    change(s);
    assert_false(is_alive(s, mine.access_token));
    assert_false(is_alive(s, mine.refresh_token));
    assert_true(is_alive(s, other.refresh_token));
}

static void what_the_rule_says_counts_before_the_request(void **state)
{
    struct stage *s = *state;
    struct im_issued mine = connect(s, "ws_user", "demo");
    struct im_issued other = connect(s, "jdoe", "demo");
    play(s, "{'then':{'world':{'do':'revoke-access-token','user':'jdoe@acme'}}}");
    ask_with(s, "query", bearer(s, mine.access_token), NULL);
    change(s);
    assert_true(is_alive(s, mine.access_token));
    assert_false(is_alive(s, other.access_token));
}

static void the_user_is_that_of_the_token(void **state)
{
    struct stage *s = *state;
    struct im_issued jdoe = connect(s, "jdoe", "demo");
    play(s, "{'then':{'world':'lock-user'}}");
    ask_with(s, "query", bearer(s, jdoe.access_token), NULL);
    change(s);
    assert_true(locked(s, "jdoe"));
    assert_false(locked(s, "ws_user"));
}

static void the_user_is_that_of_the_body(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'world':'lock-user'}}");
    ask_with(s, "token", NULL, "username=jdoe%40acme&client_id=demo");
    change(s);
    assert_true(locked(s, "jdoe"));
    assert_false(locked(s, "ws_user"));
}

static void who_says_nothing_is_the_built_in_connection(void **state)
{
    struct stage *s = *state;
    struct im_client client;
    struct im_company company;
    play(s, "{'then':{'world':['lock-user','deactivate-client','web-services-off']}}");
    ask(s, "query");
    change(s);
    assert_true(locked(s, "ws_user"));
    assert_true(im_directory_client(s->authority->directory, IM_STR("demo"), &client));
    assert_false(client.active);
    assert_true(im_directory_company(s->authority->directory, IM_STR("acme"), &company));
    assert_false(company.web_services);
}

static void an_unknown_token_means_no_grant_in_particular(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'world':'lock-user'}}");
    ask_with(s, "query", "Bearer nonsense", NULL);
    assert_int_equal(s->plan.asked->grant_id, 0);
    change(s);
    assert_true(locked(s, "ws_user"));
}

static void time_passes_by_a_rule(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'world':[{'do':'advance-clock','by':'2h'},{'do':'skew',"
            "'by':'30m'}]}}");
    ask(s, "query");
    change(s);
    assert_int_equal(im_clock_now_ms(&s->authority->clock), START_MS + 9000000);
}

static void a_step_that_cannot_be_done_is_told(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'world':'lock-user'}}");
    ask_with(s, "token", NULL, "username=nobody%40acme&client_id=demo");
    assert_false(im_plan_change_world(&s->plan, s->authority, START_MS, &s->err));
    assert_non_null(strstr(s->err.text, "scenario play: lock-user: "));
    assert_non_null(strstr(s->err.text, "nobody"));
}

static const struct CMUnitTest tests[] = {
    ON_STAGE(set_up_puts_policy_back_before_it_sets_its_own),
    ON_STAGE(set_up_adds_people_and_says_who_is_signed_in),
    ON_STAGE(the_token_presented_is_meant_and_no_other),
    ON_STAGE(the_refresh_token_presented_ends_with_its_grant),
    ON_STAGE(what_the_rule_says_counts_before_the_request),
    ON_STAGE(the_user_is_that_of_the_token),
    ON_STAGE(the_user_is_that_of_the_body),
    ON_STAGE(who_says_nothing_is_the_built_in_connection),
    ON_STAGE(an_unknown_token_means_no_grant_in_particular),
    ON_STAGE(time_passes_by_a_rule),
    ON_STAGE(a_step_that_cannot_be_done_is_told),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
