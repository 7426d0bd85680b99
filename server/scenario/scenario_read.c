/* A scenario's file on the disk: its bytes, the scenario that they describe, and all errors and
 * warnings about them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "scenario/scenario_file.h"

bool im_scenario_read_text(FILE *stream, const char *path, struct im_arena *arena,
                           struct im_str *text, struct im_error *err)
{
    char piece[8192];
    struct im_buf buf;
    size_t n;

    im_buf_init(&buf, arena, 0);
    /* to the end of the stream, not by its size: the file may grow while it is read */
    while (buf.len <= IM_SCENARIO_MAX && (n = fread(piece, 1, sizeof(piece), stream)) > 0)
        im_buf_add(&buf, (struct im_str){piece, n});
    *text = im_buf_str(&buf);
    if (ferror(stream))
        return im_error_set(err, "reading scenario %s: %s", path, strerror(errno));
    if (buf.failed)
        return im_error_no_memory(err, "reading %s", path);
    return buf.len <= IM_SCENARIO_MAX ||
           im_error_set(err, "reading %s: over %d bytes are too many for a scenario",
                        path, IM_SCENARIO_MAX);
}

/* The text of the file at that path; false with err. */
static bool read_path(const char *path, struct im_arena *arena, struct im_str *text,
                      struct im_error *err)
{
    struct im_error why;
    FILE *stream = im_file_open(path, &why);

    if (!stream)
        return im_error_set(err, "reading scenario %s: %s", path, why.text);
    bool fine = im_scenario_read_text(stream, path, arena, text, err);
    fclose(stream);
    return fine;
}

bool im_scenario_is_schema(const char *path)
{
    const char *folder = strrchr(path, '/');

    return strcmp(folder ? folder + 1 : path, "schema.json") == 0;
}

struct im_scenario *im_scenario_of_file(const char *path, struct im_str text,
                                        struct im_error *err)
{
    struct im_scenario_error error;
    struct im_scenario *scenario = im_scenario_parse(text, (struct im_str){0}, &error);

    if (!scenario)
        im_scenario_error_as(err, &error, "%s:%u:%u", path, error.line, error.column);
    return scenario;
}

struct im_scenario *im_scenario_read_file(const char *path, struct im_error *err)
{
    struct im_scenario *scenario = NULL;
    struct im_arena arena;
    struct im_str text = {NULL, 0};

    im_arena_init(&arena, 0);
    if (read_path(path, &arena, &text, err))
        scenario = im_scenario_of_file(path, text, err);
    if (scenario)
        /* reset reads the file again: it is what its author edits between two runs */
        scenario->path = im_arena_copy(&scenario->arena, im_str(path));
    im_arena_release(&arena);
    return scenario;
}

bool im_scenario_check_file(const char *path, struct im_scenario_report *report,
                            struct im_error *err)
{
    struct im_arena arena;
    struct im_str text = {NULL, 0};

    im_arena_init(&arena, 0);
    report->count = 0;
    report->scenario = NULL;
    bool read = read_path(path, &arena, &text, err);
    if (read)
        report->scenario = im_scenario_parse_all(text, (struct im_str){0}, report->items,
                                                 IM_SCENARIO_REMARKS_MAX, &report->count);
    if (report->scenario)
        report->count =
            im_scenario_warn(report->scenario, report->items, IM_SCENARIO_REMARKS_MAX);
    im_arena_release(&arena);
    return read;
}
