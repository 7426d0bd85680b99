#include "unit/spine.h"

#include <pthread.h>

#include "base/clock.h"
#include "journal.h"

/* ---- a journal, and exchanges for it ---- */

struct book {
    struct im_journal *journal;
    struct im_arena arena;
};

enum { KEEP = 4 };

static int open_book(void **state)
{
    struct book *b = calloc(1, sizeof(*b));

    b->journal = im_journal_new(KEEP, NULL);
    *state = b;
    return b->journal ? 0 : -1;
}

static int close_book(void **state)
{
    struct book *b = *state;

    im_journal_free(b->journal);
    im_arena_release(&b->arena);
    free(b);
    return 0;
}

#define IN_BOOK(test) cmocka_unit_test_setup_teardown(test, open_book, close_book)

struct entry {
    const char *target, *headers, *body, *answer, *location;
    enum im_endpoint endpoint;
    const char *method, *client_id;
    enum im_cause cause, note;
    int status;
};

static void add_headers(struct im_request *req, const char *text)
{
    struct im_str lines = im_str(text);

    while (lines.len) {
        struct im_str value = im_str_cut(&lines, '\n');
        struct im_str name = im_str_cut(&value, ':');
        im_request_add_header(req, name, value);
    }
}

static uint64_t add(struct book *b, struct entry e)
{
    struct im_exchange exchange = {.cause = e.cause,
                                   .worded_as = e.cause,
                                   .evidence = IM_STR("because"),
                                   .endpoint =
                                       e.endpoint ? e.endpoint : IM_ENDPOINT_UNKNOWN,
                                   .duration_us = 1500,
                                   .client_id = im_str(e.client_id)};
    struct im_request req = {.arena = &b->arena,
                             .method = im_str(e.method ? e.method : "GET"),
                             .target = im_str(e.target ? e.target : "/"),
                             .path = im_str(e.target ? e.target : "/"),
                             .body = im_str(e.body),
                             .now_ms = START_MS,
                             .exchange = &exchange};
    struct im_response res;

    req.query = req.path;
    req.path = im_str_cut(&req.query, '?');
    add_headers(&req, e.headers);
    im_response_init(&res, &b->arena);
    im_buf_addz(im_response_begin(&res, e.status ? e.status : 200, "application/json"),
                e.answer ? e.answer : "");
    if (e.location)
        im_response_header(&res, "Location", im_str(e.location));
    if (e.note)
        im_note(&req, e.note, "noted");
    im_exchange_complete(&req, &res);
    return im_journal_add(b->journal, &exchange);
}

static size_t count_of(struct book *b, struct im_journal_filter filter)
{
    size_t count = 99;

    im_journal_select(b->journal, &b->arena, &filter, &count);
    return count;
}

static struct im_str written(struct book *b, uint64_t id)
{
    struct im_buf text;
    struct im_json_out out;

    im_buf_init(&text, &b->arena, 0);
    im_json_out_init(&out, &text);
    im_exchange_write(im_journal_get(b->journal, &b->arena, id), &out);
    return im_buf_str(&text);
}

static struct im_str archived(struct book *b)
{
    struct im_journal_filter all = {.cause = CAUSE_NONE};
    struct im_buf text;
    struct im_json_out out;
    size_t count;
    const struct im_exchange *found =
        im_journal_select(b->journal, &b->arena, &all, &count);

    im_buf_init(&text, &b->arena, 0);
    im_har_write_head(&text);
    for (size_t i = 0; i < count; i++) {
        if (i)
            im_buf_addc(&text, ',');
        im_json_out_init(&out, &text);
        im_har_write_entry(&found[i], &out);
    }
    im_buf_addz(&text, IM_HAR_TAIL);
    return im_buf_str(&text);
}

static const struct im_json *parsed(struct book *b, struct im_str text)
{
    struct im_json_error why;
    const struct im_json *json = im_json_parse(&b->arena, text, &why);

    if (!json)
        fail_msg("no JSON (%s): %.*s", why.what, IM_ARG(text));
    return json;
}

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
        struct im_journal_filter all = {.cause = CAUSE_NONE};
        size_t n;
        const struct im_exchange *e = im_journal_select(b->journal, &b->arena, &all, &n);
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

static void a_long_body_is_cut_and_its_length_told(void **state)
{
    struct book *b = *state;
    char *body = test_malloc(IM_EXCHANGE_BODY_MAX + 2);
    memset(body, 'x', IM_EXCHANGE_BODY_MAX + 1);
    body[IM_EXCHANGE_BODY_MAX + 1] = '\0';
    uint64_t id = add(b, (struct entry){.body = body, .answer = body});
    const struct im_exchange *e = im_journal_get(b->journal, &b->arena, id);
    assert_int_equal(e->request_body.len, IM_EXCHANGE_BODY_MAX);
    assert_int_equal(e->request_body_len, IM_EXCHANGE_BODY_MAX + 1);
    assert_has(written(b, id), "\"body_bytes\":16385");
    test_free(body);
}

static void an_arena_without_room_gets_nothing_and_is_marked(void **state)
{
    struct book *b = *state;
    struct im_journal_filter all = {.cause = CAUSE_NONE};
    add(b, (struct entry){.body = "x=1"});
    for (size_t limit = 1; limit < 3000; limit += 40) {
        struct im_arena small;
        size_t count = 99;
        im_arena_init(&small, limit);
        const struct im_exchange *e = im_journal_select(b->journal, &small, &all, &count);
        assert_int_equal(count, e ? 1 : 0);
        assert_true(e || small.failed);
        im_arena_release(&small);
    }
}

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

/* ---- waiting ---- */

static const struct im_journal_filter anything = {.cause = CAUSE_NONE};

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

/* ---- referred to ---- */

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

/* ---- journals that share their memory ---- */

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

/* ---- written out ---- */

#define SECRET "hunter2-zebra"

static const struct entry full = {
    .method = "POST",
    .target = "/cb?code=" SECRET "&state=1",
    .headers = "Host: h:1\nAuthorization: Basic " SECRET "\nCookie: a=" SECRET
               "\nContent-Type: application/x-www-form-urlencoded\n",
    .body = "client secret=" SECRET,
    .answer = "{\"access_token\":\"" SECRET "\"}",
    .location = "http://h/?code=" SECRET,
    .cause = CAUSE_PATH_UNKNOWN,
    .note = CAUSE_HOST_MISSPELLED,
    .status = 404,
};

static void a_written_exchange_holds_no_secret(void **state)
{
    struct book *b = *state;
    struct im_str text = written(b, add(b, full));
    assert_lacks(text, "zebra");
    assert_has(text, "\"cause\":\"path-unknown\"");
    assert_has(text, "\"evidence\":\"because\"");
    assert_has(text, "\"notes\":[{\"cause\":\"host-misspelled\",\"text\":\"noted\"}]");
    assert_has(text, "\"name\":\"Authorization\",\"value\":\"Basic hmac:");
    parsed(b, text);
}

static void any_bytes_are_written_as_json(void **state)
{
    struct book *b = *state;
    uint64_t id = add(b, (struct entry){.target = "/\xFF\x01\"",
                                        .headers = "X: \x80\x02\n",
                                        .body = "\xC3(\x7F\x1B{\xED\xA0\x80",
                                        .answer = "\xF0\x28"});
    parsed(b, written(b, id));
    parsed(b, archived(b));
}

static const struct im_json *entry_of(struct book *b)
{
    const struct im_json *log = im_json_get(parsed(b, archived(b)), "log");
    assert_true(im_str_is(im_json_get_str(log, "version"), "1.2"));
    assert_non_null(im_json_get(im_json_get(log, "creator"), "name"));
    return im_json_get(log, "entries")->first;
}

static void the_archive_has_what_har_1_2_demands(void **state)
{
    static const char *const of_request[] = {"method",      "url",      "httpVersion",
                                             "cookies",     "headers",  "queryString",
                                             "headersSize", "bodySize", "postData"};
    static const char *const of_response[] = {"status",      "statusText",  "httpVersion",
                                              "cookies",     "headers",     "content",
                                              "redirectURL", "headersSize", "bodySize"};
    struct book *b = *state;
    add(b, full);
    const struct im_json *entry = entry_of(b);
    for (size_t i = 0; i < 9; i++) {
        assert_non_null(im_json_get(im_json_get(entry, "request"), of_request[i]));
        assert_non_null(im_json_get(im_json_get(entry, "response"), of_response[i]));
    }
    const struct im_json *timings = im_json_get(entry, "timings");
    assert_true(im_json_get(timings, "wait")->number == 1.5);
    assert_non_null(im_json_get(entry, "cache"));
    assert_true(
        im_str_is(im_json_get_str(entry, "startedDateTime"), "2026-11-24T00:00:00Z"));
}

static void the_archive_lists_the_query_and_holds_no_secret(void **state)
{
    struct book *b = *state;
    add(b, full);
    const struct im_json *query =
        im_json_get(im_json_get(entry_of(b), "request"), "queryString");
    assert_int_equal(query->count, 2);
    assert_true(im_str_is(im_json_get_str(query->first->next, "name"), "state"));
    assert_true(im_str_is(im_json_get_str(query->first->next, "value"), "1"));
    assert_lacks(archived(b), "zebra");
}

static void an_empty_archive_is_one_too(void **state)
{
    struct book *b = *state;
    assert_null(entry_of(b));
}

/* ---- as expectations see it ---- */

static const struct im_exchange *all_of(struct book *b, size_t wanted)
{
    struct im_journal_filter all = {.cause = CAUSE_NONE};
    size_t count;
    const struct im_exchange *exchanges =
        im_journal_select(b->journal, &b->arena, &all, &count);

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

static void without_room_there_is_none(void **state)
{
    struct book *b = *state;
    struct im_arena small;
    size_t count = 7;
    add(b, (struct entry){.target = "/"});
    im_arena_init(&small, 1);
    struct im_journal_filter all = {.cause = CAUSE_NONE};
    assert_null(im_journal_select(b->journal, &small, &all, &count));
    assert_int_equal(count, 0);
    assert_true(small.failed);
    im_arena_release(&small);
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

/* ---- paths below the base URL ---- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOOK(ids_begin_at_one_and_are_never_reused),
        IN_BOOK(a_full_ring_drops_the_oldest_and_counts_it),
        IN_BOOK(every_ring_keeps_the_newest_in_order),
        IN_BOOK(clearing_forgets_exchanges_and_what_was_dropped),
        IN_BOOK(what_was_handed_out_outlives_the_exchange),
        IN_BOOK(a_long_body_is_cut_and_its_length_told),
        IN_BOOK(an_arena_without_room_gets_nothing_and_is_marked),
        IN_BOOK(every_filter_matches_what_it_names_only),
        IN_BOOK(what_is_there_is_not_waited_for),
        IN_BOOK(who_waits_is_called_when_enough_match),
        IN_BOOK(an_interrupt_calls_those_who_wait_and_lets_no_more),
        IN_BOOK(what_is_referred_to_outlives_the_journals_memory_of_it),
        cmocka_unit_test(of_several_journals_the_oldest_exchange_goes_first),
        IN_BOOK(a_written_exchange_holds_no_secret),
        IN_BOOK(any_bytes_are_written_as_json),
        IN_BOOK(the_archive_has_what_har_1_2_demands),
        IN_BOOK(the_archive_lists_the_query_and_holds_no_secret),
        IN_BOOK(an_empty_archive_is_one_too),
        IN_BOOK(an_empty_journal_has_no_exchange),
        IN_BOOK(an_exchange_keeps_attributes_causes_and_times),
        IN_BOOK(a_damaged_answer_has_no_status_for_the_client),
        IN_BOOK(exchanges_are_in_order),
        IN_BOOK(without_room_there_is_none),
        IN_BOOK(delivery_is_timed),
        IN_BOOK(all_since_the_last_clear_are_counted),
        IN_BOOK(a_call_is_method_path_query_and_body),
        IN_BOOK(a_path_is_asked_for_below_the_base_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
