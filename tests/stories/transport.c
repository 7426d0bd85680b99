#include "stories/transport.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

struct transport {
    struct im_server *server;
    const char *base; /* "" in process */
    CURL *curl;       /* NULL in process */
    bool clone;       /* the server is another transport's */
    long patience_ms; /* 0 = ordinary */
};

struct transport *transport_new(const char *over)
{
    struct transport *t = calloc(1, sizeof(*t));
    struct im_options options = {.seed = 42, .https = strcmp(over, "https") == 0};
    char error[IM_ERROR_MAX];

    t->server = im_start(&options, error, sizeof(error));
    if (!t->server) {
        fprintf(stderr, "%s\n", error);
        free(t);
        return NULL;
    }
    t->base = "";
    if (strcmp(over, "process") == 0)
        return t;
    t->base = options.https ? im_https_url(t->server) : im_http_url(t->server);
    t->curl = curl_easy_init();
    return t;
}

void transport_free(struct transport *t)
{
    if (!t)
        return;
    curl_easy_cleanup(t->curl);
    if (!t->clone)
        im_stop(t->server);
    free(t);
}

struct transport *transport_clone(const struct transport *t)
{
    struct transport *clone = calloc(1, sizeof(*clone));

    clone->server = t->server;
    clone->base = t->base;
    clone->curl = t->curl ? curl_easy_init() : NULL;
    clone->clone = true;
    return clone;
}

const char *transport_base(const struct transport *t)
{
    return t->base;
}

void transport_be_wary(struct transport *t, long patience_ms)
{
    t->patience_ms = patience_ms;
}

/* ---- in process ---- */

static enum lost lost_of(const struct im_reply *reply)
{
    const char *promised = strstr(reply->headers, "Content-Length: ");

    if (reply->status == 0)
        return LOST_EMPTY;
    if (!promised || strtoul(promised + 16, NULL, 10) == reply->body_len)
        return LOST_NOT;
    return reply->body_len ? LOST_PARTLY : LOST_WAITING;
}

static bool in_process(struct transport *t, struct im_arena *arena,
                       const struct im_message *message, struct answer *answer,
                       const char **why)
{
    struct im_reply reply;

    if (im_handle(t->server, message, &reply) != 0)
        return false;
    answer->status = reply.status;
    answer->headers = im_arena_copy(arena, im_str(reply.headers));
    answer->body = im_arena_copy(arena, (struct im_str){reply.body, reply.body_len});
    answer->lost = lost_of(&reply);
    im_reply_release(&reply);
    *why = "im_handle says that the answer was lost";
    return answer->lost == LOST_NOT;
}

/* ---- over a wire ---- */

static size_t take_body(char *data, size_t size, size_t n, void *into)
{
    im_buf_add(into, (struct im_str){data, size * n});
    return size * n;
}

static size_t take_header(char *data, size_t size, size_t n, void *into)
{
    struct im_str line = im_str_trim((struct im_str){data, size * n});

    if (im_str_has(line, ':')) {
        im_buf_add(into, line);
        im_buf_addc(into, '\n');
    }
    return size * n;
}

static struct curl_slist *header_list(struct im_arena *arena, struct im_str lines)
{
    /* what curl would add by itself is not part of the story */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    list = curl_slist_append(list, "Content-Type:");
    while (lines.len) {
        struct im_str line = im_arena_copy(arena, im_str_cut(&lines, '\n'));
        list = curl_slist_append(list, line.at);
    }
    return list;
}

static void set_request(struct transport *t, struct im_arena *arena,
                        const struct im_message *message)
{
    struct im_str url = im_arena_format(arena, "%s%s", t->base, message->target);
    struct curl_blob ca = {(void *)(uintptr_t)im_ca_pem(t->server),
                           strlen(im_ca_pem(t->server)), CURL_BLOB_NOCOPY};

    curl_easy_reset(t->curl);
    curl_easy_setopt(t->curl, CURLOPT_URL, url.at);
    curl_easy_setopt(t->curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(t->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS,
                     t->patience_ms ? t->patience_ms : 20000L);
    curl_easy_setopt(t->curl, CURLOPT_FRESH_CONNECT, t->patience_ms ? 1L : 0L);
    if (message->body) {
        curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE, (long)message->body_len);
        curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, message->body);
    }
    curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, message->method);
    curl_easy_setopt(t->curl, CURLOPT_NOBODY,
                     strcmp(message->method, "HEAD") == 0 ? 1L : 0L);
    if (ca.len)
        curl_easy_setopt(t->curl, CURLOPT_CAINFO_BLOB, &ca);
}

static enum lost lost_by(CURLcode done)
{
    switch (done) {
    case CURLE_OK: return LOST_NOT;
    case CURLE_GOT_NOTHING: return LOST_EMPTY;
    case CURLE_RECV_ERROR: return LOST_RESET;
    case CURLE_PARTIAL_FILE: return LOST_PARTLY;
    case CURLE_OPERATION_TIMEDOUT: return LOST_WAITING;
    default: return LOST_ELSE;
    }
}

static bool over_the_wire(struct transport *t, struct im_arena *arena,
                          const struct im_message *message, struct answer *answer,
                          const char **why)
{
    struct curl_slist *headers = header_list(arena, im_str(message->headers));
    struct im_buf header_lines;
    struct im_buf body;
    long status = 0;

    im_buf_init(&header_lines, arena, 0);
    im_buf_init(&body, arena, 0);
    set_request(t, arena, message);
    curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, &header_lines);
    CURLcode done = curl_easy_perform(t->curl);
    curl_slist_free_all(headers);
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    answer->headers = im_arena_copy(arena, im_buf_str(&header_lines));
    answer->body = im_arena_copy(arena, im_buf_str(&body));
    answer->lost = lost_by(done);
    *why = curl_easy_strerror(done);
    return done == CURLE_OK;
}

bool transport_send(struct transport *t, struct im_arena *arena,
                    const struct im_message *message, struct answer *answer,
                    const char **why)
{
    int64_t began_ms = im_clock_monotonic_ms();

    *why = "out of memory";
    bool whole = t->curl ? over_the_wire(t, arena, message, answer, why)
                         : in_process(t, arena, message, answer, why);
    answer->took_ms = im_clock_monotonic_ms() - began_ms;
    return whole;
}
