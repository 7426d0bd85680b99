/* Effects that change the state of the world: a token expires, an administrator withdraws a role, a user signs
 * in elsewhere. One table of effects, for the control API and for scenarios alike; what follows
 * from an effect is the ordinary rules' affair. */
#ifndef IM_SCENARIO_WORLD_H
#define IM_SCENARIO_WORLD_H

#include "base/json_read.h"
#include "causes/exchange.h"
#include "oauth/authority.h"

/* The arguments of an effect. Empty = not given; what selects tokens then matches all of them. */
struct im_effect_args {
    struct im_str client_id;
    struct im_str user, company; /* "jdoe", "acme"; written "jdoe@acme" in JSON */
    struct im_str token;         /* a token's text */
    uint64_t grant;              /* only tokens of this grant; 0 = any */
    struct im_str role, permission, module, entity;
    struct im_str value; /* the new password or client secret */
    int64_t by_ms;       /* advance-clock */
    struct im_str redirect_uri;
};

enum im_effect_arg {
    IM_ARG_CLIENT = 1,
    IM_ARG_USER = 2,
    IM_ARG_COMPANY = 4,
    IM_ARG_TOKEN = 8,
    IM_ARG_ROLE = 16,
    IM_ARG_PERMISSION = 32,
    IM_ARG_MODULE = 64,
    IM_ARG_ENTITY = 128,
    IM_ARG_VALUE = 256,
    IM_ARG_BY = 512,
    IM_ARG_REDIRECT_URI = 1024
};

/* One change that is about to happen. */
struct im_effect_context {
    struct im_authority *authority;
    const struct im_effect_args *args;
    int64_t now_ms;
    size_t affected; /* result: how many tokens, users or keys it touched */
};

struct im_effect {
    const char *name;      /* kebab-case: "revoke-grant" */
    const char *about;     /* what has happened, in one sentence */
    unsigned needs, takes; /* of IM_ARG_…: must be given; may be given besides */
    bool (*apply)(const struct im_effect *effect, struct im_effect_context *context,
                  struct im_error *err);
    /* What the common ways of applying need. */
    enum im_end_reason reason; /* why the tokens end */
    unsigned kinds;            /* which tokens: of IM_END_… */
    bool whole_grant;          /* their grants end too */
    bool sessions;             /* their sessions end too */
    enum im_change change;     /* of the directory */
    enum im_effect_arg value;  /* the argument that is the change's value */
};

extern const struct im_effect im_effects[];
extern const size_t im_effect_count;

const struct im_effect *im_effect_find(struct im_str name); /* NULL when there is none */
/* {"do": EFFECT, "user": "jdoe@acme", …} into a struct im_effect_args; what an effect takes is for
 * im_effect_check. */
extern const struct im_json_table im_effect_table;
extern const struct im_json_names im_effect_names;
/* The names of arguments, in the order of IM_ARG_…'s bits: "client_id", "user", …; NULL past the end. */
const char *im_effect_arg_name(size_t index);
/* Does the effect take every argument that the object gives, and is each there that it needs?
 * `known`, of IM_ARG_…, need not be given: the caller fills them in (im_effect_complete). */
bool im_effect_check(struct im_json_reader *r, const struct im_effect *effect,
                     const struct im_json *object, unsigned known);
/* What a request that sets an effect off can tell by itself. */
enum { IM_ARGS_OF_REQUEST = IM_ARG_CLIENT | IM_ARG_USER | IM_ARG_COMPANY };
/* Takes from the request what the effect needs and was not given; what the request does not say
 * either is that of the built-in connection (ws_user@acme, demo). */
void im_effect_complete(const struct im_effect *effect, const struct im_exchange *asked,
                        struct im_effect_args *args);
/* Changes the world now. *affected: how many tokens, users or keys it touched. */
bool im_world_apply(struct im_authority *authority, const struct im_effect *effect,
                    const struct im_effect_args *args, int64_t now_ms, size_t *affected,
                    struct im_error *err);

#endif
