#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/base/base_test.h"

#include "base/file.h"

static void refuses(const char *path, const char *why)
{
    struct im_error err = {.text = ""};
    assert_null(im_file_open(path, &err));
    assert_string_equal(err.text, why);
}

static void a_regular_file_is_read(void **state)
{
    (void)state;
    char path[] = "/tmp/im-file-XXXXXX", text[8] = "";
    struct im_error err = {.text = ""};
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
    FILE *file = im_file_open(path, &err);
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof(text), file), 4);
    assert_string_equal(text, "text");
    fclose(file);
    unlink(path);
}

static void what_may_wait_for_ever_is_refused_at_once(void **state)
{
    (void)state;
    char folder[] = "/tmp/im-file-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    refuses(path, "it is a pipe, and only regular files are read");
    refuses(folder, "Is a directory");
    refuses("/dev/null", "it is a device, and only regular files are read");
    unlink(path);
    refuses(path, "No such file or directory");
    assert_int_equal(errno, ENOENT);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_regular_file_is_read),
        cmocka_unit_test(what_may_wait_for_ever_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
