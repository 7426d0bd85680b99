/* The authorization endpoint (RFC 6749 section 3.1) with its person: sign-in page,
 * consent page, redirect with the code. `mock_user=ID@COMPANY` stands for a person who
 * signs in and accepts, `mock_consent=deny` for one who denies. */
#include "base/crypto.h"
#include "base/sanitize.h"
#include "causes/refusal.h"
#include "directory/account.h"
#include "directory/eligibility.h"
#include "endpoints/authorize_page.h"
#include "endpoints/authorize_ticket.h"
#include "endpoints/endpoint.h"

struct person {
    struct im_company company;
    struct im_user user;
    struct im_str who; /* "jdoe@acme" */
};

/* ---- who signs in ---- */

static enum im_cause find_company(const struct im_authorize *ask, struct im_str id,
                                  struct im_company *company)
{
    if (!im_directory_company(ask->authority->directory, id, company))
        return im_refuse(ask->req, CAUSE_COMPANY_UNKNOWN, "there is no company \"%.*s\"",
                         IM_ARG(im_sanitize(ask->req->arena, id)));
    if (!company->active)
        return im_refuse(ask->req, CAUSE_COMPANY_INACTIVE, "company %.*s is inactive",
                         IM_ARG(id));
    return CAUSE_NONE;
}

static enum im_cause refuse_user(const struct im_authorize *ask,
                                 const struct person *person, struct im_str id)
{
    struct im_user other;
    struct im_str shown = im_sanitize(ask->req->arena, id);
    if (im_directory_user_nocase(ask->authority->directory, person->company.id, id,
                                 &other))
        return im_refuse(ask->req, CAUSE_USER_WRONG_CASE,
                         "company %.*s has no user \"%.*s\", but \"%.*s\": user ids are "
                         "case-sensitive",
                         IM_ARG(person->company.id), IM_ARG(shown), IM_ARG(other.id));
    return im_refuse(ask->req, CAUSE_USER_UNKNOWN, "company %.*s has no user \"%.*s\"",
                     IM_ARG(person->company.id), IM_ARG(shown));
}

static enum im_cause check_user(const struct im_authorize *ask,
                                const struct person *person)
{
    if (!person->user.active)
        return im_refuse(ask->req, CAUSE_USER_INACTIVE, "user %.*s is inactive",
                         IM_ARG(person->who));
    if (person->user.locked)
        return im_refuse(ask->req, CAUSE_USER_LOCKED, "user %.*s is locked",
                         IM_ARG(person->who));
    return CAUSE_NONE;
}

static enum im_cause find_person(const struct im_authorize *ask,
                                 const struct im_ticket *named, struct person *person)
{
    enum im_cause cause = find_company(ask, named->company, &person->company);
    if (cause)
        return cause;
    person->who = im_account_text(ask->req->arena, named->user, named->company);
    ask->req->exchange->user = im_sanitize(ask->req->arena, person->who);
    if (!im_directory_user(ask->authority->directory, named->company, named->user,
                           &person->user))
        return refuse_user(ask, person, named->user);
    return check_user(ask, person);
}

static enum im_cause check_expiry(const struct im_authorize *ask,
                                  const struct person *person)
{
    if (!person->user.password_expired)
        return CAUSE_NONE;
    return im_refuse(ask->req, CAUSE_PASSWORD_EXPIRED,
                     "the password of user %.*s has expired", IM_ARG(person->who));
}

static enum im_cause check_password(const struct im_authorize *ask,
                                    const struct person *person)
{
    struct im_str typed = im_authorize_param(ask, IM_FIELD_PASSWORD);
    if (!im_secret_eq(typed, person->user.password))
        return im_refuse(ask->req, CAUSE_PASSWORD_WRONG,
                         "the password typed for user %.*s is wrong%s",
                         IM_ARG(person->who),
                         im_secret_eq(im_str_trim(typed), person->user.password)
                             ? "; without the white space around it, it is right"
                             : "");
    return check_expiry(ask, person);
}

/* ---- may this person connect this client? ---- */

static enum im_cause check_standing(const struct im_authorize *ask,
                                    const struct person *person, struct im_str *evidence)
{
    const struct im_eligibility who = {
        .user = person->user.id, .company = person->company.id, .client = &ask->client};
    return im_eligibility_check(ask->authority->directory, ask->req->arena, &who,
                                evidence);
}

/* An administrator's consent also authorizes the client and its sender id for the company
 * (documented), so their absence is no reason to stop one. */
static bool consent_mends(enum im_cause cause, const struct person *person)
{
    return person->user.admin && (cause == CAUSE_CLIENT_NOT_AUTHORIZED_BY_COMPANY ||
                                  cause == CAUSE_SENDER_NOT_AUTHORIZED);
}

static enum im_cause check_connection(const struct im_authorize *ask,
                                      const struct person *person)
{
    struct im_str evidence = {0};
    enum im_cause cause = check_standing(ask, person, &evidence);
    if (!cause || consent_mends(cause, person))
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

static enum im_cause deny(const struct im_authorize *ask, const char *how)
{
    struct im_str who = ask->req->exchange->user;
    return im_refuse(
        ask->req, CAUSE_CONSENT_DENIED, "%s%.*s denied client %.*s access (%s)",
        who.len ? "user " : "somebody", IM_ARG(who), IM_ARG(ask->client.id), how);
}

static enum im_cause show_consent(const struct im_authorize *ask, struct im_response *res,
                                  const struct person *person)
{
    struct im_ticket ticket = {person->company.id, person->user.id};
    struct im_consent consent = {
        .company = &person->company,
        .user = &person->user,
        .authorizes_client = !im_list_has(person->company.clients, ask->client.id),
        .ticket = im_ticket_write(ask, &ticket),
    };
    if (!consent.ticket.len)
        return im_refuse(ask->req, CAUSE_INTERNAL,
                         "signing the consent ticket: memory is short");
    im_page_consent(ask, res, &consent);
    return CAUSE_NONE;
}

static enum im_cause authorize_client(const struct im_authorize *ask,
                                      const struct person *person)
{
    struct im_error err;
    struct im_str evidence = {0};
    struct im_change_target target = {.company = person->company.id,
                                      .client = ask->client.id};
    if (!consent_mends(check_standing(ask, person, &evidence), person))
        return CAUSE_NONE;
    if (!im_directory_change(ask->authority->directory, IM_CHANGE_AUTHORIZE_CLIENT,
                             &target, &err))
        return im_refuse(ask->req, CAUSE_INTERNAL, "%s", err.text);
    enum im_cause left = check_standing(ask, person, &evidence);
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
        .user = person->user.id,
        .company = person->company.id,
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
    ask->req->exchange->issued = im_fingerprint(ask->req->arena, code);
    im_response_redirect(res, 302, im_authorize_location(ask, code));
    im_response_header(res, "Cache-Control", IM_STR("no-store"));
    return CAUSE_NONE;
}

static enum im_cause accept(const struct im_authorize *ask, struct im_response *res,
                            const struct person *person)
{
    enum im_cause cause = check_connection(ask, person);
    if (!cause)
        cause = authorize_client(ask, person);
    return cause ? cause : give_code(ask, res, person);
}

/* ---- the steps ---- */

/* A machine in the person's place. What would keep the person from signing in is a
 * plain refusal: nobody is there to look at the sign-in page. */
static enum im_cause answer_machine(const struct im_authorize *ask,
                                    struct im_response *res, struct im_str mock_user)
{
    struct person person;
    struct im_account account = im_account_read(mock_user);
    if (!account.company.at)
        return im_refuse(ask->req, CAUSE_USERNAME_WITHOUT_COMPANY,
                         "mock_user=%.*s names no company; write ID@COMPANY",
                         IM_ARG(im_sanitize(ask->req->arena, mock_user)));
    struct im_ticket named = {.company = account.company, .user = account.user};
    enum im_cause cause = find_person(ask, &named, &person);
    if (!cause)
        cause = check_expiry(ask, &person);
    if (cause)
        return cause;
    if (im_str_is(im_authorize_param(ask, "mock_consent"), "deny"))
        return deny(ask, "mock_consent=deny");
    return accept(ask, res, &person);
}

static enum im_cause sign_in(const struct im_authorize *ask, struct im_response *res)
{
    struct person person;
    struct im_ticket named = {.company = im_authorize_param(ask, IM_FIELD_COMPANY_ID),
                              .user = im_authorize_param(ask, IM_FIELD_USER_ID)};
    enum im_cause cause = find_person(ask, &named, &person);
    if (!cause)
        cause = check_password(ask, &person);
    if (cause)
        return sign_in_again(ask, res, cause);
    cause = check_connection(ask, &person);
    return cause ? cause : show_consent(ask, res, &person);
}

static enum im_cause decide(const struct im_authorize *ask, struct im_response *res,
                            struct im_str ticket)
{
    struct person person;
    struct im_ticket named;
    struct im_str decision = im_authorize_param(ask, IM_FIELD_DECISION);
    enum im_cause cause = im_ticket_read(ask, ticket, &named);
    if (!cause)
        cause = find_person(ask, &named, &person);
    if (cause)
        return sign_in_again(ask, res, cause);
    if (im_str_is(decision, IM_DECISION_DENY))
        return deny(ask, "the button Deny");
    if (im_str_is(decision, IM_DECISION_ACCEPT))
        return accept(ask, res, &person);
    return show_consent(ask, res, &person);
}

static enum im_cause answer_person(const struct im_authorize *ask,
                                   struct im_response *res)
{
    struct im_str ticket = im_authorize_param(ask, IM_FIELD_TICKET);
    bool posted = im_str_is(ask->req->method, "POST");
    if (posted && ticket.len)
        return decide(ask, res, ticket);
    if (posted && im_param_count(&ask->params, IM_FIELD_PASSWORD))
        return sign_in(ask, res);
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
        return deny(&ask, "mock_consent=deny");
    return answer_person(&ask, res);
}
