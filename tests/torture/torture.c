/* Tells the stories in process while one allocation of the product fails: the first, the second, and so on; start and stop
 * of the server count too. Prints TAP, one line for each story:
 *
 *     torture [--only WORD] [--sample N]
 *
 * N allocations of each story fail, spread evenly over all that it makes; 0 (the default) means every one. Each runs in a
 * process of its own, so that a crash or a leak (the program is built with ASan and LSan) is the fault of one allocation,
 * which is named. Without memory the product may answer 500 or 503, refuse to start, or do without what is optional; what
 * it must not do is crash, leak, hang, or name another reason: a story that fails with another status is reported.
 *
 * The linker hands us malloc, calloc, realloc and strdup of the product (--wrap), cJSON has hooks. Only what the calling
 * thread allocates inside of the library's functions counts, so the number of an allocation is the same in every run.
 * OpenSSL's own allocations do not fail. */
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stories/files.h"
#include "stories/teller.h"

enum { ASAN_EXIT = 99, DISHONEST_EXIT = 98, TOO_LONG_S = 60, REPORTED_MAX = 5 };

/* ---- the allocation that fails ---- */

static _Thread_local int inside; /* the library's functions: how deep */
static _Thread_local long made,
    doomed;                         /* allocations so far; the one that fails, 0 = none */
static _Thread_local bool admitted; /* an answer said that the product could not do it */

static int fails(void)
{
    return inside && ++made == doomed;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *at, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *at, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    return fails() ? NULL : __real_realloc(at, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

/* ---- where the product begins and ends ---- */

struct im_server *__real_im_start(const struct im_options *options, char *error,
                                  size_t size);
struct im_server *__wrap_im_start(const struct im_options *options, char *error,
                                  size_t size);
int __real_im_handle(struct im_server *server, const struct im_message *message,
                     struct im_reply *reply);
int __wrap_im_handle(struct im_server *server, const struct im_message *message,
                     struct im_reply *reply);
void __real_im_stop(struct im_server *server);
void __wrap_im_stop(struct im_server *server);

struct im_server *__wrap_im_start(const struct im_options *options, char *error,
                                  size_t size)
{
    inside++;
    struct im_server *server = __real_im_start(options, error, size);
    inside--;
    return server;
}

int __wrap_im_handle(struct im_server *server, const struct im_message *message,
                     struct im_reply *reply)
{
    inside++;
    int outcome = __real_im_handle(server, message, reply);
    inside--;
    admitted |= outcome != 0 || reply->status == 500 || reply->status == 503 ||
                reply->status == 0 || strstr(reply->headers, "error=server_error") ||
                (reply->body && strstr(reply->body, "server_error"));
    return outcome;
}

void __wrap_im_stop(struct im_server *server)
{
    inside++;
    __real_im_stop(server);
    inside--;
}

/* ---- one story, one allocation ---- */

struct counts {
    long starting, all; /* allocations of the start; of the whole run */
};

/* An exchange that the journal had no memory for is missing where the story looks for it; the journal counts it. */
static bool journal_admits(struct story *s)
{
    struct im_str path =
        im_arena_format(&s->arena, "/__mock/sandboxes/%s/requests?since=999999", s->box);
    struct im_message message = {.method = "GET", .target = path.at};
    struct answer answer;
    const char *why;

    return transport_send(s->transport, &s->arena, &message, &answer, &why) &&
           !im_str_has(answer.body, '\0') && !strstr(answer.body.at, "\"dropped\":0");
}

/* In a process of its own. */
static int run_story(const struct story_entry *entry, long which, struct counts *counts)
{
    static struct story s;

    doomed = which;
    s.transport = transport_new("process");
    if (!s.transport)
        return 0; /* it said that it could not start */
    counts->starting = made;
    bool well = story_tell(&s, entry);
    int status = s.last.status;
    bool fair = well || admitted || journal_admits(&s);
    char body[300] = "";
    if (!fair)
        snprintf(body, sizeof(body), "%s %s: %.*s", s.method, s.target, 200,
                 s.last.body.at);
    im_arena_release(&s.arena);
    transport_free(s.transport);
    counts->all = made;
    if (!fair)
        fprintf(stderr, "# %s: allocation %ld: the last answer was %d\n%s\n", entry->name,
                which, status, body);
    return fair ? 0 : DISHONEST_EXIT;
}

/* What came of it when this allocation failed (0: none), and how many there were. */
static int run_apart(const struct story_entry *entry, long which, struct counts *counts)
{
    int ends[2], status = 0;
    struct counts told = {0};

    fflush(stdout);
    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        alarm(TOO_LONG_S);
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDOUT_FILENO);
        int outcome = run_story(entry, which, &told);
        if (write(ends[1], &told, sizeof(told)) < 0)
            outcome = -1;
        exit(outcome);
    }
    close(ends[1]);
    if (read(ends[0], &told, sizeof(told)) != (ssize_t)sizeof(told))
        told = (struct counts){0};
    close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    *counts = told;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct torture {
    long sample;
    int count, failed; /* of the TAP lines */
};

static const char *words_of(int outcome)
{
    return outcome == DISHONEST_EXIT  ? "gives another reason than the lack of memory"
           : outcome == ASAN_EXIT     ? "is an error or a leak of memory"
           : outcome == 128 + SIGALRM ? "hangs"
                                      : "ends the program";
}

/* How many of the allocations from `first` to `last` must not fail. */
static int torture_range(const struct torture *torture, const struct story_entry *entry,
                         long first, long last)
{
    long step = torture->sample && last - first >= torture->sample
                    ? (last - first + 1) / torture->sample
                    : 1;
    struct counts unused;
    int wrong = 0;

    /* the same ones every time, but not the same ones for every story */
    for (long which = first + (long)strlen(entry->title) % step; which <= last;
         which += step) {
        int outcome = run_apart(entry, which, &unused);
        if (outcome && ++wrong <= REPORTED_MAX)
            printf("# %s: when allocation %ld fails, that %s (%d)\n", entry->name, which,
                   words_of(outcome), outcome);
    }
    return wrong;
}

static bool report(struct torture *torture, int wrong, const char *title)
{
    torture->failed += wrong > 0;
    printf("%s %d - without memory: %s\n", wrong ? "not ok" : "ok", ++torture->count,
           title);
    return !wrong;
}

static void torture_story(struct torture *torture, const struct story_entry *entry)
{
    struct counts counts = {0};

    if (run_apart(entry, 0, &counts) != 0 || !counts.all) {
        report(torture, 1, "the story is not true even with memory");
        return;
    }
    if (!torture->count) /* all stories start alike */
        report(torture, torture_range(torture, entry, 1, counts.starting), "starting");
    report(torture, torture_range(torture, entry, counts.starting + 1, counts.all),
           entry->title);
}

int main(int argc, char **argv)
{
    cJSON_Hooks hooks = {__wrap_malloc, free};
    struct torture torture = {0};
    const char *only = "";

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--only") == 0)
            only = argv[i + 1];
        if (strcmp(argv[i], "--sample") == 0)
            torture.sample = strtol(argv[i + 1], NULL, 10);
    }
    cJSON_InitHooks(&hooks);
    for (size_t f = 0; stories_files[f]; f++)
        for (size_t i = 0; stories_files[f][i]; i++)
            if (strstr(stories_files[f][i]->name, only))
                torture_story(&torture, stories_files[f][i]);
    printf("1..%d\n", torture.count);
    return torture.failed ? 1 : 0;
}
