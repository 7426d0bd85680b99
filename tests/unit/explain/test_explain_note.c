/* explain/note.c: what is said before the causes, or in place of them. */
#include "unit/explain/asked.h"

static void check_note(const char *input, const char *note, bool there)
{
    struct im_json_error where;
    struct asked asked;

    ask(&asked, im_str(input));
    struct im_str said =
        im_json_get_str(im_json_parse(&asked.arena, asked.json, &where), "note");
    if ((im_str_find_nocase(said, note) < said.len) != there)
        fail_msg("%s: \"%.*s\" has %s\"%s\"", input, IM_ARG(said), there ? "no " : "",
                 note);
    asked_end(&asked);
}

static void says(const char *input, const char *note)
{
    check_note(input, note, true);
}

static void where_no_cause_is_named_it_is_said_why(void **state)
{
    says("GW-9999", "refused with GW-9999, which is none of the codes known here");
    says("GW-9999", "those of the gateway");
    says("401", "The status 401 alone does not tell the cause");
    says("GET https://api.intacct.com/ia/api/v1/objects/a/b -> 403\n",
         "The status 403 alone does not tell the cause");
    says("https://app.example/cb?error=redirect_uri_mismatch",
         "refused with redirect_uri_mismatch, which is none");
    says("GET https://api.intacct.com/ia/api/v1/objects/a/b -> 200\n",
         "Nothing in it is refused");
}

/* Codes of the XML gateway have two letters and a number; other services have words. */
static void a_word_that_begins_like_a_code_is_of_no_family(void **state)
{
    says("{\"error\":\"BL99999999\"}", "those of the XML gateway");
    says("{\"error\":\"PLATFORM_LIMIT\"}", "none of the codes known here");
    check_note("{\"error\":\"PLATFORM_LIMIT\"}", "XML gateway", false);
    check_note("{\"error\":\"BLOCKED_BY_IP\"}", "XML gateway", false);
}

static void a_token_response_was_not_refused(void **state)
{
    static const char response[] =
        "{\"token_type\":\"Bearer\",\"access_token\":\"opaque-99887766\","
        "\"expires_in\":43200,\"scope\":\"offline_access\"}";

    says(response, "nothing was refused");
    says(response, "by expires_in for 12 hours");
    says(response, "for the scopes offline_access");
    says(response, "There is no refresh token in it");
    says("{\"access_token\":\"a\",\"refresh_token\":\"b\"}", "and a refresh token.");
}

static void the_answer_of_another_service_is_said_to_be_one(void **state)
{
    static const char other[] = "POST https://identity.xero.com/connect/token -> 400 "
                                "{\"error\":\"invalid_grant\"}\n";
    struct asked asked;

    says(other, "identity.xero.com is not an address of Sage Intacct");
    ask(&asked, im_str(other));
    assert_true(im_str_find_nocase(asked.text, "Sage Intacct answered") ==
                asked.text.len);
    asked_end(&asked);
    /* a service beside the client may be a mock */
    assert_int_equal(rank_in("GET http://intacct-mock:8080/ia/api/v1/objects/a/b -> 401 "
                             "{\"ia::error\":{\"code\":\"GW-0040\"}}\n",
                             "host-misspelled"),
                     0);
}

static void an_address_of_this_machine_is_the_mocks(void **state)
{
    static const char *const hosts[] = {"localhost:8080", "127.0.0.2",  "a.localhost:1",
                                        "[::1]",          "[::1]:8080", NULL};

    for (size_t i = 0; hosts[i]; i++) {
        struct asked asked;
        char input[200];
        snprintf(input, sizeof input,
                 "GET /ia/api/v1/objects/a/b HTTP/1.1\nHost: %s\n\n"
                 "HTTP/1.1 403 Forbidden\n\n",
                 hosts[i]);
        ask(&asked, im_str(input));
        if (im_str_find_nocase(asked.text, "The mock answered 403") == asked.text.len)
            fail_msg("%s: %.*s", hosts[i], IM_ARG(asked.text));
        asked_end(&asked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_no_cause_is_named_it_is_said_why),
        cmocka_unit_test(a_word_that_begins_like_a_code_is_of_no_family),
        cmocka_unit_test(a_token_response_was_not_refused),
        cmocka_unit_test(the_answer_of_another_service_is_said_to_be_one),
        cmocka_unit_test(an_address_of_this_machine_is_the_mocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
