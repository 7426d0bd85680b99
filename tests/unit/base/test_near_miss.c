#include "unit/fixture.h"
#include "unit/spine.h"

#include "base/near_miss.h"

static void templates_are_told(void **state)
{
    static const char *const texts[] = {"{{token}}",
                                        "{{ token }}",
                                        "${TOKEN}",
                                        "$TOKEN",
                                        "$(cat /run/token)",
                                        "%TOKEN%",
                                        "<token>",
                                        "{token}",
                                        "[token]",
                                        ":token",
                                        "__TOKEN__",
                                        "undefined",
                                        "NULL",
                                        "None",
                                        "nil",
                                        "NaN",
                                        "[object Object]",
                                        "YOUR_TOKEN",
                                        "your-id",
                                        "****",
                                        "xxxxxxxx",
                                        "changeme",
                                        " {{token}} ",
                                        "\u2022\u2022\u2022\u2022",
                                        "#{token}",
                                        "<%token%>",
                                        "Redacted",
                                        "(null)",
                                        "<access token>",
                                        "REPLACE_ME"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!im_is_placeholder(im_str(texts[i])))
            fail_msg("%s", texts[i]);
}

static void what_may_be_meant_is_no_template(void **state)
{
    static const char *const texts[] = {"",
                                        "demo",
                                        "demo-secret",
                                        "eyJhbGciOiJub25lIn0.e30.",
                                        "nobody",
                                        "nullable",
                                        "yours",
                                        "xx",
                                        "a{{b}}",
                                        "<script>alert(1)</script>",
                                        "{\"a\":1}",
                                        "{\"token\":\"x\"}",
                                        "100%",
                                        "%zz",
                                        "$",
                                        "<b>x</b>",
                                        "ws_user",
                                        "p$word"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (im_is_placeholder(im_str(texts[i])))
            fail_msg("%s", texts[i]);
}

static void slips_are_told(void **state)
{
    static const char *const slips[][3] = {
        {" a+b-secret", "a+b-secret", "white space"},
        {"\"a+b-secret\"", "a+b-secret", "quotation marks"},
        {"b'a+b-secret'", "a+b-secret", "quotation marks"},
        {"a b-secret", "a+b-secret", "%2B"},
        {"a%2Bb-secret", "a+b-secret", "once too often"},
        {"A+B-Secret", "a+b-secret", "case"},
        {"Bearer a+b-secret", "a+b-secret", "twice"},
        {"a+b-secret,", "a+b-secret", "comma"},
        {"a+b-sec", "a+b-secret", "missing"},
    };
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        const char *how = im_near_miss(*state, im_str(slips[i][0]), im_str(slips[i][1]));
        if (!how || !strstr(how, slips[i][2]))
            fail_msg("%s: %s", slips[i][0], how ? how : "nothing");
    }
}

static void others_are_no_slips(void **state)
{
    assert_null(im_near_miss(*state, IM_STR("hunter2"), IM_STR("demo-secret")));
    assert_null(im_near_miss(*state, IM_STR("demo"), IM_STR("demo-secret")));
    assert_null(im_near_miss(*state, IM_STR(""), IM_STR("demo-secret")));
    assert_null(im_near_miss(*state, IM_STR("x"), IM_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(templates_are_told),
        TEST_IN_ARENA(what_may_be_meant_is_no_template),
        TEST_IN_ARENA(slips_are_told),
        TEST_IN_ARENA(others_are_no_slips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
