/* Queries of the journal: read, waited for, answered. */
#include "journal_query.h"

#include "http/form.h"

static const char *endpoint_word(size_t index)
{
    return im_endpoint_name((enum im_endpoint)(index + IM_ENDPOINT_TOKEN));
}

static const struct im_json_names endpoint_names = {.what = "endpoint",
                                                    .word = endpoint_word};

#define FILTER(member) IM_READ_INTO(struct im_journal_query, filter.member)
#define TEXT(member)   IM_READ_TEXT, IM_READ_EMPTY, FILTER(member)

static const struct im_json_row filter_rows[] = {
    {"endpoint", IM_READ_WORD, FILTER(endpoint), .min = IM_ENDPOINT_TOKEN,
     .names = &endpoint_names},
    {"cause", IM_READ_WORD, FILTER(cause), .min = 1, .names = &im_cause_names},
    {"status", IM_READ_WHOLE, FILTER(status), .min = 100, .max = 599,
     .wanted = "a status, 100 to 599"},
    {"grant", TEXT(grant)},
    {"client", TEXT(client_id)},
    {"user", TEXT(user)},
    {"method", TEXT(method)},
    {"path", TEXT(path)},
    {"since", IM_READ_WHOLE, IM_READ_INTO(struct im_journal_query, since),
     .max = INT64_MAX},
};
static const struct im_json_table filter_table = {IM_READ_ROWS(filter_rows)};

static const struct im_json_row waiting_rows[] = {
    {NULL, IM_READ_PART, .table = &filter_table},
    {"count", IM_READ_WHOLE, IM_READ_INTO(struct im_journal_query, count),
     .max = INT64_MAX},
    {"wait", IM_READ_DURATION, IM_READ_INTO(struct im_journal_query, wait_ms),
     .max = 600000},
};
static const struct im_json_table waiting_table = {IM_READ_ROWS(waiting_rows)};

/* The parameters as members of an object: strings, of which some are numbers too. */
static struct im_json *object_of_params(struct im_arena *arena,
                                        const struct im_params *params)
{
    struct im_json *object = IM_ARENA_NEW(arena, struct im_json);
    struct im_json *members = IM_ARENA_ARRAY(arena, struct im_json, params->count);

    if (!object || !members)
        return NULL;
    *object = (struct im_json){.type = IM_JSON_OBJECT, .count = params->count};
    object->first = params->count ? members : NULL;
    for (size_t i = 0; i < params->count; i++) {
        struct im_str value = params->items[i].value;
        members[i] =
            (struct im_json){.type = IM_JSON_STRING,
                             .name = params->items[i].name,
                             .text = value,
                             .next = i + 1 < params->count ? &members[i + 1] : NULL};
        members[i].is_whole = im_str_int(value, &members[i].whole);
    }
    return object;
}

bool im_journal_query_read(struct im_str text, bool waits, struct im_arena *arena,
                           struct im_journal_query *query, struct im_json_fault *fault)
{
    struct im_json_reader r = {
        .arena = arena, .faults = fault, .room = 1, .member = "parameter"};
    struct im_params params;

    *query = (struct im_journal_query){.count = -1, .since = -1};
    *fault = (struct im_json_fault){.at = NULL};
    if (!im_params_parse_form(arena, text, &params, &fault->err))
        return false;
    const struct im_json *object = object_of_params(arena, &params);
    if (!object ||
        !im_json_read(&r, waits ? &waiting_table : &filter_table, object, query))
        return false;
    query->filter.since = query->since >= 0 ? (uint64_t)query->since : 0;
    return true;
}

/* Redaction copies what it looks at: that memory is given back after each exchange. */
static void write_exchange(const struct im_exchange *exchange, struct im_json_out *out)
{
    struct im_arena scratch;

    im_arena_init(&scratch, 0);
    im_json_raw(out, NULL, im_exchange_text(exchange, &scratch));
    out->buf->failed |= scratch.failed;
    im_arena_release(&scratch);
}

void im_journal_query_answer(struct im_journal *journal,
                             const struct im_journal_query *query, struct im_arena *arena,
                             struct im_json_out *out)
{
    size_t count, wanted = query->count < 0 ? 1 : (size_t)query->count;

    if (query->wait_ms > 0)
        im_journal_wait(journal, &query->filter, wanted, query->wait_ms);
    const struct im_exchange *found =
        im_journal_select(journal, arena, &query->filter, &count);
    im_json_open_object(out, NULL);
    im_json_int(out, "count", (int64_t)count);
    im_json_int(out, "dropped", (int64_t)im_journal_dropped(journal));
    im_json_open_array(out, "requests");
    for (size_t i = 0; i < count; i++)
        write_exchange(&found[i], out);
    im_json_close_array(out);
    im_json_close_object(out);
}
