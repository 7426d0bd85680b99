/* How causes that are worded alike are told apart: diagnosis.def and other_words.def. */
#ifndef IM_CAUSES_DIAGNOSIS_H
#define IM_CAUSES_DIAGNOSIS_H

#include "causes/cause.h"

/* How often the sources tell of a cause; diagnosis.def says what each means. */
enum im_common { IM_RARE, IM_TOLD, IM_OFTEN, IM_FIRST };
/* "no source tells of it", … */
const char *im_common_text(enum im_common common);

struct im_diagnosis {
    enum im_common common;
    const char *question; /* yes means this cause; NULL = its wording alone tells it */
    const char *admin;    /* to Intacct's administrator; NULL = nothing for him to do */
};
/* Never NULL. */
const struct im_diagnosis *im_diagnosis(enum im_cause cause);
/* Can a token request of this grant_type be refused for it? */
bool im_cause_suits_grant(enum im_cause cause, struct im_str grant);

/* A wording that is none of causes.def. */
struct im_other_words {
    enum im_cause cause;
    int status;       /* 0 = any */
    const char *code; /* NULL = none */
    const char *text; /* in lower case; NULL = any */
    enum im_confidence confidence;
    const char *source;
};
extern const struct im_other_words im_other_words[];
extern const size_t im_other_words_count;

/* ---- searching by wording ---- */

/* Why a cause is among those found. */
struct im_cause_hit {
    enum im_cause cause;
    struct im_cause_answer answer;      /* the wording that fits; where NULL = … */
    const struct im_other_words *other; /* … it is this one; NULL = the id fits */
    bool by_name; /* the query has the words of the id, as prose has */
};
/* All causes that are worded so in any dialect: by code (REST-1206, invalid_grant,
 * tokenInvalid, IA.TOKEN_IS_INVALID), by status (403), by both ("400 REST-1206"), else by a
 * piece of a message or of an id, else by the words of an id ("the user name is missing"). The likeliest first: wordings of Intacct before those of
 * the article, then by what diagnosis.def says. How many. */
size_t im_cause_search(struct im_str query, struct im_cause_hit hits[CAUSE_COUNT]);
void im_cause_hits_text(struct im_buf *buf, struct im_str query,
                        const struct im_cause_hit *hits, size_t count);
/* As members of the object that is open: query, causes. */
void im_cause_hits_write(struct im_json_out *out, struct im_str query,
                         const struct im_cause_hit *hits, size_t count);

#endif
