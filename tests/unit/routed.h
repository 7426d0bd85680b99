/* What the tests of the router share beyond the pipeline itself: scenarios to follow, and what became of a request. */
#ifndef IM_TESTS_UNIT_ROUTED_H
#define IM_TESTS_UNIT_ROUTED_H

#include "unit/spine.h"

/* What the journal of the default sandbox has of it. */
static inline const struct im_exchange *last_exchange(struct spine *s)
{
    struct im_journal *journal = s->boxes.standard->journal;

    return im_journal_get(journal, &s->kept, im_journal_newest(journal));
}

/* The default sandbox follows this scenario from now on. */
static inline void follow_scenario(struct spine *s, const char *json)
{
    struct im_scenario *scenario = spine_scenario(json);
    struct im_error err;

    assert_true(im_sandbox_follow(s->boxes.standard, scenario, &err));
    im_scenario_unref(scenario);
}

/* One that has this rule alone. */
static inline void follow(struct spine *s, const char *rule)
{
    follow_scenario(
        s, im_arena_format(&s->kept, "{\"name\":\"play\",\"rules\":[%s]}", rule).at);
}

/* The sign-in page of a sound request. */
#define AUTHORIZE                                                                        \
    "/ia/api/v1/oauth2/authorize?response_type=code&client_id=demo&state=s1"             \
    "&redirect_uri=http://127.0.0.1/callback"

/* Of a browser that opens a page. */
#define PAGE "Accept: text/html,application/xhtml+xml\n"

#endif
