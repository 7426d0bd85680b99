/* One clock governs minting, checking, refresh, codes, sessions and the Date header. */
#include "stories/story.h"

STORY(frozen_clock_stands, "a frozen clock stands still")
{
    when_controlled(s, "GET", "/clock", NULL);
    then_json(s, "now", "2026-01-01T00:00:00Z");
    then_json(s, "frozen", "true");
}

STORY(date_header_follows, "the Date header shows the sandbox's clock")
{
    when_time_passes(s, "36h");
    when_got(s, "/.well-known/openid-configuration", NULL);
    then_header_has(s, "Date", "Fri, 02 Jan 2026 12:00:00 GMT");
}

STORY(introspection_follows, "introspection shows iat and exp by the sandbox's clock")
{
    when_connected(s);
    when_posted(s, INTROSPECT_PATH, text(s, DEMO "&token=%s", access_token(s)));
    then_json(s, "iat", "1767225600");
    then_json(s, "exp", "1767268800");
}

STORY(clock_can_be_set, "the clock can be set to any time")
{
    when_controlled(s, "POST", "/clock", "{\"set\":\"2030-06-01T12:00:00Z\"}");
    then_json(s, "now", "2030-06-01T12:00:00Z");
}

STORY(same_seed_same_bytes, "the same seed and the same requests give the same bytes")
{
    when_connected(s);
    const char *first = body_of(s);
    when_controlled(s, "POST", "/reset", NULL);
    when_controlled(s, "POST", "/clock",
                    "{\"set\":\"2026-01-01T00:00:00Z\",\"freeze\":true}");
    when_connected(s);
    then_body_is(s, first);
}

STORY(clock_wants_a_unit, "a duration without a unit is refused, and the field is named")
{
    when_control_called(s, "POST", "/sandboxes/default/clock", "{\"advance\":\"12\"}");
    then_status(s, 400);
    then_json(s, "field", "advance");
}

STORIES(clock) = {
    &story_frozen_clock_stands,
    &story_date_header_follows,
    &story_introspection_follows,
    &story_clock_can_be_set,
    &story_same_seed_same_bytes,
    &story_clock_wants_a_unit,
    NULL,
};
