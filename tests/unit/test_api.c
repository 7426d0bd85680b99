/* The public verbs on one sandbox: what each does, and what it says when it cannot. */
#include "unit/spine.h"

#include <unistd.h>

#include "intacct_mock.h"

#define HAPPENED(call) assert_int_equal(call, 0)

struct scene {
    struct im_server *mock;
    char error[IM_ERROR_MAX];
};

static int set_up(void **state)
{
    static const struct im_options options = {
        .seed = 7, .threads = 4, .start_ms = START_MS};
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scene->mock = im_start(&options, scene->error, sizeof(scene->error));
    *state = scene;
    return scene->mock ? 0 : -1;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    im_stop(scene->mock);
    free(scene);
    return 0;
}

#define ERROR scene->error, sizeof(scene->error)

/* ---- asking ---- */

static struct im_reply ask(struct im_server *mock, const char *method, const char *target,
                           const char *headers, const char *body)
{
    struct im_message message = {method, target, headers, body, body ? strlen(body) : 0};
    struct im_reply reply;

    HAPPENED(im_handle(mock, &message, &reply));
    return reply;
}

static int status_of(struct im_server *mock, const char *method, const char *target,
                     const char *headers, const char *body)
{
    struct im_reply reply = ask(mock, method, target, headers, body);
    int status = reply.status;

    im_reply_release(&reply);
    return status;
}

static void token_from(const char *json, char *token, size_t room)
{
    const char *at = strstr(json, "\"access_token\":\"");

    assert_non_null(at);
    at += strlen("\"access_token\":\"");
    snprintf(token, room, "%.*s", (int)strcspn(at, "\""), at);
}

static void connect_at(struct im_server *mock, const char *target, char *token,
                       size_t room)
{
    struct im_reply reply = ask(mock, "POST", target, FORM, CONNECT);

    assert_int_equal(reply.status, 200);
    token_from(reply.body, token, room);
    im_reply_release(&reply);
}

static int call_with(struct im_server *mock, const char *target, const char *token)
{
    char headers[2048];

    snprintf(headers, sizeof(headers), "Authorization: Bearer %s\n", token);
    return status_of(mock, "GET", target, headers, NULL);
}

static void holds(const char *text, const char *wanted)
{
    if (!text || !strstr(text, wanted))
        fail_msg("\"%s\" is not in: %s", wanted, text ? text : "(nothing)");
}

/* Says so once and frees it. */
static void gives(char *text, const char *wanted)
{
    holds(text, wanted);
    im_free(text);
}

/* ---- the base URL ---- */

static void a_sandbox_has_a_base_url(void **state)
{
    struct scene *scene = *state;
    char *url = im_base_url(scene->mock, NULL, ERROR);

    assert_string_equal(url, im_http_url(scene->mock));
    im_free(url);
    url = im_base_url(scene->mock, "default", ERROR);
    assert_string_equal(url, im_http_url(scene->mock));
    im_free(url);
    url = im_base_url(scene->mock, "access-token-expired.7", ERROR);
    holds(url, im_http_url(scene->mock));
    holds(url, "/s/access-token-expired.7");
    im_free(url);
    assert_string_equal(scene->error, "");
}

static void an_unknown_scenario_comes_with_the_nearest_name(void **state)
{
    struct scene *scene = *state;

    assert_null(im_base_url(scene->mock, "access-token-expird.7", ERROR));
    holds(scene->error, "asking for a base URL: ");
    holds(scene->error, "did you mean \"access-token-expired\"?");
    assert_int_equal(im_use_scenario(scene->mock, NULL, "happy-pth", ERROR), -1);
    holds(scene->error, "did you mean \"happy-path\"?");
}

static void names_that_cannot_be_are_refused_by_every_verb(void **state)
{
    static const char *const names[] = {"",   "a/reset", "default/", "..",
                                        "A",  "a b",     "a?x",      "default#1",
                                        "\n", "a%2f",    "-dash"};
    struct scene *scene = *state;
    struct im_server *mock = scene->mock;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *name = names[i];
        assert_null(im_base_url(mock, name, ERROR));
        holds(scene->error, "no sandbox can be called");
        assert_null(strchr(scene->error, '\n'));
        assert_int_equal(im_use_scenario(mock, name, "happy-path", ERROR), -1);
        assert_int_equal(im_reset(mock, name, ERROR), -1);
        assert_int_equal(im_advance_clock(mock, name, 1, ERROR), -1);
        assert_int_equal(im_set_clock(mock, name, 1, 0, ERROR), -1);
        assert_int_equal(im_expire(mock, name, NULL, ERROR), -1);
        assert_int_equal(im_revoke(mock, name, NULL, ERROR), -1);
        assert_null(im_mint(mock, name, NULL, ERROR));
        assert_null(im_journal(mock, name, NULL, ERROR));
        assert_null(im_verdict(mock, name, NULL, ERROR));
        holds(scene->error, "judging the client: no sandbox can be called");
        assert_null(im_verdict_text(mock, name, NULL, ERROR));
        assert_int_equal(im_world(mock, name, "{\"do\": \"rotate-keys\"}", ERROR), -1);
        assert_int_equal(im_sign_in(mock, name, NULL, ERROR), -1);
        assert_int_equal(im_rotate_keys(mock, name, ERROR), -1);
        assert_null(im_policy(mock, name, NULL, ERROR));
        holds(scene->error, "reading policy: no sandbox can be called");
    }
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    struct scene *scene = *state;
    char name[2000];

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_null(im_base_url(scene->mock, name, ERROR));
    holds(scene->error, "at most 64");
}

/* ---- scenarios ---- */

static void a_scenario_may_be_named_or_written_out(void **state)
{
    struct scene *scene = *state;
    static const char whole[] =
        " {\"name\": \"mine\", \"rules\": [{\"when\": {\"endpoint\": \"token\"},"
        " \"then\": {\"refuse\": \"client-inactive\"}}]}";

    HAPPENED(im_use_scenario(scene->mock, NULL, whole, ERROR));
    assert_int_not_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
    HAPPENED(im_use_scenario(scene->mock, NULL, " happy-path ", ERROR));
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
    assert_string_equal(scene->error, "");
}

static void what_was_handed_out_stays_when_the_scenario_changes(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    HAPPENED(im_use_scenario(scene->mock, NULL, "access-token-expired", ERROR));
    HAPPENED(im_use_scenario(scene->mock, NULL, "happy-path", ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
}

/* A scenario in a file of its own; the caller unlinks it. */
static void write_scenario(const char *path, const char *refuses)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file,
            "{\"name\": \"of-a-file\", \"rules\": [{\"when\": {\"endpoint\": \"token\"}, "
            "\"then\": {\"refuse\": \"%s\"}}]}",
            refuses);
    assert_int_equal(fclose(file), 0);
}

static void a_scenario_may_stand_in_a_file_which_a_reset_reads_again(void **state)
{
    struct scene *scene = *state;
    char path[] = "/tmp/im-scenario-XXXXXX", json[sizeof(path) + 8];
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    snprintf(json, sizeof(json), "%s.json", path);
    assert_int_equal(im_use_scenario(scene->mock, NULL, json, ERROR), -1);
    holds(scene->error, json);
    write_scenario(json, "rate-limited");
    HAPPENED(im_use_scenario(scene->mock, NULL, json, ERROR));
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 429);
    write_scenario(json, "client-inactive");
    HAPPENED(im_reset(scene->mock, NULL, ERROR));
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 400);
    write_scenario(json, "nothing");
    assert_int_equal(im_use_scenario(scene->mock, NULL, json, ERROR), -1);
    holds(scene->error, ":1:");
    unlink(json);
}

/* Whoever reaches the control API over the network reads no files with it. */
static void over_the_control_api_a_path_is_no_scenario(void **state)
{
    struct scene *scene = *state;
    char path[] = "/tmp/im-scenario-XXXXXX", json[sizeof(path) + 8], body[100];
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    snprintf(json, sizeof(json), "%s.json", path);
    write_scenario(json, "rate-limited");
    snprintf(body, sizeof(body), "{\"name\": \"%s\"}", json);
    assert_int_equal(status_of(scene->mock, "PUT", BOX "/scenario", NULL, body), 400);
    unlink(json);
}

static void a_scenario_that_cannot_be_changes_nothing(void **state)
{
    struct scene *scene = *state;
    static const char *const bad[] = {
        NULL,
        "",
        "  ",
        "{",
        "{}",
        "{\"name\": 7}",
        "{\"name\": \"x\", \"rulez\": []}",
        "[]",
        "{\"name\": \"x\", \"rules\": [{\"then\": {\"refuse\": \"nothing\"}}]}"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(im_use_scenario(scene->mock, NULL, bad[i], ERROR), -1);
        holds(scene->error, "using a scenario: ");
        assert_null(strchr(scene->error, '\n'));
    }
    gives(im_verdict(scene->mock, NULL, NULL, ERROR), "\"scenario\":\"happy-path\"");
}

static void a_reset_makes_a_sandbox_as_new(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    HAPPENED(im_advance_clock(scene->mock, NULL, 1000, ERROR));
    HAPPENED(im_reset(scene->mock, NULL, ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    gives(im_journal(scene->mock, NULL, "endpoint=token", ERROR), "\"requests\":[]");
}

/* ---- the clock ---- */

static void time_goes_by_and_back(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    HAPPENED(im_advance_clock(scene->mock, NULL, INT64_C(13) * 3600000, ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    HAPPENED(im_advance_clock(scene->mock, NULL, INT64_C(-13) * 3600000, ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    HAPPENED(im_advance_clock(scene->mock, NULL, 0, ERROR));
}

static void the_clock_may_be_set_and_frozen(void **state)
{
    struct scene *scene = *state;

    HAPPENED(im_set_clock(scene->mock, NULL, START_MS + 86400000, 1, ERROR));
    struct im_reply reply = ask(scene->mock, "GET", BOX "/clock", NULL, NULL);
    holds(reply.body, "\"2026-11-25T00:00:00");
    holds(reply.body, "\"frozen\":true");
    im_reply_release(&reply);
    HAPPENED(im_set_clock(scene->mock, NULL, START_MS, 0, ERROR));
    reply = ask(scene->mock, "GET", BOX "/clock", NULL, NULL);
    holds(reply.body, "\"frozen\":false");
    im_reply_release(&reply);
}

static void times_out_of_this_world_do_no_harm(void **state)
{
    static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        int set = im_set_clock(scene->mock, NULL, times[i], 0, ERROR);
        if (set != 0)
            holds(scene->error, "setting the clock: ");
        int advanced = im_advance_clock(scene->mock, NULL, times[i], ERROR);
        if (advanced != 0)
            holds(scene->error, "advancing the clock: ");
        assert_true(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT) > 0);
    }
    HAPPENED(im_reset(scene->mock, NULL, ERROR));
    assert_int_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
}

/* ---- tokens ---- */

static void tokens_are_expired_and_revoked_and_counted(void **state)
{
    struct scene *scene = *state;
    struct im_which access = {.kind = "access"};
    struct im_which hers = {.user = "jdoe@acme"};
    struct im_which theirs = {.client_id = "demo"};
    char token[1024];

    assert_int_equal(im_expire(scene->mock, NULL, NULL, ERROR), 0);
    connect_at(scene->mock, TOKEN, token, sizeof(token));
    assert_int_equal(im_expire(scene->mock, NULL, &hers, ERROR), 0);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    assert_int_equal(im_expire(scene->mock, NULL, &access, ERROR), 1);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    connect_at(scene->mock, TOKEN, token, sizeof(token));
    assert_true(im_revoke(scene->mock, NULL, &theirs, ERROR) >= 1);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    connect_at(scene->mock, TOKEN, token, sizeof(token));
    struct im_which one = {.token = token};
    assert_true(im_revoke(scene->mock, NULL, &one, ERROR) >= 1);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
}

static void a_kind_of_token_that_there_is_not_is_refused(void **state)
{
    struct scene *scene = *state;
    struct im_which which = {.kind = "acess"};

    assert_int_equal(im_expire(scene->mock, NULL, &which, ERROR), -1);
    holds(scene->error, "expiring tokens: ");
    assert_int_equal(im_revoke(scene->mock, NULL, &which, ERROR), -1);
    holds(scene->error, "revoking tokens: ");
    holds(scene->error, "access");
}

static void a_token_is_minted_past_every_rule(void **state)
{
    struct scene *scene = *state;
    char token[4096];
    char *minted = im_mint(scene->mock, NULL, NULL, ERROR);

    assert_non_null(minted);
    token_from(minted, token, sizeof(token));
    im_free(minted);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    struct im_token_order order = {
        .user = "jdoe@acme", .client_id = "demo", .ttl_ms = 1000};
    minted = im_mint(scene->mock, NULL, &order, ERROR);
    token_from(minted, token, sizeof(token));
    im_free(minted);
    HAPPENED(im_advance_clock(scene->mock, NULL, 2000, ERROR));
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
}

static void every_flaw_makes_a_token_that_is_refused(void **state)
{
    static const char *const flaws[] = {
        "expired",      "not-yet-valid", "bad-signature",   "unknown-key",
        "wrong-issuer", "wrong-company", "wrong-algorithm", "malformed"};
    struct scene *scene = *state;
    char token[4096];

    for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
        struct im_token_order order = {.flaw = flaws[i]};
        char *minted = im_mint(scene->mock, NULL, &order, ERROR);
        if (!minted)
            fail_msg("%s: %s", flaws[i], scene->error);
        token_from(minted, token, sizeof(token));
        im_free(minted);
        int status = call_with(scene->mock, VENDORS, token);
        if (status != 401 && status != 400 && status != 403)
            fail_msg("%s is answered with %d", flaws[i], status);
    }
}

static void orders_that_cannot_be_are_refused(void **state)
{
    static const struct {
        struct im_token_order order;
        const char *says;
    } bad[] = {{{.user = "nobody@acme"}, "there is no user \"nobody@acme\""},
               {{.user = "nobody"}, "USER@COMPANY"},
               {{.client_id = "demos"}, "there is no client \"demos\""},
               {{.dialect = "xml"}, "\"rest\" or \"article\""},
               {{.flaw = "ugly"}, "there is no flaw \"ugly\""},
               {{.ttl_ms = -1}, "\"ttl\""}};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(im_mint(scene->mock, NULL, &bad[i].order, ERROR));
        holds(scene->error, "minting a token: ");
        holds(scene->error, bad[i].says);
    }
}

/* ---- its world ---- */

static void the_world_is_changed_by_a_word_and_its_arguments(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    assert_int_equal(im_world(scene->mock, NULL,
                              "{\"do\": \"revoke-user\", \"user\": \"ws_user@acme\"}",
                              ERROR),
                     2);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    assert_int_equal(im_world(scene->mock, NULL,
                              "{\"do\": \"lock-user\", \"user\": \"ws_user@acme\"}",
                              ERROR),
                     1);
    assert_int_not_equal(status_of(scene->mock, "POST", TOKEN, FORM, CONNECT), 200);
}

static void a_change_of_the_world_that_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *change, *says;
    } bad[] = {{NULL, "it is not JSON"},
               {"", "it is not JSON"},
               {"[]", "it must be a JSON object such as {\"do\""},
               {"{}", "\"do\""},
               {"{\"do\": \"lock-usr\", \"user\": \"ws_user@acme\"}",
                "did you mean \"lock-user\"?"},
               {"{\"do\": \"lock-user\"}", "lock-user needs \"user\""},
               {"{\"do\": \"rotate-keys\", \"user\": \"ws_user@acme\"}",
                "rotate-keys does not take \"user\""},
               {"{\"do\": \"lock-user\", \"user\": \"nobody@acme\"}", "nobody"}};
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(im_world(scene->mock, NULL, bad[i].change, ERROR), -1);
        holds(scene->error, "changing the world: ");
        holds(scene->error, bad[i].says);
    }
}

static void a_sign_in_ends_the_sessions_of_that_user(void **state)
{
    struct scene *scene = *state;
    char token[1024];

    connect_at(scene->mock, TOKEN, token, sizeof(token));
    assert_int_equal(im_sign_in(scene->mock, NULL, "jdoe@acme", ERROR), 0);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    assert_int_equal(im_sign_in(scene->mock, NULL, NULL, ERROR), 1);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 401);
    assert_int_equal(im_sign_in(scene->mock, NULL, "nobody@acme", ERROR), -1);
    holds(scene->error, "signing in: ");
    holds(scene->error, "nobody");
}

static void rotated_keys_sign_what_comes_and_refuse_what_was(void **state)
{
    struct scene *scene = *state;
    char before[1024], after[1024];

    connect_at(scene->mock, TOKEN, before, sizeof(before));
    HAPPENED(im_rotate_keys(scene->mock, NULL, ERROR));
    assert_int_not_equal(call_with(scene->mock, VENDORS, before), 200);
    connect_at(scene->mock, TOKEN, after, sizeof(after));
    assert_int_equal(call_with(scene->mock, VENDORS, after), 200);
}

static void policy_is_read_and_changed_as_a_whole(void **state)
{
    struct scene *scene = *state;

    gives(im_policy(scene->mock, NULL, NULL, ERROR), "\"rotation\":\"rotate\"");
    gives(im_policy(scene->mock, NULL, "{\"rotation\": \"keep\"}", ERROR),
          "\"rotation\":\"keep\"");
    assert_null(im_policy(scene->mock, NULL,
                          "{\"rotation\": \"grace:5s\", \"reuse\": \"x\"}", ERROR));
    holds(scene->error, "setting policy: ");
    assert_null(im_policy(scene->mock, NULL, "{\"rotatoin\": \"keep\"}", ERROR));
    holds(scene->error, "did you mean \"rotation\"?");
    assert_null(im_policy(scene->mock, NULL, "keep", ERROR));
    holds(scene->error, "{\"rotation\": \"keep\"}");
    gives(im_policy(scene->mock, NULL, NULL, ERROR), "\"rotation\":\"keep\"");
}

/* ---- what happened ---- */

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

/* ---- sandboxes apart ---- */

static void verbs_reach_only_the_sandbox_they_name(void **state)
{
    struct scene *scene = *state;
    char here[1024], there[1024];

    connect_at(scene->mock, TOKEN, here, sizeof(here));
    connect_at(scene->mock, "/s/happy-path.2" TOKEN, there, sizeof(there));
    assert_true(im_expire(scene->mock, "happy-path.2", NULL, ERROR) >= 1);
    assert_int_equal(call_with(scene->mock, VENDORS, here), 200);
    assert_int_equal(call_with(scene->mock, "/s/happy-path.2" VENDORS, there), 401);
}

/* ---- control off, or with a token ---- */

static void every_verb_works(const struct im_options *options)
{
    struct scene box = {.mock = im_start(options, NULL, 0)}, *scene = &box;
    char token[4096];

    assert_non_null(scene->mock);
    char *url = im_base_url(scene->mock, "happy-path.1", ERROR);
    holds(url, "/s/happy-path.1");
    im_free(url);
    /* first: set later, it would end what was minted, or revive what had ended, as the date will have it */
    HAPPENED(im_set_clock(scene->mock, NULL, START_MS, 1, ERROR));
    char *minted = im_mint(scene->mock, NULL, NULL, ERROR);
    token_from(minted, token, sizeof(token));
    im_free(minted);
    assert_int_equal(call_with(scene->mock, VENDORS, token), 200);
    assert_true(im_expire(scene->mock, NULL, NULL, ERROR) > 0);
    HAPPENED(im_advance_clock(scene->mock, NULL, 5, ERROR));
    HAPPENED(im_use_scenario(scene->mock, NULL, "happy-path", ERROR));
    gives(im_journal(scene->mock, NULL, NULL, ERROR), VENDORS);
    gives(im_verdict(scene->mock, NULL, NULL, ERROR), "happy-path");
    gives(im_verdict_text(scene->mock, NULL, NULL, ERROR), "happy-path");
    gives(im_policy(scene->mock, NULL, NULL, ERROR), "rotation");
    im_free(im_mint(scene->mock, NULL, NULL, ERROR));
    assert_int_equal(im_sign_in(scene->mock, NULL, NULL, ERROR), 1);
    assert_int_equal(im_world(scene->mock, NULL, "{\"do\": \"rotate-keys\"}", ERROR), 1);
    HAPPENED(im_rotate_keys(scene->mock, NULL, ERROR));
    HAPPENED(im_reset(scene->mock, NULL, ERROR));
    im_stop(scene->mock);
}

static void the_verbs_need_no_control_api(void **state)
{
    every_verb_works(&(struct im_options){.control_port = IM_OFF, .threads = 4});
    every_verb_works(&(struct im_options){.control_token = "t-1", .threads = 4});
    every_verb_works(
        &(struct im_options){.port = IM_OFF, .https = 1, .control_port = IM_OFF});
}

static void a_public_url_is_what_a_base_url_says(void **state)
{
    struct im_options options = {.public_url = "http://mock.test/", .threads = 4};
    struct im_server *mock = im_start(&options, NULL, 0);
    char *url = im_base_url(mock, NULL, NULL, 0);

    assert_string_equal(url, "http://mock.test");
    im_free(url);
    im_stop(mock);
}

/* ---- what may not be ---- */

static void a_server_that_is_null_is_an_error_with_words(void **state)
{
    struct scene *scene = *state;
    int outcome = 7;

    assert_null(im_base_url(NULL, NULL, ERROR));
    holds(scene->error, "asking for a base URL: the server is NULL; im_start makes one");
    assert_int_equal(im_use_scenario(NULL, NULL, "happy-path", ERROR), -1);
    assert_int_equal(im_use_scenario(NULL, NULL, NULL, ERROR), -1);
    holds(scene->error, "using a scenario: the server is NULL");
    assert_int_equal(im_reset(NULL, NULL, ERROR), -1);
    assert_int_equal(im_advance_clock(NULL, NULL, 1, ERROR), -1);
    assert_int_equal(im_set_clock(NULL, NULL, 1, 1, ERROR), -1);
    assert_int_equal(im_expire(NULL, NULL, NULL, ERROR), -1);
    assert_int_equal(im_revoke(NULL, NULL, NULL, ERROR), -1);
    assert_null(im_mint(NULL, NULL, NULL, ERROR));
    assert_null(im_journal(NULL, NULL, NULL, ERROR));
    assert_null(im_verdict(NULL, NULL, &outcome, ERROR));
    holds(scene->error, "judging the client: the server is NULL");
    assert_null(im_verdict_text(NULL, NULL, &outcome, ERROR));
    assert_int_equal(outcome, 7);
    assert_int_equal(im_world(NULL, NULL, NULL, ERROR), -1);
    holds(scene->error, "changing the world: the server is NULL");
    assert_int_equal(im_sign_in(NULL, NULL, NULL, ERROR), -1);
    assert_int_equal(im_rotate_keys(NULL, NULL, ERROR), -1);
    assert_null(im_policy(NULL, NULL, NULL, ERROR));
    assert_string_equal(im_http_url(NULL), "");
    assert_string_equal(im_https_url(NULL), "");
    assert_string_equal(im_control_url(NULL), "");
    assert_string_equal(im_ca_pem(NULL), "");
}

static void a_message_that_is_not_whole_does_no_harm(void **state)
{
    struct scene *scene = *state;
    struct im_message good = {.method = "GET", .target = "/__mock/health"};
    struct im_reply reply = {.status = 7};

    assert_int_equal(im_handle(NULL, &good, &reply), -1);
    assert_int_equal(reply.status, 0);
    assert_null(reply.body);
    im_reply_release(&reply);
    assert_int_equal(im_handle(scene->mock, NULL, &reply), -1);
    assert_int_equal(im_handle(scene->mock, &good, NULL), -1);
    im_reply_release(NULL);
    assert_int_not_equal(status_of(scene->mock, "", "", NULL, NULL), 200);
    assert_int_not_equal(status_of(scene->mock, NULL, "/", NULL, NULL), 200);
    assert_int_not_equal(status_of(scene->mock, "GET", NULL, NULL, NULL), 200);
    assert_int_not_equal(status_of(scene->mock, "GET", "nowhere", "no colon\n:\n", NULL),
                         200);
}

static void an_error_needs_no_room(void **state)
{
    struct scene *scene = *state;
    char one[2] = "xy", few[10];

    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", NULL, 0), -1);
    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", NULL, 100), -1);
    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", one, 0), -1);
    assert_int_equal(one[0], 'x');
    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", one, 1), -1);
    assert_int_equal(one[0], '\0');
    assert_int_equal(one[1], 'y');
    assert_int_equal(im_use_scenario(scene->mock, NULL, "no", few, sizeof(few)), -1);
    assert_string_equal(few, "using a s");
    assert_int_equal(im_reset(scene->mock, NULL, few, sizeof(few)), 0);
    assert_string_equal(few, "");
}

static void freeing_and_stopping_nothing_is_fine(void **state)
{
    struct im_server *mock = im_start(NULL, NULL, 0);

    im_free(NULL);
    im_stop(mock);
    mock = NULL;
    im_stop(mock); /* twice, as the header has it */
    assert_string_equal(im_version(), IM_VERSION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sandbox_has_a_base_url),
        TEST(an_unknown_scenario_comes_with_the_nearest_name),
        TEST(names_that_cannot_be_are_refused_by_every_verb),
        TEST(a_name_that_is_too_long_is_refused),
        TEST(a_scenario_may_be_named_or_written_out),
        TEST(what_was_handed_out_stays_when_the_scenario_changes),
        TEST(a_scenario_may_stand_in_a_file_which_a_reset_reads_again),
        TEST(over_the_control_api_a_path_is_no_scenario),
        TEST(a_scenario_that_cannot_be_changes_nothing),
        TEST(a_reset_makes_a_sandbox_as_new),
        TEST(time_goes_by_and_back),
        TEST(the_clock_may_be_set_and_frozen),
        TEST(times_out_of_this_world_do_no_harm),
        TEST(tokens_are_expired_and_revoked_and_counted),
        TEST(a_kind_of_token_that_there_is_not_is_refused),
        TEST(a_token_is_minted_past_every_rule),
        TEST(every_flaw_makes_a_token_that_is_refused),
        TEST(orders_that_cannot_be_are_refused),
        TEST(the_world_is_changed_by_a_word_and_its_arguments),
        TEST(a_change_of_the_world_that_cannot_be_is_refused),
        TEST(a_sign_in_ends_the_sessions_of_that_user),
        TEST(rotated_keys_sign_what_comes_and_refuse_what_was),
        TEST(policy_is_read_and_changed_as_a_whole),
        TEST(the_journal_is_narrowed_by_a_query),
        TEST(a_query_that_cannot_be_is_refused),
        TEST(a_client_is_judged),
        TEST(a_cause_is_looked_up),
        TEST(verbs_reach_only_the_sandbox_they_name),
        TEST(the_verbs_need_no_control_api),
        TEST(a_public_url_is_what_a_base_url_says),
        TEST(a_server_that_is_null_is_an_error_with_words),
        TEST(a_message_that_is_not_whole_does_no_harm),
        TEST(an_error_needs_no_room),
        TEST(freeing_and_stopping_nothing_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
