#include "unit/scenario/quoted.h"

#include "verdict/verdict.h"

/* ---- a verdict to be written ---- */

struct fixture {
    struct im_arena arena;
    struct im_exchange seen[40];
    size_t seen_count;
    struct im_rule rules[2];
    struct im_rule_count counts[2];
    struct im_scenario
        scenario; /* one that revokes at every call, until a test says otherwise */
    struct im_judgement judgements[8];
    struct im_judge_options options;
    struct im_verdict verdict;
};

static int begin(void **state)
{
    struct fixture *f = new_fixture(state, sizeof(*f));

    f->counts[0] = (struct im_rule_count){.fits = 5, .fired = 1};
    f->rules[0].refuse = f->rules[1].refuse = CAUSE_ACCESS_TOKEN_REVOKED;
    f->rules[0].when = (struct im_when){.endpoint = IM_STR("api"), .rate = -1};
    f->rules[1].when = (struct im_when){.endpoint = IM_STR("api"), .nth = 8, .rate = -1};
    f->scenario = (struct im_scenario){
        .name = IM_STR("revoked"), .rules = f->rules, .rule_count = 1};
    f->verdict = (struct im_verdict){.scenario = &f->scenario,
                                     .sandbox = IM_STR("revoked.test-1"),
                                     .judgements = f->judgements,
                                     .options = &f->options,
                                     .rules = f->counts,
                                     .seen = f->seen};
    return 0;
}

static struct im_exchange *saw(struct fixture *f, int status, enum im_cause cause)
{
    size_t n = f->seen_count++;

    f->verdict.exchanges++;
    f->seen[n] = (struct im_exchange){.id = n + 1,
                                      .endpoint = IM_ENDPOINT_RESOURCE,
                                      .method = IM_STR("GET"),
                                      .path = IM_STR("/ia/api/v1/objects/x"),
                                      .status = status,
                                      .cause = cause,
                                      .began_us = (int64_t)n * 2000,
                                      .ended_us = (int64_t)n * 2000 + 1000};
    return &f->seen[n];
}

static struct im_verdict *judged(struct fixture *f, const char *expect)
{
    struct im_json_fault fault;

    if (!read_by_row(&f->arena, im_expect_part.rows, quoted(&f->arena, expect),
                     &f->scenario.expect, &fault))
        fail_msg("%s: %s", expect, fault.err.text);
    f->verdict.seen_count = f->seen_count;
    assert_true(im_expect_judge(&f->scenario.expect, f->seen, f->seen_count, &f->options,
                                &f->arena, f->judgements));
    return &f->verdict;
}

static const char *finished(struct im_buf *buf)
{
    im_buf_addc(buf, '\0');
    assert_false(buf->failed);
    return buf->at;
}

static const char *text(struct fixture *f)
{
    struct im_buf buf;

    im_buf_init(&buf, &f->arena, 0);
    im_verdict_write_text(&f->verdict, &buf);
    return finished(&buf);
}

static const char *json(struct fixture *f)
{
    struct im_buf buf;
    struct im_json_out out;
    struct im_json_error why;

    im_buf_init(&buf, &f->arena, 0);
    im_json_out_init(&out, &buf);
    im_verdict_write_json(&f->verdict, &out);
    if (!im_json_parse(&f->arena, im_buf_str(&buf), &why))
        fail_msg("%.*s: %s", IM_ARG(im_buf_str(&buf)), why.what);
    return finished(&buf);
}

static void has(const char *whole, const char *part)
{
    if (!strstr(whole, part))
        fail_msg("no \"%s\" in %s", part, whole);
}

static void has_not(const char *whole, const char *part)
{
    if (strstr(whole, part))
        fail_msg("\"%s\" in %s", part, whole);
}

/* ---- well-formed XML, as far as ours goes ---- */

static const char *past(const char *at, const char *until)
{
    const char *found = strstr(at, until);

    if (!found)
        fail_msg("no %s in %s", until, at);
    return found + strlen(until);
}

static void check_characters(const char *from, const char *to)
{
    static const char *const entities[] = {"&amp;", "&lt;",  "&gt;", "&quot;",
                                           "&#39;", "&#10;", "&#9;"};

    assert_true(im_str_utf8((struct im_str){from, (size_t)(to - from)}));
    for (; from < to; from++) {
        bool known = *from != '&';
        for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
            known |= strncmp(from, entities[i], strlen(entities[i])) == 0;
        assert_true(known);
        assert_true((unsigned char)*from >= ' ' || *from == '\n');
        assert_true(*from != '<' && *from != '>');
    }
}

/* From behind '<' of a start tag to behind its '>'; false when it is empty (…/>). */
static bool check_start(const char **at, char *name)
{
    size_t len = strspn(*at, "abcdefghijklmnopqrstuvwxyz-");

    assert_in_range(len, 1, 30);
    memcpy(name, *at, len);
    name[len] = '\0';
    *at += len;
    while (**at == ' ') {
        const char *value = past(*at, "=\"");
        *at = past(value, "\"");
        check_characters(value, *at - 1);
    }
    bool empty = **at == '/';
    *at += empty;
    assert_int_equal(*(*at)++, '>');
    return !empty;
}

static void check_element(const char **at);

static void check_content(const char **at, const char *name)
{
    for (;;) {
        const char *tag = past(*at, "<");
        check_characters(*at, tag - 1);
        if (*tag == '/') {
            assert_int_equal(strncmp(tag + 1, name, strlen(name)), 0);
            assert_int_equal(tag[1 + strlen(name)], '>');
            *at = tag + 2 + strlen(name);
            return;
        }
        *at = tag;
        check_element(at);
    }
}

static void check_element(const char **at)
{
    char name[32];

    if (check_start(at, name))
        check_content(at, name);
}

static const char *junit(struct fixture *f)
{
    struct im_buf buf;
    const char *at;

    im_buf_init(&buf, &f->arena, 0);
    im_verdict_write_junit(&f->verdict, &buf);
    at = past(finished(&buf), "?>\n<");
    check_element(&at);
    assert_string_equal(at, "\n");
    return buf.at;
}

/* ---- outcomes ---- */

#define MET_ONE       "{'that':'it comes'}"
#define NOT_MET       "{'that':'it stops','at_most':1}"
#define NOT_EXERCISED "{'that':'it waits','after':'drop'}"

static void the_worst_expectation_decides(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    saw(f, 200, CAUSE_NONE);
    assert_int_equal(im_verdict_outcome(judged(f, "[" MET_ONE "]")), IM_MET);
    assert_int_equal(im_verdict_outcome(judged(f, "[" NOT_EXERCISED "," MET_ONE "]")),
                     IM_PARTLY);
    assert_int_equal(
        im_verdict_outcome(judged(f, "[" NOT_EXERCISED "," NOT_MET "," MET_ONE "]")),
        IM_NOT_MET);
}

static void what_expects_nothing_is_never_met(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    assert_int_equal(im_verdict_outcome(judged(f, "[]")), IM_PARTLY);
    has(text(f), "note: the scenario expects nothing, so nothing can be judged\n");
    f->scenario.rule_count = 0; /* one that shadows a built-in name, perhaps */
    assert_int_equal(im_verdict_outcome(judged(f, "[]")), IM_PARTLY);
}

static void a_need_that_is_not_met_is_told_in_terms_of_the_client(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    f->scenario.rule_count = 2;
    f->counts[1].fits = 4;
    f->options.client = "CMD";
    assert_int_equal(im_verdict_outcome(judged(f, "[" MET_ONE "]")), IM_PARTLY);
    has(json(f), "\"needs\":\"8 API calls\"");
    has(json(f), "\"missing\":\"rule 2 waits for the 8th API call; CMD made 4\"");
    f->rules[1].optional = true;
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_MET);
}

/* A rule waits for another grant than the client ever asks with: that is said, each of those
 * once, and what came to other endpoints is none. */
static void a_grant_that_did_not_come_is_told_with_those_that_did(void **state)
{
    static const char *const sent[] = {"client_credentials", "refresh_token",
                                       "client_credentials"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++) {
        struct im_exchange *exchange = saw(f, 200, CAUSE_NONE);
        exchange->endpoint = IM_ENDPOINT_TOKEN;
        exchange->grant = im_str(sent[i]);
    }
    saw(f, 200, CAUSE_NONE)->grant = IM_STR("no-endpoint-of-tokens");
    f->scenario.rule_count = 2;
    f->counts[1].fits = 0;
    f->rules[1].when = (struct im_when){
        .endpoint = IM_STR("token"), .grant = IM_STR("authorization_code"), .rate = -1};
    f->options.client = "CMD";
    judged(f, "[" MET_ONE "]");
    has(json(f), "; CMD sent client_credentials and refresh_token\"");
}

static void an_expectation_that_waits_is_told_by_its_own_sentence(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    f->scenario.rule_count = 0;
    f->options.client = "CMD";
    judged(f, "[" MET_ONE ",{'that':'a code is redeemed once','endpoint':'token',"
              "'grant':'authorization_code','at_most':1}]");
    /* what it is printed to need did not come: without rules, nothing else shows that it came about */
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_EXERCISED);
    has(json(f),
        "\"missing\":\"\\\"a code is redeemed once\\\" waits for a token request "
        "with grant authorization_code; CMD made none\"");
}

static void a_scenario_that_waits_for_its_cause_is_told_by_the_cause(void **state)
{
    struct fixture *f = *state;
    struct im_json world = {.type = IM_JSON_OBJECT};

    f->options.client = "CMD";
    f->counts[0].fired = 0;
    f->counts[0].fits = 0;
    judged(f, "[" MET_ONE "]");
    has(json(f), "\"missing\":\"rule 1 waits for an API call; CMD made none\"");
    f->scenario.rule_count = 0;
    f->scenario.world = &world;
    f->scenario.cause = CAUSE_USER_LOCKED;
    judged(f, "[" MET_ONE "]");
    has(json(f), "\"missing\":\"the scenario waits for a request that is refused with "
                 "user-locked; CMD made none\"");
    saw(f, 400, CAUSE_USER_LOCKED);
    judged(f, "[" MET_ONE "]");
    has_not(json(f), "\"missing\"");
}

static void a_fact_is_no_fault_where_the_scenario_did_not_come_about(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    f->scenario.rule_count = 2;
    judged(f, "[" MET_ONE ",{'that':'it signs on','endpoint':'token'}]");
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_NOT_EXERCISED);
    f->scenario.rule_count = 1;
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_NOT_MET);
}

static void what_may_be_missing_is_no_reason_for_part(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    assert_int_equal(
        im_verdict_outcome(judged(
            f, "[" MET_ONE ",{'that':'w','after':'drop','count':1,'optional':true}]")),
        IM_MET);
}

/* A 429 and one new token: without a baseline it is not known whose that is. */
#define DOUBTED "'that':'no token','endpoint':'token','after':'rate-limited','count':0"

static void what_cannot_be_told_makes_it_partly_and_is_said(void **state)
{
    struct fixture *f = *state;

    saw(f, 429, CAUSE_RATE_LIMITED);
    saw(f, 200, CAUSE_NONE)->endpoint = IM_ENDPOINT_TOKEN;
    f->options.client = "CMD";
    judged(f, "[" MET_ONE ",{" DOUBTED "}]");
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_CANNOT_TELL);
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_PARTLY);
    has(json(f),
        "\"doubt\":\"\\\"no token\\\": cannot tell: it is not known how often CMD");
    has(text(f), "note: \"no token\": cannot tell: it is not known how often CMD");
    has(junit(f), "<testcase name=\"the scenario is exercised\" classname=\"revoked\">\n"
                  "    <skipped message=\"&quot;no token&quot;: cannot tell: ");
    /* of what is demanded of no client nothing has to be told */
    judged(f, "[" MET_ONE ",{" DOUBTED ",'advice':true}]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_MET);
    judged(f, "[" MET_ONE ",{" DOUBTED ",'optional':true}]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_MET);
    has_not(json(f), "\"doubt\"");
}

static void what_comes_after_a_refusal_is_information_for_who_ends_there(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    f->options.fail_fast = true;
    judged(f, "[" MET_ONE "," NOT_EXERCISED "]");
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_INFORMATION);
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_MET);
}

static void a_failure_says_what_the_cause_means(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    saw(f, 200, CAUSE_NONE);
    f->scenario.cause = CAUSE_ACCESS_TOKEN_REVOKED;
    judged(f, "[" NOT_MET "]");
    has(text(f), "  access-token-revoked: ");
    has(text(f), "  what to do: ");
    has(json(f), "\"cause\":{\"id\":\"access-token-revoked\",\"why\":\"");
    judged(f, "[" MET_ONE "]");
    has_not(text(f), "what to do");
}

static void whose_clock_moved_is_said(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_EXPIRED)->effect = "advance-clock";
    saw(f, 401, CAUSE_ACCESS_TOKEN_EXPIRED);
    judged(f, "[{'that':'it is used once','cause':'access-token-expired','at_most':1}]");
    has(text(f),
        "note: only the server's clock moved, so the client cannot see by its own clock");
    judged(f, "[" NOT_MET "]"); /* about something else */
    has_not(text(f), "clock");
    judged(f, "[" MET_ONE "]");
    has_not(text(f), "clock");
}

static void what_is_exhausted_is_not_met(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    judged(f, "[" MET_ONE "]")->exhausted = true;
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_MET);
    has(json(f), "\"exhausted\":true");
    has(json(f), "\"note\":\"every rule that fits was used up");
    has(text(f), "note: every rule that fits was used up");
    has(junit(f), "tests=\"2\" failures=\"1\"");
    has(junit(f), "<failure message=\"every rule that fits was used up");
}

static void what_did_not_come_about_is_not_exercised(void **state)
{
    struct fixture *f = *state;
    const char *why = "rule 1 waits for an API call; the client made none";

    saw(f, 200, CAUSE_NONE);
    f->counts[0] = (struct im_rule_count){0};
    judged(f, "[" MET_ONE "," NOT_EXERCISED "]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_EXERCISED);
    assert_int_equal(im_verdict_outcome_at(&f->verdict, 1), IM_NOT_EXERCISED);
    has(json(f), why);
    has(json(f), "\"exchanges_shown\":[]");
    has_not(json(f), "\"outcome\":\"met\"");
    has(text(f), why);
    has(junit(f), "skipped=\"2\"");
    has(junit(f), why);
}

static void without_a_request_that_is_said(void **state)
{
    struct fixture *f = *state;

    f->counts[0] = (struct im_rule_count){0};
    judged(f, "[]");
    has(json(f), "nothing in this scenario happened: no request came");
    has(text(f), "nothing in this scenario happened: no request came");
    has(junit(f), "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\"");
    has(junit(f), "<testcase name=\"the scenario is exercised\" classname=\"revoked\">\n"
                  "    <skipped message=\"nothing in this scenario happened: no request "
                  "came. the scenario expects nothing");
}

/* ---- the three forms ---- */

static struct fixture *three_kinds(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->evidence = IM_STR("revoked 2 s ago");
    f->scenario.rule_count = 2;
    f->rules[1].optional = true;
    judged(f, "[{'that':'it comes','status':200}," NOT_MET "," NOT_EXERCISED "]");
    return f;
}

static void json_says_all(void **state)
{
    struct fixture *f = three_kinds(state);
    const struct im_cause_row *row = im_cause_row(CAUSE_ACCESS_TOKEN_REVOKED);
    struct im_str all = im_arena_format(
        &f->arena,
        "{\"scenario\":\"revoked\",\"sandbox\":\"revoked.test-1\",\"outcome\":\"not-"
        "met\","
        "\"exchanges\":2,\"dropped\":0,\"exhausted\":false,"
        "\"rules\":[{\"rule\":1,\"fits\":5,\"fired\":1,\"needs\":1},"
        "{\"rule\":2,\"fits\":0,\"fired\":0,\"needs\":0}],"
        "\"expect\":[{\"that\":\"it comes\",\"outcome\":\"met\",\"why\":\"once, as it "
        "should be\",\"exchanges\":[1]},"
        "{\"that\":\"it stops\",\"outcome\":\"not-met\",\"why\":\"wanted at most 1, but "
        "saw 2\",\"exchanges\":[1,2]},"
        "{\"that\":\"it waits\",\"outcome\":\"not-exercised\",\"why\":\"drop never "
        "happened, so this was not exercised\",\"exchanges\":[]}],"
        "\"exchanges_shown\":[{\"id\":1,\"status\":200,\"line\":\"GET "
        "/ia/api/v1/objects/x → 200\"},"
        "{\"id\":2,\"status\":401,\"line\":\"GET /ia/api/v1/objects/x → 401 "
        "access-token-revoked: "
        "revoked 2 s ago\"}],"
        "\"cause\":{\"id\":\"access-token-revoked\",\"why\":\"%s\",\"fix\":\"%s\"},"
        "\"needs\":\"an API call\",\"client\":\"resilient\"}",
        row->why, row->fix);

    assert_int_equal(strlen(json(f)), all.len);
    assert_memory_equal(json(f), all.at, all.len);
}

/* What failed shows another cause than the scenario is named after. */
static void what_to_do_is_of_the_cause_that_was_met(void **state)
{
    struct fixture *f = *state;

    f->scenario.cause = CAUSE_PARALLEL_REFRESH;
    three_kinds(state);
    has(json(f), "\"cause\":{\"id\":\"access-token-revoked\"");
    f->seen[1].cause = CAUSE_PARALLEL_REFRESH;
    has(json(f), "\"cause\":{\"id\":\"parallel-refresh\"");
}

static void a_400_that_refuses_a_token_is_pointed_out(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    saw(f, 400, CAUSE_ACCESS_TOKEN_REVOKED);
    judged(f, "[{'that':'r','status':200,'after':'access-token-revoked'}]");
    has(json(f),
        "exchange 2 refused its token with 400: a client that renews on 401 alone "
        "does not see that");
}

#define RECOVERS                                                                         \
    "{'that':'r','endpoint':'api','status':200,'after':'access-token-revoked'}"

/* It did see that its token was over: what stopped it is the answer to its request for another. */
static void a_renewal_that_brought_nothing_is_told_instead(void **state)
{
    struct fixture *f = *state;
    struct im_exchange *renewal;

    saw(f, 400, CAUSE_ACCESS_TOKEN_EXPIRED)->effect = "advance-clock";
    renewal = saw(f, 200, CAUSE_NONE);
    renewal->endpoint = IM_ENDPOINT_TOKEN;
    renewal->fault = IM_FAULT_HTML;
    f->options.client = "CMD";
    judged(f,
           "[{'that':'r','endpoint':'api','status':200,'after':'access-token-expired'}]");
    has(json(f),
        "\"note\":\"CMD asked for a new token last with exchange 2, which brought "
        "none (fault: html)\"");
    renewal->cause = CAUSE_REFRESH_TOKEN_EXPIRED; /* a refusal says more */
    has(json(f), "which brought none: refresh-token-expired\"");
    has(json(f), "\"cause\":{\"id\":\"refresh-token-expired\"");
    f->rules[0].refuse = renewal->cause;
    renewal->rule = 1; /* a rule refuses so; what the scenario is about says more */
    has(json(f), "\"cause\":{\"id\":\"access-token-expired\"");
    renewal->rule = 0;
    renewal->cause = CAUSE_NONE;
    has(json(f), "\"fault\":{\"id\":\"html\",\"why\":\"a proxy's login page comes with "
                 "status 200\",\"fix\":\"");
    renewal->user = IM_STR("other@acme"); /* another's token is no renewal of this one */
    f->seen[0].user = IM_STR("ws_user@acme");
    has(json(f), "only the server's clock moved");
    has(json(f), "exchange 1 refused its token with 400");
    has_not(json(f), "\"fault\"");
}

/* With a token in hand, neither its clock nor the status 400 kept it from repeating the call. */
static void a_renewal_that_brought_a_token_is_no_blindness(void **state)
{
    struct fixture *f = *state;

    saw(f, 400, CAUSE_ACCESS_TOKEN_EXPIRED)->effect = "advance-clock";
    saw(f, 200, CAUSE_NONE)->endpoint = IM_ENDPOINT_TOKEN;
    saw(f, 400, CAUSE_REFRESH_TOKEN_REUSED)->endpoint =
        IM_ENDPOINT_TOKEN; /* of a worker that came late */
    judged(f,
           "[{'that':'r','endpoint':'api','status':200,'after':'access-token-expired'}]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_MET);
    has_not(json(f), "\"note\"");
}

/* A request that is refused before its token is looked at has no user: where several are at work, it may be
 * anybody's. */
static void a_renewal_in_vain_is_that_of_the_same_user(void **state)
{
    struct fixture *f = *state;
    struct im_exchange *renewal;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->user = IM_STR("a@acme");
    renewal = saw(f, 401, CAUSE_CLIENT_SECRET_WRONG);
    renewal->endpoint = IM_ENDPOINT_TOKEN;
    judged(f, "[" RECOVERS "]");
    has(json(f), "with exchange 2, which brought none: client-secret-wrong");
    has(json(f), "\"cause\":{\"id\":\"client-secret-wrong\"");
    saw(f, 404, CAUSE_NONE)->user = IM_STR("b@acme");
    judged(f, "[" RECOVERS "]");
    has_not(json(f), "brought none");
    has(json(f), "\"cause\":{\"id\":\"access-token-revoked\"");
    f->seen[1].fault = IM_FAULT_HTML;
    f->seen[1].cause = CAUSE_NONE;
    has_not(json(f), "\"fault\"");
    f->seen[1].user = f->seen[0].user;
    has(json(f), "with exchange 2, which brought none (fault: html)");
    f->seen[2].endpoint = IM_ENDPOINT_TOKEN; /* then 2 is not the client's last */
    f->seen[2].status = 200;
    has_not(json(f), "brought none");
    has(json(f), "\"fault\":{\"id\":\"html\"");
}

/* Half a body may hold a whole token, and who reads it has it. */
static void a_damaged_token_that_is_used_was_had(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->token = IM_STR("hmac:1");
    saw(f, 200, CAUSE_NONE)->issued = IM_STR("hmac:2");
    f->seen[1].endpoint = IM_ENDPOINT_TOKEN;
    f->seen[1].fault = IM_FAULT_TRUNCATE;
    saw(f, 404, CAUSE_NONE)->token = IM_STR("hmac:1");
    judged(f, "[" RECOVERS "]");
    has(json(f), "which brought none (fault: truncate)");
    f->seen[2].token = IM_STR("hmac:2");
    has_not(json(f), "brought none");
    has_not(json(f), "\"fault\"");
}

static void what_a_rule_plays_is_the_cause_that_is_named(void **state)
{
    struct fixture *f = *state;

    f->scenario.cause = CAUSE_PARALLEL_REFRESH;
    for (int i = 0; i < 2; i++)
        saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->rule = 1;
    judged(f, "[" NOT_MET "]");
    has(json(f), "\"played_by\":1");
    f->seen[0].notes[0].cause = CAUSE_PARALLEL_REFRESH; /* warned of, and no rule's */
    f->seen[0].note_count = 1;
    has(json(f), "\"cause\":{\"id\":\"parallel-refresh\"");
    has_not(json(f), "played_by");
}

/* A rule that refuses does not look whether the client has given cause for it. */
static void a_cause_that_a_rule_plays_is_not_laid_to_the_client(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->rule = 1;
    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->rule = 1;
    f->options.client = "CMD";
    judged(f, "[" NOT_MET "]");
    has(text(f),
        "  access-token-revoked (rule 1 of the scenario plays it; CMD need not have "
        "caused it): The access token was revoked");
    has(json(f), "\"played_by\":1}");
    f->rules[0].refuse =
        CAUSE_NONE; /* one that changes the world: what follows is real */
    has(text(f), "  access-token-revoked: The access token was revoked");
    has_not(json(f), "played_by");
}

static void a_failure_says_what_the_damage_means(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE)->fault = IM_FAULT_TRUNCATE;
    judged(f, "[{'that':'r','status':200,'after':'truncate'}]");
    has(text(f),
        "  truncate: half the body comes, less than Content-Length says\n"
        "  what to do: Catch the error of reading the body, too, and repeat a read");
    f->seen[0].fault = IM_FAULT_DELAY; /* which only comes late */
    judged(f, "[{'that':'r','endpoint':'token','after':'delay'}]");
    has_not(json(f), "\"fault\":{");
}

static void a_failure_for_missing_recovery_alone_is_marked(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED);
    judged(f, "[" RECOVERS "]");
    has(json(f), "\"recovery_alone\":true");
    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED); /* and the dead token is used again */
    judged(f, "[" RECOVERS ",{'that':'s','cause':'access-token-revoked','at_most':1}]");
    has_not(json(f), "recovery_alone");
    f->seen_count = 1;
    judged(f, "[" RECOVERS ",{'that':'it signs on','endpoint':'token'}]"); /* a fact */
    has_not(json(f), "recovery_alone");
    judged(f, "[" MET_ONE "]");
    has_not(json(f), "recovery_alone");
    f->options.fail_fast = true;
    judged(f, "[" RECOVERS "]");
    has_not(json(f), "recovery_alone");
}

/* "count": 1 is two bounds, and the same expectation may break either. */
/* What is unmet is only that the dead token was used again; the client asked for another all the same. */
static void who_renews_and_uses_the_dead_token_too_is_not_blind(void **state)
{
    struct fixture *f = *state;

    saw(f, 400, CAUSE_ACCESS_TOKEN_EXPIRED)->effect = "advance-clock";
    saw(f, 0, CAUSE_NONE)->fault = IM_FAULT_DROP;
    f->seen[1].endpoint = IM_ENDPOINT_TOKEN;
    saw(f, 400, CAUSE_ACCESS_TOKEN_EXPIRED);
    judged(f, "[{'that':'it is used once','cause':'access-token-expired','at_most':1}]");
    has(json(f),
        "\"note\":\"the client asked for a new token last with exchange 2, which "
        "brought none (fault: drop)\"");
    f->seen[1].cause =
        CAUSE_REFRESH_TOKEN_EXPIRED; /* which is none of what it is blamed for */
    has(json(f), "\"cause\":{\"id\":\"access-token-expired\"");
}

#define CODE_1 "grant_type=authorization_code&code=1"

static void sends(struct im_exchange *exchange, const char *body)
{
    exchange->request_body = im_str(body);
    exchange->request_body_len = exchange->request_body.len;
}

/* As Go's x/oauth2 does with a code that is refused. */
static void the_same_by_basic_and_in_the_body_is_told(void **state)
{
    static const char once[] = "[{'that':'a code is tried "
                               "once','cause':'code-expired','at_most':1,'per':'token'}]";
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        struct im_exchange *seen = saw(f, 400, CAUSE_CODE_EXPIRED);
        seen->endpoint = IM_ENDPOINT_TOKEN;
        seen->grant = IM_STR("authorization_code");
        seen->token = IM_STR("hmac:1");
        sends(seen, i ? "client_id=d&client_secret=d&" CODE_1 : CODE_1);
    }
    f->seen[0].request_headers = IM_STR("Host: x\nAuthorization: Basic ZDpk\n");
    judged(f, once);
    has(json(f),
        "\"note\":\"exchanges 1 and 2 send the same, once with id and secret by "
        "HTTP Basic and once in the body, as libraries do that try both ways: name "
        "the one way that the server takes\"");
    f->seen[1].request_headers = IM_STR("Authorization: Basic ZDpk\nHost: x\n");
    has_not(json(f), "\"note\"");
    f->seen[1].request_headers = IM_STR("Proxy-Authorization: Basic ZDpk\nHost: x\n");
    has(json(f), "\"note\":\"exchanges 1 and 2");
    sends(&f->seen[0], "client_id=d&" CODE_1); /* as some do beside Basic */
    has(json(f), "\"note\":\"exchanges 1 and 2");
    f->seen[1].token = IM_STR("hmac:2"); /* another code */
    sends(&f->seen[1],
          "client_id=d&client_secret=d&grant_type=authorization_code&code=2");
    has_not(json(f), "\"note\"");
}

/* Of a request that is refused before its code is looked at, no fingerprint is kept: that both have none does
 * not make them the same. */
static void what_is_not_the_same_is_not_called_so(void **state)
{
    static const char twice[] =
        "[{'that':'it asks once','endpoint':'token','at_most':1}]";
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        struct im_exchange *seen = saw(f, 401, CAUSE_CLIENT_SECRET_WRONG);
        seen->endpoint = IM_ENDPOINT_TOKEN;
        seen->grant = IM_STR("authorization_code");
        sends(seen, i ? "client_id=d&client_secret=d&grant_type=authorization_code&code=2"
                      : CODE_1);
    }
    f->seen[0].request_headers = IM_STR("Authorization: Basic ZDpk\n");
    judged(f, twice);
    has_not(json(f), "send the same"); /* two codes */
    sends(&f->seen[1], "client_id=d&client_secret=d&" CODE_1);
    has(json(f), "exchanges 1 and 2 send the same");
    sends(&f->seen[1], "client_id=d&client_secret=d&" CODE_1 "&scope=a");
    has_not(json(f), "send the same");
    sends(&f->seen[1], "client_id=d&" CODE_1); /* without a secret */
    has_not(json(f), "send the same");
    sends(&f->seen[1], "client_id=d&client_secret=d&" CODE_1);
    sends(&f->seen[0], "client_secret=d&" CODE_1); /* both ways at once */
    has_not(json(f), "send the same");
    sends(&f->seen[0], CODE_1);
    f->seen[0].request_body_len++; /* of which only the beginning is kept */
    has_not(json(f), "send the same");
}

static void too_many_are_no_missing_recovery(void **state)
{
    struct fixture *f = *state;

    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED);
    saw(f, 400, CAUSE_REFRESH_TOKEN_REUSED)->grant = IM_STR("refresh_token");
    saw(f, 400, CAUSE_REFRESH_TOKEN_REUSED)->grant = IM_STR("refresh_token");
    f->seen[1].endpoint = f->seen[2].endpoint = IM_ENDPOINT_TOKEN;
    judged(
        f,
        "[{'that':'one','endpoint':'token','after':'access-token-revoked','count':1}]");
    assert_int_equal(im_verdict_outcome(&f->verdict), IM_NOT_MET);
    has_not(json(f), "recovery_alone");
    for (int i = 0; i < 3; i++) /* so the first of another user lacks one */
        f->seen[2 - i + 1] = f->seen[2 - i];
    f->seen_count++;
    for (size_t i = 0; i < f->seen_count; i++) {
        f->seen[i].id = i + 1;
        f->seen[i].began_us = (int64_t)i * 2000;
        f->seen[i].ended_us = f->seen[i].began_us + 1000;
        f->seen[i].user = i ? IM_STR("b@acme") : IM_STR("a@acme");
        f->seen[i].token = i ? IM_STR("hmac:b") : IM_STR("hmac:a");
        f->seen[i].call = i + 1;
    }
    judged(
        f,
        "[{'that':'one','endpoint':'token','after':'access-token-revoked','count':1}]");
    has(json(f), "wanted exactly 1, but saw none after exchange 1");
    has_not(json(f), "recovery_alone");
}

static void an_answer_that_never_ended_is_named(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE)->fault = IM_FAULT_STALL;
    f->seen[0].ended_us = 60000000;
    saw(f, 200, CAUSE_NONE);
    judged(f, "[" MET_ONE "]");
    has(json(f), "\"stalled\":1");
    f->seen[0].ended_us = 1000; /* given up, and the client went on */
    has_not(json(f), "\"stalled\"");
}

static void text_says_all(void **state)
{
    struct fixture *f = three_kinds(state);
    const struct im_cause_row *row = im_cause_row(CAUSE_ACCESS_TOKEN_REVOKED);
    struct im_str all = im_arena_format(
        &f->arena,
        "revoked: not-met  (sandbox revoked.test-1, 2 exchanges)\n"
        "  met            it comes\n"
        "                 once, as it should be\n"
        "  NOT MET        it stops\n"
        "                 wanted at most 1, but saw 2\n"
        "                 1  GET /ia/api/v1/objects/x → 200\n"
        "                 2  GET /ia/api/v1/objects/x → 401 access-token-revoked: "
        "revoked "
        "2 s ago\n"
        "  not exercised  it waits\n"
        "                 drop never happened, so this was not exercised\n"
        "  rule 1 fitted 5 requests and fired 1 time\n"
        "  rule 2 fitted 0 requests and fired 0 times\n"
        "  access-token-revoked: %s\n  what to do: %s\n",
        row->why, row->fix);

    assert_int_equal(strlen(text(f)), all.len);
    assert_memory_equal(text(f), all.at, all.len);
}

static void junit_says_all(void **state)
{
    assert_string_equal(
        junit(three_kinds(state)),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"revoked\" tests=\"3\" failures=\"1\" errors=\"0\" "
        "skipped=\"1\">\n"
        "  <properties>\n"
        "    <property name=\"sandbox\" value=\"revoked.test-1\"/>\n"
        "  </properties>\n"
        "  <testcase name=\"it comes\" classname=\"revoked\"/>\n"
        "  <testcase name=\"it stops\" classname=\"revoked\">\n"
        "    <failure message=\"wanted at most 1, but saw 2\">"
        "1  GET /ia/api/v1/objects/x → 200\n"
        "2  GET /ia/api/v1/objects/x → 401 access-token-revoked: revoked 2 s ago\n"
        "</failure>\n"
        "  </testcase>\n"
        "  <testcase name=\"it waits\" classname=\"revoked\">\n"
        "    <skipped message=\"drop never happened, so this was not exercised\"/>\n"
        "  </testcase>\n"
        "</testsuite>\n");
}

static void what_was_dropped_is_said(void **state)
{
    struct fixture *f = three_kinds(state);

    f->verdict.dropped = 7;
    has(json(f), "\"dropped\":7");
    has(json(f), "7 older exchanges were dropped; a larger --journal keeps more");
    has(text(f), "note: 7 older exchanges were dropped; a larger --journal keeps more\n");
    has(junit(f), "<system-out>7 older exchanges were dropped; a larger --journal keeps "
                  "more</system-out>");
    f->verdict.dropped = 1;
    has(text(f), "note: 1 older exchange was dropped; a larger --journal keeps more\n");
}

static void long_lists_are_cut_where_people_read(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 25; i++)
        saw(f, 200, CAUSE_NONE);
    judged(f, "[" NOT_MET "]");
    has(text(f), "20  GET");
    has_not(text(f), "21  GET");
    has(text(f), "… and 5 more\n");
    has(junit(f), "… and 5 more\n");
    has(json(f), "24,25]");
}

/* ---- made safe for its place ---- */

static void what_xml_does_not_allow_is_replaced(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE)->path = IM_STR(
        "/a<b>&\"'\x01\x1b\x7f|\xff|\xed\xa0\x80|\xef\xbf\xbe|\xef\xbf\xbf|\xc3\xa4");
    saw(f, 200, CAUSE_NONE);
    judged(f, "[{'that':'<it> & it\\n\\tß','at_most':1}]");
    has(junit(f),
        "GET /a&lt;b&gt;&amp;&quot;&#39;\xEF\xBF\xBD\xEF\xBF\xBD\x7f|\xEF\xBF\xBD|"
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD|"
        "\xc3\xa4 → 200\n");
    has(junit(f), "name=\"&lt;it&gt; &amp; it&#10;&#9;ß\"");
    assert_non_null(json(f));
}

static void a_terminal_is_not_written_to_by_a_client(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE)->path = IM_STR("/a\x1b[2J\n\xc2\x9b\xff\x7f\xc3\xa4");
    saw(f, 200, CAUSE_NONE);
    judged(f, "[" NOT_MET "]");
    has(text(f), "GET /a?[2J????\xc3\xa4 → 200\n");
}

static const char *line(struct fixture *f, const struct im_exchange *seen)
{
    struct im_buf buf;

    im_buf_init(&buf, &f->arena, 0);
    im_exchange_line(seen, &buf);
    return finished(&buf);
}

static void a_line_tells_what_happened_to_an_exchange(void **state)
{
    struct fixture *f = *state;
    struct im_exchange *seen = saw(f, 200, CAUSE_NONE);

    seen->fault = IM_FAULT_DELAY;
    assert_string_equal(line(f, seen), "GET /ia/api/v1/objects/x → 200 (fault: delay)");
    seen->fault = IM_FAULT_DROP;
    assert_string_equal(line(f, seen),
                        "GET /ia/api/v1/objects/x → no answer (fault: drop)");
    seen->fault = IM_FAULT_HTML; /* a page was sent, with this status */
    assert_string_equal(line(f, seen), "GET /ia/api/v1/objects/x → 200 (fault: html)");
    seen->fault = IM_FAULT_NONE;
    seen->notes[0].cause = CAUSE_SESSION_EXPIRED;
    seen->notes[1].cause = CAUSE_REFRESH_TOKEN_MISSING;
    seen->note_count = 2;
    assert_string_equal(line(f, seen), "GET /ia/api/v1/objects/x → 200, warned of "
                                       "session-expired, refresh-token-missing");
    seen->cause = CAUSE_ACCESS_TOKEN_REVOKED;
    seen->evidence = IM_STR("why");
    assert_string_equal(line(f, seen),
                        "GET /ia/api/v1/objects/x → 200 access-token-revoked: why");
}

#define WRITTEN(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WRITTEN(the_worst_expectation_decides),
        WRITTEN(what_is_exhausted_is_not_met),
        WRITTEN(what_expects_nothing_is_never_met),
        WRITTEN(a_need_that_is_not_met_is_told_in_terms_of_the_client),
        WRITTEN(an_expectation_that_waits_is_told_by_its_own_sentence),
        WRITTEN(a_scenario_that_waits_for_its_cause_is_told_by_the_cause),
        WRITTEN(a_fact_is_no_fault_where_the_scenario_did_not_come_about),
        WRITTEN(what_may_be_missing_is_no_reason_for_part),
        WRITTEN(a_grant_that_did_not_come_is_told_with_those_that_did),
        WRITTEN(what_cannot_be_told_makes_it_partly_and_is_said),
        WRITTEN(what_comes_after_a_refusal_is_information_for_who_ends_there),
        WRITTEN(a_failure_says_what_the_cause_means),
        WRITTEN(whose_clock_moved_is_said),
        WRITTEN(what_did_not_come_about_is_not_exercised),
        WRITTEN(without_a_request_that_is_said),
        WRITTEN(json_says_all),
        WRITTEN(what_to_do_is_of_the_cause_that_was_met),
        WRITTEN(a_400_that_refuses_a_token_is_pointed_out),
        WRITTEN(a_renewal_that_brought_nothing_is_told_instead),
        WRITTEN(a_renewal_that_brought_a_token_is_no_blindness),
        WRITTEN(a_renewal_in_vain_is_that_of_the_same_user),
        WRITTEN(a_damaged_token_that_is_used_was_had),
        WRITTEN(a_cause_that_a_rule_plays_is_not_laid_to_the_client),
        WRITTEN(what_a_rule_plays_is_the_cause_that_is_named),
        WRITTEN(a_failure_says_what_the_damage_means),
        WRITTEN(a_failure_for_missing_recovery_alone_is_marked),
        WRITTEN(who_renews_and_uses_the_dead_token_too_is_not_blind),
        WRITTEN(the_same_by_basic_and_in_the_body_is_told),
        WRITTEN(what_is_not_the_same_is_not_called_so),
        WRITTEN(too_many_are_no_missing_recovery),
        WRITTEN(an_answer_that_never_ended_is_named),
        WRITTEN(text_says_all),
        WRITTEN(junit_says_all),
        WRITTEN(what_was_dropped_is_said),
        WRITTEN(long_lists_are_cut_where_people_read),
        WRITTEN(what_xml_does_not_allow_is_replaced),
        WRITTEN(a_terminal_is_not_written_to_by_a_client),
        WRITTEN(a_line_tells_what_happened_to_an_exchange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
