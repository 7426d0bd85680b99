/* May this user of this company work through this client? The directory may have
 * changed since a code or a token was handed out, so every place asks again, and
 * judges what was looked up once. Sources: Intacct's pages on authorized client
 * applications, Web Services authorizations and subscriptions; field reports. */
#ifndef IM_DIRECTORY_ELIGIBILITY_H
#define IM_DIRECTORY_ELIGIBILITY_H

#include "causes/cause.h"
#include "directory/directory.h"

/* What is asked, in which order, and by which cause it is refused, depends on who
 * asks. */
enum im_eligibility_place {
    /* A grant is given or renewed: company-unknown, company-inactive,
     * client-wrong-environment, sender-not-authorized,
     * client-not-authorized-by-company, web-services-off, user-unknown,
     * user-wrong-case, user-inactive, user-locked, user-not-web-services,
     * entity-unknown. */
    IM_ELIGIBLE_FOR_GRANT,
    /* A token is presented: client-inactive, token-wrong-company, company-inactive,
     * token-wrong-environment, user-inactive, user-locked,
     * app-not-authorized-by-admin. */
    IM_ELIGIBLE_TO_CALL,
    /* The same as for a grant, once the client is active (it has not authenticated
     * just now). */
    IM_ELIGIBLE_STILL,
    /* A person signs in: company-unknown, company-inactive, user-unknown,
     * user-wrong-case, user-inactive, user-locked. */
    IM_ELIGIBLE_TO_SIGN_IN
};

struct im_eligibility {
    enum im_eligibility_place place;
    struct im_str client_id, user, company; /* as they were looked up */
    bool needs_web_services_user;           /* client_credentials names no one else */
};

/* CAUSE_NONE, or the first cause that applies, with *evidence from the arena.
 * `principal`: what im_directory_principal() found; its entity, if it has one, must
 * be of the company. */
enum im_cause im_eligibility_check(struct im_directory *directory, struct im_arena *arena,
                                   const struct im_eligibility *asked,
                                   const struct im_principal *principal,
                                   struct im_str *evidence);

#endif
