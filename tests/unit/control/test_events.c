/* The stream of events as the listener calls it, and which exchanges a call asks for. */
#include "unit/spine.h"

#include "control/control.h"
#include "endpoints/endpoint.h"

/* A stream that goes on while other requests come. */
struct stream {
    struct im_arena arena;
    struct im_request req;
    struct im_response res;
    struct im_arena scratch;
    bool more; /* what it said last */
};

static void open_stream(struct stream *st, struct spine *s, const char *query,
                        const char *last_seen)
{
    int64_t date_ms;

    st->req = (struct im_request){.arena = &st->arena,
                                  .method = IM_STR("GET"),
                                  .target = im_arena_format(&st->arena, BOX "/events%s%s",
                                                            *query ? "?" : "", query),
                                  .query = im_str(query)};
    if (last_seen)
        im_request_add_header(&st->req, IM_STR("Last-Event-ID"), im_str(last_seen));
    im_response_init(&st->res, &st->arena);
    im_answer(&s->boxes, &st->req, &st->res, &date_ms);
}

static void close_stream(struct stream *st)
{
    im_response_clear(&st->res);
    im_arena_release(&st->arena);
    im_arena_release(&st->scratch);
}

/* Until there is nothing new; all of it. */
static struct im_str said(struct stream *st)
{
    struct im_buf all;
    size_t before;

    im_buf_init(&all, &st->scratch, 0);
    do {
        struct im_arena arena;
        struct im_buf piece;
        before = all.len;
        im_arena_init(&arena, 0);
        im_buf_init(&piece, &arena, 0);
        st->more = st->res.stream(st->res.stream_context, &piece);
        im_buf_add(&all, im_buf_str(&piece));
        im_arena_release(&arena);
    } while (st->more && all.len > before);
    return im_buf_str(&all);
}

static size_t events_in(struct im_str text)
{
    size_t n = 0;

    while (text.len)
        n += im_str_starts(im_str_cut(&text, '\n'), "id: ");
    return n;
}

static void refuses(struct spine *s, const char *query, const char *last_seen,
                    const char *field, const char *word)
{
    struct stream st = {.more = true};

    open_stream(&st, s, query, last_seen);
    assert_int_equal(st.res.status, 400);
    assert_null(st.res.stream);
    assert_has(im_buf_str(&st.res.body), field);
    assert_has(im_buf_str(&st.res.body), word);
    close_stream(&st);
}

/* ---- the stream ---- */

static void a_stream_begins_after_the_newest(void **state)
{
    struct spine *s = *state;
    struct stream st = {.more = true};
    send(s, "GET", "/one", NULL, NULL);
    open_stream(&st, s, "", NULL);
    assert_int_equal(st.res.status, 200);
    assert_true(
        im_str_is(im_response_get_header(&st.res, "Content-Type"), "text/event-stream"));
    assert_int_equal(said(&st).len, 0);
    send(s, "GET", "/two", NULL, NULL);
    send(s, "GET", "/three", NULL, NULL);
    struct im_str news = said(&st);
    assert_int_equal(events_in(news), 2);
    assert_true(im_str_starts(news, "id: 2\nevent: exchange\ndata: {\"id\":2,"));
    assert_has(news, "\"target\":\"/three\"");
    assert_int_equal(said(&st).len, 0);
    assert_true(st.more);
    close_stream(&st);
}

static void data_is_the_exchange_as_the_journal_gives_it(void **state)
{
    struct spine *s = *state;
    struct stream st = {.more = true};
    send(s, "POST", TOKEN, FORM, CONNECT);
    open_stream(&st, s, "since=0", NULL);
    control(s, "GET", "/requests/1", NULL);
    struct im_str text = im_arena_format(
        &s->kept, "id: 1\nevent: exchange\ndata: %.*s\n\n", IM_ARG(body_of(s)));
    assert_true(im_str_eq(said(&st), text));
    assert_lacks(text, "demo-secret");
    close_stream(&st);
}

static void since_and_the_last_seen_say_where_to_begin(void **state)
{
    struct spine *s = *state;
    struct stream since = {.more = true}, seen = {.more = true}, both = {.more = true},
                  other = {.more = true};
    for (int i = 0; i < 5; i++)
        send(s, "GET", "/x", NULL, NULL);
    open_stream(&since, s, "since=3", NULL);
    open_stream(&seen, s, "", "2");
    open_stream(&both, s, "since=0", "4");
    open_stream(&other, s, "", "900"); /* of a server that ran before */
    assert_int_equal(events_in(said(&since)), 2);
    assert_int_equal(events_in(said(&seen)), 3);
    assert_int_equal(events_in(said(&both)), 1);
    assert_int_equal(events_in(said(&other)), 5);
    close_stream(&since);
    close_stream(&seen);
    close_stream(&both);
    close_stream(&other);
}

static void filters_are_those_of_the_journal(void **state)
{
    struct spine *s = *state;
    struct stream st = {.more = true};
    open_stream(&st, s, "endpoint=token&status=200", NULL);
    send(s, "GET", "/x", NULL, NULL);
    send(s, "POST", TOKEN, FORM, "grant_type=x");
    assert_int_equal(said(&st).len, 0);
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_int_equal(events_in(said(&st)), 1);
    close_stream(&st);
}

static void a_journal_that_was_emptied_goes_on(void **state)
{
    struct spine *s = *state;
    struct stream st = {.more = true};
    send(s, "GET", "/x", NULL, NULL);
    open_stream(&st, s, "", NULL);
    control(s, "DELETE", "/requests", NULL);
    control(s, "POST", "/reset", NULL);
    send(s, "GET", "/y", NULL, NULL);
    assert_true(im_str_starts(said(&st), "id: 2\n"));
    close_stream(&st);
}

static void large_exchanges_come_in_several_pieces(void **state)
{
    struct spine *s = *state;
    struct stream st = {.more = true};
    struct im_buf body;
    im_buf_init(&body, &s->kept, 0);
    for (int i = 0; i < 60000; i++)
        im_buf_addc(&body, '\\');
    im_buf_addc(&body, '\0');
    open_stream(&st, s, "", NULL);
    for (int i = 0; i < 10; i++)
        send(s, "POST", VENDORS, NULL, body.at);
    assert_int_equal(events_in(said(&st)), 10);
    close_stream(&st);
}

static void an_interrupted_stream_tells_the_last_and_ends(void **state)
{
    struct spine *s = *state;
    struct stream st = {.more = true};
    open_stream(&st, s, "", NULL);
    send(s, "GET", "/x", NULL, NULL);
    im_sandboxes_interrupt(&s->boxes);
    assert_int_equal(events_in(said(&st)), 1);
    assert_false(st.more);
    close_stream(&st);
}

static void silence_is_broken_now_and_then(void **state)
{
    struct spine *s = *state;
    struct stream st = {.more = true};
    open_stream(&st, s, "endpoint=token", NULL);
    struct im_events *events = st.res.stream_context;
    send(s, "GET", "/x", NULL, NULL);
    assert_int_equal(said(&st).len, 0);
    events->spoke_ms -= IM_EVENTS_SILENCE_MS;
    assert_true(im_str_is(said(&st), ": alive\n\n"));
    assert_int_equal(said(&st).len, 0);
    events->spoke_ms -= IM_EVENTS_SILENCE_MS;
    send(s, "POST", TOKEN, FORM, CONNECT);
    assert_true(im_str_starts(said(&st), "id: 2\n"));
    assert_int_equal(said(&st).len, 0);
    close_stream(&st);
}

static void a_stream_of_no_sandbox_is_404(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/__mock/sandboxes/nobody/events", NULL, NULL);
    assert_status(s, 404);
    assert_null(s->res.stream);
}

/* ---- which exchanges ---- */

static void what_a_stream_cannot_take_is_refused(void **state)
{
    struct spine *s = *state;
    refuses(s, "count=1", NULL, "\"field\":\"count\"", "unknown parameter");
    refuses(s, "wait=1s", NULL, "\"field\":\"wait\"", "unknown parameter");
    refuses(s, "since=x", NULL, "\"field\":\"since\"", "whole number");
    refuses(s, "", "x", "\"field\":\"Last-Event-ID\"", "id of an exchange");
    refuses(s, "", "-1", "\"field\":\"Last-Event-ID\"", "id of an exchange");
}

static void an_endpoint_that_is_none_is_told_the_nearest(void **state)
{
    struct spine *s = *state;
    refuses(s, "endpoint=tokne", NULL, "\"field\":\"endpoint\"",
            "did you mean \\\"token\\\"?");
    refuses(s, "endpoint=zzzzzz", NULL, "\"field\":\"endpoint\"", "introspect");
    refuses(s, "endpoint=", NULL, "\"field\":\"endpoint\"", "there is no endpoint");
    control(s, "GET", "/requests?endpoint=Token", NULL);
    assert_status(s, 400);
    for (int i = IM_ENDPOINT_TOKEN; i < IM_ENDPOINTS; i++) {
        const char *name = im_endpoint_name((enum im_endpoint)i);
        control(s, "GET", im_arena_format(&s->kept, "/requests?endpoint=%s", name).at,
                NULL);
        assert_status(s, 200);
    }
}

static void a_har_waits_for_nothing(void **state)
{
    struct spine *s = *state;
    control(s, "GET", "/requests.har?wait=1s", NULL);
    assert_status(s, 400);
    control(s, "GET", "/requests.har?since=0", NULL);
    assert_status(s, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SPINE(a_stream_begins_after_the_newest),
        IN_SPINE(data_is_the_exchange_as_the_journal_gives_it),
        IN_SPINE(since_and_the_last_seen_say_where_to_begin),
        IN_SPINE(filters_are_those_of_the_journal),
        IN_SPINE(a_journal_that_was_emptied_goes_on),
        IN_SPINE(large_exchanges_come_in_several_pieces),
        IN_SPINE(an_interrupted_stream_tells_the_last_and_ends),
        IN_SPINE(silence_is_broken_now_and_then),
        IN_SPINE(a_stream_of_no_sandbox_is_404),
        IN_SPINE(what_a_stream_cannot_take_is_refused),
        IN_SPINE(an_endpoint_that_is_none_is_told_the_nearest),
        IN_SPINE(a_har_waits_for_nothing),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
