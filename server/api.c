/* The public functions on one sandbox (intacct_mock.h): parameters of C are read into those of
 * operations.h, which does the work. They need no socket, no request and no control API. Every function
 * begins a call and ends it, on every path, so that reference and arena are released in one place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal_query.h"
#include "operations.h"
#include "server_inside.h"

/* One public function at work. */
struct api_call {
    struct im_server *server;
    const char *name; /* of the sandbox; NULL = the default one */
    const char *what; /* for the error: "advancing the clock" */
    char *error;
    size_t error_size;
    struct im_sandboxes *sandboxes;
    struct im_sandbox *box;
    struct im_arena arena;
    struct im_problem problem;
};

/* ---- errors ---- */

/* One line, cut to the room there is; quoted input may hold line breaks. */
static void call_report(const struct api_call *call, struct im_str reason)
{
    if (!call->error || !call->error_size)
        return;
    snprintf(call->error, call->error_size, "%s: %.*s", call->what,
             (int)(reason.len < IM_ERROR_MAX ? reason.len : IM_ERROR_MAX), reason.at);
    for (char *at = call->error; (at = strpbrk(at, "\r\n")) != NULL; at++)
        *at = ' ';
}

/* ---- beginning and ending ---- */

static struct api_call call_of(struct im_server *server, const char *sandbox,
                               const char *what, char *error, size_t error_size)
{
    if (error && error_size)
        error[0] = '\0';
    return (struct api_call){.server = server,
                             .name = sandbox,
                             .what = what,
                             .error = error,
                             .error_size = error_size};
}

/* Finds the sandbox; naming one makes it, as at its base URL. Whatever comes of it, call_end follows. */
static bool call_begin(struct api_call *call)
{
    struct im_error *err = &call->problem.err, reason;
    struct im_str name = call->name ? im_str(call->name) : IM_STR("default");

    im_arena_init(&call->arena, 0);
    if (!call->server) /* im_start may have failed, and its caller not have looked */
        return im_error_set(err, "the server is NULL; im_start makes one");
    if (!im_sandbox_name_is_sound(name))
        return im_error_set(err,
                            "no sandbox can be called \"%.80s\"; a name has at most 64 "
                            "of a-z, 0-9, '.', '_' and '-' and begins with a letter or "
                            "digit",
                            call->name);
    call->sandboxes = &call->server->sandboxes;
    call->box = im_sandboxes_touch(call->sandboxes, name, &reason);
    return call->box ||
           im_error_because(err, &reason, "there is no sandbox \"%.*s\"", IM_ARG(name));
}

/* The status that a public function returns. */
static int call_end(struct api_call *call, bool done)
{
    bool failed = call->arena.failed;

    if (!done || failed)
        call_report(call, done || !call->problem.err.text[0]
                              ? IM_STR("out of memory")
                              : im_str(call->problem.err.text));
    if (call->box)
        im_sandboxes_unref(call->sandboxes, call->box);
    im_arena_release(&call->arena);
    return done && !failed ? 0 : -1;
}

/* The text on the heap, as a public function returns it; NULL when it was not done. */
static char *call_give(struct api_call *call, bool done, struct im_str text)
{
    /* copied before the call ends, which releases the arena that the text is in */
    char *given = done && !call->arena.failed ? im_str_heap(text) : NULL;

    call_end(call, given != NULL);
    return given;
}

/* ---- parameters ---- */

struct api_text {
    const char *name, *value; /* NULL = not given */
};

/* The texts as members of a JSON object, so that the table that reads it from JSON reads it from C
 * too: the same names, ranges and hints. */
static void *call_read_texts(struct api_call *call, const struct im_json_table *table,
                             const struct api_text *texts, size_t count)
{
    struct im_json object = {.type = IM_JSON_OBJECT};
    struct im_json *members = IM_ARENA_ARRAY(&call->arena, struct im_json, count);
    struct im_json_fault fault = {.at = NULL};
    struct im_json_reader r = {.arena = &call->arena, .faults = &fault, .room = 1};
    size_t n = 0;

    for (size_t i = 0; members && i < count; i++) {
        if (!texts[i].value)
            continue;
        members[n] = (struct im_json){.type = IM_JSON_STRING,
                                      .name = im_str(texts[i].name),
                                      .text = im_str(texts[i].value)};
        if (n)
            members[n - 1].next = &members[n];
        n++;
    }
    object.first = n ? members : NULL;
    object.count = n;
    void *params = members ? im_json_read_new(&r, table, &object) : NULL;
    if (!params)
        im_problem_of_fault(&call->problem, &fault, &call->arena);
    return params;
}

/* A text that must be a JSON object. */
static const struct im_json *call_read_object(struct api_call *call, const char *text,
                                              const char *example)
{
    struct im_json_error error;
    struct im_error *err = &call->problem.err;
    const struct im_json *object = im_json_parse(&call->arena, im_str(text), &error);

    if (!object)
        im_error_set(err,
                     "it is not JSON: line %u, column %u: %s; give an object such as "
                     "%s",
                     error.line, error.column, error.what, example);
    else if (object->type != IM_JSON_OBJECT)
        im_error_set(err, "it must be a JSON object such as %s, not %s", example,
                     im_json_type_name(object->type));
    return object && object->type == IM_JSON_OBJECT ? object : NULL;
}

/* ---- the sandbox as a whole ---- */

char *im_base_url(struct im_server *server, const char *sandbox, char *error,
                  size_t error_size)
{
    struct api_call call =
        call_of(server, sandbox, "asking for a base URL", error, error_size);
    bool done = call_begin(&call);
    struct im_str url = {NULL, 0};

    if (done)
        url = im_sandbox_base_url(call.sandboxes, call.box,
                                  im_sandboxes_url(call.sandboxes), &call.arena);
    return call_give(&call, done, url);
}

char *im_sandbox_proxy(struct im_server *server, const char *sandbox, char *error,
                       size_t error_size)
{
    struct api_call call = call_of(server, sandbox, "opening a proxy", error, error_size);
    struct im_str url = {NULL, 0};
    bool done = call_begin(&call) &&
                im_sandboxes_open_proxy(call.sandboxes, call.box, &call.problem.err);

    if (done)
        url = im_sandboxes_proxy_url(call.sandboxes, call.box, &call.arena);
    return call_give(&call, done, url);
}

int im_use_scenario(struct im_server *server, const char *sandbox, const char *scenario,
                    char *error, size_t error_size)
{
    struct api_call call =
        call_of(server, sandbox, "using a scenario", error, error_size);
    struct im_scenario_choice choice = {.file = NULL};
    struct im_str text = im_str_trim(im_str(scenario));
    bool done = call_begin(&call);

    if (done && !text.len)
        done =
            im_error_set(&call.problem.err, "there is none: give a name, the path of a "
                                            "file, or a scenario as JSON");
    else if (done && text.at[0] == '{')
        done = im_scenario_choice_read(text, &call.arena, &choice, &call.problem);
    else if (done) /* a name too: the catalogue recognises a path by its form */
        choice.file = im_arena_copy(&call.arena, text).at;
    done = done && !call.arena.failed &&
           im_sandbox_use_scenario(call.sandboxes, call.box, &choice, &call.arena,
                                   &call.problem);
    return call_end(&call, done);
}

int im_reset(struct im_server *server, const char *sandbox, char *error,
             size_t error_size)
{
    struct api_call call = call_of(server, sandbox, "resetting", error, error_size);
    bool done = call_begin(&call) &&
                im_sandboxes_reset(call.sandboxes, call.box, &call.problem.err);

    return call_end(&call, done);
}

/* ---- the clock ---- */

int im_advance_clock(struct im_server *server, const char *sandbox, int64_t by_ms,
                     char *error, size_t error_size)
{
    struct api_call call =
        call_of(server, sandbox, "advancing the clock", error, error_size);
    const struct im_clock_change change = {.advance_ms = by_ms};
    struct im_clock_state state;
    bool done = call_begin(&call) &&
                im_sandbox_change_clock(call.box, &change, &state, &call.problem);

    return call_end(&call, done);
}

int im_set_clock(struct im_server *server, const char *sandbox, int64_t now_ms,
                 int frozen, char *error, size_t error_size)
{
    struct api_call call =
        call_of(server, sandbox, "setting the clock", error, error_size);
    const struct im_clock_change change = {
        .set_ms = now_ms, .has_set = true, .has_frozen = true, .frozen = frozen != 0};
    struct im_clock_state state;
    bool done = call_begin(&call) &&
                im_sandbox_change_clock(call.box, &change, &state, &call.problem);

    return call_end(&call, done);
}

/* ---- tokens ---- */

static long call_end_tokens(struct api_call *call, const struct im_which *which,
                            bool (*end)(struct im_sandbox *box,
                                        const struct im_end_tokens *params,
                                        size_t *affected, struct im_problem *problem))
{
    static const struct im_which all = {.kind = NULL};
    struct im_end_tokens *params = NULL;
    size_t affected = 0;

    which = which ? which : &all;
    if (call_begin(call)) {
        const struct api_text texts[] = {{"kind", which->kind ? which->kind : "all"},
                                         {"token", which->token},
                                         {"client_id", which->client_id},
                                         {"user", which->user}};
        params = call_read_texts(call, &im_end_tokens_table, texts, 4);
    }
    bool done = params && end(call->box, params, &affected, &call->problem);
    return call_end(call, done) == 0 ? (long)affected : -1;
}

long im_expire(struct im_server *server, const char *sandbox,
               const struct im_which *which, char *error, size_t error_size)
{
    struct api_call call = call_of(server, sandbox, "expiring tokens", error, error_size);

    return call_end_tokens(&call, which, im_sandbox_expire);
}

long im_revoke(struct im_server *server, const char *sandbox,
               const struct im_which *which, char *error, size_t error_size)
{
    struct api_call call = call_of(server, sandbox, "revoking tokens", error, error_size);

    return call_end_tokens(&call, which, im_sandbox_revoke);
}

char *im_mint(struct im_server *server, const char *sandbox,
              const struct im_token_order *order, char *error, size_t error_size)
{
    static const struct im_token_order good = {.user = NULL};
    struct api_call call = call_of(server, sandbox, "minting a token", error, error_size);
    struct im_mint *params = NULL;
    struct im_buf response;

    order = order ? order : &good;
    if (call_begin(&call)) {
        const struct api_text texts[] = {
            {"user", order->user ? order->user : "ws_user@acme"},
            {"client_id", order->client_id ? order->client_id : "demo"},
            {"scopes", order->scopes},
            {"dialect", order->dialect},
            {"flaw", order->flaw}};
        params = call_read_texts(&call, &im_mint_table, texts, 5);
    }
    im_buf_init(&response, &call.arena, 0);
    if (params) {
        /* not texts, so not in the table's list; im_sandbox_mint checks the range */
        params->ttl_ms = order->ttl_ms;
        params->issuer = im_sandboxes_url(call.sandboxes);
    }
    bool done = params &&
                im_sandbox_mint(call.box, params, &call.arena, &response, &call.problem);
    return call_give(&call, done && !response.failed, im_buf_str(&response));
}

/* ---- the world ---- */

long im_world(struct im_server *server, const char *sandbox, const char *change,
              char *error, size_t error_size)
{
    struct api_call call =
        call_of(server, sandbox, "changing the world", error, error_size);
    struct im_json_fault fault = {.at = NULL};
    struct im_json_reader r = {.arena = &call.arena, .faults = &fault, .room = 1};
    const struct im_json *object = NULL;
    const struct im_effect_args *args = NULL;
    size_t affected = 0;

    if (call_begin(&call))
        object = call_read_object(&call, change,
                                  "{\"do\": \"lock-user\", \"user\": \"ws_user@acme\"}");
    if (object) {
        args = im_json_read_new(&r, &im_effect_table, object);
        if (!args)
            im_problem_of_fault(&call.problem, &fault, &call.arena);
    }
    bool done =
        args && im_sandbox_change_world(call.box, object, args, &affected, &call.problem);
    return call_end(&call, done) == 0 ? (long)affected : -1;
}

long im_sign_in(struct im_server *server, const char *sandbox, const char *user,
                char *error, size_t error_size)
{
    struct api_call call = call_of(server, sandbox, "signing in", error, error_size);
    const struct im_sign_in params = {.user =
                                          user ? im_str(user) : IM_STR("ws_user@acme")};
    size_t affected = 0;
    bool done = call_begin(&call) &&
                im_sandbox_sign_in(call.box, &params, &affected, &call.problem);

    return call_end(&call, done) == 0 ? (long)affected : -1;
}

int im_rotate_keys(struct im_server *server, const char *sandbox, char *error,
                   size_t error_size)
{
    struct api_call call =
        call_of(server, sandbox, "rotating the keys", error, error_size);
    size_t affected;
    bool done =
        call_begin(&call) && im_sandbox_rotate_keys(call.box, &affected, &call.problem);

    return call_end(&call, done);
}

char *im_policy(struct im_server *server, const char *sandbox, const char *change,
                char *error, size_t error_size)
{
    struct api_call call = call_of(server, sandbox, "setting policy", error, error_size);
    const struct im_json *object = NULL;
    struct im_json_out out;
    struct im_buf text;
    bool done = call_begin(&call);

    if (!change) /* an error says what was attempted */
        call.what = "reading policy";
    if (done && change) {
        object = call_read_object(&call, change, "{\"rotation\": \"keep\"}");
        done = object &&
               im_sandbox_change_policy(call.box, object, &call.arena, &call.problem);
    }
    im_buf_init(&text, &call.arena, 0);
    if (done) {
        struct im_policy policy = im_sandbox_policy(call.box);
        im_json_out_init(&out, &text);
        im_json_open_object(&out, NULL);
        im_policy_write(&policy, &out);
        im_json_close_object(&out);
    }
    return call_give(&call, done && !text.failed, im_buf_str(&text));
}

/* ---- what happened ---- */

char *im_journal(struct im_server *server, const char *sandbox, const char *query,
                 char *error, size_t error_size)
{
    struct api_call call =
        call_of(server, sandbox, "reading the journal", error, error_size);
    struct im_journal_query read;
    struct im_json_fault fault;
    struct im_listing list;
    struct im_buf text;
    bool done = call_begin(&call);

    if (done && !im_journal_query_read(im_str(query), true, &call.arena, &read, &fault))
        done = im_problem_of_fault(&call.problem, &fault, &call.arena);
    im_buf_init(&text, &call.arena, 0);
    if (done) {
        im_wait_for_exchanges(call.box->journal, &read);
        im_listing_begin(&list, call.box->journal, &read.filter, &call.arena, &text);
        im_listing_write_all(&list, &text);
    }
    return call_give(&call, done && !text.failed, im_buf_str(&text));
}

/* The header's outcomes are those of a whole scenario; the others are of single expectations. */
static int public_outcome(enum im_outcome_of outcome)
{
    switch (outcome) {
    case IM_MET: return IM_VERDICT_MET;
    case IM_NOT_MET: return IM_VERDICT_NOT_MET;
    case IM_PARTLY: return IM_VERDICT_PARTLY;
    default: return IM_VERDICT_NOT_EXERCISED;
    }
}

static void verdict_write_json(const struct im_verdict *verdict, struct im_buf *text)
{
    struct im_json_out out;

    im_json_out_init(&out, text);
    im_verdict_write_json(verdict, &out);
}

static char *call_give_verdict(struct api_call *call, int *outcome,
                               void (*verdict_writer)(const struct im_verdict *verdict,
                                                      struct im_buf *text))
{
    struct im_judge_options options = {.baseline = NULL};
    struct im_scenario *scenario = NULL;
    int came_to = IM_VERDICT_NOT_EXERCISED;
    struct im_verdict verdict;
    struct im_buf text;

    if (call_begin(call))
        scenario = im_sandbox_verdict(call->box, &options, &call->arena, &verdict);
    im_buf_init(&text, &call->arena, 0);
    if (scenario) {
        verdict_writer(&verdict, &text);
        came_to = public_outcome(im_verdict_outcome(&verdict));
    }
    im_scenario_unref(scenario);
    char *given = call_give(call, scenario && !text.failed, im_buf_str(&text));
    if (given && outcome)
        *outcome = came_to;
    return given;
}

char *im_verdict(struct im_server *server, const char *sandbox, int *outcome, char *error,
                 size_t error_size)
{
    struct api_call call =
        call_of(server, sandbox, "judging the client", error, error_size);

    return call_give_verdict(&call, outcome, verdict_write_json);
}

char *im_verdict_text(struct im_server *server, const char *sandbox, int *outcome,
                      char *error, size_t error_size)
{
    struct api_call call =
        call_of(server, sandbox, "judging the client", error, error_size);

    return call_give_verdict(&call, outcome, im_verdict_write_text);
}

/* ---- causes ---- */

char *im_cause(const char *id, char *error, size_t error_size)
{
    /* needs no server: the table is static, so call_begin is not asked */
    struct api_call call = call_of(NULL, NULL, "looking a cause up", error, error_size);
    enum im_cause cause = im_cause_find(im_str(id));
    struct im_json_out out;
    struct im_buf text;

    im_arena_init(&call.arena, 0);
    im_buf_init(&text, &call.arena, 0);
    if (cause == CAUSE_NONE) {
        im_error_set(&call.problem.err, "there is no cause \"%.60s\"%s", id ? id : "",
                     im_cause_hint(im_str(id)).text);
    } else {
        im_json_out_init(&out, &text);
        im_cause_write(cause, &out, NULL);
    }
    return call_give(&call, cause != CAUSE_NONE && !text.failed, im_buf_str(&text));
}

void im_free(char *text)
{
    free(text);
}
