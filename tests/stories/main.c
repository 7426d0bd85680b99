/* Tells the stories over one transport and prints TAP: `stories --over http [--only WORD]`.
 * Last comes the story about the stories: every natural cause has been provoked. */
#include <stdio.h>
#include <string.h>

#include "stories/files.h"

/* Causes that only broken bytes, a lack of memory, a bound of ours or our own proxy can provoke: tests/wire/
 * and tests/unit/test_router*.c provoke these. */
static bool told_elsewhere(enum im_cause cause)
{
    return cause == CAUSE_REQUEST_MALFORMED || cause == CAUSE_REQUEST_INCOMPLETE ||
           cause == CAUSE_HEADERS_TOO_LARGE || cause == CAUSE_METHOD_UNKNOWN ||
           cause == CAUSE_HTTP2_SPOKEN || cause == CAUSE_INTERNAL ||
           cause == CAUSE_MOCK_CAPACITY || cause == CAUSE_PROXY_HOST_REFUSED ||
           cause == CAUSE_PROXY_USER_INVALID || cause == CAUSE_PROXY_UNREACHABLE ||
           cause == CAUSE_TLS_HANDSHAKE_FAILED;
}

static int tell_causes(const struct story *s, int number)
{
    int missing = 0;

    for (int i = 1; i < CAUSE_COUNT; i++)
        if (im_cause_row((enum im_cause)i)->natural && !s->told[i] &&
            !told_elsewhere((enum im_cause)i)) {
            printf("# no story provokes %s\n", im_cause_row((enum im_cause)i)->id);
            missing++;
        }
    printf("%s %d - every natural cause is provoked by a story\n",
           missing ? "not ok" : "ok", number);
    return missing;
}

int main(int argc, char **argv)
{
    static struct story s;
    const char *over = "process";
    const char *only = "";
    int count = 0;
    int failed = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--over") == 0)
            over = argv[i + 1];
        if (strcmp(argv[i], "--only") == 0)
            only = argv[i + 1];
    }
    s.transport = transport_new(over);
    if (!s.transport)
        return 1;
    for (size_t f = 0; stories_files[f]; f++)
        for (size_t i = 0; stories_files[f][i]; i++) {
            if (!strstr(stories_files[f][i]->name, only))
                continue;
            bool well = story_tell(&s, stories_files[f][i]);
            printf("%s %d - %s\n", well ? "ok" : "not ok", ++count,
                   stories_files[f][i]->title);
            failed += !well;
        }
    if (!*only && tell_causes(&s, ++count))
        failed++;
    printf("1..%d\n", count);
    im_arena_release(&s.arena);
    transport_free(s.transport);
    return failed ? 1 : 0;
}
