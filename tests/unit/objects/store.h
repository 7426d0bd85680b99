/* What the tests of the business objects share: one store, one call, its answer as text. */
#ifndef TEST_OBJECTS_STORE_H
#define TEST_OBJECTS_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "objects/objects.h"

#define VENDOR  "accounts-payable/vendor"
#define BILL    "accounts-payable/bill"
#define INVOICE "accounts-receivable/invoice"

/* What a vendor can be created of. */
#define NEW_VENDOR "{\"id\":\"N1\",\"name\":\"New\"}"

#define NOON_MS 1774958400123 /* 2026-03-31T12:00:00.123Z */

struct shop {
    struct im_objects store;
    struct im_arena arena;
    struct im_buf buf;
    struct im_json_out out;
    struct im_objects_call call;
    const char *entity;
    int64_t now_ms;
};

static inline void shop_open(struct shop *shop)
{
    memset(shop, 0, sizeof *shop);
    im_objects_init(&shop->store);
    im_arena_init(&shop->arena, 0);
    shop->entity = "";
    shop->now_ms = NOON_MS;
}

static inline void shop_close(struct shop *shop)
{
    im_objects_release(&shop->store);
    im_arena_release(&shop->arena);
}

static inline struct im_objects_call *ask(struct shop *shop, const char *type)
{
    im_buf_init(&shop->buf, &shop->arena, 0);
    im_json_out_init(&shop->out, &shop->buf);
    shop->call = (struct im_objects_call){.type = im_object_type_find(im_str(type)),
                                          .entity = im_str(shop->entity),
                                          .now_ms = shop->now_ms,
                                          .out = &shop->out};
    return &shop->call;
}

/* What the last call wrote, as a C string. */
static inline const char *said(struct shop *shop)
{
    return im_arena_copy(&shop->arena, im_buf_str(&shop->buf)).at;
}

static inline const struct im_json *json(struct shop *shop, const char *text)
{
    struct im_json_error error;
    const struct im_json *value = im_json_parse(&shop->arena, im_str(text), &error);
    if (!value)
        fail_msg("%s: %s", text, error.what);
    return value;
}

/* A member of what the last call wrote, by "a.b.c"; empty when null or absent. */
static inline const char *member(struct shop *shop, const char *path)
{
    const struct im_json *value = json(shop, said(shop));
    struct im_str rest = im_str(path);
    while (rest.len) {
        struct im_str name = im_arena_copy(&shop->arena, im_str_cut(&rest, '.'));
        value = im_json_get(value, name.at);
    }
    return value && value->text.len ? im_arena_copy(&shop->arena, value->text).at : "";
}

static inline enum im_objects_result get(struct shop *shop, const char *type,
                                         const char *key)
{
    return im_objects_get(&shop->store, ask(shop, type), im_str(key));
}

static inline enum im_objects_result create(struct shop *shop, const char *type,
                                            const char *body)
{
    const struct im_json *parsed = body ? json(shop, body) : NULL;
    return im_objects_create(&shop->store, ask(shop, type), parsed);
}

static inline enum im_objects_result patch(struct shop *shop, const char *type,
                                           const char *key, const char *body)
{
    const struct im_json *parsed = body ? json(shop, body) : NULL;
    return im_objects_patch(&shop->store, ask(shop, type), im_str(key), parsed);
}

static inline enum im_objects_result delete_row(struct shop *shop, const char *type,
                                                const char *key)
{
    return im_objects_delete(&shop->store, ask(shop, type), im_str(key));
}

static inline enum im_objects_result list(struct shop *shop, const char *type,
                                          int64_t start, int64_t size, bool whole)
{
    const struct im_objects_page page = {start, size, whole};
    return im_objects_list(&shop->store, ask(shop, type), &page);
}

static inline enum im_objects_result query(struct shop *shop, const char *body)
{
    const struct im_json *parsed = body ? json(shop, body) : NULL;
    ask(shop, "");
    return im_objects_query(&shop->store, &shop->call, parsed);
}

/* The values of one field of all rows of the last answer, a space between. */
static inline const char *column(struct shop *shop, const char *field)
{
    struct im_buf line;
    im_buf_init(&line, &shop->arena, 0);
    for (const struct im_json *row = json(shop, said(shop))->first; row;
         row = row->next) {
        if (line.len)
            im_buf_addc(&line, ' ');
        im_buf_add(&line, im_json_get_str(row, field));
    }
    return im_arena_copy(&shop->arena, im_buf_str(&line)).at;
}

static inline void assert_refused(struct shop *shop, enum im_objects_result result,
                                  enum im_objects_result wanted, const char *field)
{
    if (result != wanted)
        fail_msg("%s instead of %s: %s", im_objects_result_name(result),
                 im_objects_result_name(wanted), shop->call.refusal.text);
    assert_string_equal(shop->call.refusal.field, field);
    assert_true(shop->call.refusal.text[0]);
    assert_int_equal(shop->buf.len, 0);
}

#define TEST(name)                                                                       \
    {                                                                                    \
#name, name, set_up, tear_down, NULL                                             \
    }

static inline int set_up(void **state)
{
    *state = test_malloc(sizeof(struct shop));
    shop_open(*state);
    return 0;
}

static inline int tear_down(void **state)
{
    shop_close(*state);
    test_free(*state);
    return 0;
}

#endif
