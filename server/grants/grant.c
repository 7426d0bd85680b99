/* The table of grants (RFC 6749 section 4), the refusal of a grant_type that is not in
 * it, and the eligibility check that they share. */
#include "grants/grant.h"

#include "directory/account.h"

static const struct im_grant *const grants[] = {
    &im_grant_authorization_code,
    &im_grant_refresh_token,
    &im_grant_client_credentials,
};
enum { GRANTS = sizeof grants / sizeof *grants };

/* Grants that are not mocked, and what is known about them: a client that tries one of
 * them is not misspelling another, so it gets the reason instead of a hint. */
static const struct absent_grant {
    const char *grant_type, *because;
} absent[] = {
    {"urn:ietf:params:oauth:grant-type:token-exchange",
     "it is advertised by discovery, but the body it takes is unknown, so it is not "
     "mocked"},
    {"urn:ietf:params:oauth:grant-type:jwt-bearer",
     "the real server does not advertise it"},
    {"password", "it was seen once, undocumented, so it is not mocked; "
                 "client_credentials with username does "
                 "its work"},
    {"implicit", "that is a response_type, and it is not offered"},
};

const struct im_grant *im_grant_find(struct im_str grant_type)
{
    for (size_t i = 0; i < GRANTS; i++)
        if (im_str_is(grant_type, grants[i]->grant_type))
            return grants[i];
    return NULL;
}

enum im_cause im_grant_refuse(struct im_request *req, struct im_str grant_type)
{
    struct im_str shown = im_quote(req, grant_type), names[GRANTS];
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (im_str_is(grant_type, absent[i].grant_type))
            return im_refuse(req, CAUSE_GRANT_TYPE_UNSUPPORTED, "grant_type %.*s: %s",
                             IM_ARG(shown), absent[i].because);
    for (size_t i = 0; i < GRANTS; i++)
        names[i] = im_str(grants[i]->grant_type);
    int nearest = im_str_nearest(grant_type, names, GRANTS);
    if (nearest >= 0)
        return im_refuse(req, CAUSE_GRANT_TYPE_UNSUPPORTED,
                         "there is no grant_type \"%.*s\"; was \"%s\" meant?",
                         IM_ARG(shown), grants[nearest]->grant_type);
    return im_refuse(req, CAUSE_GRANT_TYPE_UNSUPPORTED,
                     "there is no grant_type \"%.*s\"; there are authorization_code, "
                     "refresh_token and client_credentials",
                     IM_ARG(shown));
}

enum im_cause im_eligibility_require(const struct im_grant_request *request,
                                     const struct im_grant_subject *subject)
{
    struct im_request *req = request->req;
    struct im_directory *directory = request->authority->directory;
    struct im_str evidence = {0};
    const struct im_eligibility asked = {.place = IM_ELIGIBLE_FOR_GRANT,
                                         .client_id = request->client->id,
                                         .user = subject->user,
                                         .company = subject->company,
                                         .needs_web_services_user =
                                             subject->web_services_user};
    /* noted before anything is refused: the journal then says whose request it was */
    req->exchange->user =
        im_quote(req, im_account_text(req->arena, subject->user, subject->company));
    req->exchange->entity = im_quote(req, subject->entity);
    /* looked up once: grants, token and journal go on with this principal */
    *request->principal =
        (struct im_principal){.client = *request->client, .entity = subject->entity};
    im_directory_principal(directory, IM_STR(""), subject->company, subject->user,
                           request->principal);
    enum im_cause cause = im_eligibility_check(directory, req->arena, &asked,
                                               request->principal, &evidence);
    if (cause == CAUSE_COMPANY_UNKNOWN &&
        im_refuse_placeholder(req, "the company in username", subject->company, cause))
        return CAUSE_CREDENTIAL_PLACEHOLDER;
    if (cause == CAUSE_USER_UNKNOWN &&
        im_refuse_placeholder(req, "the user in username", subject->user, cause))
        return CAUSE_CREDENTIAL_PLACEHOLDER;
    return cause ? im_refuse(req, cause, "%.*s", IM_ARG(evidence)) : CAUSE_NONE;
}
