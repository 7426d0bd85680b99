#include "commands/run_mock.h"

#include <inttypes.h>

#include "intacct_mock.h"

/* ---- a server in this process ---- */

static int ask_server(void *context, const char *method, const char *target,
                      const char *body, struct im_arena *arena, struct im_str *answer)
{
    struct im_str text = im_str(body);
    const struct im_message message = {
        .method = method,
        .target = target,
        .headers = body ? "Content-Type: application/json\nAccept: application/json\n"
                        : "Accept: application/json\n",
        .body = text.at,
        .body_len = text.len,
    };
    struct im_reply reply;

    if (im_handle(context, &message, &reply) != 0)
        return 0;
    *answer = im_arena_copy(arena, (struct im_str){reply.body, reply.body_len});
    int status = arena->failed ? 0 : reply.status;
    im_reply_release(&reply);
    return status;
}

struct im_run_mock im_run_mock_of(struct im_server *server)
{
    return (struct im_run_mock){.context = server, .ask = ask_server};
}

/* ---- what is asked ---- */

struct question {
    const char *method;
    struct im_str target, body; /* with a NUL behind them */
    int wanted;                 /* status */
};

/* Why the answer is not the one that was wanted. */
static void complain(const struct question *question, int status, struct im_str message,
                     const char *flaw, struct im_error *err)
{
    if (!status)
        im_error_set(err, "out of memory");
    else if (message.len)
        im_error_set(err, "%.*s", IM_ARG(im_str_front(message, 300)));
    else
        im_error_set(err, "%s %.*s answered %d %s", question->method,
                     IM_ARG(question->target), status, flaw);
}

/* The answer, when it has that status; else NULL with err. */
static const struct im_json *ask(const struct im_run_mock *mock,
                                 const struct question *question, struct im_arena *arena,
                                 struct im_error *err)
{
    struct im_str answer = {NULL, 0};
    struct im_json_error flaw = {.what = ""};
    const struct im_json *json = NULL;
    int status = 0;

    if (!arena->failed)
        status = mock->ask(mock->context, question->method, question->target.at,
                           question->body.at, arena, &answer);
    if (status)
        json = im_json_parse(arena, answer, &flaw);
    if (json && status == question->wanted)
        return json;
    complain(question, status, im_json_get_str(json, "message"), flaw.what, err);
    return NULL;
}

struct im_run_scenario *im_run_mock_scenarios(const struct im_run_mock *mock,
                                              struct im_arena *arena, size_t *count,
                                              struct im_error *err)
{
    struct im_error why = {.text = ""};
    const struct question question = {
        .method = "GET", .target = IM_STR("/__mock/scenarios"), .wanted = 200};
    const struct im_json *answer = ask(mock, &question, arena, &why);
    const struct im_json *list = im_json_get(answer, "scenarios");
    struct im_run_scenario *scenarios =
        IM_ARENA_ARRAY(arena, struct im_run_scenario, list ? list->count + 1 : 1);

    *count = 0;
    if (!list || !scenarios) {
        im_error_set(err, "listing the scenarios: %s",
                     answer ? "the answer holds none" : why.text);
        return NULL;
    }
    for (const struct im_json *item = list->first; item; item = item->next)
        scenarios[(*count)++] =
            (struct im_run_scenario){.name = im_json_get_str(item, "name"),
                                     .about = im_json_get_str(item, "about"),
                                     .cause = im_json_get_str(item, "cause")};
    return scenarios;
}

/* The scenario of the baseline as it stands in the catalogue, and a rule that shows who works in
 * parallel: of two calls that are there at once both are held until the other has come. False when
 * it has rules of its own: then it is played as it is. */
static bool write_baseline(const struct im_run_mock *mock, struct im_arena *arena,
                           struct im_json_out *out)
{
    const char *rules = "[{\"when\":{\"endpoint\":\"api\"},\"then\":{\"wire\":{\"hold\":"
                        "{\"until\":2,\"for\":\"25ms\"}}},\"times\":100,"
                        "\"optional\":true}]";
    struct im_error err = {.text = ""};
    const struct question question = {.method = "GET",
                                      .target =
                                          IM_STR("/__mock/scenarios/" IM_RUN_BASELINE),
                                      .wanted = 200};
    const struct im_json *own = ask(mock, &question, arena, &err);

    if (!own || im_json_get(own, "rules"))
        return false;
    im_json_open_object(out, "scenario");
    for (const struct im_json *member = own->first; member; member = member->next)
        im_json_value(out, member->name, member);
    im_json_raw(out, "rules", im_str(rules));
    im_json_close_object(out);
    return true;
}

static struct im_str params(const struct im_run_mock *mock, struct im_str scenario,
                            size_t serial, struct im_arena *arena)
{
    struct im_json_out out;
    struct im_buf text;

    im_buf_init(&text, arena, 0);
    im_json_out_init(&out, &text);
    im_json_open_object(&out, NULL);
    im_json_strf(&out, "name", "%.*s.run-%zu", IM_ARG(scenario), serial);
    if (!im_str_is(scenario, IM_RUN_BASELINE) || !write_baseline(mock, arena, &out))
        im_json_str(&out, "scenario", scenario);
    if (mock->seed)
        im_json_int(&out, "seed", (int64_t)mock->seed);
    im_json_close_object(&out);
    im_buf_addc(&text, '\0');
    return im_buf_str(&text);
}

bool im_run_mock_open(const struct im_run_mock *mock, struct im_str scenario,
                      size_t serial, struct im_arena *arena,
                      struct im_run_sandbox *sandbox, struct im_error *err)
{
    struct im_error why = {.text = ""};
    const struct question question = {
        .method = "POST",
        .target = IM_STR("/__mock/sandboxes"),
        .body = params(mock, scenario, serial, arena),
        .wanted = 201,
    };
    const struct im_json *answer = ask(mock, &question, arena, &why);

    *sandbox = (struct im_run_sandbox){
        .name = im_json_get_str(answer, "name"),
        .base_url = im_json_get_str(answer, "base_url"),
        .client_secret = im_json_get_str(answer, "client_secret"),
        .username = im_json_get_str(answer, "username"),
    };
    if (!answer)
        return im_error_set(err, "making its sandbox: %.400s", why.text);
    return sandbox->name.len && sandbox->base_url.len
               ? true
               : im_error_set(err, "making its sandbox: the answer has no address");
}

const struct im_json *im_run_mock_verdict(const struct im_run_mock *mock,
                                          const struct im_run_sandbox *sandbox,
                                          struct im_arena *arena, struct im_error *err)
{
    struct im_error why = {.text = ""};
    const struct question release = {
        .method = "POST",
        .target = im_arena_format(arena, "/__mock/sandboxes/%.*s/release",
                                  IM_ARG(sandbox->name)),
        .wanted = 200,
    };
    const struct question question = {
        .method = "GET",
        .target = im_arena_format(
            arena, "/__mock/sandboxes/%.*s/verdict?called=CMD&running=false%s%s%s%.*s",
            IM_ARG(sandbox->name), mock->client ? "&client=" : "",
            mock->client ? mock->client : "", mock->baseline.len ? "&baseline=" : "",
            IM_ARG(mock->baseline)),
        .wanted = 200,
    };

    /* what is still held, was sent all the same: the verdict waits until it is written down */
    ask(mock, &release, arena, &why);
    const struct im_json *verdict = ask(mock, &question, arena, &why);
    if (!verdict)
        im_error_set(err, "asking for its verdict: %.400s", why.text);
    return verdict;
}

struct im_str im_run_mock_fetch(const struct im_run_mock *mock,
                                const struct im_run_sandbox *sandbox, const char *what,
                                struct im_arena *arena, struct im_error *err)
{
    struct im_str answer = {NULL, 0};
    struct im_str target =
        im_arena_format(arena, "/__mock/sandboxes/%.*s/%s", IM_ARG(sandbox->name), what);
    int status =
        target.len ? mock->ask(mock->context, "GET", target.at, NULL, arena, &answer) : 0;

    if (status == 200)
        return answer;
    im_error_set(err, "GET %.*s answered %d", IM_ARG(target), status);
    return (struct im_str){NULL, 0};
}

void im_run_mock_close(const struct im_run_mock *mock,
                       const struct im_run_sandbox *sandbox, struct im_arena *arena)
{
    struct im_str answer;
    struct im_str target =
        im_arena_format(arena, "/__mock/sandboxes/%.*s", IM_ARG(sandbox->name));

    if (target.len)
        mock->ask(mock->context, "DELETE", target.at, NULL, arena, &answer);
}
