/* A fault, read from its JSON: what the tests of reading and of damaging share. */
#ifndef IM_TESTS_UNIT_SCENARIO_WIRE_READER_H
#define IM_TESTS_UNIT_SCENARIO_WIRE_READER_H

#include "unit/scenario/quoted.h"

#include "scenario/wire.h"

struct reader {
    struct im_arena arena;
    struct im_wire wire;
    struct im_json_fault fault;
};

static inline int begin(void **state)
{
    new_fixture(state, sizeof(struct reader));
    return 0;
}

#define READING(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

static inline bool reads(struct reader *r, const char *text)
{
    static const struct im_json_row either = {NULL, IM_READ_EITHER, .rows = im_wire_forms,
                                              .count = IM_WIRE_FORMS,
                                              .wanted = "a fault's name or an object"};

    r->wire = (struct im_wire){.fault = IM_FAULT_NONE};
    return read_by_row(&r->arena, &either, quoted(&r->arena, text), &r->wire, &r->fault);
}

static inline const struct im_wire *wire(struct reader *r, const char *text)
{
    if (!reads(r, text))
        fail_msg("%s: %s", text, r->fault.err.text);
    return &r->wire;
}

#endif
