#include "unit/spine.h"

#include "oauth/bearer.h"
#include "scenario/world.h"

/* ---- asking for an effect, as a scenario or the control API does ---- */

struct asked {
    struct im_json_fault fault;
    size_t affected;
    bool done;
};

static struct asked ask(struct spine *s, const char *json)
{
    struct asked asked = {.done = false};
    struct im_authority *authority = s->boxes.standard->authority;
    struct im_json_error why;
    struct im_effect_args args = {.by_ms = 0};
    struct im_json_reader r = {.arena = &s->kept, .faults = &asked.fault, .room = 1};
    const struct im_json *object = im_json_parse(&s->kept, im_str(json), &why);
    const struct im_effect *effect = im_effect_find(im_json_get_str(object, "do"));

    assert_non_null(effect);
    asked.done =
        im_json_read(&r, &im_effect_table, object, &args) &&
        im_effect_check(&r, effect, object, 0) &&
        im_world_apply(authority, effect, &args, im_clock_now_ms(&authority->clock),
                       &asked.affected, &asked.fault.err);
    return asked;
}

static size_t happens(struct spine *s, const char *json)
{
    struct asked asked = ask(s, json);

    if (!asked.done)
        fail_msg("%s: %s", json, asked.fault.err.text);
    return asked.affected;
}

static void refused(struct spine *s, const char *json, const char *says)
{
    struct asked asked = ask(s, json);

    if (asked.done || !strstr(asked.fault.err.text, says))
        fail_msg("%s: %s", json, asked.done ? "done" : asked.fault.err.text);
}

/* ---- the table ---- */

static void names_are_unique_and_sentences_are_there(void **state)
{
    for (size_t i = 0; i < im_effect_count; i++) {
        const struct im_effect *effect = &im_effects[i];
        assert_ptr_equal(im_effect_find(im_str(effect->name)), effect);
        assert_true(strlen(effect->about) > 10);
        assert_non_null(effect->apply);
        assert_int_equal(effect->needs & effect->takes, 0);
    }
    assert_null(im_effect_find(IM_STR("")));
    assert_null(im_effect_find(IM_STR("Lock-User")));
}

/* An object with what the effect needs, and with what it takes besides if `all`. */
static const char *example(struct spine *s, const struct im_effect *effect, bool all)
{
    static const struct {
        unsigned arg;
        const char *text;
    } values[] = {
        {IM_ARG_CLIENT, "\"client_id\":\"demo\""},
        {IM_ARG_USER, "\"user\":\"jdoe@acme\""},
        {IM_ARG_COMPANY, "\"company\":\"acme\""},
        {IM_ARG_TOKEN, "\"token\":\"t\""},
        {IM_ARG_ROLE, "\"role\":\"all\""},
        {IM_ARG_PERMISSION, "\"permission\":\"*:read\""},
        {IM_ARG_MODULE, "\"module\":\"accounts-payable\""},
        {IM_ARG_ENTITY, "\"entity\":\"100\""},
        {IM_ARG_VALUE, "\"value\":\"new\""},
        {IM_ARG_REDIRECT_URI, "\"redirect_uri\":\"https://new.example/callback\""},
        {IM_ARG_BY, "\"by\":\"12h\""},
    };
    unsigned wanted = effect->needs | (all ? effect->takes : 0);
    struct im_buf text;

    im_buf_init(&text, &s->kept, 0);
    im_buf_addf(&text, "{\"do\":\"%s\"", effect->name);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (wanted & values[i].arg)
            im_buf_addf(&text, ",%s", values[i].text);
    im_buf_add(&text, (struct im_str){"}\0", 2});
    return text.at;
}

static void every_effect_can_be_applied_with_what_it_needs_and_takes(void **state)
{
    struct spine *s = *state;
    for (size_t i = 0; i < im_effect_count; i++)
        for (int all = 0; all < 2; all++) {
            happens(s, example(s, &im_effects[i], all));
            control(s, "POST", "/reset", NULL);
            control(s, "POST", "/world", example(s, &im_effects[i], all));
            assert_status(s, 200);
        }
}

static void every_effect_needs_what_it_says(void **state)
{
    struct spine *s = *state;
    for (size_t i = 0; i < im_effect_count; i++) {
        struct im_effect needless = im_effects[i];
        if (!needless.needs)
            continue;
        needless.needs &= needless.needs - 1; /* the lowest one is left out */
        refused(s, example(s, &needless, false), "needs \"");
    }
}

/* ---- arguments ---- */

static void unknown_and_untaken_arguments_are_refused_by_name(void **state)
{
    struct spine *s = *state;
    refused(s, "{\"do\":\"lock-user\",\"user\":\"jdoe@acme\",\"x\":1}",
            "unknown field \"x\"");
    refused(s, "{\"do\":\"lock-user\",\"user\":\"jdoe@acme\",\"role\":\"all\"}",
            "\"role\"");
    refused(s, "{\"do\":\"rotate-keys\",\"user\":\"jdoe@acme\"}", "\"user\"");
    assert_true(
        im_str_is(ask(s, "{\"do\":\"rotate-keys\",\"x\":1}").fault.at->name, "x"));
}

static void arguments_are_strings_with_something_in_them(void **state)
{
    struct spine *s = *state;
    refused(s, "{\"do\":\"lock-user\",\"user\":1}", "must be \"USER@COMPANY\", not 1");
    refused(s, "{\"do\":\"remove-role\",\"user\":\"jdoe@acme\",\"role\":null}",
            "must be a string");
    refused(s, "{\"do\":\"lock-user\",\"user\":\"\"}", "must be \"USER@COMPANY\"");
    refused(s, "{\"do\":\"lock-user\"}", "lock-user needs \"user\"");
}

static void a_user_is_written_with_the_company(void **state)
{
    static const char *const wrong[] = {"jdoe", "jdoe@", "@acme", "@"};
    struct spine *s = *state;
    for (size_t i = 0; i < 4; i++) {
        struct asked asked =
            ask(s, im_arena_format(&s->kept, "{\"do\":\"lock-user\",\"user\":\"%s\"}",
                                   wrong[i])
                       .at);
        assert_false(asked.done);
        assert_non_null(strstr(asked.fault.err.text, "\"USER@COMPANY\""));
        assert_true(im_str_is(asked.fault.at->name, "user"));
    }
}

static void who_does_not_exist_is_refused(void **state)
{
    struct spine *s = *state;
    refused(s, "{\"do\":\"lock-user\",\"user\":\"nobody@acme\"}", "nobody");
    refused(s, "{\"do\":\"sign-in\",\"user\":\"nobody@acme\"}", "no user \"nobody\"");
    refused(s, "{\"do\":\"change-password\",\"user\":\"jdoe@nowhere\"}", "nowhere");
    refused(s, "{\"do\":\"deactivate-client\",\"client_id\":\"nobody\"}", "nobody");
    refused(s, "{\"do\":\"deactivate-company\",\"company\":\"nowhere\"}", "nowhere");
    refused(s, "{\"do\":\"second-authorization\",\"user\":\"nobody@acme\"}", "nobody");
    refused(
        s,
        "{\"do\":\"second-authorization\",\"user\":\"jdoe@acme\",\"client_id\":\"no\"}",
        "\"no\"");
}

/* ---- what follows from an effect is the ordinary rules' affair ---- */

static void call_is_refused(struct spine *s, const char *bearer, const char *cause)
{
    send(s, "GET", VENDORS, bearer, NULL);
    if (!im_str_is(answer_header(s, "X-Intacct-Mock-Cause"), cause))
        fail_msg("not %s: %d %.*s", cause, s->res.status,
                 IM_ARG(answer_header(s, "X-Intacct-Mock-Cause")));
}

/* Each for its own: a fresh world, a token, the effect, a call. */
static void effects_on_access_tokens_are_met_at_the_api(void **state)
{
    static const char *const cases[][2] = {
        {"{\"do\":\"expire-access-token\"}", "access-token-expired"},
        {"{\"do\":\"revoke-access-token\"}", "access-token-revoked"},
        {"{\"do\":\"revoke-grant\",\"client_id\":\"demo\"}", "access-token-revoked"},
        {"{\"do\":\"end-session\",\"user\":\"ws_user@acme\"}", "session-expired"},
        {"{\"do\":\"revoke-user\",\"user\":\"ws_user@acme\"}", "grant-revoked-elsewhere"},
        {"{\"do\":\"withdraw-consent\",\"user\":\"ws_user@acme\",\"client_id\":\"demo\"}",
         "user-revoked-access"},
        {"{\"do\":\"sign-in\",\"user\":\"ws_user@acme\"}", "session-ended-by-sign-in"},
        {"{\"do\":\"change-password\",\"user\":\"ws_user@acme\"}", "password-changed"},
        {"{\"do\":\"advance-clock\",\"by\":\"12h\"}", "access-token-expired"},
        {"{\"do\":\"rotate-keys\"}", "token-unknown-key"},
    };
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        control(s, "POST", "/reset", NULL);
        const char *bearer = connect_ws_user(s, NULL);
        assert_true(happens(s, cases[i][0]) > 0);
        call_is_refused(s, bearer, cases[i][1]);
    }
}

static void effects_on_the_directory_are_met_at_the_api(void **state)
{
    static const char *const effects[] = {
        "{\"do\":\"lock-user\",\"user\":\"ws_user@acme\"}",
        "{\"do\":\"deactivate-user\",\"user\":\"ws_user@acme\"}",
        "{\"do\":\"deactivate-company\",\"company\":\"acme\"}",
        "{\"do\":\"deactivate-client\",\"client_id\":\"demo\"}",
        "{\"do\":\"unsubscribe-module\",\"company\":\"acme\",\"module\":\"accounts-"
        "payable\"}",
        "{\"do\":\"remove-role\",\"user\":\"ws_user@acme\"}",
        "{\"do\":\"remove-role\",\"user\":\"ws_user@acme\",\"role\":\"all\"}",
        "{\"do\":\"remove-permission\",\"user\":\"ws_user@acme\",\"permission\":\"*:"
        "read\"}",
    };
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
        control(s, "POST", "/reset", NULL);
        const char *bearer = connect_ws_user(s, NULL);
        assert_int_equal(happens(s, effects[i]), 1);
        send(s, "GET", VENDORS, bearer, NULL);
        if (s->res.status < 400)
            fail_msg("%s: %d", effects[i], s->res.status);
    }
}

static void effects_on_the_directory_are_met_at_the_token_endpoint(void **state)
{
    static const char *const effects[] = {
        "{\"do\":\"rotate-client-secret\",\"client_id\":\"demo\"}",
        ("{\"do\":\"withdraw-client-authorization\",\"company\":\"acme\","
         "\"client_id\":\"demo\"}"),
        "{\"do\":\"withdraw-sender\",\"company\":\"acme\",\"client_id\":\"demo\"}",
        "{\"do\":\"web-services-off\",\"company\":\"acme\"}",
        "{\"do\":\"deactivate-client\",\"client_id\":\"demo\"}",
        "{\"do\":\"lock-user\",\"user\":\"ws_user@acme\"}",
    };
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
        control(s, "POST", "/reset", NULL);
        happens(s, effects[i]);
        send(s, "POST", TOKEN, FORM, CONNECT);
        if (s->res.status < 400)
            fail_msg("%s: %d", effects[i], s->res.status);
    }
}

static void an_authorized_client_connects_again(void **state)
{
    struct spine *s = *state;
    happens(s, "{\"do\":\"withdraw-client-authorization\",\"company\":\"acme\","
               "\"client_id\":\"demo\"}");
    happens(s,
            "{\"do\":\"authorize-client\",\"company\":\"acme\",\"client_id\":\"demo\"}");
    connect_ws_user(s, NULL);
}

static void refresh(struct spine *s, const char *token)
{
    struct im_str body = im_arena_format(&s->kept,
                                         "grant_type=refresh_token&client_id=demo&client_"
                                         "secret=demo-secret&refresh_token=%s",
                                         token);
    send(s, "POST", TOKEN, FORM, body.at);
}

static void effects_on_refresh_tokens_are_met_when_refreshing(void **state)
{
    static const char *const cases[][2] = {
        {"{\"do\":\"expire-refresh-token\"}", "refresh-token-expired"},
        {"{\"do\":\"revoke-refresh-token\"}", "refresh-token-revoked"},
        {"{\"do\":\"change-password\",\"user\":\"ws_user@acme\"}", "password-changed"},
    };
    struct spine *s = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *token;
        control(s, "POST", "/reset", NULL);
        const char *bearer = connect_ws_user(s, &token);
        assert_int_equal(happens(s, cases[i][0]), i == 2 ? 2 : 1);
        refresh(s, token);
        assert_cause(s, cases[i][1]);
        send(s, "GET", VENDORS, bearer, NULL);
        assert_status(s, i == 2 ? 401 : 200);
    }
}

static const char *code_of(struct spine *s)
{
    send(s, "GET",
         "/ia/api/v1/oauth2/authorize?response_type=code&client_id=demo&state=1"
         "&redirect_uri=http://127.0.0.1/callback&mock_user=jdoe@acme",
         NULL, NULL);
    struct im_str location = answer_header(s, "Location");
    im_str_cut(&location, '?');
    struct im_str code = im_str_cut(&location, '&');
    im_str_cut(&code, '=');
    assert_true(code.len > 0);
    return im_arena_copy(&s->kept, code).at;
}

static void exchange(struct spine *s, const char *code)
{
    struct im_str body =
        im_arena_format(&s->kept,
                        "grant_type=authorization_code&client_id=demo&client_secret="
                        "demo-secret&redirect_uri=http://127.0.0.1/callback&code=%s",
                        code);
    send(s, "POST", TOKEN, FORM, body.at);
}

static void effects_on_codes_are_met_at_the_exchange(void **state)
{
    struct spine *s = *state;
    const char *code = code_of(s);
    assert_int_equal(happens(s, "{\"do\":\"expire-code\"}"), 1);
    exchange(s, code);
    assert_cause(s, "code-expired");
    code = code_of(s);
    assert_int_equal(happens(s, "{\"do\":\"revoke-code\",\"user\":\"jdoe@acme\"}"), 1);
    exchange(s, code);
    assert_cause(s, "user-revoked-access");
}

static void a_second_authorization_supersedes_the_first(void **state)
{
    struct spine *s = *state;
    exchange(s, code_of(s));
    assert_status(s, 200);
    const char *bearer =
        im_arena_format(&s->kept, "Authorization: Bearer %.*s\n",
                        IM_ARG(im_json_get_str(json_of(s), "access_token")))
            .at;
    happens(s, "{\"do\":\"second-authorization\",\"user\":\"jdoe@acme\"}");
    call_is_refused(s, bearer, "grant-superseded");
}

static void what_selects_nothing_touches_nothing(void **state)
{
    struct spine *s = *state;
    const char *bearer = connect_ws_user(s, NULL);
    assert_int_equal(happens(s, "{\"do\":\"revoke-grant\",\"user\":\"jdoe@acme\"}"), 0);
    assert_int_equal(happens(s, "{\"do\":\"revoke-grant\",\"client_id\":\"other\"}"), 0);
    assert_int_equal(happens(s, "{\"do\":\"revoke-access-token\",\"token\":\"x\"}"), 0);
    send(s, "GET", VENDORS, bearer, NULL);
    assert_status(s, 200);
}

static void a_password_expires_and_an_entity_binds(void **state)
{
    struct spine *s = *state;
    struct im_directory *directory = s->boxes.standard->authority->directory;
    struct im_user user;
    happens(s, "{\"do\":\"expire-password\",\"user\":\"jdoe@acme\"}");
    happens(s,
            "{\"do\":\"restrict-to-entity\",\"user\":\"jdoe@acme\",\"entity\":\"100\"}");
    im_directory_user(directory, IM_STR("acme"), IM_STR("jdoe"), &user);
    assert_true(user.password_expired && !user.top_level);
    assert_true(im_list_has(user.entities, IM_STR("100")));
    happens(s, "{\"do\":\"change-password\",\"user\":\"jdoe@acme\",\"value\":\"neu\"}");
    im_directory_user(directory, IM_STR("acme"), IM_STR("jdoe"), &user);
    assert_true(im_str_is(user.password, "neu") && !user.password_expired);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_and_sentences_are_there),
        IN_SPINE(every_effect_can_be_applied_with_what_it_needs_and_takes),
        IN_SPINE(every_effect_needs_what_it_says),
        IN_SPINE(unknown_and_untaken_arguments_are_refused_by_name),
        IN_SPINE(arguments_are_strings_with_something_in_them),
        IN_SPINE(a_user_is_written_with_the_company),
        IN_SPINE(who_does_not_exist_is_refused),
        IN_SPINE(effects_on_access_tokens_are_met_at_the_api),
        IN_SPINE(effects_on_the_directory_are_met_at_the_api),
        IN_SPINE(effects_on_the_directory_are_met_at_the_token_endpoint),
        IN_SPINE(an_authorized_client_connects_again),
        IN_SPINE(effects_on_refresh_tokens_are_met_when_refreshing),
        IN_SPINE(effects_on_codes_are_met_at_the_exchange),
        IN_SPINE(a_second_authorization_supersedes_the_first),
        IN_SPINE(what_selects_nothing_touches_nothing),
        IN_SPINE(a_password_expires_and_an_entity_binds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
