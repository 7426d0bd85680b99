/* What the tests of a scenario's text share: texts that a person can read in a C source, and what is said of them. */
#ifndef IM_TESTS_UNIT_SCENARIO_SHEET_H
#define IM_TESTS_UNIT_SCENARIO_SHEET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scenario/scenario_file.h"

/* ' stands for a quotation mark, ^ before what is at fault */

struct sheet {
    char *bytes;
    size_t len;
    unsigned line, column; /* of ^; 1:1 without */
};

static inline struct sheet sheet_of(const char *text)
{
    struct sheet sheet = {.bytes = malloc(strlen(text) + 1), .line = 1, .column = 1};
    unsigned line = 1, column = 1;

    for (; *text; text++) {
        if (*text == '^') {
            sheet.line = line;
            sheet.column = column;
            continue;
        }
        column = *text == '\n' ? 1 : column + 1;
        line += *text == '\n';
        sheet.bytes[sheet.len++] = *text == '\'' ? '"' : *text;
    }
    return sheet;
}

static inline struct im_scenario *parse(const char *text, struct im_scenario_error *error)
{
    struct sheet sheet = sheet_of(text);
    struct im_str json = {sheet.bytes, sheet.len};
    struct im_scenario *scenario = im_scenario_parse(json, IM_STR(""), error);

    free(sheet.bytes); /* what was read needs the text no longer */
    return scenario;
}

static inline struct im_scenario *sound(const char *text)
{
    struct im_scenario_error error;
    struct im_scenario *scenario = parse(text, &error);

    if (!scenario)
        fail_msg("%s\n%u:%u: %s", text, error.line, error.column, error.what);
    return scenario;
}

static inline void is_sound(const char *text)
{
    im_scenario_unref(sound(text));
}

static inline void wrong(const char *text, const char *what)
{
    struct sheet sheet = sheet_of(text);
    struct im_scenario_error error;
    struct im_scenario *scenario = parse(text, &error);

    free(sheet.bytes);
    if (scenario)
        fail_msg("%s is taken", text);
    if (error.line != sheet.line || error.column != sheet.column ||
        strcmp(error.what, what) != 0)
        fail_msg("%s\n%u:%u: %s", text, error.line, error.column, error.what);
}

/* All that is wrong with it, in the order of its places; at most as many as there is room for. */
static inline size_t all_wrong(const char *text, struct im_scenario_error *errors,
                               size_t room)
{
    struct sheet sheet = sheet_of(text);
    struct im_str json = {sheet.bytes, sheet.len};
    size_t count = 0;

    assert_null(im_scenario_parse_all(json, IM_STR(""), errors, room, &count));
    free(sheet.bytes);
    return count;
}

/* A member of an otherwise sound scenario. */
#define PLAY(rest)  "{'name':'play',\n " rest "}"
#define RULES(rest) PLAY("'rules':[" rest "]")
#define WHEN(rest)  RULES("{'when':{" rest "},'then':{'wire':'drop'}}")
#define THEN(rest)  RULES("{'then':{" rest "}}")
#define WORLD(rest) PLAY("'world':{" rest "}")

/* What an unknown member of the whole is answered with when no name is near. */
#define MEMBERS                                                                          \
    "; there are \"name\", \"$schema\", \"about\", \"cause\", \"world\", \"rules\", "    \
    "\"exhausted\" and \"expect\""

#endif
