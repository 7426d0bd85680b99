/* causes/causes.def, cause.c and cause_catalogue.c: what the table holds, and how it is used. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture.h"

#include "base/json.h"
#include "causes/cause_catalogue.h"
#include "causes/exchange.h"

struct fixture {
    struct im_arena arena;
    struct im_request req;
    struct im_exchange exchange;
    struct im_buf buf;
};

static int setup(void **state)
{
    struct fixture *f = new_fixture(state, sizeof(*f));

    im_buf_init(&f->buf, &f->arena, 0);
    f->req.arena = &f->arena;
    f->req.exchange = &f->exchange;
    return 0;
}

static const struct im_cause_row *row_at(int i)
{
    return im_cause_row((enum im_cause)i);
}

static void text_is(struct im_str text, const char *wanted)
{
    if (!im_str_is(text, wanted))
        fail_msg("\"%.*s\" is not \"%s\"", IM_ARG(text), wanted);
}

static bool holds(struct im_str text, const char *part)
{
    struct im_str wanted = im_str(part);

    for (size_t i = 0; i + wanted.len <= text.len; i++)
        if (im_str_eq(im_str_slice(text, i, i + wanted.len), wanted))
            return true;
    return false;
}

/* What the product has promised to know; a row may be added, none may go. */
static const char *const promised[] = {
    "access-token-expired",
    "access-token-revoked",
    "app-not-authorized-by-admin",
    "authorization-header-missing",
    "authorization-not-bearer",
    "authorization-repeated",
    "authorize-client-unknown",
    "client-auth-in-header-on-refresh",
    "client-id-missing",
    "client-id-repeated",
    "client-inactive",
    "client-intermittent",
    "client-not-authorized-by-company",
    "client-secret-padded",
    "client-secret-rotated",
    "client-secret-wrong",
    "client-unknown",
    "client-wrong-environment",
    "code-expired",
    "code-of-another-client",
    "code-reused",
    "code-unknown",
    "code-used-as-access-token",
    "company-inactive",
    "company-unknown",
    "consent-denied",
    "content-type-unsupported",
    "entity-header-ignored",
    "gateway-error",
    "grant-revoked-elsewhere",
    "grant-superseded",
    "grant-type-missing",
    "grant-type-unsupported",
    "internal",
    "method-not-allowed",
    "module-not-subscribed",
    "parallel-refresh",
    "parameter-misspelled",
    "password-changed",
    "password-expired",
    "password-wrong",
    "path-unknown",
    "payload-malformed",
    "payload-missing",
    "permission-action-denied",
    "permission-company-denied",
    "permission-entity-denied",
    "permission-object-denied",
    "permission-role-missing",
    "pkce-method-unsupported",
    "pkce-verifier-missing",
    "pkce-verifier-wrong",
    "rate-limited",
    "redirect-uri-mismatch",
    "redirect-uri-unregistered",
    "refresh-token-expired",
    "refresh-token-missing",
    "refresh-token-of-another-client",
    "refresh-token-reused",
    "refresh-token-revoked",
    "refresh-token-unknown",
    "refresh-token-used-as-access-token",
    "response-type-unsupported",
    "scope-denied",
    "scope-insufficient",
    "scope-unknown",
    "sender-not-authorized",
    "service-unavailable",
    "session-ended-by-sign-in",
    "session-expired",
    "state-missing",
    "token-bad-signature",
    "token-endpoint-unknown",
    "token-malformed",
    "token-not-yet-valid",
    "token-of-the-real-service",
    "token-unknown-key",
    "token-wrong-algorithm",
    "token-wrong-company",
    "token-wrong-environment",
    "token-wrong-issuer",
    "user-inactive",
    "user-locked",
    "user-not-web-services",
    "user-revoked-access",
    "user-unknown",
    "user-wrong-case",
    "username-empty",
    "username-missing",
    "username-repeated",
    "username-without-company",
    "web-services-off",
    "xml-sent-to-rest",
};

/* ---- the table ---- */

static void every_promised_cause_is_in_the_table(void **state)
{
    for (size_t i = 0; i < sizeof promised / sizeof *promised; i++)
        if (im_cause_find(im_str(promised[i])) == CAUSE_NONE)
            fail_msg("%s is missing", promised[i]);
}

static bool is_kebab(const char *id)
{
    char before = '-';

    for (; *id; before = *id++)
        if (!(*id >= 'a' && *id <= 'z') && !(*id >= '0' && *id <= '9') &&
            !(*id == '-' && before != '-'))
            return false;
    return before != '-';
}

static void every_id_is_kebab_case_and_found_where_it_stands(void **state)
{
    for (int i = 1; i < CAUSE_COUNT; i++) {
        if (!is_kebab(row_at(i)->id))
            fail_msg("%s is not in kebab case", row_at(i)->id);
        /* the first of that id is found: so it stands there once */
        assert_int_equal(im_cause_find(im_str(row_at(i)->id)), i);
    }
}

static void every_enumerator_is_its_id_in_capitals(void **state)
{
    static const char *const names[] = {
        "NONE",
#define IM_CAUSE(NAME, id, ...) #NAME,
#include "causes/causes.def"
#undef IM_CAUSE
    };
    for (int i = 1; i < CAUSE_COUNT; i++) {
        const char *id = row_at(i)->id;
        for (size_t c = 0; id[c]; c++)
            assert_int_equal(names[i][c],
                             id[c] == '-' ? '_' : toupper((unsigned char)id[c]));
        assert_int_equal(strlen(names[i]), strlen(id));
    }
}

static void plain(const char *id, const char *text)
{
    if (!text || strlen(text) < 15)
        fail_msg("%s has nothing to say", id);
    for (; *text; text++)
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
            fail_msg("%s: a character that error_description may not hold", id);
}

static void every_row_says_why_and_what_to_do_in_plain_ascii(void **state)
{
    for (int i = 1; i < CAUSE_COUNT; i++) {
        plain(row_at(i)->id, row_at(i)->why);
        plain(row_at(i)->id, row_at(i)->fix);
        plain(row_at(i)->id, row_at(i)->source);
        assert_int_equal(row_at(i)->why[strlen(row_at(i)->why) - 1], '.');
        assert_int_equal(row_at(i)->fix[strlen(row_at(i)->fix) - 1], '.');
    }
}

static void no_two_rows_give_the_same_reason(void **state)
{
    for (int i = 1; i < CAUSE_COUNT; i++)
        for (int k = 1; k < i; k++)
            if (strcmp(row_at(i)->why, row_at(k)->why) == 0)
                fail_msg("%s and %s say the same", row_at(i)->id, row_at(k)->id);
}

static void sound(const char *id, const struct im_wording *wording)
{
    bool rest = wording->envelope == IM_ENVELOPE_REST;

    if (wording->envelope == IM_ENVELOPE_NONE)
        return;
    if (wording->status < 400 || wording->status > 599)
        fail_msg("%s: status %d is no refusal", id, wording->status);
    if (!rest && !wording->code)
        fail_msg("%s: an envelope without a code", id);
    if (rest && (!wording->word || !wording->message))
        fail_msg("%s: a REST error without code word or message", id);
    if (wording->envelope == IM_ENVELOPE_GATEWAY && !wording->message)
        fail_msg("%s: a gateway error without message", id);
}

static void every_wording_is_a_complete_refusal(void **state)
{
    for (int i = 1; i < CAUSE_COUNT; i++) {
        const struct im_cause_row *row = row_at(i);
        sound(row->id, &row->token);
        sound(row->id, &row->api);
        sound(row->id, &row->article);
        sound(row->id, &row->token_switch.wording);
        sound(row->id, &row->api_switch.wording);
    }
}

static void every_cause_is_worded_in_both_dialects(void **state)
{
    for (int i = 1; i < CAUSE_COUNT; i++) {
        const struct im_cause_row *row = row_at(i);
        if (!row->token.envelope && !row->api.envelope)
            fail_msg("%s has no wording in the REST dialect", row->id);
        if (row->article.envelope != IM_ENVELOPE_OAUTH)
            fail_msg("%s has no wording in the article's dialect", row->id);
    }
}

static void exists(const char *id, const struct im_wording_switch *other)
{
    if (!other->policy)
        return;
    const struct im_policy_row *row = im_policy_find(im_str(other->policy));
    if (!row || im_policy_choice(row, other->value).len == 0)
        fail_msg("%s: there is no switch %s", id, other->policy);
}

static void every_switch_of_wording_is_a_switch_of_policy(void **state)
{
    for (int i = 1; i < CAUSE_COUNT; i++) {
        exists(row_at(i)->id, &row_at(i)->token_switch);
        exists(row_at(i)->id, &row_at(i)->api_switch);
    }
}

static void every_invalid_grant_follows_its_switch(void **state)
{
    for (int i = 1; i < CAUSE_COUNT; i++) {
        const struct im_cause_row *row = row_at(i);
        if (row->token.code && strcmp(row->token.code, "invalid_grant") == 0) {
            assert_string_equal(row->token_switch.policy, "invalid_grant_status");
            assert_int_equal(row->token_switch.wording.status, 401);
        }
    }
}

static void only_seven_causes_need_a_scenario(void **state)
{
    static const enum im_cause forced[] = {
        CAUSE_CLIENT_INTERMITTENT, CAUSE_RATE_LIMITED,       CAUSE_SERVICE_UNAVAILABLE,
        CAUSE_GATEWAY_ERROR,       CAUSE_SCENARIO_EXHAUSTED, CAUSE_TWO_STEP_REQUIRED,
        CAUSE_IP_NOT_ALLOWED};
    int unnatural = 0;

    for (int i = 1; i < CAUSE_COUNT; i++)
        unnatural += !row_at(i)->natural;
    assert_int_equal(unnatural, sizeof forced / sizeof *forced);
    for (size_t i = 0; i < sizeof forced / sizeof *forced; i++)
        assert_false(im_cause_row(forced[i])->natural);
}

/* ---- looking up ---- */

static void a_slip_of_the_pen_finds_its_cause(void **state)
{
    assert_string_equal(im_cause_hint(IM_STR("acces-token-expird")).text,
                        "; did you mean \"access-token-expired\"?");
    assert_string_equal(im_cause_hint(IM_STR("parallel_refresh")).text,
                        "; did you mean \"parallel-refresh\"?");
    assert_string_equal(im_cause_hint(IM_STR("the-dog-ate-it")).text, "");
    /* a short word with another letter is another word, not "none" */
    assert_string_equal(im_cause_hint(IM_STR("nope")).text, "");
    assert_string_equal(im_cause_hint(IM_STR("")).text, "");
}

static void shared_words_tell_more_than_few_edits(void **state)
{
    static const struct {
        const char *typed, *first;
    } cases[] = {
        {"token-expired", "; did you mean \"access-token-expired\" or "},
        {"expired", "; did you mean \"access-token-expired\", "},
        {"revoked-token", "; did you mean \"access-token-revoked\" or "},
        {"token_expire", "; did you mean \"access-token-expired\" or "},
        {"jwt-expired", "; did you mean \"access-token-expired\", "},
        {"invalid-grant", "; did you mean \"refresh-token-expired\", "},
        {"invalid_grant", "; did you mean \"refresh-token-expired\", "},
        {"rest-2102", "; did you mean \"session-expired\", "},
        {"secret-wrong", "; did you mean \"client-secret-wrong\"?"},
        {"code-expird", "; did you mean \"code-expired\"?"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct im_hint hint = im_cause_hint(im_str(cases[i].typed));
        if (!im_str_starts(im_str(hint.text), cases[i].first))
            fail_msg("%s%s", cases[i].typed, hint.text);
    }
}

static void what_is_no_cause_has_an_empty_row(void **state)
{
    assert_int_equal(im_cause_find(IM_STR("none")), CAUSE_NONE);
    assert_int_equal(im_cause_find(IM_STR("")), CAUSE_NONE);
    assert_string_equal(im_cause_row(CAUSE_NONE)->id, "none");
    assert_ptr_equal(im_cause_row(CAUSE_COUNT), im_cause_row(CAUSE_NONE));
    assert_ptr_equal(im_cause_row((enum im_cause)9999), im_cause_row(CAUSE_NONE));
}

static void a_row_is_told_as_json(void **state)
{
    struct fixture *f = *state;
    struct im_json_error why;
    struct im_json_out out;

    im_json_out_init(&out, &f->buf);
    im_cause_write(CAUSE_ACCESS_TOKEN_EXPIRED, &out, NULL);
    const struct im_json *row = im_json_parse(&f->arena, im_buf_str(&f->buf), &why);
    text_is(im_json_get_str(row, "id"), "access-token-expired");
    text_is(im_json_get_str(row, "confidence"), "observed");
    assert_true(im_json_get(row, "natural")->boolean);
    const struct im_json *api = im_json_get(im_json_get(row, "wording"), "api");
    assert_int_equal(im_json_get(api, "status")->whole, 401);
    text_is(im_json_get_str(im_json_get(api, "switch"), "value"), "400-rest");
    assert_non_null(im_json_get(im_json_get(api, "body"), "ia::error"));
    assert_null(im_json_get(im_json_get(row, "wording"), "token"));
}

/* ---- refusing ---- */

static void refusing_records_the_cause_and_its_evidence(void **state)
{
    struct fixture *f = *state;
    enum im_cause cause =
        im_refuse(&f->req, CAUSE_CODE_EXPIRED, "issued %d s ago, lives %d s", 75, 60);

    assert_int_equal(cause, CAUSE_CODE_EXPIRED);
    assert_int_equal(f->exchange.cause, CAUSE_CODE_EXPIRED);
    assert_int_equal(f->exchange.worded_as, CAUSE_CODE_EXPIRED);
    text_is(f->exchange.evidence, "issued 75 s ago, lives 60 s");
}

static void the_first_refusal_wins(void **state)
{
    struct fixture *f = *state;

    im_refuse(&f->req, CAUSE_CLIENT_UNKNOWN, "first");
    assert_int_equal(im_refuse(&f->req, CAUSE_CODE_EXPIRED, "second"),
                     CAUSE_CLIENT_UNKNOWN);
    text_is(f->exchange.evidence, "first");
}

static void a_cause_may_be_worded_as_another(void **state)
{
    struct fixture *f = *state;
    enum im_cause cause = im_refuse_as(&f->req, CAUSE_PARAMETER_MISSPELLED,
                                       CAUSE_CLIENT_ID_MISSING, "'clientid' was sent");

    assert_int_equal(cause, CAUSE_PARAMETER_MISSPELLED);
    assert_int_equal(f->exchange.worded_as, CAUSE_CLIENT_ID_MISSING);
}

static void long_evidence_is_cut_between_characters(void **state)
{
    struct fixture *f = *state;
    char text[4096];

    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    text[sizeof text - 2] = '\0';
    im_refuse(&f->req, CAUSE_CODE_UNKNOWN, "%s", text);
    assert_in_range(f->exchange.evidence.len, 1000, 1024);
    assert_true(im_str_utf8(f->exchange.evidence));
}

static void notes_stand_beside_the_outcome_and_are_bounded(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 2 * IM_NOTES_MAX; i++)
        im_note(&f->req, CAUSE_STATE_MISSING, "note %d", i);
    assert_int_equal(f->exchange.cause, CAUSE_NONE);
    assert_int_equal(f->exchange.note_count, IM_NOTES_MAX);
    assert_int_equal(f->exchange.notes[0].cause, CAUSE_STATE_MISSING);
    text_is(f->exchange.notes[IM_NOTES_MAX - 1].text, "note 5");
}

static void without_memory_the_cause_still_stands(void **state)
{
    struct fixture *f = *state;

    f->arena.limit = 1;
    im_note(&f->req, CAUSE_STATE_MISSING, "no room for this");
    im_refuse(&f->req, CAUSE_CODE_EXPIRED, "nor for this");
    assert_true(f->arena.failed);
    assert_int_equal(f->exchange.cause, CAUSE_CODE_EXPIRED);
    assert_int_equal(f->exchange.evidence.len, 0);
}

/* ---- the catalogue ---- */

static void the_document_has_a_section_for_every_cause(void **state)
{
    struct fixture *f = *state;
    char heading[128];

    im_cause_markdown(&f->buf);
    assert_false(f->buf.failed);
    for (int i = 1; i < CAUSE_COUNT; i++) {
        snprintf(heading, sizeof heading, "\n### %s\n", row_at(i)->id);
        assert_true(holds(im_buf_str(&f->buf), heading));
    }
}

static void the_document_shows_what_goes_over_the_wire(void **state)
{
    struct fixture *f = *state;

    im_cause_markdown(&f->buf);
    assert_true(holds(im_buf_str(&f->buf),
                      "- token endpoint, with `invalid_grant_status 401`: 401 "
                      "`{\"error\":\"invalid_grant\"}`\n"));
}

static void the_list_has_a_line_for_every_cause(void **state)
{
    struct fixture *f = *state;

    im_cause_text(&f->buf, CAUSE_NONE);
    for (int i = 1; i < CAUSE_COUNT; i++)
        assert_true(holds(im_buf_str(&f->buf), row_at(i)->id));
}

static void explanations_fit_a_terminal(void **state)
{
    struct fixture *f = *state;

    for (int i = 1; i < CAUSE_COUNT; i++) {
        im_buf_init(&f->buf, &f->arena, 0);
        im_cause_text(&f->buf, (enum im_cause)i);
        struct im_str rest = im_buf_str(&f->buf);
        while (rest.len) {
            struct im_str line = im_str_cut(&rest, '\n');
            if (line.len > 80 && !im_str_starts(line, "    {")) /* bodies are one line */
                fail_msg("%.*s", IM_ARG(line));
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_promised_cause_is_in_the_table),
        TEST(every_id_is_kebab_case_and_found_where_it_stands),
        TEST(every_enumerator_is_its_id_in_capitals),
        TEST(every_row_says_why_and_what_to_do_in_plain_ascii),
        TEST(no_two_rows_give_the_same_reason),
        TEST(every_wording_is_a_complete_refusal),
        TEST(every_cause_is_worded_in_both_dialects),
        TEST(every_switch_of_wording_is_a_switch_of_policy),
        TEST(every_invalid_grant_follows_its_switch),
        TEST(only_seven_causes_need_a_scenario),
        TEST(a_slip_of_the_pen_finds_its_cause),
        TEST(what_is_no_cause_has_an_empty_row),
        TEST(a_row_is_told_as_json),
        TEST(refusing_records_the_cause_and_its_evidence),
        TEST(the_first_refusal_wins),
        TEST(a_cause_may_be_worded_as_another),
        TEST(long_evidence_is_cut_between_characters),
        TEST(notes_stand_beside_the_outcome_and_are_bounded),
        TEST(without_memory_the_cause_still_stands),
        TEST(the_document_has_a_section_for_every_cause),
        TEST(the_document_shows_what_goes_over_the_wire),
        TEST(the_list_has_a_line_for_every_cause),
        TEST(explanations_fit_a_terminal),
        TEST(shared_words_tell_more_than_few_edits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
