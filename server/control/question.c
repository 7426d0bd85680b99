/* Which exchanges of the journal a call asks for: its query, read strictly. */
#include "control/control.h"
#include "endpoints/endpoint.h"

static bool refuse_value(struct im_call *call, const char *name, struct im_str value,
                         const char *wanted)
{
    im_control_refuse(call, 400, name, "\"%s\" must be %s, not \"%.*s\"", name, wanted,
                      IM_ARG(im_str_slice(value, 0, 60)));
    return false;
}

static bool read_cause(struct im_call *call, struct im_str value, enum im_cause *cause)
{
    *cause = im_cause_find(value);
    return *cause != CAUSE_NONE ||
           refuse_value(call, "cause", value, "a cause (GET /__mock/causes lists them)");
}

static bool read_endpoint(struct im_call *call, struct im_str value,
                          struct im_str *endpoint)
{
    struct im_str known[32];
    size_t n = 0;

    for (; n < 32 && im_endpoint_name(n); n++) {
        known[n] = im_str(im_endpoint_name(n));
        if (im_str_eq(value, known[n]))
            *endpoint = known[n];
    }
    if (endpoint->len)
        return true;
    struct im_hint hint = im_hint(value, known, n);
    im_control_refuse(call, 400, "endpoint", "there is no endpoint \"%.*s\"%s",
                      IM_ARG(im_str_front(value, 60)),
                      hint.text[0] ? hint.text
                                   : "; there are token, authorize, revoke, introspect, "
                                     "discovery, jwks, resource, query, model, session "
                                     "and unknown");
    return false;
}

static bool read_number(struct im_call *call, const char *name, struct im_str value,
                        int64_t *number)
{
    return (im_str_int(value, number) && *number >= 0) ||
           refuse_value(call, name, value, "a whole number, 0 or more");
}

static bool read_texts(const struct im_param *param, struct im_journal_filter *filter)
{
    const struct {
        const char *name;
        struct im_str *into;
    } texts[] = {
        {"method", &filter->method}, {"path", &filter->path},
        {"grant", &filter->grant},   {"client", &filter->client_id},
        {"user", &filter->user},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (im_str_is(param->name, texts[i].name)) {
            *texts[i].into = param->value;
            return true;
        }
    return false;
}

static bool refuse_param(struct im_call *call, struct im_str name, bool waits)
{
    struct im_str shown = im_str_slice(name, 0, 60);

    im_control_refuse(call, 400, im_arena_copy(call->req->arena, shown).at,
                      "unknown parameter \"%.*s\"; there are endpoint, cause, status, "
                      "grant, client, user, method, path%s",
                      IM_ARG(shown), waits ? ", since, count and wait" : " and since");
    return false;
}

static bool read_waiting(struct im_call *call, const struct im_param *param,
                         struct im_question *question)
{
    struct im_str value = param->value;

    if (im_str_is(param->name, "count"))
        return read_number(call, "count", value, &question->count);
    if (im_str_is(param->name, "wait"))
        return (im_duration_parse(value, &question->wait_ms) && question->wait_ms >= 0 &&
                question->wait_ms <= 600000) ||
               refuse_value(call, "wait", value,
                            "a duration of at most 10m, such as \"5s\"");
    return refuse_param(call, param->name, true);
}

static bool read_param(struct im_call *call, const struct im_param *param, bool waits,
                       struct im_question *question)
{
    struct im_str value = param->value;
    int64_t number = 0;

    if (read_texts(param, &question->filter))
        return true;
    if (im_str_is(param->name, "endpoint"))
        return read_endpoint(call, value, &question->filter.endpoint);
    if (im_str_is(param->name, "cause"))
        return read_cause(call, value, &question->filter.cause);
    if (im_str_is(param->name, "since")) {
        bool fine = read_number(call, "since", value, &number);
        question->filter.since = (uint64_t)number;
        question->has_since = true;
        return fine;
    }
    if (im_str_is(param->name, "status")) {
        bool fine = im_str_int(value, &number) && number >= 100 && number <= 599;
        question->filter.status = fine ? (int)number : 0;
        return fine || refuse_value(call, "status", value, "a status, 100 to 599");
    }
    return waits ? read_waiting(call, param, question)
                 : refuse_param(call, param->name, false);
}

bool im_control_question(struct im_call *call, bool waits, struct im_question *question)
{
    struct im_params params;
    struct im_error err;

    *question = (struct im_question){.count = -1, .wait_ms = 0};
    if (!im_request_query(call->req, &params, &err)) {
        im_control_refuse(call, 400, NULL, "%s", err.text);
        return false;
    }
    for (size_t i = 0; i < params.count; i++)
        if (!read_param(call, &params.items[i], waits, question))
            return false;
    return true;
}
