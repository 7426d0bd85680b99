/* The control API, /__mock/: live control of clocks, tokens and the world, and the way to see what
 * happened. Strict (unknown fields and wrong types are refused by name), never touched by
 * scenarios, never in a sandbox's journal. */
#ifndef IM_CONTROL_CONTROL_H
#define IM_CONTROL_CONTROL_H

#include "http/response.h"
#include "sandboxes.h"

/* Is this request for the control API, here? (/__mock… on a port that serves it) */
bool im_control_owns(const struct im_sandboxes *sandboxes, const struct im_request *req);
void im_control_answer(struct im_sandboxes *sandboxes, struct im_request *req,
                       struct im_response *res);

/* The ready document: addresses, pid, and the built-in client; also what --port-file holds. */
void im_control_write_ready(const struct im_settings *settings, struct im_json_out *out);

/* ---- inside control/ ---- */

/* One call. Lifetime: request. */
struct im_call {
    struct im_sandboxes *sandboxes;
    struct im_request *req;
    struct im_response *res;
    struct im_sandbox *box;     /* of paths with {name}; else NULL */
    struct im_str id;           /* what {id} matched */
    const struct im_json *body; /* an object; NULL when there is none */
    struct im_json_out out;     /* writes into the response's body */
};

typedef void im_control_handler(struct im_call *call);

struct im_control_route {
    const char *method;
    const char *path; /* below /__mock; {name} a sandbox, {id} any segment */
    im_control_handler *answer;
    bool open;           /* needs no control token: health, ready, CA */
    const char *summary; /* one line, for the index page and the documentation */
};

/* The tables of each file. */
extern const struct im_control_route im_control_service_routes[];
extern const size_t im_control_service_route_count;
extern const struct im_control_route im_control_sandbox_routes[];
extern const size_t im_control_sandbox_route_count;
extern const struct im_control_route im_control_token_routes[];
extern const size_t im_control_token_route_count;
extern const struct im_control_route im_control_change_routes[];
extern const size_t im_control_change_route_count;
extern const struct im_control_route im_control_journal_routes[];
extern const size_t im_control_journal_route_count;

struct im_control_table {
    const struct im_control_route *routes;
    const size_t *count;
};
/* All of them, in the order of the index page; IM_CONTROL_TABLES many. */
enum { IM_CONTROL_TABLES = 5 };
extern const struct im_control_table im_control_tables[IM_CONTROL_TABLES];

/* Begins a JSON answer: call->out then writes into it. */
void im_control_begin(struct im_call *call, int status);
/* Answers {"error": code, "field": …, "message": …}; `field` may be NULL. */
void im_control_refuse(struct im_call *call, int status, const char *field,
                       const char *format, ...) IM_PRINTF(4, 5);

/* ---- strict bodies (control/fields.c) ---- */

enum im_take {
    IM_TAKE_TEXT,     /* struct im_str */
    IM_TAKE_BOOL,     /* int: -1 absent, 0, 1 */
    IM_TAKE_NUMBER,   /* double; absent: untouched */
    IM_TAKE_DURATION, /* int64_t ms; absent: untouched */
    IM_TAKE_TIME,     /* int64_t ms since 1970; absent: untouched */
    IM_TAKE_JSON      /* const struct im_json * */
};

struct im_control_field {
    const char *name;
    enum im_take type;
    void *into;
    bool required;
    bool given; /* result */
};

/* Reads the call's body into the fields; `fields` ends with { NULL }. False when it has refused
 * (unknown member with "did you mean", wrong type, missing). A missing body is an empty one. */
bool im_control_fields(struct im_call *call, struct im_control_field *fields);

#endif
