/* Who has answered: Intacct (or a mock), whose interfaces have JSON or XML, or somebody on the way. A
 * proxy's refusal (RFC 9110 section 15.5.8 and what products add) and a page of HTML say nothing of
 * client, user or token. */
#include <string.h>

#include "causes/diagnosis.h"
#include "explain/transport.h"

enum { PAGE_BYTES = 16 * 1024 }; /* so much of a page is searched */

#define PROXY(text)                                                                      \
    {                                                                                    \
        IM_TRANSPORT_PROXY_REFUSED, IM_TRANSPORT_SUREST, 0, text, NULL                   \
    }

static const struct im_transport_words page_of_html = {
    IM_TRANSPORT_BODY_NOT_JSON, IM_TRANSPORT_EXACT, 0, "a page of HTML", NULL};
static const struct im_transport_words proxy_status = PROXY("407");
static const struct im_transport_words squid_header = PROXY("X-Squid-Error");

/* Proxies and filters of companies, by the names that stand in their header Server and in their
 * pages. */
static const struct im_transport_words products[] = {PROXY("squid"),
                                                     PROXY("BlueCoat"),
                                                     PROXY("Blue Coat"),
                                                     PROXY("Zscaler"),
                                                     PROXY("FortiGate"),
                                                     PROXY("FortiGuard"),
                                                     PROXY("Forcepoint"),
                                                     PROXY("Websense"),
                                                     PROXY("Netskope"),
                                                     PROXY("McAfee Web Gateway"),
                                                     PROXY("Cisco Umbrella"),
                                                     PROXY("Cisco-WSA"),
                                                     PROXY("Sophos"),
                                                     PROXY("Palo Alto Networks"),
                                                     PROXY("Cache Access Denied")};

static const struct im_transport_words *product_in(struct im_str text)
{
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        if (im_str_find_nocase(text, products[i].text) < text.len)
            return &products[i];
    return NULL;
}

/* ---- pages ---- */

bool im_is_page(struct im_str body)
{
    body = im_str_trim(body);
    while (im_str_starts(body, "<!--")) {
        size_t end = im_str_find_nocase(body, "-->");
        body = im_str_trim(im_str_slice(body, end + 3, body.len));
    }
    return im_str_eq_nocase(im_str_slice(body, 0, 5), IM_STR("<html")) ||
           im_str_eq_nocase(im_str_slice(body, 0, 5), IM_STR("<head")) ||
           im_str_eq_nocase(im_str_slice(body, 0, 14), IM_STR("<!doctype html"));
}

/* What stands behind such a tag, up to the next one. */
static struct im_str element_text(struct im_str page, const char *tag)
{
    size_t at = im_str_find_nocase(page, tag) + strlen(tag);
    struct im_str rest = im_str_slice(page, at, page.len);

    return im_str_trim(im_str_slice(rest, 0, im_str_find(rest, '<')));
}

static int status_in(struct im_str title)
{
    struct im_str rest = title, word = im_str_cut(&rest, ' ');
    int64_t status = 0;

    /* "502 Bad Gateway", "HTTP Status 404 – Not Found", "504 Gateway Time-out" */
    if (im_str_starts(title, "HTTP Status ") || im_str_starts(title, "Error ")) {
        rest = im_str_slice(title, im_str_starts(title, "E") ? 6 : 12, title.len);
        word = im_str_slice(rest, 0, 3);
    } else if (!im_is_status_phrase(im_str_int(word, &status) ? (int)status : 0, rest)) {
        return 0;
    }
    return word.len == 3 && im_str_int(word, &status) && status >= 400 && status <= 599
               ? (int)status
               : 0;
}

struct im_str im_page_title(struct im_str page)
{
    return element_text(page, "<title>");
}

int im_page_status(struct im_str page)
{
    page = im_str_slice(page, 0, PAGE_BYTES);

    int status = status_in(im_page_title(page));
    return status ? status : status_in(element_text(page, "<h1>"));
}

const struct im_transport_words *im_page_of_proxy(struct im_str page)
{
    return product_in(im_str_slice(page, 0, PAGE_BYTES));
}

/* Servers write some phrases otherwise than RFC 9110. */
bool im_is_status_phrase(int status, struct im_str text)
{
    static const struct {
        int status;
        const char *phrase;
    } others[] = {{503, "Service Temporarily Unavailable"},
                  {504, "Gateway Time-out"},
                  {408, "Request Time-out"},
                  {405, "Not Allowed"},
                  {413, "Request Entity Too Large"},
                  {502, "Proxy Error"}};

    text = im_str_trim(text);
    if (status < 100 || status > 599)
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].status == status &&
            im_str_eq_nocase(text, im_str(others[i].phrase)))
            return true;
    return text.len > 3 && im_str_eq_nocase(text, im_str(im_status_phrase(status)));
}

/* ---- who it was ---- */

/* Without its header, which a log may have left out. */
static bool is_of_mock(const struct im_observed *one)
{
    struct im_str realm = im_observed_answer_header(one, "Proxy-Authenticate");

    return im_str_find_nocase(realm, "intacct-mock") < realm.len ||
           im_str_find_nocase(one->answer_body, "intacct-mock") < one->answer_body.len;
}

static const struct im_transport_words *words_of_proxy(const struct im_observed *one)
{
    if (one->status == 407)
        return &proxy_status;
    if (one->status >= 400 && im_observed_answer_header(one, "X-Squid-Error").len)
        return &squid_header;
    const struct im_transport_words *server =
        one->status >= 400 ? product_in(im_observed_answer_header(one, "Server")) : NULL;
    return server                         ? server
           : im_is_page(one->answer_body) ? im_page_of_proxy(one->answer_body)
                                          : NULL;
}

/* Where pages are the answer, as a browser signs in, none is out of place. */
static bool expects_json(const struct im_observed *one)
{
    enum im_endpoint_group group = im_endpoint_group(one->endpoint);

    if (one->endpoint == IM_ENDPOINT_AUTHORIZE)
        return false;
    /* of an answer alone it is not known what was asked: the page may be Sage's own */
    if (!one->has_request) {
        struct im_str body = one->answer_body, title = im_page_title(body);
        return im_str_find_nocase(title, "intacct") == title.len &&
               im_str_find_nocase(body, "Sage Intacct") == body.len;
    }
    return group == IM_GROUP_API || group == IM_GROUP_OAUTH;
}

/* Of these Intacct's own interfaces have bodies; that of a gateway which fails, or which finds a
 * request too large or too frequent, may be Intacct's and a page. */
static bool is_refusal_with_body(int status)
{
    return status == 401 || status == 403 || status == 404 || status == 405;
}

void im_observed_judge_answerer(struct im_observed *one)
{
    if (im_words_any(&one->words) ||
        im_observed_answer_header(one, "X-Intacct-Mock-Cause").len)
        return;
    const struct im_transport_words *proxy = is_of_mock(one) ? NULL : words_of_proxy(one);
    if (proxy && (one->status >= 400 || !one->has_request || expects_json(one))) {
        one->by_other = true;
        im_observed_end(one, proxy);
        return;
    }
    if (!im_is_page(one->answer_body) || !expects_json(one))
        return;
    im_observed_end(one, &page_of_html);
    /* under an unknown path a server that is Intacct's may have a page */
    one->by_other =
        is_refusal_with_body(one->status) && one->endpoint != IM_ENDPOINT_UNKNOWN;
}
