/* Which requests (of a rule) or exchanges (of an expectation): every field that is given must
 * fit. Counting (nth, every, rate) is not done here: see scenario.h and expect.h. */
#ifndef IM_SCENARIO_WHEN_H
#define IM_SCENARIO_WHEN_H

#include "base/json_read.h"
#include "causes/exchange.h"

/* Names and globs: of headers, of query parameters, of form fields or JSON pointers (RFC 6901). As
 * im_json_list has it. */
struct im_when_pairs {
    struct im_json_pair *items;
    size_t count;
};

/* Lifetime: of the scenario. Empty, 0 or (rate) negative = not given: then everything fits. */
struct im_when {
    struct im_str endpoint; /* a route's name, or a group: "api", "oauth", "read" */
    struct im_str grant, client, method;
    struct im_str user;  /* USER@COMPANY[|ENTITY], globs; no entity = any, empty = none */
    struct im_str path;  /* glob */
    struct im_str scope; /* this word is among the scopes */
    enum im_fault
        tls; /* came over a connection that was spoilt so; IM_FAULT_NONE = not said. Of
                            expectations alone */
    struct im_when_pairs header, query, body; /* each of them fits its glob */
    int64_t nth;                              /* the nth that fits, from 1 */
    int64_t every;                            /* every nth that fits */
    double rate;  /* this share of those that fit, 0 to 1; < 0 = not given */
    int64_t seed; /* of `rate` */
};

/* Does the request or exchange fit, counting left aside? */
bool im_when_fits(const struct im_when *when, const struct im_exchange *exchange);
/* Is the `n`th that fits (from 1) one of those meant by nth, every and rate? */
bool im_when_counts(const struct im_when *when, uint64_t n);
/* The one user whom it is about, USER@COMPANY; empty when it may be several. */
struct im_str im_when_one_user(const struct im_when *when);
/* Does it ask for more than an exchange knows before it is complete: target, headers, body? */
bool im_when_asks_content(const struct im_when *when);
/* The members that rules and expectations share, and those that only rules have (rate and seed);
 * both are read into a struct im_when. */
extern const struct im_json_table im_when_shared, im_when_chance;
/* The member "status", a number or a class ("4xx"), read into a struct im_status_range. */
extern const struct im_json_table im_when_status;
extern const struct im_json_names im_when_endpoints; /* there are, then the groups */
extern const struct im_json_names
    im_when_tls; /* "expired": from IM_FAULT_TLS_EXPIRED on */
/* Is it about connections through the proxy, rather than about requests? */
bool im_when_is_proxy(const struct im_when *when);

#endif
