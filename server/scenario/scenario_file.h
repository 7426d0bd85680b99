/* JSON → scenario. Strict and all or nothing: unknown members, wrong types, unknown names and
 * contradictions are refused with the place and "did you mean". scenarios/README.md has the
 * format; the schema is made from the same tables. */
#ifndef IM_SCENARIO_SCENARIO_FILE_H
#define IM_SCENARIO_SCENARIO_FILE_H

#include "scenario/scenario.h"

enum {
    IM_SCENARIO_MAX = 1024 * 1024, /* bytes of a file */
    IM_RULES_MAX = 5000
};

/* Where a scenario's text is wrong. */
struct im_scenario_error {
    unsigned line, column; /* from 1; columns in bytes */
    char what[400];        /* "when: unknown field \"endpont\"; did you mean …" */
};

/* The scenario, with one reference that is the caller's; or NULL with *error. `fallback_name`
 * names one that does not name itself (inline in a control call); empty = it must. */
struct im_scenario *im_scenario_parse(struct im_str text, struct im_str fallback_name,
                                      struct im_scenario_error *error);
/* The tables: of a file, and of a scenario inside something else, which needs no name. */
extern const struct im_json_table im_scenario_table, im_scenario_inline_table;
/* Does its world bear what its rules do? Adds faults. */
bool im_scenario_try(struct im_json_reader *r, const struct im_scenario *scenario,
                     const struct im_json *json);
/* "[a-z0-9][a-z0-9_-]{0,63}": without a dot, for the first dot ends it in a sandbox's name. */
bool im_scenario_name_is_sound(struct im_str name);
#endif
