#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/base/base_test.h"

#include "base/json.h"
#include "base/log.h"

#define MIDNIGHT INT64_C(1795478400000) /* 2026-11-24T00:00:00Z */

/* What one call writes: read from the other end of a pipe (which holds more than a
 * line). */
static struct im_str logged(struct im_arena *arena, bool json, enum im_log_level level,
                            const struct im_log_field *fields)
{
    int ends[2];
    char line[20000];
    assert_int_equal(pipe(ends), 0);
    struct im_log_sink sink;
    struct im_log log = {
        .enabled = true, .json = json, .level = IM_LOG_INFO, .sink = &sink};
    im_log_open(&sink, ends[1]);
    close(ends[1]);
    im_log_line(&log, level, MIDNIGHT, "token-issued", fields);
    im_log_close(&sink);
    ssize_t len = read(ends[0], line, sizeof(line));
    close(ends[0]);
    assert_true(len >= 0);
    return im_arena_copy(arena, (struct im_str){line, (size_t)len});
}

static const struct im_log_field two_fields[] = {{"sandbox", IM_STR_INIT("default")},
                                                 {"name", IM_STR_INIT("with space")},
                                                 {NULL, {NULL, 0}}};

static void text_is_for_people(void **state)
{
    assert_says(
        logged(*state, false, IM_LOG_INFO, two_fields),
        "2026-11-24T00:00:00Z info  token-issued sandbox=default name=\"with space\"\n");
    assert_says(logged(*state, false, IM_LOG_ERROR, NULL),
                "2026-11-24T00:00:00Z error token-issued\n");
}

static void json_is_for_machines(void **state)
{
    assert_says(logged(*state, true, IM_LOG_WARN, two_fields),
                "{\"time\":\"2026-11-24T00:00:00Z\",\"level\":\"warn\",\"event\":\"token-"
                "issued\","
                "\"sandbox\":\"default\",\"name\":\"with space\"}\n");
}

static void levels_above_the_chosen_one_are_silent(void **state)
{
    assert_int_equal(logged(*state, false, IM_LOG_DEBUG, NULL).len, 0);
    struct im_log_sink sink;
    struct im_log log = {.enabled = true, .level = IM_LOG_WARN, .sink = &sink};
    assert_true(im_log_wants(&log, IM_LOG_ERROR));
    assert_false(im_log_wants(&log, IM_LOG_INFO));
}

static void a_zeroed_log_is_silent(void **state)
{
    struct im_log log = {0};
    assert_false(im_log_wants(&log, IM_LOG_ERROR));
    assert_false(im_log_wants(NULL, IM_LOG_ERROR));
    im_log_line(&log, IM_LOG_ERROR, 0, "unheard", NULL);
}

static void values_cannot_forge_lines_or_fields(void **state)
{
    const struct im_log_field fields[] = {{"a", IM_STR("x\ny")},  {"b", IM_STR("c=d")},
                                          {"e", IM_STR("\"\\")},  {"f", IM_STR("")},
                                          {"g", IM_STR("\x1b[")}, {"h", IM_STR("\xFFz")},
                                          {NULL, {NULL, 0}}};
    assert_says(
        logged(*state, false, IM_LOG_INFO, fields),
        "2026-11-24T00:00:00Z info  token-issued a=\"x\\ny\" b=\"c=d\" e=\"\\\"\\\\\""
        " f=\"\" g=\"\\u001b[\" h=\"\xEF\xBF\xBDz\"\n");
}

static void a_line_is_cut_at_8_kb_and_says_so(void **state)
{
    char big[5000];
    memset(big, 'x', sizeof(big));
    struct im_str value = {big, sizeof(big)};
    const struct im_log_field fields[] = {{"a", value}, {"b", value}, {"c", value},
                                          {"d", value}, {"e", value}, {NULL, {NULL, 0}}};
    struct im_str text = logged(*state, false, IM_LOG_INFO, fields);
    assert_true(text.len <= 4096 && im_str_ends(text, " cut=true\n"));
    assert_int_equal(im_str_find(text, '\n'), text.len - 1);

    struct im_json_error error;
    struct im_str json = logged(*state, true, IM_LOG_INFO, fields);
    const struct im_json *object = im_json_parse(*state, json, &error);
    assert_true(json.len <= 4096);
    assert_non_null(object);
    assert_says(im_json_get_str(object, "cut"), "true");
    assert_int_equal(im_json_get_str(object, "a").len, 2048);
}

static void json_stays_json_wherever_it_is_cut(void **state)
{
    for (size_t n = 1; n < 1500; n += 13) {
        char text[3000];
        for (size_t i = 0; i < n; i++)
            memcpy(text + 2 * i, i % 3 ? "\xC3\xA9" : "\x01\xFF", 2);
        struct im_str value = {text, 2 * n};
        const struct im_log_field fields[] = {
            {"a", value}, {"b", value}, {"c", value}, {"d", value}, {NULL, {NULL, 0}}};
        struct im_str line = logged(*state, true, IM_LOG_INFO, fields);
        struct im_json_error error;
        assert_true(line.len <= 4096);
        assert_non_null(im_json_parse(*state, line, &error));
    }
}

static void a_closed_descriptor_is_survived(void **state)
{
    struct im_log_sink sink;
    struct im_log log = {.enabled = true, .level = IM_LOG_INFO, .sink = &sink};
    im_log_open(&sink, -1);
    im_log_line(&log, IM_LOG_INFO, 0, "lost", NULL);
    assert_int_equal(sink.dropped, 1);
    im_log_close(&sink);
}

/* Writes until the reader's buffer is full, and far beyond. */
static void fill_log(const struct im_log *log)
{
    char big[1500];
    memset(big, 'x', sizeof(big));
    const struct im_log_field fields[] = {{"a", {big, sizeof(big)}}, {NULL, {NULL, 0}}};
    for (int i = 0; i < 2000; i++)
        im_log_line(log, IM_LOG_INFO, MIDNIGHT, "unread", fields);
}

/* All that the other end holds. */
static size_t drain(int fd, char *text, size_t room)
{
    size_t len = 0;
    ssize_t n;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while ((n = read(fd, text + len, room - len - 1)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    return len;
}

static void is_never_waited_for(const int ends[2])
{
    static char text[4 * 1024 * 1024];
    struct im_log_sink sink;
    struct im_log log = {.enabled = true, .level = IM_LOG_INFO, .sink = &sink};
    im_log_open(&sink, ends[1]);
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0); /* others use it too */
    fill_log(&log);
    assert_true(sink.dropped > 0 && sink.dropped < 2000);
    assert_true(drain(ends[0], text, sizeof(text)) > 0);
    uint64_t dropped = sink.dropped;
    im_log_line(&log, IM_LOG_INFO, MIDNIGHT, "again", NULL);
    drain(ends[0], text, sizeof(text));
    const char *line = strstr(text, "2026-11-24T00:00:00Z info  again\n");
    assert_non_null(line); /* on a line of its own, even behind one that was torn */
    assert_true(line == text || line[-1] == '\n');
    assert_int_equal(sink.dropped, dropped);
    im_log_close(&sink);
    close(ends[0]);
    close(ends[1]);
}

static void a_pipe_that_nobody_reads_is_not_waited_for(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    is_never_waited_for(ends);
}

static void a_socket_that_nobody_reads_is_not_waited_for(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    is_never_waited_for(ends);
}

/* As where there is no /dev/fd. */
static void what_cannot_be_opened_anew_is_asked_first(void **state)
{
    (void)state;
    int ends[2];
    struct im_log_sink sink;
    struct im_log log = {.enabled = true, .level = IM_LOG_INFO, .sink = &sink};
    assert_int_equal(pipe(ends), 0);
    im_log_open(&sink, ends[1]);
    im_log_close(&sink);
    sink.fd = dup(ends[1]);
    sink.may_block = true;
    fill_log(&log);
    assert_true(sink.dropped > 0 && sink.dropped < 2000);
    im_log_close(&sink);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(text_is_for_people),
        TEST_IN_ARENA(json_is_for_machines),
        TEST_IN_ARENA(levels_above_the_chosen_one_are_silent),
        cmocka_unit_test(a_zeroed_log_is_silent),
        TEST_IN_ARENA(values_cannot_forge_lines_or_fields),
        TEST_IN_ARENA(a_line_is_cut_at_8_kb_and_says_so),
        TEST_IN_ARENA(json_stays_json_wherever_it_is_cut),
        cmocka_unit_test(a_closed_descriptor_is_survived),
        cmocka_unit_test(a_pipe_that_nobody_reads_is_not_waited_for),
        cmocka_unit_test(a_socket_that_nobody_reads_is_not_waited_for),
        cmocka_unit_test(what_cannot_be_opened_anew_is_asked_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
