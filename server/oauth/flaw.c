/* The ways in which a token can be wrong on purpose. */
#include "oauth/flaw.h"

#include "base/crypto.h"
#include "oauth/authority.h"

static const char *const flaw_names[] = {
    [IM_FLAW_NONE] = "none",
    [IM_FLAW_EXPIRED] = "expired",
    [IM_FLAW_NOT_YET_VALID] = "not-yet-valid",
    [IM_FLAW_BAD_SIGNATURE] = "bad-signature",
    [IM_FLAW_UNKNOWN_KEY] = "unknown-key",
    [IM_FLAW_WRONG_ISSUER] = "wrong-issuer",
    [IM_FLAW_WRONG_COMPANY] = "wrong-company",
    [IM_FLAW_WRONG_ALGORITHM] = "wrong-algorithm",
    [IM_FLAW_MALFORMED] = "malformed",
};

const char *im_flaw_name(enum im_flaw flaw)
{
    return flaw_names[flaw];
}

struct im_str im_flaw_tamper(struct im_arena *arena, struct im_str token)
{
    size_t at = token.len - 10;
    const char *other = token.at[at] == 'A' ? "B" : "A";

    return im_arena_format(arena, "%.*s%s%.*s", (int)at, token.at, other, 9,
                           token.at + at + 1);
}

struct im_str im_flaw_unsign(struct im_arena *arena, struct im_str token)
{
    static const char header[] = "{\"alg\":\"none\",\"typ\":\"JWT\"}";
    struct im_str coded = im_base64url(arena, header, sizeof(header) - 1);
    struct im_str rest = token;

    im_str_cut(&rest, '.');
    struct im_str payload = im_str_cut(&rest, '.');
    return im_arena_format(arena, "%.*s.%.*s.", IM_ARG(coded), IM_ARG(payload));
}
