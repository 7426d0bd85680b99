#include "stories/story.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/form.h"
#include "stories/teller.h"

/* ---- ending badly ---- */

__attribute__((format(printf, 2, 0))) static _Noreturn void fail(struct story *s,
                                                                 const char *format,
                                                                 va_list args)
{
    char what[512];

    vsnprintf(what, sizeof(what), format, args);
    printf("# %s\n# last request: %s %s\n# last answer: %d\n", what, s->method, s->target,
           s->last.status);
    for (struct im_str rest = s->last.headers; rest.len;) {
        struct im_str line = im_str_cut(&rest, '\n');
        printf("#   %.*s\n", IM_ARG(line));
    }
    struct im_str body = im_str_slice(s->last.body, 0, 600);
    printf("#   %.*s\n", IM_ARG(body));
    longjmp(s->out, 1);
}

void then(struct story *s, bool holds, const char *what, ...)
{
    va_list args;

    if (holds)
        return;
    va_start(args, what);
    fail(s, what, args);
}

const char *text(struct story *s, const char *format, ...)
{
    char line[8192];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    return im_arena_copy(&s->arena, im_str(line)).at;
}

/* ---- sending ---- */

enum { PATIENCE_MS = 10000, LITTLE_PATIENCE_MS = 1000 };

static bool starts(const char *text_of, const char *with)
{
    return strncmp(text_of, with, strlen(with)) == 0;
}

/* The path at the base URL of the sandbox where the story is. */
static const char *at_base(struct story *s, const char *path)
{
    if (strcmp(s->box, "default") == 0 || starts(path, "/__mock") || starts(path, "/s/"))
        return path;
    return text(s, "/s/%s%s", s->box, path);
}

void expecting_loss(struct story *s, enum lost how)
{
    s->awaited = how;
}

/* In process nobody can tell a connection that is reset from one that ends. */
static bool lost_so(const struct story *s, enum lost how)
{
    return s->last.lost == how || (!*transport_base(s->transport) && how == LOST_RESET &&
                                   s->last.lost == LOST_EMPTY);
}

void when_sent(struct story *s, const char *method, const char *path, const char *headers,
               const char *body)
{
    const char *target = at_base(s, path);
    struct im_message message = {method, target, headers, body, body ? strlen(body) : 0};
    enum lost awaited = s->awaited;
    const char *why = "";

    s->method = method;
    s->target = target;
    s->awaited = LOST_NOT;
    s->last = (struct answer){0};
    transport_be_wary(s->transport, awaited == LOST_NOT       ? 0
                                    : awaited == LOST_WAITING ? LITTLE_PATIENCE_MS
                                                              : PATIENCE_MS);
    bool answered = transport_send(s->transport, &s->arena, &message, &s->last, &why);
    if (awaited == LOST_NOT)
        then(s, answered, "no answer: %s", why);
    else
        then(s, lost_so(s, awaited), "the answer is lost as expected, not so: %s", why);
}

void when_posted(struct story *s, const char *path, const char *form)
{
    when_sent(s, "POST", path, "Content-Type: application/x-www-form-urlencoded\n", form);
}

void when_posted_json(struct story *s, const char *path, const char *json)
{
    when_sent(s, "POST", path, "Content-Type: application/json\n", json);
}

void when_got(struct story *s, const char *path, const char *bearer)
{
    when_sent(s, "GET", path,
              bearer ? text(s, "Authorization: Bearer %s\n", bearer) : NULL, NULL);
}

void when_called(struct story *s, const char *method, const char *path,
                 const char *bearer, const char *json)
{
    when_sent(s, method, path,
              text(s, "Authorization: Bearer %s\n%s", bearer,
                   json ? "Content-Type: application/json\n" : ""),
              json);
}

/* ---- the control API ---- */

void when_control_called(struct story *s, const char *method, const char *path,
                         const char *json)
{
    when_sent(s, method, text(s, "/__mock%s", path),
              json ? "Content-Type: application/json\n" : NULL, json);
}

void when_controlled(struct story *s, const char *method, const char *path,
                     const char *json)
{
    when_control_called(s, method, text(s, "/sandboxes/%s%s", s->box, path), json);
    then(s, s->last.status / 100 == 2, "%s %s answers 2xx", method, path);
}

/* A control call between the integration's calls: the last answer stays what it was. */
static void aside(struct story *s, const char *method, const char *path, const char *json)
{
    struct answer last = s->last;

    when_controlled(s, method, path, json);
    s->last = last;
}

void given_sandbox(struct story *s, const char *name)
{
    s->box = text(s, "%s", name);
}

const char *sandbox_of(struct story *s)
{
    return s->box;
}

/* JSON in a C string reads better with the other quotes. */
static const char *quoted(struct story *s, const char *members)
{
    char *json = im_arena_alloc(&s->arena, strlen(members) + 1);

    for (size_t i = 0; i <= strlen(members); i++)
        json[i] = members[i] == '\'' ? '"' : members[i];
    return json;
}

void given_scenario(struct story *s, const char *members)
{
    when_control_called(s, "POST", "/sandboxes",
                        text(s,
                             "{\"now\":\"2026-01-01T00:00:00Z\",\"scenario\":{"
                             "\"name\":\"told\",\"about\":\"Told.\",%s}}",
                             quoted(s, members)));
    then_status(s, 201);
    given_sandbox(s, json_of(s, "name"));
}

void given_policy(struct story *s, const char *json)
{
    aside(s, "PATCH", "/policy", json);
}

void given_world(struct story *s, const char *json)
{
    aside(s, "POST", "/world", json);
}

void when_time_passes(struct story *s, const char *duration)
{
    aside(s, "POST", "/clock", text(s, "{\"advance\":\"%s\"}", duration));
}

void story_begin(struct story *s)
{
    s->box = "default";
    s->awaited = LOST_NOT;
    when_controlled(s, "POST", "/reset", NULL);
    when_controlled(s, "POST", "/clock",
                    "{\"set\":\"2026-01-01T00:00:00Z\",\"freeze\":true}");
}

/* ---- what integrations do ---- */

void when_connected(struct story *s)
{
    when_posted(s, TOKEN_PATH, CREDENTIALS);
    then_status(s, 200);
}

void when_connected_in_article(struct story *s)
{
    when_posted(s, ARTICLE_TOKEN_PATH, CREDENTIALS);
    then_status(s, 200);
}

void when_asked_to_authorize(struct story *s, const char *more)
{
    when_got(s,
             text(s,
                  AUTHORIZE_PATH
                  "?response_type=code&client_id=demo&redirect_uri="
                  "http%%3A%%2F%%2F127.0.0.1%%2Fcallback&state=xyz&mock_user="
                  "jdoe%%40acme%s",
                  more),
             NULL);
}

void when_code_is_exchanged(struct story *s, const char *authorization_code,
                            const char *more)
{
    when_posted(s, TOKEN_PATH,
                text(s,
                     "grant_type=authorization_code&" DEMO "&redirect_uri=" CALLBACK
                     "&code=%s%s",
                     authorization_code, more));
}

void when_authorized(struct story *s, const char *scope)
{
    when_asked_to_authorize(s, text(s, "&scope=%s", scope));
    then_status(s, 302);
    when_code_is_exchanged(s, code(s), "");
    then_status(s, 200);
}

void when_refreshed_with(struct story *s, const char *token)
{
    when_posted(s, TOKEN_PATH,
                text(s, "grant_type=refresh_token&" DEMO "&refresh_token=%s", token));
}

/* ---- in parallel ---- */

enum { PARALLEL_MAX = 16 };

struct racer {
    struct transport *transport;
    const struct im_message *message;
    pthread_barrier_t *start;
    int status;
};

static void *race(void *context)
{
    static const struct im_message hello = {"GET", "/__mock/health", NULL, NULL, 0};
    struct racer *racer = context;
    struct im_arena arena;
    struct answer answer = {0};
    const char *why;

    im_arena_init(&arena, 0);
    /* the connection stands before the race begins: handshakes would spread the racers */
    transport_send(racer->transport, &arena, &hello, &answer, &why);
    pthread_barrier_wait(racer->start);
    if (transport_send(racer->transport, &arena, racer->message, &answer, &why))
        racer->status = answer.status;
    im_arena_release(&arena);
    return NULL;
}

struct field {
    struct im_message message;
    struct racer racers[PARALLEL_MAX];
    pthread_t threads[PARALLEL_MAX];
    pthread_barrier_t start;
    int n;
};

static void start_refreshes(struct story *s, struct field *field, const char *token,
                            int n)
{
    const char *form =
        text(s, "grant_type=refresh_token&" DEMO "&refresh_token=%s", token);

    field->n = n;
    field->message = (struct im_message){
        "POST", at_base(s, TOKEN_PATH),
        "Content-Type: application/x-www-form-urlencoded\n", form, strlen(form)};
    pthread_barrier_init(&field->start, NULL, (unsigned)n);
    for (int i = 0; i < n; i++) {
        field->racers[i] = (struct racer){transport_clone(s->transport), &field->message,
                                          &field->start, 0};
        pthread_create(&field->threads[i], NULL, race, &field->racers[i]);
    }
}

static int join_refreshes(struct field *field)
{
    int won = 0;

    for (int i = 0; i < field->n; i++) {
        pthread_join(field->threads[i], NULL);
        transport_free(field->racers[i].transport);
        won += field->racers[i].status == 200;
    }
    pthread_barrier_destroy(&field->start);
    return won;
}

int when_refreshed_in_parallel(struct story *s, const char *token, int n)
{
    struct field field;

    start_refreshes(s, &field, token, n);
    return join_refreshes(&field);
}

/* Not by when_controlled, which may leave the story while its threads run. */
static int held_now(struct story *s)
{
    struct im_message ask = {"GET", text(s, "/__mock/sandboxes/%s", s->box), NULL, NULL,
                             0};
    const char *why;

    transport_send(s->transport, &s->arena, &ask, &s->last, &why);
    const char *held = json_of(s, "held");
    return held ? atoi(held) : -1;
}

int when_refreshed_while_held(struct story *s, const char *token, int n)
{
    struct im_message release = {"POST", text(s, "/__mock/sandboxes/%s/release", s->box),
                                 NULL, NULL, 0};
    int64_t until_ms = im_clock_monotonic_ms() + PATIENCE_MS;
    struct field field;
    const char *why;

    start_refreshes(s, &field, token, n);
    while (held_now(s) != n && im_clock_monotonic_ms() < until_ms)
        sched_yield();
    int held = held_now(s);
    transport_send(s->transport, &s->arena, &release, &s->last, &why);
    int won = join_refreshes(&field);
    then(s, held == n, "%d requests are held at once", n);
    return won;
}

/* ---- looking at the answer ---- */

int64_t took_ms(struct story *s)
{
    return s->last.took_ms;
}

int status_of(struct story *s)
{
    return s->last.status;
}

const char *body_of(struct story *s)
{
    return s->last.body.at ? s->last.body.at : "";
}

const char *header_of(struct story *s, const char *name)
{
    for (struct im_str rest = s->last.headers; rest.len;) {
        struct im_str value = im_str_cut(&rest, '\n');
        struct im_str header = im_str_cut(&value, ':');
        if (im_str_eq_nocase(header, im_str(name)))
            return im_arena_copy(&s->arena, im_str_trim(value)).at;
    }
    return NULL;
}

static const struct im_json *child_at(const struct im_json *value, struct im_str step)
{
    int64_t index;

    if (value->type == IM_JSON_ARRAY && im_str_int(step, &index)) {
        const struct im_json *child = value->first;
        while (child && index-- > 0)
            child = child->next;
        return child;
    }
    for (const struct im_json *child = value->first; child; child = child->next)
        if (im_str_eq(child->name, step))
            return child;
    return NULL;
}

static const char *text_in(struct story *s, struct im_str document, const char *path)
{
    struct im_json_error error;
    const struct im_json *value = im_json_parse(&s->arena, document, &error);

    for (struct im_str rest = im_str(path); value && rest.len;)
        value = child_at(value, im_str_cut(&rest, '/'));
    if (!value)
        return NULL;
    if (value->type == IM_JSON_BOOL)
        return value->boolean ? "true" : "false";
    if (value->type == IM_JSON_NULL)
        return "null";
    return im_arena_copy(&s->arena, value->text).at;
}

const char *json_of(struct story *s, const char *path)
{
    return text_in(s, s->last.body, path);
}

static const char *must_have(struct story *s, const char *path)
{
    const char *value = json_of(s, path);

    then(s, value && *value, "the answer has %s", path);
    return value;
}

const char *access_token(struct story *s)
{
    return must_have(s, "access_token");
}

const char *refresh_token(struct story *s)
{
    return must_have(s, "refresh_token");
}

const char *code(struct story *s)
{
    const char *location = header_of(s, "Location");
    const char *query = location ? strchr(location, '?') : NULL;
    struct im_params params = {NULL, 0};
    struct im_error err;

    if (query)
        im_params_parse_form(&s->arena, im_str(query + 1), &params, &err);
    then(s, im_param_count(&params, "code") == 1, "the redirect carries a code");
    return im_arena_copy(&s->arena, im_param(&params, "code")).at;
}

/* ---- expecting ---- */

void then_status(struct story *s, int status)
{
    then(s, s->last.status == status, "the status is %d", status);
}

void then_fine(struct story *s)
{
    const char *cause = header_of(s, "X-Intacct-Mock-Cause");

    then(s, s->last.status / 100 == 2 && !cause, "it is answered, not refused (%s)",
         cause ? cause : "no cause");
}

/* A fact of the journal's newest exchange. */
static const char *journal_of(struct story *s, const char *path)
{
    struct answer last = s->last;

    when_controlled(s, "GET", "/requests", NULL);
    const char *count = json_of(s, "count");
    const char *found =
        json_of(s, text(s, "requests/%lld/%s", atoll(count ? count : "0") - 1, path));
    s->last = last;
    return found;
}

void then_refused(struct story *s, enum im_cause cause)
{
    const char *id = im_cause_row(cause)->id;
    const char *hint = header_of(s, "X-Intacct-Mock-Cause");

    then(s, hint && strcmp(hint, id) == 0, "it is refused for %s (hint: %s)", id,
         hint ? hint : "none");
    const char *recorded = journal_of(s, "cause");
    then(s, recorded && strcmp(recorded, id) == 0, "the journal says %s", id);
    const char *evidence = journal_of(s, "evidence");
    then(s, evidence && strlen(evidence) > 5, "the journal holds evidence");
    s->told[cause] = true;
}

bool was_refused(struct story *s, enum im_cause cause)
{
    when_controlled(s, "GET", text(s, "/requests?cause=%s", im_cause_row(cause)->id),
                    NULL);
    const char *evidence = json_of(s, "requests/0/evidence");
    bool told = evidence && strlen(evidence) > 5;

    s->told[cause] |= told;
    return told;
}

void then_warned(struct story *s, enum im_cause cause)
{
    const char *id = im_cause_row(cause)->id;
    const char *hint = header_of(s, "X-Intacct-Mock-Note");
    const char *recorded = journal_of(s, "notes/0/cause");

    then(s, !header_of(s, "X-Intacct-Mock-Cause"), "it is not refused");
    then(s, hint && strncmp(hint, id, strlen(id)) == 0, "the hint warns of %s", id);
    then(s, recorded && strcmp(recorded, id) == 0, "the journal warns of %s", id);
    s->told[cause] = true;
}

void then_json(struct story *s, const char *path, const char *expected)
{
    const char *value = json_of(s, path);

    then(s, value && strcmp(value, expected) == 0, "%s is \"%s\" (it is %s)", path,
         expected, value ? value : "absent");
}

void then_body_is(struct story *s, const char *body)
{
    then(s, im_str_is(s->last.body, body), "the body is %s", body);
}

void then_body_has(struct story *s, const char *part)
{
    then(s, strstr(body_of(s), part) != NULL, "the body has \"%s\"", part);
}

void then_body_lacks(struct story *s, const char *part)
{
    then(s, !strstr(body_of(s), part), "the body does not hold \"%s\"", part);
}

void then_header_has(struct story *s, const char *name, const char *part)
{
    const char *value = header_of(s, name);

    then(s, value && strstr(value, part), "%s has \"%s\" (it is %s)", name, part,
         value ? value : "absent");
}

/* ---- the verdict ---- */

void when_judged(struct story *s, const char *type)
{
    when_sent(s, "GET", text(s, "/__mock/sandboxes/%s/verdict", s->box),
              text(s, "Accept: %s\n", type), NULL);
    then_status(s, 200);
}

void then_verdict(struct story *s, const char *outcome)
{
    when_judged(s, "application/json");
    then_json(s, "outcome", outcome);
    then_json(s, "expect/0/outcome", outcome);
}
