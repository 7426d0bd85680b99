#include "unit/spine.h"

#include <sched.h>
#include <unistd.h>

/* ---- touching, and asking which there are ---- */

static struct im_sandbox *touch(struct spine *s, const char *name)
{
    struct im_error err;
    struct im_sandbox *box = im_sandboxes_touch(&s->boxes, im_str(name), &err);

    if (!box)
        fail_msg("%s: %s", name, err.text);
    return box;
}

static void touch_and_go(struct spine *s, const char *name)
{
    im_sandboxes_unref(&s->boxes, touch(s, name));
}

static void refused(struct spine *s, struct im_str name, const char *says)
{
    struct im_error err = {.text = ""};

    assert_null(im_sandboxes_touch(&s->boxes, name, &err));
    if (!strstr(err.text, says))
        fail_msg("%s", err.text);
    assert_int_equal(atomic_load(&s->boxes.count), 0);
}

/* "default drop.2 drop.1": the default one, then by last use. */
static void are_there(struct spine *s, const char *wanted)
{
    size_t count;
    struct im_sandbox **all = im_sandboxes_list(&s->boxes, &s->kept, &count);
    struct im_buf names;

    im_buf_init(&names, &s->kept, 0);
    for (size_t i = 0; i < count; i++) {
        im_buf_addf(&names, "%s%.*s", i ? " " : "", IM_ARG(all[i]->name));
        im_sandboxes_unref(&s->boxes, all[i]);
    }
    if (!im_str_is(im_buf_str(&names), wanted))
        fail_msg("%.*s, not %s", IM_ARG(im_buf_str(&names)), wanted);
}

static bool follows(struct im_sandbox *box, const char *name)
{
    struct im_scenario *scenario = im_sandbox_scenario(box);
    bool same = im_str_is(scenario->name, name);

    im_scenario_unref(scenario);
    return same;
}

static void the_first_touch_makes_it_and_the_next_finds_it(void **state)
{
    struct spine *s = *state;
    assert_null(im_sandboxes_find(&s->boxes, IM_STR("drop.1")));
    struct im_sandbox *box = touch(s, "drop.1");
    assert_true(im_str_is(box->name, "drop.1"));
    assert_true(follows(box, "drop"));
    assert_ptr_equal(touch(s, "drop.1"), box);
    assert_ptr_equal(im_sandboxes_find(&s->boxes, IM_STR("drop.1")), box);
    for (int i = 0; i < 3; i++)
        im_sandboxes_unref(&s->boxes, box);
    are_there(s, "default drop.1");
}

static void the_first_part_is_the_scenario(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *box = touch(s, "happy-path");
    assert_true(follows(box, "happy-path"));
    im_sandboxes_unref(&s->boxes, box);
    box = touch(s, "stall.a.b-c_d");
    assert_true(follows(box, "stall"));
    im_sandboxes_unref(&s->boxes, box);
}

static void the_default_one_is_always_there(void **state)
{
    struct spine *s = *state;
    assert_ptr_equal(touch(s, "default"), s->boxes.standard);
    im_sandboxes_unref(&s->boxes, s->boxes.standard);
    im_sandboxes_ref(&s->boxes, s->boxes.standard);
    im_sandboxes_unref(&s->boxes, NULL);
    assert_false(im_sandboxes_delete(&s->boxes, IM_STR("default")));
    are_there(s, "default");
}

#define TEN "aaaaaaaaaa"

static void odd_names_are_refused(void **state)
{
    static const char *const names[] = {
        "",      "..",       ".",        "/",        "a/b",        "drop/..",
        "Drop",  "drop.K",   "-drop",    "_drop",    ".drop",      "drop 1",
        "drop~", "drop%2e1", "drop\n.1", "drop\xC3", "drop.\"x\"", "drop:1",
        "drop?", "drop#",    "drop.<b>", "drop\\",   "dr\xC3\xB6p"};
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        refused(s, im_str(names[i]), "cannot name a sandbox: SCENARIO or SCENARIO.KEY");
    refused(s, (struct im_str){"drop\0x", 6}, "cannot name a sandbox");
    refused(s, (struct im_str){"\0", 1}, "cannot name a sandbox");
    refused(s, IM_STR("drop." TEN TEN TEN TEN TEN "aaaaaaaaab"), "cannot name a sandbox");
    touch_and_go(s, "drop." TEN TEN TEN TEN TEN "aaaaaaaaa");
}

static void dots_may_be_many(void **state)
{
    struct spine *s = *state;
    touch_and_go(s, "drop.");
    touch_and_go(s, "drop...x");
    are_there(s, "default drop...x drop.");
}

static void an_unknown_scenario_is_refused_with_the_nearest(void **state)
{
    struct spine *s = *state;
    refused(s, IM_STR("happy-pth.1"),
            "there is no scenario \"happy-pth\"; did you mean \"happy-path\"?");
    refused(s, IM_STR("zzzzzzzz"),
            "there is no scenario \"zzzzzzzz\"; "
            "`intacct-mock scenarios` lists them");
    refused(s, IM_STR("default.x"), "there is no scenario \"default\"");
}

/* ---- made on purpose ---- */

static struct im_sandbox *make(struct spine *s, struct im_sandbox_params params,
                               enum im_made *made)
{
    struct im_error err = {.text = ""};
    struct im_scenario *scenario = spine_scenario("{\"name\":\"inline\"}");

    params.scenario = scenario;
    struct im_sandbox *box = im_sandboxes_make(&s->boxes, &params, made, &err);
    im_scenario_unref(scenario);
    return box;
}

static void a_nameless_one_gets_a_name_of_its_own(void **state)
{
    struct spine *s = *state;
    enum im_made made;
    for (int i = 0; i < 2; i++) {
        struct im_sandbox *box =
            make(s, (struct im_sandbox_params){.start_ms = -1}, &made);
        assert_int_equal(made, IM_MADE);
        assert_true(follows(box, "inline"));
        im_sandboxes_unref(&s->boxes, box);
    }
    are_there(s, "default inline.2 inline.1");
    touch_and_go(s, "inline.1"); /* though there is no such scenario in the catalogue */
}

static void a_named_one_need_not_be_called_like_its_scenario(void **state)
{
    struct spine *s = *state;
    enum im_made made;
    struct im_sandbox_params params = {.name = IM_STR("mine"), .start_ms = -1};
    im_sandboxes_unref(&s->boxes, make(s, params, &made));
    assert_int_equal(made, IM_MADE);
    are_there(s, "default mine");
}

static void a_taken_name_is_told(void **state)
{
    struct spine *s = *state;
    enum im_made made;
    touch_and_go(s, "drop.1");
    assert_null(make(s, (struct im_sandbox_params){.name = IM_STR("drop.1")}, &made));
    assert_int_equal(made, IM_MADE_TAKEN);
    assert_null(make(s, (struct im_sandbox_params){.name = IM_STR("default")}, &made));
    assert_int_equal(made, IM_MADE_TAKEN);
    struct im_sandbox *box = touch(s, "drop.1");
    assert_int_equal(box->users, 1); /* who was refused works with nothing */
    assert_true(follows(box, "drop"));
    im_sandboxes_unref(&s->boxes, box);
}

static void an_odd_name_is_not_made(void **state)
{
    enum im_made made;
    assert_null(make(*state, (struct im_sandbox_params){.name = IM_STR("A/b")}, &made));
    assert_int_equal(made, IM_MADE_NOT);
}

static void seed_and_start_are_its_own(void **state)
{
    struct spine *s = *state;
    enum im_made made;
    struct im_sandbox_params params = {
        .name = IM_STR("a"), .seeded = true, .seed = 99, .start_ms = START_MS + 5000};
    struct im_sandbox *box = make(s, params, &made);
    assert_int_equal(box->seed, 99);
    assert_int_equal(box->start_ms, START_MS + 5000);
    im_sandboxes_unref(&s->boxes, box);
    box = make(s, (struct im_sandbox_params){.name = IM_STR("b"), .start_ms = -1}, &made);
    assert_int_equal(box->seed, 7);
    assert_int_equal(box->start_ms, START_MS);
    im_sandboxes_unref(&s->boxes, box);
}

/* ---- ending ---- */

static void a_deleted_one_is_gone(void **state)
{
    struct spine *s = *state;
    touch_and_go(s, "drop.1");
    assert_true(im_sandboxes_delete(&s->boxes, IM_STR("drop.1")));
    assert_false(im_sandboxes_delete(&s->boxes, IM_STR("drop.1")));
    are_there(s, "default");
}

static void one_in_use_is_freed_by_whoever_leaves_it_last(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *box = touch(s, "drop.1");
    im_sandboxes_ref(&s->boxes, box);
    assert_true(im_sandboxes_delete(&s->boxes, IM_STR("drop.1")));
    assert_null(im_sandboxes_find(&s->boxes, IM_STR("drop.1")));
    struct im_sandbox *other = touch(s, "drop.1");
    assert_ptr_not_equal(other, box);
    im_barrier_wait(box->barrier, s, 9, 60000); /* nobody waits in what is gone */
    im_sandboxes_unref(&s->boxes, box);
    assert_true(im_str_is(box->name, "drop.1"));
    im_sandboxes_unref(&s->boxes, box);
    im_sandboxes_unref(&s->boxes, other);
    are_there(s, "default drop.1");
}

static void until_alone(struct spine *s)
{
    int64_t deadline_ms = im_clock_monotonic_ms() + 30000;
    size_t count = 2;

    while (count > 1 && im_clock_monotonic_ms() < deadline_ms) {
        struct im_sandbox **all = im_sandboxes_list(&s->boxes, &s->arena, &count);
        for (size_t i = 0; i < count; i++)
            im_sandboxes_unref(&s->boxes, all[i]);
        im_arena_release(&s->arena);
        sched_yield();
    }
    assert_int_equal(count, 1);
}

static void an_idle_one_goes_by_itself(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.sandbox_ttl_ms = 1;
    touch_and_go(s, "drop.1");
    touch_and_go(s, "drop.2");
    until_alone(s);
    assert_int_equal(im_sandboxes_dropped(&s->boxes), 0);
}

static void one_in_use_is_not_idle(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.sandbox_ttl_ms = 1;
    struct im_sandbox *box = touch(s, "drop.1");
    touch_and_go(s, "drop.2");
    s->boxes.swept_ms = 0;
    int64_t began_ms = im_clock_monotonic_ms();
    while (im_clock_monotonic_ms() - began_ms < 5)
        sched_yield();
    are_there(s, "default drop.1");
    im_sandboxes_unref(&s->boxes, box);
    until_alone(s);
}

static void too_many_drop_the_one_used_longest_ago(void **state)
{
    struct spine *s = *state; /* room for four */
    touch_and_go(s, "drop.1");
    touch_and_go(s, "drop.2");
    touch_and_go(s, "drop.3");
    touch_and_go(s, "drop.4");
    touch_and_go(s, "drop.1");
    touch_and_go(s, "drop.5");
    are_there(s, "default drop.5 drop.1 drop.4 drop.3");
    assert_int_equal(im_sandboxes_dropped(&s->boxes), 1);
}

static void one_in_use_is_not_dropped(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *box = touch(s, "drop.1");
    touch_and_go(s, "drop.2");
    touch_and_go(s, "drop.3");
    touch_and_go(s, "drop.4");
    touch_and_go(s, "drop.5");
    are_there(s, "default drop.5 drop.4 drop.3 drop.1");
    im_sandboxes_unref(&s->boxes, box);
}

static void when_all_are_in_use_there_is_one_too_many(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *kept[4];
    for (int i = 0; i < 4; i++)
        kept[i] = touch(s, im_arena_format(&s->kept, "drop.%d", i).at);
    touch_and_go(s, "drop.9");
    assert_int_equal(atomic_load(&s->boxes.count), 5);
    assert_int_equal(im_sandboxes_dropped(&s->boxes), 0);
    for (int i = 0; i < 4; i++)
        im_sandboxes_unref(&s->boxes, kept[i]);
}

static void twice_too_many_in_use_are_refused_as_a_bound_of_ours(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *kept[8];
    struct im_error err;
    for (int i = 0; i < 8; i++)
        kept[i] = touch(s, im_arena_format(&s->kept, "drop.%d", i).at);
    assert_null(im_sandboxes_touch(&s->boxes, IM_STR("drop.9"), &err));
    assert_int_equal(err.kind, IM_ERROR_CAPACITY);
    send(s, "GET", "/s/drop.9" VENDORS, NULL, NULL);
    assert_status(s, 503);
    assert_cause(s, "mock-capacity");
    assert_has(answer_header(s, "X-Intacct-Mock-Evidence"),
               "4 are the bound (--sandboxes)");
    send(s, "GET", "/__mock/sandboxes/drop.9", NULL, NULL);
    assert_status(s, 503);
    send(s, "POST", "/__mock/sandboxes", NULL, "{\"name\":\"drop.9\"}");
    assert_status(s, 503);
    assert_has(body_of(s), "8 sandboxes are in use at once, and 4 are the bound "
                           "(--sandboxes); delete those that are done");
    im_sandboxes_unref(&s->boxes, kept[7]);
    touch_and_go(s, "drop.9");
    for (int i = 0; i < 7; i++)
        im_sandboxes_unref(&s->boxes, kept[i]);
}

static void an_interrupt_is_for_those_that_come_too(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *before = touch(s, "drop.1");
    im_sandboxes_interrupt(&s->boxes);
    struct im_sandbox *after = touch(s, "drop.2");
    im_barrier_wait(s->boxes.standard->barrier, s, 9, 600000);
    im_barrier_wait(before->barrier, s, 9, 600000);
    im_barrier_wait(after->barrier, s, 9, 600000);
    im_sandboxes_unref(&s->boxes, before);
    im_sandboxes_unref(&s->boxes, after);
}

/* ---- whose is it? ---- */

static struct im_issue issue_of(const char *user)
{
    return (struct im_issue){.grant_type = IM_STR("authorization_code"),
                             .client_id = IM_STR("demo"),
                             .user = im_str(user),
                             .company = IM_STR("acme"),
                             .issuer = IM_STR("http://h"),
                             .redirect_uri = IM_STR("http://127.0.0.1/callback"),
                             .with_refresh = true};
}

static struct im_issued hand_out(struct spine *s, struct im_sandbox *box)
{
    struct im_issue issue = issue_of("ws_user");
    struct im_issued issued;
    struct im_error err;

    if (!im_authority_issue(box->authority, &s->kept, START_MS, &issue, &issued, &err))
        fail_msg("%s", err.text);
    return issued;
}

static void belongs(struct spine *s, struct im_str token, const struct im_sandbox *box)
{
    struct im_sandbox *owner = im_sandboxes_owner(&s->boxes, &s->kept, token);

    assert_ptr_equal(owner, box);
    im_sandboxes_unref(&s->boxes, owner);
}

static void what_was_handed_out_tells_its_sandbox(void **state)
{
    struct spine *s = *state;
    struct im_error err;
    struct im_issue issue = issue_of("jdoe");
    struct im_sandbox *box = touch(s, "drop.1");
    touch_and_go(s, "drop.2");
    struct im_issued issued = hand_out(s, box);
    belongs(s, issued.access_token, box);
    belongs(s, issued.refresh_token, box);
    belongs(s, im_authority_issue_code(box->authority, &s->kept, START_MS, &issue, &err),
            box);
    struct im_token token;
    im_authority_find(box->authority, &s->kept, issued.access_token, START_MS, &token);
    assert_true(token.session.len > 0);
    belongs(s, token.session, box);
    im_sandboxes_unref(&s->boxes, box);
    assert_int_equal(box->users, 0);
}

static void what_is_the_default_ones_or_nobodys_has_no_owner(void **state)
{
    struct spine *s = *state;
    touch_and_go(s, "drop.1");
    belongs(s, hand_out(s, s->boxes.standard).access_token, NULL);
    belongs(s, IM_STR("nonsense"), NULL);
    belongs(s, IM_STR(""), NULL);
}

static void a_dead_token_has_an_owner(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *box = touch(s, "drop.1");
    struct im_str token = hand_out(s, box).access_token;
    im_authority_revoke(box->authority, token, START_MS);
    belongs(s, token, box);
    im_sandboxes_unref(&s->boxes, box);
}

/* What the index has, of all sandboxes but the default one. */
static void are_indexed(struct spine *s, size_t wanted)
{
    assert_int_equal(s->boxes.token_index.table.count, wanted);
}

static void what_a_deleted_sandbox_handed_out_belongs_to_no_sandbox(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *box = touch(s, "drop.1");
    struct im_str token = hand_out(s, box).access_token;
    are_indexed(s, 3); /* access token, refresh token, session */
    im_sandboxes_delete(&s->boxes, IM_STR("drop.1"));
    belongs(s, token, NULL); /* though the sandbox is still in use */
    im_sandboxes_unref(&s->boxes, box);
    are_indexed(s, 0);
    touch_and_go(s, "drop.1"); /* of the same name, and it has not handed it out */
    belongs(s, token, NULL);
}

static void what_was_handed_out_before_a_reset_belongs_to_no_sandbox(void **state)
{
    struct spine *s = *state;
    struct im_error err;
    struct im_sandbox *box = touch(s, "drop.1");
    struct im_str before = hand_out(s, box).refresh_token;
    assert_true(im_sandboxes_reset(&s->boxes, box, &err));
    are_indexed(s, 0);
    belongs(s, before, NULL);
    belongs(s, hand_out(s, box).access_token, box);
    im_sandboxes_unref(&s->boxes, box);
}

/* The record leaves, and a note of it stays, by which its sandbox still knows it. */
static void what_ended_an_hour_ago_still_tells_its_sandbox(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *box = touch(s, "drop.1");
    struct im_str token = hand_out(s, box).access_token;
    struct im_policy policy = im_authority_policy(box->authority);
    struct im_eval_context later = {START_MS + INT64_C(1000) * 86400 * 1000, &policy};
    im_tokens_sweep(box->authority->tokens, &later, 1);
    im_tokens_sweep(box->authority->tokens, &later, 1 + IM_TOKENS_LINGER_MS);
    struct im_token record;
    assert_false(im_authority_find(box->authority, &s->kept, token, START_MS, &record));
    are_indexed(s, 2); /* the notes; the session has ended with its records */
    belongs(s, token, box);
    im_sandboxes_unref(&s->boxes, box);
}

static void what_the_default_sandbox_hands_out_is_not_indexed(void **state)
{
    struct spine *s = *state;
    hand_out(s, s->boxes.standard);
    are_indexed(s, 0);
}

/* ---- two share nothing ---- */

static void the_same_seed_and_another_name_give_other_tokens(void **state)
{
    struct spine *s = *state;
    struct im_sandbox *a = touch(s, "drop.1"), *b = touch(s, "drop.2");
    struct im_str token = hand_out(s, a).access_token;
    assert_int_equal(a->seed, b->seed);
    assert_false(im_str_eq(token, hand_out(s, b).access_token));
    im_sandboxes_unref(&s->boxes, a);
    im_sandboxes_unref(&s->boxes, b);
    im_sandboxes_delete(&s->boxes, IM_STR("drop.1"));
    a = touch(s, "drop.1"); /* once more from the beginning */
    assert_true(im_str_eq(token, hand_out(s, a).access_token));
    im_sandboxes_unref(&s->boxes, a);
}

/* ---- a reset reads the scenario anew ---- */

static void a_reset_takes_the_scenario_as_it_is_worded_now(void **state)
{
    char path[] = "/tmp/im-sandboxes-XXXXXX";
    struct spine *s = *state;
    struct im_error err;
    struct im_sandbox *box = touch(s, "drop.1");
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "{\"name\":\"one\"}", 14), 14);
    struct im_scenario *scenario = im_scenario_read_file(path, &err);
    assert_true(im_sandbox_follow(box, scenario, &err));
    im_scenario_unref(scenario);
    assert_int_equal(pwrite(fd, "{\"name\":\"two\"}", 14, 0), 14);
    close(fd);
    assert_true(follows(box, "one"));
    assert_true(im_sandboxes_reset(&s->boxes, box, &err));
    assert_true(follows(box, "two"));
    unlink(path);
    im_sandboxes_unref(&s->boxes, box);
}

/* ---- what many cost ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__linux__)
#define UNMEASURED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNMEASURED
#endif
#endif

#ifndef UNMEASURED
static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long all = 0, resident = 0;
    int n = file ? fscanf(file, "%lu %lu", &all, &resident) : 0;

    if (file)
        fclose(file);
    return n == 2 ? resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static void ten_thousand_cost_less_than_32_kib_each(void **state)
{
    enum { MANY = 10000, EACH = 32 * 1024 };
    struct spine *s = *state;
    char name[32];
    s->boxes.settings.sandboxes_max = MANY;
    touch_and_go(s, "drop.first");
    size_t before = resident_bytes();
    for (int i = 1; i < MANY; i++) {
        snprintf(name, sizeof(name), "drop.%d", i);
        touch_and_go(s, name);
    }
    assert_int_equal(atomic_load(&s->boxes.count), MANY);
    size_t each = (resident_bytes() - before) / MANY;
    if (!before || each >= EACH)
        fail_msg("%zu bytes each", each);
}
#else
static void ten_thousand_cost_less_than_32_kib_each(void **state)
{
    (void)state;
    skip();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPINE(the_first_touch_makes_it_and_the_next_finds_it),
        IN_SPINE(the_first_part_is_the_scenario),
        IN_SPINE(the_default_one_is_always_there),
        IN_SPINE(odd_names_are_refused),
        IN_SPINE(dots_may_be_many),
        IN_SPINE(an_unknown_scenario_is_refused_with_the_nearest),
        IN_SPINE(a_nameless_one_gets_a_name_of_its_own),
        IN_SPINE(a_named_one_need_not_be_called_like_its_scenario),
        IN_SPINE(a_taken_name_is_told),
        IN_SPINE(an_odd_name_is_not_made),
        IN_SPINE(seed_and_start_are_its_own),
        IN_SPINE(a_deleted_one_is_gone),
        IN_SPINE(one_in_use_is_freed_by_whoever_leaves_it_last),
        IN_SPINE(an_idle_one_goes_by_itself),
        IN_SPINE(one_in_use_is_not_idle),
        IN_SPINE(too_many_drop_the_one_used_longest_ago),
        IN_SPINE(one_in_use_is_not_dropped),
        IN_SPINE(when_all_are_in_use_there_is_one_too_many),
        IN_SPINE(twice_too_many_in_use_are_refused_as_a_bound_of_ours),
        IN_SPINE(an_interrupt_is_for_those_that_come_too),
        IN_SPINE(what_was_handed_out_tells_its_sandbox),
        IN_SPINE(what_is_the_default_ones_or_nobodys_has_no_owner),
        IN_SPINE(a_dead_token_has_an_owner),
        IN_SPINE(what_a_deleted_sandbox_handed_out_belongs_to_no_sandbox),
        IN_SPINE(what_was_handed_out_before_a_reset_belongs_to_no_sandbox),
        IN_SPINE(what_ended_an_hour_ago_still_tells_its_sandbox),
        IN_SPINE(what_the_default_sandbox_hands_out_is_not_indexed),
        IN_SPINE(the_same_seed_and_another_name_give_other_tokens),
        IN_SPINE(a_reset_takes_the_scenario_as_it_is_worded_now),
        IN_SPINE(ten_thousand_cost_less_than_32_kib_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
