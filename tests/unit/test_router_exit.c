/* router_exit.c: what each answer gets on its way out: hints, the note of its delivery, its line in the log. */
#include "unit/spine.h"

/* ---- hints ---- */

static void a_misspelled_host_is_noted(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/.well-known/jwks.json", "Host: api.intacct.co:443\n", NULL);
    assert_status(s, 200);
    assert_has(answer_header(s, "X-Intacct-Mock-Note"), "host-misspelled: ");
    send(s, "GET", "/.well-known/jwks.json", "Host: api.intacct.com\n", NULL);
    assert_int_equal(answer_header(s, "X-Intacct-Mock-Note").len, 0);
}

static void hints_say_why_and_where_to_read_on(void **state)
{
    struct spine *s = *state;
    send(s, "GET", VENDORS, "Host: mock.test:1\n", NULL);
    assert_status(s, 401);
    assert_cause(s, "authorization-header-missing");
    assert_has(answer_header(s, "Link"),
               "<http://mock.test:1/__mock/causes/authorization-header-missing>;"
               " rel=\"help\"");
}

static void an_empty_name_is_none_that_is_known(void **state)
{
    struct spine *s = *state;

    send(s, "GET", "/.well-known/jwks.json", "X-Intacct-Mock-Refuse: \n", NULL);
    assert_cause(s, "trigger-unknown");
    send(s, "GET", "/.well-known/jwks.json", "X-Intacct-Mock-Wire:\n", NULL);
    assert_cause(s, "trigger-unknown");
}

static void without_hints_a_request_asks_for_no_trouble(void **state)
{
    struct spine *s = *state;

    s->boxes.settings.hints = false;
    send(s, "GET", "/.well-known/jwks.json",
         "X-Intacct-Mock-Refuse: rate-limited\nX-Intacct-Mock-Wire: nonsense\n", NULL);
    assert_status(s, 200);
}

static void without_hints_no_header_is_ours(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.hints = false;
    send(s, "GET", VENDORS, "Host: api.intacct.co\n", NULL);
    assert_status(s, 401);
    for (size_t i = 0; i < s->res.header_count; i++)
        assert_false(im_str_starts(im_str(s->res.headers[i].name), "X-Intacct-Mock"));
    assert_int_equal(answer_header(s, "Link").len, 0);
}

static void without_control_no_hint_links_to_it(void **state)
{
    struct spine *s = *state;
    s->boxes.settings.control = false;
    send(s, "GET", VENDORS, NULL, NULL);
    assert_cause(s, "authorization-header-missing");
    assert_int_equal(answer_header(s, "Link").len, 0);
    s->boxes.settings.control_url = IM_STR("http://127.0.0.1:9");
    send(s, "GET", VENDORS, NULL, NULL);
    assert_has(answer_header(s, "Link"), "<http://127.0.0.1:9/__mock/causes/");
}

/* ---- the journal and the log ---- */

static void it_is_known_when_each_answer_was_delivered(void **state)
{
    static const char *const targets[] = {VENDORS, "/nowhere", "/s/no-such-scenario/x"};
    struct spine *s = *state;
    struct im_journal *journal = s->boxes.standard->journal;
    for (uint64_t i = 0; i < 3; i++) {
        send_only(s, "GET", targets[i], NULL, NULL);
        assert_int_equal(im_journal_get(journal, &s->kept, i + 1)->delivered_us, 0);
        deliver(s);
        const struct im_exchange *e = im_journal_get(journal, &s->kept, i + 1);
        assert_true(e->delivered_us >= e->ended_us && e->ended_us >= e->began_us);
    }
}

/* What one request with a long path takes from the system at this level of the log. */
static size_t memory_taken(struct spine *s, bool enabled, enum im_log_level level)
{
    struct im_log_sink nowhere;
    struct im_buf path;

    im_log_open(&nowhere, -1);
    im_buf_init(&path, &s->kept, 0);
    im_buf_addz(&path, VENDORS "/");
    while (path.len < 200000)
        im_buf_addz(&path, "0123456789");
    s->boxes.settings.log =
        (struct im_log){.enabled = enabled, .level = level, .sink = &nowhere};
    send(s, "GET", im_arena_copy(&s->kept, im_buf_str(&path)).at, NULL, NULL);
    s->boxes.settings.log = (struct im_log){.enabled = false};
    return s->arena.taken;
}

static void a_line_that_no_level_wants_is_not_made(void **state)
{
    struct spine *s = *state;
    size_t silent = memory_taken(s, false, IM_LOG_INFO);
    assert_int_equal(memory_taken(s, true, IM_LOG_ERROR), silent);
    assert_true(memory_taken(s, true, IM_LOG_INFO) > silent);
}

static const struct CMUnitTest tests[] = {
    IN_SPINE(a_misspelled_host_is_noted),
    IN_SPINE(hints_say_why_and_where_to_read_on),
    IN_SPINE(an_empty_name_is_none_that_is_known),
    IN_SPINE(without_hints_a_request_asks_for_no_trouble),
    IN_SPINE(without_hints_no_header_is_ours),
    IN_SPINE(without_control_no_hint_links_to_it),
    IN_SPINE(it_is_known_when_each_answer_was_delivered),
    IN_SPINE(a_line_that_no_level_wants_is_not_made),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
