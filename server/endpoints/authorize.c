/* The authorization endpoint (RFC 6749 section 3.1) with its person: sign-in page,
 * consent page, redirect with the code. `mock_user=ID@COMPANY[|ENTITY]` stands for a
 * person who signs in and accepts, `mock_consent=deny` for one who denies. */
#include "base/crypto.h"
#include "causes/refusal.h"
#include "directory/account.h"
#include "directory/eligibility.h"
#include "endpoints/authorize_page.h"
#include "endpoints/consent_ticket.h"
#include "endpoints/endpoint.h"

struct person {
    struct im_principal principal;
    int64_t signed_in_ms;
    struct im_str who; /* "jdoe@acme" */
};

/* ---- the person who signs in ---- */

static void person_look_up(const struct im_authorize *ask, struct im_str company,
                           struct im_str user, struct person *person)
{
    im_directory_principal(ask->authority->directory, IM_STR(""), company, user,
                           &person->principal);
}

static enum im_cause person_find(const struct im_authorize *ask,
                                 const struct im_account *named, struct person *person)
{
    struct im_arena *arena = ask->req->arena;
    struct im_str evidence = {NULL, 0};
    const struct im_eligibility asked = {
        .place = IM_ELIGIBLE_TO_SIGN_IN, .user = named->user, .company = named->company};

    *person =
        (struct person){.signed_in_ms = ask->req->now_ms,
                        .principal = {.client = ask->client, .entity = named->entity},
                        .who = im_account_text(arena, named->user, named->company)};
    person_look_up(ask, named->company, named->user, person);
    /* a name typed for a company that does not exist is no user for the journal */
    if (person->principal.company.active)
        ask->req->exchange->user = im_quote(ask->req, person->who);
    enum im_cause cause = im_eligibility_check(ask->authority->directory, arena, &asked,
                                               &person->principal, &evidence);
    return cause ? im_refuse(ask->req, cause, "%.*s", IM_ARG(evidence)) : CAUSE_NONE;
}

static enum im_cause person_check_expiry(const struct im_authorize *ask,
                                         const struct person *person)
{
    if (!person->principal.user.password_expired)
        return CAUSE_NONE;
    return im_refuse(ask->req, CAUSE_PASSWORD_EXPIRED,
                     "the password of user %.*s has expired", IM_ARG(person->who));
}

static enum im_cause person_check_password(const struct im_authorize *ask,
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
    /* only now: without the password one must not learn that it has expired */
    return person_check_expiry(ask, person);
}

/* ---- may this person connect this client? ---- */

static enum im_cause person_check_eligible(const struct im_authorize *ask,
                                           const struct person *person,
                                           struct im_str *evidence)
{
    const struct im_principal *principal = &person->principal;
    const struct im_eligibility asked = {.place = IM_ELIGIBLE_FOR_GRANT,
                                         .client_id = ask->client.id,
                                         .user = principal->user.id,
                                         .company = principal->company.id};

    return im_eligibility_check(ask->authority->directory, ask->req->arena, &asked,
                                principal, evidence);
}

/* *mends: the consent itself will remove the reason against the connection: that of an
 * administrator also authorizes the client and its sender id for the company (documented). */
static enum im_cause person_check_connection(const struct im_authorize *ask,
                                             const struct person *person, bool *mends)
{
    struct im_str evidence = {0};
    enum im_cause cause = person_check_eligible(ask, person, &evidence);

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
    /* the page with the error must not look like the first one to a program */
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

static enum im_cause answer_consent_page(const struct im_authorize *ask,
                                         struct im_response *res,
                                         const struct person *person,
                                         struct im_str ticket)
{
    const struct im_principal *principal = &person->principal;
    struct im_consent consent = {
        .company = &principal->company,
        .user = &principal->user,
        .authorizes_client = !im_list_has(principal->company.clients, ask->client.id),
        .ticket = ticket,
    };

    im_page_consent(ask, res, &consent);
    return CAUSE_NONE;
}

/* The password was posted; the answer is a redirect (RFC 9110 section 15.4.4), so that going
 * back or reloading sends it no second time and the browser can forget it. */
static enum im_cause answer_signed_in(const struct im_authorize *ask,
                                      struct im_response *res,
                                      const struct person *person)
{
    const struct im_account named = {.user = person->principal.user.id,
                                     .company = person->principal.company.id};
    struct im_str ticket = im_ticket_write(ask, &named);
    struct im_buf to;

    if (!ticket.len)
        return im_refuse(ask->req, CAUSE_INTERNAL,
                         "signing the consent ticket: memory is short");
    im_buf_init(&to, ask->req->arena, 0);
    im_buf_addc(&to, '?');
    for (size_t i = 0; i < ask->params.count; i++) {
        const struct im_param *param = &ask->params.items[i];
        if (im_field_is_ours(param->name))
            continue;
        im_buf_add_url(&to, param->name);
        im_buf_addc(&to, '=');
        im_buf_add_url(&to, param->value);
        im_buf_addc(&to, '&');
    }
    im_buf_addf(&to, IM_FIELD_TICKET "=%.*s", IM_ARG(ticket));
    im_response_redirect(res, 303, im_buf_str(&to));
    im_response_header(res, "Cache-Control", IM_STR("no-store"));
    return CAUSE_NONE;
}

/* Judged anew after the change, which may have removed only the first of several reasons. */
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
    person_look_up(ask, principal->company.id, principal->user.id, person);
    enum im_cause left = person_check_eligible(ask, person, &evidence);
    return left ? im_refuse(ask->req, left, "%.*s", IM_ARG(evidence)) : CAUSE_NONE;
}

static enum im_cause answer_code(const struct im_authorize *ask, struct im_response *res,
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
        .auth_time_s = ask->wants_auth_time ? person->signed_in_ms / 1000 : 0,
    };
    struct im_str code = im_authority_issue_code(ask->authority, ask->req->arena,
                                                 ask->req->now_ms, &issue, &err);
    if (!code.len)
        return im_refuse(ask->req, CAUSE_INTERNAL, "issuing the code: %s", err.text);
    /* its fingerprint, by which the journal shows where the code was redeemed */
    ask->req->exchange->issued =
        im_fingerprint(ask->authority->secrets, ask->req->arena, code);
    im_authorize_answer(ask, res, code);
    return CAUSE_NONE;
}

static enum im_cause accept_consent(const struct im_authorize *ask,
                                    struct im_response *res, struct person *person)
{
    bool mends;
    enum im_cause cause = person_check_connection(ask, person, &mends);
    if (!cause && mends)
        cause = authorize_client_by_consent(ask, person);
    return cause ? cause : answer_code(ask, res, person);
}

/* ---- the steps ---- */

/* A machine in the person's place. What would keep the person from signing in is an
 * ordinary refusal here: there is no person to read a sign-in page. */
static enum im_cause answer_machine(const struct im_authorize *ask,
                                    struct im_response *res, struct im_str mock_user)
{
    struct person person;
    struct im_account account = im_account_read(mock_user);
    if (!account.company.at)
        return im_refuse(ask->req, CAUSE_USERNAME_WITHOUT_COMPANY,
                         "mock_user=%.*s names no company; write ID@COMPANY",
                         IM_ARG(im_quote(ask->req, mock_user)));
    enum im_cause cause = person_find(ask, &account, &person);
    if (!cause)
        cause = person_check_expiry(ask, &person);
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
    struct im_str clicked = im_authorize_param(ask, IM_FIELD_PERSON);
    struct im_account named = {.company = im_authorize_param(ask, IM_FIELD_COMPANY_ID),
                               .user = im_authorize_param(ask, IM_FIELD_USER_ID)};
    if (clicked.len) /* a click on the page of a mock needs no password */
        named = im_account_read(clicked);
    enum im_cause cause = person_find(ask, &named, &person);
    if (!cause)
        cause = clicked.len ? person_check_expiry(ask, &person)
                            : person_check_password(ask, &person);
    if (cause)
        return sign_in_again(ask, res, cause);
    /* before the consent page, which would promise what cannot be */
    cause = person_check_connection(ask, &person, &mends);
    return cause ? cause : answer_signed_in(ask, res, &person);
}

/* The consent page, and what its buttons send. Only a decision uses the ticket up. */
static enum im_cause answer_decision(const struct im_authorize *ask,
                                     struct im_response *res, struct im_str ticket)
{
    struct person person;
    struct im_account named = {.entity = {NULL, 0}};
    int64_t signed_in_ms = 0;
    struct im_str decision = im_authorize_param(ask, IM_FIELD_DECISION);
    bool decided =
        im_str_is(ask->req->method, "POST") && (im_str_is(decision, IM_DECISION_DENY) ||
                                                im_str_is(decision, IM_DECISION_ACCEPT));
    enum im_cause cause = im_ticket_read(ask, ticket, &named, &signed_in_ms);
    if (!cause) /* looked up again: the person may have been locked since */
        cause = person_find(ask, &named, &person);
    if (!cause && decided)
        cause = im_ticket_use(ask, ticket);
    if (cause)
        return sign_in_again(ask, res, cause);
    person.signed_in_ms = signed_in_ms;
    if (!decided)
        return answer_consent_page(ask, res, &person, ticket);
    if (im_str_is(decision, IM_DECISION_DENY))
        return deny_consent(ask, "the button Deny");
    return accept_consent(ask, res, &person);
}

static enum im_cause answer_person(const struct im_authorize *ask,
                                   struct im_response *res)
{
    struct im_str ticket = im_authorize_param(ask, IM_FIELD_TICKET);
    bool posted = im_str_is(ask->req->method, "POST");
    if (ticket.len)
        return answer_decision(ask, res, ticket);
    if (posted && (im_param_count(&ask->params, IM_FIELD_PASSWORD) ||
                   im_param_count(&ask->params, IM_FIELD_PERSON)))
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
    /* a POST comes from a form of ours, so a person is at work */
    if (!mock_user.len && im_str_is(req->method, "GET"))
        mock_user = im_authority_signed_in(authority, req->arena);
    if (mock_user.len)
        return answer_machine(&ask, res, mock_user);
    if (im_str_is(im_authorize_param(&ask, "mock_consent"), "deny"))
        return deny_consent(&ask, "mock_consent=deny");
    if (ask.silent) /* OpenID Connect Core section 3.1.2.6: login_required, never a page */
        return im_refuse(
            req, CAUSE_PROMPT_NONE_LOGIN_REQUIRED,
            "prompt=none, and nobody is signed in: not by mock_user, nor by the "
            "sandbox's signed_in");
    return answer_person(&ask, res);
}
