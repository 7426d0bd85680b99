#include "unit/endpoints/call.h"

#include "base/sanitize.h"

static void shows(struct call *call, const char *text, const char *expected)
{
    struct im_str shown = im_sanitize(&call->arena, im_str(text));
    if (!im_str_is(shown, expected))
        fail_msg("\"%.*s\", not \"%s\"", IM_ARG(shown), expected);
}

static void sound_text_stays(void **state)
{
    shows(*state, "", "");
    shows(*state, "ws_user@acme", "ws_user@acme");
    shows(*state, "Jürgen €", "Jürgen €");
}

static void unfit_bytes_become_question_marks(void **state)
{
    shows(*state, "a\r\nb\x7f", "a??b?");
    shows(*state, "a\xff\xc3", "a??");
}

static void long_text_is_cut_between_characters(void **state)
{
    struct call *call = *state;
    char text[IM_SANITIZED_MAX + 50];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text + IM_SANITIZED_MAX - 1, "ü", 2);
    struct im_str shown = im_sanitize(&call->arena, im_str(text));
    assert_true(im_str_utf8(shown));
    assert_true(im_str_ends(shown, "ü…"));
    assert_true(shown.len < IM_SANITIZED_MAX + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("text that can be shown stays as it is", sound_text_stays),
        TEST("control characters and broken UTF-8 become question marks",
             unfit_bytes_become_question_marks),
        TEST("long text is cut, never inside a character",
             long_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
