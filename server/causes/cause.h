/* Why an integration is turned away: the table of causes (causes.def). Deciding happens in
 * endpoints and grants (`return im_refuse(req, CAUSE_…, "…")`, causes/exchange.h), wording in
 * refusal.c, sending in the listener. */
#ifndef IM_CAUSES_CAUSE_H
#define IM_CAUSES_CAUSE_H

#include "causes/policy.h"

enum im_cause {
    CAUSE_NONE, /* nothing to refuse */
#define IM_CAUSE(NAME, id, ...) CAUSE_##NAME,
#include "causes/causes.def"
#undef IM_CAUSE
    CAUSE_COUNT
};

enum im_family {
    IM_FAMILY_EXPIRED,     /* A. access token expired (article cause 1) */
    IM_FAMILY_REVOKED,     /* B. revoked or invalid access token (article cause 2) */
    IM_FAMILY_CREDENTIALS, /* C. invalid credentials (article cause 3) */
    IM_FAMILY_PERMISSIONS, /* D. insufficient permissions (article cause 4) */
    IM_FAMILY_PROTOCOL,    /* E. wrong address and protocol (the article's FAQ) */
    IM_FAMILY_SERVICE,     /* F. not the client's fault */
    IM_FAMILY_DATA,        /* G. ordinary answers of the API to a wrong payload */
    IM_FAMILY_MOCK,        /* H. the mock about itself */
    IM_FAMILIES
};

/* The vocabularies that coexist on the wire (contract: RFC 6749 at the token endpoint,
 * GW- from the gateway, REST- from the application). */
enum im_envelope {
    IM_ENVELOPE_NONE, /* this place does not word it */
    IM_ENVELOPE_OAUTH, /* {"error":"invalid_grant"[,"error_description":…]} (RFC 6749 §5.2) */
    IM_ENVELOPE_GATEWAY, /* {"ia::error":{"code":"GW-0040","message":…,"details":{…}}} */
    IM_ENVELOPE_REST     /* {"ia::result":{"ia::error":{…}},"ia::meta":{…}} */
};

/* The error above one that stands in its `details`. */
enum im_wording_head {
    IM_HEAD_NONE,    /* it stands alone */
    IM_HEAD_PAYLOAD, /* REST-1064 "Payload contains errors" */
    IM_HEAD_BUSINESS /* REST-7001 "POST request on objects/… object was unsuccessful" */
};

struct im_wording {
    enum im_envelope envelope;
    int status;
    const char *code;    /* OAuth error · GW-00nn · errorId REST-nnnn */
    const char *message; /* error_description (NULL: left out) · message · message */
    const char *word;    /* REST: the `code` member, "invalidRequest", "tokenInvalid" */
    const char *message_id;    /* REST: "IA.TOKEN_IS_INVALID", NULL when none is known */
    enum im_wording_head head; /* REST: whose `details` this stands in */
};
/* A message may hold {FIELD}, {OBJECT}, {OPERATION} and {VERSION}; see refusal.h. */

/* The other wording, used when a switch of policy has this value. */
struct im_wording_switch {
    const char *policy; /* the switch's name in policy.def; NULL = there is none */
    int64_t value;
    struct im_wording wording;
};

struct im_cause_row {
    const char *id; /* kebab-case, stable: URLs, scenarios, tests, docs */
    enum im_family family;
    bool natural; /* can arise from the ordinary rules, without a scenario */
    bool note;    /* ordinarily a warning beside an answer: refused by name only */
    struct im_wording token;   /* REST dialect at /ia/api/v1/oauth2/… */
    struct im_wording api;     /* REST dialect at the protected API */
    struct im_wording article; /* article dialect, everywhere */
    struct im_wording_switch token_switch, api_switch;
    int64_t retry_after_s; /* Retry-After, unless the exchange has another; 0 = none */
    const char
        *redirect;   /* authorize: `error` of the redirect; NULL = a page, no redirect */
    const char *why; /* its reason, in one or two sentences a newcomer understands */
    const char *fix; /* what its maker does about it */
    enum im_confidence confidence; /* of the wording and of the rule */
    const char *source; /* where that is from: RFC section, Sage page, report */
};

/* One way in which a cause is worded. */
struct im_cause_answer {
    const char *where; /* "token endpoint", "API", "article" */
    const struct im_wording *wording;
    const struct im_wording_switch *when; /* NULL: the usual one */
};
enum { IM_CAUSE_ANSWERS_MAX = 5 };
/* All of them, the usual one of each place first; how many. */
size_t im_cause_answers(const struct im_cause_row *row,
                        struct im_cause_answer answers[IM_CAUSE_ANSWERS_MAX]);
/* "expired_style 400-rest", of an answer that is by a switch. */
void im_cause_answer_add_when(const struct im_cause_answer *answer, struct im_buf *buf);
/* "GW-0040", "invalid_grant"; of a REST error without errorId its code word. */
const char *im_wording_code(const struct im_wording *wording);

const struct im_cause_row *im_cause_row(enum im_cause cause); /* never NULL */
enum im_cause im_cause_find(struct im_str id);     /* CAUSE_NONE when unknown */
struct im_hint im_cause_hint(struct im_str id);    /* "; did you mean …?" or "" */
extern const struct im_json_names im_cause_names;  /* of all, for tables that read JSON */
const char *im_family_name(enum im_family family); /* "access token expired", … */
/* One row as JSON: id, family, natural, why, fix, confidence, source, wording per
 * place. */
void im_cause_write(enum im_cause cause, struct im_json_out *out, const char *name);

#endif
