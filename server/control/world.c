/* GET S/world: who and what exists in a sandbox, as it is now. */
#include "control/control.h"

static void answer_list_world(struct im_call *call)
{
    struct im_authority *authority = im_sandbox_enter(call->box);

    im_control_begin(call, 200);
    im_authority_write_world(authority, &call->out, NULL);
    im_sandbox_leave(call->box);
}

const struct im_control_route im_control_world_routes[] = {
    {"GET", "/sandboxes/{name}/world", answer_list_world, false,
     "companies, users, roles, clients and record keys, as they are now", NULL},
};
const size_t im_control_world_route_count =
    sizeof(im_control_world_routes) / sizeof(im_control_world_routes[0]);
