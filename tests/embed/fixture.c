/* A cmocka suite: one server for all tests, a sandbox for each, the verdict after each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <intacct_mock.h>
#include <stdio.h>
#include <string.h>

static int start(void **state)
{
    char error[IM_ERROR_MAX];
    struct im_server *mock = im_start(NULL, error, sizeof(error));

    if (!mock)
        print_error("%s\n", error);
    *state = mock;
    return mock ? 0 : -1;
}

static int stop(void **state)
{
    im_stop(*state);
    *state = NULL;
    return 0;
}

/* The integration under test: asks for a token at its base URL. */
static int connect_at(struct im_server *mock, const char *base)
{
    static const char form[] =
        "grant_type=client_credentials&client_id=demo&client_secret="
        "demo-secret&username=ws_user@acme";
    char target[200];
    struct im_message message = {.method = "POST",
                                 .target = target,
                                 .headers =
                                     "Content-Type: application/x-www-form-urlencoded",
                                 .body = form,
                                 .body_len = strlen(form)};
    struct im_reply reply;

    snprintf(target, sizeof(target), "%s/ia/api/v1/oauth2/token", base);
    assert_int_equal(im_handle(mock, &message, &reply), 0);
    int status = reply.status;
    im_reply_release(&reply);
    return status;
}

static void a_sound_integration_connects(void **state)
{
    assert_int_equal(connect_at(*state, "/s/happy-path.connects"), 200);
}

static void an_inactive_client_is_told_so(void **state)
{
    char *journal;

    assert_int_not_equal(connect_at(*state, "/s/client-inactive.told"), 200);
    journal =
        im_journal(*state, "client-inactive.told", "cause=client-inactive", NULL, 0);
    assert_non_null(strstr(journal, "\"client-inactive\""));
    im_free(journal);
}

static void the_verdict_names_the_scenario(void **state)
{
    int outcome = -1;
    char *verdict = im_verdict(*state, "happy-path.verdict", &outcome, NULL, 0);

    assert_non_null(verdict);
    assert_int_equal(outcome, IM_VERDICT_NOT_EXERCISED);
    im_free(verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_integration_connects),
        cmocka_unit_test(an_inactive_client_is_told_so),
        cmocka_unit_test(the_verdict_names_the_scenario),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
