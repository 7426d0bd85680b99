/* May this user of this company work through this client at all? The directory may
 * have changed since a code or a token was handed out, so every grant asks again.
 * Sources: Intacct's pages on authorized client applications, Web Services
 * authorizations and subscriptions; field reports. */
#ifndef IM_DIRECTORY_ELIGIBILITY_H
#define IM_DIRECTORY_ELIGIBILITY_H

#include "causes/cause.h"
#include "directory/directory.h"

struct im_eligibility {
    struct im_str user, company;
    struct im_str entity; /* empty = top level */
    const struct im_client *client;
    bool needs_web_services_user; /* client_credentials names no one else */
};

/* CAUSE_NONE, or the first reason why not, with *evidence from the arena:
 * company-unknown, company-inactive, client-wrong-environment, sender-not-authorized,
 * client-not-authorized-by-company, web-services-off, user-unknown, user-wrong-case,
 * user-inactive, user-locked, user-not-web-services, entity-unknown. */
enum im_cause im_eligibility_check(struct im_directory *directory, struct im_arena *arena,
                                   const struct im_eligibility *who,
                                   struct im_str *evidence);

#endif
