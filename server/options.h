/* The options of `serve`: flag beats environment beats default. One table, options.def. */
#ifndef IM_OPTIONS_H
#define IM_OPTIONS_H

#include "base/buf.h"

/* Every option as the text that was given, checked by its kind; "" = not given and no default.
 * Lifetime: argv's and the environment's. */
struct im_serve_options {
#define OPTION(member, flag, kind, argument, initial, help) const char *member;
#include "options.def"
#undef OPTION
};

/* Reads argv (what follows the command) over the environment over the defaults. False with err:
 * unknown option with "did you mean", missing argument, bad value. Unknown INTACCT_MOCK_*
 * variables are added to `warnings`, a line each. */
bool im_options_read(struct im_serve_options *options, int argc, char **argv,
                     char *const *environment, struct im_buf *warnings,
                     struct im_error *err);
/* The list for --help. */
void im_options_help(struct im_buf *help);
/* The table for the README: option, default, meaning. */
void im_options_markdown(struct im_buf *table);

/* The value of a port option: a number, or -1 for "none"/"off". The text has been checked. */
int im_options_port(const char *value);

#endif
