/* Effects that damage delivery: the answer comes late, cut, wrong or not at all. Before the
 * request took effect, or after it did. The listener obeys what is said in im_response.damage. */
#ifndef IM_SCENARIO_WIRE_H
#define IM_SCENARIO_WIRE_H

#include "base/json_read.h"
#include "http/fault.h"
#include "http/response.h"

/* What one rule does to delivery. Lifetime: of the scenario. */
struct im_wire {
    enum im_fault fault;   /* IM_FAULT_NONE: only delay, hold or retry_after below */
    bool after;            /* the request takes effect first */
    int64_t delay_ms;      /* 0 = none; goes with any fault */
    int64_t hold_until;    /* requests that must be there; 0 = no barrier */
    int64_t hold_ms;       /* … or so long, real time */
    int64_t retry_after_s; /* 0 = none */
    int64_t bytes_per_s;   /* IM_FAULT_BANDWIDTH */
    int status;            /* IM_FAULT_STATUS, IM_FAULT_REDIRECT */
    struct im_str body;    /* IM_FAULT_STATUS, IM_FAULT_HTML: empty = a stand-in */
    const char *content_type;
    struct im_str location; /* IM_FAULT_REDIRECT */
};

/* What a journal calls it: the fault, or delay or hold where that is all. */
enum im_fault im_wire_fault(const struct im_wire *wire);
/* Must the endpoint not be asked at all? (the answer is replaced, before taking effect) */
bool im_wire_replaces(const struct im_wire *wire);
/* Damages the answer in res. */
void im_wire_apply(const struct im_wire *wire, struct im_response *res);
/* How long the body of that answer is on its way. */
int64_t im_wire_takes_ms(const struct im_wire *wire, const struct im_response *res);
/* A redirect to "elsewhere:/PATH" leads to this server by another name, in the same sandbox, below
 * /elsewhere: to the client it is a foreign host, and what it sends there is seen. Where the
 * client knows this server by no name of the loopback, it leads to a host that does not exist, and
 * that only our own proxy answers for. */
void im_wire_locate(const struct im_wire *wire, struct im_str base_url,
                    struct im_response *res);
/* Both ways of writing it: "drop", or {"drop": true, …}; see scenarios/README.md. Into a struct
 * im_wire of zeros. */
enum { IM_WIRE_FORMS = 2 };
extern const struct im_json_row im_wire_forms[IM_WIRE_FORMS];
extern const struct im_json_names im_fault_names; /* all, those of TLS too */

#endif
