#include "scenario/expect.h"

#include "scenario/member.h"
#include "scenario/world.h"

enum { EXPECTATIONS_MAX = 200, KNOWN_MAX = 32, SHOWN_MAX = 60 };

struct reading {
    struct im_expectations *into;
    struct im_arena *arena;
    const struct im_json *at;
    struct im_error *err;
};

static bool no_memory(struct reading *r)
{
    return im_error_set(r->err, "reading \"expect\": out of memory");
}

/* ---- one member each; r->at is it ---- */

static bool read_that(struct reading *r, struct im_expectation *e)
{
    return im_member_text(r->at, r->arena, &e->that, r->err);
}

static bool read_cause(struct reading *r, struct im_expectation *e)
{
    if (r->at->type != IM_JSON_STRING)
        return im_member_wrong(r->at, "the id of a cause", r->err);
    e->cause = im_cause_find(r->at->text);
    if (e->cause)
        return true;
    enum im_cause nearest = im_cause_nearest(r->at->text);
    return im_error_set(
        r->err, "there is no cause \"%.*s\"%s%s%s",
        IM_ARG(im_str_front(r->at->text, SHOWN_MAX)), nearest ? "; did you mean \"" : "",
        nearest ? im_cause_row(nearest)->id : "; `intacct-mock causes` lists them",
        nearest ? "\"?" : "");
}

static bool read_status(struct reading *r, struct im_expectation *e)
{
    const struct im_json *at = r->at;
    struct im_str text = at->text;

    if (at->type == IM_JSON_NUMBER && at->is_whole && at->whole >= 100 &&
        at->whole <= 599) {
        e->status_min = e->status_max = (int)at->whole;
        return true;
    }
    if (at->type == IM_JSON_STRING && text.len == 3 && text.at[0] >= '1' &&
        text.at[0] <= '5' && im_str_ends(text, "xx")) {
        e->status_min = (text.at[0] - '0') * 100;
        e->status_max = e->status_min + 99;
        return true;
    }
    return im_member_wrong(at, "a number such as 401, or \"2xx\"", r->err);
}

static bool read_wire(struct reading *r, struct im_expectation *e)
{
    struct im_str known[IM_FAULTS];
    size_t n = 0;

    if (r->at->type != IM_JSON_STRING)
        return im_member_wrong(r->at, "the name of a fault such as \"drop\"", r->err);
    e->fault = im_fault_find(r->at->text);
    if (e->fault)
        return true;
    for (int i = IM_FAULT_NONE + 1; i < IM_FAULTS; i++)
        known[n++] = im_str(im_fault_name((enum im_fault)i));
    return im_error_set(r->err, "there is no fault \"%.*s\"%.*s",
                        IM_ARG(im_str_front(r->at->text, SHOWN_MAX)),
                        IM_ARG(im_member_hint(r->arena, r->at->text, known, n)));
}

/* "at least 0" could never fail. */
static bool read_at_least(struct reading *r, struct im_expectation *e)
{
    return im_member_whole(r->at, 1, &e->at_least, r->err);
}

static bool read_at_most(struct reading *r, struct im_expectation *e)
{
    return im_member_whole(r->at, 0, &e->at_most, r->err);
}

/* Whether it contradicts the two others is for check_bounds. */
static bool read_count(struct reading *r, struct im_expectation *e)
{
    int64_t count;

    (void)e;
    return im_member_whole(r->at, 0, &count, r->err);
}

static bool read_parallel(struct reading *r, struct im_expectation *e)
{
    return im_member_whole(r->at, 1, &e->in_parallel_at_most, r->err);
}

static bool read_gaps(struct reading *r, struct im_expectation *e)
{
    e->growing_gaps = r->at->type == IM_JSON_STRING && im_str_is(r->at->text, "growing");
    return e->growing_gaps || im_member_wrong(r->at, "\"growing\"", r->err);
}

static bool read_per(struct reading *r, struct im_expectation *e)
{
    bool text = r->at->type == IM_JSON_STRING;

    if (text && im_str_is(r->at->text, "token"))
        e->per = IM_PER_TOKEN;
    else if (text && im_str_is(r->at->text, "call"))
        e->per = IM_PER_CALL;
    else
        return im_member_wrong(r->at, "\"token\" or \"call\"", r->err);
    return true;
}

static bool read_same(struct reading *r, struct im_expectation *e)
{
    e->same_call = r->at->type == IM_JSON_STRING && im_str_is(r->at->text, "call");
    return e->same_call || im_member_wrong(r->at, "\"call\"", r->err);
}

/* What it refers to may stand further down: see resolve(). */
static bool read_after(struct reading *r, struct im_expectation *e)
{
    return im_member_text(r->at, r->arena, &e->after.text, r->err);
}

static bool read_within(struct reading *r, struct im_expectation *e)
{
    return (r->at->type == IM_JSON_STRING &&
            im_duration_parse(r->at->text, &e->within_ms) && e->within_ms > 0) ||
           im_member_wrong(r->at, "a duration such as \"2s\"", r->err);
}

static bool read_refused_for(struct reading *r, struct im_expectation *e)
{
    e->without_token = r->at->type == IM_JSON_STRING && im_str_is(r->at->text, "token");
    return e->without_token || im_member_wrong(r->at, "\"token\"", r->err);
}

static bool read_advice(struct reading *r, struct im_expectation *e)
{
    e->advice = r->at->type == IM_JSON_BOOL && r->at->boolean;
    return r->at->type == IM_JSON_BOOL ||
           im_member_wrong(r->at, "true or false", r->err);
}

static bool read_optional(struct reading *r, struct im_expectation *e)
{
    e->optional = r->at->type == IM_JSON_BOOL && r->at->boolean;
    return r->at->type == IM_JSON_BOOL ||
           im_member_wrong(r->at, "true or false", r->err);
}

static const struct field {
    const char *name;
    bool (*read)(struct reading *r, struct im_expectation *e);
} fields[] = {
    {"that", read_that},       {"cause", read_cause},
    {"status", read_status},   {"wire", read_wire},
    {"count", read_count},     {"at_least", read_at_least},
    {"at_most", read_at_most}, {"in_parallel_at_most", read_parallel},
    {"gaps", read_gaps},       {"per", read_per},
    {"after", read_after},     {"within", read_within},
    {"same", read_same},       {"refused_for", read_refused_for},
    {"advice", read_advice},   {"optional", read_optional},
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

const char *im_expect_field(size_t index)
{
    return index < FIELDS ? fields[index].name : NULL;
}

/* ---- one expectation ---- */

static bool for_rules_only(struct im_str name)
{
    return im_str_is(name, "rate") || im_str_is(name, "seed");
}

static bool unknown_member(struct reading *r)
{
    struct im_str known[KNOWN_MAX];
    size_t n = 0;

    for (; n < FIELDS; n++)
        known[n] = im_str(fields[n].name);
    for (size_t i = 0; im_when_field(i) && n < KNOWN_MAX; i++)
        if (!for_rules_only(im_str(im_when_field(i))))
            known[n++] = im_str(im_when_field(i));
    return im_error_set(r->err, "an expectation has no member \"%.*s\"%.*s",
                        IM_ARG(im_str_front(r->at->name, SHOWN_MAX)),
                        IM_ARG(im_member_hint(r->arena, r->at->name, known, n)));
}

static bool read_member(struct reading *r, struct im_expectation *e)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (im_str_is(r->at->name, fields[i].name))
            return fields[i].read(r, e);
    if (for_rules_only(r->at->name))
        return im_error_set(r->err,
                            "\"%.*s\" is for rules: it decides by chance what happens, "
                            "and an expectation is about what has happened",
                            IM_ARG(r->at->name));
    switch (im_when_read(&e->when, r->arena, r->at, r->err)) {
    case 0: return unknown_member(r);
    case 1: return true;
    default: return false;
    }
}

static bool check_bounds(struct reading *r, const struct im_json *object,
                         struct im_expectation *e)
{
    const struct im_json *count = im_json_get(object, "count");

    r->at = count;
    if (count && (e->at_least >= 0 || e->at_most >= 0))
        return im_error_set(r->err,
                            "\"count\" says how often exactly: \"%s\" beside it "
                            "contradicts it or says nothing more; leave one out",
                            e->at_least >= 0 ? "at_least" : "at_most");
    if (count)
        e->at_least = e->at_most = count->whole;
    r->at = im_json_get(object, "at_least");
    if (r->at && e->at_most >= 0 && e->at_least > e->at_most)
        return im_error_set(r->err, "\"at_least\" %lld is more than \"at_most\" %lld",
                            (long long)e->at_least, (long long)e->at_most);
    r->at = im_json_get(object, "same");
    if (r->at && !e->after.text.len)
        return im_error_set(r->err, "\"same\" needs \"after\": the same call as which?");
    r->at = im_json_get(object, "within");
    if (r->at && !e->after.text.len)
        return im_error_set(r->err, "\"within\" needs \"after\": within that time of "
                                    "what?");
    return true;
}

/* `index` of them stand already. */
static bool check_sentence(struct reading *r, const struct im_json *object, size_t index)
{
    struct im_str that = r->into->items[index].that;

    r->at = object;
    if (!that.len)
        return im_error_set(r->err,
                            "an expectation needs \"that\": a true sentence about "
                            "a sound client");
    r->at = im_json_get(object, "that");
    for (size_t i = 0; i < index; i++)
        if (im_str_eq(r->into->items[i].that, that))
            return im_error_set(r->err,
                                "\"that\" must be unique, and \"%.*s\" stands twice",
                                IM_ARG(im_str_front(that, SHOWN_MAX)));
    return true;
}

static bool read_one(struct reading *r, const struct im_json *object, size_t index)
{
    struct im_expectation *e = &r->into->items[index];

    *e = (struct im_expectation){.at_least = -1,
                                 .at_most = -1,
                                 .in_parallel_at_most = -1,
                                 .within_ms = -1,
                                 .after = {.expectation = -1},
                                 .offset = object->offset};
    im_when_init(&e->when);
    r->at = object;
    if (object->type != IM_JSON_OBJECT)
        return im_error_set(r->err, "an expectation must be an object, not %s",
                            im_json_type_name(object->type));
    for (const struct im_json *member = object->first; member; member = member->next) {
        r->at = member;
        if (!read_member(r, e))
            return false;
    }
    return check_sentence(r, object, index) && check_bounds(r, object, e);
}

/* ---- what `after` refers to ---- */

static bool unknown_anchor(struct reading *r, size_t index)
{
    size_t most = r->into->count + CAUSE_COUNT + IM_FAULTS + im_effect_count, n = 0;
    struct im_str *known = IM_ARENA_ARRAY(r->arena, struct im_str, most);
    struct im_str text = r->into->items[index].after.text;

    if (!known)
        return no_memory(r);
    for (size_t i = 0; i < r->into->count; i++)
        if (i != index)
            known[n++] = r->into->items[i].that;
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        known[n++] = im_str(im_cause_row((enum im_cause)i)->id);
    for (int i = IM_FAULT_NONE + 1; i < IM_FAULTS; i++)
        known[n++] = im_str(im_fault_name((enum im_fault)i));
    for (size_t i = 0; i < im_effect_count; i++)
        known[n++] = im_str(im_effects[i].name);
    return im_error_set(r->err,
                        "\"after\" must be a cause, another expectation's \"that\", a "
                        "fault or an effect, and there is none \"%.*s\"%.*s",
                        IM_ARG(im_str_front(text, SHOWN_MAX)),
                        IM_ARG(im_member_hint(r->arena, text, known, n)));
}

static int expectation_that(const struct im_expectations *all, struct im_str that)
{
    for (size_t i = 0; i < all->count; i++)
        if (im_str_eq(all->items[i].that, that))
            return (int)i;
    return -1;
}

static bool resolve(struct reading *r, size_t index)
{
    struct im_anchor *after = &r->into->items[index].after;
    const struct im_effect *effect;

    if (!after->text.len)
        return true;
    after->cause = im_cause_find(after->text);
    if (after->cause)
        return true;
    after->expectation = expectation_that(r->into, after->text);
    if (after->expectation == (int)index)
        return im_error_set(r->err,
                            "\"after\" must not be the expectation's own \"that\"");
    if (after->expectation >= 0)
        return true;
    after->fault = im_fault_find(after->text);
    effect = im_effect_find(after->text);
    if (after->fault || !effect)
        return after->fault || unknown_anchor(r, index);
    after->effect = effect->name;
    return true;
}

/* Does following `after` from here lead back here? */
static bool in_circle(const struct im_expectations *all, size_t index)
{
    int at = all->items[index].after.expectation;

    for (size_t steps = 0; at >= 0 && steps < all->count; steps++) {
        if (at == (int)index)
            return true;
        at = all->items[at].after.expectation;
    }
    return false;
}

static bool refuse_circle(struct reading *r, size_t index)
{
    const struct im_expectation *items = r->into->items;
    size_t at = index;
    struct im_buf circle;

    im_buf_init(&circle, r->arena, 0);
    do {
        im_buf_addf(&circle, "\"%.*s\" after ",
                    IM_ARG(im_str_front(items[at].that, SHOWN_MAX)));
        at = (size_t)items[at].after.expectation;
    } while (at != index);
    im_buf_addf(&circle, "\"%.*s\"", IM_ARG(im_str_front(items[at].that, SHOWN_MAX)));
    return im_error_set(r->err, "\"after\" goes round in a circle: %.*s",
                        IM_ARG(im_buf_str(&circle)));
}

static bool resolve_all(struct reading *r, const struct im_json *array)
{
    const struct im_json *object = array->first;
    size_t i = 0;

    for (; object; object = object->next, i++) {
        r->at = im_json_get(object, "after");
        if (!resolve(r, i))
            return false;
    }
    for (object = array->first, i = 0; object; object = object->next, i++) {
        r->at = im_json_get(object, "after");
        if (in_circle(r->into, i))
            return refuse_circle(r, i);
    }
    return true;
}

/* ---- all of them ---- */

static bool read_all(struct reading *r, const struct im_json *array)
{
    const struct im_json *object = array->first;

    if (array->type != IM_JSON_ARRAY)
        return im_member_wrong(array, "a list of expectations", r->err);
    if (array->count > EXPECTATIONS_MAX)
        return im_error_set(r->err,
                            "\"expect\" may hold at most %d expectations, not %zu",
                            EXPECTATIONS_MAX, array->count);
    r->into->items = IM_ARENA_ARRAY(r->arena, struct im_expectation, array->count);
    if (!r->into->items)
        return no_memory(r);
    for (; object; object = object->next, r->into->count++)
        if (!read_one(r, object, r->into->count))
            return false;
    return resolve_all(r, array) && (!r->arena->failed || no_memory(r));
}

bool im_expect_read(struct im_expectations *into, struct im_arena *arena,
                    const struct im_json *array, const struct im_json **at,
                    struct im_error *err)
{
    struct reading r = {into, arena, array, err};
    bool done;

    *into = (struct im_expectations){0};
    done = read_all(&r, array);
    *at = done ? array : r.at;
    if (!done)
        *into = (struct im_expectations){0};
    return done;
}
