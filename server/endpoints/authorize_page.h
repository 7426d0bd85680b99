/* The two pages a person sees: sign-in and consent. Plain HTML that works without
 * JavaScript; the request travels on in hidden inputs. */
#ifndef IM_ENDPOINTS_AUTHORIZE_PAGE_H
#define IM_ENDPOINTS_AUTHORIZE_PAGE_H

#include "endpoints/authorize_request.h"
#include "http/response.h"

/* Names of the inputs that are the pages' own, not the client's. */
#define IM_FIELD_COMPANY_ID "company_id"
#define IM_FIELD_USER_ID    "user_id"
#define IM_FIELD_PASSWORD   "password"
#define IM_FIELD_PERSON     "person" /* "jdoe@acme": a click instead of a password */
#define IM_FIELD_TICKET     "ticket"
#define IM_FIELD_DECISION   "decision"
#define IM_DECISION_ACCEPT  "accept"
#define IM_DECISION_DENY    "deny"

/* cause: of the last attempt, CAUSE_NONE on the first. What was typed is filled in again,
 * but for the password. */
void im_page_sign_in(const struct im_authorize *ask, struct im_response *res, int status,
                     enum im_cause cause);

struct im_consent {
    const struct im_company *company;
    const struct im_user *user;
    bool authorizes_client; /* accepting also lists the client for the company */
    struct im_str ticket;
};

void im_page_consent(const struct im_authorize *ask, struct im_response *res,
                     const struct im_consent *consent);

#endif
