/* What there is to say where no cause can be named, or before one is: that a status alone tells
 * nothing, that a code is none that is known, that nothing was refused and what was granted, that
 * the address is not one of Sage's. */
#include "base/clock.h"
#include "explain/inside.h"

/* ---- whose answer it is ---- */

/* It may still be a mock or a gateway, which have any name: so this is said, and not held against
 * the answer. */
static bool is_foreign(const struct im_ranking *ranking)
{
    struct im_str host = ranking->one ? ranking->one->host : IM_STR("");

    /* the browser comes back to an address of the application's own */
    if (!host.len || im_sent(ranking->one, "error").len ||
        im_sent(ranking->one, "code").len)
        return false;
    /* what is nearly Intacct's is a cause of its own; without a dot it is no public name */
    return im_str_has(host, '.') && !ranking->mock && !im_is_intacct_host(host) &&
           !ranking->all[CAUSE_HOST_MISSPELLED].evidence_count;
}

/* What ended it is nobody's answer, least of all Intacct's; but a body that the program could not read
 * came with a status, which may refuse. */
static void note_ended(struct im_buf *buf, const struct im_explanation *explanation)
{
    const struct im_ranking *ranking = &explanation->ranking;
    const struct im_observed *one = ranking->one;

    im_explanation_add_ended(explanation, buf);
    if (!one->status && !one->by_other && !one->answer_body.len &&
        im_transport_is_of_body(one->ended))
        im_buf_addz(buf, "It may be a refusal: its status is not told. ");
    else
        im_buf_addf(buf,
                    "That is no refusal%s: it says nothing of client, user, token or "
                    "permission. ",
                    one->by_other ? " by Intacct" : "");
    if (is_foreign(ranking))
        im_buf_addf(buf,
                    "The address is %.*s, which is none of Sage Intacct's "
                    "(api.intacct.com): look first whether it is the one that is meant. ",
                    IM_ARG(im_trace_quote_host(&explanation->trace, one->host)));
}

static void note_host(struct im_buf *buf, const struct im_explanation *explanation)
{
    const struct im_ranking *ranking = &explanation->ranking;

    if (is_foreign(ranking))
        im_buf_addf(
            buf,
            "%.*s is not an address of Sage Intacct (api.intacct.com). Unless a mock "
            "or a gateway of yours answers there, what follows is only what OAuth "
            "and HTTP mean by such an answer. ",
            IM_ARG(im_trace_quote_host(&explanation->trace, ranking->one->host)));
}

void im_explanation_add_answered(const struct im_explanation *explanation,
                                 struct im_buf *buf)
{
    const struct im_ranking *ranking = &explanation->ranking;
    struct im_str host = ranking->one ? ranking->one->host : IM_STR("");

    if (ranking->mock)
        im_buf_addz(buf, "The mock answered ");
    else if (im_is_intacct_host(host))
        im_buf_addz(buf, "Sage Intacct answered ");
    else if (im_str_has(host, '.'))
        im_buf_addf(buf, "%.*s answered ",
                    IM_ARG(im_trace_quote_host(&explanation->trace, host)));
    else
        im_buf_addz(buf, "The answer was ");
}

/* ---- nothing was refused ---- */

static void note_grant(struct im_buf *buf, const struct im_explanation *explanation)
{
    const struct im_trace *trace = &explanation->trace;
    const struct im_ranking *ranking = &explanation->ranking;
    const struct im_granted *grant = &ranking->grant;

    im_buf_addf(buf,
                "A token response: nothing was refused. It grants an access token (%.*s)",
                IM_ARG(ranking->token.decoded ? ranking->token.times
                                              : IM_STR("no JWT, so it tells no times")));
    if (grant->lives_s > 0)
        im_buf_addf(buf, ", by expires_in for %.*s",
                    IM_ARG(im_time_words(trace->arena, grant->lives_s)));
    if (grant->scopes.len)
        im_buf_addf(buf, ", for the scopes %.*s",
                    IM_ARG(im_trace_quote(trace, grant->scopes)));
    im_buf_addz(buf,
                grant->refresh
                    ? ", and a refresh token. "
                    : ". There is no refresh token in it: after authorization_code the "
                      "scope offline_access asks for one. ");
}

static void note_sound_token(struct im_buf *buf, const struct im_token_view *token)
{
    im_buf_addf(buf,
                "A token alone, and nothing in it is refused: %.*s. If it is refused all "
                "the same, it was ended before its time, which a token does not tell: "
                "`intacct-mock causes tokenInvalid` lists how. ",
                IM_ARG(token->times));
}

/* ---- what is not known ---- */

/* A number must follow: PLATFORM_LIMIT of another service is no code of the XML gateway. */
static void note_family(struct im_buf *buf, struct im_str code)
{
    static const char xml[] =
        "Codes XL..., BL... and PL... are those of the XML gateway. ";
    static const char *const families[][2] = {
        {"GW-",
         "Codes GW-... are those of the gateway, which judges the form of a request, "
         "its token and its address. "},
        {"REST-", "Codes REST-... are those of the REST API behind the gateway. "},
        {"XL", xml},
        {"BL", xml},
        {"PL", xml}};

    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        struct im_str rest = im_str_slice(code, strlen(families[i][0]), code.len);
        if (im_str_starts(code, families[i][0]) && im_has_digit_at(rest, 0)) {
            im_buf_addz(buf, families[i][1]);
            return;
        }
    }
}

static void note_unknown(struct im_buf *buf, const struct im_explanation *explanation)
{
    struct im_observed *one = explanation->ranking.one;
    struct im_str code =
        one->words.code_count ? one->words.codes[0] : im_sent(one, "error");

    if (code.len) {
        im_buf_addf(
            buf,
            "It is refused with %.*s, which is none of the codes known here: why, "
            "nothing here can tell. ",
            IM_ARG(im_trace_quote(&explanation->trace, code)));
        note_family(buf, code);
    } else if (im_observed_is_refused(one)) {
        im_buf_addz(buf, "It is refused, and neither its status nor its words are among "
                         "those known here. ");
    } else if (one->lost) {
        im_buf_addz(buf, "No answer came, and nothing tells why. ");
    } else {
        im_buf_addz(buf, "Nothing in it is refused, and nothing of it looks wrong. ");
    }
}

static void note_answer(struct im_buf *buf, const struct im_explanation *explanation)
{
    const struct im_ranking *ranking = &explanation->ranking;

    note_host(buf, explanation);
    if (ranking->undecided)
        im_buf_addf(
            buf,
            "The status %d alone does not tell the cause: each of these is answered "
            "so. The body of the answer tells more (its code, such as REST-1206 or "
            "invalid_grant), and so does the request. ",
            ranking->one->status);
    else if (ranking->grant.is_one)
        note_grant(buf, explanation);
    else if (!ranking->count && ranking->one)
        note_unknown(buf, explanation);
    else if (!ranking->count && ranking->has_token)
        note_sound_token(buf, &ranking->token);
    else if (!ranking->count)
        im_buf_addz(buf, "Nothing in it is refused, and nothing of it looks wrong. ");
}

struct im_str im_explanation_note(const struct im_explanation *explanation)
{
    struct im_buf buf;

    im_buf_init(&buf, explanation->trace.arena, 0);
    if (explanation->recognised && im_explanation_transport(explanation))
        note_ended(&buf, explanation);
    else if (explanation->recognised)
        note_answer(&buf, explanation);
    return im_str_trim(im_buf_str(&buf));
}
