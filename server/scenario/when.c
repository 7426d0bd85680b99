/* `when`: which requests a rule or an expectation is about, and how it is written. */
#include "scenario/when.h"

#include <stddef.h>

#include "directory/account.h"
#include "http/form.h"

/* ---- endpoints and their groups ---- */

const struct im_json_names im_when_endpoints = {.name = "endpoint",
                                                .what = "endpoint",
                                                .word = im_endpoint_word};

bool im_when_is_proxy(const struct im_when *when)
{
    return im_str_is(when->endpoint, im_endpoint_name(IM_ENDPOINT_PROXY));
}

static const char *tls_word(size_t index)
{
    return im_fault_tls_word((enum im_fault)(index + IM_FAULT_TLS_EXPIRED));
}

const struct im_json_names im_when_tls = {.name = "tls",
                                          .what = "fault of TLS",
                                          .word = tls_word};

/* ---- what is in the request ---- */

/* The first header line "Name: value" of that name; at == NULL when there is none. An empty value is a
 * header that is there, which "*" fits. */
static struct im_str header_of(struct im_str lines, struct im_str name)
{
    while (lines.len) {
        struct im_str value = im_str_cut(&lines, '\n');
        struct im_str own = im_str_cut(&value, ':');
        if (im_str_eq_nocase(own, name))
            return value.len ? im_str_trim(value) : IM_STR("");
    }
    return (struct im_str){NULL, 0};
}

/* The value that a JSON pointer leads to, RFC 6901 §4; NULL when it leads nowhere. */
static const struct im_json *pointed_at(const struct im_json *at, struct im_str pointer,
                                        struct im_arena *arena)
{
    im_str_cut(&pointer, '/'); /* what is before the first is empty */
    for (bool more = true; at && more;) {
        more = im_str_has(pointer, '/');
        struct im_str token = im_str_cut(&pointer, '/'), left = token;
        struct im_buf name;
        im_buf_init(&name, arena, 0);
        while (left.len) {
            bool escaped = left.len > 1 && left.at[0] == '~' &&
                           (left.at[1] == '0' || left.at[1] == '1');
            im_buf_addc(&name, !escaped ? left.at[0] : left.at[1] == '0' ? '~' : '/');
            left = im_str_slice(left, escaped ? 2 : 1, left.len);
        }
        int64_t index = 0;
        bool number = im_str_int(token, &index) && index >= 0;
        if (at->type == IM_JSON_OBJECT) {
            at = im_json_get_named(at, im_buf_str(&name));
        } else {
            at = at->type == IM_JSON_ARRAY && number ? at->first : NULL;
            while (at && index--)
                at = at->next;
        }
    }
    return at;
}

static struct im_str text_of(const struct im_json *value)
{
    if (!value)
        return (struct im_str){NULL, 0};
    if (value->type == IM_JSON_BOOL)
        return im_str(value->boolean ? "true" : "false");
    return value->type == IM_JSON_STRING || value->type == IM_JSON_NUMBER
               ? (value->text.at ? value->text : IM_STR(""))
               : (struct im_str){NULL, 0};
}

static bool params_fit(const struct im_when_pairs *wanted, const struct im_params *params,
                       struct im_arena *arena)
{
    for (size_t i = 0; i < wanted->count; i++) {
        struct im_str name = im_arena_copy(arena, wanted->items[i].name);
        struct im_str value = name.at ? im_param(params, name.at) : name;
        if (!value.at || !im_str_glob(wanted->items[i].value, value))
            return false;
    }
    return true;
}

static bool query_fits(const struct im_when_pairs *wanted, struct im_str target,
                       struct im_arena *arena)
{
    struct im_params params = {.count = 0};
    struct im_error ignored;

    im_str_cut(&target, '?');
    return im_params_parse_form(arena, target, &params, &ignored) &&
           params_fit(wanted, &params, arena);
}

/* A name that begins with '/' is a JSON pointer, any other a form field or a member of the object that
 * OAuth parameters may come in. */
static bool body_fits(const struct im_when_pairs *wanted, struct im_str body,
                      struct im_arena *arena)
{
    /* by what it is, not by its Content-Type: a body under a wrong label is looked into as well */
    const struct im_json *json = im_json_parse(arena, body, NULL);
    struct im_params params = {.count = 0};
    struct im_error ignored;

    if (!json && !im_params_parse_form(arena, body, &params, &ignored))
        return false;
    for (size_t i = 0; i < wanted->count; i++) {
        const struct im_json_pair *pair = &wanted->items[i];
        struct im_when_pairs one = {.items = &wanted->items[i], .count = 1};
        struct im_str value = {NULL, 0};
        if (im_str_starts(pair->name, "/"))
            value = text_of(pointed_at(json, pair->name, arena));
        else if (json)
            value = text_of(im_json_get_named(json, pair->name));
        else if (!params_fit(&one, &params, arena))
            return false;
        else
            continue;
        if (!value.at || !im_str_glob(pair->value, value))
            return false;
    }
    return true;
}

static bool headers_fit(const struct im_when_pairs *wanted, struct im_str lines)
{
    for (size_t i = 0; i < wanted->count; i++) {
        struct im_str value = header_of(lines, wanted->items[i].name);
        if (!value.at || !im_str_glob(wanted->items[i].value, value))
            return false;
    }
    return true;
}

bool im_when_asks_content(const struct im_when *when)
{
    return when->header.count || when->query.count || when->body.count;
}

static bool content_fits(const struct im_when *when, const struct im_exchange *exchange)
{
    struct im_arena arena;

    im_arena_init(&arena, 0);
    bool fits =
        headers_fit(&when->header, exchange->request_headers) &&
        (!when->query.count || query_fits(&when->query, exchange->target, &arena)) &&
        (!when->body.count || body_fits(&when->body, exchange->request_body, &arena));
    im_arena_release(&arena);
    return fits;
}

/* ---- asking ---- */

/* Where no entity is wanted, any will do: most connections never name one. */
static bool account_fits(struct im_str wanted, const struct im_exchange *exchange)
{
    struct im_str entity = im_account_read(wanted).entity;

    return im_str_glob(im_str_cut(&wanted, '|'), exchange->user) &&
           (!entity.at || im_str_glob(entity, exchange->entity));
}

struct im_str im_when_one_user(const struct im_when *when)
{
    struct im_str rest = when->user, user = im_str_cut(&rest, '|');

    return im_str_has(user, '*') || im_str_has(user, '?') ? IM_STR("") : user;
}

static bool same_if_asked(struct im_str wanted, struct im_str attribute)
{
    return !wanted.len || im_str_eq(wanted, attribute);
}

bool im_when_fits(const struct im_when *when, const struct im_exchange *exchange)
{
    /* a tunnel is no request of the API: it fits only where its endpoint is named */
    bool meant = when->endpoint.len ? im_exchange_goes_to(exchange, when->endpoint)
                                    : exchange->endpoint != IM_ENDPOINT_PROXY;

    return meant && (!when->tls || when->tls == exchange->tls) &&
           same_if_asked(when->method, exchange->method) &&
           same_if_asked(when->grant, exchange->grant) &&
           same_if_asked(when->client, exchange->client_id) &&
           (!when->user.len || account_fits(when->user, exchange)) &&
           (!when->path.len || im_str_glob(when->path, exchange->path)) &&
           (!when->scope.len || im_str_in_list(exchange->scope, when->scope)) &&
           (!im_when_asks_content(when) || content_fits(when, exchange));
}

/* splitmix64's finalizer: neighbouring numbers become unrelated ones. */
static uint64_t mix_bits(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The nth random number of this seed: in [0, 1), the same in every run. 53 bits are what a double holds
 * exactly. */
static double nth_chance(int64_t seed, uint64_t n)
{
    return (double)(mix_bits(mix_bits((uint64_t)seed) + n) >> 11) /
           (double)(UINT64_C(1) << 53);
}

bool im_when_counts(const struct im_when *when, uint64_t n)
{
    return (when->nth <= 0 || n == (uint64_t)when->nth) &&
           (when->every <= 0 || n % (uint64_t)when->every == 0) &&
           (when->rate < 0 || nth_chance(when->seed, n) < when->rate);
}

/* ---- reading ---- */

/* A value that can never fit is refused by its form, so that no rule waits for ever. */
static bool is_capitals(struct im_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < 'A' || text.at[i] > 'Z')
            return false;
    return true;
}

static bool user_at_company(struct im_str text)
{
    struct im_account account = im_account_read(text);

    return im_account_is_whole(&account);
}

static bool is_rooted(struct im_str text)
{
    return text.at[0] == '/' || text.at[0] == '*' || text.at[0] == '?';
}

static bool one_word(struct im_str text)
{
    return !im_str_has(text, ' ');
}

/* The sandbox's name is cut off a client id before rules are asked. */
static bool without_sandbox(struct im_str text)
{
    return !im_str_has(text, '~');
}

static bool check_headers(struct im_json_reader *r, const struct im_json *value,
                          void *into)
{
    (void)into;
    for (const struct im_json *one = value->first; one; one = one->next)
        if (im_str_has(one->name, ':') || im_str_has(one->name, ' ') || !one->name.len)
            return im_json_fault(r, one, "\"%.*s\" is no header's name",
                                 IM_ARG(im_str_front(one->name, 60)));
    return true;
}

#define WHEN(member) .name = #member, IM_READ_INTO(struct im_when, member)

static const struct im_json_row shared[] = {
    {WHEN(endpoint), .names = &im_when_endpoints},
    {WHEN(grant), .sound = one_word, .wanted = "a grant_type such as \"refresh_token\""},
    {WHEN(client), .sound = without_sandbox,
     .wanted = "a client id without \"~\" and the sandbox's name"},
    {WHEN(user), .sound = user_at_company,
     .wanted = "\"USER@COMPANY\" or \"USER@COMPANY|ENTITY\", parts of it as globs: "
               "\"*@COMPANY\""},
    {WHEN(method), .sound = is_capitals,
     .wanted = "a method in capitals such as \"GET\""},
    {WHEN(path), .sound = is_rooted,
     .wanted = "a path under the base URL such as \"/ia/api/v1/objects/*\""},
    {WHEN(scope), .sound = one_word, .wanted = "one scope, without spaces"},
    {WHEN(header), .kind = IM_READ_MAP, .check = check_headers,
     .about = "each header by a glob: {\"Idempotency-Key\": \"*\"}"},
    {WHEN(query), .kind = IM_READ_MAP,
     .about = "each query parameter by a glob: {\"start\": \"1\"}"},
    {WHEN(body), .kind = IM_READ_MAP,
     .about = "each form field or JSON pointer by a glob: {\"/billNumber\": \"B-*\"}"},
    {WHEN(nth), .kind = IM_READ_WHOLE, .min = 1, .max = INT64_MAX},
    {WHEN(every), .kind = IM_READ_WHOLE, .min = 1, .max = INT64_MAX},
};
const struct im_json_table im_when_shared = {IM_READ_ROWS(shared)};

static const struct im_json_row chances[] = {
    {WHEN(rate), .kind = IM_READ_NUMBER, .min = 0, .max = 1},
    {WHEN(seed), .kind = IM_READ_WHOLE},
};
const struct im_json_table im_when_chance = {IM_READ_ROWS(chances)};

/* ---- statuses ---- */

static bool is_class(struct im_str text)
{
    return text.len == 3 && text.at[0] >= '1' && text.at[0] <= '5' &&
           im_str_ends(text, "xx");
}

static bool take_status(struct im_json_reader *r, const struct im_json *value, void *into)
{
    struct im_status_range *range = into;

    (void)r;
    range->max = range->min;
    if (value->type == IM_JSON_STRING && !value->is_whole) {
        range->min = (value->text.at[0] - '0') * 100;
        range->max = range->min + 99;
    }
    return true;
}

#define STATUS "a number such as 401, or \"2xx\""

static const struct im_json_row status_forms[] = {
    {NULL, IM_READ_WHOLE, IM_READ_INTO(struct im_status_range, min), .min = 100,
     .max = 599, .wanted = STATUS},
    {NULL, IM_READ_TEXT, .sound = is_class, .pattern = "^[1-5]xx$"},
};
static const struct im_json_row statuses[] = {
    {"status", IM_READ_EITHER, IM_READ_ROWS(status_forms), .check = take_status,
     .wanted = STATUS},
};
const struct im_json_table im_when_status = {IM_READ_ROWS(statuses)};
