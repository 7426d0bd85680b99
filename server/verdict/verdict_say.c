/* The sentences that all forms of a verdict share. */
#include "verdict/verdict_say.h"

void im_verdict_say_exhausted(struct im_buf *out)
{
    im_buf_addz(out, "every rule that fits was used up, and there came one more request; "
                     "\"exhausted\" is \"fail\" in this scenario");
}

void im_verdict_say_dropped(const struct im_verdict *verdict, struct im_buf *out)
{
    bool one = verdict->dropped == 1;

    im_buf_addf(out, "%llu older exchange%s dropped; a larger --journal keeps more",
                (unsigned long long)verdict->dropped, one ? " was" : "s were");
}

static void say_nothing_happened(const struct im_verdict *verdict, struct im_buf *out)
{
    im_buf_addz(out, "nothing in this scenario happened: ");
    if (!verdict->exchanges)
        im_buf_addz(out, "no request came");
    else
        im_buf_addf(out, "%llu request%s came, but none of the scenario's rules fired",
                    (unsigned long long)verdict->exchanges,
                    verdict->exchanges == 1 ? "" : "s");
}

static void say_why(const struct im_verdict *verdict, size_t index, struct im_buf *out)
{
    if (verdict->triggered)
        im_buf_add(out, verdict->judgements[index].why);
    else
        say_nothing_happened(verdict, out);
}

size_t im_verdict_shown_at(const struct im_verdict *verdict, size_t index)
{
    return verdict->triggered ? verdict->judgements[index].shown_count : 0;
}

/* ---- the line of an exchange ---- */

static void add_reason(const struct im_exchange *exchange, struct im_buf *out)
{
    if (exchange->cause)
        im_buf_addf(out, " %s", im_cause_row(exchange->cause)->id);
    for (size_t i = 0; i < exchange->note_count && !exchange->cause; i++)
        im_buf_addf(out, "%s %s", i ? "," : ", warned of",
                    im_cause_row(exchange->notes[i].cause)->id);
    if (exchange->fault)
        im_buf_addf(out, " (%s)", im_fault_name(exchange->fault));
    if (exchange->evidence.len) {
        im_buf_addz(out, ": ");
        im_buf_add(out, exchange->evidence);
    }
}

void im_exchange_line(const struct im_exchange *exchange, struct im_buf *out)
{
    im_buf_add(out, exchange->method);
    im_buf_addc(out, ' ');
    im_buf_add(out, exchange->path);
    if (im_exchange_status(exchange) > 0)
        im_buf_addf(out, " → %d", im_exchange_status(exchange));
    else
        im_buf_addz(out, " → no answer");
    add_reason(exchange, out);
}

/* A text built on its own, to be made safe for its place as a whole. */
static struct im_buf begin(const struct im_buf *out)
{
    struct im_buf text;

    im_buf_init(&text, out->arena, 0);
    return text;
}

struct im_str im_verdict_line(const struct im_exchange *exchange, struct im_buf *out)
{
    struct im_buf line = begin(out);

    im_exchange_line(exchange, &line);
    out->failed |= line.failed;
    return im_buf_str(&line);
}

struct im_str im_verdict_why(const struct im_verdict *verdict, size_t index,
                             struct im_buf *out)
{
    struct im_buf why = begin(out);

    say_why(verdict, index, &why);
    out->failed |= why.failed;
    return im_buf_str(&why);
}

static void say_notes(const struct im_verdict *verdict, struct im_buf *out)
{
    if (!verdict->triggered)
        say_nothing_happened(verdict, out);
    if (verdict->triggered && verdict->exhausted)
        im_verdict_say_exhausted(out);
    if (!verdict->dropped)
        return;
    im_buf_addz(out, out->len ? ". " : "");
    im_verdict_say_dropped(verdict, out);
}

struct im_str im_verdict_note(const struct im_verdict *verdict, struct im_buf *out)
{
    struct im_buf note = begin(out);

    say_notes(verdict, &note);
    out->failed |= note.failed;
    return im_buf_str(&note);
}
