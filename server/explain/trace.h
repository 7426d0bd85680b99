/* What somebody pasted, as exchanges: one struct, whatever form it had. Each reader
 * (read_*.c) fills it in as far as its form tells; what is not told stays empty. Inside
 * explain/. Lifetime: the arena's. */
#ifndef IM_EXPLAIN_TRACE_H
#define IM_EXPLAIN_TRACE_H

#include "base/near_miss.h"
#include "causes/exchange.h"
#include "oauth/credentials.h"

enum im_form {
    IM_FORM_NONE,
    IM_FORM_HAR,
    IM_FORM_JWT,
    IM_FORM_CURL_TRACE,
    IM_FORM_CURL_COMMAND,
    IM_FORM_HTTP,
    IM_FORM_POSTMAN,
    IM_FORM_XML,
    IM_FORM_BODY,
    IM_FORM_URL,
    IM_FORM_STACK_TRACE,
    IM_FORM_LOG,
    IM_FORM_PROSE, /* sentences, in which an answer is quoted */
    IM_FORM_CODE,
    IM_FORM_PAGE,  /* of HTML */
    IM_FORM_ERROR, /* what a client says when no answer came */
    IM_FORMS
};
const char *im_form_name(enum im_form form); /* "har", … */
const char *im_form_text(enum im_form form); /* "a HAR file", … */

enum { IM_WORDS_MAX = 8, IM_OBSERVED_MAX = 5000 };

/* How an answer says that it refuses. */
struct im_words {
    struct im_str codes[IM_WORDS_MAX]; /* "REST-1206", "invalidRequest", "IA.…" */
    size_t code_count;
    struct im_str messages[IM_WORDS_MAX];
    size_t message_count;
};

/* Whose token it is, as that says itself; empty where it does not. */
struct im_token_owner {
    struct im_str user, company;
};

/* One exchange, as far as it is known. */
struct im_observed {
    struct im_request req; /* read with im_credentials() and what else knows requests */
    bool has_request,
        has_headers;             /* is anything of the request known? are its headers? */
    struct im_str url, host;     /* host without its port; empty = not known */
    struct im_str user_info;     /* "user:password" of the url */
    struct im_token_owner owner; /* of the access token that was sent */
    enum im_endpoint endpoint;
    enum im_place place;
    int status; /* 0 = no answer is known */
    bool lost;  /* there was none: the time ran out, the connection broke */
    const struct im_transport_words *ended; /* by which that is told; NULL = it is not */
    bool ended_late;                        /* after the head of an answer */
    bool by_other; /* not Intacct has answered: a proxy, or a page of somebody's */
    struct im_header *answer_headers;
    size_t answer_header_count;
    struct im_str answer_body;
    struct im_words words;
    bool has_time;
    int64_t at_ms, duration_ms; /* when the request began */
    size_t number;              /* of the entry, or of the exchange in a log, from 1 */
    bool in_passing;            /* words of a log that may be anybody's: read_log.c's */
    bool loosely; /* a line of a log: what it does not say may all the same be so */
};

struct im_trace {
    struct im_arena *arena;
    struct im_secrets *secrets; /* what must not leave */
    size_t secret_count;        /* with repetitions */
    int64_t now_ms;
    enum im_form form;
    struct im_str text;         /* all of it */
    struct im_str jwt;          /* one that stands alone */
    struct im_str query;        /* words by which a cause goes, of no answer */
    struct im_lexicon *lexicon; /* words.c's */
    struct im_transport_index *transport_index; /* transport.c's */
    struct im_observed **items;
    size_t count, room;
    size_t json_budget; /* read_log.c's */
    bool addressed;     /* the same: a call was told with its address */
    size_t foreign;     /* exchanges with other hosts, which are left out */
    size_t beyond;      /* what was not read, for there were IM_OBSERVED_MAX */
    bool (*stopped)(void *context); /* NULL = never */
    void *context;
    bool abandoned;
};

/* May the reader go on? No longer when it was told to stop. */
bool im_trace_goes_on(struct im_trace *trace);

/* A new one at the end; NULL when there are too many or memory is short. */
struct im_observed *im_trace_add(struct im_trace *trace);
/* What its request and answer mean, once they stand: host, path, endpoint, words,
 * secrets. */
void im_observed_complete(struct im_trace *trace, struct im_observed *one);
struct im_token_owner im_token_owner(struct im_arena *arena, struct im_str token);
/* Also where one of them cannot be read: a trace of one connection is taken for one user's. */
bool im_may_be_one_owner(const struct im_token_owner *a, const struct im_token_owner *b);
/* The newest, or NULL. */
struct im_observed *im_trace_last(const struct im_trace *trace);

/* Where `://` begins that ends the scheme of an address; its length where there is none. */
size_t im_url_scheme_end(struct im_str url);
void im_observed_set_url(struct im_observed *one, struct im_str url);
void im_observed_add_answer_header(struct im_trace *trace, struct im_observed *one,
                                   struct im_str name, struct im_str value);
struct im_str im_observed_answer_header(const struct im_observed *one, const char *name);

/* Adds what the text says: JSON of any shape, XML, or codes in prose. */
void im_words_add_body(struct im_trace *trace, struct im_words *words,
                       struct im_str body);
void im_words_add_json(struct im_trace *trace, struct im_words *words,
                       const struct im_json *json);
/* Codes that stand as words in the text. False when there is none. */
bool im_words_add_prose(struct im_trace *trace, struct im_words *words,
                        struct im_str text);
bool im_words_any(const struct im_words *words);

/* Does it go to this machine, where a mock is more likely than Intacct? */
bool im_observed_is_local(const struct im_observed *one);
/* An address of another service than Intacct or a mock of it. */
bool im_observed_is_elsewhere(const struct im_observed *one);
/* Has the answer refused, or did it not come? A 2xx may carry an error too. */
bool im_observed_is_refused(const struct im_observed *one);
/* A value that a tool has hidden ("***", "[REDACTED]", a fingerprint): nothing is known
 * of it. */
bool im_is_hidden_value(struct im_str value);

/* ---- shown.c ---- */

/* Fit to be shown: without secrets, without what looks random, short, printable. */
struct im_str im_trace_quote(const struct im_trace *trace, struct im_str text);
/* The same of an address; of its query only the parameters that tell what was asked for keep
 * their values. */
struct im_str im_trace_quote_url(const struct im_trace *trace, struct im_str url);
/* What a server said, in which addresses may stand. */
struct im_str im_trace_quote_message(const struct im_trace *trace, struct im_str message);
struct im_str im_trace_quote_method(const struct im_trace *trace, struct im_str method);
/* The name of a host, which is as random as its owner likes. */
struct im_str im_trace_quote_host(const struct im_trace *trace, struct im_str host);
/* The value must not be shown, wherever it stands; not so a template or a mask. */
void im_trace_keep_secret(struct im_trace *trace, struct im_str value);
/* The same of all that the exchange has as a secret by its place: headers, cookies, parameters. */
void im_trace_keep_secrets_of(struct im_trace *trace, struct im_observed *one);
/* The same of the members, or elements, of a secret's name. */
void im_trace_keep_secrets_of_json(struct im_trace *trace, const struct im_json *json);
void im_trace_keep_secrets_of_xml(struct im_trace *trace, struct im_str xml);

/* ---- readers: false when the text is of another form ---- */

typedef bool im_trace_reader(struct im_trace *trace, struct im_str text);
im_trace_reader im_read_har, im_read_jwt, im_read_http, im_read_curl_command,
    im_read_postman, im_read_xml, im_read_page, im_read_body, im_read_url, im_read_log,
    im_read_code;
/* The first reader that knows the form; false when none does. */
bool im_trace_read(struct im_trace *trace, struct im_str text);

/* "2026-03-02 10:00:00,123", RFC 3339, the date of a HTTP header: where one begins at
 * the head of the text. The length; 0 = none. */
size_t im_read_time(struct im_str text, int64_t *ms);
/* The object at the head of the text, as Node or Python print one, as JSON; what is none comes out as
 * a text that is no JSON either. It takes from json_budget. */
struct im_str im_inspected_json(struct im_trace *trace, struct im_str text);
/* Does one of the words, of which the last is NULL, stand in it in any case? */
bool im_has_any(struct im_str text, const char *const *words);
/* Is the byte at this place a decimal digit? False beyond the end. */
bool im_has_digit_at(struct im_str text, size_t at);
/* The last word of the text, without what of `closing` follows it. It begins behind white space or one of
 * `opening`; of a longer one only the last `max` bytes are given. */
struct im_str im_last_word(struct im_str text, const char *closing, const char *opening,
                           size_t max);
/* Is it a method of HTTP? */
bool im_is_method(struct im_str word);
/* Is it the phrase of the status, or the one that a common server has in its place? */
bool im_is_status_phrase(int status, struct im_str text);

#endif
