/* The API's description and its routes: whatever answers is described. */
#include "unit/spine.h"

#include "causes/policy.h"
#include "control/control.h"
#include "control/openapi.h"
#include "endpoints/endpoint.h"
#include "scenario/world.h"

struct document {
    struct spine *spine;
    const struct im_json *json;
};

/* The document as it is served. */
static int begin(void **state)
{
    struct document *d = calloc(1, sizeof(*d));
    struct im_json_error why;
    void *spine = NULL;

    spine_begin(&spine);
    d->spine = spine;
    send(d->spine, "GET", "/__mock/openapi.json", NULL, NULL);
    d->json = im_json_parse(&d->spine->kept, body_of(d->spine), &why);
    *state = d;
    if (!d->json)
        print_error("line %u, column %u: %s\n", why.line, why.column, why.what);
    return d->json ? 0 : -1;
}

static int end(void **state)
{
    struct document *d = *state;
    void *spine = d->spine;

    free(d);
    return spine_end(&spine);
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
            assert_int_equal(im_json_get(is, "security") != NULL,
                             route->open == IM_CONTROL_OPEN);
        }
}

/* The schemas of bodies are made of the tables that read them, and operations refer to those. */
static void what_a_call_takes_is_described_by_its_table(void **state)
{
    struct document *d = *state;
    for (size_t t = 0; t < IM_CONTROL_TABLES; t++)
        for (size_t i = 0; i < *im_control_tables[t].count; i++) {
            const struct im_control_route *route = &im_control_tables[t].routes[i];
            const struct im_json *body = im_json_get(operation(d, route), "requestBody");
            assert_int_equal(body != NULL, route->body != NULL);
            if (!body)
                continue;
            if (route->body == &im_control_any_text) {
                assert_non_null(im_json_get(im_json_get(body, "content"), "text/plain"));
                continue;
            }
            assert_non_null(schema(d, route->body->name));
            const struct im_json *media =
                im_json_get(im_json_get(body, "content"), "application/json");
            struct im_str to = im_json_get_str(im_json_get(media, "schema"), "$ref");
            if (!im_str_ends(to, route->body->name))
                fail_msg("%s %s: %.*s", route->method, route->path, IM_ARG(to));
        }
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
    const struct im_json *flaws = im_json_get(schema(d, "Flaw"), "enum");
    int n = IM_ENDPOINT_TOKEN;
    for (; n < IM_ENDPOINTS; n++)
        assert_true(in_list(endpoints, im_endpoint_name((enum im_endpoint)n)));
    assert_int_equal(endpoints->count, n - IM_ENDPOINT_TOKEN);
    for (int flaw = IM_FLAW_NONE; flaw <= IM_FLAW_MALFORMED; flaw++)
        assert_true(in_list(flaws, im_flaw_name((enum im_flaw)flaw)));
    assert_int_equal(flaws->count, IM_FLAW_MALFORMED + 1);
}

static void it_is_one_json_document_with_all_that_is_written(void **state)
{
    struct document *d = *state;
    struct im_json_error why;
    struct im_arena *arena = &d->spine->kept;
    const struct im_json *written =
        im_json_parse(arena, (struct im_str){im_openapi_json, im_openapi_json_len}, &why);
    const struct im_json *schemas =
        im_json_get(im_json_get(written, "components"), "schemas");
    assert_status(d->spine, 200);
    assert_true(im_str_is(answer_header(d->spine, "Content-Type"), "application/json"));
    assert_int_equal(d->json->count, written->count);
    for (const struct im_json *one = schemas->first; one; one = one->next)
        assert_non_null(schema(d, im_arena_copy(arena, one->name).at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOCUMENT(every_route_is_described),
        DOCUMENT(what_a_call_takes_is_described_by_its_table),
        DOCUMENT(every_endpoint_and_flaw_is_described),
        DOCUMENT(it_is_one_json_document_with_all_that_is_written),
    };
    return cmocka_run_group_tests_name("openapi", tests, NULL, NULL);
}
