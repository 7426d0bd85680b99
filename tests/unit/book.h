/* A journal that keeps four exchanges, and exchanges for it: what the tests of the journal share. */
#ifndef IM_TESTS_UNIT_BOOK_H
#define IM_TESTS_UNIT_BOOK_H

#include "unit/spine.h"

#include "journal.h"

struct book {
    struct im_journal *journal;
    struct im_arena arena;
};

enum { KEEP = 4 };

static inline int open_book(void **state)
{
    struct book *b = calloc(1, sizeof(*b));

    b->journal = im_journal_new(KEEP, NULL);
    *state = b;
    return b->journal ? 0 : -1;
}

static inline int close_book(void **state)
{
    struct book *b = *state;

    im_journal_free(b->journal);
    im_arena_release(&b->arena);
    free(b);
    return 0;
}

#define IN_BOOK(test) cmocka_unit_test_setup_teardown(test, open_book, close_book)

static const struct im_journal_filter anything = {.cause = CAUSE_NONE};

struct entry {
    const char *target, *headers, *body, *answer, *location;
    enum im_endpoint endpoint;
    const char *method, *client_id;
    enum im_cause cause, note;
    int status;
};

static inline void add_headers(struct im_request *req, const char *text)
{
    struct im_str lines = im_str(text);

    while (lines.len) {
        struct im_str value = im_str_cut(&lines, '\n');
        struct im_str name = im_str_cut(&value, ':');
        im_request_add_header(req, name, value);
    }
}

static inline uint64_t add(struct book *b, struct entry e)
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

static inline size_t count_of(struct book *b, struct im_journal_filter filter)
{
    size_t count = 99;

    im_journal_select(b->journal, &b->arena, &filter, &count);
    return count;
}

#endif
