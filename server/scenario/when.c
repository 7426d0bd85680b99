/* `when`: which requests a rule or an expectation is about, and how it is written. */
#include "scenario/when.h"

#include <stddef.h>

#include "directory/account.h"

/* ---- endpoints and their groups ---- */

static const char *endpoint_word(size_t index)
{
    enum { NAMES = IM_ENDPOINTS - IM_ENDPOINT_TOKEN, GROUPS = IM_GROUPS - IM_GROUP_API };

    if (index < NAMES)
        return im_endpoint_name((enum im_endpoint)(index + IM_ENDPOINT_TOKEN));
    index -= NAMES;
    return index < GROUPS
               ? im_endpoint_group_name((enum im_endpoint_group)(index + IM_GROUP_API))
               : NULL;
}

const struct im_json_names im_when_endpoints = {.name = "endpoint",
                                                .what = "endpoint",
                                                .word = endpoint_word};

static bool endpoint_fits(struct im_str wanted, const struct im_exchange *exchange)
{
    enum im_endpoint endpoint = exchange->endpoint;

    return im_str_is(wanted, im_endpoint_name(endpoint)) ||
           im_str_is(wanted, im_endpoint_group_name(im_endpoint_group(endpoint))) ||
           (im_str_is(wanted, im_endpoint_group_name(IM_GROUP_READ)) &&
            im_exchange_is_read(exchange));
}

/* ---- asking ---- */

static bool same(struct im_str wanted, struct im_str attribute)
{
    return !wanted.len || im_str_eq(wanted, attribute);
}

bool im_when_fits(const struct im_when *when, const struct im_exchange *exchange)
{
    return (!when->endpoint.len || endpoint_fits(when->endpoint, exchange)) &&
           same(when->method, exchange->method) && same(when->grant, exchange->grant) &&
           same(when->client, exchange->client_id) && same(when->user, exchange->user) &&
           (!when->path.len || im_str_glob(when->path, exchange->path)) &&
           (!when->scope.len || im_str_in_list(exchange->scope, when->scope));
}

/* splitmix64's finalizer: neighbouring numbers become unrelated ones. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The nth throw of the dice of this seed: in [0, 1), the same in every run. */
static double chance(int64_t seed, uint64_t n)
{
    return (double)(mix(mix((uint64_t)seed) + n) >> 11) / (double)(UINT64_C(1) << 53);
}

bool im_when_counts(const struct im_when *when, uint64_t n)
{
    return (when->nth <= 0 || n == (uint64_t)when->nth) &&
           (when->every <= 0 || n % (uint64_t)when->every == 0) &&
           (when->rate < 0 || chance(when->seed, n) < when->rate);
}

/* ---- reading ---- */

/* What can be told by its looks never to fit is refused, so that no rule sleeps for ever. */
static bool capitals(struct im_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < 'A' || text.at[i] > 'Z')
            return false;
    return true;
}

static bool user_at_company(struct im_str text)
{
    struct im_account account = im_account_read(text);

    return im_account_is_user(&account);
}

static bool rooted(struct im_str text)
{
    return text.at[0] == '/' || text.at[0] == '*' || text.at[0] == '?';
}

static bool one_word(struct im_str text)
{
    return !im_str_has(text, ' ');
}

static bool without_sandbox(struct im_str text)
{
    return !im_str_has(text, '~');
}

#define WHEN(member) .name = #member, IM_READ_INTO(struct im_when, member)

static const struct im_json_row shared[] = {
    {WHEN(endpoint), .names = &im_when_endpoints},
    {WHEN(grant), .sound = one_word, .wanted = "a grant_type such as \"refresh_token\""},
    {WHEN(client), .sound = without_sandbox,
     .wanted = "a client id without \"~\" and the sandbox's name"},
    {WHEN(user), .sound = user_at_company, .wanted = "\"USER@COMPANY\""},
    {WHEN(method), .sound = capitals, .wanted = "a method in capitals such as \"GET\""},
    {WHEN(path), .sound = rooted,
     .wanted = "a path under the base URL such as \"/ia/api/v1/objects/*\""},
    {WHEN(scope), .sound = one_word, .wanted = "one scope, without spaces"},
    {WHEN(nth), .kind = IM_READ_WHOLE, .min = 1, .max = INT64_MAX},
    {WHEN(every), .kind = IM_READ_WHOLE, .min = 1, .max = INT64_MAX},
};
const struct im_json_table im_when_shared = {IM_READ_ROWS(shared)};

static const struct im_json_row chances[] = {
    {WHEN(rate), .kind = IM_READ_NUMBER, .min = 0, .max = 1},
    {WHEN(seed), .kind = IM_READ_WHOLE},
};
const struct im_json_table im_when_chance = {IM_READ_ROWS(chances)};
