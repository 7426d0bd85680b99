/* A verdict to be written: a scenario, what was seen of it, and the three forms that it is written in. */
#ifndef IM_TESTS_UNIT_VERDICT_VERDICT_FIXTURE_H
#define IM_TESTS_UNIT_VERDICT_VERDICT_FIXTURE_H

#include "unit/scenario/quoted.h"

#include "verdict/verdict.h"

struct fixture {
    struct im_arena arena;
    struct im_exchange seen[40];
    size_t seen_count;
    struct im_rule rules[2];
    struct im_rule_count counts[2];
    struct im_scenario
        scenario; /* one that revokes at every call, until a test says otherwise */
    struct im_judgement judgements[8];
    struct im_judge_options options;
    struct im_verdict verdict;
};

static inline int begin(void **state)
{
    struct fixture *f = new_fixture(state, sizeof(*f));

    f->counts[0] = (struct im_rule_count){.fits = 5, .fired = 1};
    f->rules[0].refuse = f->rules[1].refuse = CAUSE_ACCESS_TOKEN_REVOKED;
    f->rules[0].when = (struct im_when){.endpoint = IM_STR("api"), .rate = -1};
    f->rules[1].when = (struct im_when){.endpoint = IM_STR("api"), .nth = 8, .rate = -1};
    f->scenario = (struct im_scenario){
        .name = IM_STR("revoked"), .rules = f->rules, .rule_count = 1};
    f->verdict = (struct im_verdict){.scenario = &f->scenario,
                                     .sandbox = IM_STR("revoked.test-1"),
                                     .judgements = f->judgements,
                                     .options = &f->options,
                                     .rules = f->counts,
                                     .seen = f->seen};
    return 0;
}

static inline struct im_exchange *saw(struct fixture *f, int status, enum im_cause cause)
{
    size_t n = f->seen_count++;

    f->verdict.exchanges++;
    f->seen[n] = (struct im_exchange){.id = n + 1,
                                      .endpoint = IM_ENDPOINT_RESOURCE,
                                      .method = IM_STR("GET"),
                                      .path = IM_STR("/ia/api/v1/objects/x"),
                                      .status = status,
                                      .cause = cause,
                                      .began_us = (int64_t)n * 2000,
                                      .ended_us = (int64_t)n * 2000 + 1000};
    return &f->seen[n];
}

static inline struct im_verdict *judged(struct fixture *f, const char *expect)
{
    struct im_json_fault fault;

    if (!read_by_row(&f->arena, im_expect_part.rows, quoted(&f->arena, expect),
                     &f->scenario.expect, &fault))
        fail_msg("%s: %s", expect, fault.err.text);
    f->verdict.seen_count = f->seen_count;
    assert_true(im_expect_judge(&f->scenario.expect, f->seen, f->seen_count, &f->options,
                                &f->arena, f->judgements));
    return &f->verdict;
}

#define WRITTEN(test) cmocka_unit_test_setup_teardown(test, begin, drop_fixture)

/* ---- expectations of each outcome ---- */

#define MET_ONE       "{'that':'it comes'}"
#define NOT_MET       "{'that':'it stops','at_most':1}"
#define NOT_EXERCISED "{'that':'it waits','after':'drop'}"
#define RECOVERS                                                                         \
    "{'that':'r','endpoint':'api','status':200,'after':'access-token-revoked'}"

static inline struct fixture *three_kinds(void **state)
{
    struct fixture *f = *state;

    saw(f, 200, CAUSE_NONE);
    saw(f, 401, CAUSE_ACCESS_TOKEN_REVOKED)->evidence = IM_STR("revoked 2 s ago");
    f->scenario.rule_count = 2;
    f->rules[1].optional = true;
    judged(f, "[{'that':'it comes','status':200}," NOT_MET "," NOT_EXERCISED "]");
    return f;
}

/* ---- what is written ---- */

static inline const char *finished(struct im_buf *buf)
{
    im_buf_addc(buf, '\0');
    assert_false(buf->failed);
    return buf->at;
}

static inline const char *text(struct fixture *f)
{
    struct im_buf buf;

    im_buf_init(&buf, &f->arena, 0);
    im_verdict_write_text(&f->verdict, &buf);
    return finished(&buf);
}

static inline const char *json(struct fixture *f)
{
    struct im_buf buf;
    struct im_json_out out;
    struct im_json_error why;

    im_buf_init(&buf, &f->arena, 0);
    im_json_out_init(&out, &buf);
    im_verdict_write_json(&f->verdict, &out);
    if (!im_json_parse(&f->arena, im_buf_str(&buf), &why))
        fail_msg("%.*s: %s", IM_ARG(im_buf_str(&buf)), why.what);
    return finished(&buf);
}

static inline void has(const char *whole, const char *part)
{
    if (!strstr(whole, part))
        fail_msg("no \"%s\" in %s", part, whole);
}

static inline void has_not(const char *whole, const char *part)
{
    if (strstr(whole, part))
        fail_msg("\"%s\" in %s", part, whole);
}

/* ---- well-formed XML, as far as ours goes ---- */

static inline const char *past(const char *at, const char *until)
{
    const char *found = strstr(at, until);

    if (!found)
        fail_msg("no %s in %s", until, at);
    return found + strlen(until);
}

static inline void check_characters(const char *from, const char *to)
{
    static const char *const entities[] = {"&amp;", "&lt;",  "&gt;", "&quot;",
                                           "&#39;", "&#10;", "&#9;"};

    assert_true(im_str_utf8((struct im_str){from, (size_t)(to - from)}));
    for (; from < to; from++) {
        bool known = *from != '&';
        for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
            known |= strncmp(from, entities[i], strlen(entities[i])) == 0;
        assert_true(known);
        assert_true((unsigned char)*from >= ' ' || *from == '\n');
        assert_true(*from != '<' && *from != '>');
    }
}

/* From behind '<' of a start tag to behind its '>'; false when it is empty (…/>). */
static inline bool check_start(const char **at, char *name)
{
    size_t len = strspn(*at, "abcdefghijklmnopqrstuvwxyz-");

    assert_in_range(len, 1, 30);
    memcpy(name, *at, len);
    name[len] = '\0';
    *at += len;
    while (**at == ' ') {
        const char *value = past(*at, "=\"");
        *at = past(value, "\"");
        check_characters(value, *at - 1);
    }
    bool empty = **at == '/';
    *at += empty;
    assert_int_equal(*(*at)++, '>');
    return !empty;
}

static inline void check_element(const char **at);

static inline void check_content(const char **at, const char *name)
{
    for (;;) {
        const char *tag = past(*at, "<");
        check_characters(*at, tag - 1);
        if (*tag == '/') {
            assert_int_equal(strncmp(tag + 1, name, strlen(name)), 0);
            assert_int_equal(tag[1 + strlen(name)], '>');
            *at = tag + 2 + strlen(name);
            return;
        }
        *at = tag;
        check_element(at);
    }
}

static inline void check_element(const char **at)
{
    char name[32];

    if (check_start(at, name))
        check_content(at, name);
}

static inline const char *junit(struct fixture *f)
{
    struct im_buf buf;
    const char *at;

    im_buf_init(&buf, &f->arena, 0);
    im_verdict_write_junit(&f->verdict, &buf);
    at = past(finished(&buf), "?>\n<");
    check_element(&at);
    assert_string_equal(at, "\n");
    return buf.at;
}

#endif
