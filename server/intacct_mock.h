/* intacct-mock inside your own test process: the one public header, and its manual.
 *
 *     #include <intacct_mock.h>
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *
 *     int main(void)
 *     {
 *         char error[IM_ERROR_MAX];
 *         int outcome;
 *         struct im_server *mock = im_start(NULL, error, sizeof(error));
 *         if (!mock)
 *             return fprintf(stderr, "%s\n", error), 1;
 *         im_use_scenario(mock, NULL, "access-token-expired", error, sizeof(error));
 *         setenv("INTACCT_BASE_URL", im_http_url(mock), 1);
 *         run_my_integration();
 *         char *verdict = im_verdict(mock, NULL, &outcome, error, sizeof(error));
 *         puts(verdict);
 *         im_free(verdict);
 *         im_stop(mock);
 *         return outcome == IM_VERDICT_MET ? 0 : 1;
 *     }
 *
 *     cc test.c $(pkg-config --cflags --libs intacct-mock)
 *
 * A mock for tests only, not affiliated with Sage. Several servers may run in one process, started
 * and stopped by any thread. Every function is thread-safe, except that nothing may be called on a
 * server that is being stopped, and that a server is stopped once (as memory is freed once). What
 * comes over its sockets meanwhile is fine: im_stop waits for it.
 *
 * `sandbox` names one sandbox: NULL or "default" is that of the plain address, "SCENARIO" or
 * "SCENARIO.KEY" that of the address with /s/SCENARIO.KEY behind it; naming it makes it. A name is
 * at most 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit.
 *
 * `error`, of error_size bytes, gets one line when a function fails: what was attempted, what was
 * wrong, what would be right; it is cut where the room ends. When nothing fails it is emptied. It
 * may be NULL; IM_ERROR_MAX bytes hold every message. A NULL server, or another NULL that may not
 * be, is such a failure.
 *
 * The library never exits, aborts, prints, installs signal handlers or changes the locale. It is
 * C99 and may be called from C++. */
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
/* What a verdict comes to. */
enum {
    IM_VERDICT_MET = 0,
    IM_VERDICT_NOT_MET = 1,
    IM_VERDICT_NOT_EXERCISED = 2,
    IM_VERDICT_PARTLY = 3
};

struct im_server; /* one running mock */

/* Zero is the default everywhere. Texts are copied. Later versions may add members at the end: a program that
 * sets one of those sets `size` too. A library that is older than a member that is set refuses to start. */
struct im_options {
    size_t size;      /* sizeof(struct im_options); 0 = up to proxy_pass */
    const char *bind; /* address to listen on; NULL = 127.0.0.1 and ::1 */
    int port;         /* HTTP: 0 = any free port, IM_OFF = none */
    int https_port;   /* with https: 0 = any free port */
    int https;        /* non-zero: serve HTTPS too */
    const char
        *cert_file; /* PEM, with key_file; NULL = a CA and a certificate in memory */
    const char *key_file;
    const char
        *cert_names;     /* what the certificate made is for besides: "a.test,10.1.2.3" */
    const char *ca_file; /* the CA's certificate is written there; NULL = nowhere */
    const char *ca_dir;  /* the CA and its key are kept there; NULL = nowhere */
    const char
        *client_ca;   /* HTTPS clients need a certificate by a CA in it; NULL = none */
    int control_port; /* 0 = /__mock on the ports above; IM_OFF = nowhere; else its own */
    const char
        *control_token; /* demanded as Authorization: Bearer on /__mock; NULL = none */
    const char
        *public_url; /* what issuer and links say; NULL = from the request's Host */
    int no_hints;    /* non-zero: no X-Intacct-Mock-* headers */
    int no_cors;     /* non-zero: pages of another origin are not let in (CORS) */
    int trust_proxy; /* non-zero: issuer and links follow Forwarded, X-Forwarded-* */
    uint64_t seed;   /* same seed, requests and clock = same bytes; 0 = random */
    const char
        *scenario; /* of the default sandbox: a name, or a file; NULL = happy-path */
    const char *scenarios_dir;  /* folder with more scenarios (*.json); NULL = none */
    size_t journal;             /* exchanges kept per sandbox; 0 = 1000 */
    size_t journal_memory;      /* bytes of all journals together; 0 = 1 GiB */
    size_t sandboxes;           /* at most, besides the default one; 0 = 10000 */
    int64_t sandbox_ttl_ms;     /* a sandbox that was idle for so long is gone; 0 = 1 h */
    int threads;                /* requests worked on at once; 0 = 200 */
    int64_t start_ms;           /* where the clock starts, ms since 1970; 0 = now */
    const char *log;            /* "text" or "json" on standard error; NULL = silent */
    const char *log_level;      /* "error", "warn", "info", "debug"; NULL = "info" */
    const char *control_origin; /* pages of these origins may use /__mock:
                                   "http://localhost:5173,…" or "*"; NULL = none */
    int proxy;                  /* non-zero: be a forward proxy too */
    int proxy_port;             /* with proxy: 0 = any free port */
    const char *intercept; /* hosts answered for: "api.intacct.com,*.example.org"; NULL =
                              api.intacct.com */
    int proxy_pass; /* non-zero: the proxy passes every other host on; 0: refuses */
};

/* Starts a mock; it answers from the moment this returns. NULL with one line in error (what was
 * attempted, why it failed, what to do) when a port is taken, a key unreadable, memory short.
 * options may be NULL; so may error. The caller stops what was started. */
IM_API struct im_server *im_start(const struct im_options *options, char *error,
                                  size_t error_size);
/* Stops accepting, lets requests in flight finish (at most 1 s; those that a scenario holds or
 * delays go on at once), frees all, and the port is free again. NULL is fine. The pointer is dead
 * afterwards, as after free(): who may come to stop it twice sets it to NULL. */
IM_API void im_stop(struct im_server *server);

/* "http://127.0.0.1:8080", or "" when that is off or server is NULL. Valid until im_stop. */
IM_API const char *im_http_url(const struct im_server *server);
IM_API const char *im_https_url(const struct im_server *server);
/* The address under which /__mock lies, or "". */
IM_API const char *im_control_url(const struct im_server *server);
/* The forward proxy for programs that have Sage's host compiled in (HTTPS_PROXY), or "". */
IM_API const char *im_proxy_url(const struct im_server *server);
/* The CA to trust for HTTPS (PEM), or "" when there is none. Valid until im_stop. */
IM_API const char *im_ca_pem(const struct im_server *server);

/* ---- one sandbox; everything below also works with the control API off ---- */

/* What the integration is given as its base URL: "http://127.0.0.1:8080/s/SCENARIO.KEY". NULL when
 * there is no such scenario. Give it to im_free. */
IM_API char *im_base_url(struct im_server *server, const char *sandbox, char *error,
                         size_t error_size);
/* A forward proxy that is this sandbox's alone, "http://127.0.0.1:40001": all that comes through it
 * is for the sandbox. Opened by the first call, closed with the sandbox; needs https or proxy among
 * the options, and no cert_file. NULL on failure. Give it to im_free. */
IM_API char *im_sandbox_proxy(struct im_server *server, const char *sandbox, char *error,
                              size_t error_size);
/* Follows this scenario from now on: the name of one, the path of a file (it holds a '/' or ends in
 * .json; read now and, as it is then, by im_reset), or a whole one as JSON (its first character is a
 * brace). What was handed out stays. 0, or -1 and nothing has changed. */
IM_API int im_use_scenario(struct im_server *server, const char *sandbox,
                           const char *scenario, char *error, size_t error_size);
/* As freshly made: nothing handed out, an empty journal, the clock at its start, the scenario at
 * its beginning. 0 or -1. */
IM_API int im_reset(struct im_server *server, const char *sandbox, char *error,
                    size_t error_size);

/* The clock governs minting, checking, refresh, codes, sessions and the Date header. by_ms may be
 * negative. 0 or -1. */
IM_API int im_advance_clock(struct im_server *server, const char *sandbox, int64_t by_ms,
                            char *error, size_t error_size);
/* Sets it to now_ms (since 1970-01-01T00:00:00Z); frozen non-zero: it stands still from then on,
 * else it goes on. 0 or -1. */
IM_API int im_set_clock(struct im_server *server, const char *sandbox, int64_t now_ms,
                        int frozen, char *error, size_t error_size);

/* Which tokens; NULL = all of them. */
struct im_which {
    const char *kind;                     /* "access", "refresh", "code"; NULL = "all" */
    const char *token, *client_id, *user; /* only this one, only theirs ("jdoe@acme") */
};

/* They reach their end now, or are revoked now. How many, or -1. which may be NULL: all. */
IM_API long im_expire(struct im_server *server, const char *sandbox,
                      const struct im_which *which, char *error, size_t error_size);
IM_API long im_revoke(struct im_server *server, const char *sandbox,
                      const struct im_which *which, char *error, size_t error_size);

/* A token to be minted. Zero is the default everywhere. */
struct im_token_order {
    const char *user;      /* NULL = "ws_user@acme" */
    const char *client_id; /* NULL = "demo" */
    const char *scopes;    /* NULL = as the dialect has it */
    const char *dialect;   /* "rest" or "article"; NULL = "rest" */
    const char *flaw;      /* "expired", "not-yet-valid", "bad-signature", "unknown-key",
                              "wrong-issuer", "wrong-company", "wrong-algorithm", "malformed";
                              NULL = a good one */
    int64_t ttl_ms;        /* of the access token; 0 = as policy says */
};

/* Mints it past every rule. The token response as JSON; give it to im_free. NULL on failure.
 * order may be NULL. */
IM_API char *im_mint(struct im_server *server, const char *sandbox,
                     const struct im_token_order *order, char *error, size_t error_size);

/* ---- its world ---- */

/* Any change of the world, as JSON: {"do": "lock-user", "user": "ws_user@acme"}. The changes and what
 * each takes stand in intacct-mock-scenario(5). How many tokens, users or keys it touched, or -1. */
IM_API long im_world(struct im_server *server, const char *sandbox, const char *change,
                     char *error, size_t error_size);
/* The user ("jdoe@acme"; NULL = "ws_user@acme") signs in to the web UI, which ends the sessions of their
 * access tokens when policy says so. How many, or -1. */
IM_API long im_sign_in(struct im_server *server, const char *sandbox, const char *user,
                       char *error, size_t error_size);
/* The signing keys are rotated: what was signed before is no longer accepted. 0 or -1. */
IM_API int im_rotate_keys(struct im_server *server, const char *sandbox, char *error,
                          size_t error_size);
/* Changes switches of policy, {"rotation": "keep"}, all or none; NULL = none. All switches as they are
 * then, as JSON; give it to im_free. NULL on failure, and nothing has changed. */
IM_API char *im_policy(struct im_server *server, const char *sandbox, const char *change,
                       char *error, size_t error_size);

/* ---- what happened ---- */

/* What was asked, what was answered, and why it was refused: JSON, as GET
 * /__mock/sandboxes/NAME/requests answers. query narrows it: "cause=access-token-expired",
 * "endpoint=token&since=7"; NULL = all. Secrets are fingerprints. Give it to im_free. */
IM_API char *im_journal(struct im_server *server, const char *sandbox, const char *query,
                        char *error, size_t error_size);
/* Did the client do what the scenario expects? JSON with each expectation and the exchanges that
 * show it; *outcome (may be NULL) is an IM_VERDICT_…. Give it to im_free. NULL on failure. */
IM_API char *im_verdict(struct im_server *server, const char *sandbox, int *outcome,
                        char *error, size_t error_size);
/* The same as a text for people, several lines: what to print when a test fails. */
IM_API char *im_verdict_text(struct im_server *server, const char *sandbox, int *outcome,
                             char *error, size_t error_size);
/* A cause by its id: why, what to do, how it is worded, how sure that is. JSON; NULL when there is
 * none of that id. Give it to im_free. */
IM_API char *im_cause(const char *id, char *error, size_t error_size);

/* Frees a text that one of these functions gave. NULL is fine. */
IM_API void im_free(char *text);

/* ---- without a socket ---- */

/* A request for im_handle. */
struct im_message {
    const char *method;  /* "POST" */
    const char *target;  /* "/ia/api/v1/oauth2/token", "/__mock/…" */
    const char *headers; /* "Name: value\n" lines, or NULL */
    const void *body;    /* or NULL */
    size_t body_len;     /* bytes */
};

/* What im_handle answered; owned by the caller, released by im_reply_release. A scenario may damage
 * delivery: of an answer that is dropped or reset nothing arrives (status 0, no header, no body); of
 * one that stalls the headers, of one that is truncated half the body, and the header Content-Length
 * says how much it should have been. */
struct im_reply {
    int status;
    char *headers; /* "Name: value\n" lines, NUL-terminated */
    char *body;    /* NUL-terminated besides its length */
    size_t body_len;
};

/* Answers one request without a socket: the integration's side and the control API alike. A method
 * or target that is NULL is an empty one, and answered as that. 0, or -1 when memory is short, or
 * server or message is NULL (then *reply is empty, and need not be released), or reply is. */
IM_API int im_handle(struct im_server *server, const struct im_message *message,
                     struct im_reply *reply);
/* Frees what is in it and empties it. NULL is fine, and so is an empty one. */
IM_API void im_reply_release(struct im_reply *reply);

IM_API const char *im_version(void); /* "0.1.0" */

#ifdef __cplusplus
}
#endif

#endif
