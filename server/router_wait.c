/* Where a scenario holds or delays a request on purpose: it waits outside of its sandbox, which a reset may
 * take meanwhile, and without a thread. The listener or the caller of im_handle comes back for it
 * (im_response.resume). */
#include "router_parts.h"

bool im_pipeline_waits(const struct im_pipeline *p, bool after)
{
    const struct im_wire *wire = im_plan_wire(&p->plan);

    return wire && !p->res->abandoned && (wire->hold_until || wire->delay_ms) &&
           wire->after == after;
}

static void wait_resume(void *context);

static void wait_begin(struct im_pipeline *p, const void *key, int64_t until,
                       int64_t for_ms)
{
    struct im_response *res = p->res;

    p->waiter = (struct im_waiter){.key = key, .waker = p->req->waker};
    res->resume_ms =
        im_clock_monotonic_ms() + for_ms + 1; /* a part of the present ms is over */
    res->resume_context = p;
    res->resume = wait_resume;
    im_barrier_enter(p->box->barrier, &p->waiter, until);
}

/* Its time has come, or it was released, or neither. */
static void wait_resume(void *context)
{
    struct im_pipeline *p = context;
    struct im_response *res = p->res;
    bool late = res->abandoned || im_clock_monotonic_ms() >= res->resume_ms;
    int64_t delay_ms = p->delay_ms;

    res->resume = NULL;
    if (!im_barrier_leave(p->box->barrier, &p->waiter, late)) {
        res->resume = wait_resume;
    } else if (delay_ms && !res->abandoned) {
        p->delay_ms = 0;
        wait_begin(p, p->req, 0, delay_ms);
    } else {
        p->then(p);
    }
}

void im_pipeline_wait(struct im_pipeline *p, void (*then)(struct im_pipeline *p))
{
    const struct im_wire *wire = im_plan_wire(&p->plan);

    p->then = then;
    p->delay_ms = wire->hold_until ? wire->delay_ms : 0;
    if (wire->hold_until)
        /* those that bring a rule of their own wait for each other: they have no rule in common */
        wait_begin(p, p->plan.brought ? (const void *)p->box : p->plan.taken,
                   wire->hold_until, wire->hold_ms);
    else
        wait_begin(p, p->req, 0, wire->delay_ms);
}
