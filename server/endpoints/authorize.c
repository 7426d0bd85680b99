/* The authorization endpoint (RFC 6749 section 3.1) with its person: sign-in page,
 * consent page, redirect with the code. `mock_user=ID@COMPANY[|ENTITY]` stands for a
 * person who signs in and accepts, `mock_consent=deny` for one who denies. */
#include "base/crypto.h"
#include "causes/refusal.h"
#include "directory/account.h"
#include "directory/eligibility.h"
#include "endpoints/authorize_page.h"
#include "endpoints/endpoint.h"

struct person {
    struct im_principal principal;
    struct im_str who; /* "jdoe@acme" */
};

/* ---- the ticket ---- */

enum { TICKET_TTL_MS = 10 * 60 * 1000 };

/* Between sign-in page and consent page the server keeps nothing: a signed ticket in
 * the form proves who signed in. It also keeps other sites from consenting in the
 * person's name. */

/* MAC of the ticket's payload as base64url; empty when OpenSSL has no memory. */
static struct im_str ticket_seal(const struct im_authorize *ask, struct im_str payload)
{
    unsigned char key[32], mac[IM_SHA256_LEN];
    if (!im_rng_fixed(&ask->authority->rng, "consent ticket", key, sizeof key) ||
        !im_hmac_sha256(key, sizeof key, payload, mac))
        return (struct im_str){0};
    return im_base64url(ask->req->arena, mac, sizeof mac);
}

/* For this client, good for ten minutes of the sandbox's clock. Empty when memory is
 * short. */
static struct im_str ticket_write(const struct im_authorize *ask,
                                  const struct im_account *named)
{
    struct im_arena *arena = ask->req->arena;
    struct im_buf buf;
    struct im_json_out out;
    im_buf_init(&buf, arena, 0);
    im_json_out_init(&out, &buf);
    im_json_open_object(&out, NULL);
    im_json_str(&out, "company", named->company);
    im_json_str(&out, "user", named->user);
    im_json_str(&out, "client", ask->client.id);
    im_json_int(&out, "until", ask->req->now_ms + TICKET_TTL_MS);
    im_json_close_object(&out);
    struct im_str payload = im_base64url(arena, buf.at, buf.len);
    struct im_str mac = ticket_seal(ask, payload);
    if (buf.failed || !mac.len)
        return (struct im_str){0};
    return im_arena_format(arena, "%.*s.%.*s", IM_ARG(payload), IM_ARG(mac));
}

/* The ticket's members; NULL when we did not sign it. */
static const struct im_json *ticket_open(const struct im_authorize *ask,
                                         struct im_str text)
{
    struct im_json_error why;
    struct im_str json, payload = im_str_cut(&text, '.');
    struct im_str mac = ticket_seal(ask, payload);
    if (!mac.len || !im_secret_eq(mac, text) ||
        !im_base64url_decode(ask->req->arena, payload, &json))
        return NULL;
    return im_json_parse(ask->req->arena, json, &why);
}

/* request-malformed when it is not ours or was given for another client;
 * session-expired when its time is over. */
static enum im_cause ticket_read(const struct im_authorize *ask, struct im_str text,
                                 struct im_account *named)
{
    const struct im_json *json = ticket_open(ask, text);
    const struct im_json *until = im_json_get(json, "until");
    if (!until || !im_str_eq(im_json_get_str(json, "client"), ask->client.id))
        return im_refuse(
            ask->req, CAUSE_REQUEST_MALFORMED,
            "the consent form's ticket was not given by this server to client "
            "%.*s",
            IM_ARG(ask->client.id));
    int64_t late_ms = ask->req->now_ms - until->whole;
    if (late_ms >= 0)
        return im_refuse(
            ask->req, CAUSE_SESSION_EXPIRED,
            "the consent page was open for more than %d min: its ticket ran out "
            "%lld s ago",
            TICKET_TTL_MS / 60000, (long long)(late_ms / 1000));
    named->company = im_json_get_str(json, "company");
    named->user = im_json_get_str(json, "user");
    return CAUSE_NONE;
}

/* ---- who signs in ---- */

static void look_up_person(const struct im_authorize *ask, struct im_str company,
                           struct im_str user, struct person *person)
{
    im_directory_principal(ask->authority->directory, IM_STR(""), company, user,
                           &person->principal);
}

static enum im_cause find_person(const struct im_authorize *ask,
                                 const struct im_account *named, struct person *person)
{
    struct im_arena *arena = ask->req->arena;
    struct im_str evidence = {NULL, 0};
    const struct im_eligibility asked = {
        .place = IM_ELIGIBLE_TO_SIGN_IN, .user = named->user, .company = named->company};

    *person =
        (struct person){.principal = {.client = ask->client, .entity = named->entity},
                        .who = im_account_text(arena, named->user, named->company)};
    look_up_person(ask, named->company, named->user, person);
    if (person->principal.company.active)
        ask->req->exchange->user = im_quote(ask->req, person->who);
    enum im_cause cause = im_eligibility_check(ask->authority->directory, arena, &asked,
                                               &person->principal, &evidence);
    return cause ? im_refuse(ask->req, cause, "%.*s", IM_ARG(evidence)) : CAUSE_NONE;
}

static enum im_cause check_expiry(const struct im_authorize *ask,
                                  const struct person *person)
{
    if (!person->principal.user.password_expired)
        return CAUSE_NONE;
    return im_refuse(ask->req, CAUSE_PASSWORD_EXPIRED,
                     "the password of user %.*s has expired", IM_ARG(person->who));
}

static enum im_cause check_password(const struct im_authorize *ask,
                                    const struct person *person)
{
    struct im_str typed = im_authorize_param(ask, IM_FIELD_PASSWORD);
    if (!im_secret_eq(typed, person->principal.user.password))
        return im_refuse(ask->req, CAUSE_PASSWORD_WRONG,
                         "the password typed for user %.*s is wrong%s",
                         IM_ARG(person->who),
                         im_secret_eq(im_str_trim(typed), person->principal.user.password)
                             ? "; without the white space around it, it is right"
                             : "");
    return check_expiry(ask, person);
}

/* ---- may this person connect this client? ---- */

static enum im_cause check_eligible(const struct im_authorize *ask,
                                    const struct person *person, struct im_str *evidence)
{
    const struct im_principal *principal = &person->principal;
    const struct im_eligibility asked = {.place = IM_ELIGIBLE_FOR_GRANT,
                                         .client_id = ask->client.id,
                                         .user = principal->user.id,
                                         .company = principal->company.id};

    return im_eligibility_check(ask->authority->directory, ask->req->arena, &asked,
                                principal, evidence);
}

/* *mends: the consent itself will remove the one reason that there is. An
 * administrator's also authorizes the client and its sender id for the company
 * (documented). */
static enum im_cause check_connection(const struct im_authorize *ask,
                                      const struct person *person, bool *mends)
{
    struct im_str evidence = {0};
    enum im_cause cause = check_eligible(ask, person, &evidence);

    *mends = person->principal.user.admin &&
             (cause == CAUSE_CLIENT_NOT_AUTHORIZED_BY_COMPANY ||
              cause == CAUSE_SENDER_NOT_AUTHORIZED);
    if (!cause || *mends)
        return CAUSE_NONE;
    if (cause != CAUSE_CLIENT_NOT_AUTHORIZED_BY_COMPANY)
        return im_refuse(ask->req, cause, "%.*s", IM_ARG(evidence));
    return im_refuse(ask->req, CAUSE_APP_NOT_AUTHORIZED_BY_ADMIN,
                     "%.*s, and user %.*s is no administrator, who could change that",
                     IM_ARG(evidence), IM_ARG(person->who));
}

/* ---- the answers ---- */

static enum im_cause sign_in_again(const struct im_authorize *ask,
                                   struct im_response *res, enum im_cause cause)
{
    struct im_exchange *exchange = ask->req->exchange;
    int status = im_wording(cause, exchange->place, &ask->policy)->status;
    im_page_sign_in(ask, res, status < 400 ? 400 : status, cause);
    exchange->page_ready = true;
    return cause;
}

static enum im_cause deny_consent(const struct im_authorize *ask, const char *how)
{
    struct im_str who = ask->req->exchange->user;
    return im_refuse(
        ask->req, CAUSE_CONSENT_DENIED, "%s%.*s denied client %.*s access (%s)",
        who.len ? "user " : "somebody", IM_ARG(who), IM_ARG(ask->client.id), how);
}

static enum im_cause show_consent(const struct im_authorize *ask, struct im_response *res,
                                  const struct person *person)
{
    const struct im_principal *principal = &person->principal;
    const struct im_account named = {.user = principal->user.id,
                                     .company = principal->company.id};
    struct im_consent consent = {
        .company = &principal->company,
        .user = &principal->user,
        .authorizes_client = !im_list_has(principal->company.clients, ask->client.id),
        .ticket = ticket_write(ask, &named),
    };
    if (!consent.ticket.len)
        return im_refuse(ask->req, CAUSE_INTERNAL,
                         "signing the consent ticket: memory is short");
    im_page_consent(ask, res, &consent);
    return CAUSE_NONE;
}

/* What is left against it then is judged anew: the change may have removed only the
 * first reason. */
static enum im_cause authorize_client_by_consent(const struct im_authorize *ask,
                                                 struct person *person)
{
    struct im_error err;
    struct im_str evidence = {0};
    struct im_principal *principal = &person->principal;
    struct im_change_target target = {.company = principal->company.id,
                                      .client = ask->client.id};

    if (!im_directory_change(ask->authority->directory, IM_CHANGE_AUTHORIZE_CLIENT,
                             &target, &err))
        return im_refuse(ask->req, CAUSE_INTERNAL, "%s", err.text);
    look_up_person(ask, principal->company.id, principal->user.id, person);
    enum im_cause left = check_eligible(ask, person, &evidence);
    return left ? im_refuse(ask->req, left, "%.*s", IM_ARG(evidence)) : CAUSE_NONE;
}

static enum im_cause give_code(const struct im_authorize *ask, struct im_response *res,
                               const struct person *person)
{
    struct im_error err;
    struct im_issue issue = {
        .dialect = ask->dialect->id,
        .grant_type = IM_STR("authorization_code"),
        .client_id = ask->client.id,
        .user = person->principal.user.id,
        .company = person->principal.company.id,
        .entity = person->principal.entity,
        .principal = &person->principal,
        .scopes = ask->scopes,
        .nonce = ask->nonce,
        .issuer = ask->req->base_url,
        .redirect_uri = ask->redirect_uri,
        .challenge = ask->challenge,
        .challenge_plain = ask->challenge_plain,
    };
    struct im_str code = im_authority_issue_code(ask->authority, ask->req->arena,
                                                 ask->req->now_ms, &issue, &err);
    if (!code.len)
        return im_refuse(ask->req, CAUSE_INTERNAL, "issuing the code: %s", err.text);
    ask->req->exchange->issued =
        im_fingerprint(ask->authority->secrets, ask->req->arena, code);
    im_response_redirect(res, 302, im_authorize_location(ask, code));
    im_response_header(res, "Cache-Control", IM_STR("no-store"));
    return CAUSE_NONE;
}

static enum im_cause accept_consent(const struct im_authorize *ask,
                                    struct im_response *res, struct person *person)
{
    bool mends;
    enum im_cause cause = check_connection(ask, person, &mends);
    if (!cause && mends)
        cause = authorize_client_by_consent(ask, person);
    return cause ? cause : give_code(ask, res, person);
}

/* ---- the steps ---- */

/* A machine in the person's place. What would keep the person from signing in is a
 * plain refusal: no person looks at a sign-in page. */
static enum im_cause answer_machine(const struct im_authorize *ask,
                                    struct im_response *res, struct im_str mock_user)
{
    struct person person;
    struct im_account account = im_account_read(mock_user);
    if (!account.company.at)
        return im_refuse(ask->req, CAUSE_USERNAME_WITHOUT_COMPANY,
                         "mock_user=%.*s names no company; write ID@COMPANY",
                         IM_ARG(im_quote(ask->req, mock_user)));
    enum im_cause cause = find_person(ask, &account, &person);
    if (!cause)
        cause = check_expiry(ask, &person);
    if (cause)
        return cause;
    if (im_str_is(im_authorize_param(ask, "mock_consent"), "deny"))
        return deny_consent(ask, "mock_consent=deny");
    return accept_consent(ask, res, &person);
}

static enum im_cause answer_sign_in(const struct im_authorize *ask,
                                    struct im_response *res)
{
    struct person person;
    bool mends;
    struct im_account named = {.company = im_authorize_param(ask, IM_FIELD_COMPANY_ID),
                               .user = im_authorize_param(ask, IM_FIELD_USER_ID)};
    enum im_cause cause = find_person(ask, &named, &person);
    if (!cause)
        cause = check_password(ask, &person);
    if (cause)
        return sign_in_again(ask, res, cause);
    cause = check_connection(ask, &person, &mends);
    return cause ? cause : show_consent(ask, res, &person);
}

static enum im_cause answer_decision(const struct im_authorize *ask,
                                     struct im_response *res, struct im_str ticket)
{
    struct person person;
    struct im_account named = {.entity = {NULL, 0}};
    struct im_str decision = im_authorize_param(ask, IM_FIELD_DECISION);
    enum im_cause cause = ticket_read(ask, ticket, &named);
    if (!cause)
        cause = find_person(ask, &named, &person);
    if (cause)
        return sign_in_again(ask, res, cause);
    if (im_str_is(decision, IM_DECISION_DENY))
        return deny_consent(ask, "the button Deny");
    if (im_str_is(decision, IM_DECISION_ACCEPT))
        return accept_consent(ask, res, &person);
    return show_consent(ask, res, &person);
}

static enum im_cause answer_person(const struct im_authorize *ask,
                                   struct im_response *res)
{
    struct im_str ticket = im_authorize_param(ask, IM_FIELD_TICKET);
    bool posted = im_str_is(ask->req->method, "POST");
    if (posted && ticket.len)
        return answer_decision(ask, res, ticket);
    if (posted && im_param_count(&ask->params, IM_FIELD_PASSWORD))
        return answer_sign_in(ask, res);
    im_page_sign_in(ask, res, 200, CAUSE_NONE);
    return CAUSE_NONE;
}

enum im_cause im_endpoint_authorize(struct im_authority *authority,
                                    struct im_request *req, struct im_response *res)
{
    struct im_authorize ask;
    req->exchange->page = true;
    enum im_cause cause = im_authorize_read(authority, req, &ask);
    if (cause)
        return cause;
    struct im_str mock_user = im_authorize_param(&ask, "mock_user");
    if (!mock_user.len && im_str_is(req->method, "GET"))
        mock_user = im_authority_signed_in(authority, req->arena);
    if (mock_user.len)
        return answer_machine(&ask, res, mock_user);
    if (im_str_is(im_authorize_param(&ask, "mock_consent"), "deny"))
        return deny_consent(&ask, "mock_consent=deny");
    return answer_person(&ask, res);
}
