/* Why was I refused? Recognises what somebody has at hand (a response, a log, a HAR, a
 * token, a code; see trace.h for all forms) and says what it means: likely causes, what
 * tells them apart, what to do. Nothing is stored and nothing is sent anywhere. */
#ifndef IM_EXPLAIN_EXPLAIN_H
#define IM_EXPLAIN_EXPLAIN_H

#include "base/json.h"
#include "causes/diagnosis.h"
#include "oauth/jwt.h"

/* Bytes of input, packed or not: what is bounded is what has to be read. */
enum { IM_EXPLAIN_MAX = 64 * 1024 * 1024 };

struct im_explain_options {
    int64_t now_ms;             /* real time: tokens are judged by it */
    const struct im_json *jwks; /* to check signatures with; NULL = none */
    /* Has the mock that is asked signed it? Called for each token; NULL = no mock is at
     * hand. */
    enum im_jwt_check (*verify)(void *context, struct im_arena *arena,
                                struct im_str token, const struct im_jwt *jwt);
    /* Must the work be given up? Asked at each exchange and line; NULL = never. */
    bool (*stopped)(void *context);
    void *context;    /* of both */
    size_t max_bytes; /* 0 = IM_EXPLAIN_MAX, which is the most */
    /* Of the mock that the command asks, "http://HOST:PORT"; empty = 127.0.0.1:8080. */
    struct im_str url;
};

/* What was found. Lifetime: the arena's. */
struct im_explanation;

/* Reads the input, which must live as long as the explanation. NULL with err when
 * memory is short, when it is packed and cannot be unpacked, when it was stopped, and, of
 * kind IM_ERROR_CAPACITY, when it has more than max_bytes. */
struct im_explanation *im_explain(const struct im_explain_options *options,
                                  struct im_arena *arena, struct im_str input,
                                  struct im_error *err);
void im_explanation_end(struct im_explanation *explanation); /* before the arena's end */
bool im_explanation_is_recognised(const struct im_explanation *explanation);
/* The first answer; CAUSE_NONE when there is none. */
enum im_cause im_explanation_cause(const struct im_explanation *explanation);
/* In lines of at most 80 columns where the input lets them be. */
struct im_str im_explanation_text(struct im_explanation *explanation);
struct im_str im_explanation_json(struct im_explanation *explanation);

/* A scenario that refuses at the same places as the exchanges of the input, without
 * their secrets and personal data; `removed` says line by line what was taken out.
 * Empty with err when the input has no exchanges with a request. name: of the scenario. */
struct im_str im_explanation_scenario(struct im_explanation *explanation,
                                      struct im_str name, struct im_buf *removed,
                                      struct im_error *err);

#endif
