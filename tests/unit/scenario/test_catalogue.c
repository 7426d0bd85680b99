#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "base/file.h"
#include "scenario/catalogue.h"
#include "scenario/scenario_file.h"

/* ---- a folder of scenarios ---- */

static const char *const files[] = {"a.json", "b.json", ".c.json", "schema.json",
                                    "d.txt"};
enum { FILES = sizeof(files) / sizeof(files[0]) };

struct collection {
    char folder[64];
    struct im_catalogue *catalogue;
    struct im_arena arena;
    struct im_error err;
};

static int begin(void **state)
{
    struct collection *s = calloc(1, sizeof(*s));

    strcpy(s->folder, "/tmp/im-catalogue-XXXXXX");
    *state = s;
    return mkdtemp(s->folder) ? 0 : -1;
}

static const char *path_of(struct collection *s, const char *file)
{
    return im_arena_format(&s->arena, "%s/%s", s->folder, file).at;
}

static int end(void **state)
{
    struct collection *s = *state;

    im_catalogue_free(s->catalogue);
    for (size_t i = 0; i < FILES; i++)
        unlink(path_of(s, files[i]));
    rmdir(s->folder);
    im_arena_release(&s->arena);
    free(s);
    return 0;
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

static void put(struct collection *s, const char *file, const char *text)
{
    FILE *stream = fopen(path_of(s, file), "wb");

    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static void put_scenario(struct collection *s, const char *file, const char *name,
                         const char *about)
{
    put(s, file,
        im_arena_format(&s->arena, "{\"name\":\"%s\",\"about\":\"%s\"}", name, about).at);
}

static void open_it(struct collection *s)
{
    s->catalogue = im_catalogue_new(s->folder, NULL, &s->err);
    if (!s->catalogue)
        fail_msg("%s", s->err.text);
}

/* What the scenario of that name is about now; NULL when there is none. */
static const char *about(struct collection *s, const char *name)
{
    struct im_scenario *scenario = im_catalogue_get(s->catalogue, im_str(name), &s->err);
    const char *text = scenario ? im_arena_copy(&s->arena, scenario->about).at : NULL;

    im_scenario_unref(scenario);
    return text;
}

static bool is_listed(struct collection *s, const char *name, bool *built_in,
                      struct im_str *trouble)
{
    size_t count;
    struct im_listed *listed = im_catalogue_list(s->catalogue, &s->arena, &count);
    bool found = false;

    for (size_t i = 0; i < count; i++)
        if (im_str_is(listed[i].scenario->name, name)) {
            found = true;
            *built_in = listed[i].built_in;
            *trouble = listed[i].trouble;
        }
    im_catalogue_unlist(listed, count);
    return found;
}

static void lists(struct collection *s, const char *name, bool built_in,
                  const char *trouble)
{
    struct im_str told = {0};
    bool is_built_in = false;

    assert_true(is_listed(s, name, &is_built_in, &told));
    assert_int_equal(is_built_in, built_in);
    if (!im_str_is(told, trouble))
        fail_msg("%s: trouble is \"%.*s\"", name, IM_ARG(told));
}

static void lists_not(struct collection *s, const char *name)
{
    struct im_str trouble;
    bool built_in;

    assert_false(is_listed(s, name, &built_in, &trouble));
}

/* ---- built in ---- */

static void every_built_in_one_is_sound_and_says_what_it_is_about(void **state)
{
    struct collection *s = *state;
    size_t count;
    s->catalogue = im_catalogue_new(NULL, NULL, &s->err);
    struct im_listed *listed = im_catalogue_list(s->catalogue, &s->arena, &count);
    assert_true(count > 50);
    for (size_t i = 0; i < count; i++) {
        assert_true(listed[i].built_in && listed[i].scenario->about.len > 0);
        assert_true(listed[i].scenario->listed);
        assert_int_equal(listed[i].trouble.len, 0);
        if (i)
            assert_true(im_str_compare(listed[i - 1].scenario->name,
                                       listed[i].scenario->name) < 0);
    }
    im_catalogue_unlist(listed, count);
    assert_non_null(about(s, "happy-path"));
}

static void asked_twice_it_is_the_same(void **state)
{
    struct collection *s = *state;
    open_it(s);
    struct im_scenario *one =
        im_catalogue_get(s->catalogue, IM_STR("happy-path"), &s->err);
    struct im_scenario *two =
        im_catalogue_get(s->catalogue, IM_STR("happy-path"), &s->err);
    assert_ptr_equal(one, two);
    im_scenario_unref(one);
    im_scenario_unref(two);
}

static void an_unknown_name_is_refused_with_the_nearest(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "quite-another", "x");
    open_it(s);
    assert_null(about(s, "happy-pth"));
    assert_string_equal(s->err.text, "there is no scenario \"happy-pth\"; did you mean "
                                     "\"happy-path\"?");
    assert_null(about(s, "quite-anothr"));
    assert_string_equal(s->err.text, "there is no scenario \"quite-anothr\"; did you "
                                     "mean \"quite-another\"?");
    assert_null(about(s, "zzzzzzzzz"));
    assert_string_equal(s->err.text, "there is no scenario \"zzzzzzzzz\"; `intacct-mock "
                                     "scenarios` lists them");
    assert_null(about(s, ""));
}

/* ---- a folder ---- */

static void a_folder_adds_and_overrides(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "of my own");
    put_scenario(s, "b.json", "happy-path", "overridden");
    open_it(s);
    assert_string_equal(about(s, "mine"), "of my own");
    assert_string_equal(about(s, "happy-path"), "overridden");
    assert_non_null(about(s, "drop"));
    lists(s, "mine", false, "");
    lists(s, "happy-path", false, "");
    lists(s, "drop", true, "");
}

static void a_file_may_come_later(void **state)
{
    struct collection *s = *state;
    open_it(s);
    assert_null(about(s, "mine"));
    put_scenario(s, "a.json", "mine", "new");
    assert_string_equal(about(s, "mine"), "new");
}

static void schema_hidden_files_and_others_are_no_scenarios(void **state)
{
    struct collection *s = *state;
    put(s, "schema.json", "{");
    put(s, ".c.json", "{");
    put(s, "d.txt", "{");
    open_it(s);
    assert_non_null(about(s, "happy-path"));
}

static void a_changed_file_counts_from_the_next_time_on(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "first");
    open_it(s);
    struct im_scenario *first = im_catalogue_get(s->catalogue, IM_STR("mine"), &s->err);
    put_scenario(s, "a.json", "mine", "second");
    assert_string_equal(about(s, "mine"), "second");
    assert_true(im_str_is(first->about, "first")); /* for those who play it already */
    im_scenario_unref(first);
}

static void an_untouched_file_is_not_read_anew(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "first");
    open_it(s);
    struct im_scenario *one = im_catalogue_get(s->catalogue, IM_STR("mine"), &s->err);
    struct im_scenario *two = im_catalogue_get(s->catalogue, IM_STR("mine"), &s->err);
    assert_ptr_equal(one, two);
    im_scenario_unref(one);
    im_scenario_unref(two);
}

static const char *trouble_of(struct collection *s, const char *file, const char *what)
{
    return im_arena_format(&s->arena, "%s/%s:%s", s->folder, file, what).at;
}

#define RULEZ "1:16: scenario: unknown field \"rulez\"; did you mean \"rules\"?"

static void a_file_that_becomes_wrong_says_so_and_stays_what_it_was(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "first");
    open_it(s);
    put(s, "a.json", "{\"name\":\"mine\",\"rulez\":[]}");
    assert_string_equal(about(s, "mine"), "first");
    lists(s, "mine", false, trouble_of(s, "a.json", RULEZ));
    put(s, "a.json", "{}");
    lists(s, "mine", false,
          trouble_of(s, "a.json",
                     "1:1: scenario: \"name\" is missing: what it is called; no dot"));
}

static void a_file_that_is_put_right_has_no_trouble(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "first");
    open_it(s);
    put(s, "a.json", "{\"name\":\"mine\",\"rulez\":[]}");
    about(s, "mine");
    put_scenario(s, "a.json", "mine", "first");
    lists(s, "mine", false, "");
}

static void a_removed_file_gives_the_built_in_one_back(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "happy-path", "overridden");
    put_scenario(s, "b.json", "mine", "of my own");
    open_it(s);
    unlink(path_of(s, "a.json"));
    unlink(path_of(s, "b.json"));
    assert_string_not_equal(about(s, "happy-path"), "overridden");
    assert_null(about(s, "mine"));
    lists(s, "happy-path", true, "");
    lists_not(s, "mine");
}

static void the_trouble_goes_with_the_file(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "happy-path", "overridden");
    open_it(s);
    put(s, "a.json", "{\"name\":\"mine\",\"rulez\":[]}");
    assert_string_equal(about(s, "happy-path"), "overridden");
    unlink(path_of(s, "a.json"));
    lists(s, "happy-path", true, "");
}

static void a_scenario_may_be_renamed_in_its_file(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "happy-path", "overridden");
    open_it(s);
    put(s, "a.json", "{\"name\":\"mine\",\"rulez\":[]}"); /* wrong for a while */
    about(s, "mine");
    put_scenario(s, "a.json", "mine", "renamed");
    assert_string_equal(about(s, "mine"), "renamed");
    assert_string_not_equal(about(s, "happy-path"), "overridden");
    lists(s, "happy-path", true, "");
    put_scenario(s, "a.json", "yours", "again");
    assert_string_equal(about(s, "yours"), "again");
    lists_not(s, "mine");
}

/* In place of the program's own, which reads regular files alone: a pipe is as slow as a
 * test wants it. */
FILE *im_file_open(const char *path, struct im_error *err)
{
    FILE *file = fopen(path, "rb");

    if (!file)
        im_error_set(err, "%s", strerror(errno));
    return file;
}

static void *ask_for_slow(void *context)
{
    struct collection *s = context;
    struct im_error err;

    return im_catalogue_get(s->catalogue, IM_STR("slow"), &err);
}

/* The folder holds a pipe: whoever reads it waits until the other end is closed. */
static void who_reads_a_file_holds_up_nobody_else(void **state)
{
    static const char text[] = "{\"name\":\"slow\"}";
    struct collection *s = *state;
    pthread_t reader;
    void *slow;

    open_it(s);
    assert_int_equal(mkfifo(path_of(s, "a.json"), 0600), 0);
    assert_int_equal(pthread_create(&reader, NULL, ask_for_slow, s), 0);
    int fd = open(path_of(s, "a.json"), O_WRONLY); /* waits until it is being read */
    assert_true(fd >= 0);
    unlink(path_of(s, "a.json"));
    alarm(60); /* rather than hang */
    assert_non_null(about(s, "happy-path"));
    put_scenario(s, "b.json", "mine", "new");
    assert_string_equal(about(s, "mine"), "new");
    alarm(0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    assert_int_equal(pthread_join(reader, &slow), 0);
    im_scenario_unref(slow);
    assert_string_equal(about(s, "mine"), "new"); /* what was seen later counts */
    assert_null(about(s, "slow"));
}

static void a_wrong_file_is_said_once_in_the_log(void **state)
{
    struct collection *s = *state;
    FILE *said = tmpfile();
    char text[2000] = "";
    struct im_log_sink sink;
    const struct im_log log = {.enabled = true, .level = IM_LOG_WARN, .sink = &sink};

    im_log_open(&sink, fileno(said));
    s->catalogue = im_catalogue_new(s->folder, &log, &s->err);
    assert_non_null(s->catalogue);
    put(s, "a.json", "{\"name\":\"mine\",\"rulez\":[]}");
    put_scenario(s, "b.json", "happy-path", "overridden");
    for (int i = 0; i < 3; i++)
        about(s, "happy-path");
    rewind(said);
    text[fread(text, 1, sizeof(text) - 1, said)] = '\0';
    fclose(said);
    im_log_close(&sink);
    const char *first = strstr(text, "a scenario file is wrong");
    assert_non_null(first);
    assert_non_null(strstr(first, "a.json:1:16"));
    assert_null(strstr(first + 1, "a scenario file is wrong"));
    lists_not(s, "mine");
}

static void two_files_may_swap_their_names(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "one", "in a");
    put_scenario(s, "b.json", "two", "in b");
    open_it(s);
    put_scenario(s, "a.json", "two", "in a");
    put_scenario(s, "b.json", "one", "in b");
    assert_string_equal(about(s, "one"), "in b");
    assert_string_equal(about(s, "two"), "in a");
    lists(s, "one", false, "");
}

/* ---- a folder that is wrong from the start ---- */

static void refuses_to_open(struct collection *s, const char *what)
{
    assert_null(im_catalogue_new(s->folder, NULL, &s->err));
    if (strcmp(s->err.text, what) != 0)
        fail_msg("%s", s->err.text);
}

static void a_wrong_file_is_refused_with_its_place(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "b.json", "fine", "x");
    put(s, "a.json", "{\"name\":\"mine\",\"rulez\":[]}");
    refuses_to_open(s, trouble_of(s, "a.json", RULEZ));
}

static void a_file_without_a_name_is_wrong(void **state)
{
    put(*state, "a.json", "{}");
    refuses_to_open(
        *state,
        trouble_of(*state, "a.json",
                   "1:1: scenario: \"name\" is missing: what it is called; no dot"));
}

static void a_file_that_is_too_long_is_wrong(void **state)
{
    struct collection *s = *state;
    char *text = malloc(IM_SCENARIO_MAX + 2);
    memset(text, ' ', IM_SCENARIO_MAX + 1);
    text[IM_SCENARIO_MAX + 1] = '\0';
    put(s, "a.json", text);
    free(text);
    refuses_to_open(s, im_arena_format(&s->arena,
                                       "reading %s/a.json: over 1048576 bytes are too "
                                       "many for a scenario",
                                       s->folder)
                           .at);
}

static void two_files_of_one_name_are_refused(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "one");
    put_scenario(s, "b.json", "mine", "two");
    assert_null(im_catalogue_new(s->folder, NULL, &s->err));
    assert_non_null(strstr(s->err.text, "a.json"));
    assert_non_null(strstr(s->err.text, "b.json"));
}

static void a_second_file_of_the_name_does_not_take_it(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "one");
    open_it(s);
    put_scenario(s, "b.json", "mine", "two");
    for (int i = 0; i < 3; i++)
        assert_string_equal(about(s, "mine"), "one");
    unlink(path_of(s, "a.json"));
    about(s, "mine");
    assert_string_equal(about(s, "mine"), "two");
}

static void a_folder_that_is_not_there_is_refused(void **state)
{
    struct collection *s = *state;
    assert_null(im_catalogue_new("/nowhere/at-all", NULL, &s->err));
    assert_string_equal(s->err.text,
                        "reading --scenarios /nowhere/at-all: No such file or directory");
}

/* ---- by file ---- */

static void what_looks_like_a_path_is_a_file(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "happy-path", "mine");
    s->catalogue = im_catalogue_new(NULL, NULL, &s->err);
    struct im_scenario *scenario =
        im_catalogue_get_file(s->catalogue, path_of(s, "a.json"), &s->err);
    assert_true(im_str_is(scenario->about, "mine"));
    assert_true(im_str_is(scenario->path, path_of(s, "a.json")));
    assert_false(scenario->listed);
    im_scenario_unref(scenario);
    scenario = im_catalogue_get_file(s->catalogue, "happy-path", &s->err);
    assert_true(scenario->listed);
    im_scenario_unref(scenario);
    assert_null(im_catalogue_get_file(s->catalogue, "nothing.json", &s->err));
    assert_string_equal(s->err.text,
                        "reading scenario nothing.json: No such file or directory");
}

static struct im_scenario *renewed(struct collection *s, struct im_scenario *scenario)
{
    struct im_scenario *now = im_catalogue_renew(s->catalogue, scenario);

    im_scenario_unref(scenario);
    return now;
}

static void a_listed_one_is_renewed_from_the_catalogue(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "first");
    open_it(s);
    struct im_scenario *scenario =
        im_catalogue_get(s->catalogue, IM_STR("mine"), &s->err);
    put_scenario(s, "a.json", "mine", "second");
    scenario = renewed(s, scenario);
    assert_true(im_str_is(scenario->about, "second"));
    unlink(path_of(s, "a.json"));
    scenario = renewed(s, scenario); /* gone: it is what it was */
    assert_true(im_str_is(scenario->about, "second"));
    im_scenario_unref(scenario);
}

static void one_from_a_file_is_renewed_from_that(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "first");
    s->catalogue = im_catalogue_new(NULL, NULL, &s->err);
    struct im_scenario *scenario = im_scenario_read_file(path_of(s, "a.json"), &s->err);
    put_scenario(s, "a.json", "mine", "second");
    scenario = renewed(s, scenario);
    assert_true(im_str_is(scenario->about, "second"));
    put(s, "a.json", "{");
    scenario = renewed(s, scenario);
    assert_true(im_str_is(scenario->about, "second"));
    im_scenario_unref(scenario);
}

static void an_inline_one_is_renewed_by_itself(void **state)
{
    struct collection *s = *state;
    struct im_scenario_error error;
    open_it(s);
    struct im_scenario *scenario =
        im_scenario_parse(IM_STR("{\"name\":\"happy-path\"}"), IM_STR(""), &error);
    struct im_scenario *now = im_catalogue_renew(s->catalogue, scenario);
    assert_ptr_equal(now, scenario);
    im_scenario_unref(now);
    im_scenario_unref(scenario);
}

static void a_scenario_outlives_the_catalogue(void **state)
{
    struct collection *s = *state;
    put_scenario(s, "a.json", "mine", "first");
    open_it(s);
    struct im_scenario *scenario =
        im_catalogue_get(s->catalogue, IM_STR("mine"), &s->err);
    im_catalogue_free(s->catalogue);
    s->catalogue = NULL;
    im_catalogue_free(NULL);
    assert_true(im_str_is(scenario->about, "first"));
    im_scenario_unref(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(every_built_in_one_is_sound_and_says_what_it_is_about),
        WITH_FOLDER(asked_twice_it_is_the_same),
        WITH_FOLDER(an_unknown_name_is_refused_with_the_nearest),
        WITH_FOLDER(a_folder_adds_and_overrides),
        WITH_FOLDER(a_file_may_come_later),
        WITH_FOLDER(schema_hidden_files_and_others_are_no_scenarios),
        WITH_FOLDER(a_changed_file_counts_from_the_next_time_on),
        WITH_FOLDER(an_untouched_file_is_not_read_anew),
        WITH_FOLDER(a_file_that_becomes_wrong_says_so_and_stays_what_it_was),
        WITH_FOLDER(a_file_that_is_put_right_has_no_trouble),
        WITH_FOLDER(a_removed_file_gives_the_built_in_one_back),
        WITH_FOLDER(the_trouble_goes_with_the_file),
        WITH_FOLDER(a_scenario_may_be_renamed_in_its_file),
        WITH_FOLDER(who_reads_a_file_holds_up_nobody_else),
        WITH_FOLDER(a_wrong_file_is_said_once_in_the_log),
        WITH_FOLDER(two_files_may_swap_their_names),
        WITH_FOLDER(a_wrong_file_is_refused_with_its_place),
        WITH_FOLDER(a_file_without_a_name_is_wrong),
        WITH_FOLDER(a_file_that_is_too_long_is_wrong),
        WITH_FOLDER(two_files_of_one_name_are_refused),
        WITH_FOLDER(a_second_file_of_the_name_does_not_take_it),
        WITH_FOLDER(a_folder_that_is_not_there_is_refused),
        WITH_FOLDER(what_looks_like_a_path_is_a_file),
        WITH_FOLDER(a_listed_one_is_renewed_from_the_catalogue),
        WITH_FOLDER(one_from_a_file_is_renewed_from_that),
        WITH_FOLDER(an_inline_one_is_renewed_by_itself),
        WITH_FOLDER(a_scenario_outlives_the_catalogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
