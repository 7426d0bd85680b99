/* journal_write.c: exchanges as JSON and as HTTP Archive 1.2, without secrets. */
#include "unit/book.h"

static struct im_str written(struct book *b, uint64_t id)
{
    struct im_buf text;
    struct im_json_out out;

    im_buf_init(&text, &b->arena, 0);
    im_json_out_init(&out, &text);
    im_exchange_write(im_journal_get(b->journal, &b->arena, id), &out);
    return im_buf_str(&text);
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

/* ---- secrets and bytes ---- */

static struct im_str archived(struct book *b)
{
    struct im_buf text;
    struct im_json_out out;
    size_t count;
    const struct im_exchange *found =
        im_journal_select(b->journal, &b->arena, &anything, &count);

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

/* ---- HTTP Archive ---- */

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

static const struct CMUnitTest tests[] = {
    IN_BOOK(a_long_body_is_cut_and_its_length_told),
    IN_BOOK(a_written_exchange_holds_no_secret),
    IN_BOOK(any_bytes_are_written_as_json),
    IN_BOOK(the_archive_has_what_har_1_2_demands),
    IN_BOOK(the_archive_lists_the_query_and_holds_no_secret),
    IN_BOOK(an_empty_archive_is_one_too),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
