/* The catalogue of scenarios. What the folder holds is a *view*, which is never changed
 * once it counts. Each call reads the folder without a lock; where a file differs
 * from the view that counts, a new view is made and takes its place. So the lock guards
 * two kinds of pointers and nothing else: no file is read, nothing parsed and nothing
 * logged while it is held. Of two threads that read at the same time each goes by what
 * it read, and the view of the one that began later stays. */
#include "scenario/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/file.h"
#include "scenario/scenario_file.h"

struct file {
    struct im_str path, text; /* text: as it was read */
    struct im_scenario
        *scenario; /* what counts: of this text, or of one before it; NULL = none */
    struct im_str trouble; /* why this text does not count; empty = it does */
    bool unreadable;
    bool taken; /* the trouble: another file has the name, and may lose it */
    const struct file *before; /* in the view before; only while this one is made */
    struct im_scenario
        *fresh; /* the same: of this text, before its name has been looked at */
};

struct view {
    atomic_size_t refs;
    uint64_t look; /* number of the reading that it comes from */
    struct im_arena arena;
    struct file *files; /* by path */
    size_t count;
};

struct im_catalogue {     /* but for what stands behind the lock, never changed */
    struct im_str folder; /* heap; empty = none */
    const struct im_log *log;
    pthread_mutex_t lock;
    uint64_t looks;
    struct view *view;
    struct im_scenario **built_in; /* as im_scenario_files; NULL until asked for */
};

/* ---- a view: reading the folder ---- */

static void view_unref(struct view *view)
{
    if (!view || atomic_fetch_sub(&view->refs, 1) != 1)
        return;
    for (size_t i = 0; i < view->count; i++)
        im_scenario_unref(view->files[i].scenario);
    im_arena_release(&view->arena);
    free(view);
}

static int is_scenario_file(const struct dirent *item)
{
    return im_str_ends(im_str(item->d_name), ".json") && item->d_name[0] != '.' &&
           !im_scenario_is_schema(item->d_name);
}

/* Which of two files counts must not depend on the order in which a folder lists them,
 * nor on the locale, as alphasort does. */
static int by_file_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void view_add_file(struct view *view, struct im_str folder, const char *name)
{
    struct file *file = &view->files[view->count];
    struct im_error why, cannot;

    file->path = im_arena_format(&view->arena, "%.*s/%s", IM_ARG(folder), name);
    /* what cannot be read is in the view too, with its trouble and what it said before */
    FILE *stream = file->path.len ? im_file_open(file->path.at, &cannot) : NULL;
    if (!stream && errno == ENOENT)
        return; /* gone since the folder was listed */
    view->count++;
    if (!stream)
        im_error_set(&why, "reading scenario %s: %s", file->path.at, cannot.text);
    file->unreadable = !stream || !im_scenario_read_text(stream, file->path.at,
                                                         &view->arena, &file->text, &why);
    if (file->unreadable)
        file->trouble = im_arena_copy(&view->arena, im_str(why.text));
    if (stream)
        fclose(stream);
}

/* The texts of all files, by path. NULL with err when the folder cannot be read. */
static struct view *view_read(struct im_str folder, struct im_error *err)
{
    struct dirent **items = NULL;
    int n = folder.len ? scandir(folder.at, &items, is_scenario_file, by_file_name) : 0;
    int why = errno;
    struct view *view = n < 0 ? NULL : calloc(1, sizeof(*view));

    if (view) {
        atomic_init(&view->refs, 1);
        view->files = IM_ARENA_ARRAY(&view->arena, struct file, (size_t)n + 1);
    }
    for (int i = 0; i < n; i++) {
        if (view && view->files)
            view_add_file(view, folder, items[i]->d_name);
        free(items[i]);
    }
    free(items);
    if (view && !view->arena.failed)
        return view;
    if (n < 0)
        im_error_set(err, "reading --scenarios %.*s: %s", IM_ARG(folder), strerror(why));
    else
        im_error_no_memory(err, "reading --scenarios %.*s", IM_ARG(folder));
    view_unref(view);
    return NULL;
}

static bool same_text(const struct file *a, const struct file *b)
{
    return a->unreadable == b->unreadable && im_str_eq(a->text, b->text) &&
           (!a->unreadable || im_str_eq(a->trouble, b->trouble));
}

static bool view_says_the_same(const struct view *a, const struct view *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!im_str_eq(a->files[i].path, b->files[i].path) ||
            !same_text(&a->files[i], &b->files[i]))
            return false;
    return true;
}

/* ---- a view: what its files mean ---- */

static struct file *view_find(const struct view *view, struct im_str name)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->files[i].scenario && im_str_eq(view->files[i].scenario->name, name))
            return &view->files[i];
    return NULL;
}

/* What it said before stays, if it said anything and no other file says that now. */
static void file_stay(struct view *view, struct file *file)
{
    struct im_scenario *before = file->before ? file->before->scenario : NULL;

    if (before && !view_find(view, before->name))
        file->scenario = im_scenario_ref(before);
}

/* Parses what has changed; what has not, and what is wrong, stays what it was. */
static void file_read(struct view *view, struct file *file, const struct view *old)
{
    struct im_error why;

    for (size_t i = 0; i < old->count && !file->before; i++)
        if (im_str_eq(old->files[i].path, file->path))
            file->before = &old->files[i];
    if (file->before && !file->before->taken && same_text(file, file->before))
        file->trouble = im_arena_copy(&view->arena, file->before->trouble);
    else if (!file->unreadable) {
        file->fresh = im_scenario_of_file(file->path.at, file->text, &why);
        if (!file->fresh)
            file->trouble = im_arena_copy(&view->arena, im_str(why.text));
    }
    if (!file->fresh)
        file_stay(view, file);
}

static bool has_kept_its_name(const struct file *file)
{
    return file->before && file->before->scenario &&
           im_str_eq(file->before->scenario->name, file->fresh->name);
}

/* What was just parsed counts, unless another file has its name. */
static void file_claim_name(struct view *view, struct file *file)
{
    const struct file *owner = view_find(view, file->fresh->name);

    if (!owner) {
        file->scenario = file->fresh;
        file->scenario->listed = true;
    } else {
        file->taken = true;
        file->trouble = im_arena_format(
            &view->arena, "%s: there is a scenario \"%.*s\" already, in %s",
            file->path.at, IM_ARG(file->fresh->name), owner->path.at);
        im_scenario_unref(file->fresh);
        file_stay(view, file);
    }
    file->fresh = NULL;
}

/* Each file of the view gets its scenario, or says what is wrong with it. False with err
 * when memory is short. */
static bool view_settle(struct view *view, const struct view *old, struct im_error *err)
{
    for (size_t i = 0; i < view->count; i++)
        file_read(view, &view->files[i], old);
    /* a name goes to the file that had it, before it goes to another that now wants it */
    for (int kept = 1; kept >= 0; kept--)
        for (size_t i = 0; i < view->count; i++)
            if (view->files[i].fresh && (!kept || has_kept_its_name(&view->files[i])))
                file_claim_name(view, &view->files[i]);
    return !view->arena.failed || im_error_no_memory(err, "reading the scenarios");
}

/* ---- the view that counts ---- */

/* Logs once which files hide a built-in scenario: somebody who meant to add one finds out why another
 * is played. */
static void log_shadows(const struct im_catalogue *catalogue, const struct view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        const struct file *file = &view->files[i];
        const struct im_scenario *before = file->before ? file->before->scenario : NULL;
        if (!file->scenario || !im_scenario_shadows(file->scenario) ||
            (before && im_str_eq(before->name, file->scenario->name)))
            continue;
        const struct im_log_field fields[] = {
            {"scenario", file->scenario->name}, {"file", file->path}, {NULL, {NULL, 0}}};
        im_log_line(catalogue->log, IM_LOG_WARN, im_clock_real_ms(),
                    "a scenario file hides the built-in scenario of its name", fields);
    }
}

/* Logs once what has become wrong; each call that reads the folder would repeat it otherwise. */
static void log_faults(const struct im_catalogue *catalogue, const struct view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        const struct file *file = &view->files[i];
        const struct im_log_field fields[] = {{"why", file->trouble}, {NULL, {NULL, 0}}};
        bool known = file->before && im_str_eq(file->before->trouble, file->trouble);
        if (file->trouble.len && !known)
            im_log_line(catalogue->log, IM_LOG_WARN, im_clock_real_ms(),
                        "a scenario file is wrong; what it said before stays", fields);
    }
}

/* What the folder holds now, with a reference for the caller. Where it cannot be read,
 * that is what it held before. */
static struct view *look_at_folder(struct im_catalogue *catalogue)
{
    struct im_error ignored;

    pthread_mutex_lock(&catalogue->lock);
    struct view *old = catalogue->view;
    uint64_t look = ++catalogue->looks;
    atomic_fetch_add(&old->refs, 1);
    pthread_mutex_unlock(&catalogue->lock);

    struct view *now =
        catalogue->folder.len ? view_read(catalogue->folder, &ignored) : NULL;
    /* an unchanged folder keeps its view, with scenarios that are parsed already */
    if (!now || view_says_the_same(now, old) || !view_settle(now, old, &ignored)) {
        view_unref(now);
        return old;
    }
    now->look = look;

    pthread_mutex_lock(&catalogue->lock);
    struct view *replaced = catalogue->view->look < look ? catalogue->view : NULL;
    if (replaced) {
        catalogue->view = now;
        atomic_fetch_add(&now->refs, 1);
    }
    pthread_mutex_unlock(&catalogue->lock);
    if (replaced) {
        log_faults(catalogue, now);
        log_shadows(catalogue, now);
    }
    view_unref(replaced);
    view_unref(old);
    return now;
}

struct im_catalogue *im_catalogue_new(const char *folder, const struct im_log *log,
                                      struct im_error *err)
{
    const struct view nothing = {.count = 0};
    struct im_catalogue *catalogue = calloc(1, sizeof(*catalogue));

    if (!catalogue) {
        im_error_no_memory(err, "reading the scenarios");
        return NULL;
    }
    pthread_mutex_init(&catalogue->lock, NULL);
    catalogue->log = log;
    catalogue->built_in =
        calloc(im_scenario_file_count + 1, sizeof(struct im_scenario *));
    bool fine = catalogue->built_in &&
                (!folder || im_str_duplicate(im_str(folder), &catalogue->folder));
    if (!fine)
        im_error_no_memory(err, "reading the scenarios");
    catalogue->view = fine ? view_read(catalogue->folder, err) : NULL;
    fine = catalogue->view && view_settle(catalogue->view, &nothing, err);
    /* at the start there is no earlier wording that could stay, so a wrong file is an error */
    for (size_t i = 0; fine && i < catalogue->view->count; i++)
        if (catalogue->view->files[i].trouble.len)
            fine = im_error_set(err, "%.*s", IM_ARG(catalogue->view->files[i].trouble));
    if (!fine) {
        im_catalogue_free(catalogue);
        return NULL;
    }
    log_shadows(catalogue, catalogue->view);
    return catalogue;
}

void im_catalogue_free(struct im_catalogue *catalogue)
{
    if (!catalogue)
        return;
    for (size_t i = 0; catalogue->built_in && i < im_scenario_file_count; i++)
        im_scenario_unref(catalogue->built_in[i]);
    free(catalogue->built_in);
    view_unref(catalogue->view);
    im_str_free(&catalogue->folder);
    pthread_mutex_destroy(&catalogue->lock);
    free(catalogue);
}

/* ---- asking ---- */

/* Built-in ones are read when first asked for: start is to be fast. */
static struct im_scenario *built_in(struct im_catalogue *catalogue, size_t index,
                                    struct im_error *err)
{
    const struct im_embedded *in = &im_scenario_files[index];
    struct im_scenario **home = &catalogue->built_in[index];

    pthread_mutex_lock(&catalogue->lock);
    struct im_scenario *scenario = *home ? im_scenario_ref(*home) : NULL;
    pthread_mutex_unlock(&catalogue->lock);
    if (scenario)
        return scenario;
    struct im_scenario *fresh =
        im_scenario_of_file(in->name, (struct im_str){in->text, in->len}, err);
    if (!fresh)
        return NULL;
    fresh->listed = true;
    pthread_mutex_lock(&catalogue->lock);
    if (!*home)
        *home = im_scenario_ref(fresh);
    scenario = *home == fresh ? fresh : im_scenario_ref(*home);
    pthread_mutex_unlock(&catalogue->lock);
    if (scenario != fresh)
        im_scenario_unref(fresh); /* another thread was faster */
    return scenario;
}

static void refuse_name(const struct view *view, struct im_str name, struct im_error *err)
{
    size_t n = 0, built_in_count = im_scenario_file_count;
    struct im_str *known = calloc(view->count + built_in_count + 1, sizeof(*known));

    for (size_t i = 0; known && i < built_in_count; i++)
        known[n++] = im_str(im_scenario_files[i].name);
    for (size_t i = 0; known && i < view->count; i++)
        if (view->files[i].scenario)
            known[n++] = view->files[i].scenario->name;
    struct im_hint hint = im_hint(name, known, n);
    /* cut: a client's URL may bring any length */
    im_error_set(err, "there is no scenario \"%.*s\"%s", IM_ARG(im_str_front(name, 80)),
                 hint.text[0] ? hint.text : "; `intacct-mock scenarios` lists them");
    free(known);
}

static struct im_scenario *view_get(struct im_catalogue *catalogue,
                                    const struct view *view, struct im_str name,
                                    struct im_error *err)
{
    const struct file *file = view_find(view, name);

    if (file)
        return im_scenario_ref(file->scenario);
    for (size_t i = 0; i < im_scenario_file_count; i++)
        if (im_str_is(name, im_scenario_files[i].name))
            return built_in(catalogue, i, err);
    refuse_name(view, name, err);
    return NULL;
}

struct im_scenario *im_catalogue_get(struct im_catalogue *catalogue, struct im_str name,
                                     struct im_error *err)
{
    struct view *view = look_at_folder(catalogue);
    struct im_scenario *scenario = view_get(catalogue, view, name, err);

    view_unref(view);
    return scenario;
}

struct im_scenario *im_catalogue_get_file(struct im_catalogue *catalogue,
                                          const char *name, struct im_error *err)
{
    struct im_str text = im_str(name);

    /* no scenario's name has a slash or a dot, so neither can be taken for the other */
    return im_str_has(text, '/') || im_str_ends(text, ".json")
               ? im_scenario_read_file(name, err)
               : im_catalogue_get(catalogue, text, err);
}

struct im_scenario *im_catalogue_reread(struct im_catalogue *catalogue,
                                        struct im_scenario *scenario,
                                        struct im_error *err)
{
    struct view *view = look_at_folder(catalogue);
    const struct file *file = scenario->listed ? view_find(view, scenario->name) : NULL;
    struct im_scenario *now = NULL;

    if (file && file->trouble.len)
        im_error_set(err, "%.*s", IM_ARG(file->trouble));
    else if (scenario->listed)
        now = view_get(catalogue, view, scenario->name, err);
    else
        now = scenario->path.len ? im_scenario_read_file(scenario->path.at, err)
                                 : im_scenario_ref(scenario);
    view_unref(view);
    return now;
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

struct im_listed *im_catalogue_list(struct im_catalogue *catalogue,
                                    struct im_arena *arena, size_t *count)
{
    struct view *view = look_at_folder(catalogue);
    struct im_listed *listed =
        IM_ARENA_ARRAY(arena, struct im_listed, view->count + im_scenario_file_count + 1);
    struct im_error ignored;
    size_t n = 0;

    for (size_t i = 0; listed && i < view->count; i++)
        if (view->files[i].scenario)
            listed[n++] = (struct im_listed){
                .scenario = im_scenario_ref(view->files[i].scenario),
                .trouble = im_arena_copy(arena, view->files[i].trouble)};
    for (size_t i = 0; listed && i < im_scenario_file_count; i++) {
        bool overridden = view_find(view, im_str(im_scenario_files[i].name)) != NULL;
        listed[n].scenario = overridden ? NULL : built_in(catalogue, i, &ignored);
        listed[n].built_in = true;
        n += listed[n].scenario != NULL;
    }
    view_unref(view);
    if (n)
        qsort(listed, n, sizeof(*listed), by_name);
    *count = n;
    return listed;
}

void im_catalogue_unlist(struct im_listed *listed, size_t count)
{
    for (size_t i = 0; i < count; i++)
        im_scenario_unref(listed[i].scenario);
}
