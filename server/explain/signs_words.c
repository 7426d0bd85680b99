/* Signs in what somebody wrote around an answer, as in a mail to support: what was changed before it
 * began. */
#include <string.h>

#include "explain/match.h"

enum { NEAR_BYTES = 40 }; /* so far from the noun a verb is looked for */

/* The same clause before and behind the place, as far as it is near: in "we changed the secret, and the
 * password is the same" the verb is another clause's. */
static struct im_str clause_around(struct im_str text, size_t at)
{
    size_t from = at, end = at;

    while (from && at - from < NEAR_BYTES && !strchr(".!?,;", text.at[from - 1]))
        from--;
    while (end < text.len && end - at < NEAR_BYTES && !strchr(".!?,;", text.at[end]))
        end++;
    return im_str_slice(text, from, end);
}

/* One of the words, and no negation right before it. */
static bool says_any(struct im_str text, const char *const *words)
{
    enum { NEGATION_BYTES = 12 }; /* "not yet been " */

    for (; *words; words++) {
        size_t at = im_str_find_nocase(text, *words);
        struct im_str before =
            im_str_slice(text, at > NEGATION_BYTES ? at - NEGATION_BYTES : 0, at);
        if (at < text.len && im_str_find_nocase(before, "not ") == before.len &&
            im_str_find_nocase(before, "n't ") == before.len &&
            im_str_find_nocase(before, "never ") == before.len)
            return true;
    }
    return false;
}

/* "since we changed our Intacct password" */
static bool says_password_changed(struct im_str text)
{
    static const char *const verbs[] = {"changed",  "was reset", "have reset",
                                        "we reset", "renewed",   "new password",
                                        "rotated",  NULL};

    for (size_t from = 0; from < text.len;) {
        struct im_str rest = im_str_slice(text, from, text.len);
        size_t at = im_str_find_nocase(rest, "password");
        if (at == rest.len)
            return false;
        if (says_any(clause_around(text, from + at), verbs))
            return true;
        from += at + strlen("password");
    }
    return false;
}

void im_signs_of_words(struct im_ranking *ranking)
{
    /* a log may speak of anybody's password */
    if (ranking->one && ranking->trace->form == IM_FORM_PROSE &&
        says_password_changed(ranking->trace->text))
        /* the codes of a token weigh against it, which end with the password all the same */
        im_sign(ranking, CAUSE_PASSWORD_CHANGED, 2 * IM_SIGN_STRONG,
                "the text says that a password was changed");
}
