/* From an exchange to its likely causes: what its words say, and what in the input
 * bears on it. Inside explain/. Lifetime: the arena's. */
#ifndef IM_EXPLAIN_MATCH_H
#define IM_EXPLAIN_MATCH_H

#include "explain/token.h"

enum { IM_EVIDENCE_MAX = 4, IM_LEADS_MAX = 12 };

/* How much a sign weighs, against 100 for a code that fits. */
enum im_weight {
    IM_SIGN_WEAK = 30,
    IM_SIGN_GOOD = 120,
    IM_SIGN_STRONG = 200,
    IM_SIGN_CERTAIN = 500 /* it is so, however it was worded */
};

struct im_candidate {
    enum im_cause cause;
    int score;
    bool worded; /* the answer's words are this cause's … */
    struct im_cause_answer answer;
    const struct im_other_words *other; /* … or, if not NULL, these */
    struct im_str evidence[IM_EVIDENCE_MAX], against[IM_EVIDENCE_MAX];
    size_t evidence_count, against_count;
};

/* Something before the wrong exchange that bears on it. */
struct im_lead {
    size_t number; /* of the exchange; 0 = none */
    struct im_str text;
};

/* What an exchange that succeeded has given. */
struct im_granted {
    bool is_one, refresh;
    int64_t lives_s; /* expires_in; 0 = not said */
    struct im_str scopes;
};

struct im_ranking {
    const struct im_explain_options *options;
    struct im_trace *trace;
    size_t wrong; /* index of the exchange that is explained; trace->count = none */
    struct im_observed *one; /* that; NULL = none */
    size_t first_wrong;      /* index of the first that failed; trace->count = none */
    size_t
        occasion; /* of the call whose refused token was to be renewed by the one explained */
    int64_t at_ms;  /* when it was: its own time, or now */
    bool mock;      /* a mock has answered, or nothing speaks for the real service */
    bool recovered; /* the client got over it */
    size_t refused; /* exchanges that were */
    bool undecided; /* no more than a status is known, and several causes answer so */
    struct im_granted grant;
    bool has_token;
    struct im_token_view token; /* the token presented, or the one that was pasted */
    struct im_candidate all[CAUSE_COUNT];
    struct im_candidate *ranked[CAUSE_COUNT];
    size_t count;
    struct im_lead events[IM_LEADS_MAX];
    size_t event_count;
};

/* Fills in all of it but options and trace. */
void im_rank(struct im_ranking *ranking);

/* The same for one exchange, chosen by its index. */
void im_rank_exchange(struct im_ranking *ranking, size_t index);

/* Which exchange is explained: its index; counts those that were refused besides. */
size_t im_choose_wrong(struct im_ranking *ranking);

/* Evidence for a cause, and against it. */
void im_sign(struct im_ranking *ranking, enum im_cause cause, int weight,
             const char *format, ...) IM_PRINTF(4, 5);
void im_sign_against(struct im_ranking *ranking, enum im_cause cause, int weight,
                     const char *format, ...) IM_PRINTF(4, 5);
void im_lead(struct im_ranking *ranking, const struct im_observed *one,
             const char *format, ...) IM_PRINTF(3, 4);

/* Signs in the exchange itself: its address, header and parameters, its token. */
void im_signs_of_request(struct im_ranking *ranking);
void im_signs_of_host(struct im_ranking *ranking); /* of its address alone */
void im_signs_of_token(struct im_ranking *ranking);
/* Signs in what came before and after it. */
void im_signs_of_sequence(struct im_ranking *ranking);
void im_signs_of_permissions(struct im_ranking *ranking);
/* Signs in what somebody wrote around it. */
void im_signs_of_words(struct im_ranking *ranking);

/* Of the wording that fits. */
enum im_confidence im_candidate_confidence(const struct im_candidate *one);

/* ---- what both ask ---- */

bool im_is_token_endpoint(const struct im_observed *one);
bool im_is_api(const struct im_observed *one);
bool im_is_success(const struct im_observed *one);
bool im_is_intacct_host(struct im_str host);
bool im_has_code(const struct im_observed *one, const char *code);
/* The value of a parameter of the request: of its body, else of its query. */
struct im_str im_sent(struct im_observed *one, const char *name);
struct im_str im_grant(struct im_observed *one);
/* The JSON object that it was answered with; NULL = none. */
const struct im_json *im_got(struct im_trace *trace, const struct im_observed *one);
/* Equal, and known: neither empty nor hidden. */
bool im_same_value(struct im_str a, struct im_str b);

#endif
