/* The scenarios there are: those built into the program, and those of a folder, which
 * add to them and override them by name. The folder is looked at whenever somebody asks,
 * so a changed file counts from the next sandbox or reset on; a file that has become
 * wrong is said to be, and what it said before stays. Thread-safe. */
#ifndef IM_SCENARIO_CATALOGUE_H
#define IM_SCENARIO_CATALOGUE_H

#include "base/log.h"
#include "scenario/scenario_file.h"

struct im_catalogue; /* lifetime: server */

/* folder NULL = the built-in ones alone. NULL with err (FILE:LINE:COLUMN: what is wrong)
 * when the folder cannot be read or holds a file that is wrong. */
struct im_catalogue *im_catalogue_new(const char *folder, const struct im_log *log,
                                      struct im_error *err);
void im_catalogue_free(struct im_catalogue *catalogue);
/* The scenario of that name, with a reference for the caller; NULL with err: "did you
 * mean". */
struct im_scenario *im_catalogue_get(struct im_catalogue *catalogue, struct im_str name,
                                     struct im_error *err);
/* As im_catalogue_get; what looks like a path ("./x.json", with a '/' or ending in
 * .json) is a file, read now. */
struct im_scenario *im_catalogue_get_file(struct im_catalogue *catalogue,
                                          const char *name, struct im_error *err);

/* The scenario as it is worded now: that of the catalogue, or of its file; else itself.
 * With a reference for the caller. NULL with err when it is there no more, or its file
 * has become wrong. */
struct im_scenario *im_catalogue_reread(struct im_catalogue *catalogue,
                                        struct im_scenario *scenario,
                                        struct im_error *err);
/* The same, and itself where that fails. */
struct im_scenario *im_catalogue_renew(struct im_catalogue *catalogue,
                                       struct im_scenario *scenario);

struct im_listed {
    struct im_scenario *scenario; /* lives as long as the listing */
    bool built_in;
    struct im_str trouble; /* why its file is not what counts now; empty = it is */
};
/* All, sorted by name; texts in the arena, references held until im_catalogue_unlist.
 * NULL when memory is short. */
struct im_listed *im_catalogue_list(struct im_catalogue *catalogue,
                                    struct im_arena *arena, size_t *count);
void im_catalogue_unlist(struct im_listed *listed, size_t count);

#endif
