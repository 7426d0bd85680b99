/* A mock that runs already, for `run --url`: sandboxes are made, judged and deleted by its control API. What
 * comes back is what run_mock.c makes in this process, so the rest of `run` knows no difference. */
#include <string.h>

#include "commands/remote.h"
#include "commands/run_mock.h"

/* Asks for `path`; the answer must have that status. False with err. */
static bool remote_ask(const struct im_run_mock *mock, struct im_client_request request,
                       int status, struct im_arena *arena, struct im_str *body,
                       struct im_error *err)
{
    /* one that lives as long as the answer does: that of the scenario, or of all of `run` */
    struct im_client_target at = *(const struct im_client_target *)mock->context;
    struct im_client_answer answer;

    *body = (struct im_str){NULL, 0};
    at.arena = arena;
    if (!request.path.len)
        return im_error_no_memory(err, "asking %.*s", IM_ARG(at.base));
    if (!im_client_ask(&at, &request, &answer, err))
        return false;
    if (answer.status != status)
        return im_remote_refused(&at, &answer, err);
    *body = answer.body;
    return true;
}

static struct im_str path_of(const struct im_run_sandbox *sandbox, const char *below,
                             struct im_arena *arena)
{
    return im_arena_format(arena, "/sandboxes/%.*s%s", IM_ARG(sandbox->name), below);
}

static bool remote_open(const struct im_run_mock *mock, struct im_run_sandbox *sandbox,
                        const struct im_run_order *order, struct im_arena *arena,
                        struct im_error *err)
{
    struct im_client_request request = {.method = "GET",
                                        .path = IM_STR("/scenarios/" IM_RUN_BASELINE)};
    struct im_str text = {NULL, 0}, answer;
    struct im_json_error flaw;
    struct im_json_out out;
    struct im_buf body;
    struct im_error why;

    *sandbox = (struct im_run_sandbox){.box = NULL};
    /* no name: that server finds one that is free, whatever other runs make there at the same time */
    if (im_str_is(order->scenario, IM_RUN_BASELINE) &&
        remote_ask(mock, request, 200, arena, &text, &why))
        text = im_run_baseline_text(text, arena);
    im_buf_init(&body, arena, 0);
    im_json_out_init(&out, &body);
    im_json_open_object(&out, NULL);
    if (text.len)
        im_json_raw(&out, "scenario", text);
    else
        im_json_str(&out, "scenario", order->scenario);
    if (order->proxy)
        im_json_bool(&out, "proxy", true);
    if (mock->seed)
        im_json_int(&out, "seed", (int64_t)mock->seed);
    im_json_close_object(&out);
    request = (struct im_client_request){
        .method = "POST", .path = IM_STR("/sandboxes"), .body = im_buf_str(&body)};
    if (!remote_ask(mock, request, 201, arena, &answer, &why))
        return im_error_set(err, "making its sandbox: %.400s", why.text);
    const struct im_json *json = im_json_parse(arena, answer, &flaw);
    sandbox->name = im_json_get_str(json, "name");
    sandbox->base_url = im_json_get_str(json, "base_url");
    sandbox->proxy_url = im_json_get_str(json, "proxy");
    return (sandbox->name.len && sandbox->base_url.len) ||
           im_error_set(err, "making its sandbox: the answer names none");
}

static const struct im_json *remote_verdict(const struct im_run_mock *mock,
                                            const struct im_run_sandbox *sandbox,
                                            struct im_arena *arena, struct im_error *err)
{
    struct im_client_request request = {.method = "POST",
                                        .path = path_of(sandbox, "/release", arena)};
    struct im_str answer;
    struct im_json_error flaw;
    struct im_error why = {.text = "the answer is not JSON"};
    const struct im_json *verdict = NULL;
    struct im_buf path;

    /* what is still held, was sent all the same: the verdict waits until it is written down */
    bool released = remote_ask(mock, request, 200, arena, &answer, &why);
    im_buf_init(&path, arena, 0);
    im_buf_add(&path, path_of(sandbox, "/verdict?running=false&called=CMD", arena));
    im_buf_addz(&path, mock->fail_fast ? "&client=fail-fast" : "");
    if (mock->baseline)
        im_buf_addf(&path, "&baseline=%.*s", IM_ARG(mock->baseline->name));
    request = (struct im_client_request){.method = "GET", .path = im_buf_str(&path)};
    if (released && remote_ask(mock, request, 200, arena, &answer, &why))
        verdict = im_json_parse(arena, answer, &flaw);
    if (!verdict)
        im_error_set(err, "asking for its verdict: %.400s", why.text);
    return verdict;
}

static struct im_str remote_journal(const struct im_run_mock *mock,
                                    const struct im_run_sandbox *sandbox, bool har,
                                    struct im_arena *arena)
{
    const struct im_client_request request = {
        .method = "GET",
        .path = path_of(sandbox, har ? "/requests.har" : "/requests", arena)};
    struct im_str answer = {NULL, 0};
    struct im_error ignored;

    remote_ask(mock, request, 200, arena, &answer, &ignored);
    return answer;
}

static void remote_close(const struct im_run_mock *mock,
                         const struct im_run_sandbox *sandbox)
{
    struct im_arena arena;
    struct im_error ignored; /* one that is left behind goes by itself, for it is idle */
    struct im_str answer;

    im_arena_init(&arena, 0);
    const struct im_client_request request = {.method = "DELETE",
                                              .path = path_of(sandbox, "", &arena)};
    remote_ask(mock, request, 204, &arena, &answer, &ignored);
    im_arena_release(&arena);
}

struct im_run_mock im_run_remote_of(struct im_client_target *at, uint64_t seed)
{
    return (struct im_run_mock){.context = at,
                                .seed = seed,
                                .open = remote_open,
                                .verdict = remote_verdict,
                                .journal = remote_journal,
                                .close = remote_close};
}

struct im_run_scenario *im_run_remote_scenarios(const struct im_run_mock *mock,
                                                struct im_arena *arena, size_t *count,
                                                struct im_error *err)
{
    const struct im_client_request request = {.method = "GET",
                                              .path = IM_STR("/scenarios")};
    struct im_json_error flaw;
    struct im_str answer;

    if (!remote_ask(mock, request, 200, arena, &answer, err))
        return NULL;
    const struct im_json *list =
        im_json_get(im_json_parse(arena, answer, &flaw), "scenarios");
    struct im_run_scenario *scenarios =
        list ? IM_ARENA_ARRAY(arena, struct im_run_scenario, list->count + 1) : NULL;
    *count = 0;
    for (const struct im_json *at = scenarios ? list->first : NULL; at; at = at->next)
        scenarios[(*count)++] = (struct im_run_scenario){
            .name = im_json_get_str(at, "name"),
            .about = im_json_get_str(at, "about"),
            .needs_proxy = im_json_get(at, "needs_proxy") != NULL,
            .cause = im_json_get_str(at, "cause")};
    if (!scenarios)
        im_error_set(err, "asking for the scenarios: the answer lists none");
    return scenarios;
}

bool im_run_remote_take_hosts(struct im_run_mock *mock, struct im_arena *arena,
                              struct im_error *err)
{
    const struct im_client_request request = {.method = "GET", .path = IM_STR("/ready")};
    struct im_json_error flaw;
    struct im_str answer;

    if (!remote_ask(mock, request, 200, arena, &answer, err))
        return false;
    mock->intercept = im_json_get_str(im_json_parse(arena, answer, &flaw), "intercept");
    return true;
}
