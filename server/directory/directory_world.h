/* What stands inside a directory, for the files of directory.h alone. */
#ifndef IM_DIRECTORY_DIRECTORY_WORLD_H
#define IM_DIRECTORY_DIRECTORY_WORLD_H

#include <pthread.h>

#include "directory/directory.h"

struct im_role {
    struct im_str name;
    struct im_list permissions; /* "OBJECT-GLOB:ACTION,…", "*" = every action */
    struct im_list denied;      /* the same, taken away by a test */
};

/* Things of one kind, in an array. */
struct im_collection {
    void *items; /* struct im_role, im_client, im_company or im_user */
    size_t count;
};

struct im_world {
    struct im_collection collection[IM_COLLECTIONS];
};

struct im_directory {
    pthread_mutex_t lock;
    struct im_arena arena; /* all texts and lists; only ever grows */
    struct im_world world;
    struct im_secrets *secrets; /* the authority's; NULL = none yet */
};

struct im_role *im_world_role(const struct im_world *world, struct im_str name);
struct im_client *im_world_client(const struct im_world *world, struct im_str id);
struct im_company *im_world_company(const struct im_world *world, struct im_str id);
struct im_user *im_world_user(const struct im_world *world, struct im_str company,
                              struct im_str id);

/* See im_directory_hint. */
struct im_hint im_world_hint(const struct im_world *world, enum im_collection_kind which,
                             struct im_str company, struct im_str word);

/* A new list: the old one with the word at its end (once), or without it. */
bool im_list_add(struct im_arena *arena, struct im_list *list, struct im_str word);
bool im_list_remove(struct im_arena *arena, struct im_list *list, struct im_str word);

/* One load under way. */
struct im_loading {
    struct im_world *world;
    struct im_arena *arena;
    const struct im_json *json;
    const struct im_json *at; /* the value being read or checked */
    struct im_error *err;
    struct im_json_reader
        *all; /* gets every fault of the check; NULL = the first is enough */
    size_t known[IM_COLLECTIONS]; /* how many of each were there before */
};

/* Adds to load->world, whose arrays it replaces, what load->json says. Texts live in the arena.
 * The caller fills in all but `at` and `known`. */
bool im_world_load(struct im_loading *load);
/* Does what this thing refers to exist? */
bool im_loading_check(struct im_loading *load, enum im_collection_kind which,
                      const struct im_json *thing);
/* Companies authorize clients as directory.h says. */
bool im_loading_introduce(struct im_loading *load);

/* One of the four actions, or "*"? */
bool im_action_known(struct im_str word);
/* Does the permission "GLOB:ACTIONS" speak of this object? And of this action? */
bool im_permission_names(struct im_str permission, struct im_str object);
bool im_permission_allows(struct im_str permission, enum im_action action);

#endif
