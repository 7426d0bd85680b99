/* wire.c: how a fault is written, and what is said of one that is wrong. */
#include "unit/scenario/wire_reader.h"

/* `member`: the name of the value at fault; NULL = the whole. */
static void refused(struct reader *r, const char *text, const char *member,
                    const char *sentence)
{
    if (reads(r, text))
        fail_msg("%s is taken", text);
    assert_string_equal(r->fault.err.text, sentence);
    if (!im_str_is(r->fault.at->name, member ? member : ""))
        fail_msg("%s: \"%.*s\" is at fault", text, IM_ARG(r->fault.at->name));
}

/* ---- the vocabulary ---- */

static void every_fault_has_a_name_of_its_own_and_a_sentence(void **state)
{
    (void)state;
    for (int i = IM_FAULT_NONE + 1; i < IM_FAULTS; i++) {
        enum im_fault fault = (enum im_fault)i;
        assert_int_equal(im_fault_find(im_str(im_fault_name(fault))), fault);
        assert_true(strlen(im_fault_about(fault)) > 10);
        assert_true(strlen(im_fault_fix(fault)) > 10);
    }
    assert_int_equal(im_fault_find(IM_STR("none")), IM_FAULT_NONE);
    assert_int_equal(im_fault_find(IM_STR("")), IM_FAULT_NONE);
    assert_int_equal(im_fault_find(IM_STR("Drop")), IM_FAULT_NONE);
}

static const struct {
    const char *name;
    enum im_fault fault;
    bool after;
} alone[] = {
    {"stall", IM_FAULT_STALL, false},
    {"drop", IM_FAULT_DROP, false},
    {"reset", IM_FAULT_RESET, false},
    {"truncate", IM_FAULT_TRUNCATE, true},
    {"wrong-type", IM_FAULT_WRONG_TYPE, true},
    {"html", IM_FAULT_HTML, false},
    {"malformed-json", IM_FAULT_MALFORMED_JSON, true},
};
enum { ALONE = sizeof(alone) / sizeof(alone[0]) };

static void a_word_is_the_fault_with_its_default_eval(void **state)
{
    struct reader *r = *state;

    for (size_t i = 0; i < ALONE; i++) {
        wire(r, im_arena_format(&r->arena, "'%s'", alone[i].name).at);
        assert_int_equal(r->wire.fault, alone[i].fault);
        assert_int_equal(r->wire.after, alone[i].after);
        assert_int_equal(im_wire_replaces(&r->wire), !alone[i].after);
    }
}

static void a_member_that_is_true_says_the_same(void **state)
{
    struct reader *r = *state;

    for (size_t i = 0; i < ALONE; i++) {
        wire(r, im_arena_format(&r->arena, "{'%s':true}", alone[i].name).at);
        assert_int_equal(im_wire_fault(&r->wire), alone[i].fault);
        assert_int_equal(r->wire.after, alone[i].after);
    }
}

static void words_that_say_too_little_are_refused(void **state)
{
    static const char *const words[] = {"delay", "hold", "status", "redirect"};

    for (size_t i = 0; i < 4; i++) {
        struct reader *r = *state;
        assert_false(reads(r, im_arena_format(&r->arena, "'%s'", words[i]).at));
        const char *wanted = im_arena_format(&r->arena,
                                             "\"%s\" needs to be told more: "
                                             "{\"%s\": …}",
                                             words[i], words[i])
                                 .at;
        assert_string_equal(r->fault.err.text, wanted);
    }
}

#define FAULTS                                                                           \
    "; there are \"delay\", \"hold\", \"bandwidth\", \"stall\", \"drop\", \"reset\", "   \
    "\"truncate\", "                                                                     \
    "\"malformed-json\", \"wrong-type\", \"html\", \"status\" and \"redirect\""

static void unknown_words_are_refused_with_the_nearest(void **state)
{
    refused(*state, "'dorp'", NULL, "there is no fault \"dorp\"; did you mean \"drop\"?");
    refused(*state, "'zzzzzz'", NULL, "there is no fault \"zzzzzz\"" FAULTS);
    refused(*state, "''", NULL, "there is no fault \"\"" FAULTS);
    refused(*state, "{'drop':true,'trunkate':true}", "trunkate",
            "wire: unknown field \"trunkate\"; did you mean \"truncate\"?");
    refused(*state, "{'fault':'drop'}", "fault",
            "wire: unknown field \"fault\"; there are \"delay\", \"hold\", "
            "\"bandwidth\", \"stall\", \"drop\", \"reset\", \"truncate\", "
            "\"malformed-json\", \"wrong-type\", \"html\", \"status\", \"redirect\", "
            "\"retry_after\", \"body\" and \"at\"");
}

static void long_names_are_shown_in_part(void **state)
{
    struct reader *r = *state;
    char text[400] = "{'";

    memset(text + 2, 'x', 300);
    memcpy(text + 302, "':true}", 8);
    assert_false(reads(r, text));
    const char *shown = strchr(r->fault.err.text, '"');
    assert_non_null(shown);
    assert_int_equal(strspn(shown + 1, "x"), 60);
    assert_int_equal(shown[61], '"');
}

/* ---- the whole ---- */

static void a_wire_is_a_word_or_an_object(void **state)
{
    refused(*state, "7", NULL, "must be a fault's name or an object, not 7");
    refused(*state, "['drop']", NULL,
            "must be a fault's name or an object, not an array");
    refused(*state, "null", NULL, "must be a fault's name or an object, not null");
    refused(*state, "true", NULL, "must be a fault's name or an object, not true");
}

static void an_object_must_do_something(void **state)
{
    refused(*state, "{}", NULL, "wire: name a fault, such as \"drop\": true");
    refused(*state, "{'at':'after'}", NULL, "wire: name a fault, such as \"drop\": true");
    wire(*state, "{'retry_after':1}");
}

static void flags_are_true_or_not_there(void **state)
{
    refused(*state, "{'drop':false}", "drop",
            "wire: \"drop\" must be true, or be left out, not false");
    refused(*state, "{'stall':1}", "stall",
            "wire: \"stall\" must be true, or be left out, not 1");
    refused(*state, "{'reset':'yes'}", "reset",
            "wire: \"reset\" must be true, or be left out, not \"yes\"");
    refused(*state, "{'truncate':{}}", "truncate",
            "wire: \"truncate\" must be true, or be left out, not an object");
}

static void the_eval_can_be_said(void **state)
{
    struct reader *r = *state;

    assert_true(wire(r, "{'drop':true,'at':'after'}")->after);
    assert_false(im_wire_replaces(&r->wire));
    assert_false(wire(r, "{'at':'before','status':503}")->after);
    assert_true(im_wire_replaces(&r->wire));
    assert_true(wire(r, "{'truncate':true,'at':'after'}")->after);
    refused(r, "{'drop':true,'at':'later'}", "at",
            "wire: \"at\" must be \"before\" (the request takes no effect) or "
            "\"after\", not \"later\"");
    refused(r, "{'drop':true,'at':1}", "at",
            "wire: \"at\" must be \"before\" (the request takes no effect) or "
            "\"after\", not 1");
}

static void what_damages_an_answer_cannot_come_before_it(void **state)
{
    struct reader *r = *state;

    for (size_t i = 0; i < ALONE; i++) {
        const char *text =
            im_arena_format(&r->arena, "{'%s':true,'at':'before'}", alone[i].name).at;
        if (alone[i].after)
            refused(r, text, NULL,
                    im_arena_format(&r->arena,
                                    "wire: \"%s\" damages an answer, so it comes after "
                                    "the request took effect: leave \"at\" out",
                                    alone[i].name)
                        .at);
        else
            wire(r, text);
    }
}

static const char *const members[] = {
    "'stall':true",    "'drop':true",    "'reset':true",
    "'truncate':true", "'html':true",    "'wrong-type':true",
    "'status':503",    "'redirect':'/'", "'malformed-json':true"};
enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

static void two_faults_contradict_each_other(void **state)
{
    struct reader *r = *state;

    for (size_t i = 0; i < MEMBERS; i++)
        for (size_t k = 0; k < MEMBERS; k++) {
            if (i == k)
                continue;
            const char *text =
                im_arena_format(&r->arena, "{%s,%s}", members[i], members[k]).at;
            assert_false(reads(r, text));
            assert_non_null(strstr(r->fault.err.text, "contradict each other"));
        }
    refused(r, "{'drop':true,'reset':true}", "reset",
            "wire: \"drop\" and \"reset\" contradict each other");
}

static void waiting_and_retry_after_go_with_every_fault(void **state)
{
    struct reader *r = *state;

    for (size_t i = 0; i < MEMBERS; i++) {
        wire(r,
             im_arena_format(&r->arena, "{%s,'delay':'1s','hold':2,'retry_after':'2s'}",
                             members[i])
                 .at);
        assert_int_equal(r->wire.delay_ms, 1000);
        assert_int_equal(r->wire.hold_until, 2);
        assert_int_equal(r->wire.retry_after_s, 2);
    }
}

/* ---- waiting ---- */

static void a_delay_goes_with_any_fault(void **state)
{
    struct reader *r = *state;

    assert_int_equal(wire(r, "{'delay':'2s'}")->delay_ms, 2000);
    assert_int_equal(im_wire_fault(&r->wire), IM_FAULT_DELAY);
    assert_false(im_wire_replaces(&r->wire));
    wire(r, "{'delay':'250ms','drop':true}");
    assert_int_equal(r->wire.delay_ms, 250);
    assert_int_equal(im_wire_fault(&r->wire), IM_FAULT_DROP);
    assert_int_equal(wire(r, "{'delay':'10m'}")->delay_ms, 600000);
    assert_true(wire(r, "{'delay':'1s','at':'after'}")->after);
}

#define DURATION "a duration above 0, at most 10m, such as \"2s\""

static void a_delay_is_a_duration_within_reason(void **state)
{
    refused(*state, "{'delay':'2'}", "delay",
            "wire: \"delay\" must be " DURATION ", not \"2\"");
    refused(*state, "{'delay':2}", "delay",
            "wire: \"delay\" must be " DURATION ", not 2");
    refused(*state, "{'delay':'0s'}", "delay",
            "wire: \"delay\" must be " DURATION ", not \"0s\"");
    refused(*state, "{'delay':'-1s'}", "delay",
            "wire: \"delay\" must be " DURATION ", not \"-1s\"");
    refused(*state, "{'delay':'11m'}", "delay",
            "wire: \"delay\" must be " DURATION ", not \"11m\"");
    refused(*state, "{'delay':null}", "delay",
            "wire: \"delay\" must be " DURATION ", not null");
}

static void a_hold_is_a_number_or_an_object(void **state)
{
    struct reader *r = *state;

    assert_int_equal(wire(r, "{'hold':3}")->hold_until, 3);
    assert_int_equal(r->wire.hold_ms, 5000);
    assert_int_equal(im_wire_fault(&r->wire), IM_FAULT_HOLD);
    wire(r, "{'hold':{'until':2,'for':'1s'}}");
    assert_int_equal(r->wire.hold_until, 2);
    assert_int_equal(r->wire.hold_ms, 1000);
    assert_int_equal(wire(r, "{'hold':{'for':'1s'}}")->hold_until, 10000);
    assert_int_equal(wire(r, "{'hold':2,'delay':'1s'}")->delay_ms, 1000);
    assert_int_equal(im_wire_fault(&r->wire), IM_FAULT_HOLD);
    assert_int_equal(im_wire_fault(wire(r, "{'hold':2,'reset':true}")), IM_FAULT_RESET);
}

#define REQUESTS "a whole number of requests, 1 to 10000"

static void a_hold_is_refused_by_the_part_at_fault(void **state)
{
    refused(*state, "{'hold':0}", "hold", "wire: \"hold\" must be " REQUESTS ", not 0");
    refused(*state, "{'hold':1.5}", "hold",
            "wire: \"hold\" must be " REQUESTS ", not 1.5");
    refused(*state, "{'hold':10001}", "hold",
            "wire: \"hold\" must be " REQUESTS ", not 10001");
    refused(*state, "{'hold':{'until':'3'}}", "until",
            "wire: \"until\" must be " REQUESTS ", not \"3\"");
    refused(*state, "{'hold':{'for':3}}", "for",
            "wire: \"for\" must be " DURATION ", not 3");
    refused(*state, "{'hold':{'untl':3}}", "untl",
            "wire: unknown field \"untl\"; did you mean \"until\"?");
    refused(*state, "{'hold':true}", "hold",
            "wire: \"hold\" must be a number of requests, or {\"until\": N, "
            "\"for\": \"2s\"}, not true");
}

static void retry_after_is_rounded_up_to_seconds(void **state)
{
    struct reader *r = *state;

    assert_int_equal(wire(r, "{'retry_after':'2s'}")->retry_after_s, 2);
    assert_int_equal(wire(r, "{'retry_after':'1ms'}")->retry_after_s, 1);
    assert_int_equal(wire(r, "{'retry_after':'1001ms'}")->retry_after_s, 2);
    assert_int_equal(wire(r, "{'retry_after':'1m'}")->retry_after_s, 60);
    assert_int_equal(wire(r, "{'retry_after':3}")->retry_after_s, 3);
    assert_int_equal(wire(r, "{'retry_after':600}")->retry_after_s, 600);
    assert_int_equal(im_wire_fault(&r->wire), IM_FAULT_NONE);
    assert_false(im_wire_replaces(&r->wire));
    refused(r, "{'retry_after':0}", "retry_after",
            "wire: \"retry_after\" must be " DURATION ", not 0");
    refused(r, "{'retry_after':601}", "retry_after",
            "wire: \"retry_after\" must be " DURATION ", not 601");
    refused(r, "{'retry_after':'soon'}", "retry_after",
            "wire: \"retry_after\" must be " DURATION ", not \"soon\"");
}

/* ---- another answer ---- */

static void a_page_is_the_stand_in_or_a_text(void **state)
{
    struct reader *r = *state;

    assert_int_equal(wire(r, "{'html':true}")->body.len, 0);
    assert_true(im_str_is(wire(r, "{'html':'<p>'}")->body, "<p>"));
    assert_int_equal(r->wire.fault, IM_FAULT_HTML);
    refused(r, "{'html':false}", "html",
            "wire: \"html\" must be true or the page's text, not false");
    refused(r, "{'html':''}", "html",
            "wire: \"html\" must be true or the page's text, not \"\"");
}

static void a_status_has_bounds(void **state)
{
    struct reader *r = *state;

    assert_int_equal(wire(r, "{'status':200}")->status, 200);
    assert_int_equal(wire(r, "{'status':599}")->status, 599);
    assert_int_equal(r->wire.fault, IM_FAULT_STATUS);
    refused(r, "{'status':199}", "status",
            "wire: \"status\" must be a status, 200 to 599, not 199");
    refused(r, "{'status':600}", "status",
            "wire: \"status\" must be a status, 200 to 599, not 600");
    refused(r, "{'status':'503'}", "status",
            "wire: \"status\" must be a status, 200 to 599, not \"503\"");
}

static void a_body_is_text_a_page_or_json(void **state)
{
    struct reader *r = *state;

    wire(r, "{'status':503,'body':'busy'}");
    assert_true(im_str_is(r->wire.body, "busy"));
    assert_string_equal(r->wire.content_type, "text/plain; charset=utf-8");
    wire(r, "{'body':' <p>busy','status':503}");
    assert_string_equal(r->wire.content_type, "text/html; charset=utf-8");
    wire(r, "{'status':503,'body':{'a':[1,null]}}");
    assert_true(im_str_is(r->wire.body, "{\"a\":[1,null]}"));
    assert_string_equal(r->wire.content_type, "application/json");
    assert_int_equal(wire(r, "{'status':503}")->body.len, 0);
    assert_string_equal(r->wire.content_type, "application/json");
}

static void a_body_goes_with_a_status_alone(void **state)
{
    refused(*state, "{'body':'x'}", NULL, "wire: \"body\" goes with \"status\" alone");
    refused(*state, "{'drop':true,'body':'x'}", NULL,
            "wire: \"body\" goes with \"status\" alone");
    refused(*state, "{'redirect':'/x','body':{}}", NULL,
            "wire: \"body\" goes with \"status\" alone");
}

static void a_redirect_has_an_address(void **state)
{
    struct reader *r = *state;

    wire(r, "{'redirect':'https://login.example/'}");
    assert_int_equal(r->wire.status, 302);
    assert_true(im_str_is(r->wire.location, "https://login.example/"));
    refused(r, "{'redirect':''}", "redirect",
            "wire: \"redirect\" must be the address to redirect to, not \"\"");
    refused(r, "{'redirect':true}", "redirect",
            "wire: \"redirect\" must be the address to redirect to, not true");
}

/* ---- bandwidth ---- */

static void a_bandwidth_is_bytes_of_an_answer_that_there_is(void **state)
{
    struct reader *r = *state;
    struct im_response res = {.arena = &r->arena};
    im_response_begin(&res, 200, "text/plain");
    im_buf_addz(&res.body, "0123456789");

    assert_true(reads(r, "{'bandwidth':4}"));
    assert_int_equal(im_wire_fault(&r->wire), IM_FAULT_BANDWIDTH);
    assert_true(r->wire.after);
    assert_false(im_wire_replaces(&r->wire));
    im_wire_apply(&r->wire, &res);
    assert_int_equal(res.damage.bytes_per_s, 4);
    assert_int_equal(res.status, 200);
    assert_int_equal(im_wire_takes_ms(&r->wire, &res), 2500);
    refused(r, "{'bandwidth':0}", "bandwidth",
            "wire: \"bandwidth\" must be bytes per second, 1 or more, not 0");
    refused(r, "{'bandwidth':4,'drop':true}", "drop",
            "wire: \"bandwidth\" and \"drop\" contradict each other");
    refused(r, "{'bandwidth':4,'at':'before'}", NULL,
            "wire: \"bandwidth\" damages an answer, so it comes after the request took "
            "effect: leave \"at\" out");
    assert_true(reads(r, "'drop'"));
    assert_int_equal(im_wire_takes_ms(&r->wire, &res), 0);
}

static const struct CMUnitTest tests[] = {
    READING(every_fault_has_a_name_of_its_own_and_a_sentence),
    READING(a_word_is_the_fault_with_its_default_eval),
    READING(a_member_that_is_true_says_the_same),
    READING(words_that_say_too_little_are_refused),
    READING(unknown_words_are_refused_with_the_nearest),
    READING(long_names_are_shown_in_part),
    READING(a_wire_is_a_word_or_an_object),
    READING(an_object_must_do_something),
    READING(flags_are_true_or_not_there),
    READING(the_eval_can_be_said),
    READING(what_damages_an_answer_cannot_come_before_it),
    READING(two_faults_contradict_each_other),
    READING(waiting_and_retry_after_go_with_every_fault),
    READING(a_delay_goes_with_any_fault),
    READING(a_delay_is_a_duration_within_reason),
    READING(a_hold_is_a_number_or_an_object),
    READING(a_hold_is_refused_by_the_part_at_fault),
    READING(retry_after_is_rounded_up_to_seconds),
    READING(a_page_is_the_stand_in_or_a_text),
    READING(a_status_has_bounds),
    READING(a_body_is_text_a_page_or_json),
    READING(a_body_goes_with_a_status_alone),
    READING(a_redirect_has_an_address),
    READING(a_bandwidth_is_bytes_of_an_answer_that_there_is),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
