/* causes/diagnosis.c: all causes that are worded so are found, and can be told apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "causes/diagnosis.h"

static struct im_cause_hit hits[CAUSE_COUNT];

static bool has_code(const struct im_cause_row *row, const char *code, bool article)
{
    struct im_cause_answer answers[IM_CAUSE_ANSWERS_MAX];
    size_t n = im_cause_answers(row, answers);

    for (size_t i = 0; i < n; i++) {
        bool here = (answers[i].wording == &row->article) == article;
        if (here && answers[i].wording->code && !strcmp(answers[i].wording->code, code))
            return true;
    }
    return false;
}

static bool found(enum im_cause cause, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (hits[i].cause == cause)
            return true;
    return false;
}

/* Counted without the search: in the table itself. */
static void every_cause_of_a_code_is_found(void **state)
{
    static const char *const codes[] = {"REST-1206", "REST-2102",     "REST-1216",
                                        "GW-0031",   "GW-0040",       "GW-0011",
                                        "GW-0034",   "invalid_grant", "invalid_client"};

    for (size_t c = 0; c < sizeof codes / sizeof *codes; c++) {
        size_t count = im_cause_search(im_str(codes[c]), hits);
        for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
            const struct im_cause_row *row = im_cause_row((enum im_cause)i);
            bool worded = has_code(row, codes[c], false) || has_code(row, codes[c], true);
            if (worded && !found((enum im_cause)i, count))
                fail_msg("%s is worded %s and is not found", row->id, codes[c]);
        }
    }
}

static void the_likeliest_stands_first(void **state)
{
    static const struct {
        const char *query;
        enum im_cause first;
    } cases[] = {{"REST-1206", CAUSE_ACCESS_TOKEN_EXPIRED},
                 {"GW-0031", CAUSE_ACCESS_TOKEN_EXPIRED},
                 {"invalid_grant", CAUSE_GRANT_SUPERSEDED},
                 {"REST-2102", CAUSE_GRANT_SUPERSEDED},
                 {"tokenInvalid", CAUSE_GRANT_SUPERSEDED},
                 {"REST-1216", CAUSE_CLIENT_NOT_AUTHORIZED_BY_COMPANY},
                 {"429", CAUSE_RATE_LIMITED},
                 {"GW-0010", CAUSE_RATE_LIMITED},
                 {"not valid", CAUSE_ACCESS_TOKEN_EXPIRED},
                 {"xl03000006", CAUSE_SENDER_NOT_AUTHORIZED},
                 {"PL04000055", CAUSE_COMPANY_INACTIVE}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = im_cause_search(im_str(cases[i].query), hits);
        assert_true(count > 0);
        assert_string_equal(im_cause_row(hits[0].cause)->id,
                            im_cause_row(cases[i].first)->id);
    }
}

static void a_status_and_a_code_must_both_fit(void **state)
{
    size_t all = im_cause_search(im_str("invalid_grant"), hits);
    size_t some = im_cause_search(im_str("400 invalid_grant"), hits);

    assert_true(some > 0 && some < all);
    assert_int_equal(im_cause_search(im_str("418 invalid_grant"), hits), 0);
}

static void nothing_is_found_for_nothing(void **state)
{
    assert_int_equal(im_cause_search(im_str(""), hits), 0);
    assert_int_equal(im_cause_search(im_str("zebra"), hits), 0);
}

/* A list of causes is of no use without the question that decides. */
static void causes_worded_alike_have_a_question(void **state)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        const struct im_cause_row *row = im_cause_row((enum im_cause)i);
        const struct im_wording *wording = row->api.envelope ? &row->api : &row->token;
        if (row->family > IM_FAMILY_CREDENTIALS || !wording->code || row->note)
            continue;
        size_t count = im_cause_search(im_str(wording->code), hits);
        if (count > 1 && !im_diagnosis((enum im_cause)i)->question)
            fail_msg("%s shares %s and has no question", row->id, wording->code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cause_of_a_code_is_found),
        cmocka_unit_test(the_likeliest_stands_first),
        cmocka_unit_test(a_status_and_a_code_must_both_fit),
        cmocka_unit_test(nothing_is_found_for_nothing),
        cmocka_unit_test(causes_worded_alike_have_a_question),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
