#include "endpoints/endpoint.h"

enum im_dialect_id im_endpoint_dialect(const struct im_request *req)
{
    return req->exchange->place == IM_PLACE_ARTICLE ? IM_DIALECT_ARTICLE
                                                    : IM_DIALECT_REST;
}
