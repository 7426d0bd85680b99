/* Parameters under a wrong name: slips of the pen by edit distance, and other words
 * for the same thing. RFC 6749 section 3.2 has unknown parameters ignored, so a
 * misspelled one shows only as a missing one. */
#include "oauth/misspelling.h"

#include "oauth/credentials.h"

/* Every name that the OAuth endpoints know. */
static const struct im_str known[] = {
    IM_STR_INIT("grant_type"),
    IM_STR_INIT("client_id"),
    IM_STR_INIT("client_secret"),
    IM_STR_INIT("username"),
    IM_STR_INIT("session_id"),
    IM_STR_INIT("code"),
    IM_STR_INIT("redirect_uri"),
    IM_STR_INIT("code_verifier"),
    IM_STR_INIT("refresh_token"),
    IM_STR_INIT("entity_id"),
    IM_STR_INIT("scope"),
    IM_STR_INIT("token"),
    IM_STR_INIT("token_type_hint"),
    IM_STR_INIT("response_type"),
    IM_STR_INIT("state"),
    IM_STR_INIT("nonce"),
    IM_STR_INIT("prompt"),
    IM_STR_INIT("max_age"),
    IM_STR_INIT("request"),
    IM_STR_INIT("request_uri"),
    IM_STR_INIT("response_mode"),
    IM_STR_INIT("code_challenge"),
    IM_STR_INIT("code_challenge_method"),
    IM_STR_INIT("client_assertion"),
    IM_STR_INIT("client_assertion_type"),
    IM_STR_INIT("password"),
    IM_STR_INIT("access_token"),
};
enum { KNOWN = sizeof known / sizeof *known };

/* Other words for the same thing, too far from it to be a slip of the pen. */
static const struct synonym {
    struct im_str word;
    const char *meant;
} synonyms[] = {
    {IM_STR_INIT("secret"), "client_secret"},
    {IM_STR_INIT("client"), "client_id"},
    {IM_STR_INIT("app_id"), "client_id"},
    {IM_STR_INIT("user"), "username"},
    {IM_STR_INIT("user_id"), "username"},
    {IM_STR_INIT("login"), "username"},
    {IM_STR_INIT("session"), "session_id"},
    {IM_STR_INIT("grant"), "grant_type"},
    {IM_STR_INIT("auth_code"), "code"},
    {IM_STR_INIT("authorization_code"), "code"},
    {IM_STR_INIT("redirect"), "redirect_uri"},
    {IM_STR_INIT("callback_url"), "redirect_uri"},
    {IM_STR_INIT("verifier"), "code_verifier"},
    {IM_STR_INIT("entity"), "entity_id"},
    {IM_STR_INIT("token"), "refresh_token"},
    {IM_STR_INIT("refresh"), "refresh_token"},
    {IM_STR_INIT("refresh_token"), "token"},
    {IM_STR_INIT("access_token"), "token"},
};

static bool name_is_synonym(struct im_str name, const char *wanted)
{
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
        if (im_str_is(im_str(wanted), synonyms[i].meant) &&
            im_str_distance(name, synonyms[i].word) == 0)
            return true;
    return false;
}

static bool name_is_known(struct im_str name)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (im_str_eq(name, known[i]))
            return true;
    return false;
}

/* Synonyms come first, since some are names that OAuth knows for something else; any
 * other known name is meant as it is written. */
static bool name_stands_for(struct im_str name, const char *wanted)
{
    if (name_is_synonym(name, wanted))
        return true;
    if (name_is_known(name))
        return false;
    int nearest = im_str_nearest(name, known, KNOWN);
    return nearest >= 0 && im_str_is(known[nearest], wanted);
}

struct im_str im_misspelling_of(const struct im_params *params, const char *wanted)
{
    for (size_t i = 0; i < params->count; i++)
        if (params->items[i].name.len && name_stands_for(params->items[i].name, wanted))
            return params->items[i].name;
    return (struct im_str){NULL, 0};
}

enum im_cause im_refuse_missing(struct im_request *req, const struct im_params *params,
                                const char *wanted, enum im_cause missing)
{
    struct im_str slip = im_misspelling_of(params, wanted);
    if (slip.at)
        return im_refuse_as(
            req, CAUSE_PARAMETER_MISSPELLED, missing,
            "a parameter \"%.*s\" was sent, which nobody reads here; the name "
            "is \"%s\"",
            IM_ARG(im_quote(req, slip)), wanted);
    if (im_param(&im_credentials(req)->query.params, wanted).len)
        return im_refuse(
            req, missing,
            "%s was sent in the query, which is not read here: put it into the "
            "body",
            wanted);
    if (im_param_count(params, wanted))
        return im_refuse(req, missing, "the parameter %s was sent without a value",
                         wanted);
    return im_refuse(req, missing, "no parameter %s was sent", wanted);
}

static bool names_all_known(const struct im_params *params)
{
    for (size_t i = 0; i < params->count; i++)
        if (!name_is_known(params->items[i].name))
            return false;
    return true;
}

void im_note_misspelled(struct im_request *req, const struct im_params *params,
                        const char *const *optional)
{
    if (names_all_known(
            params)) /* the ordinary case: distances are not worked out for it */
        return;
    for (; *optional; optional++) {
        struct im_str slip = im_misspelling_of(params, *optional);
        /* a known name was meant for itself, and an optional one that came was not missed */
        if (!slip.at || name_is_known(slip) || im_param_count(params, *optional))
            continue;
        im_note(
            req, CAUSE_PARAMETER_MISSPELLED,
            "the parameter \"%.*s\" was ignored: nobody reads it here; was \"%s\" meant?",
            IM_ARG(im_quote(req, slip)), *optional);
    }
}

enum im_cause im_refuse_repeated(struct im_request *req, const struct im_params *params,
                                 const char *const *names)
{
    for (; *names; names++) {
        size_t n = im_param_count(params, *names);
        if (n > 1)
            return im_refuse(req, CAUSE_PARAMETER_REPEATED,
                             "the parameter %s was sent %zu times", *names, n);
    }
    return CAUSE_NONE;
}
