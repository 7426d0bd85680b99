/* May this call of the protected API be made? By whom (bearer token), where (company and
 * entity), on what (module, permission). What the REST API and the article's API
 * share. Sources: the REST guides on the entity header, roles and subscriptions; field
 * reports where marked. */
#ifndef IM_ENDPOINTS_ACCESS_H
#define IM_ENDPOINTS_ACCESS_H

#include "oauth/authority.h"

/* The caller, and where the call works. Lifetime: request. */
struct im_access {
    struct im_token token;
    struct im_principal principal;
    struct im_str entity; /* of the header, else the token's; empty = top level */
    struct im_str who;    /* "jdoe@acme" */
};

/* What the header that selects an entity says, else the token's own. */
struct im_str im_access_entity(const struct im_request *req, struct im_str tokens_own);
/* The gate of every call: the bearer token of that dialect, then the user's right to be
 * in this company and entity. The entity is what the header X-IA-API-Param-Entity says,
 * else the token's. Refuses whatever im_bearer_check refuses, permission-entity-denied,
 * permission-company-denied; notes entity-header-ignored. */
enum im_cause im_access_check(struct im_authority *authority, struct im_request *req,
                              enum im_dialect_id dialect, struct im_access *out);

/* Does the company subscribe to the module, and do the user's roles allow the action?
 * module-not-subscribed, permission-role-missing, -object-denied, -action-denied. */
enum im_cause im_access_object(struct im_authority *authority, struct im_request *req,
                               const struct im_access *access,
                               const struct im_object_type *type, enum im_action action);

#endif
