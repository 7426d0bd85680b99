/* The public verbs on one sandbox. Each is a call of the control API that needs no socket, so what
 * holds there (strict fields, "did you mean", redaction) holds here, and nothing is written twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control.h"
#include "server_inside.h"

/* One call on its way. */
struct ask {
    struct im_server *server;
    const char *sandbox;
    const char *what; /* for the error: "advancing the clock" */
    char *error;
    size_t error_size;
    struct im_arena arena;
    struct im_request req;
    struct im_response res;
};

/* ---- errors ---- */

/* One line, cut to the room there is. What it quotes may hold line breaks. */
static void tell(const struct ask *ask, struct im_str why)
{
    if (!ask->error || !ask->error_size)
        return;
    snprintf(ask->error, ask->error_size, "%s: %.*s", ask->what,
             (int)(why.len < IM_ERROR_MAX ? why.len : IM_ERROR_MAX), why.at);
    for (char *at = ask->error; (at = strpbrk(at, "\r\n")) != NULL; at++)
        *at = ' ';
}

/* What the control API says is wrong with it. */
static void tell_refusal(struct ask *ask)
{
    struct im_json_error error;
    const struct im_json *said =
        im_json_parse(&ask->arena, im_buf_str(&ask->res.body), &error);
    struct im_str message = im_json_get_str(said, "message");

    tell(ask, message.len ? message : IM_STR("out of memory"));
}

/* ---- asking ---- */

/* The name becomes part of a path: nothing may be smuggled in with it. */
static bool is_nameable(struct ask *ask)
{
    if (!ask->sandbox || im_sandbox_name_is_sound(im_str(ask->sandbox)))
        return true;
    tell(ask, im_arena_format(&ask->arena,
                              "no sandbox can be called \"%.80s\"; a name has at most 64 "
                              "of a-z, 0-9, '.', '_' and '-' and begins with a letter or "
                              "digit",
                              ask->sandbox));
    return false;
}

static struct ask ask_of(struct im_server *server, const char *sandbox, const char *what,
                         char *error, size_t error_size)
{
    struct ask ask = {.server = server, .sandbox = sandbox, .what = what};

    ask.error = error;
    ask.error_size = error_size;
    if (error && error_size)
        error[0] = '\0';
    return ask;
}

static bool begin(struct ask *ask)
{
    im_arena_init(&ask->arena, 0);
    im_response_init(&ask->res, &ask->arena);
    if (ask->server)
        return is_nameable(ask);
    tell(ask, IM_STR("the server is NULL; im_start makes one"));
    return false;
}

/* The control token is demanded of those outside. */
static void authorize(struct ask *ask)
{
    struct im_str token = ask->server->sandboxes.settings.control_token;
    struct im_str value = im_arena_format(&ask->arena, "Bearer %.*s", IM_ARG(token));

    im_request_add_header(&ask->req, IM_STR("Authorization"), value);
}

static void answer(void *sandboxes, struct im_request *req, struct im_response *res)
{
    im_control_answer(sandboxes, req, res);
}

/* Sends it to /__mock/sandboxes/NAME/… and says whether it was answered 2xx. */
static bool send(struct ask *ask, const char *method, const char *path,
                 struct im_str query, struct im_str body)
{
    const struct im_settings *settings = &ask->server->sandboxes.settings;
    const char *name = ask->sandbox ? ask->sandbox : "default";
    struct im_request *req = &ask->req;
    struct im_exchange outcome = {.cause = CAUSE_NONE};

    if (!im_sandbox_name_is_sound(im_str(name))) {
        tell(ask,
             IM_STR("the sandbox must be named SCENARIO or SCENARIO.KEY: at most 64 of "
                    "a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"));
        return false;
    }
    req->arena = &ask->arena;
    req->method = im_str(method);
    req->path = im_arena_format(&ask->arena, "/__mock/sandboxes/%s%s", name, path);
    req->target = req->path;
    req->query = query;
    req->body = body;
    req->exchange = &outcome;
    req->now_ms = im_clock_real_ms();
    req->base_url = req->server_url = settings->public_url.len ? settings->public_url
                                      : settings->http_url.len ? settings->http_url
                                                               : settings->https_url;
    authorize(ask);
    im_answer_to_the_end(&(struct im_answering){answer, &ask->server->sandboxes}, req,
                         &ask->res);
    if (ask->res.status / 100 == 2 && !ask->arena.failed)
        return true;
    tell_refusal(ask);
    return false;
}

static bool post(struct ask *ask, const char *path, const struct im_buf *body)
{
    return send(ask, "POST", path, (struct im_str){0}, im_buf_str(body));
}

static char *give(struct ask *ask, struct im_str text)
{
    char *given = im_str_heap(text);

    if (!given)
        tell(ask, IM_STR("out of memory"));
    return given;
}

static const struct im_json *answer_of(struct ask *ask)
{
    struct im_json_error error;

    return im_json_parse(&ask->arena, im_buf_str(&ask->res.body), &error);
}

/* ---- bodies ---- */

struct writing {
    struct im_buf text;
    struct im_json_out out;
};

static void open_body(struct ask *ask, struct writing *body)
{
    im_buf_init(&body->text, &ask->arena, 0);
    im_json_out_init(&body->out, &body->text);
    im_json_open_object(&body->out, NULL);
}

static void add_text(struct writing *body, const char *name, const char *value)
{
    if (value)
        im_json_strz(&body->out, name, value);
}

static void add_duration(struct writing *body, const char *name, int64_t ms)
{
    im_json_strf(&body->out, name, "%lldms", (long long)ms);
}

/* ---- the verbs ---- */

char *im_base_url(struct im_server *server, const char *sandbox, char *error,
                  size_t error_size)
{
    struct ask ask = ask_of(server, sandbox, "asking for a base URL", error, error_size);
    char *url = NULL;

    if (begin(&ask) && send(&ask, "GET", "", (struct im_str){0}, (struct im_str){0}))
        url = give(&ask, im_json_get_str(answer_of(&ask), "base_url"));
    im_arena_release(&ask.arena);
    return url;
}

int im_use_scenario(struct im_server *server, const char *sandbox, const char *scenario,
                    char *error, size_t error_size)
{
    struct ask ask = ask_of(server, sandbox, "using a scenario", error, error_size);
    struct im_str text = im_str_trim(im_str(scenario));
    struct writing body;
    bool done = false;

    bool begun = begin(&ask);

    if (begun && !text.len) {
        tell(&ask, IM_STR("there is none: give a name, or a scenario as JSON"));
    } else if (begun) {
        open_body(&ask, &body);
        im_json_str(&body.out, "name", text);
        im_json_close_object(&body.out);
        done = send(&ask, "PUT", "/scenario", (struct im_str){0},
                    text.at[0] == '{' ? text : im_buf_str(&body.text));
    }
    im_arena_release(&ask.arena);
    return done ? 0 : -1;
}

int im_reset(struct im_server *server, const char *sandbox, char *error,
             size_t error_size)
{
    struct ask ask = ask_of(server, sandbox, "resetting", error, error_size);
    bool done = begin(&ask) &&
                send(&ask, "POST", "/reset", (struct im_str){0}, (struct im_str){0});

    im_arena_release(&ask.arena);
    return done ? 0 : -1;
}

int im_advance_clock(struct im_server *server, const char *sandbox, int64_t by_ms,
                     char *error, size_t error_size)
{
    struct ask ask = ask_of(server, sandbox, "advancing the clock", error, error_size);
    struct writing body;
    bool done = begin(&ask);

    if (done) {
        open_body(&ask, &body);
        add_duration(&body, "advance", by_ms);
        im_json_close_object(&body.out);
        done = post(&ask, "/clock", &body.text);
    }
    im_arena_release(&ask.arena);
    return done ? 0 : -1;
}

int im_set_clock(struct im_server *server, const char *sandbox, int64_t now_ms,
                 int frozen, char *error, size_t error_size)
{
    struct ask ask = ask_of(server, sandbox, "setting the clock", error, error_size);
    struct writing body;
    bool done = begin(&ask);

    if (done) {
        open_body(&ask, &body);
        im_json_str(&body.out, "set", im_time_rfc3339(&ask.arena, now_ms));
        im_json_bool(&body.out, "freeze", frozen != 0);
        im_json_close_object(&body.out);
        done = post(&ask, "/clock", &body.text);
    }
    im_arena_release(&ask.arena);
    return done ? 0 : -1;
}

static long end_tokens(struct ask *ask, const char *path, const struct im_which *which)
{
    static const struct im_which all = {.kind = NULL};
    struct writing body;
    long affected = -1;

    if (begin(ask)) {
        which = which ? which : &all;
        open_body(ask, &body);
        add_text(&body, "kind", which->kind ? which->kind : "all");
        add_text(&body, "token", which->token);
        add_text(&body, "client_id", which->client_id);
        add_text(&body, "user", which->user);
        im_json_close_object(&body.out);
        if (post(ask, path, &body.text)) {
            const struct im_json *count = im_json_get(answer_of(ask), "affected");
            affected = count ? (long)count->whole : -1;
        }
    }
    im_arena_release(&ask->arena);
    return affected;
}

long im_expire(struct im_server *server, const char *sandbox,
               const struct im_which *which, char *error, size_t error_size)
{
    struct ask ask = ask_of(server, sandbox, "expiring tokens", error, error_size);

    return end_tokens(&ask, "/expire", which);
}

long im_revoke(struct im_server *server, const char *sandbox,
               const struct im_which *which, char *error, size_t error_size)
{
    struct ask ask = ask_of(server, sandbox, "revoking tokens", error, error_size);

    return end_tokens(&ask, "/revoke", which);
}

static void write_params(struct writing *body, const struct im_token_order *order)
{
    add_text(body, "user", order->user ? order->user : "ws_user@acme");
    add_text(body, "client_id", order->client_id ? order->client_id : "demo");
    add_text(body, "scopes", order->scopes);
    add_text(body, "dialect", order->dialect);
    add_text(body, "flaw", order->flaw);
    if (order->ttl_ms)
        add_duration(body, "ttl", order->ttl_ms);
    im_json_close_object(&body->out);
}

char *im_mint(struct im_server *server, const char *sandbox,
              const struct im_token_order *order, char *error, size_t error_size)
{
    static const struct im_token_order good = {.user = NULL};
    struct ask ask = ask_of(server, sandbox, "minting a token", error, error_size);
    struct writing body;
    char *given = NULL;

    if (begin(&ask)) {
        open_body(&ask, &body);
        write_params(&body, order ? order : &good);
        if (post(&ask, "/tokens", &body.text))
            given = give(&ask, im_buf_str(&ask.res.body));
    }
    im_arena_release(&ask.arena);
    return given;
}

char *im_journal(struct im_server *server, const char *sandbox, const char *query,
                 char *error, size_t error_size)
{
    struct ask ask = ask_of(server, sandbox, "reading the journal", error, error_size);
    char *given = NULL;

    if (begin(&ask) && send(&ask, "GET", "/requests", im_str(query), (struct im_str){0}))
        given = give(&ask, im_buf_str(&ask.res.body));
    im_arena_release(&ask.arena);
    return given;
}

static int outcome_of(struct ask *ask)
{
    struct im_str outcome = im_json_get_str(answer_of(ask), "outcome");

    return im_str_is(outcome, "met")       ? IM_VERDICT_MET
           : im_str_is(outcome, "not-met") ? IM_VERDICT_NOT_MET
                                           : IM_VERDICT_NOT_EXERCISED;
}

char *im_verdict(struct im_server *server, const char *sandbox, int *outcome, char *error,
                 size_t error_size)
{
    struct ask ask = ask_of(server, sandbox, "judging the client", error, error_size);
    char *given = NULL;

    if (begin(&ask) &&
        send(&ask, "GET", "/verdict", (struct im_str){0}, (struct im_str){0})) {
        given = give(&ask, im_buf_str(&ask.res.body));
        if (given && outcome)
            *outcome = outcome_of(&ask);
    }
    im_arena_release(&ask.arena);
    return given;
}

/* ---- causes ---- */

char *im_cause(const char *id, char *error, size_t error_size)
{
    struct ask ask = ask_of(NULL, NULL, "looking a cause up", error, error_size);
    enum im_cause cause = im_cause_find(im_str(id));
    struct im_json_out out;
    struct im_buf text;

    im_arena_init(&ask.arena, 0);
    if (cause == CAUSE_NONE) {
        tell(&ask, im_arena_format(&ask.arena, "there is no cause \"%.60s\"%s",
                                   id ? id : "", im_cause_hint(im_str(id)).text));
        im_arena_release(&ask.arena);
        return NULL;
    }
    im_buf_init(&text, &ask.arena, 0);
    im_json_out_init(&out, &text);
    im_cause_write(cause, &out, NULL);
    char *given = text.failed ? NULL : give(&ask, im_buf_str(&text));
    im_arena_release(&ask.arena);
    return given;
}

void im_free(char *text)
{
    free(text);
}
