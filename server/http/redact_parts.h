/* What the files of redact.h share: a redaction under way, and which names are those of secrets. */
#ifndef IM_HTTP_REDACT_PARTS_H
#define IM_HTTP_REDACT_PARTS_H

#include "base/buf.h"
#include "http/redact.h"

struct im_json;

/* Text that is being written without its secrets. */
struct im_redaction {
    struct im_secrets *secrets;
    struct im_buf buf;
};

/* The fingerprint of a secret; nothing for an empty one. */
void im_redact_add_fingerprint(struct im_redaction *out, struct im_str secret);
/* Text of no known shape: what is assigned to a secret's name goes, and what looks like a JWT.
 * broken: this text was to have a shape and has none, so what follows a secret's name goes even
 * where nothing assigns it. */
void im_redact_loosely(struct im_redaction *out, struct im_str text, bool broken);
/* XML, well-formed or not. */
void im_redact_xml(struct im_redaction *out, struct im_str text);

/* The length of the "://" at the head of the text, also as JSON escapes it; 0 when there is none. */
size_t im_redact_authority_mark(struct im_str text);
/* The authority of a URL at the head of the text: writes the fingerprint of its user info (RFC 3986,
 * section 3.2.1) and the @; returns what is left. */
struct im_str im_redact_user_info(struct im_redaction *out, struct im_str text);

/* "HEADER.PAYLOAD.<signature>": what was put in the place of a signature may be a secret all the same.
 * The length of the value that has n bytes, with the brackets behind it, unless they are a tag that
 * closes. */
size_t im_redact_with_brackets(struct im_str text, size_t n);

bool im_redact_is_word(char c); /* a letter or digit */
bool im_redact_is_of(char c, const char *set);
/* "Bearer", "Basic", …: what credentials stand behind. */
bool im_redact_is_scheme(struct im_str word);
bool im_redact_is_secret(struct im_str name);
/* The same where parameters stand: there `code` and `key` are secrets too. */
bool im_redact_is_secret_parameter(struct im_str name);
/* That of a parameter as it was sent, with its percent escapes. */
bool im_redact_is_secret_as_sent(struct im_arena *arena, struct im_str sent);
/* A name that holds a secret's word and yet no secret. */
bool im_redact_is_open(struct im_str name);
/* Index behind the first word that makes a name a secret's; 0 when there is none. */
size_t im_redact_end_of_secret(struct im_str name);
/* "key", "name", "header", …: what this says is the name of the value beside it. */
bool im_redact_names_another(struct im_str name);
/* {"key": "client_secret", "value": "…"} and ["client_secret", "…"]: which child says that its
 * siblings are secret? NULL when none does. */
const struct im_json *im_redact_name_of_siblings(const struct im_json *parent);
/* Does a header of this name hold credentials? Also where the name is misspelled, or one of
 * somebody's own, such as X-Auth-Token. */
bool im_redact_holds_credentials(struct im_str name, struct im_str value);

#endif
