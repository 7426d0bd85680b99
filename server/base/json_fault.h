/* The sentences about faults, for the files of json_read.h alone. */
#ifndef IM_BASE_JSON_FAULT_H
#define IM_BASE_JSON_FAULT_H

#include "base/json_read.h"

enum { IM_READ_WORDS_MAX = 256 }; /* of one vocabulary */

/* All words of a row that takes words. How many. */
size_t im_json_row_words(const struct im_json_row *row,
                         struct im_str words[IM_READ_WORDS_MAX]);

/* The value is not what the row wants; `label` is its name, or that of the list it is
 * in. */
bool im_json_wrong_by(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value, struct im_str label);
/* The member is not one of these; `home`: the one of them that is an object with such a
 * member, or NULL. */
bool im_json_unknown(struct im_json_reader *r, const struct im_json *member,
                     const char *home, const struct im_str *names, size_t count);
void im_json_missing(struct im_json_reader *r, const struct im_json *object,
                     const struct im_json_row *row);
/* The object has too few members; these are there to choose from. */
void im_json_says_nothing(struct im_json_reader *r, const struct im_json *object,
                          const struct im_str *names, size_t count);

#endif
