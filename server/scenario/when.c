#include "scenario/when.h"

#include <stddef.h>

#include "directory/account.h"
#include "scenario/member.h"

/* ---- endpoints and their groups ---- */

const char *im_when_endpoint(size_t index)
{
    enum { NAMES = IM_ENDPOINTS - IM_ENDPOINT_TOKEN, GROUPS = IM_GROUPS - IM_GROUP_API };

    if (index < NAMES)
        return im_endpoint_name((enum im_endpoint)(index + IM_ENDPOINT_TOKEN));
    index -= NAMES;
    return index < GROUPS
               ? im_endpoint_group_name((enum im_endpoint_group)(index + IM_GROUP_API))
               : NULL;
}

static bool endpoint_fits(struct im_str wanted, const struct im_exchange *exchange)
{
    enum im_endpoint endpoint = exchange->endpoint;

    return im_str_is(wanted, im_endpoint_name(endpoint)) ||
           im_str_is(wanted, im_endpoint_group_name(im_endpoint_group(endpoint))) ||
           (im_str_is(wanted, im_endpoint_group_name(IM_GROUP_READ)) &&
            im_exchange_is_read(exchange));
}

/* ---- asking ---- */

void im_when_init(struct im_when *when)
{
    *when = (struct im_when){.rate = -1};
}

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

static const struct text_field {
    const char *name;
    size_t offset; /* of the im_str in struct im_when */
    bool (*sound)(struct im_str text);
    const char *wanted;
} texts[] = {
    {"endpoint", offsetof(struct im_when, endpoint), NULL, NULL},
    {"grant", offsetof(struct im_when, grant), one_word,
     "a grant_type such as \"refresh_token\""},
    {"client", offsetof(struct im_when, client), without_sandbox,
     "a client id without \"~\" and the sandbox's name"},
    {"user", offsetof(struct im_when, user), user_at_company, "\"USER@COMPANY\""},
    {"method", offsetof(struct im_when, method), capitals,
     "a method in capitals such as \"GET\""},
    {"path", offsetof(struct im_when, path), rooted,
     "a path under the base URL such as \"/ia/api/v1/objects/*\""},
    {"scope", offsetof(struct im_when, scope), one_word, "one scope, without spaces"},
};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

static const char *const numbers[] = {"nth", "every", "rate", "seed"};
enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

const char *im_when_field(size_t index)
{
    if (index < TEXTS)
        return texts[index].name;
    return index - TEXTS < NUMBERS ? numbers[index - TEXTS] : NULL;
}

static bool check_endpoint(struct im_str name, struct im_arena *arena,
                           struct im_error *err)
{
    enum { KNOWN_MAX = 32 };
    struct im_str known[KNOWN_MAX];
    struct im_str list = {0};
    size_t n = 0;

    for (const char *one; n < KNOWN_MAX && (one = im_when_endpoint(n)) != NULL; n++) {
        if (im_str_is(name, one))
            return true;
        known[n] = im_str(one);
        list = im_arena_format(arena, "%.*s%s%s", IM_ARG(list), n ? ", " : "", one);
    }
    struct im_str hint = im_member_hint(arena, name, known, n);
    if (!hint.len)
        hint = im_arena_format(arena, "; there are %.*s", IM_ARG(list));
    return im_error_set(err, "there is no endpoint \"%.*s\"%.*s",
                        IM_ARG(im_str_front(name, 60)), IM_ARG(hint));
}

static bool read_text(const struct text_field *field, struct im_when *when,
                      struct im_arena *arena, const struct im_json *member,
                      struct im_error *err)
{
    struct im_str *into = (void *)((char *)when + field->offset);

    if (!im_member_text(member, arena, into, err))
        return false;
    if (!field->sound)
        return check_endpoint(*into, arena, err);
    return field->sound(*into) || im_member_wrong(member, field->wanted, err);
}

static bool read_rate(struct im_when *when, const struct im_json *member,
                      struct im_error *err)
{
    when->rate = member->number;
    return (member->type == IM_JSON_NUMBER && when->rate >= 0 && when->rate <= 1) ||
           im_member_wrong(member, "a number from 0 to 1", err);
}

int im_when_read(struct im_when *when, struct im_arena *arena,
                 const struct im_json *member, struct im_error *err)
{
    bool taken;

    for (size_t i = 0; i < TEXTS; i++)
        if (im_str_is(member->name, texts[i].name))
            return read_text(&texts[i], when, arena, member, err) ? 1 : -1;
    if (im_str_is(member->name, "nth"))
        taken = im_member_whole(member, 1, &when->nth, err);
    else if (im_str_is(member->name, "every"))
        taken = im_member_whole(member, 1, &when->every, err);
    else if (im_str_is(member->name, "rate"))
        taken = read_rate(when, member, err);
    else if (im_str_is(member->name, "seed"))
        taken = im_member_whole(member, INT64_MIN, &when->seed, err);
    else
        return 0;
    return taken ? 1 : -1;
}
