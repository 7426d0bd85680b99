/* `user@company|entity` taken apart and put together; see account.h. Reading never fails:
 * callers word what is missing, each for its own parameter. */
#include "directory/account.h"

struct im_account im_account_read(struct im_str text)
{
    struct im_str rest = text;
    struct im_account account = {.user = im_str_cut(&rest, '|')};
    size_t at = account.user.len;

    if (account.user.len < text.len)
        account.entity = rest;
    /* from the end: the last '@' divides, since an e-mail address may be a user id */
    while (at > 0 && account.user.at[at - 1] != '@')
        at--;
    if (at == 0)
        return account;
    account.company = im_str_slice(account.user, at, account.user.len);
    account.user = im_str_slice(account.user, 0, at - 1);
    return account;
}

bool im_account_is_whole(const struct im_account *account)
{
    return account->user.len && account->company.len;
}

bool im_account_is_user(const struct im_account *account)
{
    return im_account_is_whole(account) && !account->entity.at;
}

struct im_str im_account_text(struct im_arena *arena, struct im_str user,
                              struct im_str company)
{
    return IM_ARENA_JOIN(arena, user, IM_STR("@"), company);
}
