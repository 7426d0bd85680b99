/* What CivetWeb alone can do, to compare with: a responder that sends a canned answer of the
 * size of a token's, with the settings that the mock has (keep-alive, TCP_NODELAY, 64
 * threads). With the path of a PEM file it speaks HTTPS as well. It prints its ports and
 * ends when its input does. */
#include <civetweb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY = 931 };

static int respond(struct mg_connection *conn)
{
    char body[1024];
    char answer[2048];

    mg_read(conn, body, sizeof(body));
    memset(body, 'x', BODY);
    int len = snprintf(answer, sizeof(answer),
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: %d\r\nConnection: %s\r\n\r\n%.*s",
                       BODY, mg_get_header(conn, "Connection") ? "close" : "keep-alive",
                       BODY, body);
    mg_write(conn, answer, (size_t)len);
    return 200;
}

int main(int argc, char **argv)
{
    const char *pem = argc > 1 ? argv[1] : NULL;
    const char *options[] = {"listening_ports",
                             pem ? "127.0.0.1:0,127.0.0.1:0s" : "127.0.0.1:0",
                             "num_threads",
                             "64",
                             "enable_keep_alive",
                             "yes",
                             "tcp_nodelay",
                             "1",
                             "keep_alive_timeout_ms",
                             "5000",
                             pem ? "ssl_certificate" : NULL,
                             pem,
                             NULL};
    struct mg_callbacks callbacks;
    struct mg_server_port ports[2];

    signal(SIGPIPE, SIG_IGN); /* the mock's door to CivetWeb keeps it from doing so */
    mg_init_library(MG_FEATURES_SSL);
    memset(&callbacks, 0, sizeof(callbacks));
    callbacks.begin_request = respond;
    struct mg_context *bare = mg_start(&callbacks, NULL, options);
    int count = bare ? mg_get_server_ports(bare, 2, ports) : 0;
    if (count < 1) {
        fprintf(stderr, "the bare responder does not start\n");
        return 1;
    }
    printf("ready %d %d\n", ports[0].port, count > 1 ? ports[1].port : 0);
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    mg_stop(bare);
    mg_exit_library();
    return 0;
}
