/* What the product costs beyond CivetWeb: requests per second over keep-alive connections, as
 * ratios to a bare CivetWeb responder that sends a canned answer of the same size, measured in turns
 * within one run (machines are noisy; the ratio is what counts). And signed article tokens against
 * what OpenSSL alone signs. */
#include <arpa/inet.h>
#include <civetweb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "intacct_mock.h"
#include "oauth/jwt.h"

enum { CONNECTIONS = 16, TURNS = 4, TURN_MS = 700, ANSWER_MAX = 16384 };

#define FORM                                                                             \
    "grant_type=client_credentials&client_id=demo&client_secret=demo-secret&"            \
    "username=ws_user@acme"

/* ---- the bare responder ---- */

static int respond(struct mg_connection *conn)
{
    char body[1024];
    char answer[2048];

    mg_read(conn, body, sizeof(body));
    memset(body, 'x', 931);
    int len = snprintf(answer, sizeof(answer),
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: 931\r\nConnection: keep-alive\r\n\r\n%.931s",
                       body);
    mg_write(conn, answer, (size_t)len);
    return 200;
}

static struct mg_context *start_bare(int *port)
{
    const char *options[] = {"listening_ports",       "127.0.0.1:0", "num_threads", "64",
                             "enable_keep_alive",     "yes",         "tcp_nodelay", "1",
                             "keep_alive_timeout_ms", "5000",        NULL};
    struct mg_callbacks callbacks;
    struct mg_server_port listening;

    memset(&callbacks, 0, sizeof(callbacks));
    callbacks.begin_request = respond;
    struct mg_context *bare = mg_start(&callbacks, NULL, options);
    if (!bare || mg_get_server_ports(bare, 1, &listening) != 1) {
        fprintf(stderr, "the bare responder does not start\n");
        exit(1);
    }
    *port = listening.port;
    return bare;
}

/* ---- the client ---- */

struct load {
    int port;
    const char *request;
    size_t request_len;
    int64_t until_ms;
    atomic_long answered;
};

static int connect_to(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        exit(1);
    return fd;
}

/* Reads one whole answer; false when the server closed. */
static bool read_answer(int fd)
{
    char text[ANSWER_MAX];
    size_t have = 0;

    while (have < sizeof(text) - 1) {
        ssize_t n = recv(fd, text + have, sizeof(text) - 1 - have, 0);
        if (n <= 0)
            return false;
        have += (size_t)n;
        text[have] = '\0';
        char *end = strstr(text, "\r\n\r\n");
        char *length = end ? strstr(text, "Content-Length: ") : NULL;
        if (length && have >= (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10))
            return true;
    }
    return false;
}

static void *drive(void *context)
{
    struct load *load = context;
    int fd = connect_to(load->port);

    while (im_clock_monotonic_ms() < load->until_ms) {
        if (send(fd, load->request, load->request_len, MSG_NOSIGNAL) < 0 ||
            !read_answer(fd)) {
            close(fd);
            fd = connect_to(load->port);
            continue;
        }
        load->answered++;
    }
    close(fd);
    return NULL;
}

static double per_second(int port, const char *request)
{
    struct load load = {port, request, strlen(request), im_clock_monotonic_ms() + TURN_MS,
                        0};
    pthread_t threads[CONNECTIONS];

    for (int i = 0; i < CONNECTIONS; i++)
        pthread_create(&threads[i], NULL, drive, &load);
    for (int i = 0; i < CONNECTIONS; i++)
        pthread_join(threads[i], NULL);
    return (double)load.answered * 1000.0 / TURN_MS;
}

/* ---- turns ---- */

struct contest {
    const char *name;
    int port;
    char request[1024];
    double best;
};

static void post(struct contest *c, const char *path)
{
    snprintf(c->request, sizeof(c->request),
             "POST %s HTTP/1.1\r\nHost: localhost\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             path, strlen(FORM), FORM);
}

static void get_vendors(struct contest *c, struct im_server *mock)
{
    struct im_message ask = {"POST", "/ia/api/v1/oauth2/token",
                             "Content-Type: application/x-www-form-urlencoded\n", FORM,
                             strlen(FORM)};
    struct im_reply reply;
    char token[700] = "";

    im_handle(mock, &ask, &reply);
    char *at = strstr(reply.body, "access_token\":\"");
    if (at)
        sscanf(at + 15, "%699[^\"]", token);
    im_reply_release(&reply);
    snprintf(c->request, sizeof(c->request),
             "GET /ia/api/v1/objects/accounts-payable/vendor/43 HTTP/1.1\r\n"
             "Host: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
             token);
}

static double signatures_per_second(void)
{
    struct im_rng rng;
    struct im_error err;
    int64_t until = im_clock_monotonic_ms() + TURN_MS;
    long n = 0;

    im_rng_init_seed(&rng, 7, IM_STR("bench"));
    struct im_keys *keys = im_keys_new(&rng, &err);
    for (; keys && im_clock_monotonic_ms() < until; n++) {
        struct im_arena arena;
        im_arena_init(&arena, 0);
        im_jwt_sign(keys, &arena, IM_JWT_RS512, true, IM_STR("{}"), &err);
        im_arena_release(&arena);
    }
    im_keys_free(keys);
    return (double)n * 1000.0 / TURN_MS;
}

int main(void)
{
    struct im_options options = {.seed = 7, .threads = 64};
    struct contest contests[] = {{.name = "bare CivetWeb"},
                                 {.name = "REST token (HS256)"},
                                 {.name = "API call"},
                                 {.name = "article token (2 x RS512)"}};
    enum { N = sizeof(contests) / sizeof(contests[0]) };
    struct im_server *mock = im_start(&options, NULL, 0);
    struct mg_context *bare = start_bare(&contests[0].port);
    int port = mock ? atoi(strrchr(im_http_url(mock), ':') + 1) : 0;
    double signatures = 0;

    if (!mock)
        return 1;
    for (int i = 1; i < N; i++)
        contests[i].port = port;
    post(&contests[0], "/");
    post(&contests[1], "/ia/api/v1/oauth2/token");
    get_vendors(&contests[2], mock);
    post(&contests[3], "/identity/v2/oauth2/token");
    for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 0; i < N; i++) {
            double speed = per_second(contests[i].port, contests[i].request);
            contests[i].best = speed > contests[i].best ? speed : contests[i].best;
        }
        double speed = signatures_per_second();
        signatures = speed > signatures ? speed : signatures;
    }
    for (int i = 0; i < N; i++)
        printf("%-28s %9.0f /s   %.2f of bare\n", contests[i].name, contests[i].best,
               contests[i].best / contests[0].best);
    printf("%-28s %9.0f /s on one core; the article's tokens use %.2f of it\n",
           "RS512 signatures", signatures, 2 * contests[3].best / signatures);
    mg_stop(bare);
    im_stop(mock);
    return 0;
}
