/* Who exists: companies, users, roles, applications (clients). Loaded from the same JSON
 * that a scenario's `world` uses; changed only by the verbs below, each atomic. Lookups
 * copy a struct out; the texts and lists in it are never changed or freed while the
 * directory lives, so a request may keep them. Thread-safe. Source of the rules:
 * Intacct's Authorized client applications page, the REST guides on users, roles and web
 * services. */
#ifndef IM_DIRECTORY_DIRECTORY_H
#define IM_DIRECTORY_DIRECTORY_H

#include "base/json_read.h"
#include "base/secrets.h"

/* Of each kind a world may bring so many. */
enum {
    IM_ROLES_MAX = 1000,
    IM_CLIENTS_MAX = 1000,
    IM_COMPANIES_MAX = 1000,
    IM_USERS_MAX = 5000
};

struct im_directory; /* lifetime: authority */

/* An immutable list of texts. */
struct im_list {
    const struct im_str *items;
    size_t count;
};

bool im_list_has(struct im_list list, struct im_str word);
bool im_list_has_nocase(struct im_list list, struct im_str word);

struct im_company {
    struct im_str id, key, title; /* "acme", "100001", "Acme Inc." (cnyId, cnyKey) */
    bool production;              /* false: sandbox or implementation company */
    bool active;
    bool web_services;       /* the Web Services subscription */
    struct im_list entities; /* entity ids */
    struct im_list modules;  /* "accounts-payable", … subscribed */
    struct im_list clients;  /* Authorized client applications: client ids */
    struct im_list senders;  /* Web Services authorizations: sender ids */
};

struct im_user {
    struct im_str id, key, company, name, password;
    bool web_services; /* a Web Services user (may be named in `username`) */
    bool admin;
    bool active, locked, password_expired;
    bool top_level;          /* may work at company level; false = only in its entities */
    struct im_list entities; /* it may enter; empty = all */
    struct im_list roles;
};

struct im_client {
    struct im_str id, name;     /* name: for people; empty = none */
    struct im_str secret;       /* empty: a public client (PKCE) */
    struct im_list old_secrets; /* rotated out, newest last */
    struct im_list
        redirect_uris; /* exact; loopback ones match any port (RFC 8252 section 7.3) */
    struct im_list scopes; /* it may ask for */
    struct im_list grants; /* it may use */
    struct im_str sender_id;
    bool active, production;
};

/* Who works through which client in which company; what is not there has no id
 * (id.at NULL). */
struct im_principal {
    struct im_client client;
    struct im_company company;
    struct im_user user;
    struct im_str entity; /* empty = top level */
};

enum im_action { IM_ACTION_READ, IM_ACTION_CREATE, IM_ACTION_UPDATE, IM_ACTION_DELETE };
const char *im_action_name(enum im_action action);

enum im_permit {
    IM_PERMIT_YES,
    IM_PERMIT_NO_ROLE,
    IM_PERMIT_NO_OBJECT,
    IM_PERMIT_NO_ACTION
};

/* With the built-in world in it; NULL with err when memory is short. */
struct im_directory *im_directory_new(struct im_error *err);
void im_directory_free(struct im_directory *directory);
/* Adds all client secrets and passwords to this set, and from now on each new one. The set must
 * live as long as the directory. False when memory is short. */
bool im_directory_tell_secrets(struct im_directory *directory,
                               struct im_secrets *secrets);
struct im_secrets *im_directory_secrets(struct im_directory *directory);
/* The built-in world as JSON texts that im_directory_load takes, NULL at the end. */
extern const char *const im_builtin_world[];
/* Takes over what the object's members `companies`, `users`, `roles` and `clients` say;
 * other members are ignored. Each is an array of objects whose fields have the
 * names of the structs' members ({"id": "ws_user", "company": "acme", "roles":
 * ["all"]}); a role is {"name", "permissions": ["OBJECT-GLOB:read,create", "*:*"]}. What
 * exists already (same id) keeps what is not named; what is new starts such that
 * everything works: active, all modules, a key. A new client is authorized, with its
 * sender, by the companies of its environment (production or not), and a new company
 * authorizes the clients of its own, unless the load names that company's `clients` or
 * `senders`. Strict (unknown fields, wrong types, unknown companies, roles, clients,
 * entities) and all or nothing: else false, err says what is wrong and *at is the value
 * that is. */
bool im_directory_load(struct im_directory *directory, const struct im_json *world,
                       const struct im_json **at, struct im_error *err);

/* The same, but finds all mistakes of a world instead of the first: adds a fault for each. */
bool im_directory_try(struct im_directory *directory, const struct im_json *world,
                      struct im_json_reader *r);

/* The members of a world that a load reads, for a table that has them among others: they
 * are checked, but not stored. */
extern const struct im_json_table im_directory_part;

bool im_directory_company(struct im_directory *directory, struct im_str id,
                          struct im_company *out);
bool im_directory_user(struct im_directory *directory, struct im_str company,
                       struct im_str id, struct im_user *out);
/* The same with case folded: it tells whether only the case of an id is wrong. */
bool im_directory_user_nocase(struct im_directory *directory, struct im_str company,
                              struct im_str id, struct im_user *out);
bool im_directory_client(struct im_directory *directory, struct im_str id,
                         struct im_client *out);
/* All three as they are at one time; the entity stays as it is. An empty client_id
 * leaves the client as it is too: one that has authenticated already. */
void im_directory_principal(struct im_directory *directory, struct im_str client_id,
                            struct im_str company, struct im_str user,
                            struct im_principal *out);
/* May the roles of this user do this to the object "accounts-payable/vendor"? */
enum im_permit im_directory_permit(struct im_directory *directory,
                                   const struct im_user *user, struct im_str object,
                                   enum im_action action);

/* Members `companies`, `users`, `roles` (with what was taken away from them in `denied`) and
 * `clients` of the object that is open in `out`, as they are now. No password and no secret
 * is among them. */
void im_directory_write(struct im_directory *directory, struct im_json_out *out);
/* All companies, in memory of the arena; NULL when that is short. */
struct im_company *im_directory_companies(struct im_directory *directory,
                                          struct im_arena *arena, size_t *count);
/* Likewise all users that are people: no Web Services users. */
struct im_user *im_directory_people(struct im_directory *directory,
                                    struct im_arena *arena, size_t *count);

enum im_collection_kind { IM_ROLES, IM_CLIENTS, IM_COMPANIES, IM_USERS, IM_COLLECTIONS };
/* The id that was meant, and what happened to it on its way (base/near_miss.h); how NULL =
 * none. Users are those of `company`, which the other kinds ignore. */
struct im_near_miss {
    struct im_str right;
    const char *how;
};
struct im_near_miss im_directory_near(struct im_directory *directory,
                                      struct im_arena *arena,
                                      enum im_collection_kind which,
                                      struct im_str company, struct im_str id);
/* What follows "there is no user …": the nearest name of this kind, or all of them
 * where they are few. `company` as above. */
struct im_hint im_directory_hint(struct im_directory *directory,
                                 enum im_collection_kind which, struct im_str company,
                                 struct im_str word);

/* ---- the ways in which the directory changes while a test runs ---- */

enum im_change {
    IM_CHANGE_DEACTIVATE_CLIENT,
    IM_CHANGE_DEACTIVATE_USER,
    IM_CHANGE_DEACTIVATE_COMPANY,
    IM_CHANGE_LOCK_USER,
    IM_CHANGE_EXPIRE_PASSWORD,
    IM_CHANGE_PASSWORD,           /* to `value` */
    IM_CHANGE_CLIENT_SECRET,      /* to `value`; the old one is remembered */
    IM_CHANGE_REMOVE_ROLE,        /* `value` (empty: all) from the user */
    IM_CHANGE_REMOVE_PERMISSION,  /* `value` "OBJECT-GLOB:ACTION" (no action: all) from
                                  * every role of the user */
    IM_CHANGE_RESTRICT_TO_ENTITY, /* the user may work in entity `value` only */
    IM_CHANGE_UNSUBSCRIBE_MODULE, /* `value` */
    IM_CHANGE_WEB_SERVICES_OFF,
    IM_CHANGE_WITHDRAW_CLIENT,  /* client out of the Authorized client applications */
    IM_CHANGE_AUTHORIZE_CLIENT, /* and into it */
    IM_CHANGE_WITHDRAW_SENDER,  /* its sender id out of Web Services authorizations */
    IM_CHANGE_ADD_REDIRECT_URI  /* `value`, to those of the client */
};

struct im_change_target {
    struct im_str company, user, client,
        value; /* what the change needs; empty = not given */
};

/* One change under one lock. False with err (unknown user, missing target …). */
bool im_directory_change(struct im_directory *directory, enum im_change change,
                         const struct im_change_target *target, struct im_error *err);

#endif
