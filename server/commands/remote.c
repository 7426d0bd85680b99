/* One call of a running server's control API, what is said when it refuses, and the body of a call that changes
 * something. */
#include "commands/remote.h"

#include <stdio.h>
#include <string.h>

const struct im_option im_remote_table[] = {
    IM_REMOTE_ROWS(struct im_remote_options, ),
    {.flag = NULL},
};

/* ---- one call ---- */

bool im_remote_init(struct im_remote *remote, const struct im_remote_options *options,
                    struct im_arena *arena)
{
    struct im_error err = {.text = ""};

    *remote = (struct im_remote){.json = options->json};
    if (!im_client_find(&remote->client, &options->server, arena, &err)) {
        im_command_fail(IM_EXIT_USAGE, "%s", err.text);
        return false;
    }
    /* what is said aloud goes before what the address only happens to name */
    remote->sandbox = options->sandbox             ? im_str(options->sandbox)
                      : remote->client.sandbox.len ? remote->client.sandbox
                                                   : IM_STR("default");
    return true;
}

struct im_str im_remote_path(const struct im_remote *remote, const char *below)
{
    struct im_buf path;

    im_buf_init(&path, remote->client.arena, 0);
    /* escaped, so that no name leads to another path: the server refuses what is no name, and says why */
    im_buf_addz(&path, "/sandboxes/");
    im_buf_add_url(&path, remote->sandbox);
    im_buf_addz(&path, below);
    return im_buf_str(&path);
}

bool im_remote_refused(const struct im_client_target *client,
                       const struct im_client_answer *answer, struct im_error *err)
{
    struct im_json_error flaw;
    struct im_str message =
        im_json_get_str(im_json_parse(client->arena, answer->body, &flaw), "message");
    struct im_buf visible;

    if (answer->status == 401)
        return im_error_set(
            err, "%.*s answers 401: it wants its --control-token, by --token%s",
            IM_ARG(client->base), client->token ? ", this one is wrong" : "");
    /* whatever else listens there: a proxy, another program, the mock without /__mock */
    if (!message.len)
        return im_error_set(
            err,
            "%.*s answers %d: is it intacct-mock, and is its control API on that port?",
            IM_ARG(client->base), answer->status);
    im_buf_init(&visible, client->arena, 0);
    /* it may quote what somebody sent: a terminal must not obey it */
    im_buf_add_visible(&visible, message);
    return im_error_set(err, "%.*s", IM_ARG(im_buf_str(&visible)));
}

int im_remote_fail(const struct im_remote *remote, const struct im_error *err)
{
    struct im_error why = *err;

    if (!why.text[0])
        im_remote_refused(&remote->client, &remote->answer, &why);
    return im_command_fail(IM_EXIT_NO, "%s", why.text);
}

bool im_remote_ca(const struct im_client_target *client, struct im_str *pem,
                  struct im_error *err)
{
    const struct im_client_request request = {.method = "GET", .path = IM_STR("/ca.pem")};
    struct im_client_answer answer;

    *pem = IM_STR("");
    if (!im_client_ask(client, &request, &answer, err))
        return false;
    if (answer.status == 200)
        *pem = answer.body;
    return answer.status == 200 || answer.status == 404 ||
           im_remote_refused(client, &answer, err);
}

bool im_remote_ask(struct im_remote *remote, const char *method, const char *below,
                   struct im_str body)
{
    const bool whole = strncmp(below, "/__mock", 7) == 0;
    const struct im_client_request request = {
        .method = method,
        .path = whole ? im_str(below + 7) : im_remote_path(remote, below),
        .body = body};
    struct im_error err = {.text = ""};

    if (im_client_ask(&remote->client, &request, &remote->answer, &err) &&
        remote->answer.status / 100 == 2)
        return true;
    im_remote_fail(remote, &err);
    return false;
}

const struct im_json *im_remote_read(const struct im_remote *remote)
{
    struct im_json_error flaw;
    const struct im_json *json =
        im_json_parse(remote->client.arena, remote->answer.body, &flaw);

    if (!json)
        im_command_fail(IM_EXIT_NO, "what %.*s answers is not JSON",
                        IM_ARG(remote->client.base));
    return json;
}

int im_remote_print(const struct im_remote *remote)
{
    struct im_str body = im_str_trim(remote->answer.body);

    printf("%.*s\n", IM_ARG(body));
    return IM_EXIT_FINE;
}

/* ---- a change ---- */

void im_remote_change_begin(struct im_remote_change *change, struct im_arena *arena)
{
    *change = (struct im_remote_change){.count = 0};
    im_buf_init(&change->body, arena, 0);
    im_json_out_init(&change->out, &change->body);
    im_json_open_object(&change->out, NULL);
}

bool im_remote_change_names(struct im_remote_change *change, const char *name,
                            const char *word)
{
    for (size_t i = 0; i < change->count; i++)
        if (strcmp(change->named[i], name) == 0) {
            im_command_fail(
                IM_EXIT_USAGE,
                "\"%.60s\" says twice what \"%s\" is; leave one of the two out", word,
                name);
            return false;
        }
    if (change->count < IM_REMOTE_WORDS_MAX)
        change->named[change->count++] = name;
    return true;
}

bool im_remote_change_send(struct im_remote *remote, struct im_remote_change *change,
                           const char *below)
{
    im_json_close_object(&change->out);
    return im_remote_ask(remote, "POST", below, im_buf_str(&change->body));
}

int im_remote_change_print(const struct im_remote *remote, const char *done,
                           const char *one, const char *many)
{
    if (remote->json)
        return im_remote_print(remote);
    const struct im_json *json = im_remote_read(remote);
    const struct im_json *affected = im_json_get(json, "affected");
    if (!json)
        return IM_EXIT_NO;
    printf("%s: %.*s %s\n", done, IM_ARG(affected ? affected->text : IM_STR("?")),
           affected && affected->whole == 1 ? one : many);
    return IM_EXIT_FINE;
}
