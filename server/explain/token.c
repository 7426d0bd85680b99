/* Tokens in words (RFC 7519). The claims are those seen in a token of the real Sage
 * Intacct, in its discovery document, and in the article's sample. Nothing is believed:
 * what a token says of itself is told as just that. */
#include "explain/token.h"

#include "base/clock.h"
#include "base/json.h"
#include "causes/diagnosis.h"
#include "http/redact_parts.h"
#include "oauth/jwks.h"
#include "oauth/token_refusal.h"

const char *im_claim_meaning(struct im_str name)
{
    static const char *const meanings[][2] = {
        {"iss", "issuer"},
        {"iat", "issued at"},
        {"exp", "expires at"},
        {"nbf", "not valid before"},
        {"sub", "subject"},
        {"aud", "audience"},
        {"jti", "id of the token"},
        {"clientId", "application (client id)"},
        {"cnyId", "company id"},
        {"cnyKey", "company key"},
        {"userId", "user id"},
        {"userKey", "user key"},
        {"sessionId", "session, which the XML API takes as well"},
        {"entityId", "entity id (empty: top level)"},
        {"entityKey", "entity key (empty: top level)"},
        {"scopes", "scopes"},
        {"scope", "scopes"},
        {"contract", "contract (article dialect)"},
        {"azp", "authorized party"},
        {"agentId", "agent"},
        {"aiEnabled", "may AI agents be used?"},
        {"oid", "object id"},
    };

    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (im_str_is(name, meanings[i][0]))
            return meanings[i][1];
    return NULL;
}

struct im_str im_claim_value(const struct im_trace *trace, const struct im_json *claim)
{
    switch (claim->type) {
    case IM_JSON_STRING:
    case IM_JSON_NUMBER: /* a pin is a secret too */
        return im_redact_is_secret(claim->name)
                   ? im_fingerprint(trace->secrets, trace->arena, claim->text)
                   : im_redact_quote(trace->secrets, trace->arena, claim->text);
    case IM_JSON_BOOL: return im_str(claim->boolean ? "true" : "false");
    case IM_JSON_NULL: return IM_STR("null");
    default: return IM_STR("(several)");
    }
}

/* What a reader should know of the token and what no cause says; the first few are enough. */
static void add_oddity(struct im_token_view *view, struct im_str text)
{
    if (view->oddity_count < IM_ODDITIES_MAX)
        view->oddities[view->oddity_count++] = text;
}

/* A number of more digits is no time, and must not overflow. */
static bool claim_time(const struct im_json *payload, const char *name, int64_t *at)
{
    const struct im_json *claim = im_json_get(payload, name);

    if (!claim || !claim->is_whole || claim->whole < 0 ||
        claim->whole > INT64_C(99999999999))
        return false;
    *at = claim->whole;
    return true;
}

/* By which claims it has: see the shapes in oauth/dialect.c. */
static const char *token_kind_of(const struct im_json *payload, bool has_exp)
{
    /* the claims of the recorded token (REST dialect) and of the article's sample; newer tokens may have
     * others, so this is told as a guess and weighs little as a sign */
    if (im_json_get(payload, "sessionId") || im_json_get(payload, "scopes") ||
        im_json_get(payload, "scope"))
        return "an access token";
    if (im_json_get(payload, "nonce") || im_json_get(payload, "at_hash"))
        return "an id token";
    if (im_json_get(payload, "redirectUri") || im_json_get(payload, "codeChallenge"))
        return "an authorization code";
    if (im_json_get(payload, "cnyId"))
        return "a refresh token, since it has no sessionId";
    if (im_json_get(payload, "clientId"))
        return "an authorization code, since it has little but a clientId";
    return has_exp ? "a token" : "a token without an end";
}

/* A time in ms is the slip of JavaScript. */
static void judge_milliseconds(struct im_trace *trace, struct im_token_view *view)
{
    if (view->exp > INT64_C(20000000000))
        add_oddity(view,
                   im_arena_format(trace->arena,
                                   "its exp is %lld: milliseconds, where RFC 7519 wants "
                                   "seconds",
                                   (long long)view->exp));
}

static void judge_times(struct im_trace *trace, struct im_token_view *view, int64_t at_ms)
{
    struct im_arena *arena = trace->arena;
    int64_t at = at_ms / 1000;
    struct im_str lived = IM_STR("");

    view->has_iat = claim_time(view->jwt.payload, "iat", &view->iat);
    view->has_exp = claim_time(view->jwt.payload, "exp", &view->exp);
    view->has_nbf = claim_time(view->jwt.payload, "nbf", &view->nbf);
    if (view->has_iat && view->has_exp && view->exp >= view->iat)
        lived = im_arena_format(arena, "; %s %.*s", view->exp <= at ? "lived" : "lives",
                                IM_ARG(im_time_words(arena, view->exp - view->iat)));
    if (!view->has_exp)
        view->times = IM_STR("its claims do not say when it ends");
    else if (view->exp <= at)
        view->times =
            im_arena_format(arena, "expired %.*s ago%.*s",
                            IM_ARG(im_time_words(arena, at - view->exp)), IM_ARG(lived));
    else
        view->times =
            im_arena_format(arena, "good for another %.*s%.*s",
                            IM_ARG(im_time_words(arena, view->exp - at)), IM_ARG(lived));
    judge_milliseconds(trace, view);
    /* a second of tolerance: clocks are read to the second, and rounded either way */
    if (view->has_iat && view->iat > at + 1)
        add_oddity(view,
                   im_arena_format(arena, "it is issued in the future, in %.*s (iat)",
                                   IM_ARG(im_time_words(arena, view->iat - at))));
    if (view->has_nbf && view->nbf > at + 1)
        add_oddity(view, im_arena_format(arena, "it begins in the future, in %.*s (nbf)",
                                         IM_ARG(im_time_words(arena, view->nbf - at))));
    if (view->has_iat && view->has_exp && view->exp < view->iat)
        add_oddity(view, IM_STR("it ends before it was issued"));
}

static void judge_header(struct im_trace *trace, struct im_token_view *view)
{
    struct im_str alg = view->jwt.alg;
    struct im_str typ = im_json_get_str(view->jwt.header, "typ");

    if (!alg.len)
        add_oddity(view, IM_STR("its header has no alg"));
    else if (im_str_eq_nocase(alg, IM_STR("none")))
        add_oddity(
            view,
            IM_STR("its alg is none: nothing is signed, and no server may take it"));
    else if (view->real && !im_str_is(alg, "HS256") && !im_str_is(alg, "RS256"))
        add_oddity(view,
                   im_arena_format(trace->arena,
                                   "its alg is %.*s; tokens of Intacct were seen with "
                                   "HS256, and RS256 is announced for id tokens",
                                   IM_ARG(im_trace_quote(trace, alg))));
    if (typ.len && !im_str_eq_nocase(typ, IM_STR("JWT")) &&
        !im_str_eq_nocase(typ, IM_STR("at+jwt")))
        add_oddity(view, im_arena_format(trace->arena, "its typ is %.*s, not JWT",
                                         IM_ARG(im_trace_quote(trace, typ))));
    if (view->real && view->jwt.kid.len && im_str_is(alg, "HS256"))
        add_oddity(
            view,
            IM_STR("it names a kid; tokens of Intacct with HS256 were seen without"));
    if (view->cut)
        add_oddity(view, IM_STR("its signature is missing, masked or cut"));
}

static void say_signature(struct im_token_view *view, enum im_signature signature,
                          const char *text)
{
    view->signature = signature;
    view->signature_text = im_str(text);
}

/* The keys of a running mock; false when none of them has signed it. */
static bool verify_with_mock(const struct im_explain_options *options,
                             struct im_trace *trace, struct im_str token,
                             struct im_token_view *view)
{
    enum im_jwt_check check =
        options->verify
            ? options->verify(options->context, trace->arena, token, &view->jwt)
            : IM_JWT_BAD_SIGNATURE;

    if (check == IM_JWT_GOOD)
        say_signature(view, IM_SIGNATURE_GOOD,
                      "good, by a key that is in force at this mock");
    else if (check == IM_JWT_RETIRED_KEY)
        say_signature(view, IM_SIGNATURE_UNKNOWN_KEY,
                      "made with a key of this mock that was rotated out");
    return check == IM_JWT_GOOD || check == IM_JWT_RETIRED_KEY;
}

static void verify_with_jwks(const struct im_explain_options *options,
                             struct im_trace *trace, struct im_token_view *view)
{
    switch (im_jwks_verify(options->jwks, trace->arena, &view->jwt)) {
    case IM_JWKS_GOOD:
        say_signature(view, IM_SIGNATURE_GOOD, "good, by a key of the given JWKS");
        break;
    case IM_JWKS_BAD:
        say_signature(view, IM_SIGNATURE_BAD,
                      "bad: the key of the given JWKS has not signed this text");
        break;
    case IM_JWKS_UNKNOWN_KEY:
        say_signature(view, IM_SIGNATURE_UNKNOWN_KEY,
                      "the given JWKS has no key of its kid");
        break;
    case IM_JWKS_NO_METHOD:
        say_signature(view, IM_SIGNATURE_UNCHECKED,
                      "not checked: no published key verifies this alg");
        break;
    }
}

static void judge_signature(const struct im_explain_options *options,
                            struct im_trace *trace, struct im_str token,
                            struct im_token_view *view)
{
    if (view->cut) {
        say_signature(view, IM_SIGNATURE_UNCHECKED,
                      "not checked: it is missing, masked or cut");
        return;
    }
    /* a JWKS that was given is what the asker trusts: no other key is tried behind it */
    if (options->jwks) {
        verify_with_jwks(options, trace, view);
        return;
    }
    if (verify_with_mock(options, trace, token, view))
        return;
    if (im_jwks_is_test_key(trace->arena, &view->jwt))
        say_signature(view, IM_SIGNATURE_GOOD,
                      "good, by a public test key of this product: a mock issued it");
    /* only now: a mock may issue tokens in the real service's name, and then it knows them */
    else if (view->real)
        say_signature(
            view, IM_SIGNATURE_UNCHECKED,
            "not checked: only the real service can; with HS256 nobody else has "
            "the key");
    else if (options->verify)
        say_signature(view, IM_SIGNATURE_BAD, "made with no key of this mock");
    else
        say_signature(view, IM_SIGNATURE_UNCHECKED,
                      "not checked: give --jwks FILE, or ask a running mock by POST "
                      "/__mock/explain");
}

/* Whoever pastes a token often takes its signature out, and its claims can be read all the same.
 * The token with an empty signature; as it is where nothing is missing. Sets *cut. */
static struct im_str token_to_decode(struct im_arena *arena, struct im_str token,
                                     bool *cut)
{
    /* that of HS256, the shortest, in base64url (RFC 7518 section 3.2) */
    enum { SIGNATURE_MIN = 43 };
    struct im_str rest = token, header = im_str_cut(&rest, '.');
    struct im_str payload = im_str_cut(&rest, '.');

    *cut = payload.len && (rest.len < SIGNATURE_MIN || im_is_hidden_value(rest));
    return *cut ? im_arena_format(arena, "%.*s.%.*s.", IM_ARG(header), IM_ARG(payload))
                : token;
}

void im_token_view(const struct im_explain_options *options, struct im_trace *trace,
                   struct im_str token, int64_t at_ms, struct im_token_view *view)
{
    struct im_error err = {.text = ""};

    *view = (struct im_token_view){.kind = "no token"};
    view->fingerprint = im_fingerprint(trace->secrets, trace->arena, token);
    struct im_str whole = token_to_decode(trace->arena, token, &view->cut);
    view->decoded = im_jwt_decode(trace->arena, whole, &view->jwt, &err);
    if (!view->decoded) {
        /* what is wrong with it as it was pasted */
        view->cut = false;
        im_jwt_decode(trace->arena, token, &view->jwt, &err);
        view->wrong = im_arena_copy(trace->arena, im_str(err.text));
        return;
    }
    /* the session opens the XML API, and stands in logs beside the token that carries it */
    struct im_str session = im_json_get_str(view->jwt.payload, "sessionId");
    if (session.len)
        im_secrets_add(trace->secrets, session);
    view->issuer = im_json_get_str(view->jwt.payload, "iss");
    view->real = im_is_real_service(view->issuer);
    judge_times(trace, view, at_ms);
    view->kind = token_kind_of(view->jwt.payload, view->has_exp);
    judge_header(trace, view);
    judge_signature(options, trace, token, view);
}
