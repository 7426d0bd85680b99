/* intacct-mock inside your own test process: the one public header.
 *
 *     #include <intacct_mock.h>
 *
 *     char error[IM_ERROR_MAX];
 *     struct im_server *mock = im_start(NULL, error, sizeof(error));
 *     if (!mock) { fprintf(stderr, "%s\n", error); return 1; }
 *     setenv("INTACCT_BASE_URL", im_http_url(mock), 1);
 *     …your integration runs…
 *     im_stop(mock);
 *
 * A mock for tests only, not affiliated with Sage. Several servers may run in one process; every
 * function is thread-safe except that nothing may be called on a server that is being stopped.
 * The library never exits, aborts, prints, installs signal handlers or changes the locale. C11,
 * callable from C++. */
#ifndef INTACCT_MOCK_H
#define INTACCT_MOCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define IM_API __attribute__((visibility("default")))
#else
#define IM_API
#endif

enum { IM_ERROR_MAX = 512 };
enum { IM_OFF = -1 }; /* a port that is not opened */

struct im_server; /* one running mock */

/* Zero is the default everywhere. Texts are copied. */
struct im_options {
    const char *bind; /* address to listen on; NULL = 127.0.0.1 and ::1 */
    int port;         /* HTTP: 0 = any free port, IM_OFF = none */
    int https_port;   /* with https: 0 = any free port */
    int https;        /* non-zero: serve HTTPS too */
    const char
        *cert_file; /* PEM, with key_file; NULL = a CA and a certificate in memory */
    const char *key_file;
    int control_port; /* 0 = /__mock on the ports above; IM_OFF = nowhere; else its own */
    const char
        *control_token; /* demanded as Authorization: Bearer on /__mock; NULL = none */
    const char
        *public_url;       /* what issuer and links say; NULL = from the request's Host */
    int no_hints;          /* non-zero: no X-Intacct-Mock-* headers */
    uint64_t seed;         /* same seed and requests = same bytes; 0 = random */
    size_t journal;        /* exchanges kept; 0 = 1000 */
    int threads;           /* connections served at once; 0 = 200 */
    int64_t start_ms;      /* where the clock starts, ms since 1970; 0 = now */
    const char *log;       /* "text" or "json" on standard error; NULL = silent */
    const char *log_level; /* "error", "warn", "info", "debug"; NULL = "info" */
};

/* Starts a mock; it answers from the moment this returns. NULL with one line in error (what was
 * attempted, why it failed, what to do) when a port is taken, a key unreadable, memory short.
 * options may be NULL; so may error. The caller stops what was started. */
IM_API struct im_server *im_start(const struct im_options *options, char *error,
                                  size_t error_size);
/* Stops accepting, lets requests in flight finish (at most 1 s), frees all. NULL is fine. */
IM_API void im_stop(struct im_server *server);

/* "http://127.0.0.1:8080", or "" when that is off. Valid until im_stop. */
IM_API const char *im_http_url(const struct im_server *server);
IM_API const char *im_https_url(const struct im_server *server);
/* The address under which /__mock lies, or "". */
IM_API const char *im_control_url(const struct im_server *server);
/* The CA to trust for HTTPS (PEM), or "" when there is none. Valid until im_stop. */
IM_API const char *im_ca_pem(const struct im_server *server);

/* A request for im_handle. */
struct im_message {
    const char *method;  /* "POST" */
    const char *target;  /* "/ia/api/v1/oauth2/token", "/__mock/…" */
    const char *headers; /* "Name: value\n" lines, or NULL */
    const void *body;    /* or NULL */
    size_t body_len;     /* bytes */
};

/* What im_handle answered; owned by the caller, released by im_reply_release. */
struct im_reply {
    int status;
    char *headers; /* "Name: value\n" lines, NUL-terminated */
    char *body;    /* NUL-terminated besides its length */
    size_t body_len;
};

/* Answers one request without a socket: the integration's side and the control API alike.
 * 0, or -1 when memory is short (then *reply is empty). */
IM_API int im_handle(struct im_server *server, const struct im_message *message,
                     struct im_reply *reply);
IM_API void im_reply_release(struct im_reply *reply);

IM_API const char *im_version(void); /* "0.1.0" */

#ifdef __cplusplus
}
#endif

#endif
