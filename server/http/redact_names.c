/* Which names are those of secrets. A name is secret by what it contains once case and punctuation
 * are folded away, so that the misspelled `client secret` of a broken client is covered as well as
 * the right one. */
#include <string.h>

#include "http/form.h"
#include "http/redact_parts.h"

bool im_redact_is_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

bool im_redact_is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Index behind `word` when it stands at `from`, whatever stands between its letters; else 0. */
static size_t end_of_word(struct im_str text, size_t from, const char *word)
{
    for (; *word && from < text.len; from++)
        if (im_redact_is_word(text.at[from]) && lower(text.at[from]) != *word++)
            return 0;
    return *word ? 0 : from;
}

/* Is this word all that the name has of letters and digits? */
static bool is_just(struct im_str name, const char *word)
{
    size_t n = end_of_word(name, 0, word);

    while (n && n < name.len && !im_redact_is_word(name.at[n]))
        n++;
    return n == name.len && n > 0;
}

/* Index behind the first word that makes a name a secret's; 0 when there is none. */
size_t im_redact_end_of_secret(struct im_str name)
{
    static const char *const parts[] = {"secret",   "password", "passwd", "pwd",
                                        "verifier", "ticket",   "token",  "assertion",
                                        "apikey",   "sessionid"};

    for (size_t i = 0; i < name.len; i++)
        for (size_t p = 0;
             im_redact_is_word(name.at[i]) && p < sizeof(parts) / sizeof(parts[0]); p++) {
            size_t end = end_of_word(name, i, parts[p]);
            if (end)
                return end;
        }
    return 0;
}

/* Names that hold a secret's word and yet no secret, such as those of a discovery document. */
bool im_redact_is_open(struct im_str name)
{
    static const char *const open[] = {"tokentype", "tokentypehint",
                                       "refreshtokenexpiresin"};

    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        if (is_just(name, open[i]))
            return true;
    return end_of_word(name, 0, "tokenendpoint") || im_str_ends(name, "_supported");
}

/* A slip of the pen, or another word for the same thing. */
static bool stands_for_secret(struct im_str name)
{
    static const struct im_str meant[] = {
        IM_STR_INIT("client_secret"), IM_STR_INIT("refresh_token"),
        IM_STR_INIT("access_token"),  IM_STR_INIT("code_verifier"),
        IM_STR_INIT("session_id"),    IM_STR_INIT("password")};
    static const char *const synonyms[] = {
        "refresh",    "session",       "pass",   "jwt",  "authcode", "authorizationcode",
        "auth",       "authorization", "pw",     "pin",  "sid",      "proxyauthorization",
        "passphrase", "clientkey",     "cookie", "basic"};

    for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
        if (is_just(name, synonyms[i]))
            return true;
    return im_str_nearest(name, meant, sizeof(meant) / sizeof(meant[0])) >= 0;
}

bool im_redact_is_secret(struct im_str name)
{
    return !im_redact_is_open(name) &&
           (im_redact_end_of_secret(name) || stands_for_secret(name));
}

/* `code` is the authorization code where parameters stand, and an error's code deeper down; `key` is
 * one of a client there, and that of a record elsewhere. `t` is a token and `sig` a signature that
 * gives access, in addresses that are handed on. */
bool im_redact_is_secret_parameter(struct im_str name)
{
    return is_just(name, "code") || is_just(name, "key") || is_just(name, "t") ||
           is_just(name, "sig") || im_redact_is_secret(name);
}

bool im_redact_names_another(struct im_str name)
{
    static const char *const words[] = {"key",       "name",   "id",    "field",
                                        "parameter", "header", "param", "k"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (is_just(name, words[i]))
            return true;
    return false;
}

bool im_redact_is_secret_as_sent(struct im_arena *arena, struct im_str sent)
{
    struct im_str name;

    return im_redact_is_secret_parameter(im_url_decode(arena, sent, true, &name) ? name
                                                                                 : sent);
}
