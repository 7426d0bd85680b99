#include "unit/spine.h"

#include "base/crypto.h"

struct pair {
    struct im_sandbox *a, *b;
    struct im_scenario *scenario;
    struct im_arena arena;
    struct im_error err;
};

static struct im_sandbox *make(struct pair *p, const char *name, uint64_t seed)
{
    struct im_sandbox_options options = {.name = im_str(name),
                                         .scenario = p->scenario,
                                         .seed = seed,
                                         .start_ms = START_MS,
                                         .journal_keep = 10};
    struct im_sandbox *box = im_sandbox_new(&options, &p->err);

    if (!box)
        return NULL;
    stop_clock_at(&box->authority->clock, START_MS);
    return box;
}

static int begin(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));

    p->scenario = spine_scenario("{\"name\":\"plain\"}");
    p->a = make(p, "a", 7);
    p->b = make(p, "b", 7);
    *state = p;
    return p->a && p->b ? 0 : -1;
}

static int end(void **state)
{
    struct pair *p = *state;

    im_sandbox_free(p->a);
    im_sandbox_free(p->b);
    im_scenario_unref(p->scenario);
    im_arena_release(&p->arena);
    free(p);
    return 0;
}

#define IN_PAIR(test) cmocka_unit_test_setup_teardown(test, begin, end)

static struct im_issued issue(struct pair *p, struct im_sandbox *box)
{
    struct im_issued issued;
    struct im_issue what = {.grant_type = IM_STR("client_credentials"),
                            .client_id = IM_STR("demo"),
                            .user = IM_STR("ws_user"),
                            .company = IM_STR("acme"),
                            .issuer = IM_STR("http://h"),
                            .with_refresh = true};

    if (!im_authority_issue(im_sandbox_enter(box), &p->arena, START_MS, &what, &issued,
                            &p->err))
        fail_msg("%s", p->err.text);
    im_sandbox_leave(box);
    return issued;
}

static bool knows(struct pair *p, struct im_sandbox *box, struct im_str token)
{
    struct im_token found;
    bool known =
        im_authority_find(im_sandbox_enter(box), &p->arena, token, START_MS, &found);

    im_sandbox_leave(box);
    return known;
}

static void record(struct pair *p, struct im_sandbox *box)
{
    struct im_exchange exchange = {.status = 200};

    (void)p;
    im_journal_add(box->journal, &exchange);
}

static size_t recorded(struct pair *p, struct im_sandbox *box)
{
    struct im_journal_filter all = {.cause = CAUSE_NONE};
    size_t n;

    im_journal_select(box->journal, &p->arena, &all, &n);
    return n;
}

static bool draws_alike(struct pair *p, struct im_sandbox *one, struct im_sandbox *two)
{
    return im_str_eq(im_rng_text(&one->authority->rng, "t", &p->arena, 20),
                     im_rng_text(&two->authority->rng, "t", &p->arena, 20));
}

/* ---- two sandboxes share nothing ---- */

static void each_has_a_clock(void **state)
{
    struct pair *p = *state;
    im_clock_advance(&p->a->authority->clock, 5000);
    assert_int_equal(im_clock_now_ms(&p->a->authority->clock), START_MS + 5000);
    assert_int_equal(im_clock_now_ms(&p->b->authority->clock), START_MS);
}

static void a_token_of_one_is_unknown_in_the_other(void **state)
{
    struct pair *p = *state;
    struct im_issued issued = issue(p, p->a);
    assert_true(knows(p, p->a, issued.access_token));
    assert_false(knows(p, p->b, issued.access_token));
    assert_false(knows(p, p->b, issued.refresh_token));
}

static void the_same_request_gets_different_tokens(void **state)
{
    struct pair *p = *state;
    assert_false(im_str_eq(issue(p, p->a).access_token, issue(p, p->b).access_token));
    assert_false(draws_alike(p, p->a, p->b));
}

static void each_has_a_journal(void **state)
{
    struct pair *p = *state;
    record(p, p->a);
    assert_int_equal(recorded(p, p->a), 1);
    assert_int_equal(recorded(p, p->b), 0);
}

static void a_change_of_one_world_is_not_in_the_other(void **state)
{
    struct pair *p = *state;
    struct im_change_target jdoe = {.company = IM_STR("acme"), .user = IM_STR("jdoe")};
    struct im_user user;
    assert_true(im_directory_change(p->a->authority->directory, IM_CHANGE_LOCK_USER,
                                    &jdoe, &p->err));
    im_directory_user(p->a->authority->directory, jdoe.company, jdoe.user, &user);
    assert_true(user.locked);
    im_directory_user(p->b->authority->directory, jdoe.company, jdoe.user, &user);
    assert_false(user.locked);
}

static void a_switch_of_policy_is_turned_in_one_only(void **state)
{
    struct pair *p = *state;
    struct im_policy policy = im_authority_policy(p->a->authority);
    policy.rotation = IM_ROTATION_KEEP;
    im_authority_set_policy(p->a->authority, &policy);
    assert_int_equal(im_authority_policy(p->a->authority).rotation, IM_ROTATION_KEEP);
    assert_int_not_equal(im_authority_policy(p->b->authority).rotation, IM_ROTATION_KEEP);
}

/* ---- seeds ---- */

static void the_same_seed_and_name_give_the_same_bytes(void **state)
{
    struct pair *p = *state;
    struct im_sandbox *again = make(p, "a", 7);
    assert_true(im_str_eq(issue(p, p->a).access_token, issue(p, again).access_token));
    assert_true(draws_alike(p, p->a, again));
    im_sandbox_free(again);
}

static void another_seed_gives_other_bytes(void **state)
{
    struct pair *p = *state;
    struct im_sandbox *other = make(p, "a", 8);
    assert_false(im_str_eq(issue(p, p->a).access_token, issue(p, other).access_token));
    im_sandbox_free(other);
}

/* ---- reset ---- */

static void a_reset_forgets_tokens_journal_clock_world_and_policy(void **state)
{
    struct pair *p = *state;
    struct im_issued issued = issue(p, p->a);
    struct im_policy policy = im_authority_policy(p->a->authority);
    policy.rotation = IM_ROTATION_KEEP;
    im_authority_set_policy(p->a->authority, &policy);
    im_clock_advance(&p->a->authority->clock, INT64_C(86400000));
    record(p, p->a);
    assert_true(im_sandbox_reset(p->a, p->scenario, &p->err));
    assert_false(knows(p, p->a, issued.access_token));
    assert_int_equal(recorded(p, p->a), 0);
    assert_true(im_clock_now_ms(&p->a->authority->clock) - START_MS < 60000);
    assert_int_not_equal(im_authority_policy(p->a->authority).rotation, IM_ROTATION_KEEP);
}

static void after_a_reset_the_same_requests_get_the_same_bytes(void **state)
{
    struct pair *p = *state;
    struct im_str first = issue(p, p->a).access_token;
    assert_true(im_sandbox_reset(p->a, p->scenario, &p->err));
    assert_true(im_str_eq(first, issue(p, p->a).access_token));
}

static void a_reset_of_one_leaves_the_other_alone(void **state)
{
    struct pair *p = *state;
    struct im_issued issued = issue(p, p->b);
    record(p, p->b);
    assert_true(im_sandbox_reset(p->a, p->scenario, &p->err));
    assert_true(knows(p, p->b, issued.access_token));
    assert_int_equal(recorded(p, p->b), 1);
}

/* ---- what the client did ---- */

static void what_a_bound_of_ours_refused_is_in_no_verdict_and_no_baseline(void **state)
{
    struct pair *p = *state;
    struct im_exchange sign_on = {.endpoint = IM_ENDPOINT_TOKEN, .status = 200};
    struct im_exchange refused = {
        .endpoint = IM_ENDPOINT_TOKEN, .status = 503, .cause = CAUSE_MOCK_CAPACITY};
    struct im_judge_options options = {.client = "CMD"};
    struct im_history history;
    struct im_verdict verdict;
    im_journal_add(p->a->journal, &refused);
    im_journal_add(p->a->journal, &sign_on);
    im_journal_add(p->a->journal, &refused);
    assert_true(im_sandbox_history(p->a, &p->arena, &history));
    assert_int_equal(history.sign_on_tries, 1);
    assert_int_equal(history.count, 1);
    im_scenario_unref(im_sandbox_judge(p->a, &options, &p->arena, &verdict));
    assert_int_equal(verdict.seen_count, 1);
    assert_int_equal(verdict.exchanges, 1);
    assert_int_equal(recorded(p, p->a), 3);
}

/* ---- following a scenario ---- */

static struct im_scenario *plays(struct pair *p)
{
    struct im_scenario *scenario = im_sandbox_scenario(p->a);

    im_scenario_unref(scenario); /* the sandbox keeps it */
    return scenario;
}

static void another_scenario_leaves_what_was_handed_out(void **state)
{
    struct pair *p = *state;
    struct im_issued issued = issue(p, p->a);
    struct im_scenario *other =
        spine_scenario("{\"name\":\"other\",\"world\":{\"rotation\":\"keep\"},"
                       "\"rules\":[{\"then\":{\"wire\":\"drop\"}}]}");
    record(p, p->a);
    assert_true(im_sandbox_follow(p->a, other, &p->err));
    assert_ptr_equal(plays(p), other);
    assert_true(knows(p, p->a, issued.access_token));
    assert_int_equal(recorded(p, p->a), 1);
    assert_int_equal(im_authority_policy(p->a->authority).rotation, IM_ROTATION_KEEP);
    assert_ptr_not_equal(im_scenario_state_scenario(p->b->scenario_state), other);
    im_scenario_unref(other);
    assert_true(im_str_is(plays(p)->name, "other"));
}

/* A world that cannot be set up: the loader would not let it pass. */
static void a_scenario_that_cannot_be_followed_changes_nothing(void **state)
{
    struct pair *p = *state;
    struct im_policy before = im_authority_policy(p->a->authority);
    struct im_scenario *other =
        spine_scenario("{\"name\":\"other\",\"world\":{\"rotation\":\"keep\"}}");
    struct im_json_error why;
    other->world = im_json_parse(
        &other->arena, IM_STR("{\"users\":[{\"id\":\"x\",\"company\":\"nowhere\"}]}"),
        &why);
    assert_false(im_sandbox_follow(p->a, other, &p->err));
    assert_non_null(strstr(p->err.text, "nowhere"));
    assert_ptr_equal(plays(p), p->scenario);
    struct im_policy after = im_authority_policy(p->a->authority);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_false(im_sandbox_reset(p->a, other, &p->err));
    assert_ptr_equal(plays(p), p->scenario);
    im_scenario_unref(other);
}

static void a_new_sandbox_cannot_begin_with_such_a_world(void **state)
{
    struct pair *p = *state;
    struct im_scenario *other = spine_scenario("{\"name\":\"other\"}");
    struct im_scenario *plain = p->scenario;
    struct im_json_error why;
    other->world = im_json_parse(&other->arena, IM_STR("{\"users\":7}"), &why);
    p->scenario = other;
    assert_null(make(p, "c", 7));
    p->scenario = plain;
    im_scenario_unref(other);
}

static void a_reset_begins_the_scenario_anew(void **state)
{
    struct pair *p = *state;
    struct im_rule_count count;
    struct im_plan plan;
    struct im_exchange exchange = {.endpoint = IM_ENDPOINT_QUERY};
    struct im_request req = {.arena = &p->arena, .exchange = &exchange};
    struct im_scenario *other =
        spine_scenario("{\"name\":\"other\",\"rules\":[{\"then\":{\"wire\":\"drop\"}}]}");
    assert_true(im_sandbox_follow(p->a, other, &p->err));
    im_scenario_plan(p->a->scenario_state, p->a->authority, &req, NULL, &plan);
    im_scenario_state_counts(p->a->scenario_state, &count);
    assert_int_equal(count.fired, 1);
    assert_true(im_sandbox_reset(p->a, other, &p->err));
    im_scenario_state_counts(p->a->scenario_state, &count);
    assert_int_equal(count.fits, 0);
    assert_int_equal(im_plan_wire(&plan)->fault, IM_FAULT_DROP); /* still good */
    im_plan_release(&plan);
    im_scenario_unref(other);
}

/* ---- the verdict ---- */

static void the_verdict_is_on_what_the_journal_holds(void **state)
{
    static const struct im_judge_options options = {.baseline = NULL};
    struct pair *p = *state;
    struct im_verdict verdict;
    struct im_scenario *other =
        spine_scenario("{\"name\":\"other\",\"expect\":[{\"that\":\"it comes\"}]}");
    im_sandbox_follow(p->a, other, &p->err);
    struct im_scenario *judged = im_sandbox_judge(p->a, &options, &p->arena, &verdict);
    assert_ptr_equal(judged, other);
    assert_int_equal(verdict.judgements[0].outcome, IM_NOT_MET);
    assert_int_equal(verdict.exchanges, 0);
    im_scenario_unref(judged);
    record(p, p->a);
    judged = im_sandbox_judge(p->a, &options, &p->arena, &verdict);
    assert_int_equal(verdict.judgements[0].outcome, IM_MET);
    assert_true(im_str_is(verdict.scenario->name, "other") &&
                im_str_is(verdict.sandbox, "a"));
    im_scenario_unref(judged);
    im_scenario_unref(other);
}

static void without_memory_there_is_no_verdict(void **state)
{
    static const struct im_judge_options options = {.baseline = NULL};
    struct pair *p = *state;
    struct im_verdict verdict;
    struct im_arena small;
    im_arena_init(&small, 1);
    record(p, p->a);
    assert_null(im_sandbox_judge(p->a, &options, &small, &verdict));
    assert_true(small.failed);
    im_arena_release(&small);
}

/* ---- the ends of things ---- */

static void a_sandbox_is_called_by_its_own_copy_of_the_name(void **state)
{
    struct pair *p = *state;
    char name[] = "mine";
    struct im_sandbox *box = make(p, name, 1);
    name[0] = 'x';
    assert_true(im_str_is(box->name, "mine"));
    im_sandbox_free(box);
    im_sandbox_free(NULL);
}

static void a_start_below_zero_is_now(void **state)
{
    struct pair *p = *state;
    struct im_sandbox_options options = {
        .name = IM_STR("n"), .scenario = p->scenario, .seed = 1, .start_ms = -1};
    struct im_sandbox *box = im_sandbox_new(&options, &p->err);
    int64_t off = im_clock_now_ms(&box->authority->clock) - im_clock_real_ms();
    assert_true(off > -60000 && off < 60000);
    im_sandbox_free(box);
}

static void there_is_one_sandbox_and_it_is_found_by_name(void **state)
{
    struct spine *s = *state;
    assert_ptr_equal(im_sandboxes_find(&s->boxes, IM_STR("default")), s->boxes.standard);
    assert_null(im_sandboxes_find(&s->boxes, IM_STR("Default")));
    assert_null(im_sandboxes_find(&s->boxes, IM_STR("")));
}

static void a_reset_by_the_control_api_brings_the_same_answers_back(void **state)
{
    struct spine *s = *state;
    control(s, "POST", "/reset", NULL);
    control(s, "POST", "/clock", "{\"set\":\"2027-01-01T00:00:00Z\",\"freeze\":true}");
    const char *first = connect_ws_user(s, NULL);
    control(s, "POST", "/reset", "{}");
    assert_status(s, 200);
    control(s, "POST", "/clock", "{\"set\":\"2027-01-01T00:00:00Z\",\"freeze\":true}");
    assert_string_equal(first, connect_ws_user(s, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PAIR(each_has_a_clock),
        IN_PAIR(a_token_of_one_is_unknown_in_the_other),
        IN_PAIR(the_same_request_gets_different_tokens),
        IN_PAIR(each_has_a_journal),
        IN_PAIR(a_change_of_one_world_is_not_in_the_other),
        IN_PAIR(a_switch_of_policy_is_turned_in_one_only),
        IN_PAIR(the_same_seed_and_name_give_the_same_bytes),
        IN_PAIR(another_seed_gives_other_bytes),
        IN_PAIR(a_reset_forgets_tokens_journal_clock_world_and_policy),
        IN_PAIR(after_a_reset_the_same_requests_get_the_same_bytes),
        IN_PAIR(a_reset_of_one_leaves_the_other_alone),
        IN_PAIR(what_a_bound_of_ours_refused_is_in_no_verdict_and_no_baseline),
        IN_PAIR(another_scenario_leaves_what_was_handed_out),
        IN_PAIR(a_scenario_that_cannot_be_followed_changes_nothing),
        IN_PAIR(a_new_sandbox_cannot_begin_with_such_a_world),
        IN_PAIR(a_reset_begins_the_scenario_anew),
        IN_PAIR(the_verdict_is_on_what_the_journal_holds),
        IN_PAIR(without_memory_there_is_no_verdict),
        IN_PAIR(a_sandbox_is_called_by_its_own_copy_of_the_name),
        IN_PAIR(a_start_below_zero_is_now),
        IN_SPINE(there_is_one_sandbox_and_it_is_found_by_name),
        IN_SPINE(a_reset_by_the_control_api_brings_the_same_answers_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
