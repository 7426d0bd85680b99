#include "endpoints/authorize_ticket.h"

#include "base/crypto.h"

enum { TICKET_TTL_MS = 10 * 60 * 1000 };

/* MAC of the ticket's payload as base64url; empty when OpenSSL has no memory. */
static struct im_str seal(const struct im_authorize *ask, struct im_str payload)
{
    unsigned char key[32], mac[IM_SHA256_LEN];
    if (!im_rng_fixed(&ask->authority->rng, "consent ticket", key, sizeof key) ||
        !im_hmac_sha256(key, sizeof key, payload, mac))
        return (struct im_str){0};
    return im_base64url(ask->req->arena, mac, sizeof mac);
}

struct im_str im_ticket_write(const struct im_authorize *ask,
                              const struct im_ticket *ticket)
{
    struct im_arena *arena = ask->req->arena;
    struct im_buf buf;
    struct im_json_out out;
    im_buf_init(&buf, arena, 0);
    im_json_out_init(&out, &buf);
    im_json_open_object(&out, NULL);
    im_json_str(&out, "company", ticket->company);
    im_json_str(&out, "user", ticket->user);
    im_json_str(&out, "client", ask->client.id);
    im_json_int(&out, "until", ask->req->now_ms + TICKET_TTL_MS);
    im_json_close_object(&out);
    struct im_str payload = im_base64url(arena, buf.at, buf.len);
    struct im_str mac = seal(ask, payload);
    if (buf.failed || !mac.len)
        return (struct im_str){0};
    return im_arena_format(arena, "%.*s.%.*s", IM_ARG(payload), IM_ARG(mac));
}

/* The ticket's members; NULL when we did not sign it. */
static const struct im_json *open_ticket(const struct im_authorize *ask,
                                         struct im_str text)
{
    struct im_json_error why;
    struct im_str json, payload = im_str_cut(&text, '.');
    struct im_str mac = seal(ask, payload);
    if (!mac.len || !im_secret_eq(mac, text) ||
        !im_base64url_decode(ask->req->arena, payload, &json))
        return NULL;
    return im_json_parse(ask->req->arena, json, &why);
}

enum im_cause im_ticket_read(const struct im_authorize *ask, struct im_str text,
                             struct im_ticket *ticket)
{
    const struct im_json *json = open_ticket(ask, text);
    const struct im_json *until = im_json_get(json, "until");
    if (!until || !im_str_eq(im_json_get_str(json, "client"), ask->client.id))
        return im_refuse(
            ask->req, CAUSE_REQUEST_MALFORMED,
            "the consent form's ticket was not given by this server to client "
            "%.*s",
            IM_ARG(ask->client.id));
    int64_t late_ms = ask->req->now_ms - until->whole;
    if (late_ms >= 0)
        return im_refuse(
            ask->req, CAUSE_SESSION_EXPIRED,
            "the consent page was open for more than %d min: its ticket ran out "
            "%lld s ago",
            TICKET_TTL_MS / 60000, (long long)(late_ms / 1000));
    ticket->company = im_json_get_str(json, "company");
    ticket->user = im_json_get_str(json, "user");
    return CAUSE_NONE;
}
