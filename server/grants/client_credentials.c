/* client_credentials (RFC 6749 section 4.4), with what Sage adds to it: the token is a
 * user's, and `username` = userId@companyId[|entityId], or a live `session_id`, says
 * whose (documented). A refresh token comes with it, against section 4.4.3 (recorded). */
#include "directory/account.h"
#include "directory/eligibility.h"
#include "grants/grant.h"
#include "oauth/misspelling.h"
#include "oauth/scope.h"

static enum im_cause credentials_check_username(struct im_request *req,
                                                struct im_str text)
{
    struct im_account account = im_account_read(text);
    if (im_account_is_whole(&account))
        return CAUSE_NONE;
    if (im_refuse_placeholder(req, "username", text, CAUSE_USERNAME_WITHOUT_COMPANY))
        return CAUSE_CREDENTIAL_PLACEHOLDER;
    return im_refuse(req, CAUSE_USERNAME_WITHOUT_COMPANY,
                     "username \"%.*s\" is not user@company or user@company|entity",
                     IM_ARG(im_quote(req, text)));
}

static enum im_cause credentials_check(struct im_request *req,
                                       const struct im_params *params)
{
    /* before the session: with both, username is the one that is taken
     * (issue_for_username) */
    struct im_str username = im_param(params, "username");
    size_t n = im_param_count(params, "username");
    bool session = im_param(params, "session_id").len > 0;
    if (n > 1)
        return im_refuse(req, CAUSE_USERNAME_REPEATED, "username was sent %zu times", n);
    if (username.len)
        return credentials_check_username(req, username);
    if (session)
        return CAUSE_NONE;
    if (n)
        return im_refuse(req, CAUSE_USERNAME_EMPTY,
                         "username was sent without a value; it is user@company");
    /* either of the two would do: the one that was misspelled is the one to name */
    if (im_misspelling_of(params, "session_id").at)
        return im_refuse_missing(req, params, "session_id", CAUSE_USERNAME_MISSING);
    return im_refuse_missing(req, params, "username", CAUSE_USERNAME_MISSING);
}

static enum im_cause issue_for_username(const struct im_grant_request *g,
                                        struct im_issue *issue)
{
    struct im_account account = im_account_read(im_param(g->params, "username"));
    if (im_param(g->params, "session_id").len)
        im_note(g->req, CAUSE_PARAMETER_REPEATED,
                "username and session_id both say whose token it is; username was taken");
    issue->user = account.user;
    issue->company = account.company;
    issue->entity = account.entity;
    struct im_grant_subject who = {.user = account.user,
                                   .company = account.company,
                                   .entity = account.entity,
                                   .web_services_user = true};
    return im_eligibility_require(g, &who);
}

/* The session may belong to any user who has signed in: it need not be a Web Services
 * user. */
static enum im_cause issue_for_session(const struct im_grant_request *g,
                                       struct im_issue *issue)
{
    struct im_session session;
    struct im_str id = im_param(g->params, "session_id");
    if (!im_authority_session(g->authority, g->req->arena, id, g->req->now_ms, &session))
        return im_refuse(
            g->req, CAUSE_SESSION_UNKNOWN,
            "session_id (%zu characters) is no session of this server, or it is "
            "over; a session has 56 characters",
            id.len);
    issue->session = session.id;
    issue->user = session.user;
    issue->company = session.company;
    issue->entity = session.entity;
    struct im_grant_subject who = {
        .user = session.user, .company = session.company, .entity = session.entity};
    return im_eligibility_require(g, &who);
}

static enum im_cause credentials_decide(const struct im_grant_request *g,
                                        struct im_issue *issue)
{
    struct im_scope_ask ask = {.asked = im_param(g->params, "scope"),
                               .dialect = g->dialect,
                               .policy = g->policy,
                               .client = g->client};
    enum im_cause cause = im_param(g->params, "username").len
                              ? issue_for_username(g, issue)
                              : issue_for_session(g, issue);
    issue->with_refresh = g->policy->client_credentials_refresh;
    return cause ? cause : im_scope_grant(g->req, &ask, &issue->scopes);
}

static const char *const parameters[] = {"username", "session_id", "scope", NULL};

const struct im_grant im_grant_client_credentials = {
    .grant_type = "client_credentials",
    .parameters = parameters,
    .check = credentials_check,
    .decide = credentials_decide,
};
