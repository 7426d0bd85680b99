/* The program's own HTTP client: what the verbs that talk to a running server (tail, do, clock, …), `env`,
 * `run --url` and `ready` use. One request for each connection, over HTTP or HTTPS (RFC 9112). Not for
 * threads. */
#ifndef IM_COMMANDS_CLIENT_H
#define IM_COMMANDS_CLIENT_H

#include "base/json.h"
#include "commands/args.h"

/* What says where the server is. A verb has these rows in its table, and the struct in its own. */
struct im_client_options {
    const char *url;     /* NULL = as im_client_find says */
    const char *token;   /* of the control API; NULL = none */
    const char *ca_file; /* PEM; NULL = the system's CAs */
};
#define IM_CLIENT_URL(type, member)                                                      \
    {                                                                                    \
        "url", "URL", IM_OPTION_TEXT, offsetof(type, member.url),                        \
            .variable = "url", .help = "where the server is (default: this machine)"     \
    }
/* The paragraph of --help about it. */
#define IM_CLIENT_MORE                                                                   \
    "The server is found by --url, else INTACCT_MOCK_URL, else on 127.0.0.1 by\n"        \
    "INTACCT_MOCK_CONTROL or INTACCT_MOCK_PORT, else 8080. --token and --ca-file are\n"  \
    "INTACCT_MOCK_CONTROL_TOKEN and INTACCT_MOCK_CA_FILE as well.\n"
#define IM_CLIENT_CA(type, member)                                                       \
    {                                                                                    \
        "ca-file", "FILE", IM_OPTION_TEXT, offsetof(type, member.ca_file),               \
            .variable = "ca-file",                                                       \
            .help = "for https, trust the CA in this file (PEM) alone"                   \
    }
#define IM_CLIENT_TOKEN(type, member)                                                    \
    {                                                                                    \
        "token", "T", IM_OPTION_TEXT, offsetof(type, member.token),                      \
            .variable = "control-token", .help = "the server's --control-token"          \
    }

/* A server to be asked. Texts: the arena's. */
struct im_client_target {
    struct im_arena *arena;
    bool tls;
    struct im_str host; /* without the brackets of an IPv6 address */
    int port;
    struct im_str base;    /* "http://HOST:PORT/PREFIX": what /__mock stands behind */
    struct im_str prefix;  /* "/PREFIX", or empty */
    struct im_str sandbox; /* that the URL names (…/s/NAME); empty = none */
    const char *token, *ca_file;
    int64_t patience_ms; /* for an answer, and for each piece of a stream */
    bool
        watches_output; /* a stream also ends when nobody reads standard output any more */
};

/* Finds the server: by the options' URL, else where `serve` listens in the same environment
 * (INTACCT_MOCK_CONTROL, INTACCT_MOCK_PORT). False with err: it is no URL of http or https. */
bool im_client_find(struct im_client_target *client,
                    const struct im_client_options *options, struct im_arena *arena,
                    struct im_error *err);

struct im_client_request {
    const char *method;
    struct im_str path;  /* below /__mock: "/sandboxes/default/clock?x=y" */
    const char *accept;  /* NULL = application/json */
    struct im_str event; /* Last-Event-ID; empty = none */
    struct im_str body;  /* JSON; empty = none */
};
struct im_client_answer {
    int status;
    struct im_str head; /* its lines */
    struct im_str body;
};
/* The value of a header of that name (case folded); empty = there is none. */
struct im_str im_client_header(const struct im_client_answer *answer, const char *name);

/* Asks and waits for the whole answer. False with err: there was none, and what to do about it. */
bool im_client_ask(const struct im_client_target *client,
                   const struct im_client_request *request,
                   struct im_client_answer *answer, struct im_error *err);

/* Takes a piece of the body of a 200; false = no more is wanted. */
typedef bool im_client_taker(void *context, struct im_str piece);
/* The same, and gives a body with status 200 away as it comes; that of any other status is the answer's.
 * False with err also where the answer broke off. */
bool im_client_stream(const struct im_client_target *client,
                      const struct im_client_request *request,
                      struct im_client_answer *answer, im_client_taker *take,
                      void *context, struct im_error *err);

#endif
