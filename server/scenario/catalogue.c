#include "scenario/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "scenario/scenario_file.h"

struct entry {
    struct im_str name;           /* heap */
    const struct im_embedded *in; /* NULL: from the folder */
    struct im_str path, text;     /* heap: the file, as it was when looked at last */
    struct im_scenario *scenario; /* NULL until somebody asks for a built-in one */
    struct im_str trouble;        /* heap */
};

struct im_catalogue {
    pthread_mutex_t lock;
    struct im_str folder; /* heap; empty = none */
    const struct im_log *log;
    struct entry *entries;
    size_t count, room;
};

/* ---- files ---- */

static bool read_stream(FILE *file, const char *path, char *into, size_t *len,
                        struct im_error *err)
{
    *len = fread(into, 1, IM_SCENARIO_MAX + 1, file);
    if (ferror(file))
        return im_error_set(err, "reading scenario %s: %s", path, strerror(errno));
    return *len <= IM_SCENARIO_MAX ||
           im_error_set(err, "reading %s: over %d bytes are too many for a scenario",
                        path, IM_SCENARIO_MAX);
}

/* The whole file on the heap. */
static bool read_file(const char *path, struct im_str *text, struct im_error *err)
{
    FILE *file = fopen(path, "rb");
    char *memory = file ? malloc(IM_SCENARIO_MAX + 1) : NULL;
    size_t len = 0;
    bool done = false;

    *text = (struct im_str){0};
    if (!file)
        return im_error_set(err, "reading scenario %s: %s", path, strerror(errno));
    if (!memory)
        im_error_set(err, "reading %s: out of memory", path);
    else
        done = read_stream(file, path, memory, &len, err) &&
               (im_str_duplicate((struct im_str){memory, len}, text) ||
                im_error_set(err, "reading %s: out of memory", path));
    free(memory);
    fclose(file);
    return done;
}

static struct im_scenario *parse(const char *path, struct im_str text,
                                 struct im_error *err)
{
    struct im_scenario_error error;
    struct im_scenario *scenario = im_scenario_parse(text, (struct im_str){0}, &error);

    if (!scenario)
        im_error_set(err, "%s:%u:%u: %s", path, error.line, error.column, error.what);
    return scenario;
}

struct im_scenario *im_scenario_read_file(const char *path, struct im_error *err)
{
    struct im_str text;
    struct im_scenario *scenario =
        read_file(path, &text, err) ? parse(path, text, err) : NULL;

    im_str_free(&text);
    if (scenario)
        scenario->path = im_arena_copy(&scenario->arena, im_str(path));
    return scenario;
}

/* ---- entries; all under the lock ---- */

static void empty(struct entry *entry)
{
    im_scenario_unref(entry->scenario);
    im_str_free(&entry->name);
    im_str_free(&entry->path);
    im_str_free(&entry->text);
    im_str_free(&entry->trouble);
    *entry = (struct entry){0};
}

static struct entry *find_locked(const struct im_catalogue *catalogue, struct im_str name)
{
    for (size_t i = 0; i < catalogue->count; i++)
        if (im_str_eq(catalogue->entries[i].name, name))
            return &catalogue->entries[i];
    return NULL;
}

static struct entry *add_locked(struct im_catalogue *catalogue, struct im_str name)
{
    if (catalogue->count == catalogue->room) {
        size_t room = catalogue->room ? catalogue->room * 2 : 64;
        struct entry *entries = realloc(catalogue->entries, room * sizeof(struct entry));
        if (!entries)
            return NULL;
        catalogue->entries = entries;
        catalogue->room = room;
    }
    struct entry *entry = &catalogue->entries[catalogue->count];
    *entry = (struct entry){0};
    if (!im_str_duplicate(name, &entry->name))
        return NULL;
    catalogue->count++;
    return entry;
}

static const struct im_embedded *embedded(struct im_str name)
{
    for (size_t i = 0; i < im_scenario_file_count; i++)
        if (im_str_is(name, im_scenario_files[i].name))
            return &im_scenario_files[i];
    return NULL;
}

static bool add_built_in(struct im_catalogue *catalogue)
{
    for (size_t i = 0; i < im_scenario_file_count; i++) {
        struct entry *entry = add_locked(catalogue, im_str(im_scenario_files[i].name));
        if (!entry)
            return false;
        entry->in = &im_scenario_files[i];
    }
    return true;
}

/* Built-in ones are read when first asked for: start is to be fast. */
static struct im_scenario *scenario_of_locked(struct entry *entry, struct im_error *err)
{
    if (!entry->scenario && entry->in) {
        struct im_str text = {entry->in->text, entry->in->len};
        entry->scenario = parse(entry->in->name, text, err);
        if (entry->scenario)
            entry->scenario->listed = true;
    }
    return entry->scenario;
}

/* ---- the folder ---- */

static struct entry *find_path_locked(const struct im_catalogue *catalogue,
                                      struct im_str path)
{
    for (size_t i = 0; i < catalogue->count; i++)
        if (im_str_eq(catalogue->entries[i].path, path))
            return &catalogue->entries[i];
    return NULL;
}

static bool is_there(struct im_str path)
{
    FILE *file = path.len ? fopen(path.at, "rb") : NULL;

    if (file)
        fclose(file);
    return file != NULL;
}

/* Which of two files counts must not depend on the order in which a folder lists them. */
static bool is_taken_locked(const struct im_catalogue *catalogue, const char *path,
                            struct im_str name, struct im_error *err)
{
    const struct entry *entry = find_locked(catalogue, name);

    if (!entry || im_str_is(entry->path, path) || !is_there(entry->path))
        return false;
    im_error_set(err, "%s: there is a scenario \"%.*s\" already, in %s", path,
                 IM_ARG(name), entry->path.at);
    return true;
}

/* What comes of an entry whose file says it no longer: a built-in one of that name counts again. */
static void lose_file_locked(struct entry *entry)
{
    im_scenario_unref(entry->scenario);
    entry->scenario = NULL;
    im_str_free(&entry->path);
    im_str_free(&entry->text);
    im_str_free(&entry->trouble);
    entry->in = embedded(entry->name);
}

/* Takes over text and scenario. */
static bool take_over_locked(struct im_catalogue *catalogue, struct im_str path,
                             struct im_str *text, struct im_scenario *scenario)
{
    struct entry *entry = find_locked(catalogue, scenario->name);

    if (!entry)
        entry = add_locked(catalogue, scenario->name);
    if (!entry)
        return false;
    im_scenario_unref(entry->scenario);
    im_str_free(&entry->text);
    im_str_free(&entry->path);
    im_str_free(&entry->trouble);
    scenario->listed = true;
    entry->scenario = scenario;
    entry->text = *text;
    entry->in = NULL;
    *text = (struct im_str){0};
    return im_str_duplicate(path, &entry->path);
}

static void complain(const struct im_catalogue *catalogue, const struct im_error *err)
{
    struct im_log_field fields[] = {{"why", im_str(err->text)}, {NULL, {NULL, 0}}};

    if (catalogue->log && im_log_wants(catalogue->log, IM_LOG_WARN))
        im_log_line(catalogue->log, IM_LOG_WARN, im_clock_real_ms(),
                    "a scenario file is wrong; what it said before stays", fields);
}

/* A file that was fine and is not any more, remembered so that it is said once. */
static bool keep_trouble_locked(struct im_catalogue *catalogue, struct entry *before,
                                struct im_str *text, const struct im_error *err)
{
    if (!before)
        return false;
    im_str_free(&before->trouble);
    im_str_duplicate(im_str(err->text), &before->trouble);
    im_str_free(&before->text);
    before->text = *text;
    *text = (struct im_str){0};
    complain(catalogue, err);
    return true;
}

/* One file of the folder. False with err when it is wrong and was never right. */
static bool look_at_file_locked(struct im_catalogue *catalogue, const char *path,
                                struct im_error *err)
{
    struct entry *before = find_path_locked(catalogue, im_str(path));
    struct im_str text;
    bool fine = read_file(path, &text, err);

    if (fine && before && im_str_eq(before->text, text)) {
        im_str_free(&text);
        return true;
    }
    struct im_scenario *scenario = fine ? parse(path, text, err) : NULL;
    if (scenario && is_taken_locked(catalogue, path, scenario->name, err)) {
        im_scenario_unref(scenario);
        scenario = NULL;
        im_str_free(&text); /* to be looked at again: the other one may go */
    }
    if (scenario && before && !im_str_eq(before->name, scenario->name))
        lose_file_locked(before); /* renamed */
    fine = scenario ? take_over_locked(catalogue, im_str(path), &text, scenario) ||
                          im_error_set(err, "reading %s: out of memory", path)
                    : keep_trouble_locked(catalogue, before, &text, err);
    im_str_free(&text);
    return fine;
}

static void forget_gone_locked(struct im_catalogue *catalogue)
{
    size_t kept = 0;

    for (size_t i = 0; i < catalogue->count; i++) {
        struct entry *entry = &catalogue->entries[i];
        if (entry->path.len && !is_there(entry->path))
            lose_file_locked(entry);
        if (entry->in || entry->scenario)
            catalogue->entries[kept++] = *entry;
        else
            empty(entry);
    }
    catalogue->count = kept;
}

static bool look_at_folder_locked(struct im_catalogue *catalogue, bool strict,
                                  struct im_error *err)
{
    char path[4096];
    struct dirent *item;
    bool fine = true;

    if (!catalogue->folder.len)
        return true;
    DIR *folder = opendir(catalogue->folder.at);
    if (!folder)
        return im_error_set(err, "reading --scenarios %s: %s", catalogue->folder.at,
                            strerror(errno));
    while ((fine || !strict) && (item = readdir(folder)) != NULL) {
        struct im_str name = im_str(item->d_name);
        if (!im_str_ends(name, ".json") || name.at[0] == '.' ||
            im_str_is(name, "schema.json"))
            continue;
        snprintf(path, sizeof(path), "%s/%s", catalogue->folder.at, item->d_name);
        fine = look_at_file_locked(catalogue, path, err);
        if (!fine && !strict)
            complain(catalogue, err);
    }
    closedir(folder);
    forget_gone_locked(catalogue);
    return fine || !strict;
}

/* ---- the verbs ---- */

struct im_catalogue *im_catalogue_new(const char *folder, const struct im_log *log,
                                      struct im_error *err)
{
    struct im_catalogue *catalogue = calloc(1, sizeof(*catalogue));

    if (!catalogue) {
        im_error_set(err, "reading the scenarios: out of memory");
        return NULL;
    }
    pthread_mutex_init(&catalogue->lock, NULL);
    catalogue->log = log;
    bool room = (!folder || im_str_duplicate(im_str(folder), &catalogue->folder)) &&
                add_built_in(catalogue);
    if (!room)
        im_error_set(err, "reading the scenarios: out of memory");
    if (room && look_at_folder_locked(catalogue, true, err))
        return catalogue;
    im_catalogue_free(catalogue);
    return NULL;
}

void im_catalogue_free(struct im_catalogue *catalogue)
{
    if (!catalogue)
        return;
    for (size_t i = 0; i < catalogue->count; i++)
        empty(&catalogue->entries[i]);
    free(catalogue->entries);
    im_str_free(&catalogue->folder);
    pthread_mutex_destroy(&catalogue->lock);
    free(catalogue);
}

/* The entry whose name is a slip of the pen away; NULL when there is none, or no memory to look. */
static const struct entry *nearest_locked(const struct im_catalogue *catalogue,
                                          struct im_str name)
{
    struct im_str *known = calloc(catalogue->count + 1, sizeof(struct im_str));
    int nearest = -1;

    for (size_t i = 0; known && i < catalogue->count; i++)
        known[i] = catalogue->entries[i].name;
    if (known)
        nearest = im_str_nearest(name, known, catalogue->count);
    free(known);
    return nearest < 0 ? NULL : &catalogue->entries[nearest];
}

static void refuse_locked(const struct im_catalogue *catalogue, struct im_str name,
                          struct im_error *err)
{
    const struct entry *nearest = nearest_locked(catalogue, name);

    if (nearest)
        im_error_set(err, "there is no scenario \"%.*s\"; did you mean \"%.*s\"?",
                     IM_ARG(im_str_front(name, 80)), IM_ARG(nearest->name));
    else
        im_error_set(err, "there is no scenario \"%.*s\"",
                     IM_ARG(im_str_front(name, 80)));
}

struct im_scenario *im_catalogue_get(struct im_catalogue *catalogue, struct im_str name,
                                     struct im_error *err)
{
    struct im_scenario *scenario = NULL;
    struct im_error ignored;

    pthread_mutex_lock(&catalogue->lock);
    look_at_folder_locked(catalogue, false, &ignored);
    struct entry *entry = find_locked(catalogue, name);
    if (entry)
        scenario = scenario_of_locked(entry, err);
    else
        refuse_locked(catalogue, name, err);
    if (scenario)
        im_scenario_ref(scenario);
    pthread_mutex_unlock(&catalogue->lock);
    return scenario;
}

struct im_scenario *im_catalogue_get_file(struct im_catalogue *catalogue,
                                          const char *name, struct im_error *err)
{
    struct im_str text = im_str(name);

    return im_str_has(text, '/') || im_str_ends(text, ".json")
               ? im_scenario_read_file(name, err)
               : im_catalogue_get(catalogue, text, err);
}

/* Why the file of that name is not what counts now. */
static bool trouble_of(struct im_catalogue *catalogue, struct im_str name,
                       struct im_error *err)
{
    pthread_mutex_lock(&catalogue->lock);
    const struct entry *entry = find_locked(catalogue, name);
    bool trouble = entry && entry->trouble.len;
    if (trouble)
        im_error_set(err, "%.*s", IM_ARG(entry->trouble));
    pthread_mutex_unlock(&catalogue->lock);
    return trouble;
}

struct im_scenario *im_catalogue_reread(struct im_catalogue *catalogue,
                                        struct im_scenario *scenario,
                                        struct im_error *err)
{
    struct im_error ignored;

    if (!scenario->listed) {
        pthread_mutex_lock(&catalogue->lock);
        look_at_folder_locked(catalogue, false, &ignored);
        pthread_mutex_unlock(&catalogue->lock);
        return scenario->path.len ? im_scenario_read_file(scenario->path.at, err)
                                  : im_scenario_ref(scenario);
    }
    struct im_scenario *now = im_catalogue_get(catalogue, scenario->name, err);
    if (!now || !trouble_of(catalogue, scenario->name, err))
        return now;
    im_scenario_unref(now);
    return NULL;
}

struct im_scenario *im_catalogue_renew(struct im_catalogue *catalogue,
                                       struct im_scenario *scenario)
{
    struct im_error ignored;
    struct im_scenario *now = im_catalogue_reread(catalogue, scenario, &ignored);

    return now ? now : im_scenario_ref(scenario);
}

static int by_name(const void *a, const void *b)
{
    const struct im_listed *x = a, *y = b;

    return im_str_compare(x->scenario->name, y->scenario->name);
}

static size_t list_locked(struct im_catalogue *catalogue, struct im_arena *arena,
                          struct im_listed *listed)
{
    struct im_error ignored;
    size_t n = 0;

    for (size_t i = 0; i < catalogue->count; i++) {
        struct entry *entry = &catalogue->entries[i];
        struct im_scenario *scenario = scenario_of_locked(entry, &ignored);
        if (scenario)
            listed[n++] = (struct im_listed){im_scenario_ref(scenario), entry->in != NULL,
                                             im_arena_copy(arena, entry->trouble)};
    }
    return n;
}

struct im_listed *im_catalogue_list(struct im_catalogue *catalogue,
                                    struct im_arena *arena, size_t *count)
{
    struct im_error ignored;

    *count = 0;
    pthread_mutex_lock(&catalogue->lock);
    look_at_folder_locked(catalogue, false, &ignored);
    struct im_listed *listed =
        IM_ARENA_ARRAY(arena, struct im_listed, catalogue->count + 1);
    if (listed)
        *count = list_locked(catalogue, arena, listed);
    pthread_mutex_unlock(&catalogue->lock);
    if (*count)
        qsort(listed, *count, sizeof(*listed), by_name);
    return listed;
}

void im_catalogue_unlist(struct im_listed *listed, size_t count)
{
    for (size_t i = 0; i < count; i++)
        im_scenario_unref(listed[i].scenario);
}
