/* How a user is written in one text: `user@company` or `user@company|entity`. The
 * only reader and writer of that form. Source: Sage's `username` of
 * client_credentials (documented). */
#ifndef IM_DIRECTORY_ACCOUNT_H
#define IM_DIRECTORY_ACCOUNT_H

#include "base/arena.h"

/* Views of the text that was read. company.at == NULL: there was no '@'. */
struct im_account {
    struct im_str user, company;
    struct im_str entity; /* at == NULL: there was no '|' */
};

/* Takes the text apart, whatever it holds. The last '@' before the '|' divides user
 * and company: a user id may hold an '@' (an e-mail address does), a company id may
 * not. */
struct im_account im_account_read(struct im_str text);
/* Has it a user and a company? */
bool im_account_is_whole(const struct im_account *account);
/* The same, and no entity: USER@COMPANY. */
bool im_account_is_user(const struct im_account *account);
/* "user@company". Lifetime: the arena's. */
struct im_str im_account_text(struct im_arena *arena, struct im_str user,
                              struct im_str company);

#endif
