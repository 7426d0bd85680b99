/* explain/ asked in a test: one input, and what is said of it. */
#ifndef IM_UNIT_EXPLAIN_ASKED_H
#define IM_UNIT_EXPLAIN_ASKED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "explain/explain.h"

/* 2026-11-29: tokens of the samples are of 2025 and 2026, and one is of 2098 */
#define NOW_MS INT64_C(1795910400000)

struct asked {
    struct im_arena arena;
    struct im_explanation *explanation;
    struct im_str json, text;
};

static inline void ask(struct asked *asked, struct im_str input)
{
    struct im_explain_options options = {.now_ms = NOW_MS};
    struct im_error err = {.text = ""};

    im_arena_init(&asked->arena, 0);
    asked->explanation = im_explain(&options, &asked->arena, input, &err);
    if (!asked->explanation)
        fail_msg("%s", err.text);
    /* copies end with a NUL, so that strstr() does not run into what memory had before */
    asked->json = im_arena_copy(&asked->arena, im_explanation_json(asked->explanation));
    asked->text = im_arena_copy(&asked->arena, im_explanation_text(asked->explanation));
}

static inline void asked_end(struct asked *asked)
{
    im_explanation_end(asked->explanation);
    im_arena_release(&asked->arena);
}

/* The place of a cause, from 1; 0 = it is not among them. */
static inline size_t rank_of(const struct asked *asked, const char *cause)
{
    struct im_json_error where;
    struct im_arena arena;
    size_t rank = 0, found = 0;

    im_arena_init(&arena, 0);
    const struct im_json *json = im_json_parse(&arena, asked->json, &where);
    for (const struct im_json *at = im_json_get(json, "causes")->first; at; at = at->next)
        if (++rank && im_str_is(im_json_get_str(at, "id"), cause))
            found = rank;
    im_arena_release(&arena);
    return found;
}

static inline size_t rank_in(const char *input, const char *cause)
{
    struct asked asked;

    ask(&asked, im_str(input));
    size_t rank = rank_of(&asked, cause);
    asked_end(&asked);
    return rank;
}

#endif
