/* The sentences of a verdict, the same in all its forms. What is built stands in out's arena, so
 * that it can be made safe for its place as a whole. */
#ifndef IM_VERDICT_VERDICT_SAY_H
#define IM_VERDICT_VERDICT_SAY_H

#include "verdict/verdict.h"

enum { IM_VERDICT_LINES = 20 }; /* exchanges of one expectation, where people read */

/* What the client is called. Static, or the caller's. */
const char *im_verdict_client(const struct im_verdict *verdict);
/* Did the scenario come about at all: has a rule fired that it needs, or, without such rules, did
 * anything happen that it is about? */
bool im_verdict_came_about(const struct im_verdict *verdict);
/* Has the rule fired as often as it has to? */
bool im_verdict_has_fired(const struct im_verdict *verdict, size_t rule);
/* Can it not be told whether the expectation is met? Not asked of advice, nor where it is optional: those
 * are demanded of no client. */
bool im_verdict_is_doubted(const struct im_verdict *verdict, size_t index);
void im_verdict_say_exhausted(struct im_buf *out);
void im_verdict_say_dropped(const struct im_verdict *verdict, struct im_buf *out);
/* What is to be said of the verdict as a whole; empty = nothing. */
struct im_str im_verdict_note(const struct im_verdict *verdict, struct im_buf *out);
/* What was missing, in terms of the client: one sentence for each rule that has not fired as often as it
 * has to. Empty = nothing was. */
struct im_str im_verdict_missing(const struct im_verdict *verdict, struct im_buf *out);
/* What could not be told, and the way out: one sentence for each expectation that is doubted. Empty = all
 * could, or the scenario did not come about. */
struct im_str im_verdict_doubts(const struct im_verdict *verdict, struct im_buf *out);
/* Why one expectation was judged so. */
struct im_str im_verdict_why(const struct im_verdict *verdict, size_t index,
                             struct im_buf *out);
/* How many exchanges show it; none where it was not exercised. */
size_t im_verdict_shown_at(const struct im_verdict *verdict, size_t index);
/* im_exchange_line as a text of its own. */
struct im_str im_verdict_line(const struct im_exchange *exchange, struct im_buf *out);

#endif
