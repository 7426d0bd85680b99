/* The API's description and its routes: whatever answers is described. */
#include "unit/spine.h"

#include "causes/policy.h"
#include "control/control.h"
#include "control/openapi.h"
#include "endpoints/endpoint.h"
#include "scenario/world.h"

struct document {
    struct im_arena arena;
    const struct im_json *json;
};

static int begin(void **state)
{
    struct document *d = calloc(1, sizeof(*d));
    struct im_json_error why;

    d->json = im_json_parse(&d->arena,
                            (struct im_str){im_openapi_json, im_openapi_json_len}, &why);
    *state = d;
    if (!d->json)
        print_error("line %u, column %u: %s\n", why.line, why.column, why.what);
    return d->json ? 0 : -1;
}

static int end(void **state)
{
    im_arena_release(&((struct document *)*state)->arena);
    free(*state);
    return 0;
}

#define DOCUMENT(test) cmocka_unit_test_setup_teardown(test, begin, end)

static const struct im_json *schema(const struct document *d, const char *name)
{
    return im_json_get(im_json_get(im_json_get(d->json, "components"), "schemas"), name);
}

static const struct im_json *operation(const struct document *d,
                                       const struct im_control_route *route)
{
    const struct im_json *path = im_json_get(im_json_get(d->json, "paths"), route->path);
    char method[8] = "";

    for (size_t i = 0; i < sizeof(method) - 1 && route->method[i]; i++)
        method[i] = (char)(route->method[i] | 0x20);
    return im_json_get(path, method);
}

static void every_route_is_described(void **state)
{
    struct document *d = *state;
    for (size_t t = 0; t < IM_CONTROL_TABLES; t++)
        for (size_t i = 0; i < *im_control_tables[t].count; i++) {
            const struct im_control_route *route = &im_control_tables[t].routes[i];
            const struct im_json *is = operation(d, route);
            if (!is)
                fail_msg("%s %s is not in openapi.json", route->method, route->path);
            assert_true(im_json_get_str(is, "operationId").len > 0);
            assert_true(im_json_get_str(is, "summary").len > 0);
            /* "security": [] where the route needs no token, and only there */
            assert_int_equal(im_json_get(is, "security") != NULL, route->open);
        }
}

static const struct im_json *properties(const struct document *d, const char *name)
{
    return im_json_get(schema(d, name), "properties");
}

static void every_switch_of_policy_is_described(void **state)
{
    struct document *d = *state;
    const struct im_json *described = properties(d, "Policy");
    for (size_t i = 0; i < im_policy_row_count; i++)
        if (!im_json_get(described, im_policy_rows[i].name))
            fail_msg("policy %s is not in openapi.json", im_policy_rows[i].name);
    assert_int_equal(described->count, im_policy_row_count);
}

static bool in_list(const struct im_json *list, const char *word)
{
    for (const struct im_json *item = list ? list->first : NULL; item; item = item->next)
        if (im_str_is(item->text, word))
            return true;
    return false;
}

static void every_endpoint_and_flaw_is_described(void **state)
{
    struct document *d = *state;
    const struct im_json *endpoints = im_json_get(schema(d, "EndpointName"), "enum");
    const struct im_json *flaws =
        im_json_get(im_json_get(properties(d, "Mint"), "flaw"), "enum");
    int n = IM_ENDPOINT_TOKEN;
    for (; n < IM_ENDPOINTS; n++)
        assert_true(in_list(endpoints, im_endpoint_name((enum im_endpoint)n)));
    assert_int_equal(endpoints->count, n - IM_ENDPOINT_TOKEN);
    for (int flaw = IM_FLAW_NONE + 1; flaw <= IM_FLAW_MALFORMED; flaw++)
        assert_true(in_list(flaws, im_flaw_name((enum im_flaw)flaw)));
    assert_int_equal(flaws->count, IM_FLAW_MALFORMED);
}

/* What an effect needs is asked for by name: so what it lacks tells its arguments. */
static void every_argument_of_an_effect_is_described(void **state)
{
    struct document *d = *state;
    struct im_json_error why;
    const struct im_json *nothing = im_json_parse(&d->arena, IM_STR("{}"), &why);
    for (size_t i = 0; i < im_effect_count; i++) {
        const char *lacks = im_effect_lacks(&im_effects[i], nothing);
        if (lacks && !im_json_get(properties(d, "Change"), lacks))
            fail_msg("%s needs %s, which is not in openapi.json", im_effects[i].name,
                     lacks);
    }
}

static void it_is_served_as_it_is(void **state)
{
    struct spine *s = *state;
    send(s, "GET", "/__mock/openapi.json", NULL, NULL);
    assert_status(s, 200);
    assert_true(im_str_is(answer_header(s, "Content-Type"), "application/json"));
    assert_int_equal(body_of(s).len, im_openapi_json_len);
    assert_memory_equal(body_of(s).at, im_openapi_json, im_openapi_json_len);
    assert_int_equal(im_openapi_json[im_openapi_json_len], '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOCUMENT(every_route_is_described),
        DOCUMENT(every_switch_of_policy_is_described),
        DOCUMENT(every_endpoint_and_flaw_is_described),
        DOCUMENT(every_argument_of_an_effect_is_described),
        IN_SPINE(it_is_served_as_it_is),
    };
    return cmocka_run_group_tests_name("openapi", tests, NULL, NULL);
}
