/* `when`: which requests a rule or an expectation is about, and how it is written. */
#include "scenario/when.h"

#include <stddef.h>

#include "endpoints/endpoint.h"

/* ---- endpoints and their groups ---- */

static const char *const api[] = {"resource", "query", "model", "session", NULL};
static const char *const oauth[] = {"token", "authorize", "revoke", "introspect", NULL};

static const struct group {
    const char *name;
    const char *const *members;
} groups[] = {{"api", api}, {"oauth", oauth}};
enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

static const char *endpoint_word(size_t index)
{
    size_t names = 0;

    while (names <= index && im_endpoint_name(names))
        names++;
    if (index < names)
        return im_endpoint_name(index);
    return index - names < GROUPS ? groups[index - names].name : NULL;
}

const struct im_json_names im_when_endpoints = {.name = "endpoint",
                                                .what = "endpoint",
                                                .word = endpoint_word};

static bool among(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (im_str_is(im_str(name), *names))
            return true;
    return false;
}

static bool endpoint_fits(struct im_str wanted, const char *endpoint)
{
    for (size_t i = 0; i < GROUPS; i++)
        if (im_str_is(wanted, groups[i].name))
            return endpoint && among(groups[i].members, endpoint);
    return im_str_eq(wanted, im_str(endpoint));
}

/* ---- asking ---- */

static bool same(struct im_str wanted, struct im_str fact)
{
    return !wanted.len || im_str_eq(wanted, fact);
}

bool im_when_fits(const struct im_when *when, const struct im_facts *facts)
{
    return (!when->endpoint.len || endpoint_fits(when->endpoint, facts->endpoint)) &&
           same(when->method, facts->method) && same(when->grant, facts->grant) &&
           same(when->client, facts->client) && same(when->user, facts->user) &&
           (!when->path.len || im_str_glob(when->path, facts->path)) &&
           (!when->scope.len || im_str_in_list(facts->scope, when->scope));
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
    size_t at = im_str_find(text, '@');

    return at > 0 && at + 1 < text.len;
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
