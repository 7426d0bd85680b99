/* What ends an exchange before the program has an answer that it can read: DNS, TCP, TLS,
 * a proxy, the program's own time limit, a body that is damaged. None of it is a refusal by
 * Intacct, but for a body that may have come with one. Inside explain/. Lifetime: static. */
#ifndef IM_EXPLAIN_TRANSPORT_H
#define IM_EXPLAIN_TRANSPORT_H

#include "explain/trace.h"

enum im_transport {
    IM_TRANSPORT_NONE,
#define IM_TRANSPORT(NAME, ...) IM_TRANSPORT_##NAME,
#include "explain/transport.def"
#undef IM_TRANSPORT
    IM_TRANSPORTS
};

/* The columns of transport.def. */
struct im_transport_row {
    const char *id, *title, *why, *question, *developer, *network, *wire, *tls, *again;
};
const struct im_transport_row *im_transport_row(enum im_transport kind);

/* How much the words of a client tell: an exact one narrows down what a general one says
 * beside it ("certificate verify failed: certificate has expired"). */
enum im_transport_rank {
    IM_TRANSPORT_GENERAL = 1,
    IM_TRANSPORT_PLAIN,
    IM_TRANSPORT_EXACT,
    IM_TRANSPORT_SUREST
};

struct im_transport_words {
    enum im_transport kind;
    enum im_transport_rank rank;
    int how; /* transport.c's */
    const char *text, *beside;
};

/* What is known of the text in which such words are looked for. */
enum im_transport_in {
    IM_IN_TEXT, /* nothing */
    IM_IN_CALL, /* it has a call, such as "POST https://… timed out": fewer words suffice */
    IM_IN_FORM, /* they only count where a client or a log puts an error: "Error: …" */
    IM_IN_ERROR /* it is the code or the name of an error: what it begins with is told */
};

/* The words in the text by which a client tells what ended an exchange; NULL = there are
 * none. One pass over the text. */
const struct im_transport_words *im_transport_find(struct im_trace *trace,
                                                   struct im_str text,
                                                   enum im_transport_in in);
/* The address, as far as it is told: where it is empty or a path alone, such words may name the
 * host, with scheme and port or without ("//host"). */
struct im_str im_transport_url(struct im_trace *trace, struct im_str line,
                               struct im_str url);
/* Notes what ended the exchange; of several the most exact is kept. */
void im_observed_end(struct im_observed *one, const struct im_transport_words *words);
/* Did it end so, and is there no answer that tells more? */
bool im_observed_is_broken(const struct im_observed *one);
/* Has a proxy answered, or a page come where Intacct's interfaces have JSON or XML? Then that is what
 * ended it (answerer.c). */
void im_observed_judge_answerer(struct im_observed *one);
/* Is it a document of HTML? */
bool im_is_page(struct im_str body);
/* Its title; empty = it has none. */
struct im_str im_page_title(struct im_str page);
/* The status in the title or the first heading of a page, as gateways write it; 0 = none. */
int im_page_status(struct im_str page);
/* Does the product that wrote the page name itself, and is that a proxy or a filter? NULL = no; else
 * the words by which it is told. */
const struct im_transport_words *im_page_of_proxy(struct im_str page);
/* Is it where a library explains its errors, which it names beside them? */
bool im_transport_is_help(struct im_str url);
bool im_transport_is_of_body(const struct im_transport_words *words);

#endif
