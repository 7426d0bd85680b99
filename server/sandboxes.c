#include "sandboxes.h"

bool im_sandboxes_init(struct im_sandboxes *sandboxes, const struct im_settings *settings,
                       struct im_error *err)
{
    struct im_sandbox_options options = {.name = IM_STR("default"),
                                         .seed = settings->seed,
                                         .start_ms = settings->start_ms,
                                         .journal_keep = settings->journal_keep};

    sandboxes->settings = *settings;
    sandboxes->started_ms = im_clock_real_ms();
    sandboxes->standard = im_sandbox_new(&options, err);
    return sandboxes->standard != NULL;
}

void im_sandboxes_release(struct im_sandboxes *sandboxes)
{
    im_sandbox_free(sandboxes->standard);
    sandboxes->standard = NULL;
}

struct im_sandbox *im_sandboxes_find(struct im_sandboxes *sandboxes, struct im_str name)
{
    return im_str_eq(name, sandboxes->standard->name) ? sandboxes->standard : NULL;
}

void im_sandboxes_interrupt(struct im_sandboxes *sandboxes)
{
    im_journal_interrupt(sandboxes->standard->journal);
}
