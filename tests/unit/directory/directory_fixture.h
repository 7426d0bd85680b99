/* What the tests of the directory share: one with the built-in world, look-ups in it, worlds to load and changes. */
#ifndef IM_TESTS_UNIT_DIRECTORY_FIXTURE_H
#define IM_TESTS_UNIT_DIRECTORY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "directory/directory.h"
#include "directory/directory_world.h"

struct fixture {
    struct im_arena arena;
    struct im_directory *directory;
    struct im_company company;
    struct im_user user;
    struct im_client client;
    struct im_error err;
    const struct im_json *at;
};

static inline int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));

    im_arena_init(&f->arena, 0);
    f->directory = im_directory_new(&f->err);
    *state = f;
    if (!f->directory)
        print_error("%s\n", f->err.text);
    return f->directory ? 0 : -1;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    im_directory_free(f->directory);
    im_arena_release(&f->arena);
    test_free(f);
    return 0;
}

static inline struct im_company *company(struct fixture *f, const char *id)
{
    bool found = im_directory_company(f->directory, im_str(id), &f->company);
    return found ? &f->company : NULL;
}

static inline struct im_user *user(struct fixture *f, const char *id)
{
    bool found = im_directory_user(f->directory, IM_STR("acme"), im_str(id), &f->user);
    return found ? &f->user : NULL;
}

static inline struct im_client *client(struct fixture *f, const char *id)
{
    bool found = im_directory_client(f->directory, im_str(id), &f->client);
    return found ? &f->client : NULL;
}

static inline bool has(struct im_list list, const char *word)
{
    return im_list_has(list, im_str(word));
}

static inline bool load_text(struct fixture *f, const char *text)
{
    struct im_json_error where;
    const struct im_json *world = im_json_parse(&f->arena, im_str(text), &where);

    if (!world)
        fail_msg("%s: %s", text, where.what);
    f->at = NULL;
    return im_directory_load(f->directory, world, &f->at, &f->err);
}

static inline void load(struct fixture *f, const char *text)
{
    if (!load_text(f, text))
        fail_msg("%s", f->err.text);
}

static inline bool change_of(struct fixture *f, enum im_change what,
                             struct im_change_target target)
{
    return im_directory_change(f->directory, what, &target, &f->err);
}

static inline void change(struct fixture *f, enum im_change what, const char *who,
                          const char *which, const char *value)
{
    struct im_change_target target = {IM_STR("acme"), im_str(who), im_str(which),
                                      im_str(value)};

    if (!change_of(f, what, target))
        fail_msg("%s", f->err.text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
