/* The business objects behind the protected API: vendors, bills, customers … in memory,
 * one set per sandbox. No HTTP, no OAuth and no permission in here: the caller has
 * already decided that the call is allowed, and words the refusal.
 *
 * Source of the shapes: Sage Intacct REST API reference (AP, AR, GL, Company
 * Configuration), "Query service" guide and the core.query / core.model OpenAPI files.
 * What could not be found there is marked "guess".
 *
 * Every operation is one atomic call, thread-safe under the store's own lock (a leaf).
 * Results are written as JSON text into the caller's writer: nothing handed out points
 * into the store. */
#ifndef IM_OBJECTS_OBJECTS_H
#define IM_OBJECTS_OBJECTS_H

#include <pthread.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

#define IM_OBJECTS_ROWS_MAX      10000 /* rows of one type in one store */
#define IM_OBJECTS_ROW_BYTES_MAX 65536 /* bytes one row may take */
#define IM_OBJECTS_PAGE_DEFAULT  100   /* documented */
#define IM_IDEMPOTENCY_MAX       10000 /* Idempotency-Keys remembered in one store */
#define IM_IDEMPOTENCY_MS        INT64_C(172800000) /* for 48 hours (documented) */
#define IM_OBJECTS_PAGE_MAX      4000               /* documented */

/* ---- types (static, the same for all stores) ---- */

enum im_object_kind {
    IM_FIELD_KEY,      /* the row's key: a string of digits, given by the store */
    IM_FIELD_HREF,     /* "/objects/accounts-payable/vendor/59" */
    IM_FIELD_TEXT,     /* string */
    IM_FIELD_DECIMAL,  /* amounts travel as strings with decimals: "68400.00" */
    IM_FIELD_NUMBER,   /* a JSON number: creditLimit (recorded) */
    IM_FIELD_BOOL,     /* true, false */
    IM_FIELD_DATE,     /* "2026-03-31" */
    IM_FIELD_ENUM,     /* one of the words in `about` */
    IM_FIELD_REF,      /* {"key"} or {"id"} in; {"key","id","name","href"} out */
    IM_FIELD_LIST,     /* owned lines, kept as they came */
    IM_FIELD_CREATED,  /* date and time, the store's */
    IM_FIELD_MODIFIED, /* date and time, the store's */
    IM_FIELD_ENTITY    /* the entity the row belongs to; nulls when shared */
};

enum im_object_flag {
    IM_FIELD_REQUIRED = 1,    /* on create */
    IM_FIELD_READ_ONLY = 2,   /* never taken from a payload */
    IM_FIELD_FIXED = 4,       /* taken on create only */
    IM_FIELD_UNIQUE = 8,      /* no two rows of the type share it */
    IM_FIELD_WRITE_ONLY = 16, /* taken, never shown: "action" */
    IM_FIELD_LINE_SUM = 32,   /* the sum of the lines' txnAmount */
    IM_FIELD_OWNER = 128, /* a reference to what this row is a part of, and goes with */
    IM_FIELD_DRAFT = 64   /* of its words, a payload may say "draft" alone (observed) */
};

struct im_object_field {
    const char *name; /* "name"; inside a group "currency.txnCurrency" */
    enum im_object_kind kind;
    unsigned flags;
    const char *about;   /* enum: its words, a space between; reference: REST name */
    const char *initial; /* on create when not given; NULL = none */
};

/* Lifetime: static. */
struct im_object_type {
    const char *rest_name;    /* "accounts-payable/vendor" */
    const char *article_name; /* "Vendor"; NULL = not in the article's API */
    const char *module;       /* "accounts-payable"; what a company subscribes to */
    bool always_subscribed;   /* company-config */
    const struct im_object_field *fields;
    size_t n_fields;
};

size_t im_object_type_count(void);
const struct im_object_type *im_object_type_at(size_t i); /* i < im_object_type_count() */
/* By REST name, exact; a leading "objects/" is taken (the model service prints it). NULL:
 * none. */
const struct im_object_type *im_object_type_find(struct im_str rest_name);
/* By the article's name: exact case first, then in any case. NULL: none. */
const struct im_object_type *im_object_type_find_article(struct im_str name);
/* For "did you mean": the type whose name is a slip of the pen away, or NULL. */
const struct im_object_type *im_object_type_near(struct im_str rest_name);
const struct im_object_type *im_object_type_near_article(struct im_str name);

/* The body of services/core/model?name=…, as the next value of the writer. Shape:
 * documented (`required` is always false there, so says the documentation). */
void im_object_model(const struct im_object_type *type, struct im_json_out *out,
                     const char *name);
/* The body of services/core/model without a name: an array with one item per type. */
void im_object_models(struct im_json_out *out, const char *name);

/* The body of services/company-config/dimensions/list: the objects that lines can point
 * at. Returns how many. Shape: the tests of a public PHP SDK (observed). */
size_t im_object_dimensions(struct im_json_out *out, const char *name);

/* ---- outcomes ---- */

/* Each with the status and errorId that fit. They are documented or observed unless
 * "guess" stands with them. */
enum im_objects_result {
    IM_OBJECTS_OK,
    /* 404 for a path, 400 in a query; errorId: guess */
    IM_OBJECTS_TYPE_UNKNOWN,
    /* 404: no such key, or not visible from this entity */
    IM_OBJECTS_NOT_FOUND,
    /* 400 REST-1028 IA.REQUEST_REQUIRES_A_PAYLOAD */
    IM_OBJECTS_PAYLOAD_MISSING,
    /* 400 REST-1064 IA.PAYLOAD_CONTAINS_ERRORS: the body is no object */
    IM_OBJECTS_PAYLOAD_WRONG,
    /* 400 REST-1064, detail REST-1043 IA.NOT_A_VALID_FIELD: "/x is not a valid field" */
    IM_OBJECTS_FIELD_UNKNOWN,
    /* 400 REST-1064, detail REST-1050 IA.READ_ONLY_FIELD: "/x is a read-only field" */
    IM_OBJECTS_FIELD_READ_ONLY,
    /* as the last, for /key on create */
    IM_OBJECTS_KEY_GIVEN,
    /* 400 REST-1064; the detail's errorId: guess */
    IM_OBJECTS_FIELD_MISSING,
    /* 400 REST-1064; the detail's errorId: guess */
    IM_OBJECTS_FIELD_WRONG_TYPE,
    /* 422, a business rule: {"vendor": {"id": …}} names no vendor; guess */
    IM_OBJECTS_REFERENCE_UNKNOWN,
    /* 409 (documented): the Idempotency-Key came with another call before */
    IM_OBJECTS_KEY_REUSED,
    /* 409: the id (or bill number) is taken */
    IM_OBJECTS_CONFLICT,
    /* 422, a business rule: delete of a row others refer to; guess */
    IM_OBJECTS_IN_USE,
    /* 400 REST-1106 IA.THE_FIELD_IN_OBJECT_CANNOT_BE_USED_IN_QUERY: "The action field in
       accounts-receivable/invoice object cannot be used in query in version 1" */
    IM_OBJECTS_QUERY_FIELD,
    /* 400: "Unrecognized key includePrivate in query payload" (observed) */
    IM_OBJECTS_QUERY_UNKNOWN,
    /* 400 (guess): object or fields is absent */
    IM_OBJECTS_QUERY_MISSING,
    /* 400 (guess): filter, expression, order, start, size */
    IM_OBJECTS_QUERY_WRONG,
    /* 400 (guess): the row would pass IM_OBJECTS_ROW_BYTES_MAX */
    IM_OBJECTS_TOO_LARGE,
    /* 422 (guess): IM_OBJECTS_ROWS_MAX rows stand already */
    IM_OBJECTS_FULL,
    /* 500: our own failure */
    IM_OBJECTS_NO_MEMORY
};

const char *im_objects_result_name(enum im_objects_result result); /* "field-unknown" */

/* The evidence of a refusal. Empty after IM_OBJECTS_OK. `field` is a pointer into the
 * payload ("/vendor/id"), or the plain name in a query ("action"), or empty. */
struct im_objects_refusal {
    char field[128];
    char text[320]; /* one sentence of evidence for people */
};

/* The numbers of ia::meta for list and query. */
struct im_objects_meta {
    int64_t total;    /* rows that match, on all pages */
    int64_t start;    /* 1-based */
    int64_t size;     /* rows a page holds, not rows on this page */
    int64_t next;     /* first row of the next page; 0 = none, written as null */
    int64_t previous; /* first row of the page before; 0 = none, written as null */
};

/* {"totalCount":508,"start":1,"pageSize":100,"next":101,"previous":null} (observed) */
void im_objects_write_meta(const struct im_objects_meta *meta, struct im_json_out *out,
                           const char *name);

/* ---- the store ---- */

struct im_objects_table;

/* Lifetime: owned by the sandbox. Untouched it holds no memory; the built-in rows are
 * made at the first operation, with fixed audit times. Two stores share nothing. */
struct im_objects {
    pthread_mutex_t lock;
    struct im_objects_table *tables; /* one per type; NULL before the first operation */
    struct im_objects *next; /* the store of another company; behind the first's lock */
    struct im_str company;   /* empty in the first of them, which belongs to none */
    int64_t shift;           /* what its built-in keys are moved by */
    struct im_idempotency *idempotency; /* Idempotency-Keys, oldest first */
    size_t n_idempotency, idempotency_room;
};

void im_objects_init(struct im_objects *store);
void im_objects_release(struct im_objects *store);
/* Forgets every change; the built-in rows come back with the same keys. */
void im_objects_reset(struct im_objects *store);

/* The store of this company, made at its first touch and owned by `first`. Its built-in
 * rows are those of the first, but for their keys, which are moved by `shift`, and the names
 * of vendors and customers, which then say the company: a client that mixes up two companies
 * fails. Entities keep their keys. NULL: no memory. */
struct im_objects *im_objects_of(struct im_objects *first, struct im_str company,
                                 int64_t shift);

/* How many rows there are of each type, with their keys: {"accounts-payable/vendor":
 * ["43", …], …} as the next value of the writer; types without rows are left out. At most
 * `most` keys of each. */
bool im_objects_write_keys(struct im_objects *store, size_t most, struct im_json_out *out,
                           const char *name);

/* One operation: what the caller says, then what the operation says. Zero it first.
 *
 * entity "" is the top level and sees all; "100" sees shared rows and those of 100, and
 * what is created belongs to 100. The result becomes the next value of `out`, under
 * `name` (NULL inside arrays and at the top); scratch memory is taken from its arena. A
 * call that refuses leaves `out` as it was. A store that is NULL is out of memory. */
struct im_objects_call {
    const struct im_object_type *type; /* of im_object_type_find; NULL: TYPE_UNKNOWN */
    struct im_str entity;
    int64_t now_ms; /* the sandbox's clock: audit times, "today" in filters */
    struct im_json_out *out;
    const char *name;
    struct im_str idempotency_key; /* create, patch: the Idempotency-Key; empty = none */
    uint64_t idempotency_call; /* hash of the whole call: the same again has the same */
    bool repeat_refused;       /* policy: a key counts once, for the same call too */

    int64_t made;                      /* create: the new record's key */
    struct im_objects_meta meta;       /* list, query */
    struct im_objects_refusal refusal; /* when refused */
    bool
        repeated; /* create, patch: done before with the same Idempotency-Key, nothing is new */
};

struct im_objects_page {
    int64_t start; /* 1-based; 0 = 1 */
    int64_t size;  /* 0 = IM_OBJECTS_PAGE_DEFAULT */
    bool whole;    /* rows with all fields (the article's API), else {key, id, href} */
};

/* An array of rows in the order of their keys. */
enum im_objects_result im_objects_list(struct im_objects *store,
                                       struct im_objects_call *call,
                                       const struct im_objects_page *page);
/* One row with all fields. */
enum im_objects_result im_objects_get(struct im_objects *store,
                                      struct im_objects_call *call, struct im_str key);
/* {key, id, href} of the new row (status 201). body NULL: PAYLOAD_MISSING. */
enum im_objects_result im_objects_create(struct im_objects *store,
                                         struct im_objects_call *call,
                                         const struct im_json *body);
/* Creates all of a non-empty array or none, under one lock: nobody else sees a part of it. calls: one for each
 * item, all of one type. What the first refused item refuses, with its index in *done. Then the items before it have
 * written to `out` all the same. */
enum im_objects_result im_objects_create_all(struct im_objects *store,
                                             struct im_objects_call *calls,
                                             const struct im_json *bodies, size_t *done);
/* {key, id, href}. Fields that are not named stay; null empties. */
enum im_objects_result im_objects_patch(struct im_objects *store,
                                        struct im_objects_call *call, struct im_str key,
                                        const struct im_json *body);
/* Writes nothing (status 204); call->out may be NULL. */
enum im_objects_result im_objects_delete(struct im_objects *store,
                                         struct im_objects_call *call, struct im_str key);
/* services/core/query. An array of rows holding the fields asked for, dotted names as
 * flat members ("vendor.id", observed). The body's `object` names the type: call->type is
 * set from it when NULL and must agree otherwise.
 *   {"object": …, "fields": […], "filters": [{"$eq": {"status": "active"}}, …],
 *    "filterExpression": "1 and (2 or 3)", "filterParameters": {…},
 *    "orderBy": [{"name": "asc"}], "start": 1, "size": 100}
 * A member that is null counts as absent: a published SDK sends filterExpression so.
 * Operators: $eq $ne $lt $lte $gt $gte $in $notIn $between $notBetween $contains
 * $notContains $startsWith $notStartsWith $endsWith $notEndsWith. Of filterParameters,
 * caseSensitiveComparison and asOfDate have an effect; includePrivate and
 * includeHierarchyFields are taken without one. Not offered: aggregate functions
 * ("sum:…"), several objects in one body, $has, relative dates but "today" and
 * "yesterday". */
enum im_objects_result im_objects_query(struct im_objects *store,
                                        struct im_objects_call *call,
                                        const struct im_json *body);

#endif
