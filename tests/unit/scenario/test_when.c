#include "unit/scenario/quoted.h"

#include "scenario/when.h"

/* ---- reading ---- */

struct reader {
    struct im_arena arena;
    struct im_when when;
    struct im_json_fault fault;
};

static int begin(void **state)
{
    new_fixture(state, sizeof(struct reader));
    return 0;
}

/* As a rule reads it. */
static bool reads(struct reader *r, const char *text)
{
    static const struct im_json_row parts[] = {
        {NULL, IM_READ_PART, .table = &im_when_shared},
        {NULL, IM_READ_PART, .table = &im_when_chance},
    };
    static const struct im_json_table both = {IM_READ_ROWS(parts)};
    struct im_json_reader reader = {.arena = &r->arena, .faults = &r->fault, .room = 1};

    r->when = (struct im_when){.rate = -1};
    return im_json_read(&reader, &both, quoted(&r->arena, text), &r->when);
}

static const struct im_when *when(struct reader *r, const char *text)
{
    if (!reads(r, text))
        fail_msg("%s: %s", text, r->fault.err.text);
    return &r->when;
}

static void refused(struct reader *r, const char *text, const char *sentence)
{
    assert_false(reads(r, text));
    assert_string_equal(r->fault.err.text, sentence);
}

static struct im_exchange request(void)
{
    return (struct im_exchange){.endpoint = IM_ENDPOINT_RESOURCE,
                                .grant = IM_STR("refresh_token"),
                                .client_id = IM_STR("demo"),
                                .user = IM_STR("ws_user@acme"),
                                .entity = IM_STR("100"),
                                .method = IM_STR("GET"),
                                .path = IM_STR("/ia/api/v1/objects/vendor/1"),
                                .scope = IM_STR("read offline_access")};
}

static bool fits(struct reader *r, const char *text)
{
    struct im_exchange known = request();

    return im_when_fits(when(r, text), &known);
}

/* ---- fitting ---- */

static void nothing_given_fits_everything(void **state)
{
    struct im_exchange none = {0}, known = request();
    struct im_when when = {.rate = -1};

    assert_true(im_when_fits(&when, &none) && im_when_fits(&when, &known));
    assert_true(im_when_counts(&when, 1) && im_when_counts(&when, 1000));
}

static void every_field_that_is_given_must_fit(void **state)
{
    static const char *const yes[] = {
        "{'endpoint':'resource'}",
        "{'endpoint':'api'}",
        "{'grant':'refresh_token'}",
        "{'client':'demo'}",
        "{'user':'ws_user@acme'}",
        "{'user':'*@acme'}",
        "{'user':'ws_*@*'}",
        "{'user':'ws_user@acme|100'}",
        "{'user':'*@acme|1?0'}",
        "{'method':'GET'}",
        "{'path':'/ia/*/vendor/?'}",
        "{'scope':'offline_access'}",
        "{'endpoint':'api','method':'GET','path':'*','client':'demo'}",
    };
    static const char *const no[] = {
        "{'endpoint':'token'}",
        "{'endpoint':'oauth'}",
        "{'grant':'refresh'}",
        "{'client':'demo2'}",
        "{'user':'WS_user@acme'}",
        "{'user':'*@globex'}",
        "{'user':'ws_user@acme|200'}",
        "{'user':'*@acme|'}",
        "{'method':'POST'}",
        "{'path':'/ia/*/vendor'}",
        "{'scope':'offline'}",
        "{'endpoint':'api','method':'GET','path':'*','client':'other'}",
    };

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (!fits(*state, yes[i]))
            fail_msg("%s does not fit", yes[i]);
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (fits(*state, no[i]))
            fail_msg("%s fits", no[i]);
}

static void an_entity_that_ends_the_account_may_be_none(void **state)
{
    struct im_exchange at_the_top = request();

    at_the_top.entity = IM_STR("");
    assert_true(im_when_fits(when(*state, "{'user':'*@acme'}"), &at_the_top));
    assert_true(im_when_fits(when(*state, "{'user':'*@acme|'}"), &at_the_top));
    assert_false(im_when_fits(when(*state, "{'user':'*@acme|?*'}"), &at_the_top));
}

static void one_user_is_told_from_several(void **state)
{
    struct reader *r = *state;

    assert_true(im_str_is(im_when_one_user(when(r, "{'user':'a@acme|100'}")), "a@acme"));
    assert_int_equal(im_when_one_user(when(r, "{'user':'*@acme'}")).len, 0);
    assert_int_equal(im_when_one_user(when(r, "{'client':'demo'}")).len, 0);
}

static void what_is_not_known_does_not_fit(void **state)
{
    struct im_exchange none = {0};

    assert_false(im_when_fits(when(*state, "{'endpoint':'resource'}"), &none));
    assert_false(im_when_fits(when(*state, "{'endpoint':'api'}"), &none));
    assert_false(im_when_fits(when(*state, "{'client':'demo'}"), &none));
    assert_false(im_when_fits(when(*state, "{'scope':'read'}"), &none));
}

static void a_group_stands_for_its_endpoints(void **state)
{
    static const char *const api = "resource query model session";
    static const char *const oauth = "token authorize revoke introspect";
    struct im_when in_api = *when(*state, "{'endpoint':'api'}");
    struct im_when in_oauth = *when(*state, "{'endpoint':'oauth'}");

    for (size_t i = 0; im_when_endpoints.word(i); i++) {
        struct im_str name = im_str(im_when_endpoints.word(i));
        struct im_exchange asked = {.endpoint = im_endpoint_find(name)};
        assert_int_equal(im_when_fits(&in_api, &asked),
                         im_str_in_list(im_str(api), name));
        assert_int_equal(im_when_fits(&in_oauth, &asked),
                         im_str_in_list(im_str(oauth), name));
    }
}

/* ---- counting ---- */

/* By GET or by a query: whichever way a client reads. */
static void to_read_is_to_change_nothing(void **state)
{
    const struct im_when *reads = when(*state, "{'endpoint':'read'}");
    struct im_exchange known = request();

    assert_true(im_when_fits(reads, &known));
    known.method = IM_STR("POST");
    assert_false(im_when_fits(reads, &known));
    known.endpoint = IM_ENDPOINT_QUERY;
    assert_true(im_when_fits(reads, &known));
    known.method = IM_STR("GET");
    known.endpoint = IM_ENDPOINT_SESSION;
    assert_true(im_when_fits(reads, &known));
    known.endpoint = IM_ENDPOINT_JWKS;
    assert_false(im_when_fits(reads, &known));
}

static void nth_and_every_pick(void **state)
{
    struct im_when third = *when(*state, "{'nth':3}");
    struct im_when second = *when(*state, "{'every':2}");
    struct im_when both = *when(*state, "{'nth':3,'every':2}");

    for (uint64_t n = 1; n < 20; n++) {
        assert_int_equal(im_when_counts(&third, n), n == 3);
        assert_int_equal(im_when_counts(&second, n), n % 2 == 0);
        assert_false(im_when_counts(&both, n));
    }
}

static size_t hits(const struct im_when *when)
{
    size_t n = 0;

    for (uint64_t i = 1; i <= 10000; i++)
        n += im_when_counts(when, i);
    return n;
}

static void a_rate_picks_its_share(void **state)
{
    assert_int_equal(hits(when(*state, "{'rate':0}")), 0);
    assert_int_equal(hits(when(*state, "{'rate':1}")), 10000);
    assert_in_range(hits(when(*state, "{'rate':0.3}")), 2800, 3200);
    assert_in_range(hits(when(*state, "{'rate':0.3,'seed':-7}")), 2800, 3200);
    assert_in_range(hits(when(*state, "{'rate':0.3,'every':2}")), 1350, 1650);
}

static void the_same_seed_picks_the_same(void **state)
{
    struct im_when one = *when(*state, "{'rate':0.5,'seed':1}");
    struct im_when again = *when(*state, "{'rate':0.5,'seed':1}");
    struct im_when other = *when(*state, "{'rate':0.5,'seed':2}");
    size_t differ = 0;

    for (uint64_t n = 1; n <= 1000; n++) {
        assert_int_equal(im_when_counts(&one, n), im_when_counts(&again, n));
        differ += im_when_counts(&one, n) != im_when_counts(&other, n);
    }
    assert_in_range(differ, 400, 600);
}

/* ---- refusing ---- */

static void other_members_are_not_taken(void **state)
{
    refused(*state, "{'cause':'x'}",
            "unknown field \"cause\"; there are \"endpoint\", \"grant\", \"client\", "
            "\"user\", "
            "\"method\", \"path\", \"scope\", \"header\", \"query\", \"body\", "
            "\"nth\", "
            "\"every\", \"rate\" and \"seed\"");
    refused(*state, "{'Nth':1}", "unknown field \"Nth\"; did you mean \"nth\"?");
}

static void wrong_types_and_values_are_refused(void **state)
{
    refused(*state, "{'nth':'x'}",
            "\"nth\" must be a whole number, 1 or more, not \"x\"");
    refused(*state, "{'nth':0}", "\"nth\" must be a whole number, 1 or more, not 0");
    refused(*state, "{'nth':1.5}", "\"nth\" must be a whole number, 1 or more, not 1.5");
    refused(*state, "{'every':-2}",
            "\"every\" must be a whole number, 1 or more, not -2");
    refused(*state, "{'every':true}",
            "\"every\" must be a whole number, 1 or more, not true");
    refused(*state, "{'rate':1.01}", "\"rate\" must be a number from 0 to 1, not 1.01");
    refused(*state, "{'rate':-0.1}", "\"rate\" must be a number from 0 to 1, not -0.1");
    refused(*state, "{'rate':'1'}", "\"rate\" must be a number from 0 to 1, not \"1\"");
    refused(*state, "{'seed':1.5}", "\"seed\" must be a whole number, not 1.5");
    refused(*state, "{'client':7}",
            "\"client\" must be a client id without \"~\" and the sandbox's name, not 7");
    refused(*state, "{'grant':''}",
            "\"grant\" must be a grant_type such as \"refresh_token\", not \"\"");
    refused(*state, "{'path':{}}",
            "\"path\" must be a path under the base URL such as "
            "\"/ia/api/v1/objects/*\", not an object");
}

static void what_could_never_fit_is_refused(void **state)
{
    refused(*state, "{'method':'get'}",
            "\"method\" must be a method in capitals such as \"GET\", not \"get\"");
    refused(
        *state, "{'user':'jdoe'}",
        "\"user\" must be \"USER@COMPANY\" or \"USER@COMPANY|ENTITY\", parts of it as "
        "globs: \"*@COMPANY\", not \"jdoe\"");
    refused(
        *state, "{'user':'@acme'}",
        "\"user\" must be \"USER@COMPANY\" or \"USER@COMPANY|ENTITY\", parts of it as "
        "globs: \"*@COMPANY\", not \"@acme\"");
    refused(*state, "{'scope':'a b'}",
            "\"scope\" must be one scope, without spaces, not \"a b\"");
    refused(*state, "{'path':'ia/*'}",
            "\"path\" must be a path under the base URL such as "
            "\"/ia/api/v1/objects/*\", not \"ia/*\"");
    refused(*state, "{'client':'demo~x'}",
            "\"client\" must be a client id without \"~\" and the sandbox's name, not "
            "\"demo~x\"");
}

static void an_unknown_endpoint_is_refused_with_the_nearest(void **state)
{
    refused(*state, "{'endpoint':'tokn'}",
            "there is no endpoint \"tokn\"; did you mean \"token\"?");
    refused(
        *state, "{'endpoint':'zzz'}",
        "there is no endpoint \"zzz\"; there are \"token\", \"authorize\", \"revoke\", "
        "\"introspect\", \"discovery\", \"jwks\", \"resource\", \"query\", \"model\", "
        "\"session\", \"proxy\", \"unknown\", \"api\", \"oauth\" and \"read\"");
}

#define READING(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

/* ---- what is in the request ---- */

/* Does a request of this target, these headers and this body fit? */
static bool carries(struct reader *r, const char *text, const char *target,
                    const char *headers, const char *body)
{
    struct im_exchange exchange = request();
    struct im_str copy = im_arena_copy(&r->arena, im_str(body));
    char *bytes = im_arena_alloc(&r->arena, copy.len + 1);

    for (size_t i = 0; i < copy.len; i++)
        bytes[i] = copy.at[i] == '\'' ? '"' : copy.at[i];
    exchange.target = im_str(target);
    exchange.request_headers = im_str(headers);
    exchange.request_body = (struct im_str){bytes, copy.len};
    return im_when_fits(when(r, text), &exchange);
}

static void headers_are_asked_for_by_a_glob(void **state)
{
    const char *sent = "Host: x\nidempotency-key: a:b\nEmpty:\n";
    assert_true(carries(*state, "{'header':{'Idempotency-Key':'*'}}", "/", sent, ""));
    assert_true(carries(*state, "{'header':{'Idempotency-Key':'a:b'}}", "/", sent, ""));
    assert_true(carries(*state, "{'header':{'Empty':'*','Host':'?'}}", "/", sent, ""));
    assert_false(carries(*state, "{'header':{'Idempotency-Key':'a'}}", "/", sent, ""));
    assert_false(carries(*state, "{'header':{'Idempotency':'*'}}", "/", sent, ""));
    assert_false(carries(*state, "{'header':{'Host':'x','Other':'*'}}", "/", sent, ""));
    refused(*state, "{'header':{'A: b':'*'}}", "\"A: b\" is no header's name");
    refused(*state, "{'header':{}}", "\"header\" says nothing");
    refused(*state, "{'header':'A'}", "\"header\" must be an object, not \"A\"");
    refused(*state, "{'header':{'A':null}}",
            "\"A\" must be a string, a number, true or false, not null");
}

static void the_query_is_asked_for_decoded(void **state)
{
    const char *target = "/s/x/objects?start=11&name=A%20%26+B";
    assert_true(carries(*state, "{'query':{'start':11}}", target, "", ""));
    assert_true(carries(*state, "{'query':{'name':'A & B'}}", target, "", ""));
    assert_false(carries(*state, "{'query':{'start':1}}", target, "", ""));
    assert_false(carries(*state, "{'query':{'size':'*'}}", target, "", ""));
    assert_false(carries(*state, "{'query':{'start':'*'}}", "/objects", "", ""));
    assert_false(carries(*state, "{'query':{'start':'*'}}", "/?start=%zz", "", ""));
}

static void a_body_is_asked_for_by_field_or_pointer(void **state)
{
    const char *form = "grant_type=refresh_token&scope=a+b";
    const char *json = "{'billNumber':'B-7','lines':[{'amount':'5'},{'amount':'8'}],"
                       "'a/b':{'~':true},'n':1.50,'none':null,'empty':''}";
    assert_true(carries(*state, "{'body':{'grant_type':'refresh_*'}}", "/", "", form));
    assert_true(carries(*state, "{'body':{'scope':'a b'}}", "/", "", form));
    assert_false(carries(*state, "{'body':{'code':'*'}}", "/", "", form));
    assert_false(carries(*state, "{'body':{'/grant_type':'*'}}", "/", "", form));
    assert_true(carries(*state, "{'body':{'/billNumber':'B-*'}}", "/", "", json));
    assert_true(carries(*state, "{'body':{'billNumber':'B-7'}}", "/", "", json));
    assert_true(carries(*state, "{'body':{'/lines/1/amount':8}}", "/", "", json));
    assert_true(carries(*state, "{'body':{'/a~1b/~0':true}}", "/", "", json));
    assert_true(carries(*state, "{'body':{'/n':'1.50'}}", "/", "", json));
    assert_true(carries(*state, "{'body':{'/empty':'*'}}", "/", "", json));
    assert_false(carries(*state, "{'body':{'/none':'*'}}", "/", "", json));
    assert_false(carries(*state, "{'body':{'/lines/2/amount':'*'}}", "/", "", json));
    assert_false(carries(*state, "{'body':{'/lines/-1/amount':'*'}}", "/", "", json));
    assert_false(carries(*state, "{'body':{'/lines':'*'}}", "/", "", json));
    assert_false(carries(*state, "{'body':{'/billNumber/x':'*'}}", "/", "", json));
    assert_false(carries(*state, "{'body':{'/billNumber':'*'}}", "/", "", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_fits_everything),
        READING(every_field_that_is_given_must_fit),
        READING(an_entity_that_ends_the_account_may_be_none),
        READING(one_user_is_told_from_several),
        READING(what_is_not_known_does_not_fit),
        READING(a_group_stands_for_its_endpoints),
        READING(to_read_is_to_change_nothing),
        READING(nth_and_every_pick),
        READING(a_rate_picks_its_share),
        READING(the_same_seed_picks_the_same),
        READING(other_members_are_not_taken),
        READING(wrong_types_and_values_are_refused),
        READING(what_could_never_fit_is_refused),
        READING(an_unknown_endpoint_is_refused_with_the_nearest),
        READING(headers_are_asked_for_by_a_glob),
        READING(the_query_is_asked_for_decoded),
        READING(a_body_is_asked_for_by_field_or_pointer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
