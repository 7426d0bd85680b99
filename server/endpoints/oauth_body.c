/* The form that the gateway wants of a POST to the OAuth endpoints (its errors GW-0014, GW-0032 and
 * GW-0035). credentials.c has read the body as what it looks like; here that is compared with
 * Content-Type, so that a wrong label is named as such and not as a malformed body. */
#include "endpoints/oauth_body.h"

#include "base/crypto.h"
#include "oauth/credentials.h"
#include "oauth/misspelling.h"

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"

enum media { MEDIA_FORM, MEDIA_JSON, MEDIA_XML, MEDIA_NONE, MEDIA_OTHER };

static struct im_str media_type(const struct im_request *req)
{
    struct im_str rest = im_request_header(req, "Content-Type");
    return im_str_trim(im_str_cut(&rest, ';'));
}

static enum media body_media(const struct im_request *req)
{
    struct im_str type = media_type(req);
    bool xml = im_str_eq_nocase(type, IM_STR("text/xml")) ||
               im_str_eq_nocase(type, IM_STR("application/xml")) ||
               im_str_ends(type, "+xml");
    /* neither a form nor JSON begins so: a client of the XML API, whatever label it sends */
    if (xml || im_str_starts(im_str_trim(req->body), "<"))
        return MEDIA_XML;
    if (!type.len)
        return MEDIA_NONE;
    if (im_request_is(req, FORM))
        return MEDIA_FORM;
    return im_request_is(req, JSON) ? MEDIA_JSON : MEDIA_OTHER;
}

static enum im_cause body_check_form(struct im_request *req,
                                     const struct im_sent_params *sent)
{
    if (sent->json)
        return im_refuse(req, CAUSE_PAYLOAD_MALFORMED,
                         "the body is JSON, but Content-Type says %s; say %s", FORM,
                         JSON);
    if (!sent->fault.len)
        return CAUSE_NONE;
    return im_refuse(req, CAUSE_PAYLOAD_MALFORMED, "the body: %.*s", IM_ARG(sent->fault));
}

static enum im_cause body_check_json(struct im_request *req,
                                     const struct im_sent_params *sent)
{
    struct im_params none;
    struct im_error err;
    if (sent->json && !sent->fault.len)
        return CAUSE_NONE;
    if (!sent->json && im_str_has(req->body, '='))
        return im_refuse(req, CAUSE_PAYLOAD_MALFORMED,
                         "the body is a form, but Content-Type says %s; say %s", JSON,
                         FORM);
    if (sent->json)
        return im_refuse(req, CAUSE_PAYLOAD_MALFORMED, "the body: %.*s",
                         IM_ARG(sent->fault));
    /* neither by its looks: read as JSON for the sake of the error, which names the place */
    im_params_parse_json(req->arena, req->body, &none, &err);
    return im_refuse(req, CAUSE_PAYLOAD_MALFORMED, "the body: %s", err.text);
}

enum im_cause im_oauth_body(struct im_request *req, struct im_params *params)
{
    *params = (struct im_params){0};
    enum media media = body_media(req);
    if (media == MEDIA_XML)
        return im_refuse(
            req, CAUSE_XML_SENT_TO_REST,
            "the body is XML; the XML API has another address, here a form or JSON "
            "is wanted");
    /* secrets do not belong in an address (RFC 6749 section 2.3.1), and no client was seen to do it */
    if (!im_str_trim(req->body).len)
        return im_refuse(
            req, CAUSE_PAYLOAD_MISSING, "the body is empty%s",
            req->query.len ? "; the parameters in the query are not read here" : "");
    const struct im_sent_params *sent = im_credentials_body(req);
    *params = sent->params;
    switch (media) {
    case MEDIA_FORM: return body_check_form(req, sent);
    case MEDIA_JSON: return body_check_json(req, sent);
    case MEDIA_NONE: /* a form may come without a label, but JSON has to say what it is */
        if (sent->json)
            return im_refuse(req, CAUSE_CONTENT_TYPE_UNSUPPORTED,
                             "the body is JSON, but there is no Content-Type; say %s",
                             JSON);
        return body_check_form(req, sent);
    case MEDIA_XML:
    case MEDIA_OTHER:
    default:
        return im_refuse(req, CAUSE_CONTENT_TYPE_UNSUPPORTED,
                         "Content-Type is \"%.*s\"; %s and %s are taken",
                         IM_ARG(im_quote(req, media_type(req))), FORM, JSON);
    }
}

enum im_cause im_oauth_body_token(struct im_request *req, const struct im_params *params)
{
    static const char *const once[] = {"token", NULL};
    struct im_str token = im_param(params, "token");
    enum im_cause cause = im_refuse_repeated(req, params, once);
    if (cause)
        return cause;
    if (!token.len)
        return im_refuse_missing(req, params, "token", CAUSE_TOKEN_MISSING);
    req->exchange->token = im_fingerprint(req->exchange->secrets, req->arena, token);
    return CAUSE_NONE;
}
