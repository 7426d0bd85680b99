#include "unit/endpoints/token_call.h"

#include "oauth/misspelling.h"

static struct im_params read_form(struct call *call, const char *form)
{
    struct im_error err;
    struct im_params params;
    next_call(call, "POST", IM_PLACE_TOKEN);
    assert_true(im_params_parse_form(&call->arena, im_str(form), &params, &err));
    return params;
}

static void slips_are_recognised(void **state)
{
    static const struct {
        const char *sent, *meant;
    } slips[] = {
        {"client secret", "client_secret"},
        {"client-secret", "client_secret"},
        {"clientSecret", "client_secret"},
        {"ClientSecret", "client_secret"},
        {"secret", "client_secret"},
        {"refreshtoken", "refresh_token"},
        {"refreshToken", "refresh_token"},
        {"refresh token", "refresh_token"},
        {"grant-type", "grant_type"},
        {"grantType", "grant_type"},
        {"user_name", "username"},
        {"userName", "username"},
        {"user", "username"},
        {"clientid", "client_id"},
        {"CLIENT_ID", "client_id"},
        {"redirect_url", "redirect_uri"},
        {"codeVerifier", "code_verifier"},
        {"entityid", "entity_id"},
        {"scopes", "scope"},
        {"sessionId", "session_id"},
        {"authorization_code", "code"},
    };
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        struct im_param one = {im_str(slips[i].sent), IM_STR("x")};
        struct im_params params = {&one, 1};
        if (!im_misspelling_of(&params, slips[i].meant).at)
            fail_msg("%s is not taken for %s", slips[i].sent, slips[i].meant);
    }
    (void)state;
}

static void other_names_are_no_slips(void **state)
{
    static const struct {
        const char *sent, *wanted;
    } pairs[] = {
        {"client_id", "client_secret"},
        {"refresh_token", "code"},
        {"access_token", "refresh_token"},
        {"clientid", "client_secret"},
        {"state", "scope"},
        {"audience", "code"},
        {"resource", "refresh_token"},
        {"", "code"},
        {"company_id", "client_id"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct im_param one = {im_str(pairs[i].sent), IM_STR("x")};
        struct im_params params = {&one, 1};
        if (im_misspelling_of(&params, pairs[i].wanted).at)
            fail_msg("%s is taken for %s", pairs[i].sent, pairs[i].wanted);
    }
    (void)state;
}

static void slip_is_worded_as_the_missing_one(void **state)
{
    struct call *call = *state;
    struct im_params params = read_form(call, "client+secret=hush");
    call->cause = im_refuse_missing(&call->req, &params, "client_secret",
                                    CAUSE_CLIENT_SECRET_MISSING);
    refused(call, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(call->exchange.worded_as, CAUSE_CLIENT_SECRET_MISSING);
    evidence_says(call, "\"client secret\"");
    evidence_says(call, "\"client_secret\"");
    assert_false(contains(call->exchange.evidence, "hush"));
}

static void absence_and_emptiness_are_told_apart(void **state)
{
    struct call *call = *state;
    struct im_params params = read_form(call, "x=1");
    im_refuse_missing(&call->req, &params, "code", CAUSE_CODE_MISSING);
    evidence_says(call, "no parameter code was sent");
    params = read_form(call, "code=");
    im_refuse_missing(&call->req, &params, "code", CAUSE_CODE_MISSING);
    evidence_says(call, "without a value");
    assert_int_equal(call->exchange.cause, CAUSE_CODE_MISSING);
}

static void optional_slip_is_noted(void **state)
{
    static const char *const optional[] = {"entity_id", "scope", NULL};
    struct call *call = *state;
    struct im_params params = read_form(call, "entityid=100&scope=openid&scop=x&foo=1");
    im_note_misspelled(&call->req, &params, optional);
    assert_int_equal(call->exchange.note_count, 1);
    note_says(call, CAUSE_PARAMETER_MISSPELLED, "\"entityid\"");
}

static void repetition_is_refused(void **state)
{
    static const char *const names[] = {"code", "scope", NULL};
    struct call *call = *state;
    struct im_params params = read_form(call, "foo=1&foo=2&code=1");
    assert_int_equal(im_refuse_repeated(&call->req, &params, names), CAUSE_NONE);
    params = read_form(call, "code=1&scope=a&scope=a&scope=a");
    call->cause = im_refuse_repeated(&call->req, &params, names);
    refused(call, CAUSE_PARAMETER_REPEATED);
    evidence_says(call, "scope was sent 3 times");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("a slip of the pen, or another word, is taken for what was meant",
             slips_are_recognised),
        TEST("a name that means something else is not", other_names_are_no_slips),
        TEST(
            "a misspelled parameter is answered as the missing one and hinted at by name",
            slip_is_worded_as_the_missing_one),
        TEST("a parameter without a value is as good as missing, and told apart",
             absence_and_emptiness_are_told_apart),
        TEST("a misspelled optional parameter is only noted", optional_slip_is_noted),
        TEST("a repeated parameter is refused when somebody reads it",
             repetition_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
