/* One scenario being read, for the files of scenario_file.h alone. */
#ifndef IM_SCENARIO_LOAD_H
#define IM_SCENARIO_LOAD_H

#include "scenario/scenario.h"

struct im_load {
    struct im_scenario *scenario;
    struct im_arena *arena;   /* the scenario's */
    const struct im_json *at; /* the value at fault */
    struct im_error err;
};

/* These say what is wrong and return false; `at` is where. */
bool im_load_fail(struct im_load *load, const struct im_json *at, const char *what);
bool im_load_no_memory(struct im_load *load);
/* "when: there is no \"endpont\"; did you mean \"endpoint\"?" */
bool im_load_unknown(struct im_load *load, const char *where, struct im_str name,
                     const struct im_str *known, size_t count);
/* True when load->at is of this type. */
bool im_load_want_type(struct im_load *load, const char *where, const char *wanted,
                       enum im_json_type type);
/* The cause that load->at names. */
bool im_load_find_cause(struct im_load *load, const char *where, enum im_cause *cause);

/* The parts (load_rules.c, load_world.c). load->at is the member's value. */
bool im_load_rules(struct im_load *load);
bool im_load_world(struct im_load *load);
/* Does the world bear what the rules do to it? Tried on one that nobody sees. */
bool im_load_try(struct im_load *load, const struct im_json *scenario);

#endif
