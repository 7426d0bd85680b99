/* journal.c: which exchanges are kept, for how long, and what is kept of them. */
#include "unit/book.h"

/* ---- the ring ---- */

static void ids_begin_at_one_and_are_never_reused(void **state)
{
    struct book *b = *state;
    assert_int_equal(add(b, (struct entry){0}), 1);
    assert_int_equal(add(b, (struct entry){0}), 2);
    im_journal_clear(b->journal);
    assert_int_equal(add(b, (struct entry){0}), 3);
}

static void a_full_ring_drops_the_oldest_and_counts_it(void **state)
{
    struct book *b = *state;
    for (int i = 0; i < KEEP + 3; i++)
        add(b, (struct entry){0});
    assert_int_equal(count_of(b, (struct im_journal_filter){0}), KEEP);
    assert_int_equal(im_journal_dropped(b->journal), 3);
    assert_null(im_journal_get(b->journal, &b->arena, 3));
    assert_int_equal(im_journal_get(b->journal, &b->arena, 4)->id, 4);
    assert_int_equal(im_journal_get(b->journal, &b->arena, 7)->id, 7);
}

static void every_ring_keeps_the_newest_in_order(void **state)
{
    struct book *b = *state;
    for (size_t keep = 0; keep < 70; keep++) {
        im_journal_free(b->journal);
        b->journal = im_journal_new(keep, NULL);
        for (int i = 0; i < 100; i++)
            add(b, (struct entry){0});
        size_t n;
        const struct im_exchange *e =
            im_journal_select(b->journal, &b->arena, &anything, &n);
        assert_int_equal(n, keep ? keep : 1);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(e[i].id, 100 - n + 1 + i);
    }
}

static void clearing_forgets_exchanges_and_what_was_dropped(void **state)
{
    struct book *b = *state;
    for (int i = 0; i < KEEP + 1; i++)
        add(b, (struct entry){0});
    im_journal_clear(b->journal);
    assert_int_equal(count_of(b, (struct im_journal_filter){0}), 0);
    assert_int_equal(im_journal_dropped(b->journal), 0);
}

static void all_since_the_last_clear_are_counted(void **state)
{
    struct book *b = *state;
    assert_int_equal(im_journal_total(b->journal), 0);
    for (int i = 0; i < KEEP + 2; i++)
        add(b, (struct entry){.target = "/"});
    assert_int_equal(im_journal_total(b->journal), KEEP + 2);
    im_journal_clear(b->journal);
    assert_int_equal(im_journal_total(b->journal), 0);
    assert_int_equal(im_journal_newest(b->journal), KEEP + 2); /* ids go on */
}

/* ---- memory ---- */

static void what_was_handed_out_outlives_the_exchange(void **state)
{
    struct book *b = *state;
    uint64_t id =
        add(b, (struct entry){.target = "/a", .body = "x=1", .client_id = "me"});
    const struct im_exchange *e = im_journal_get(b->journal, &b->arena, id);
    im_journal_clear(b->journal);
    assert_true(im_str_is(e->target, "/a") && im_str_is(e->request_body, "x=1"));
    assert_true(im_str_is(e->client_id, "me"));
}

static void an_arena_without_room_gets_nothing_and_is_marked(void **state)
{
    struct book *b = *state;
    add(b, (struct entry){.body = "x=1"});
    for (size_t limit = 1; limit < 3000; limit += 40) {
        struct im_arena small;
        size_t count = 99;
        im_arena_init(&small, limit);
        const struct im_exchange *e =
            im_journal_select(b->journal, &small, &anything, &count);
        assert_int_equal(count, e ? 1 : 0);
        assert_true(e || small.failed);
        im_arena_release(&small);
    }
}

static void without_room_there_is_none(void **state)
{
    struct book *b = *state;
    struct im_arena small;
    size_t count = 7;
    add(b, (struct entry){.target = "/"});
    im_arena_init(&small, 1);
    assert_null(im_journal_select(b->journal, &small, &anything, &count));
    assert_int_equal(count, 0);
    assert_true(small.failed);
    im_arena_release(&small);
}

static void what_is_referred_to_outlives_the_journals_memory_of_it(void **state)
{
    struct book *b = *state;
    size_t count;
    add(b, (struct entry){.target = "/first", .status = 404});
    add(b, (struct entry){.target = "/second"});
    struct im_journal_filter missing = {.status = {404, 404}};
    struct im_kept **kept = im_journal_keep(b->journal, &b->arena, &missing, &count);
    assert_int_equal(count, 1);
    assert_int_equal(im_journal_look(b->journal, kept[0]).delivered_us, 0);
    im_journal_delivered(b->journal, 1, 77, true);
    assert_int_equal(im_journal_look(b->journal, kept[0]).delivered_us, 77);
    im_journal_clear(b->journal);
    struct im_exchange first = im_journal_look(b->journal, kept[0]);
    assert_true(im_str_is(first.target, "/first"));
    im_kept_unref(kept[0]);
}

static uint64_t add_sized(struct im_journal *journal, size_t size)
{
    static char body[64 * 1024];
    struct im_exchange exchange = {.request_body = {body, size}};
    return im_journal_add(journal, &exchange);
}

static void of_several_journals_the_oldest_exchange_goes_first(void **state)
{
    (void)state;
    struct im_journal_memory memory;
    im_journal_memory_init(&memory, 40 * 1024);
    struct im_journal *a = im_journal_new(100, &memory),
                      *b = im_journal_new(100, &memory);
    add_sized(a, 10 * 1024);
    add_sized(b, 10 * 1024);
    add_sized(a, 10 * 1024);
    assert_int_equal(im_journal_dropped(a) + im_journal_dropped(b), 0);
    add_sized(b, 10 * 1024);
    assert_int_equal(im_journal_dropped(a), 1);
    assert_int_equal(im_journal_dropped(b), 0);
    assert_true(memory.used <= memory.max);
    assert_int_equal(im_journal_total(a), 2);
    add_sized(b, 20 * 1024);
    assert_int_equal(im_journal_dropped(a), 2);
    assert_int_equal(im_journal_dropped(b), 1);
    /* the newest of all stays, however large it is */
    assert_int_equal(add_sized(a, 60 * 1024), 3);
    assert_int_equal(im_journal_dropped(b), 3);
    struct im_arena arena;
    im_arena_init(&arena, 0);
    assert_non_null(im_journal_get(a, &arena, 3));
    assert_null(im_journal_get(b, &arena, 3));
    im_arena_release(&arena);
    im_journal_free(a);
    assert_int_equal(memory.used, 0);
    add_sized(b, 10);
    im_journal_free(b);
    im_journal_memory_release(&memory);
}

/* ---- as expectations see it ---- */

static const struct im_exchange *all_of(struct book *b, size_t wanted)
{
    size_t count;
    const struct im_exchange *exchanges =
        im_journal_select(b->journal, &b->arena, &anything, &count);

    assert_int_equal(count, wanted);
    return exchanges;
}

/* One exchange with all that a scenario can do to it. */
static uint64_t add_told(struct book *b, enum im_fault fault, int status)
{
    struct im_exchange exchange = {.cause = CAUSE_RATE_LIMITED,
                                   .worded_as = CAUSE_RATE_LIMITED,
                                   .endpoint = IM_ENDPOINT_QUERY,
                                   .evidence = IM_STR("because"),
                                   .client_id = IM_STR("demo"),
                                   .user = IM_STR("jdoe@acme"),
                                   .grant = IM_STR("g"),
                                   .scope = IM_STR("a b"),
                                   .token = IM_STR("hmac:1"),
                                   .rule = 2,
                                   .effect = "lock-user",
                                   .fault = fault};
    struct im_request req = {.arena = &b->arena,
                             .method = IM_STR("POST"),
                             .target = IM_STR("/s/x/p?q"),
                             .path = IM_STR("/p"),
                             .now_ms = START_MS,
                             .connection = 3,
                             .connection_us = 4,
                             .began_us = 5,
                             .exchange = &exchange};
    struct im_response res;

    im_response_init(&res, &b->arena);
    im_response_begin(&res, status, "text/plain");
    im_response_header(&res, "Retry-After", IM_STR("7"));
    im_note(&req, CAUSE_HOST_MISSPELLED, "noted");
    im_exchange_complete(&req, &res);
    return im_journal_add(b->journal, &exchange);
}

static void an_empty_journal_has_no_exchange(void **state)
{
    assert_null(all_of(*state, 0));
}

static void an_exchange_keeps_attributes_causes_and_times(void **state)
{
    struct book *b = *state;
    uint64_t id = add_told(b, IM_FAULT_DELAY, 429);
    const struct im_exchange *e = all_of(b, 1);
    assert_int_equal(e->id, id);
    assert_int_equal(e->endpoint, IM_ENDPOINT_QUERY);
    assert_true(im_str_is(e->client_id, "demo"));
    assert_true(im_str_is(e->user, "jdoe@acme"));
    assert_true(im_str_is(e->grant, "g"));
    assert_true(im_str_is(e->method, "POST"));
    assert_true(im_str_is(e->path, "/p"));
    assert_true(im_str_is(e->scope, "a b"));
    assert_true(im_str_is(e->token, "hmac:1"));
    assert_int_equal(e->status, 429);
    assert_int_equal(e->cause, CAUSE_RATE_LIMITED);
    assert_int_equal(e->note_count, 1);
    assert_int_equal(e->notes[0].cause, CAUSE_HOST_MISSPELLED);
    assert_true(im_str_is(e->evidence, "because"));
    assert_int_equal(e->fault, IM_FAULT_DELAY);
    assert_int_equal(e->retry_after_s, 7);
    assert_string_equal(e->effect, "lock-user");
    assert_true(e->connection == 3 && e->connection_us == 4 && e->began_us == 5);
    assert_true(e->ended_us >= e->began_us && e->at_ms == START_MS);
    assert_int_equal(e->delivered_us, 0);
}

static void a_damaged_answer_has_no_status_for_the_client(void **state)
{
    struct book *b = *state;
    for (int i = IM_FAULT_NONE; i < IM_FAULTS; i++) {
        enum im_fault fault = (enum im_fault)i;
        bool honest = fault == IM_FAULT_NONE || fault == IM_FAULT_DELAY ||
                      fault == IM_FAULT_HOLD || fault == IM_FAULT_STATUS ||
                      fault == IM_FAULT_REDIRECT || fault == IM_FAULT_BANDWIDTH ||
                      fault == IM_FAULT_WRONG_TYPE ||
                      im_fault_tls_word(fault); /* the answer to CONNECT arrives */
        im_journal_clear(b->journal);
        add_told(b, fault, 201);
        const struct im_exchange *e = all_of(b, 1);
        assert_int_equal(e->fault, fault);
        assert_int_equal(e->status, 201);
        assert_int_equal(im_exchange_status(e), honest ? 201 : 0);
    }
}

static void exchanges_are_in_order(void **state)
{
    struct book *b = *state;
    for (int i = 0; i < KEEP + 2; i++)
        add(b, (struct entry){.target = "/"});
    const struct im_exchange *e = all_of(b, KEEP);
    for (int i = 0; i < KEEP; i++)
        assert_int_equal(e[i].id, i + 3);
}

static void delivery_is_timed(void **state)
{
    struct book *b = *state;
    uint64_t id = add_told(b, IM_FAULT_STALL, 200);
    add_told(b, IM_FAULT_STALL, 200);
    im_journal_delivered(b->journal, id, 1234, false);
    im_journal_delivered(b->journal, 99, 5678, true); /* gone from the ring: nobody's */
    const struct im_exchange *e = all_of(b, 2);
    assert_int_equal(e[0].delivered_us, 1234);
    assert_true(e[0].unheard && !e[1].unheard);
    assert_int_equal(e[1].delivered_us, 0);
}

/* ---- the same call again ---- */

static uint64_t call_of(struct book *b, struct entry e)
{
    return im_journal_get(b->journal, &b->arena, add(b, e))->call;
}

static void a_call_is_method_path_query_and_body(void **state)
{
    struct book *b = *state;
    struct entry call = {.method = "POST", .target = "/a", .body = "b"};
    uint64_t one = call_of(b, call);
    assert_int_equal(call_of(b, call), one);
    call.headers = "X-Other: 1\n";
    call.status = 500;
    assert_int_equal(call_of(b, call), one);
    struct entry others[] = {{.method = "PATCH", .target = "/a", .body = "b"},
                             {.method = "POST", .target = "/a?x", .body = "b"},
                             {.method = "POST", .target = "/a", .body = "c"},
                             {.method = "POST", .target = "/a", .body = ""},
                             {.method = "POST", .target = "/ab", .body = ""},
                             {.method = "POST/", .target = "a", .body = "b"}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (call_of(b, others[i]) == one)
            fail_msg("%zu is the same call", i);
}

static const struct CMUnitTest tests[] = {
    IN_BOOK(ids_begin_at_one_and_are_never_reused),
    IN_BOOK(a_full_ring_drops_the_oldest_and_counts_it),
    IN_BOOK(every_ring_keeps_the_newest_in_order),
    IN_BOOK(clearing_forgets_exchanges_and_what_was_dropped),
    IN_BOOK(all_since_the_last_clear_are_counted),
    IN_BOOK(what_was_handed_out_outlives_the_exchange),
    IN_BOOK(an_arena_without_room_gets_nothing_and_is_marked),
    IN_BOOK(without_room_there_is_none),
    IN_BOOK(what_is_referred_to_outlives_the_journals_memory_of_it),
    cmocka_unit_test(of_several_journals_the_oldest_exchange_goes_first),
    IN_BOOK(an_empty_journal_has_no_exchange),
    IN_BOOK(an_exchange_keeps_attributes_causes_and_times),
    IN_BOOK(a_damaged_answer_has_no_status_for_the_client),
    IN_BOOK(exchanges_are_in_order),
    IN_BOOK(delivery_is_timed),
    IN_BOOK(a_call_is_method_path_query_and_body),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
