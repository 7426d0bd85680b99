/* What the files of explain/ that write an explanation share. Lifetime: the arena's. */
#ifndef IM_EXPLAIN_INSIDE_H
#define IM_EXPLAIN_INSIDE_H

#include "explain/match.h"
#include "explain/transport.h"
#include "http/redact.h"

struct im_explanation {
    struct im_explain_options options;
    struct im_trace trace;
    struct im_ranking ranking;
    bool recognised, packed;
};

enum { IM_SHOWN_MAX = 5 }; /* causes that are told whole */

/* NULL = none is likelier than the others. */
const struct im_candidate *im_explanation_first(const struct im_explanation *explanation);
struct im_str im_explanation_what(const struct im_explanation *explanation);
/* What was not read, as a sentence; empty = all was. */
struct im_str im_explanation_limit(const struct im_explanation *explanation);
/* Sentences before the causes, or in place of them; empty = nothing to say. */
struct im_str im_explanation_note(const struct im_explanation *explanation);
/* "Sage Intacct answered ", or who else it was. */
void im_explanation_add_answered(const struct im_explanation *explanation,
                                 struct im_buf *buf);
/* Why it is this exchange that is explained: "the first wrong one". */
struct im_str im_explanation_which(const struct im_explanation *explanation);
/* The exchange that is explained: what was asked, and what was answered; empty = not
 * known. */
struct im_str im_explanation_request(const struct im_explanation *explanation);
struct im_str im_explanation_answer(const struct im_explanation *explanation);
/* What ended the exchange that is explained; NULL = an answer came, or nothing is told. */
const struct im_transport_row *im_explanation_transport(
    const struct im_explanation *explanation);
/* "No answer of Intacct reached the program: …. ", if so it ended; of a body that is damaged "No answer of
 * Intacct that can be read …". */
void im_explanation_add_ended(const struct im_explanation *explanation,
                              struct im_buf *buf);
/* What tells that end from its neighbours, and is not in the input. */
struct im_str im_explanation_question(const struct im_explanation *explanation);
/* The client's words by which that is told. */
struct im_str im_explanation_told_by(const struct im_explanation *explanation);
struct im_str im_explanation_developer(const struct im_explanation *explanation);
const char *im_explanation_administrator(const struct im_explanation *explanation);
/* To whoever looks after the network; NULL = nothing to do. */
const char *im_explanation_network(const struct im_explanation *explanation);
/* One command, which asks the mock at the options' URL or runs one; empty = the mock does
 * not make it. */
struct im_str im_explanation_reproduce(const struct im_explanation *explanation);
/* A built-in scenario in which it happens; NULL = there is none. */
const char *im_explanation_scenario_name(const struct im_explanation *explanation);

#endif
