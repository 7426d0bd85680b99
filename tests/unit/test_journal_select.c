/* journal.c: filters, and waiting for what they match. */
#include "unit/book.h"

/* ---- filters ---- */

static void every_filter_matches_what_it_names_only(void **state)
{
    struct book *b = *state;
    add(b, (struct entry){
               .endpoint = IM_ENDPOINT_TOKEN, .method = "POST", .client_id = "a"});
    add(b,
        (struct entry){.cause = CAUSE_PATH_UNKNOWN, .status = 404, .target = "/x/y?z"});
    add(b, (struct entry){.note = CAUSE_PATH_UNKNOWN});
    assert_int_equal(count_of(b, (struct im_journal_filter){0}), 3);
    const struct {
        struct im_journal_filter filter;
        size_t count;
    } cases[] = {
        {{.endpoint = IM_STR("token")}, 1},
        {{.endpoint = IM_STR("oauth")}, 1},
        {{.endpoint = IM_STR("api")}, 0},
        {{.endpoint = IM_STR("read")}, 0},
        {{.endpoint = IM_STR("unknown")}, 2},
        {{.method = IM_STR("POST")}, 1},
        {{.method = IM_STR("post")}, 0},
        {{.client_id = IM_STR("a")}, 1},
        {{.client_id = IM_STR("b")}, 0},
        {{.status = {404, 404}}, 1},
        {{.status = {200, 200}}, 2},
        {{.status = {400, 499}}, 1},
        {{.status = {500, 599}}, 0},
        {{.path = IM_STR("/x/*")}, 1},
        {{.path = IM_STR("/x/y")}, 0},
        {{.since = 1}, 2},
        {{.since = 3}, 0},
        {{.cause = CAUSE_PATH_UNKNOWN}, 2},
        {{.grant = IM_STR("x")}, 0},
        {{.user = IM_STR("x@y")}, 0},
        {{.since = 1, .status = {404, 404}}, 1},
        {{.status = {404, 404}, .method = IM_STR("POST")}, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (count_of(b, cases[i].filter) != cases[i].count)
            fail_msg("case %zu: %zu", i, count_of(b, cases[i].filter));
}

static size_t matching(struct book *b, const char *target, const char *path,
                       const char *glob)
{
    struct im_journal_filter filter = {.path = im_str(glob)};
    struct im_exchange exchange = {.cause = CAUSE_NONE};
    struct im_request req = {.arena = &b->arena,
                             .method = IM_STR("GET"),
                             .target = im_str(target),
                             .path = im_str(path),
                             .exchange = &exchange};
    struct im_response res;
    size_t n;

    im_response_init(&res, &b->arena);
    im_journal_clear(b->journal);
    im_exchange_complete(&req, &res);
    im_journal_add(b->journal, &exchange);
    im_journal_select(b->journal, &b->arena, &filter, &n);
    return n;
}

static void a_path_is_asked_for_below_the_base_url(void **state)
{
    struct book *b = *state;
    assert_int_equal(matching(b, "/s/x/ia/a", "/ia/a", "/ia/*"), 1);
    assert_int_equal(matching(b, "/s/x/ia/a", "/ia/a", "/s/*"), 0);
    assert_int_equal(matching(b, "/s/x/ia/a?q=/1", "/ia/a", "/ia/a?q=/1"), 1);
    assert_int_equal(matching(b, "/ia/a?q=1", "/ia/a", "*q=1"), 1);
    assert_int_equal(matching(b, "/s/x/", "/", "/"), 1);
    assert_int_equal(matching(b, "/s/x", "/", "/"), 1);
    assert_int_equal(matching(b, "/s/x?q=1", "/", "/*"), 1);
    assert_int_equal(matching(b, "", "", "*"), 1);
}

/* ---- waiting ---- */

/* Somebody who waits, and how often he was called. */
struct waiter {
    struct im_waker waker; /* first: the waker is the waiter */
    int calls;
};

static void count_call(struct im_waker *waker)
{
    struct waiter *waiter = (struct waiter *)(void *)waker;
    waiter->calls++;
}

static void what_is_there_is_not_waited_for(void **state)
{
    struct book *b = *state;
    struct im_journal_watch watch = {.filter = anything};
    add(b, (struct entry){0});
    assert_false(im_journal_watch(b->journal, &watch, 1));
    im_journal_unwatch(b->journal, &watch);
    assert_false(im_journal_watch(b->journal, &watch, 0));
    im_journal_unwatch(b->journal, &watch);
    assert_true(im_journal_watch(b->journal, &watch, 2));
    im_journal_unwatch(b->journal, &watch);
}

static void who_waits_is_called_when_enough_match(void **state)
{
    struct book *b = *state;
    struct waiter two = {.waker.wake = count_call}, each = two;
    struct im_journal_watch for_two = {.filter = {.status = {404, 404}},
                                       .waker = &two.waker},
                            for_each = {.filter = {.status = {404, 404}},
                                        .waker = &each.waker};
    assert_true(im_journal_watch(b->journal, &for_two, 2));
    im_journal_watch(b->journal, &for_each, 0);
    add(b, (struct entry){0});
    assert_int_equal(each.calls, 0);
    add(b, (struct entry){.status = 404});
    assert_int_equal(two.calls, 0);
    assert_int_equal(each.calls, 1);
    add(b, (struct entry){.status = 404});
    assert_int_equal(two.calls, 1);
    assert_int_equal(each.calls, 2);
    im_journal_unwatch(b->journal, &for_two);
    im_journal_unwatch(b->journal, &for_each);
    add(b, (struct entry){.status = 404});
    assert_int_equal(each.calls, 2);
}

static void an_interrupt_calls_those_who_wait_and_lets_no_more(void **state)
{
    struct book *b = *state;
    struct waiter waiter = {.waker.wake = count_call};
    struct im_journal_watch watch = {.filter = anything, .waker = &waiter.waker};
    assert_true(im_journal_watch(b->journal, &watch, 1));
    im_journal_interrupt(b->journal);
    assert_int_equal(waiter.calls, 1);
    im_journal_unwatch(b->journal, &watch);
    assert_false(im_journal_watch(b->journal, &watch, 1));
    im_journal_unwatch(b->journal, &watch);
}

static const struct CMUnitTest tests[] = {
    IN_BOOK(every_filter_matches_what_it_names_only),
    IN_BOOK(a_path_is_asked_for_below_the_base_url),
    IN_BOOK(what_is_there_is_not_waited_for),
    IN_BOOK(who_waits_is_called_when_enough_match),
    IN_BOOK(an_interrupt_calls_those_who_wait_and_lets_no_more),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
