/* Signs in one exchange: what its address, its header, its parameters and its token
 * show by themselves. The endpoints of a mock refuse for the same reasons (grants/,
 * oauth/client_auth.c, oauth/bearer.c); here no state is known, so only what the
 * request itself proves is said. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "explain/match.h"
#include "oauth/misspelling.h"
#include "oauth/token_refusal.h"

static struct im_str quote_text(struct im_ranking *ranking, struct im_str text)
{
    return im_trace_quote(ranking->trace, text);
}

/* ---- the address ---- */

bool im_is_intacct_host(struct im_str host)
{
    return im_str_is(host, "intacct.com") || im_str_ends(host, ".intacct.com");
}

void im_signs_of_host(struct im_ranking *ranking)
{
    static const struct im_str real[] = {IM_STR_INIT("api.intacct.com"),
                                         IM_STR_INIT("www.intacct.com")};
    struct im_str host = ranking->one->host;

    /* a name without a dot is that of a service beside the client, and may be a mock's */
    if (!im_str_has(host, '.') || im_is_intacct_host(host) || ranking->mock)
        return;
    bool near = im_str_nearest(host, real, 2) >= 0 ||
                im_str_find_nocase(host, "intacct") < host.len;
    /* a mock or a gateway may have any name; only one that is nearly Intacct's is
     * surely a slip */
    if (near)
        im_sign(ranking, CAUSE_HOST_MISSPELLED, IM_SIGN_CERTAIN / 2 + IM_SIGN_GOOD,
                "the request goes to %.*s; the host of Intacct is api.intacct.com",
                IM_ARG(im_trace_quote_host(ranking->trace, host)));
}

static void look_at_path(struct im_ranking *ranking)
{
    struct im_observed *one = ranking->one;
    struct im_str path = quote_text(ranking, im_str_slice(one->req.path, 0, 120));
    /* the article's own sample has paths that never existed, so a wrong path is worth its own words */
    bool unknown = one->endpoint == IM_ENDPOINT_UNKNOWN;

    if (!one->has_request || !one->req.path.len)
        return;
    if (im_str_starts(one->req.path, "/api/v1/oauth2") ||
        im_str_starts(one->req.path, "/api/v1/objects") ||
        im_str_starts(one->req.path, "/api/v1/services"))
        im_sign(ranking, CAUSE_PATH_UNKNOWN, IM_SIGN_STRONG,
                "the path %.*s lacks its /ia: /ia/api/v1/…", IM_ARG(path));
    else if (unknown && im_str_glob(IM_STR("*/oauth2/*"), one->req.path))
        im_sign(ranking, CAUSE_TOKEN_ENDPOINT_UNKNOWN, IM_SIGN_STRONG,
                "there is no %.*s; the endpoints are authorize, token, revoke and "
                "introspect",
                IM_ARG(path));
    else if (unknown ||
             (one->endpoint == IM_ENDPOINT_NONE && im_is_intacct_host(one->host) &&
              im_str_find_nocase(path, "xmlgw") == path.len))
        im_sign(ranking, CAUSE_PATH_UNKNOWN, IM_SIGN_GOOD,
                "%.*s is none of the documented paths; tokens are at "
                "/ia/api/v1/oauth2/token, data at /ia/api/v1/objects/…",
                IM_ARG(path));
    if (im_is_token_endpoint(one) && one->req.method.len &&
        !im_str_is(one->req.method, "POST") && !one->loosely)
        im_sign(ranking, CAUSE_METHOD_NOT_ALLOWED, IM_SIGN_STRONG,
                "the token endpoint takes POST; this is %.*s",
                IM_ARG(im_trace_quote_method(ranking->trace, one->req.method)));
}

/* ---- the Authorization header of an API call ---- */

/* A browser's HAR lacks the header where it was cleaned: there it is missing from all
 * calls. */
static bool header_may_be_hidden(const struct im_ranking *ranking)
{
    for (size_t i = 0; i < ranking->trace->count; i++) {
        struct im_observed *one = ranking->trace->items[i];
        if (im_is_api(one) && im_is_success(one) &&
            !im_request_header(&one->req, "authorization").at)
            return true;
    }
    return !ranking->one->has_headers || ranking->one->loosely;
}

static void look_at_authorization(struct im_ranking *ranking)
{
    const struct im_credentials *credentials = im_credentials(&ranking->one->req);
    struct im_str token = credentials->bearer_token;

    /* each of these is certain of what was sent, but not of what the server judged first: so they are
     * strong and not certain, and several may stand side by side */
    if (credentials->header_count > 1)
        im_sign(ranking, CAUSE_AUTHORIZATION_REPEATED, IM_SIGN_STRONG,
                "the request has %zu Authorization headers", credentials->header_count);
    /* of a log's line nothing follows from what it does not show */
    if (!credentials->header_count && !header_may_be_hidden(ranking))
        im_sign(ranking, CAUSE_AUTHORIZATION_HEADER_MISSING, IM_SIGN_STRONG,
                "the request has no Authorization header");
    if (credentials->header_count && credentials->scheme == IM_AUTH_BEARER && !token.len)
        im_sign(ranking, CAUSE_AUTHORIZATION_HEADER_MISSING, IM_SIGN_STRONG,
                "nothing stands behind the word Bearer");
    if (credentials->header_count && credentials->scheme != IM_AUTH_BEARER)
        im_sign(ranking, CAUSE_AUTHORIZATION_NOT_BEARER, IM_SIGN_STRONG,
                credentials->scheme == IM_AUTH_BASIC
                    ? "the Authorization header is of the scheme Basic"
                    : "the Authorization header does not begin with the word Bearer");
    if (token.len && im_is_placeholder(token) && !im_is_hidden_value(token))
        im_sign(ranking, CAUSE_CREDENTIAL_PLACEHOLDER, IM_SIGN_CERTAIN,
                "the access token is %.*s: a template that nobody filled in",
                IM_ARG(quote_text(ranking, token)));
}

static void look_at_entity_header(struct im_ranking *ranking)
{
    const struct im_request *req = &ranking->one->req;

    for (size_t i = 0; i < req->header_count; i++) {
        struct im_str name = req->headers[i].name;
        bool meant = im_str_find_nocase(name, "entity") < name.len &&
                     (im_str_find_nocase(name, "param") < name.len ||
                      im_str_find_nocase(name, "intacct") < name.len ||
                      im_str_find_nocase(name, "sage") < name.len);
        /* the one spelling that was seen to work; others are accepted and silently ignored */
        if (!meant || im_str_eq_nocase(name, IM_STR("X-IA-API-Param-Entity")))
            continue;
        im_sign(ranking, CAUSE_ENTITY_HEADER_IGNORED,
                im_observed_is_refused(ranking->one) ? IM_SIGN_WEAK : IM_SIGN_STRONG,
                "the header %.*s is not the one that chooses an entity",
                IM_ARG(quote_text(ranking, name)));
    }
}

static void look_at_media(struct im_ranking *ranking)
{
    const struct im_request *req = &ranking->one->req;
    struct im_str encoding = im_request_header(req, "content-encoding");
    bool refused = ranking->one->status == 415 || ranking->one->status == 400;

    if (encoding.len && !im_str_eq_nocase(encoding, IM_STR("identity")) && refused)
        im_sign(ranking, CAUSE_CONTENT_ENCODING_UNSUPPORTED, IM_SIGN_STRONG,
                "the request has Content-Encoding: %.*s",
                IM_ARG(quote_text(ranking, encoding)));
    if (im_str_starts(im_str_trim(req->body), "<"))
        im_sign(ranking, CAUSE_XML_SENT_TO_REST, IM_SIGN_STRONG, "the body is XML");
}

/* ---- the token request ---- */

static const struct required {
    const char *grant, *name;
    enum im_cause missing;
} required[] = {
    {"authorization_code", "code", CAUSE_CODE_MISSING},
    {"authorization_code", "redirect_uri", CAUSE_REDIRECT_URI_MISMATCH},
    {"refresh_token", "refresh_token", CAUSE_REFRESH_TOKEN_MISSING},
    {"client_credentials", "username", CAUSE_USERNAME_MISSING},
};

static void sign_missing(struct im_ranking *ranking, const struct im_params *params,
                         const char *name, enum im_cause missing)
{
    struct im_str instead = im_misspelling_of(params, name);

    /* a line of a log need not show all that was sent, but a slip in it is one */
    if (instead.at)
        im_sign(ranking, CAUSE_PARAMETER_MISSPELLED, IM_SIGN_CERTAIN,
                "%s is missing, and %.*s is there", name,
                IM_ARG(quote_text(ranking, instead)));
    else if (!ranking->one->loosely)
        im_sign(ranking, missing, IM_SIGN_STRONG, "the request has no %s", name);
}

static void look_at_placeholders(struct im_ranking *ranking,
                                 const struct im_params *params)
{
    for (size_t i = 0; i < params->count; i++)
        if (im_is_placeholder(params->items[i].value) &&
            !im_is_hidden_value(params->items[i].value))
            im_sign(ranking, CAUSE_CREDENTIAL_PLACEHOLDER, IM_SIGN_CERTAIN,
                    "%.*s is %.*s: a template that nobody filled in",
                    IM_ARG(quote_text(ranking, params->items[i].name)),
                    IM_ARG(quote_text(ranking, params->items[i].value)));
}

static bool is_padded(struct im_str text)
{
    return text.len && im_str_trim(text).len < text.len;
}

static void look_at_client(struct im_ranking *ranking, const struct im_params *params)
{
    const struct im_credentials *credentials = im_credentials(&ranking->one->req);
    bool basic = credentials->scheme == IM_AUTH_BASIC;
    struct im_str secret = im_param(params, "client_secret");

    /* one field report: Basic works for the code and is refused for the refresh, hours later */
    if (basic && im_str_is(im_param(params, "grant_type"), "refresh_token"))
        im_sign(ranking, CAUSE_CLIENT_AUTH_IN_HEADER_ON_REFRESH, IM_SIGN_STRONG,
                "the refresh carries the client's credentials by HTTP Basic");
    else if (basic)
        im_sign(ranking, CAUSE_CLIENT_AUTH_METHOD_REFUSED, IM_SIGN_WEAK,
                "the client's credentials come by HTTP Basic");
    if (basic && secret.len)
        im_sign(ranking, CAUSE_CLIENT_AUTH_REPEATED, IM_SIGN_GOOD,
                "the client's credentials come by HTTP Basic and in the body");
    if (is_padded(secret) || (basic && is_padded(credentials->basic_secret)))
        im_sign(ranking, CAUSE_CLIENT_SECRET_PADDED, IM_SIGN_STRONG,
                "client_secret has a blank or a line break before or after it");
    if (im_param_count(params, "client_id") > 1)
        im_sign(ranking, CAUSE_CLIENT_ID_REPEATED, IM_SIGN_STRONG,
                "client_id stands there %zu times", im_param_count(params, "client_id"));
    if (!basic && !im_param(params, "client_id").len)
        sign_missing(ranking, params, "client_id", CAUSE_CLIENT_ID_MISSING);
    if (!basic && !secret.len && !im_param(params, "code_verifier").len)
        sign_missing(ranking, params, "client_secret", CAUSE_CLIENT_SECRET_MISSING);
}

static void look_at_username(struct im_ranking *ranking, const struct im_params *params)
{
    struct im_str username = im_param(params, "username");

    if (im_param_count(params, "username") > 1)
        im_sign(ranking, CAUSE_USERNAME_REPEATED, IM_SIGN_STRONG,
                "username stands there %zu times", im_param_count(params, "username"));
    if (username.at && !username.len)
        im_sign(ranking, CAUSE_USERNAME_EMPTY, IM_SIGN_STRONG, "username has no value");
    /* the company stands behind the @: without it the server cannot know whose user that is */
    if (username.len && !im_str_has(username, '@') && !im_is_placeholder(username))
        im_sign(ranking, CAUSE_USERNAME_WITHOUT_COMPANY, IM_SIGN_STRONG,
                "username has no @ and no company behind it");
    if (im_str_has(username, '|'))
        im_sign(ranking, CAUSE_ENTITY_UNKNOWN, IM_SIGN_WEAK,
                "username names an entity behind a |");
}

static bool is_known_grant(struct im_str grant)
{
    return im_str_is(grant, "authorization_code") || im_str_is(grant, "refresh_token") ||
           im_str_is(grant, "client_credentials") || im_is_hidden_value(grant);
}

static void look_at_grant(struct im_ranking *ranking, const struct im_params *params)
{
    struct im_str grant = im_param(params, "grant_type");

    if (!grant.len)
        sign_missing(ranking, params, "grant_type", CAUSE_GRANT_TYPE_MISSING);
    else if (!is_known_grant(grant))
        im_sign(ranking, CAUSE_GRANT_TYPE_UNSUPPORTED, IM_SIGN_STRONG,
                "grant_type is %.*s", IM_ARG(quote_text(ranking, grant)));
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        bool session = im_param(params, "session_id").len > 0;
        if (im_str_is(grant, required[i].grant) &&
            !im_param(params, required[i].name).len &&
            !(session && required[i].missing == CAUSE_USERNAME_MISSING))
            sign_missing(ranking, params, required[i].name, required[i].missing);
    }
}

/* A body that its Content-Type does not tell the truth of. */
static void look_at_payload(struct im_ranking *ranking)
{
    const struct im_request *req = &ranking->one->req;
    const struct im_sent_params *sent = im_credentials_body(&ranking->one->req);
    bool says_json = im_request_is(req, "application/json");
    bool says_form = im_request_is(req, "application/x-www-form-urlencoded");

    if (sent->fault.len && !ranking->one->loosely)
        im_sign(ranking, CAUSE_PAYLOAD_MALFORMED, IM_SIGN_STRONG,
                "the body cannot be read: %.*s",
                IM_ARG(quote_text(ranking, sent->fault)));
    else if (req->body.len && ((says_json && !sent->json) || (says_form && sent->json)))
        im_sign(ranking, CAUSE_PAYLOAD_MALFORMED, IM_SIGN_STRONG,
                says_json ? "Content-Type says JSON, and the body is a form"
                          : "Content-Type says a form, and the body is JSON");
    else if (!req->body.len && im_credentials(&ranking->one->req)->query.params.count)
        im_sign(ranking, CAUSE_PAYLOAD_MISSING, IM_SIGN_STRONG,
                "the parameters stand in the address, and the body is empty");
    else if (req->body.len && ranking->one->has_headers && !says_json && !says_form)
        im_sign(ranking, CAUSE_CONTENT_TYPE_UNSUPPORTED, IM_SIGN_GOOD,
                "Content-Type is neither a form's nor JSON's");
}

static void look_at_token_request(struct im_ranking *ranking)
{
    const struct im_params *params = &im_credentials_body(&ranking->one->req)->params;
    bool known = params->count > 0;

    /* the body's form first: of one that cannot be read, nothing can be missing */
    look_at_payload(ranking);
    if (!known)
        return;
    look_at_placeholders(ranking, params);
    look_at_grant(ranking, params);
    look_at_client(ranking, params);
    look_at_username(ranking, params);
}

/* ---- authorize, and what it leads back to ---- */

static void look_at_callback(struct im_ranking *ranking)
{
    struct im_observed *one = ranking->one;
    struct im_str error = im_sent(one, "error");

    if (!error.len || im_is_token_endpoint(one))
        return;
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        const char *redirect = im_cause_row((enum im_cause)i)->redirect;
        if (redirect && im_str_is(error, redirect))
            im_sign(ranking, (enum im_cause)i,
                    i == CAUSE_CONSENT_DENIED ? IM_SIGN_STRONG + 20 : IM_SIGN_STRONG,
                    "the browser came back with error=%.*s",
                    IM_ARG(quote_text(ranking, error)));
    }
}

static void look_at_authorize(struct im_ranking *ranking)
{
    struct im_observed *one = ranking->one;
    struct im_str type = im_sent(one, "response_type");
    struct im_str method = im_sent(one, "code_challenge_method");
    struct im_str uri = im_sent(one, "redirect_uri");

    if (one->endpoint != IM_ENDPOINT_AUTHORIZE)
        return;
    look_at_placeholders(ranking, &im_credentials(&one->req)->query.params);
    /* Sage documents the code flow alone, though discovery lists others */
    if (!im_str_is(type, "code"))
        im_sign(ranking, CAUSE_RESPONSE_TYPE_UNSUPPORTED, IM_SIGN_GOOD,
                "response_type is not code");
    if (!uri.len)
        im_sign(ranking, CAUSE_REDIRECT_URI_MISSING, IM_SIGN_GOOD,
                "the request has no redirect_uri");
    else if (im_str_starts(uri, "http:"))
        im_sign(ranking, CAUSE_REDIRECT_URI_UNREGISTERED, IM_SIGN_GOOD,
                "redirect_uri begins with http:, and Intacct registers https addresses "
                "only");
    if (im_sent(one, "code_challenge").len && !im_str_is(method, "S256"))
        im_sign(ranking, CAUSE_PKCE_METHOD_UNSUPPORTED, IM_SIGN_GOOD,
                "code_challenge_method is not S256");
    if (!im_sent(one, "state").at && !im_observed_is_refused(one))
        im_sign(ranking, CAUSE_STATE_MISSING, IM_SIGN_GOOD, "the request has no state");
}

/* ---- statuses that say it themselves ---- */

static void look_at_status(struct im_ranking *ranking)
{
    struct im_str said = im_observed_answer_header(ranking->one, "X-Intacct-Mock-Cause");
    enum im_cause cause = im_cause_find(said);
    int status = ranking->one->status;

    if (cause)
        im_sign(ranking, cause, 4 * IM_SIGN_CERTAIN,
                "the mock that answered says so: X-Intacct-Mock-Cause");
    if (status == 429)
        im_sign(ranking, CAUSE_RATE_LIMITED, IM_SIGN_GOOD, "the status is 429");
    if (status == 503)
        im_sign(ranking, CAUSE_SERVICE_UNAVAILABLE, IM_SIGN_WEAK, "the status is 503");
    if (status == 502 || status == 504)
        im_sign(ranking, CAUSE_GATEWAY_ERROR, IM_SIGN_GOOD, "the status is %d", status);
}

void im_signs_of_request(struct im_ranking *ranking)
{
    struct im_observed *one = ranking->one;

    look_at_status(ranking);
    if (!one->has_request)
        return;
    im_signs_of_host(ranking);
    look_at_path(ranking);
    look_at_callback(ranking);
    look_at_authorize(ranking);
    look_at_media(ranking);
    if (im_is_token_endpoint(one))
        look_at_token_request(ranking);
    /* where only the header is known, as in a log, it is judged all the same */
    if (im_is_api(one) || one->endpoint == IM_ENDPOINT_NONE)
        look_at_authorization(ranking);
    look_at_entity_header(ranking);
}

/* ---- the token ---- */

static void look_at_claims(struct im_ranking *ranking)
{
    struct im_token_view *token = &ranking->token;
    bool session = im_json_get(token->jwt.payload, "sessionId") != NULL;
    bool code = !im_json_get(token->jwt.payload, "cnyId") &&
                im_json_get(token->jwt.payload, "clientId") && !session;

    if (!ranking->one)
        return;
    if (token->real && ranking->mock)
        im_sign(ranking, CAUSE_TOKEN_OF_THE_REAL_SERVICE, IM_SIGN_STRONG + 60,
                "its issuer is %.*s, and a mock was asked",
                IM_ARG(im_trace_quote_host(ranking->trace, token->issuer)));
    if (token->issuer.len && !token->real && im_is_intacct_host(ranking->one->host))
        im_sign(ranking, CAUSE_TOKEN_WRONG_ISSUER, IM_SIGN_STRONG,
                "its issuer is %.*s, and %.*s was asked",
                IM_ARG(im_trace_quote_host(ranking->trace, token->issuer)),
                IM_ARG(im_trace_quote_host(ranking->trace, ranking->one->host)));
    /* by the claims that were observed; newer tokens may have others, so this is no
     * certainty */
    if (code)
        im_sign(ranking, CAUSE_CODE_USED_AS_ACCESS_TOKEN, IM_SIGN_GOOD,
                "the token has the claims of an authorization code");
    else if (token->real && !session)
        im_sign(ranking, CAUSE_REFRESH_TOKEN_USED_AS_ACCESS_TOKEN, IM_SIGN_GOOD,
                "the token has no sessionId, as access tokens have");
}

static void look_at_times(struct im_ranking *ranking)
{
    struct im_token_view *token = &ranking->token;
    int64_t at = ranking->at_ms / 1000;
    int64_t starts = token->has_nbf ? token->nbf : token->has_iat ? token->iat : 0;
    bool expired = token->has_exp && token->exp <= at;
    /* without the exchange's own time nobody knows how old the token was then */
    bool timed = !ranking->one || ranking->one->has_time;

    /* by the time of the exchange, where it tells one; a token that is expired by now may have been good
     * then, so without that time it is a weak sign */
    if (expired)
        im_sign(ranking, CAUSE_ACCESS_TOKEN_EXPIRED,
                timed ? IM_SIGN_STRONG : IM_SIGN_WEAK, "the token %.*s",
                IM_ARG(token->times));
    if (starts > at + 1)
        im_sign(ranking, CAUSE_TOKEN_NOT_YET_VALID, IM_SIGN_STRONG,
                "by its claims the token begins %.*s later",
                IM_ARG(im_time_words(ranking->trace->arena, starts - at)));
    if (!expired && token->has_exp && timed)
        im_sign_against(ranking, CAUSE_ACCESS_TOKEN_EXPIRED, IM_SIGN_GOOD,
                        "by its claims the token was %.*s", IM_ARG(token->times));
    if (!ranking->one || !timed || expired || !token->has_iat || at < token->iat)
        return;
    if (at - token->iat < INT64_C(6) * 3600)
        im_sign_against(ranking, CAUSE_SESSION_EXPIRED, IM_SIGN_WEAK,
                        "the token was %.*s old",
                        IM_ARG(im_time_words(ranking->trace->arena, at - token->iat)));
    else
        im_sign(ranking, CAUSE_SESSION_EXPIRED, IM_SIGN_WEAK,
                "the token was %.*s old, and sessions last 6 hours",
                IM_ARG(im_time_words(ranking->trace->arena, at - token->iat)));
}

static void look_at_signature(struct im_ranking *ranking)
{
    struct im_token_view *token = &ranking->token;
    struct im_str alg = token->jwt.alg;

    if (!alg.len || im_str_eq_nocase(alg, IM_STR("none")))
        im_sign(ranking, CAUSE_TOKEN_WRONG_ALGORITHM, IM_SIGN_STRONG + 40,
                "the token's alg is %.*s", IM_ARG(alg.len ? alg : IM_STR("missing")));
    else if (token->signature == IM_SIGNATURE_BAD)
        im_sign(ranking, CAUSE_TOKEN_BAD_SIGNATURE, IM_SIGN_STRONG + 20, "%.*s",
                IM_ARG(token->signature_text));
    else if (token->signature == IM_SIGNATURE_UNKNOWN_KEY)
        im_sign(ranking, CAUSE_TOKEN_UNKNOWN_KEY, IM_SIGN_STRONG + 20, "%.*s",
                IM_ARG(token->signature_text));
}

void im_signs_of_token(struct im_ranking *ranking)
{
    struct im_token_view *token = &ranking->token;

    /* what was taken had nothing wrong with it, whatever it looks like here */
    if (ranking->one && im_is_success(ranking->one))
        return;
    if (!token->decoded) {
        /* a log may cut what it prints */
        im_sign(ranking, CAUSE_TOKEN_MALFORMED, IM_SIGN_STRONG,
                "the token is no JWT: %.*s", IM_ARG(token->wrong));
        return;
    }
    look_at_claims(ranking);
    look_at_times(ranking);
    look_at_signature(ranking);
    /* whoever pastes a token takes its signature out, so only the server's word makes it a sign */
    if (token->cut && ranking->one && im_words_any(&ranking->one->words) &&
        ranking->all[CAUSE_TOKEN_MALFORMED].worded)
        im_sign(ranking, CAUSE_TOKEN_MALFORMED, IM_SIGN_WEAK,
                "the token's signature is missing, masked or cut");
}
