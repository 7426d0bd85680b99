/* verdict.c: a verdict as JSON, as text and as JUnit XML, each made safe for its place. */
#include "unit/verdict/verdict_fixture.h"

/* ---- the three forms ---- */

static void json_says_all(void **state)
{
    struct fixture *f = three_kinds(state);
    const struct im_cause_row *row = im_cause_row(CAUSE_ACCESS_TOKEN_REVOKED);
    struct im_str all = im_arena_format(
        &f->arena,
        "{\"scenario\":\"revoked\",\"sandbox\":\"revoked.test-1\",\"outcome\":\"not-"
        "met\","
        "\"exchanges\":2,\"dropped\":0,\"exhausted\":false,"
        "\"rules\":[{\"rule\":1,\"fits\":5,\"fired\":1,\"needs\":1},"
        "{\"rule\":2,\"fits\":0,\"fired\":0,\"needs\":0}],"
        "\"expect\":[{\"that\":\"it comes\",\"outcome\":\"met\",\"why\":\"once, as it "
        "should be\",\"exchanges\":[1]},"
        "{\"that\":\"it stops\",\"outcome\":\"not-met\",\"why\":\"wanted at most 1, but "
        "saw 2\",\"exchanges\":[1,2]},"
        "{\"that\":\"it waits\",\"outcome\":\"not-exercised\",\"why\":\"drop never "
        "happened, so this was not exercised\",\"exchanges\":[]}],"
        "\"exchanges_shown\":[{\"id\":1,\"status\":200,\"line\":\"GET "
        "/ia/api/v1/objects/x → 200\"},"
        "{\"id\":2,\"status\":401,\"line\":\"GET /ia/api/v1/objects/x → 401 "
        "access-token-revoked: "
        "revoked 2 s ago\"}],"
        "\"cause\":{\"id\":\"access-token-revoked\",\"why\":\"%s\",\"fix\":\"%s\"},"
        "\"needs\":\"an API call\",\"client\":\"resilient\"}",
        row->why, row->fix);

    assert_string_equal(json(f), all.at);
}

static void text_says_all(void **state)
{
    struct fixture *f = three_kinds(state);
    const struct im_cause_row *row = im_cause_row(CAUSE_ACCESS_TOKEN_REVOKED);
    struct im_str all = im_arena_format(
        &f->arena,
        "revoked: not-met  (sandbox revoked.test-1, 2 exchanges)\n"
        "  met            it comes\n"
        "                 once, as it should be\n"
        "  NOT MET        it stops\n"
        "                 wanted at most 1, but saw 2\n"
        "                 1  GET /ia/api/v1/objects/x → 200\n"
        "                 2  GET /ia/api/v1/objects/x → 401 access-token-revoked: "
        "revoked "
        "2 s ago\n"
        "  not exercised  it waits\n"
        "                 drop never happened, so this was not exercised\n"
        "  rule 1 fitted 5 requests and fired 1 time\n"
        "  rule 2 fitted 0 requests and fired 0 times\n"
        "  access-token-revoked: %s\n  what to do: %s\n",
        row->why, row->fix);

    assert_string_equal(text(f), all.at);
}

static void junit_says_all(void **state)
{
    assert_string_equal(
        junit(three_kinds(state)),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"revoked\" tests=\"3\" failures=\"1\" errors=\"0\" "
        "skipped=\"1\">\n"
        "  <properties>\n"
        "    <property name=\"sandbox\" value=\"revoked.test-1\"/>\n"
        "  </properties>\n"
        "  <testcase name=\"it comes\" classname=\"revoked\"/>\n"
        "  <testcase name=\"it stops\" classname=\"revoked\">\n"
        "    <failure message=\"wanted at most 1, but saw 2\">"
        "1  GET /ia/api/v1/objects/x → 200\n"
        "2  GET /ia/api/v1/objects/x → 401 access-token-revoked: revoked 2 s ago\n"
        "</failure>\n"
        "  </testcase>\n"
        "  <testcase name=\"it waits\" classname=\"revoked\">\n"
        "    <skipped message=\"drop never happened, so this was not exercised\"/>\n"
        "  </testcase>\n"
        "</testsuite>\n");
}

static void what_was_dropped_is_said(void **state)
{
    struct fixture *f = three_kinds(state);

    f->verdict.dropped = 7;
    has(json(f), "\"dropped\":7");
    has(json(f), "7 older exchanges were dropped; a larger --journal keeps more");
    has(text(f), "note: 7 older exchanges were dropped; a larger --journal keeps more\n");
    has(junit(f), "<system-out>7 older exchanges were dropped; a larger --journal keeps "
                  "more</system-out>");
    f->verdict.dropped = 1;
    has(text(f), "note: 1 older exchange was dropped; a larger --journal keeps more\n");
}

static void long_lists_are_cut_where_people_read(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 25; i++)
        saw(f, 200, CAUSE_NONE);
    judged(f, "[" NOT_MET "]");
    has(text(f), "20  GET");
    has_not(text(f), "21  GET");
    has(text(f), "… and 5 more\n");
    has(junit(f), "… and 5 more\n");
    has(json(f), "24,25]");
}

/* ---- made safe for its place ---- */

static void what_xml_does_not_allow_is_replaced(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE)->path = IM_STR(
        "/a<b>&\"'\x01\x1b\x7f|\xff|\xed\xa0\x80|\xef\xbf\xbe|\xef\xbf\xbf|\xc3\xa4");
    saw(f, 200, CAUSE_NONE);
    judged(f, "[{'that':'<it> & it\\n\\tß','at_most':1}]");
    has(junit(f),
        "GET /a&lt;b&gt;&amp;&quot;&#39;\xEF\xBF\xBD\xEF\xBF\xBD\x7f|\xEF\xBF\xBD|"
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD|"
        "\xc3\xa4 → 200\n");
    has(junit(f), "name=\"&lt;it&gt; &amp; it&#10;&#9;ß\"");
    assert_non_null(json(f));
}

static void a_terminal_is_not_written_to_by_a_client(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE)->path = IM_STR("/a\x1b[2J\n\xc2\x9b\xff\x7f\xc3\xa4");
    saw(f, 200, CAUSE_NONE);
    judged(f, "[" NOT_MET "]");
    has(text(f), "GET /a?[2J????\xc3\xa4 → 200\n");
}

/* ---- one exchange ---- */

static const char *line(struct fixture *f, const struct im_exchange *seen)
{
    struct im_buf buf;

    im_buf_init(&buf, &f->arena, 0);
    im_exchange_line(seen, &buf);
    return finished(&buf);
}

static void a_line_tells_what_happened_to_an_exchange(void **state)
{
    struct fixture *f = *state;
    struct im_exchange *seen = saw(f, 200, CAUSE_NONE);

    seen->fault = IM_FAULT_DELAY;
    assert_string_equal(line(f, seen), "GET /ia/api/v1/objects/x → 200 (fault: delay)");
    seen->fault = IM_FAULT_DROP;
    assert_string_equal(line(f, seen),
                        "GET /ia/api/v1/objects/x → no answer (fault: drop)");
    seen->fault = IM_FAULT_HTML; /* a page was sent, with this status */
    assert_string_equal(line(f, seen), "GET /ia/api/v1/objects/x → 200 (fault: html)");
    seen->fault = IM_FAULT_NONE;
    seen->notes[0].cause = CAUSE_SESSION_EXPIRED;
    seen->notes[1].cause = CAUSE_REFRESH_TOKEN_MISSING;
    seen->note_count = 2;
    assert_string_equal(line(f, seen), "GET /ia/api/v1/objects/x → 200, warned of "
                                       "session-expired, refresh-token-missing");
    seen->cause = CAUSE_ACCESS_TOKEN_REVOKED;
    seen->evidence = IM_STR("why");
    assert_string_equal(line(f, seen),
                        "GET /ia/api/v1/objects/x → 200 access-token-revoked: why");
}

static const struct CMUnitTest tests[] = {
    WRITTEN(json_says_all),
    WRITTEN(text_says_all),
    WRITTEN(junit_says_all),
    WRITTEN(what_was_dropped_is_said),
    WRITTEN(long_lists_are_cut_where_people_read),
    WRITTEN(what_xml_does_not_allow_is_replaced),
    WRITTEN(a_terminal_is_not_written_to_by_a_client),
    WRITTEN(a_line_tells_what_happened_to_an_exchange),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
