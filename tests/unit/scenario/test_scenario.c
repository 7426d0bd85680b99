/* scenario.c: which requests a rule has, and which rule a request. */
#include "unit/scenario/stage.h"

/* ---- which requests a rule has ---- */

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

static bool ran_out(struct stage *s)
{
    struct im_rule_count counts[8];

    return im_scenario_state_counts(s->scenario_state, counts);
}

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

static const struct CMUnitTest tests[] = {
    ON_STAGE(without_rules_there_is_no_plan),
    ON_STAGE(a_rule_has_every_request_that_fits),
    ON_STAGE(nth_is_one_request),
    ON_STAGE(every_is_each_so_manyeth),
    ON_STAGE(times_bounds_how_often),
    ON_STAGE(every_and_times_go_together),
    ON_STAGE(rate_is_a_share_and_its_seed_says_which),
    ON_STAGE(only_what_fits_is_counted),
    ON_STAGE(a_rule_may_ask_for_what_the_request_carries),
    ON_STAGE(a_rule_may_ask_for_a_header),
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
    ON_STAGE(a_scenario_lives_until_the_last_lets_go),
    ON_STAGE(a_plan_outlives_its_scenario_state),
    ON_STAGE(a_script_keeps_its_scenario),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
