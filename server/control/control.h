/* The control API, /__mock/: live control of clocks, tokens and the world, and the way to see what
 * happened. Strict (unknown fields and wrong types are refused by name), never touched by
 * scenarios, never in a sandbox's journal. */
#ifndef IM_CONTROL_CONTROL_H
#define IM_CONTROL_CONTROL_H

#include "http/response.h"
#include "operations.h"

/* Is this request for the control API, here? (/__mock… on a port that serves it) */
bool im_control_owns(const struct im_sandboxes *sandboxes, const struct im_request *req);
/* Answers; or waits, and then res->resume is set. */
void im_control_answer(struct im_sandboxes *sandboxes, struct im_request *req,
                       struct im_response *res);

/* The methods that this path takes, "GET, POST"; empty = there is no such path. */
struct im_str im_control_methods(const struct im_request *req);

/* The ready document: addresses, pid, and the built-in client; also what --port-file holds. */
void im_control_write_ready(struct im_sandboxes *sandboxes, struct im_json_out *out);

/* Where a browser is led that opens the address of the server or of a sandbox; empty = this is no such
 * request, or there are no pages here. Lifetime: request. */
struct im_str im_control_page_for(const struct im_request *req);
/* /favicon.ico */
void im_control_answer_icon(struct im_response *res);

/* ---- inside control/ ---- */

/* One call. Lifetime: request; it outlives its handler when that waits (res->resume) or
 * leaves a stream. */
struct im_call {
    struct im_sandboxes *sandboxes;
    struct im_request *req;
    struct im_response *res;
    struct im_str name;         /* what {name} matched */
    struct im_sandbox *box;     /* that sandbox, kept during the call; else NULL */
    struct im_str id;           /* what {id} matched */
    const struct im_json *body; /* an object; NULL when there is none */
    void *params;               /* the body as a struct, by the route's table */
    struct im_json_out out;     /* writes into the response's body */
};

typedef void im_control_handler(struct im_call *call);

/* Who is answered without the control token. */
enum im_control_open {
    IM_CONTROL_CLOSED = false,
    IM_CONTROL_OPEN = true, /* everybody: health, ready, CA, what pages are made of */
    IM_CONTROL_PAGE         /* a browser, and what it gets is the page, not the answer */
};

struct im_control_route {
    const char *method;
    const char *path; /* below /__mock; {name} a sandbox, {id} any segment */
    im_control_handler *answer;
    enum im_control_open open;
    const char *summary; /* one line, for the index page and the documentation */
    /* What its body may say; NULL = the body is not read. It is read before the handler
     * runs, into a new struct; with size 0 the handler reads it and the table is its schema. */
    const struct im_json_table *body;
};
/* The body of a call that takes none: no member at all. */
extern const struct im_json_table im_control_nothing;
/* The body of a call that takes any text, and reads it itself. */
extern const struct im_json_table im_control_any_text;

/* The tables of each file. */
extern const struct im_control_route im_control_service_routes[];
extern const size_t im_control_service_route_count;
extern const struct im_control_route im_control_scenario_routes[];
extern const size_t im_control_scenario_route_count;
extern const struct im_control_route im_control_sandbox_routes[];
extern const size_t im_control_sandbox_route_count;
extern const struct im_control_route im_control_explain_routes[];
extern const size_t im_control_explain_route_count;
extern const struct im_control_route im_control_world_routes[];
extern const size_t im_control_world_route_count;
extern const struct im_control_route im_control_journal_routes[];
extern const size_t im_control_journal_route_count;
extern const struct im_control_route im_control_page_routes[];
extern const size_t im_control_page_route_count;

struct im_control_table {
    const struct im_control_route *routes;
    const size_t *count;
};
/* All of them, in the order of the index page; IM_CONTROL_TABLES many. */
enum { IM_CONTROL_TABLES = 7 };
extern const struct im_control_table im_control_tables[IM_CONTROL_TABLES];

/* Does a browser ask, to show it? */
bool im_control_wants_page(const struct im_request *req);
/* The document of all pages. */
void im_control_answer_page(struct im_call *call);

/* What comes after a handler: for those that wait to call, once they have answered. */
void im_control_end(struct im_call *call);

/* Begins a JSON answer: call->out then writes into it. */
void im_control_begin(struct im_call *call, int status);
/* Answers {"error": code, "field": …, "message": …}; `field` may be NULL. */
void im_control_refuse(struct im_call *call, int status, const char *field,
                       const char *format, ...) IM_PRINTF(4, 5);

/* Answers the problem of an operation that was not done. */
void im_control_refuse_problem(struct im_call *call, const struct im_problem *problem);
/* Answers 503: too many wait already. */
void im_control_refuse_waiting(struct im_call *call);
/* Answers 400 with what reading found, and the field it was found at. */
void im_control_refuse_fault(struct im_call *call, const struct im_json_fault *fault);

/* The address of the API as the caller knows it, without a sandbox: "http://h:p". */
struct im_str im_control_api_url(const struct im_call *call);
/* The exchange that {id} names; NULL = there is none, and that is answered. Lifetime: request. */
const struct im_exchange *im_control_exchange(struct im_call *call);
/* A sandbox as GET S shows it, as the whole answer with this status. */
void im_control_answer_box(struct im_call *call, struct im_sandbox *box, int status);

/* ---- a stream of events ---- */

enum { IM_EVENTS_SILENCE_MS = 15000 }; /* then a comment keeps the connection alive */

/* What it remembers between its pieces. Lifetime: from the answer to its stream_end, in the request's
 * memory. */
struct im_events {
    struct im_sandboxes *sandboxes;
    struct im_sandbox *box;
    struct im_response *res;
    struct im_journal_filter filter; /* since: the last one that was sent */
    struct im_journal_watch watch;   /* wakes the stream when there is more */
    int64_t spoke_ms;                /* monotonic: when something was last sent */
};

#endif
