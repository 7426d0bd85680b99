/* One exchange: a request, its answer, and what is known of the reasons for it. There is one struct
 * for all: the pipeline fills it on the way, endpoints and grants record in it what
 * they learn, refusal.c words by it, rules and expectations ask it, the journal keeps a copy. */
#ifndef IM_CAUSES_EXCHANGE_H
#define IM_CAUSES_EXCHANGE_H

#include "base/secrets.h"
#include "causes/cause.h"
#include "http/callback.h"
#include "http/fault.h"
#include "http/request.h"
#include "http/response.h"

/* What a route leads to. */
enum im_endpoint {
    IM_ENDPOINT_NONE, /* no route was looked for yet; in a filter: any */
    IM_ENDPOINT_TOKEN,
    IM_ENDPOINT_AUTHORIZE,
    IM_ENDPOINT_REVOKE,
    IM_ENDPOINT_INTROSPECT,
    IM_ENDPOINT_DISCOVERY,
    IM_ENDPOINT_JWKS,
    IM_ENDPOINT_RESOURCE,
    IM_ENDPOINT_QUERY,
    IM_ENDPOINT_MODEL,
    IM_ENDPOINT_SESSION,
    IM_ENDPOINT_PROXY,   /* what the forward proxy itself answers: CONNECT, other hosts */
    IM_ENDPOINT_UNKNOWN, /* there is no such path */
    IM_ENDPOINTS
};

/* What scenarios call several endpoints together. */
enum im_endpoint_group {
    IM_GROUP_NONE,
    IM_GROUP_API,
    IM_GROUP_OAUTH,
    IM_GROUP_READ, /* of the API: what changes nothing, whichever way the client reads */
    IM_GROUPS
};

/* As journal, scenarios and metrics say it; NULL past the end, so that names can be listed from
 * IM_ENDPOINT_TOKEN on. */
const char *im_endpoint_name(enum im_endpoint endpoint);
enum im_endpoint im_endpoint_find(
    struct im_str name); /* IM_ENDPOINT_NONE = not one of them */
enum im_endpoint_group im_endpoint_group(enum im_endpoint endpoint);
const char *im_endpoint_group_name(enum im_endpoint_group group); /* "api", "oauth" */
/* All that exchanges are asked for by: the names of endpoints, then those of groups; NULL past them. */
const char *im_endpoint_word(size_t index);
/* Is the exchange one of IM_GROUP_READ: GET of objects, session and model, POST of query? */
bool im_exchange_is_read(const struct im_exchange *exchange);
/* Is it to the endpoint, or of the group, of that name? */
bool im_exchange_goes_to(const struct im_exchange *exchange, struct im_str word);

/* Statuses that are asked for: one, or a class such as 400 to 499. 0 = any. */
struct im_status_range {
    int min, max;
};
bool im_status_fits(const struct im_status_range *range, int status);

/* Where a refusal is worded. Set by the route. */
enum im_place { IM_PLACE_TOKEN, IM_PLACE_API, IM_PLACE_ARTICLE };

struct im_note {
    enum im_cause cause;
    struct im_str text;
};

enum {
    IM_NOTES_MAX = 6,
    IM_EXCHANGE_BODY_MAX = 16 * 1024 /* bytes kept of each body, and of all headers */
};

/* The rule that a request brings with it, in its headers (scenario/trigger.h). */
#define IM_RULE_BROUGHT (~0U)

/* Texts are empty and numbers 0 where nothing is known. Times in µs are monotonic. What the
 * pipeline learns holds no secret; target, headers, bodies, redirect_uri and state are as on the
 * wire and leave through http/redact.h alone. A text that is added belongs into the list of
 * journal.c too. Lifetime: request; in the journal's copies, that of the copy. */
struct im_exchange {
    /* How it came. */
    uint64_t id;           /* of the journal: 1, 2, … per sandbox, never reused */
    uint64_t connection;   /* 0 = without a socket */
    int64_t connection_us; /* when that began */
    int64_t began_us;      /* the request arrived */
    struct im_str method, target, peer;
    struct im_str path; /* of the target, what is below the base URL, without the query */
    struct im_str request_headers; /* "Name: value\n" lines */
    struct im_str request_body;
    size_t request_body_len;    /* before it was cut to IM_EXCHANGE_BODY_MAX */
    struct im_secrets *secrets; /* the sandbox's: what of all this must not leave */
    uint64_t
        call; /* hash of method, path, query and body: the same call again has the same, in
                      whatever sandbox */

    /* Who asked for what. */
    enum im_endpoint endpoint;
    struct im_str grant; /* grant_type */
    struct im_str client_id;
    struct im_str user;   /* "ws_user@acme" */
    struct im_str entity; /* where it works, or a token is for; empty = the top level */
    struct im_str scope;  /* asked for, or of the token presented */
    struct im_str token;  /* fingerprint of the token or code presented */
    uint64_t grant_id;    /* the grant which that belongs to */
    struct im_str issued; /* fingerprint of the access token handed out */
    int64_t issued_for_s; /* its expires_in */
    struct im_str object; /* "accounts-payable/vendor" */
    struct im_str field;  /* the offending field of a payload */
    bool created; /* a record that was not there before, whatever became of the answer */

    /* The cause of the refusal, and how it is worded. */
    enum im_cause cause;     /* CAUSE_NONE = it was not */
    enum im_cause worded_as; /* the row whose wording is sent; normally = cause */
    struct im_str evidence;  /* "expired 12 s ago: exp …, now …" */
    struct im_note notes[IM_NOTES_MAX]; /* warnings beside the answer */
    size_t note_count;
    enum im_place place;
    bool page;       /* a person is looking: refusals are HTML pages … */
    bool page_ready; /* the endpoint has worded this refusal for that person itself
                        (the sign-in page again): status and body stay */
    struct im_str redirect_uri; /* … or, once this is known to be sound, redirects */
    struct im_str state;
    enum im_response_mode response_mode; /* how the client wants the answer sent */
    const char
        *redirect_error; /* the `error` sent there, instead of that of the cause's row */
    int64_t
        retry_after_s; /* Retry-After; 0 = that of the cause's row. Of a whole exchange: as sent */
    bool bearer_challenge; /* WWW-Authenticate: Bearer error=… belongs to the answer */
    struct im_str allow;   /* 405, preflights: "GET, POST" */

    /* What a scenario did to it. */
    unsigned rule; /* the first of its rules that fired, from 1; or IM_RULE_BROUGHT */
    const char *effect;  /* the first change of the world that it set off; static */
    enum im_fault fault; /* how delivery is damaged, or the TLS of the tunnel asked for */
    enum im_fault tls;   /* how the TLS of its connection was spoilt */
    int64_t delay_ms;    /* the answer is still held back for so long */

    /* The answer. */
    int status;       /* as decided: see im_exchange_status */
    const char *code; /* of a refusal: "REST-1206"; NULL = it has none; static */
    struct im_str response_headers; /* "Name: value\n" lines */
    struct im_str response_body;
    size_t response_body_len;
    int64_t at_ms;       /* the sandbox's clock when it was decided */
    int64_t real_ms;     /* the system's clock */
    int64_t duration_us; /* deciding and wording it */
    int64_t ended_us;    /* decided; delays on purpose included */
    int64_t
        delivered_us; /* the last byte was written, the fault carried out, or the peer gone;
                             0 = not yet */
    bool unheard;     /* the client left before an answer that came late was there */
};

/* Records the refusal with its evidence and returns the cause, so that refusing is one
 * statement. The first refusal of a request wins. */
enum im_cause im_refuse(struct im_request *req, enum im_cause cause, const char *format,
                        ...) IM_PRINTF(3, 4);
/* The cause is one thing, the wording on the wire that of another row: a misspelled
 * parameter is answered as the missing one it stands for. */
enum im_cause im_refuse_as(struct im_request *req, enum im_cause cause,
                           enum im_cause worded_as, const char *format, ...)
    IM_PRINTF(4, 5);
/* credential-placeholder, worded as that of an unknown value, when what was sent is a template that
 * was not filled in; else CAUSE_NONE. what: "client_secret". It is quoted: it is no secret. */
enum im_cause im_refuse_placeholder(struct im_request *req, const char *what,
                                    struct im_str sent, enum im_cause worded_as);
/* What a client sent, fit for evidence, log and exchange: without secrets, short, printable. */
struct im_str im_quote(const struct im_request *req, struct im_str text);
/* A warning: the request is not refused for it. */
void im_note(struct im_request *req, enum im_cause cause, const char *format, ...)
    IM_PRINTF(3, 4);

/* Hash of method, path, query and body: the same call again has the same. */
uint64_t im_call_hash(const struct im_request *req);
/* Fills in what request and answer say themselves, once the answer stands. Views of both. */
void im_exchange_complete(const struct im_request *req, const struct im_response *res);
/* The headers of a request as an exchange has them. Lifetime: request. */
struct im_str im_exchange_header_lines(const struct im_request *req);
/* The status that the client could take for an answer: 0 where delivery was damaged. */
int im_exchange_status(const struct im_exchange *exchange);

/* ---- a copy that lasts ---- */

/* Of the struct and all its texts, in one piece of memory. */
size_t im_exchange_packed_size(const struct im_exchange *exchange);
/* Copies the exchange into `memory`, which has room for that: the struct, then its texts. */
struct im_exchange *im_exchange_pack(void *memory, const struct im_exchange *from);

#endif
