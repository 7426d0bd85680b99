#include "unit/endpoints/call.h"

#include "base/sanitize.h"

static void shows(struct call *call, const char *text, const char *expected)
{
    struct im_str shown = im_sanitize(NULL, &call->arena, im_str(text));
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
    shows(*state, "a\xc2\x9b[2J", "a?[2J"); /* C1: ESC [ in one character */
}

static void long_text_is_cut_between_characters(void **state)
{
    struct call *call = *state;
    char text[IM_SANITIZED_MAX + 50];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text + IM_SANITIZED_MAX - 1, "ü", 2);
    struct im_str shown = im_sanitize(NULL, &call->arena, im_str(text));
    assert_true(im_str_utf8(shown));
    assert_true(im_str_ends(shown, "a…"));
    assert_int_equal(shown.len, IM_SANITIZED_MAX - 1 + strlen("…"));
}

/* That of "alg": "none" is the shortest there is, and yet it names its subject. */
static void tokens_are_not_repeated(void **state)
{
    struct call *call = *state;
    static const char *const tokens[] = {"eyJhbGciOiJub25lIn0.e30.",
                                         "eyJhbGciOiJSUzI1NiIsImtpZCI6Ij"};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct im_str token = im_str(tokens[i]);
        struct im_str shown = im_sanitize(
            NULL, &call->arena, im_arena_format(&call->arena, "a %s b", tokens[i]));
        struct im_str mark = im_fingerprint(NULL, &call->arena, token);
        assert_int_equal(im_jwt_length(token), token.len);
        assert_true(
            im_str_eq(shown, im_arena_format(&call->arena, "a %.*s b", IM_ARG(mark))));
    }
    shows(*state, "eyJustName.Surname", "eyJustName.Surname");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("text that can be shown stays as it is", sound_text_stays),
        TEST("control characters and broken UTF-8 become question marks",
             unfit_bytes_become_question_marks),
        TEST("long text is cut, never inside a character",
             long_text_is_cut_between_characters),
        TEST("what looks like a token is named by its fingerprint",
             tokens_are_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
