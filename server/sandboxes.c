/* Names to sandboxes: finding, making, ending them. The lock guards the list of them alone
 * (sandboxes_list.c): a sandbox is made and freed, and a scenario read, without it. */
#include "sandboxes.h"

#include <string.h>

#include "sandboxes_list.h"

/* ---- waiting ---- */

bool im_sandboxes_may_wait(struct im_sandboxes *sandboxes)
{
    /* counted first and taken back: two that ask at once must not both get the last place */
    if (atomic_fetch_add(&sandboxes->waiting, 1) < sandboxes->settings.waiting_max)
        return true;
    atomic_fetch_sub(&sandboxes->waiting, 1);
    return false;
}

void im_sandboxes_waited(struct im_sandboxes *sandboxes)
{
    atomic_fetch_sub(&sandboxes->waiting, 1);
}

/* ---- the default sandbox ----
 * It stands outside of the list: it is found without the lock, and never goes. */

static bool default_sandbox_make(struct im_sandboxes *sandboxes, struct im_error *err)
{
    const struct im_settings *settings = &sandboxes->settings;
    const char *wanted = settings->scenario ? settings->scenario : "happy-path";
    struct im_sandbox_options options = {
        .name = IM_STR("default"),
        .scenario = im_catalogue_get_file(sandboxes->catalogue, wanted, err),
        .seed = settings->seed,
        .start_ms = settings->start_ms,
        .journal_keep = settings->journal_keep,
        .journal_memory = &sandboxes->journal_memory};

    if (!options.scenario)
        return false;
    sandboxes->standard = im_sandbox_new(&options, err);
    im_scenario_unref(options.scenario);
    return sandboxes->standard != NULL;
}

bool im_sandboxes_init(struct im_sandboxes *sandboxes, const struct im_settings *settings,
                       struct im_error *err)
{
    sandboxes->settings = *settings;
    sandboxes->started_ms = im_clock_real_ms();
    atomic_init(&sandboxes->count, 0);
    atomic_init(&sandboxes->host_warned, false);
    pthread_mutex_init(&sandboxes->lock, NULL);
    im_journal_memory_init(&sandboxes->journal_memory, settings->journal_memory
                                                           ? settings->journal_memory
                                                           : SIZE_MAX);
    sandboxes->catalogue =
        im_catalogue_new(settings->scenarios, &sandboxes->settings.log, err);
    if (!sandboxes->catalogue)
        return false;
    if (!im_token_index_init(&sandboxes->token_index))
        return im_error_no_memory(err, "making the index of tokens");
    return default_sandbox_make(sandboxes, err);
}

void im_sandboxes_release(struct im_sandboxes *sandboxes)
{
    struct im_sandbox *older;

    if (!sandboxes->catalogue)
        return;
    for (struct im_sandbox *box = sandboxes->newest; box; box = older) {
        older = box->older;
        im_sandbox_free(box);
    }
    im_sandbox_free(sandboxes->standard);
    im_catalogue_free(sandboxes->catalogue);
    im_journal_memory_release(&sandboxes->journal_memory);
    im_token_index_release(&sandboxes->token_index);
    im_table_release(&sandboxes->by_name);
    pthread_mutex_destroy(&sandboxes->lock);
    sandboxes->catalogue = NULL;
}

/* ---- names ---- */

bool im_sandbox_name_is_sound(struct im_str name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    if (!name.len || name.len > 64 || !name.at[0] || !strchr(first, name.at[0]))
        return false;
    for (size_t i = 1; i < name.len; i++)
        if (!name.at[i] || (!strchr(first, name.at[i]) && !strchr("._-", name.at[i])))
            return false;
    return true;
}

/* It is not found any more, no request uses it, and no lock is held. */
static void sandbox_end(struct im_sandboxes *sandboxes, struct im_sandbox *box)
{
    const struct im_proxy_opener *proxies = &sandboxes->settings.proxies;

    if (box && box->proxy)
        proxies->close(proxies->context, box->proxy);
    im_sandbox_free(box);
}

static void sandbox_end_all(struct im_sandboxes *sandboxes, struct im_sandbox *box)
{
    while (box) {
        struct im_sandbox *older = box->older;
        sandbox_end(sandboxes, box);
        box = older;
    }
}

/* ---- finding ---- */

struct im_sandbox *im_sandboxes_find(struct im_sandboxes *sandboxes, struct im_str name)
{
    if (im_str_eq(name, sandboxes->standard->name))
        return sandboxes->standard;
    /* each look-up sweeps, so no thread is needed for it */
    pthread_mutex_lock(&sandboxes->lock);
    struct im_sandbox *swept = im_sandbox_list_sweep_locked(sandboxes);
    struct im_sandbox *box = im_sandbox_list_find_locked(sandboxes, name);
    if (box)
        im_sandbox_list_use_locked(sandboxes, box);
    pthread_mutex_unlock(&sandboxes->lock);
    sandbox_end_all(sandboxes, swept);
    return box;
}

void im_sandboxes_unref(struct im_sandboxes *sandboxes, struct im_sandbox *box)
{
    if (!box || box == sandboxes->standard) /* lives as long as the server: not counted */
        return;
    pthread_mutex_lock(&sandboxes->lock);
    bool last = --box->users == 0 && box->gone;
    pthread_mutex_unlock(&sandboxes->lock);
    if (last)
        sandbox_end(sandboxes, box);
}

void im_sandboxes_ref(struct im_sandboxes *sandboxes, struct im_sandbox *box)
{
    if (box == sandboxes->standard)
        return;
    pthread_mutex_lock(&sandboxes->lock);
    box->users++;
    pthread_mutex_unlock(&sandboxes->lock);
}

struct im_sandbox **im_sandboxes_list(struct im_sandboxes *sandboxes,
                                      struct im_arena *arena, size_t *count)
{
    *count = 0;
    pthread_mutex_lock(&sandboxes->lock);
    struct im_sandbox *swept = im_sandbox_list_sweep_locked(sandboxes);
    struct im_sandbox **all =
        IM_ARENA_ARRAY(arena, struct im_sandbox *, atomic_load(&sandboxes->count) + 1);
    if (all)
        all[(*count)++] = sandboxes->standard;
    for (struct im_sandbox *box = sandboxes->newest; all && box; box = box->older) {
        box->users++;
        all[(*count)++] = box;
    }
    pthread_mutex_unlock(&sandboxes->lock);
    sandbox_end_all(sandboxes, swept);
    return all;
}

struct im_str im_sandboxes_url(const struct im_sandboxes *sandboxes)
{
    const struct im_settings *settings = &sandboxes->settings;

    if (settings->public_url.len)
        return settings->public_url;
    return settings->http_url.len ? settings->http_url : settings->https_url;
}

struct im_str im_sandbox_base_url(const struct im_sandboxes *sandboxes,
                                  const struct im_sandbox *box, struct im_str url,
                                  struct im_arena *arena)
{
    if (box == sandboxes->standard)
        return im_arena_copy(arena, url);
    return im_arena_format(arena, "%.*s/s/%.*s", IM_ARG(url), IM_ARG(box->name));
}

static bool sandbox_owns(struct im_sandbox *box, struct im_arena *arena,
                         struct im_str token)
{
    struct im_authority *authority = im_sandbox_enter(box);
    int64_t now_ms = im_clock_now_ms(&authority->clock);
    struct im_token known;
    struct im_session session;
    bool owned = im_authority_find(authority, arena, token, now_ms, &known) ||
                 im_authority_gone(authority, token, &known) ||
                 im_authority_session(authority, arena, token, now_ms, &session);

    im_sandbox_leave(box);
    return owned;
}

struct im_sandbox *im_sandboxes_owner(struct im_sandboxes *sandboxes,
                                      struct im_arena *arena, struct im_str token)
{
    /* the default one first, which is not in the index: most servers have no other */
    if (!token.len || sandbox_owns(sandboxes->standard, arena, token))
        return NULL;
    struct im_str name = im_token_index_owner(&sandboxes->token_index, token, arena);
    struct im_sandbox *owner = name.len ? im_sandboxes_find(sandboxes, name) : NULL;
    /* it may have been reset meanwhile, or made anew under its name */
    if (owner && !sandbox_owns(owner, arena, token)) {
        im_sandboxes_unref(sandboxes, owner);
        owner = NULL;
    }
    return owner;
}

/* ---- making ---- */

static struct im_sandbox *sandbox_make(struct im_sandboxes *sandboxes,
                                       const struct im_sandbox_params *params,
                                       struct im_error *err)
{
    const struct im_settings *settings = &sandboxes->settings;
    struct im_sandbox_options options = {
        .name = params->name,
        .scenario = params->scenario,
        .seed = params->seeded ? params->seed : settings->seed,
        .start_ms = params->start_ms < 0 ? settings->start_ms : params->start_ms,
        .journal_keep = settings->journal_keep,
        .journal_memory = &sandboxes->journal_memory,
        .token_index = &sandboxes->token_index};

    struct im_sandbox *box = im_sandbox_new(&options, err);
    if (!box) /* its scenario was tried when it was read */
        im_error_of(err, IM_ERROR_INTERNAL);
    return box;
}

/* Adds a fresh one, which was made without the lock, unless another thread has added one of this
 * name meanwhile: *taken is that one, in use. NULL with *taken NULL too and err when memory is
 * short or there are too many. What does not enter is freed. */
static struct im_sandbox *sandbox_enter_list(struct im_sandboxes *sandboxes,
                                             struct im_sandbox *fresh,
                                             struct im_sandbox **taken,
                                             struct im_error *err)
{
    bool entered = false;

    pthread_mutex_lock(&sandboxes->lock);
    struct im_sandbox *surplus = im_sandbox_list_sweep_locked(sandboxes);
    *taken = im_sandbox_list_find_locked(sandboxes, fresh->name);
    if (*taken) {
        im_sandbox_list_use_locked(sandboxes, *taken);
    } else if (!im_table_reserve(&sandboxes->by_name, 1)) {
        im_error_no_memory(err, "making a sandbox");
        im_error_of(err, IM_ERROR_INTERNAL);
    } else if (im_sandbox_list_full_locked(sandboxes, &surplus)) {
        im_error_set(err,
                     "%zu sandboxes are in use at once, and %zu are the bound "
                     "(--sandboxes); delete those that are done",
                     atomic_load(&sandboxes->count), sandboxes->settings.sandboxes_max);
        im_error_of(err, IM_ERROR_CAPACITY);
    } else {
        im_sandbox_list_add_locked(sandboxes, fresh);
        if (sandboxes->stopping) /* im_sandboxes_interrupt has passed already */
            im_sandbox_interrupt(fresh);
        entered = true;
    }
    pthread_mutex_unlock(&sandboxes->lock);
    sandbox_end_all(sandboxes, surplus);
    if (!entered)
        im_sandbox_free(fresh);
    return entered ? fresh : NULL;
}

static struct im_sandbox *sandbox_make_by_name(struct im_sandboxes *sandboxes,
                                               struct im_str name, struct im_error *err)
{
    struct im_str first = im_str_slice(name, 0, im_str_find(name, '.'));
    struct im_sandbox_params params = {.name = name, .start_ms = -1};
    struct im_sandbox *taken = NULL;

    params.scenario = im_catalogue_get(sandboxes->catalogue, first, err);
    if (!params.scenario)
        return NULL;
    struct im_sandbox *fresh = sandbox_make(sandboxes, &params, err);
    im_scenario_unref(params.scenario);
    struct im_sandbox *box =
        fresh ? sandbox_enter_list(sandboxes, fresh, &taken, err) : NULL;
    return box ? box : taken;
}

static bool sandbox_refuse_name(struct im_str name, struct im_error *err)
{
    return im_error_set(
        err,
        "\"%.*s\" cannot name a sandbox: SCENARIO or SCENARIO.KEY, at most 64 "
        "of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
        IM_ARG(im_str_front(name, 80)));
}

struct im_sandbox *im_sandboxes_touch(struct im_sandboxes *sandboxes, struct im_str name,
                                      struct im_error *err)
{
    struct im_sandbox *box;

    if (!im_sandbox_name_is_sound(name)) {
        sandbox_refuse_name(name, err);
        return NULL;
    }
    box = im_sandboxes_find(sandboxes, name);
    return box ? box : sandbox_make_by_name(sandboxes, name, err);
}

static bool sandbox_name_draw(struct im_sandboxes *sandboxes,
                              const struct im_scenario *scenario, char *into, size_t size)
{
    struct im_buf text;

    im_buf_init_fixed(&text, into, size);
    pthread_mutex_lock(&sandboxes->lock);
    uint64_t serial = ++sandboxes->serial;
    pthread_mutex_unlock(&sandboxes->lock);
    /* 43 + '.' + at most 20 digits are the 64 characters of a name */
    im_buf_addf(&text, "%.*s.%llu", IM_ARG(im_str_slice(scenario->name, 0, 43)),
                (unsigned long long)serial);
    into[text.len] = '\0';
    return !text.failed;
}

struct im_sandbox *im_sandboxes_make(struct im_sandboxes *sandboxes,
                                     const struct im_sandbox_params *params,
                                     enum im_made *made, struct im_error *err)
{
    struct im_sandbox_params named = *params;
    struct im_sandbox *taken = NULL;
    char name[80];

    *made = IM_MADE_NOT;
    if (!named.name.len &&
        sandbox_name_draw(sandboxes, params->scenario, name, sizeof(name)))
        named.name = im_str(name);
    if (!im_sandbox_name_is_sound(named.name)) {
        sandbox_refuse_name(named.name, err);
        return NULL;
    }
    if (im_str_eq(named.name, sandboxes->standard->name)) {
        *made = IM_MADE_TAKEN;
        return NULL;
    }
    struct im_sandbox *fresh = sandbox_make(sandboxes, &named, err);
    struct im_sandbox *box =
        fresh ? sandbox_enter_list(sandboxes, fresh, &taken, err) : NULL;
    *made = box ? IM_MADE : taken ? IM_MADE_TAKEN : IM_MADE_NOT;
    im_sandboxes_unref(sandboxes, taken);
    return box;
}

/* ---- ending ---- */

bool im_sandboxes_delete(struct im_sandboxes *sandboxes, struct im_str name)
{
    const struct im_proxy_opener *proxies = &sandboxes->settings.proxies;
    struct im_proxy_port *proxy = NULL;

    pthread_mutex_lock(&sandboxes->lock);
    struct im_sandbox *box = im_sandbox_list_find_locked(sandboxes, name);
    bool there = box != NULL;
    if (box) {
        proxy = box->proxy; /* now, though requests may still use the sandbox */
        box->proxy = NULL;
        im_sandbox_interrupt(
            box); /* what waits there on purpose would keep it for minutes */
        box = im_sandbox_list_remove_locked(sandboxes, box);
    }
    pthread_mutex_unlock(&sandboxes->lock);
    if (proxy) /* takes the listener's lock, so not under ours */
        proxies->close(proxies->context, proxy);
    im_sandbox_free(box);
    return there;
}

/* ---- proxies of their own ---- */

bool im_sandboxes_open_proxy(struct im_sandboxes *sandboxes, struct im_sandbox *box,
                             struct im_error *err)
{
    const struct im_proxy_opener *proxies = &sandboxes->settings.proxies;
    struct im_str url;

    pthread_mutex_lock(&sandboxes->lock);
    bool there = box->proxy != NULL;
    pthread_mutex_unlock(&sandboxes->lock);
    if (there)
        return true;
    if (!proxies->open)
        return im_error_set(err, "opening a proxy for the sandbox: it needs certificates "
                                 "that are made here; start the mock with --proxy or "
                                 "HTTPS, and without --cert");
    /* without the lock: opening a port takes time, and the listener's lock */
    struct im_proxy_port *proxy = proxies->open(proxies->context, box->name, &url, err);
    if (!proxy) /* a port or memory is missing, unless a bound is reached: no input is wrong */
        return err->kind != IM_ERROR_PLAIN ? false : im_error_of(err, IM_ERROR_INTERNAL);
    pthread_mutex_lock(&sandboxes->lock);
    bool late = box->proxy || box->gone; /* somebody was faster */
    if (!late) {
        box->proxy = proxy;
        box->proxy_url = url;
    }
    pthread_mutex_unlock(&sandboxes->lock);
    if (late)
        proxies->close(proxies->context, proxy);
    return true;
}

struct im_str im_sandboxes_proxy_url(struct im_sandboxes *sandboxes,
                                     const struct im_sandbox *box, struct im_arena *arena)
{
    struct im_str url = {NULL, 0};

    pthread_mutex_lock(&sandboxes->lock);
    if (box->proxy)
        url = im_arena_copy(arena, box->proxy_url);
    pthread_mutex_unlock(&sandboxes->lock);
    return url;
}

uint64_t im_sandboxes_dropped(struct im_sandboxes *sandboxes)
{
    pthread_mutex_lock(&sandboxes->lock);
    uint64_t dropped = sandboxes->dropped;
    pthread_mutex_unlock(&sandboxes->lock);
    return dropped;
}

bool im_sandboxes_reset(struct im_sandboxes *sandboxes, struct im_sandbox *box,
                        struct im_error *err)
{
    /* a scenario of a folder may have changed since; one that was sent as JSON stays as it was */
    struct im_scenario *before = im_sandbox_scenario(box);
    struct im_scenario *now = im_catalogue_renew(sandboxes->catalogue, before);
    bool done = im_sandbox_reset(box, now, err);

    im_scenario_unref(now);
    im_scenario_unref(before);
    return done;
}

static void reload_log(struct im_sandboxes *sandboxes, struct im_str name,
                       const struct im_error *failure)
{
    const struct im_log *log = &sandboxes->settings.log;
    enum im_log_level level = failure ? IM_LOG_ERROR : IM_LOG_INFO;
    const struct im_log_field fields[] = {
        {"sandbox", sandboxes->standard->name},
        {"scenario", name},
        {failure ? "why" : NULL, im_str(failure ? failure->text : NULL)},
        {NULL, {NULL, 0}}};

    if (im_log_wants(log, level))
        im_log_line(log, level, im_clock_real_ms(),
                    failure ? "scenario not read again, it stays as it was"
                            : "scenario read again",
                    fields);
}

/* Followed, not reset: a hang-up reads a file again, and clients keep their tokens. */
bool im_sandboxes_reload(struct im_sandboxes *sandboxes, struct im_error *err)
{
    struct im_sandbox *box = sandboxes->standard;
    struct im_scenario *before = im_sandbox_scenario(box);
    struct im_scenario *now = im_catalogue_reread(sandboxes->catalogue, before, err);
    bool done = now && im_sandbox_follow(box, now, err);

    reload_log(sandboxes, before->name, done ? NULL : err);
    if (now)
        im_scenario_unref(now);
    im_scenario_unref(before);
    return done;
}

void im_sandboxes_interrupt(struct im_sandboxes *sandboxes)
{
    im_sandbox_interrupt(sandboxes->standard);
    pthread_mutex_lock(&sandboxes->lock);
    sandboxes->stopping = true;
    for (struct im_sandbox *box = sandboxes->newest; box; box = box->older)
        im_sandbox_interrupt(box);
    pthread_mutex_unlock(&sandboxes->lock);
}
