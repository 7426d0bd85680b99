/* explain/: what people paste is recognised, and the first answer is right. The inputs and their answers
 * are tests/data/explain/ANSWERS and field/ANSWERS; those of field/ are written from public reports. */
#include "unit/explain/asked.h"

#include <stdlib.h>

#include "base/json.h"
#include "causes/diagnosis.h"

#define FOLDER "tests/data/explain/"
static struct im_str read_sample(const char *path)
{
    static char data[4 * 1024 * 1024];
    FILE *file = fopen(path, "rb");

    if (!file)
        fail_msg("%s: not there; these tests run in the folder of the sources", path);
    size_t n = fread(data, 1, sizeof data, file);
    fclose(file);
    return (struct im_str){data, n};
}

static const struct im_json *member(const struct im_json *json, const char *a,
                                    const char *b)
{
    return im_json_get(im_json_get(json, a), b);
}

/* Nothing of what the samples hold as a secret begins otherwise. */
static void has_no_secret(const char *name, struct im_str text)
{
    for (size_t i = 0; i + 4 <= text.len; i++)
        if (!memcmp(text.at + i, "S3CR", 4) || !memcmp(text.at + i, "eyJh", 4))
            fail_msg("%s: a secret at \"%.*s\"", name, 60, text.at + i);
}

static void check_sample(const char *folder, const char *name, const char *form,
                         const char *cause)
{
    char path[200];
    struct asked asked;
    struct im_json_error where;

    snprintf(path, sizeof path, FOLDER "%s%s", folder, name);
    ask(&asked, read_sample(path));
    const struct im_json *json = im_json_parse(&asked.arena, asked.json, &where);
    assert_non_null(json);
    enum im_cause first_cause = im_explanation_cause(asked.explanation);
    const char *first = im_cause_row(first_cause)->id;
    if (first_cause == CAUSE_NONE && im_json_get(json, "transport"))
        first = im_json_get_str(im_json_get(json, "transport"), "id").at;
    if (im_json_get(json, "undecided")->boolean)
        first = "undecided";
    if (strcmp(cause, "-") == 0)
        first = im_explanation_is_recognised(asked.explanation) ? "recognised" : "-";
    if (strcmp(first, cause) != 0)
        fail_msg("%s: %s, and it should be %s", name, first, cause);
    if (form && !im_str_is(member(json, "recognised", "form")->text, form))
        fail_msg("%s: it is not seen to be of the form %s", name, form);
    has_no_secret(name, asked.json);
    has_no_secret(name, asked.text);
    asked_end(&asked);
}

/* "NAME [FORM] CAUSE" */
static unsigned check_folder(const char *folder, bool with_form)
{
    char path[200], name[100], form[100], cause[100];
    char line[300];
    unsigned n = 0;

    snprintf(path, sizeof path, FOLDER "%sANSWERS", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct im_str rest = im_str_trim(im_str(line));
        if (!rest.len || rest.at[0] == '#')
            continue;
        struct im_str word = im_str_cut(&rest, ' ');
        snprintf(name, sizeof name, "%.*s", IM_ARG(word));
        rest = im_str_trim(rest);
        word = with_form ? im_str_cut(&rest, ' ') : IM_STR("");
        snprintf(form, sizeof form, "%.*s", IM_ARG(word));
        snprintf(cause, sizeof cause, "%.*s", IM_ARG(im_str_trim(rest)));
        check_sample(folder, name, with_form ? form : NULL, cause);
        n++;
    }
    fclose(file);
    return n;
}

static void the_first_answer_is_right(void **state)
{
    assert_true(check_folder("", true) >= 30);
}

static void it_is_right_of_what_was_reported(void **state)
{
    assert_int_equal(check_folder("field/", false), 15);
}

/* ---- ranking ---- */

static void evidence_goes_before_frequency(void **state)
{
    /* sources tell most of the expired token, but this one is a template */
    assert_int_equal(
        rank_in("GET /ia/api/v1/objects/accounts-payable/vendor HTTP/1.1\n"
                "Authorization: Bearer ${TOKEN}\n\n"
                "HTTP/1.1 400 Bad Request\n\n"
                "{\"ia::result\":{\"ia::error\":{\"code\":\"invalidRequest\","
                "\"errorId\":\"REST-1206\"}}}",
                "credential-placeholder"),
        1);
}

static void frequency_decides_where_there_is_no_evidence(void **state)
{
    size_t superseded = rank_in("{\"error\":\"invalid_grant\"}", "grant-superseded");
    size_t entity = rank_in("{\"error\":\"invalid_grant\"}", "entity-unknown");

    assert_int_equal(superseded, 1);
    assert_true(entity > superseded);
}

static void a_grant_leaves_out_what_cannot_happen_to_it(void **state)
{
    static const char refresh[] =
        "POST /ia/api/v1/oauth2/token HTTP/1.1\n"
        "Content-Type: application/x-www-form-urlencoded\n\n"
        "grant_type=refresh_token&refresh_token=abcdefgh&client_id=a&client_secret=bcde\n"
        "HTTP/1.1 400 Bad Request\n\n{\"error\":\"invalid_grant\"}";

    assert_int_equal(rank_in(refresh, "code-expired"), 0);
    assert_int_equal(rank_in(refresh, "user-not-web-services"), 0);
    assert_true(rank_in(refresh, "refresh-token-expired") > 0);
}

static void a_place_leaves_out_what_is_worded_elsewhere(void **state)
{
    static const char article[] =
        "GET /api/v1/Vendor HTTP/1.1\nAuthorization: Bearer x\n\n"
        "HTTP/1.1 401 Unauthorized\n\n"
        "{\"error\":\"invalid_grant\"}";

    assert_true(rank_in(article, "access-token-expired") > 0);
    assert_true(rank_in("GET /ia/api/v1/objects/a/b HTTP/1.1\nHost: api.intacct.com\n"
                        "Authorization: Basic eDp5\n\nHTTP/1.1 401 Unauthorized\n\n"
                        "{\"ia::error\":{\"code\":\"GW-0034\"}}",
                        "authorization-not-bearer") == 1);
}

/* explain, `causes` and the page tell them in one order. */
static void a_code_alone_has_the_order_of_the_catalogue(void **state)
{
    static const char *const inputs[][2] = {
        {"invalid_client", "invalid_client"},
        {"{\"error\":\"invalid_client\"}", "invalid_client"},
        {"{\"error\":\"invalid_grant\"}", "invalid_grant"},
        {"REST-1206", "REST-1206"},
        {"400 REST-1206", "400 REST-1206"},
        {"403", "403"},
        {"the user name is missing", "the user name is missing"}};
    static struct im_cause_hit hits[CAUSE_COUNT];

    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct asked asked;
        ask(&asked, im_str(inputs[i][0]));
        size_t n = im_cause_search(im_str(inputs[i][1]), hits);
        assert_true(n > 0);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(rank_of(&asked, im_cause_row(hits[k].cause)->id), k + 1);
        asked_end(&asked);
    }
}

static void an_unknown_code_of_a_known_family_is_recognised(void **state)
{
    struct asked asked;

    ask(&asked, IM_STR("GW-0099"));
    assert_true(im_explanation_is_recognised(asked.explanation));
    assert_int_equal(im_explanation_cause(asked.explanation), CAUSE_NONE);
    asked_end(&asked);
}

/* Only a mock says so, and then it is so. */
static void a_mock_that_answers_is_believed(void **state)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        char input[300];
        snprintf(input, sizeof input,
                 "HTTP/1.1 400 Bad Request\nX-Intacct-Mock-Cause: %s\n\n",
                 im_cause_row((enum im_cause)i)->id);
        if (rank_in(input, im_cause_row((enum im_cause)i)->id) != 1)
            fail_msg("%s is not the first", im_cause_row((enum im_cause)i)->id);
    }
}

/* ---- sequences ---- */

static void a_refusal_that_the_client_got_over_is_not_the_wrong_one(void **state)
{
    static const char log[] =
        "GET https://api.intacct.com/ia/api/v1/objects/a/b -> 401 "
        "{\"ia::error\":{\"code\":\"GW-0040\"}}\n"
        "POST https://api.intacct.com/ia/api/v1/oauth2/token -> 200\n"
        "GET https://api.intacct.com/ia/api/v1/objects/a/b -> 200\n"
        "POST https://api.intacct.com/ia/api/v1/objects/a/b -> 429 "
        "{\"ia::error\":{\"code\":\"GW-0010\"}}\n";

    assert_int_equal(rank_in(log, "rate-limited"), 1);
}

static void a_header_that_a_browser_left_out_is_not_missing(void **state)
{
    static const char har[] =
        "{\"log\":{\"entries\":["
        "{\"request\":{\"method\":\"GET\",\"url\":\"https://api.intacct.com/ia/api/v1/"
        "objects/a/b\",\"headers\":[{\"name\":\"Accept\",\"value\":\"*/*\"}]},"
        "\"response\":{\"status\":200}},"
        "{\"request\":{\"method\":\"GET\",\"url\":\"https://api.intacct.com/ia/api/v1/"
        "objects/a/c\",\"headers\":[{\"name\":\"Accept\",\"value\":\"*/*\"}]},"
        "\"response\":{\"status\":401,\"content\":{\"text\":\"{\\\"ia::error\\\":{"
        "\\\"code"
        "\\\":\\\"GW-0040\\\"}}\"}}}]}}";

    assert_int_equal(rank_in(har, "access-token-expired"), 1);
    assert_int_equal(rank_in(har, "authorization-header-missing"), 0);
}

static void a_masked_token_says_nothing(void **state)
{
    static const char log[] = "GET https://api.intacct.com/ia/api/v1/objects/a/b "
                              "Authorization: Bearer ******** "
                              "-> 401 {\"ia::error\":{\"code\":\"GW-0040\"}}\n";

    assert_int_equal(rank_in(log, "access-token-expired"), 1);
    assert_int_equal(rank_in(log, "credential-placeholder"), 0);
    assert_int_equal(rank_in(log, "token-malformed"), 0);
}

static void a_token_that_a_server_quotes_is_not_shown(void **state)
{
    struct asked asked;

    ask(&asked, IM_STR("HTTP/1.1 400 Bad Request\n\n{\"error\":\"invalid_grant\","
                       "\"error_description\":\"Not found: AB11582f0c9d7e6b5a4938\"}"));
    for (size_t i = 0; i + 8 <= asked.text.len; i++)
        assert_false(!memcmp(asked.text.at + i, "AB11582f", 8));
    asked_end(&asked);
}

static void a_token_in_several_lines_is_one(void **state)
{
    struct asked asked;
    struct im_str token = im_str_trim(read_sample(FOLDER "jwt-real.txt"));
    struct im_buf broken;
    struct im_arena arena;

    im_arena_init(&arena, 0);
    im_buf_init(&broken, &arena, 0);
    for (size_t i = 0; i < token.len; i += 76) {
        im_buf_add(&broken, im_str_slice(token, i, i + 76));
        im_buf_addz(&broken, "\r\n");
    }
    ask(&asked, im_buf_str(&broken));
    assert_int_equal(im_explanation_cause(asked.explanation), CAUSE_ACCESS_TOKEN_EXPIRED);
    asked_end(&asked);
    im_arena_release(&arena);
}

/* ---- what a trace gives as a scenario ---- */

static void nothing_personal_goes_into_a_scenario(void **state)
{
    struct im_error err = {.text = ""};
    struct im_buf removed;
    struct asked asked;

    ask(&asked, read_sample(FOLDER "story-second-connection.har"));
    im_buf_init(&removed, &asked.arena, 0);
    struct im_str text =
        im_explanation_scenario(asked.explanation, IM_STR("mine"), &removed, &err);
    assert_true(text.len > 0);
    has_no_secret("scenario", text);
    for (size_t i = 0; i + 9 < text.len; i++)
        assert_false(!memcmp(text.at + i, "Northwind", 9) ||
                     !memcmp(text.at + i, "sync_user", 9) ||
                     !memcmp(text.at + i, "intacct.c", 9));
    assert_true(removed.len > 0);
    asked_end(&asked);
}

static void what_has_no_request_gives_no_scenario(void **state)
{
    struct im_error err = {.text = ""};
    struct im_buf removed;
    struct asked asked;

    ask(&asked, IM_STR("REST-1206"));
    im_buf_init(&removed, &asked.arena, 0);
    assert_int_equal(
        im_explanation_scenario(asked.explanation, IM_STR("mine"), &removed, &err).len,
        0);
    assert_true(strlen(err.text) > 0);
    asked_end(&asked);
}

/* ---- packed ---- */

static void damaged_gzip_is_told(void **state)
{
    struct im_explain_options options = {.now_ms = NOW_MS};
    struct im_error err = {.text = ""};
    struct im_arena arena;
    struct im_str packed = read_sample(FOLDER "story-twelve-hours.har.gz");

    im_arena_init(&arena, 0);
    assert_null(
        im_explain(&options, &arena, im_str_slice(packed, 0, packed.len / 2), &err));
    assert_true(im_str_has(im_str(err.text), ':'));
    im_arena_release(&arena);
}

/* ---- bounds ---- */

static void no_more_is_read_than_is_asked_for(void **state)
{
    static char data[4000];
    struct im_str packed = read_sample(FOLDER "story-twelve-hours.har.gz");
    const struct im_str inputs[] = {packed, {data, sizeof data}};

    memset(data, 'a', sizeof data);
    for (size_t i = 0; i < 2; i++) {
        struct im_explain_options options = {.now_ms = NOW_MS, .max_bytes = 3999};
        struct im_error err = {.text = ""};
        struct im_arena arena;
        im_arena_init(&arena, 0);
        assert_null(im_explain(&options, &arena, inputs[i], &err));
        assert_int_equal(err.kind, IM_ERROR_CAPACITY);
        assert_non_null(strstr(err.text, "3999"));
        im_arena_release(&arena);
    }
}

static bool stopped_after_some(void *context)
{
    unsigned *left = context;

    return (*left)-- == 0;
}

static void work_that_is_to_stop_is_given_up(void **state)
{
    static const char log[] = "401 GW-0040\n401 GW-0040\n401 GW-0040\n401 GW-0040\n";

    for (unsigned asked = 0; asked < 4; asked++) {
        unsigned left = asked;
        struct im_explain_options options = {
            .now_ms = NOW_MS, .stopped = stopped_after_some, .context = &left};
        struct im_error err = {.text = ""};
        struct im_arena arena;
        im_arena_init(&arena, 0);
        assert_null(im_explain(&options, &arena, im_str(log), &err));
        assert_non_null(strstr(err.text, "given up"));
        im_arena_release(&arena);
    }
}

/* "N times the text", with a head and a foot. */
static struct im_str repeated(struct im_buf *buf, const char *head, const char *text,
                              unsigned times, const char *foot)
{
    im_buf_addz(buf, head);
    for (unsigned i = 0; i < times; i++)
        im_buf_addz(buf, text);
    im_buf_addz(buf, foot);
    return im_buf_str(buf);
}

static void what_was_not_read_is_said_in_a_sentence(void **state)
{
    static const char entry[] = "{\"request\":{\"url\":\"https://api.intacct.com/ia/\"},"
                                "\"response\":{\"status\":401}},";
    static const struct {
        const char *head, *text, *foot, *said;
    } inputs[] = {
        {"{\"log\":{\"entries\":[", entry, "{}]}}",
         "Only the first 5000 exchanges were read; the 1001 entries behind them were"},
        {"", "401 GW-0040\n", "",
         "Only the first 5000 exchanges were read; the 1000 lines behind them were"},
    };

    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct im_arena arena;
        struct im_buf buf;
        struct asked asked;
        im_arena_init(&arena, 0);
        im_buf_init(&buf, &arena, 0);
        ask(&asked, repeated(&buf, inputs[i].head, inputs[i].text, 6000, inputs[i].foot));
        assert_non_null(strstr(im_arena_copy(&arena, asked.json).at, inputs[i].said));
        assert_non_null(
            strstr(im_arena_copy(&arena, asked.text).at, "Only the first 5000"));
        asked_end(&asked);
        im_arena_release(&arena);
    }
}

/* Memory may be short at any point: then there is an error, and no leak. */
static void short_memory_is_told(void **state)
{
    struct im_explain_options options = {.now_ms = NOW_MS};
    static char data[64 * 1024];
    struct im_str sample = read_sample(FOLDER "story-second-connection.har");

    assert_true(sample.len < sizeof data);
    memcpy(data, sample.at, sample.len);
    for (size_t limit = 1024; limit < 512 * 1024; limit += 8 * 1024) {
        struct im_error err = {.text = ""};
        struct im_arena arena;
        im_arena_init(&arena, limit);
        struct im_explanation *made =
            im_explain(&options, &arena, (struct im_str){data, sample.len}, &err);
        assert_true(made || err.text[0]);
        if (made)
            im_explanation_text(made);
        im_explanation_end(made);
        im_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_answer_is_right),
        cmocka_unit_test(it_is_right_of_what_was_reported),
        cmocka_unit_test(evidence_goes_before_frequency),
        cmocka_unit_test(frequency_decides_where_there_is_no_evidence),
        cmocka_unit_test(a_grant_leaves_out_what_cannot_happen_to_it),
        cmocka_unit_test(a_place_leaves_out_what_is_worded_elsewhere),
        cmocka_unit_test(an_unknown_code_of_a_known_family_is_recognised),
        cmocka_unit_test(a_code_alone_has_the_order_of_the_catalogue),
        cmocka_unit_test(a_mock_that_answers_is_believed),
        cmocka_unit_test(a_refusal_that_the_client_got_over_is_not_the_wrong_one),
        cmocka_unit_test(a_header_that_a_browser_left_out_is_not_missing),
        cmocka_unit_test(a_masked_token_says_nothing),
        cmocka_unit_test(a_token_that_a_server_quotes_is_not_shown),
        cmocka_unit_test(a_token_in_several_lines_is_one),
        cmocka_unit_test(nothing_personal_goes_into_a_scenario),
        cmocka_unit_test(what_has_no_request_gives_no_scenario),
        cmocka_unit_test(damaged_gzip_is_told),
        cmocka_unit_test(no_more_is_read_than_is_asked_for),
        cmocka_unit_test(work_that_is_to_stop_is_given_up),
        cmocka_unit_test(what_was_not_read_is_said_in_a_sentence),
        cmocka_unit_test(short_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
