/* Queries of the journal: read by the tables that read bodies, so that names, ranges and hints are the
 * same for all callers (control API, library, run); and answered piece by piece. */
#include "journal_query.h"

#include "http/form.h"
#include "http/response.h"
#include "scenario/when.h"

#define FILTER(member) IM_READ_INTO(struct im_journal_query, filter.member)
#define TEXT(member)   IM_READ_TEXT, IM_READ_EMPTY, FILTER(member)

static const struct im_json_row filter_rows[] = {
    {"endpoint", TEXT(endpoint), .names = &im_when_endpoints},
    {"cause", IM_READ_WORD, FILTER(cause), .min = 1, .names = &im_cause_names},
    {NULL, IM_READ_PART, FILTER(status), .table = &im_when_status},
    {"grant", TEXT(grant)},
    {"client", TEXT(client_id)},
    {"user", TEXT(user)},
    {"method", TEXT(method)},
    {"path", TEXT(path)},
    {"refused", IM_READ_WORD, FILTER(refused), .min = 1, .words = "true|false"},
    {"since", IM_READ_WHOLE, IM_READ_INTO(struct im_journal_query, since),
     .max = INT64_MAX},
};
static const struct im_json_table filter_table = {IM_READ_ROWS(filter_rows)};

/* For the list of exchanges alone: a stream of events waits by itself. */
static const struct im_json_row waiting_rows[] = {
    {NULL, IM_READ_PART, .table = &filter_table},
    {"count", IM_READ_WHOLE, IM_READ_INTO(struct im_journal_query, count),
     .max = INT64_MAX},
    {"wait", IM_READ_DURATION, IM_READ_INTO(struct im_journal_query, wait_ms),
     .max = 600000},
    {"last", IM_READ_WHOLE, FILTER(last), .min = 1, .max = INT64_MAX},
};
static const struct im_json_table waiting_table = {IM_READ_ROWS(waiting_rows)};

bool im_journal_query_read(struct im_str text, bool waits, struct im_arena *arena,
                           struct im_journal_query *query, struct im_json_fault *fault)
{
    *query = (struct im_journal_query){.count = -1, .since = -1}; /* 0 may be asked for */
    if (!im_query_read(arena, text, waits ? &waiting_table : &filter_table, query, fault))
        return false;
    query->filter.since = query->since >= 0 ? (uint64_t)query->since : 0;
    return true;
}

/* ---- a list of exchanges, in pieces ---- */

void im_listing_begin(struct im_listing *list, struct im_journal *journal,
                      const struct im_journal_filter *filter, struct im_arena *arena,
                      struct im_buf *text)
{
    *list =
        (struct im_listing){.journal = journal, .write = im_exchange_write, .tail = "]}"};
    list->kept = im_journal_keep(journal, arena, filter, &list->count);
    im_buf_addf(text, "{\"count\":%zu,\"dropped\":%llu,\"requests\":[", list->count,
                (unsigned long long)im_journal_dropped(journal));
}

void im_listing_begin_har(struct im_listing *list, struct im_journal *journal,
                          const struct im_journal_filter *filter, struct im_arena *arena,
                          struct im_buf *text)
{
    *list = (struct im_listing){
        .journal = journal, .write = im_har_write_entry, .tail = IM_HAR_TAIL};
    list->kept = im_journal_keep(journal, arena, filter, &list->count);
    im_har_write_head(text);
}

/* Redaction copies what it reads: that memory is released after each exchange. */
static void listing_write_next(struct im_listing *list, struct im_buf *text)
{
    struct im_kept *kept = list->kept[list->at];
    struct im_exchange exchange = im_journal_look(list->journal, kept);
    struct im_arena scratch;
    struct im_json_out out;
    struct im_buf one;

    im_arena_init(&scratch, 0);
    im_buf_init(&one, &scratch, 0);
    im_json_out_init(&out, &one);
    list->write(&exchange, &out);
    if (list->at++)
        im_buf_addc(text, ',');
    im_buf_add(text, im_buf_str(&one));
    text->failed |= scratch.failed || one.failed;
    im_arena_release(&scratch);
    im_kept_unref(kept);
}

bool im_listing_write(struct im_listing *list, struct im_buf *text)
{
    size_t before = text->len;

    /* at least one in each piece, however long it is */
    while (list->at < list->count && text->len - before < IM_PIECE_BYTES && !text->failed)
        listing_write_next(list, text);
    if (list->at < list->count)
        return !text->failed;
    im_buf_addz(text, list->tail);
    return false;
}

void im_listing_write_all(struct im_listing *list, struct im_buf *text)
{
    while (im_listing_write(list, text))
        continue;
    im_listing_end(list);
}

void im_listing_end(struct im_listing *list)
{
    while (list->at < list->count)
        im_kept_unref(list->kept[list->at++]);
}
