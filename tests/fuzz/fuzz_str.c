/* Any bytes given to the small readers of base/: numbers, durations, times, base64,
 * globs. What one of them takes, its writer must give back. The first byte chooses the
 * reader. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
    if (!fact)
        abort();
}

static void read_int(struct im_arena *arena, struct im_str text)
{
    int64_t value, again;

    if (!im_str_int(text, &value))
        return;
    struct im_str spelled = im_arena_format(arena, "%lld", (long long)value);
    require(im_str_int(spelled, &again) && again == value);
}

static void read_duration(struct im_arena *arena, struct im_str text)
{
    int64_t ms, again;

    if (!im_duration_parse(text, &ms))
        return;
    require(im_duration_parse(im_duration_text(arena, ms), &again) && again == ms);
}

static void read_time(struct im_arena *arena, struct im_str text)
{
    int64_t ms, again;

    if (!im_time_parse(text, &ms))
        return;
    require(ms >= IM_TIME_MIN && ms <= IM_TIME_MAX);
    require(im_time_parse(im_time_rfc3339(arena, ms), &again) && again == ms);
    require(im_time_http(arena, ms).len == 29);
}

static void read_base64url(struct im_arena *arena, struct im_str text)
{
    struct im_str bytes;

    if (im_base64url_decode(arena, text, &bytes))
        require(im_str_eq(im_base64url(arena, bytes.at, bytes.len), text));
}

static void read_base64(struct im_arena *arena, struct im_str text)
{
    struct im_str bytes;

    if (im_base64_decode(arena, text, &bytes))
        require(im_str_eq(im_base64(arena, bytes.at, bytes.len), text));
}

static void read_glob(struct im_arena *arena, struct im_str text)
{
    struct im_str rest = text, pattern = im_str_cut(&rest, '\n');

    (void)arena;
    bool matches = im_str_glob(pattern, rest);
    if (!im_str_has(pattern, '*') && !im_str_has(pattern, '?'))
        require(matches == im_str_eq(pattern, rest));
    require(im_str_glob(IM_STR("*"), rest));
    im_str_nearest(pattern, &rest, 1);
}

static void read_views(struct im_arena *arena, struct im_str text)
{
    struct im_str rest = text, trimmed = im_str_trim(text);
    size_t total = 0;

    require(trimmed.len <= text.len && im_str_eq(im_str_trim(trimmed), trimmed));
    while (rest.len)
        total += im_str_cut(&rest, ' ').len + 1;
    require(total <= text.len + 1);
    if (im_str_utf8(text))
        for (size_t max = 0; max <= text.len; max++)
            require(im_str_utf8(im_str_front(text, max)));
    require(im_secret_eq(im_arena_copy(arena, text), text));
}

static void (*const readers[])(struct im_arena *, struct im_str) = {
    read_int,    read_duration, read_time,  read_base64url,
    read_base64, read_glob,     read_views,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct im_arena arena;

    if (size == 0)
        return 0;
    size_t reader = (size_t)(data[0] - '0') % (sizeof(readers) / sizeof(readers[0]));
    im_arena_init(&arena, 0);
    readers[reader](&arena, (struct im_str){(const char *)data + 1, size - 1});
    im_arena_release(&arena);
    return 0;
}
