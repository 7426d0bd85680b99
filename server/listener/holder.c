/* Linux writes its listening sockets to /proc/net/tcp, each with the inode that is the target of a
 * link in the /proc/PID/fd of whoever has it open. Those of other users' programs are not ours to
 * read; other systems have neither. */
#include "listener/holder.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

enum {
    LINKS_MAX = 8, /* one port may be bound on several addresses */
    LINK = 40,
    PATH = 64
};

/* "socket:[4711]", as the links of descriptors read. */
struct links {
    char items[LINKS_MAX][LINK];
    size_t count;
};

static struct im_str next_word(struct im_str *line)
{
    *line = im_str_trim(*line);
    return im_str_cut(line, ' ');
}

/* "0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 …": number,
 * here, there, state (0A = it listens), queues, timer, retransmits, user, time-out, inode */
static void read_socket(struct im_str line, const char *port, struct links *links)
{
    enum { HERE = 1, STATE = 3, INODE = 9, WORDS };
    struct im_str words[WORDS];

    for (size_t i = 0; i < WORDS; i++)
        words[i] = next_word(&line);
    if (im_str_ends(words[HERE], port) && im_str_is(words[STATE], "0A") &&
        links->count < LINKS_MAX)
        snprintf(links->items[links->count++], LINK, "socket:[%.*s]",
                 IM_ARG(im_str_front(words[INODE], 20)));
}

static void find_sockets(const char *table, int port, struct links *links)
{
    FILE *file = fopen(table, "r");
    char line[512], hex[16];

    snprintf(hex, sizeof(hex), ":%04X", (unsigned)port);
    while (file && fgets(line, sizeof(line), file))
        read_socket(im_str(line), hex, links);
    if (file)
        fclose(file);
}

static bool is_one_of(const char *link, const struct links *links)
{
    for (size_t i = 0; i < links->count; i++)
        if (strcmp(links->items[i], link) == 0)
            return true;
    return false;
}

static bool has_open(const char *pid, const struct links *links)
{
    char path[PATH], link[LINK];
    const struct dirent *item;
    bool found = false;

    snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
    DIR *folder = opendir(path);
    while (folder && !found && (item = readdir(folder)) != NULL) {
        snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, item->d_name);
        ssize_t len = readlink(path, link, sizeof(link) - 1);
        if (len > 0) {
            link[len] = '\0';
            found = is_one_of(link, links);
        }
    }
    if (folder)
        closedir(folder);
    return found;
}

/* The process id as text; false when none is found. */
static bool find_process(const struct links *links, char pid[24])
{
    const struct dirent *item;
    bool found = false;
    DIR *folder = links->count ? opendir("/proc") : NULL;

    while (folder && !found && (item = readdir(folder)) != NULL) {
        if (item->d_name[0] < '1' || item->d_name[0] > '9')
            continue;
        snprintf(pid, 24, "%.20s", item->d_name);
        found = has_open(pid, links);
    }
    if (folder)
        closedir(folder);
    return found;
}

/* What the program calls itself, which it may have chosen freely: one line of printable text. */
static void read_name(const char *pid, char name[32])
{
    char path[PATH];

    snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(name, 32, file))
        snprintf(name, 32, "a program");
    if (file)
        fclose(file);
    name[strcspn(name, "\n")] = '\0';
    for (char *c = name; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

void im_port_holder(int port, char text[IM_HOLDER_TEXT])
{
    struct links links = {.count = 0};
    char pid[24], name[32];

    find_sockets("/proc/net/tcp", port, &links);
    find_sockets("/proc/net/tcp6", port, &links);
    if (find_process(&links, pid)) {
        read_name(pid, name);
        snprintf(text, IM_HOLDER_TEXT, "held by %s, process %s", name, pid);
    } else if (access("/proc/net/tcp", R_OK) == 0) {
        snprintf(text, IM_HOLDER_TEXT, "`ss -ltnp 'sport = :%d'` as root shows by whom",
                 port);
    } else {
        snprintf(text, IM_HOLDER_TEXT, "`lsof -nP -iTCP:%d` shows by whom", port);
    }
}
