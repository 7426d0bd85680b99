#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *kind_of(mode_t mode)
{
    return S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

/* Without O_NONBLOCK the opening of a pipe would already wait. */
FILE *im_file_open(const char *path, struct im_error *err)
{
    struct stat is;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool there = fd >= 0 && fstat(fd, &is) == 0;
    FILE *file = there && S_ISREG(is.st_mode) ? fdopen(fd, "rb") : NULL;

    if (file)
        return file;
    int why = there ? EISDIR : errno;
    if (there && !S_ISDIR(is.st_mode)) {
        why = EINVAL;
        im_error_set(err, "it is %s, and only regular files are read",
                     kind_of(is.st_mode));
    } else {
        im_error_set(err, "%s", strerror(why));
    }
    if (fd >= 0)
        close(fd);
    errno = why;
    return NULL;
}
