/* Business records by company: which store is whose, and the records that a scenario's world
 * declares. They are here and not in objects/, which knows no companies. */
#include "base/table.h"
#include "oauth/authority.h"

/* Every company has built-in records under keys of its own: a client that mixes up two
 * companies then finds no record instead of one that looks right. */
#define FIRST_COMPANY   INT64_C(100001) /* the key of the first built-in company */
#define KEYS_APART      1000            /* between the built-in keys of two companies */
#define COMPANIES_APART 1000            /* then they begin again */

struct im_objects *im_authority_objects(struct im_authority *authority,
                                        const struct im_company *company)
{
    int64_t key;

    /* a company of a scenario may have a key that is no such number */
    if (!im_str_int(company->key, &key) || key < FIRST_COMPANY)
        key = FIRST_COMPANY + (int64_t)(im_table_hash(0, company->key) % COMPANIES_APART);
    return im_objects_of(authority->objects, company->id,
                         (key - FIRST_COMPANY) % COMPANIES_APART * KEYS_APART);
}

/* ---- declared in a world ---- */

/* What one record says; views of the JSON. */
struct declared {
    struct im_company company;
    struct im_objects_call call;
};

static bool record_find_owner(struct im_authority *authority,
                              const struct im_json *record, struct declared *found,
                              const struct im_json **at, struct im_error *err)
{
    struct im_str company = im_json_get_str(record, "company"),
                  object = im_json_get_str(record, "object"),
                  entity = im_json_get_str(record, "entity");
    const struct im_object_type *near = im_object_type_near(object);

    *at = im_json_get(record, "company");
    if (!im_directory_company(authority->directory, company, &found->company))
        return im_error_set(
            err, "there is no company \"%.*s\"%s", IM_ARG(im_str_front(company, 60)),
            im_directory_hint(authority->directory, IM_COMPANIES, company, company).text);
    *at = im_json_get(record, "object");
    found->call.type = im_object_type_find(object);
    if (!found->call.type)
        return im_error_set(err, "there is no object \"%.*s\"%s",
                            IM_ARG(im_str_front(object, 60)),
                            im_hint_of(near ? near->rest_name : NULL).text);
    *at = im_json_get(record, "entity");
    found->call.entity = entity;
    return !entity.len || im_list_has(found->company.entities, entity) ||
           im_error_set(err, "company \"%.*s\" has no entity \"%.*s\"", IM_ARG(company),
                        IM_ARG(im_str_front(entity, 60)));
}

static bool record_declare(struct im_authority *authority, struct im_arena *arena,
                           const struct im_json *record, const struct im_json **at,
                           struct im_error *err)
{
    struct declared one = {.call = {.now_ms = im_clock_now_ms(&authority->clock)}};
    struct im_json_out out;
    struct im_buf written;

    if (!record_find_owner(authority, record, &one, at, err))
        return false;
    *at = im_json_get(record, "fields");
    struct im_objects *store = im_authority_objects(authority, &one.company);
    im_buf_init(&written, arena, 0);
    im_json_out_init(&out, &written);
    one.call.out = &out;
    enum im_objects_result result =
        store ? im_objects_create(store, &one.call, *at) : IM_OBJECTS_NO_MEMORY;
    if (result == IM_OBJECTS_NO_MEMORY)
        return im_error_no_memory(err, "making the records of the world");
    /* a world that is applied again finds its records there */
    return result == IM_OBJECTS_OK || result == IM_OBJECTS_CONFLICT ||
           im_error_set(err, "%s: %s", one.call.refusal.field, one.call.refusal.text);
}

bool im_authority_load_records(struct im_authority *authority,
                               const struct im_json *world, const struct im_json **at,
                               struct im_error *err)
{
    const struct im_json *records = im_json_get(world, "records");
    struct im_arena arena;
    bool done = true;

    im_arena_init(&arena, 0);
    for (const struct im_json *one = records ? records->first : NULL; one && done;
         one = one->next)
        done = record_declare(authority, &arena, one, at, err);
    im_arena_release(&arena);
    return done;
}

/* ---- what there is now ---- */

void im_authority_write_world(struct im_authority *authority, struct im_json_out *out,
                              const char *name)
{
    struct im_arena *arena = out->buf->arena;
    size_t count;

    im_json_open_object(out, name);
    im_directory_write(authority->directory, out);
    struct im_company *all = im_directory_companies(authority->directory, arena, &count);
    im_json_open_object(out, "records");
    for (size_t i = 0; i < count; i++) {
        struct im_objects *store = im_authority_objects(authority, &all[i]);
        if (!store || !im_objects_write_keys(store, IM_WORLD_KEYS_MAX, out,
                                             im_arena_copy(arena, all[i].id).at))
            arena->failed = true;
    }
    im_json_close_object(out);
    im_json_close_object(out);
}

/* ---- how a world says them ---- */

static const struct im_json_row record_rows[] = {
    {"company", IM_READ_TEXT, IM_READ_REQUIRED, .about = "the id of one"},
    {"object", IM_READ_TEXT, IM_READ_REQUIRED,
     .about = "its name in the REST API, such as \"accounts-payable/vendor\""},
    {"entity", IM_READ_TEXT, .about = "left out: shared by all entities"},
    {"fields", IM_READ_JSON, IM_READ_REQUIRED,
     .about = "as the body of a POST says them; the server gives the key"},
};
static const struct im_json_table record_table = {.where = "records",
                                                  IM_READ_ROWS(record_rows)};
static const struct im_json_row record = {NULL, IM_READ_OBJECT, .table = &record_table};
static const struct im_json_row records_row[] = {
    {"records", IM_READ_LIST, .rows = &record, .count = 1,
     .about = "business records of a company, besides those built in"}};
const struct im_json_table im_records_part = {IM_READ_ROWS(records_row)};
