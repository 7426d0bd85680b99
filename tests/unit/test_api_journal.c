/* api.c: what the server tells of what happened: the journal, the verdict, a cause. */
#include "unit/verbs.h"

static void the_journal_is_narrowed_by_a_query(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    im_expire(scene->mock, NULL, NULL, ERROR);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    char *all = im_journal(scene->mock, NULL, NULL, ERROR);
    holds(all, "\"token\"");
    holds(all, "access-token-expired");
    assert_null(strstr(all, token));
    assert_null(strstr(all, "demo-secret"));
    im_free(all);
    gives(im_journal(scene->mock, NULL, "", ERROR), VENDORS);
    gives(im_journal(scene->mock, NULL, "cause=access-token-expired", ERROR), VENDORS);
    gives(im_journal(scene->mock, NULL, "endpoint=revoke&since=0", ERROR),
          "\"requests\":[]");
}

static void a_query_that_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *query, *says;
    } bad[] = {{"cause=nothing", "cause"},
               {"endpoint=tokn", "did you mean \"token\"?"},
               {"status=7", "status"},
               {"since=x", "since"},
               {"colour=red", "unknown parameter \"colour\""}};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(im_journal(scene->mock, NULL, bad[i].query, ERROR));
        holds(scene->error, "reading the journal: ");
        holds(scene->error, bad[i].says);
    }
}

static void a_client_is_judged(void **state)
{
    static const char scenario[] =
        "{\"name\": \"one-token\", \"expect\": [{\"that\": \"one token is enough\","
        " \"endpoint\": \"token\", \"count\": 1}]}";
    struct scene *scene = *state;
    int outcome = -1;

    HAPPENED(im_use_scenario(scene->mock, NULL, scenario, ERROR));
    gives(im_verdict(scene->mock, NULL, &outcome, ERROR), "not-exercised");
    assert_int_equal(outcome, IM_VERDICT_NOT_EXERCISED);
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
    gives(im_verdict(scene->mock, NULL, &outcome, ERROR), "one token is enough");
    assert_int_equal(outcome, IM_VERDICT_MET);
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
    gives(im_verdict(scene->mock, NULL, &outcome, ERROR), "\"not-met\"");
    assert_int_equal(outcome, IM_VERDICT_NOT_MET);
    gives(im_verdict(scene->mock, NULL, NULL, ERROR), "\"not-met\"");
    outcome = -1;
    char *text = im_verdict_text(scene->mock, NULL, &outcome, ERROR);
    holds(text, "one-token: not-met  (sandbox default, 2 exchanges)\n");
    gives(text, "one token is enough");
    assert_int_equal(outcome, IM_VERDICT_NOT_MET);
}

static void a_cause_is_looked_up(void **state)
{
    struct scene *scene = *state;

    gives(im_cause("access-token-expired", ERROR), "\"access-token-expired\"");
    assert_string_equal(scene->error, "");
    assert_null(im_cause("access-token-expird", ERROR));
    holds(scene->error, "did you mean \"access-token-expired\"?");
    assert_null(im_cause("a\nb", ERROR));
    assert_null(strchr(scene->error, '\n'));
    assert_null(im_cause("", ERROR));
    assert_null(im_cause(NULL, ERROR));
    assert_null(im_cause(NULL, NULL, 0));
    holds(scene->error, "looking a cause up: there is no cause \"\"");
}

static const struct CMUnitTest tests[] = {
    TEST(the_journal_is_narrowed_by_a_query),
    TEST(a_query_that_cannot_be_is_refused),
    TEST(a_client_is_judged),
    TEST(a_cause_is_looked_up),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
