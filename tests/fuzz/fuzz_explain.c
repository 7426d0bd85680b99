/* What somebody pastes: nothing crashes or leaks, JSON is JSON, and a scenario that is made of it is one that
 * `check` takes. */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "explain/explain.h"
#include "scenario/scenario_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(struct im_arena *arena, struct im_str json)
{
    struct im_json_error error;

    if (!arena->failed && !im_json_parse(arena, json, &error) && !arena->failed)
        abort();
}

static void check_scenario(struct im_explanation *explanation, struct im_arena *arena)
{
    struct im_scenario_error wrong;
    struct im_error err;
    struct im_buf removed;

    im_buf_init(&removed, arena, 0);
    struct im_str text =
        im_explanation_scenario(explanation, IM_STR("fuzzed"), &removed, &err);
    if (!text.len || arena->failed)
        return;
    struct im_scenario *scenario = im_scenario_parse(text, IM_STR(""), &wrong);
    if (!scenario)
        abort();
    im_scenario_unref(scenario);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct im_explain_options options = {.now_ms = INT64_C(1795910400000)};
    struct im_arena arena;
    struct im_error err = {.text = ""};

    im_arena_init(&arena, 64 * 1024 * 1024);
    struct im_explanation *made =
        im_explain(&options, &arena, (struct im_str){(const char *)data, size}, &err);
    if (made) {
        check_json(&arena, im_explanation_json(made));
        im_explanation_text(made);
        check_scenario(made, &arena);
    }
    im_explanation_end(made);
    im_arena_release(&arena);
    return 0;
}
