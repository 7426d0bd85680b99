/* The ticket of the consent page: payload and MAC, each base64url; see consent_ticket.h. */
#include "endpoints/consent_ticket.h"

#include "base/crypto.h"
#include "endpoints/authorize_page.h"

enum { TICKET_TTL_MS = 10 * 60 * 1000 };

bool im_field_is_ours(struct im_str name)
{
    static const char *const ours[] = {IM_FIELD_COMPANY_ID, IM_FIELD_USER_ID,
                                       IM_FIELD_PASSWORD,   IM_FIELD_PERSON,
                                       IM_FIELD_TICKET,     IM_FIELD_DECISION};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (im_str_is(name, ours[i]))
            return true;
    return false;
}

/* MAC of the ticket's payload as base64url. Its key is derived from the
 * sandbox's seed, so no key is kept, and a ticket of another sandbox is not ours. */
static struct im_str ticket_seal(const struct im_authorize *ask, struct im_str payload)
{
    unsigned char key[32], mac[IM_SHA256_LEN];
    im_rng_fixed(&ask->authority->rng, "consent ticket", key, sizeof key);
    im_hmac_sha256(key, sizeof key, payload, mac);
    return im_base64url(ask->req->arena, mac, sizeof mac);
}

/* Digest of every parameter that the client sent: with a wider scope, another redirect URI or
 * another state it is another request, to which the person has not consented. */
static struct im_str ticket_request(const struct im_authorize *ask)
{
    unsigned char digest[IM_SHA256_LEN];
    struct im_buf all;

    im_buf_init(&all, ask->req->arena, 0);
    for (size_t i = 0; i < ask->params.count; i++) {
        if (im_field_is_ours(ask->params.items[i].name))
            continue;
        im_buf_add_url(&all, ask->params.items[i].name);
        im_buf_addc(&all, '=');
        im_buf_add_url(&all, ask->params.items[i].value);
        im_buf_addc(&all, '&');
    }
    if (all.failed)
        return (struct im_str){0};
    im_sha256(im_buf_str(&all), digest);
    return im_base64url(ask->req->arena, digest, sizeof digest);
}

struct im_str im_ticket_write(const struct im_authorize *ask,
                              const struct im_account *named)
{
    struct im_arena *arena = ask->req->arena;
    struct im_str request = ticket_request(ask);
    struct im_buf buf;
    struct im_json_out out;
    im_buf_init(&buf, arena, 0);
    im_json_out_init(&out, &buf);
    im_json_open_object(&out, NULL);
    im_json_str(&out, "company", named->company);
    im_json_str(&out, "user", named->user);
    im_json_str(&out, "request", request);
    im_json_int(&out, "at", ask->req->now_ms);
    /* two sign-ins in one millisecond must not give one ticket, which counts once */
    im_json_str(&out, "once", im_rng_text(&ask->authority->rng, "ticket", arena, 12));
    im_json_close_object(&out);
    struct im_str payload = im_base64url(arena, buf.at, buf.len);
    struct im_str mac = ticket_seal(ask, payload);
    if (buf.failed || !mac.len || !request.len)
        return (struct im_str){0};
    return im_arena_format(arena, "%.*s.%.*s", IM_ARG(payload), IM_ARG(mac));
}

/* The ticket's members; NULL when we did not sign it. */
static const struct im_json *ticket_open(const struct im_authorize *ask,
                                         struct im_str text)
{
    struct im_json_error ignored;
    struct im_str json, payload = im_str_cut(&text, '.');
    struct im_str mac = ticket_seal(ask, payload);
    /* the MAC first, in constant time: nothing is parsed that we did not write */
    if (!mac.len || !im_secret_eq(mac, text) ||
        !im_base64url_decode(ask->req->arena, payload, &json))
        return NULL;
    return im_json_parse(ask->req->arena, json, &ignored);
}

enum im_cause im_ticket_read(const struct im_authorize *ask, struct im_str text,
                             struct im_account *named, int64_t *signed_in_ms)
{
    const struct im_json *json = ticket_open(ask, text);
    const struct im_json *at = im_json_get(json, "at");
    if (!at || !im_str_eq(im_json_get_str(json, "request"), ticket_request(ask)))
        return im_refuse(
            ask->req, CAUSE_REQUEST_MALFORMED,
            "the consent form's ticket was not given by this server for this "
            "request of client %.*s",
            IM_ARG(ask->client.id));
    /* by the sandbox's clock, so a test can let a page run out */
    int64_t late_ms = ask->req->now_ms - at->whole - TICKET_TTL_MS;
    if (late_ms >= 0)
        return im_refuse(
            ask->req, CAUSE_SESSION_EXPIRED,
            "the consent page was open for more than %d min: its ticket ran out "
            "%lld s ago",
            TICKET_TTL_MS / 60000, (long long)(late_ms / 1000));
    named->company = im_json_get_str(json, "company");
    named->user = im_json_get_str(json, "user");
    *signed_in_ms = at->whole;
    return CAUSE_NONE;
}

enum im_cause im_ticket_use(const struct im_authorize *ask, struct im_str text)
{
    int64_t now_ms = ask->req->now_ms;

    switch (im_once_use(&ask->authority->tickets, text, now_ms + TICKET_TTL_MS, now_ms)) {
    case IM_ONCE_FIRST: return CAUSE_NONE;
    case IM_ONCE_AGAIN: break;
    case IM_ONCE_NO_MEMORY:
        return im_refuse(ask->req, CAUSE_INTERNAL, "using a ticket: memory is short");
    }
    return im_refuse(
        ask->req, CAUSE_REQUEST_MALFORMED,
        "a decision was made with this consent page before; each page counts "
        "once");
}
