#include "unit/spine.h"

#include "oauth/bearer.h"
#include "scenario/scenario.h"
#include "unit/scenario/quoted.h"

/* ---- a scenario, how far one has come in it, and a request after the other ---- */

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

static int begin(void **state)
{
    struct stage *s = calloc(1, sizeof(*s));

    s->authority = im_authority_new(7, IM_STR("test"), START_MS, &s->err);
    stop_clock_at(&s->authority->clock, START_MS);
    *state = s;
    return s->authority ? 0 : -1;
}

static int end(void **state)
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
static struct im_scenario *scenario_of(struct stage *s, const char *text)
{
    struct im_str json = im_arena_copy(&s->arena, im_str(text));
    char *bytes = im_arena_alloc(&s->arena, json.len + 1);

    for (size_t i = 0; i < json.len; i++)
        bytes[i] = json.at[i] == '\'' ? '"' : json.at[i];
    return spine_scenario(bytes);
}

static void play(struct stage *s, const char *rules)
{
    struct im_str text =
        im_arena_format(&s->arena, "{'name':'play','rules':[%s]}", rules);

    s->scenario = scenario_of(s, text.at);
    s->scenario_state = im_scenario_state_new(s->scenario);
}

static void play_all(struct stage *s, const char *text)
{
    s->scenario = scenario_of(s, text);
    s->scenario_state = im_scenario_state_new(s->scenario);
}

static const struct im_plan *ask_with(struct stage *s, const char *endpoint,
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

static const struct im_plan *ask(struct stage *s, const char *endpoint)
{
    return ask_with(s, endpoint, NULL, NULL);
}

/* Which of so many requests the first rule had: "0110". */
static void fires(struct stage *s, const char *wanted)
{
    char seen[64] = "";

    for (size_t i = 0; i < strlen(wanted); i++)
        seen[i] = im_plan_rule(ask(s, "query")) ? '1' : '0';
    assert_string_equal(seen, wanted);
}

static void counted(struct stage *s, size_t rule, uint64_t fits, uint64_t fired)
{
    struct im_rule_count counts[8];

    im_scenario_state_counts(s->scenario_state, counts);
    assert_int_equal(counts[rule].fits, fits);
    assert_int_equal(counts[rule].fired, fired);
}

static bool ran_out(struct stage *s)
{
    struct im_rule_count counts[8];

    return im_scenario_state_counts(s->scenario_state, counts);
}

/* ---- which requests a rule has ---- */

static void without_rules_there_is_no_plan(void **state)
{
    struct stage *s = *state;
    play(s, "");
    const struct im_plan *plan = ask(s, "query");
    assert_null(plan->scenario);
    assert_null(im_plan_wire(plan));
    assert_null(im_plan_effect(plan));
    assert_int_equal(im_plan_rule(plan), 0);
    assert_int_equal(plan->refuse, CAUSE_NONE);
    assert_true(im_plan_change_world(plan, s->authority, START_MS, &s->err));
}

static void a_rule_has_every_request_that_fits(void **state)
{
    play(*state, "{'then':{'wire':'drop'}}");
    fires(*state, "11111");
}

static void nth_is_one_request(void **state)
{
    play(*state, "{'when':{'nth':3},'then':{'wire':'drop'}}");
    fires(*state, "0010000");
    counted(*state, 0, 7, 1);
}

static void every_is_each_so_manyeth(void **state)
{
    play(*state, "{'when':{'every':3},'then':{'wire':'drop'}}");
    fires(*state, "001001001");
}

static void times_bounds_how_often(void **state)
{
    play(*state, "{'then':{'wire':'drop'},'times':2}");
    fires(*state, "11000");
    counted(*state, 0, 5, 2);
}

static void every_and_times_go_together(void **state)
{
    play(*state, "{'when':{'every':2},'then':{'wire':'drop'},'times':2}");
    fires(*state, "010100000");
}

static size_t share(struct stage *s, const char *when, char *seen, size_t n)
{
    size_t fired = 0;

    im_scenario_state_free(s->scenario_state);
    im_scenario_unref(s->scenario);
    play(s, im_arena_format(&s->arena, "{'when':{%s},'then':{'wire':'drop'}}", when).at);
    for (size_t i = 0; i < n; i++) {
        seen[i] = im_plan_rule(ask(s, "query")) ? '1' : '0';
        fired += seen[i] == '1';
    }
    seen[n] = '\0';
    return fired;
}

static void rate_is_a_share_and_its_seed_says_which(void **state)
{
    char first[401], again[401], other[401];
    struct stage *s = *state;
    size_t n = share(s, "'rate':0.25,'seed':3", first, 400);
    assert_true(n > 60 && n < 140);
    share(s, "'rate':0.25,'seed':3", again, 400);
    assert_string_equal(first, again);
    share(s, "'rate':0.25,'seed':4", other, 400);
    assert_string_not_equal(first, other);
    assert_int_equal(share(s, "'rate':0", other, 100), 0);
    assert_int_equal(share(s, "'rate':1", other, 100), 100);
}

static void only_what_fits_is_counted(void **state)
{
    struct stage *s = *state;
    play(s, "{'when':{'endpoint':'token','nth':2},'then':{'wire':'drop'}}");
    assert_int_equal(im_plan_rule(ask(s, "query")), 0);
    assert_int_equal(im_plan_rule(ask(s, "token")), 0);
    assert_int_equal(im_plan_rule(ask(s, "query")), 0);
    assert_int_equal(im_plan_rule(ask(s, "token")), 1);
    counted(s, 0, 2, 1);
}

/* ---- which rule ---- */

static void the_first_that_takes_it_wins_and_spares_the_ones_below(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'wire':'drop'},'times':2},{'then':{'wire':'reset'},'times':1}");
    assert_int_equal(im_plan_wire(ask(s, "query"))->fault, IM_FAULT_DROP);
    assert_int_equal(im_plan_wire(ask(s, "query"))->fault, IM_FAULT_DROP);
    counted(s, 1, 2, 0);
    assert_int_equal(im_plan_wire(ask(s, "query"))->fault, IM_FAULT_RESET);
    assert_null(im_plan_wire(ask(s, "query")));
    counted(s, 0, 4, 2);
    counted(s, 1, 4, 1);
}

static void a_change_of_the_world_lets_the_request_go_on(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'world':'rotate-keys'}},{'then':{'refuse':'rate-limited'}},"
            "{'then':{'world':'lock-user'}}");
    const struct im_plan *plan = ask(s, "query");
    assert_int_equal(plan->world_count, 2);
    assert_int_equal(plan->refuse, CAUSE_RATE_LIMITED);
    assert_ptr_equal(plan->taken, &s->scenario->rules[1]);
    counted(s, 0, 1, 1);
    counted(s, 1, 1, 1);
    counted(s, 2, 1, 1);
}

static void a_rule_that_changes_and_damages_is_spared_whole(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'wire':'drop'},'times':1},"
            "{'then':{'world':'lock-user','wire':'reset'},'times':1}");
    assert_int_equal(ask(s, "query")->world_count, 0);
    const struct im_plan *plan = ask(s, "query");
    assert_int_equal(plan->world_count, 1);
    assert_int_equal(im_plan_wire(plan)->fault, IM_FAULT_RESET);
}

static void nth_below_counts_what_was_taken_above(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'wire':'drop'},'times':1},"
            "{'when':{'nth':2},'then':{'wire':'reset'}}");
    ask(s, "query");
    assert_int_equal(im_plan_wire(ask(s, "query"))->fault, IM_FAULT_RESET);
}

static void the_first_rule_and_effect_that_fired_are_told(void **state)
{
    struct stage *s = *state;
    play(s, "{'when':{'endpoint':'token'},'then':{'wire':'drop'}},"
            "{'when':{'endpoint':'api'},'then':{'wire':'drop'}},"
            "{'then':{'world':['lock-user','rotate-keys']}},"
            "{'then':{'world':'rotate-keys'}}");
    assert_int_equal(im_plan_rule(ask(s, "token")), 1);
    assert_string_equal(im_plan_effect(&s->plan), "lock-user");
    assert_int_equal(im_plan_rule(ask(s, "query")), 2);
    assert_int_equal(im_plan_rule(ask(s, "jwks")), 3);
    assert_null(im_plan_wire(&s->plan));
    assert_string_equal(im_plan_effect(&s->plan), "lock-user");
}

static void the_evidence_names_rule_and_scenario(void **state)
{
    struct stage *s = *state;
    play(s, "{'when':{'endpoint':'token'},'then':{'wire':'drop'}},"
            "{'then':{'refuse':'permission-object-denied','wire':{'delay':'1s'}}}");
    const struct im_plan *plan = ask(s, "query");
    assert_int_equal(plan->refuse, CAUSE_PERMISSION_OBJECT_DENIED);
    assert_true(im_str_is(plan->evidence, "rule 2 of scenario play refuses it"));
    assert_int_equal(im_plan_wire(plan)->delay_ms, 1000);
}

static void damage_alone_refuses_nothing(void **state)
{
    play(*state, "{'then':{'wire':'drop'}}");
    const struct im_plan *plan = ask(*state, "query");
    assert_int_equal(plan->refuse, CAUSE_NONE);
    assert_int_equal(plan->evidence.len, 0);
}

/* ---- used up ---- */

#define FAILING "{'name':'play','exhausted':'fail','rules':["

static void used_up_rules_pass_unless_they_are_to_fail(void **state)
{
    struct stage *s = *state;
    play_all(s, "{'name':'play','exhausted':'pass','rules':["
                "{'then':{'wire':'drop'},'times':1}]}");
    ask(s, "query");
    assert_int_equal(ask(s, "query")->refuse, CAUSE_NONE);
    assert_false(ran_out(s));
}

static void used_up_rules_refuse_loudly_when_told_so(void **state)
{
    struct stage *s = *state;
    play_all(s, FAILING "{'when':{'endpoint':'api'},'then':{'wire':'drop'},'times':1},"
                        "{'when':{'nth':2},'then':{'world':'rotate-keys'}}]}");
    assert_int_equal(ask(s, "query")->refuse, CAUSE_NONE);
    assert_int_equal(ask(s, "query")->refuse, CAUSE_NONE);
    assert_false(ran_out(s));
    const struct im_plan *plan = ask(s, "query");
    assert_int_equal(plan->refuse, CAUSE_SCENARIO_EXHAUSTED);
    assert_true(im_str_is(plan->evidence,
                          "every rule of scenario play that fits this request is used "
                          "up, and \"exhausted\" says \"fail\""));
    assert_true(ran_out(s));
    assert_int_equal(im_plan_rule(plan), 0);
}

static void what_no_rule_fits_is_not_exhausted(void **state)
{
    struct stage *s = *state;
    play_all(s, FAILING "{'when':{'endpoint':'api'},'then':{'wire':'drop'},'times':1}]}");
    ask(s, "query");
    assert_int_equal(ask(s, "token")->refuse, CAUSE_NONE);
    assert_int_equal(ask(s, "query")->refuse, CAUSE_SCENARIO_EXHAUSTED);
    assert_int_equal(ask(s, "token")->refuse, CAUSE_NONE);
}

static void a_rule_without_a_bound_is_never_used_up(void **state)
{
    struct stage *s = *state;
    play_all(s, FAILING "{'when':{'every':2},'then':{'wire':'drop'}}]}");
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask(s, "query")->refuse, CAUSE_NONE);
}

/* ---- the truth from the start ---- */

static bool locked(struct stage *s, const char *name)
{
    struct im_user user;

    assert_true(
        im_directory_user(s->authority->directory, IM_STR("acme"), im_str(name), &user));
    return user.locked;
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
    struct im_scenario *plain = scenario_of(s, "{'name':'plain'}");
    assert_true(im_scenario_set_up(plain, s->authority, &s->err));
    im_scenario_unref(plain);
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
    struct im_scenario *plain = scenario_of(s, "{'name':'plain'}");
    assert_true(im_scenario_set_up(plain, s->authority, &s->err));
    im_scenario_unref(plain);
    assert_int_equal(im_authority_signed_in(s->authority, &s->arena).len, 0);
}

/* ---- references ---- */

static void a_scenario_lives_until_the_last_lets_go(void **state)
{
    struct stage *s = *state;
    struct im_scenario *scenario = scenario_of(s, "{'name':'play'}");
    assert_ptr_equal(im_scenario_ref(scenario), scenario);
    im_scenario_unref(scenario);
    assert_true(im_str_is(scenario->name, "play"));
    im_scenario_unref(scenario);
    im_scenario_unref(NULL);
    im_scenario_state_free(NULL);
}

static void a_plan_outlives_its_scenario_state(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'world':'lock-user','wire':'drop'}}");
    ask(s, "query");
    im_scenario_state_free(s->scenario_state);
    im_scenario_unref(s->scenario);
    s->scenario_state = NULL;
    s->scenario = NULL;
    assert_int_equal(im_plan_wire(&s->plan)->fault, IM_FAULT_DROP);
    assert_int_equal(im_plan_rule(&s->plan), 1);
    assert_true(im_plan_change_world(&s->plan, s->authority, START_MS, &s->err));
    assert_true(locked(s, "ws_user"));
}

static void a_script_keeps_its_scenario(void **state)
{
    struct stage *s = *state;
    play(s, "{'then':{'wire':'drop'}}");
    im_scenario_unref(s->scenario);
    assert_true(im_str_is(im_scenario_state_scenario(s->scenario_state)->name, "play"));
    s->scenario = NULL;
    fires(s, "11");
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

/* ---- what is in the request ---- */

static void a_rule_may_ask_for_what_the_request_carries(void **state)
{
    struct stage *s = *state;
    play(s, "{'when':{'body':{'grant_type':'refresh_*'}},'then':{'wire':'drop'}}");
    assert_int_equal(im_plan_rule(ask_with(s, "token", "", "grant_type=password")), 0);
    assert_int_equal(im_plan_rule(ask_with(s, "token", "", "grant_type=refresh_token")),
                     1);
    assert_int_equal(im_plan_rule(ask_with(s, "token", "", "")), 0);
}

static void a_rule_may_ask_for_a_header(void **state)
{
    struct stage *s = *state;
    play(s, "{'when':{'header':{'authorization':'Bearer *'}},'then':{'wire':'drop'}}");
    assert_int_equal(im_plan_rule(ask_with(s, "query", "Bearer x", "")), 1);
    assert_int_equal(im_plan_rule(ask_with(s, "query", "Basic x", "")), 0);
}

/* ---- after, for, limit ---- */

static void later(struct stage *s, int64_t ms)
{
    stop_clock_at(&s->authority->clock, im_clock_now_ms(&s->authority->clock) + ms);
}

/* The request is answered, refused for that cause. */
static void answered(struct stage *s, enum im_cause cause)
{
    s->exchange.cause = cause;
    im_scenario_note(s->scenario_state, &s->plan, &s->exchange,
                     im_clock_now_ms(&s->authority->clock));
}

/* Which rule each of so many queries meets, each answered before the next. */
static void meets(struct stage *s, const char *rules)
{
    char seen[20] = "";
    size_t n = strlen(rules);

    for (size_t i = 0; i < n; i++) {
        seen[i] = (char)('0' + im_plan_rule(ask(s, "query")));
        answered(s, CAUSE_NONE);
    }
    assert_string_equal(seen, rules);
}

static void a_rule_after_a_cause_counts_from_then_on(void **state)
{
    struct stage *s = *state;
    play(s, "{'after':'rate-limited','when':{'nth':2},'then':{'wire':'drop'}}");
    meets(s, "0000");
    ask(s, "query");
    answered(s, CAUSE_SERVICE_UNAVAILABLE);
    meets(s, "00");
    ask(s, "query");
    answered(s, CAUSE_RATE_LIMITED);
    meets(s, "0100");
}

static void a_rule_after_a_warning_too(void **state)
{
    struct stage *s = *state;
    play(s, "{'after':'state-missing','then':{'wire':'drop'}}");
    ask(s, "query");
    s->exchange.notes[0].cause = CAUSE_STATE_MISSING;
    s->exchange.note_count = 1;
    answered(s, CAUSE_NONE);
    meets(s, "1");
}

static void a_rule_after_an_effect_comes_with_the_next_request(void **state)
{
    struct stage *s = *state;
    play(s, "{'after':'rotate-keys','then':{'wire':'drop'}},"
            "{'when':{'nth':2},'then':{'world':'rotate-keys'}}");
    meets(s, "0211");
}

static void rules_follow_each_other_by_name_and_by_number(void **state)
{
    struct stage *s = *state;
    play(s, "{'name':'first','when':{'nth':2},'then':{'wire':'drop'}},"
            "{'name':'second','after':'first','times':2,'then':{'wire':'reset'}},"
            "{'after':2,'times':1,'then':{'refuse':'internal'}}");
    meets(s, "012230");
}

static void a_rule_called_like_a_cause_is_the_rule(void **state)
{
    struct stage *s = *state;
    play(s, "{'name':'internal','when':{'nth':2},'then':{'wire':'drop'}},"
            "{'after':'internal','then':{'wire':'reset'}}");
    ask(s, "query");
    answered(s, CAUSE_INTERNAL);
    meets(s, "12");
}

static void a_time_begins_when_a_rule_fires_first(void **state)
{
    struct stage *s = *state;
    play(s, "{'when':{'nth':3},'for':'30s','then':{'refuse':'service-unavailable'}}");
    later(s, 60000);
    meets(s, "0011");
    later(s, 29999);
    meets(s, "11");
    later(s, 1);
    meets(s, "000");
}

static void a_time_begins_with_what_comes_before(void **state)
{
    struct stage *s = *state;
    play(s, "{'after':'rate-limited','for':'2s','then':{'wire':'drop'}}");
    meets(s, "0");
    answered(s, CAUSE_RATE_LIMITED);
    later(s, 1999);
    meets(s, "11");
    answered(s, CAUSE_RATE_LIMITED); /* again: the time does not begin anew */
    later(s, 1);
    meets(s, "0");
}

static void times_bounds_a_time_as_well(void **state)
{
    struct stage *s = *state;
    play(s, "{'for':'1h','times':2,'then':{'wire':'drop'}}");
    meets(s, "110");
}

static void a_time_that_is_over_is_used_up(void **state)
{
    struct stage *s = *state;
    play_all(s, "{'name':'play','exhausted':'fail','rules':[{'for':'1s','then':{'wire':"
                "'drop'}}]}");
    meets(s, "1");
    later(s, 1000);
    assert_int_equal(ask(s, "query")->refuse, CAUSE_SCENARIO_EXHAUSTED);
}

static void a_quota_leaves_so_many_free(void **state)
{
    struct stage *s = *state;
    play(s, "{'when':{'endpoint':'api'},'limit':{'requests':3,'per':'1m'},"
            "'then':{'refuse':'rate-limited'}}");
    meets(s, "000");
    ask(s, "token");
    later(s, 45500);
    assert_int_equal(ask(s, "query")->quota.retry_after_s, 15);
    assert_int_equal(s->plan.refuse, CAUSE_RATE_LIMITED);
    assert_int_equal(s->plan.quota.remaining, 0);
    later(s, 14499);
    assert_int_equal(ask(s, "query")->quota.retry_after_s, 1);
    later(s, 1);
    assert_int_equal(ask(s, "query")->quota.retry_after_s, 0);
    assert_int_equal(s->plan.quota.remaining, 2);
    meets(s, "001");
}

static void a_quota_outlives_a_clock_that_is_set_back(void **state)
{
    struct stage *s = *state;
    play(s, "{'limit':{'requests':1,'per':'1m'},'then':{'wire':'drop'}}");
    meets(s, "01");
    later(s, -3600000);
    meets(s, "01");
}

static void a_quota_is_told_by_headers(void **state)
{
    struct stage *s = *state;
    struct im_quota quota = {.limit = 10, .per_ms = 60000, .remaining = 4};
    struct im_response res = {.arena = &s->arena, .status = 200};
    im_quota_add_headers(&quota, true, &res);
    assert_int_equal(res.header_count, 2);
    assert_string_equal(res.headers[0].name, "X-IA-Minute-Rate-Limit");
    assert_true(im_str_is(res.headers[0].value, "10"));
    assert_string_equal(res.headers[1].name, "X-IA-Minute-Rate-Limit-Remaining");
    assert_true(im_str_is(res.headers[1].value, "4"));

    quota = (struct im_quota){.limit = 10, .per_ms = 3600000, .retry_after_s = 9};
    res = (struct im_response){.arena = &s->arena, .status = 429};
    im_quota_add_headers(&quota, true, &res);
    assert_int_equal(res.header_count, 4);
    assert_string_equal(res.headers[2].name, "Retry-After");
    assert_true(im_str_is(res.headers[2].value, "9"));

    quota.per_ms = 2000;
    res = (struct im_response){.arena = &s->arena, .status = 200}; /* only slowed down */
    im_quota_add_headers(&quota, true, &res);
    res.status = 429;
    im_quota_add_headers(&quota, false, &res);
    assert_int_equal(res.header_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(without_rules_there_is_no_plan),
        ON_STAGE(a_rule_has_every_request_that_fits),
        ON_STAGE(nth_is_one_request),
        ON_STAGE(every_is_each_so_manyeth),
        ON_STAGE(times_bounds_how_often),
        ON_STAGE(every_and_times_go_together),
        ON_STAGE(rate_is_a_share_and_its_seed_says_which),
        ON_STAGE(only_what_fits_is_counted),
        ON_STAGE(the_first_that_takes_it_wins_and_spares_the_ones_below),
        ON_STAGE(a_change_of_the_world_lets_the_request_go_on),
        ON_STAGE(a_rule_that_changes_and_damages_is_spared_whole),
        ON_STAGE(nth_below_counts_what_was_taken_above),
        ON_STAGE(the_first_rule_and_effect_that_fired_are_told),
        ON_STAGE(the_evidence_names_rule_and_scenario),
        ON_STAGE(damage_alone_refuses_nothing),
        ON_STAGE(used_up_rules_pass_unless_they_are_to_fail),
        ON_STAGE(used_up_rules_refuse_loudly_when_told_so),
        ON_STAGE(what_no_rule_fits_is_not_exhausted),
        ON_STAGE(a_rule_without_a_bound_is_never_used_up),
        ON_STAGE(set_up_puts_policy_back_before_it_sets_its_own),
        ON_STAGE(set_up_adds_people_and_says_who_is_signed_in),
        ON_STAGE(a_scenario_lives_until_the_last_lets_go),
        ON_STAGE(a_plan_outlives_its_scenario_state),
        ON_STAGE(a_script_keeps_its_scenario),
        ON_STAGE(the_token_presented_is_meant_and_no_other),
        ON_STAGE(the_refresh_token_presented_ends_with_its_grant),
        ON_STAGE(what_the_rule_says_counts_before_the_request),
        ON_STAGE(the_user_is_that_of_the_token),
        ON_STAGE(the_user_is_that_of_the_body),
        ON_STAGE(who_says_nothing_is_the_built_in_connection),
        ON_STAGE(an_unknown_token_means_no_grant_in_particular),
        ON_STAGE(time_passes_by_a_rule),
        ON_STAGE(a_step_that_cannot_be_done_is_told),
        ON_STAGE(a_rule_after_a_cause_counts_from_then_on),
        ON_STAGE(a_rule_after_a_warning_too),
        ON_STAGE(a_rule_after_an_effect_comes_with_the_next_request),
        ON_STAGE(rules_follow_each_other_by_name_and_by_number),
        ON_STAGE(a_rule_called_like_a_cause_is_the_rule),
        ON_STAGE(a_time_begins_when_a_rule_fires_first),
        ON_STAGE(a_time_begins_with_what_comes_before),
        ON_STAGE(times_bounds_a_time_as_well),
        ON_STAGE(a_time_that_is_over_is_used_up),
        ON_STAGE(a_quota_leaves_so_many_free),
        ON_STAGE(a_quota_outlives_a_clock_that_is_set_back),
        ON_STAGE(a_quota_is_told_by_headers),
        ON_STAGE(a_rule_may_ask_for_what_the_request_carries),
        ON_STAGE(a_rule_may_ask_for_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
