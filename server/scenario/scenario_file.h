/* JSON → scenario. Strict and all or nothing: unknown members, wrong types, unknown names and
 * contradictions are refused with the place and "did you mean". scenarios/README.md has the
 * format; the schema is made from the same tables. */
#ifndef IM_SCENARIO_SCENARIO_FILE_H
#define IM_SCENARIO_SCENARIO_FILE_H

#include <stdio.h>

#include "scenario/scenario.h"

enum {
    IM_SCENARIO_MAX = 1024 * 1024, /* bytes of a file */
    IM_SCENARIO_REMARKS_MAX = 100, /* said of one file */
    IM_RULES_MAX = 5000
};

/* Where a scenario's text is wrong. */
struct im_scenario_error {
    unsigned line, column; /* from 1; columns in bytes */
    char what[400];        /* "when: unknown field \"endpont\"; did you mean …" */
    bool no_memory;        /* nothing is wrong with the scenario */
};

/* The error as a failure, of its kind; behind the place that the format words. Returns false. */
bool im_scenario_error_as(struct im_error *err, const struct im_scenario_error *error,
                          const char *format, ...) IM_PRINTF(3, 4);

/* The scenario, with one reference that is the caller's; or NULL with *error. `fallback_name`
 * names one that does not name itself (inline in a control call); empty = it must. */
struct im_scenario *im_scenario_parse(struct im_str text, struct im_str fallback_name,
                                      struct im_scenario_error *error);
/* The same, but tells all that is wrong with the text, by place, as far as there is room (at least
 * 1). */
struct im_scenario *im_scenario_parse_all(struct im_str text, struct im_str fallback_name,
                                          struct im_scenario_error *errors, size_t room,
                                          size_t *count);
/* What a sound scenario says and can hardly mean: no expectations, a rule that another one hides, an
 * `after` that never happens, a built-in scenario's name. How many. */
size_t im_scenario_warn(const struct im_scenario *scenario,
                        struct im_scenario_error *warnings, size_t room);
/* Has it the name of a built-in one, and is not that? */
bool im_scenario_shadows(const struct im_scenario *scenario);

/* The scenario in that file, with a reference for the caller; NULL with err
 * "FILE:LINE:COLUMN: …". */
struct im_scenario *im_scenario_read_file(const char *path, struct im_error *err);
/* The same of its text, which was read already; without `path`. */
struct im_scenario *im_scenario_of_file(const char *path, struct im_str text,
                                        struct im_error *err);
/* schema.json lies beside scenarios for editors ("$schema") and is none itself. By the file's name. */
bool im_scenario_is_schema(const char *path);
/* At most IM_SCENARIO_MAX bytes into the arena; false with err. */
bool im_scenario_read_text(FILE *stream, const char *path, struct im_arena *arena,
                           struct im_str *text, struct im_error *err);

/* All that is to be said of one file. */
struct im_scenario_report {
    struct im_scenario *scenario; /* with a reference; NULL = it is wrong */
    struct im_scenario_error
        items[IM_SCENARIO_REMARKS_MAX]; /* what is; else the warnings */
    size_t count;
};
/* False with err when the file cannot be read. */
bool im_scenario_check_file(const char *path, struct im_scenario_report *report,
                            struct im_error *err);

/* The tables: of a file, and of a scenario inside something else, which needs no name. */
extern const struct im_json_table im_scenario_table, im_scenario_inline_table;
/* Does its world bear what its rules do, as far as nothing is wrong with them yet? Adds faults. */
bool im_scenario_try(struct im_json_reader *r, const struct im_scenario *scenario,
                     const struct im_json *json);
/* "[a-z0-9][a-z0-9_-]{0,63}": without a dot, for the first dot ends it in a sandbox's name. */
bool im_scenario_name_is_sound(struct im_str name);
#endif
