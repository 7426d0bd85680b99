/* services/core/session/id: the Intacct session behind the access token, for the XML
 * API. A session lasts 6 h, a token 12 h: the session of a live token may have
 * ended. */
#include "base/crypto.h"
#include "endpoints/endpoint.h"
#include "endpoints/rest_envelope.h"

static void answer_session(struct im_response *res, struct im_str session,
                           int64_t expires_in_s)
{
    struct im_json_out out;
    im_rest_begin(res, 200, &out);
    im_json_open_object(&out, IM_REST_RESULT);
    im_json_str(&out, "sessionId", session);
    im_json_int(&out, "expiresIn", expires_in_s);
    im_json_close_object(&out);
    im_rest_end(&out, 1);
}

enum im_cause im_endpoint_session(struct im_authority *authority, struct im_request *req,
                                  struct im_response *res)
{
    struct im_token token;
    struct im_session session;
    enum im_cause cause =
        im_bearer_check(authority, req, im_endpoint_dialect(req), &token, NULL);
    if (cause)
        return cause;
    if (!im_authority_session(authority, req->arena, token.session, req->now_ms,
                              &session))
        return im_refuse(
            req, CAUSE_SESSION_EXPIRED,
            "the session behind this token is over, though the token is not; a "
            "refresh begins a new one");
    answer_session(res, session.id, (session.expires_ms - req->now_ms) / 1000);
    return CAUSE_NONE;
}
