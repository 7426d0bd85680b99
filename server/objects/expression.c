/* filterExpression (Sage's "Query service" guide) by recursive descent into postfix steps: `or` of `and`
 * of conditions and parentheses. The depth is bounded because each parenthesis takes stack of the caller's
 * thread, the steps because they are evaluated for each row. */
#include "objects/expression.h"

#include "objects/outcome.h"

struct expression_parser {
    struct im_str text; /* whole, for the evidence */
    size_t at;
    struct im_object_expression *expression;
    size_t n_conditions;
    unsigned depth;
    struct im_objects_refusal *refusal;
};

static enum im_objects_result expression_refuse(struct expression_parser *parser,
                                                const char *what)
{
    struct im_str shown = im_objects_quote(parser->text);
    return im_objects_refuse(parser->refusal, IM_OBJECTS_QUERY_WRONG,
                             IM_STR("filterExpression"),
                             "filterExpression \"%.*s\": %s at position %zu.",
                             IM_ARG(shown), what, parser->at + 1);
}

/* "1and2" is one word, and so is refused as the number of a filter. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The next word, number or single character; empty at the end. */
static struct im_str token_peek(struct expression_parser *parser)
{
    struct im_str text = parser->text;
    while (parser->at < text.len && text.at[parser->at] == ' ')
        parser->at++;
    size_t end = parser->at;
    while (end < text.len && is_word(text.at[end]))
        end++;
    if (end == parser->at && end < text.len)
        end++;
    return im_str_slice(text, parser->at, end);
}

/* The case of words is ignored: "AND" means the same. */
static bool token_take(struct expression_parser *parser, struct im_str word)
{
    struct im_str next = token_peek(parser);
    if (!im_str_eq_nocase(next, word))
        return false;
    parser->at += next.len;
    return true;
}

static enum im_objects_result step_push(struct expression_parser *parser, int step)
{
    if (parser->expression->n == IM_EXPRESSION_STEPS_MAX)
        return expression_refuse(parser, "it is too long");
    parser->expression->steps[parser->expression->n++] = step;
    return IM_OBJECTS_OK;
}

static enum im_objects_result parse_or(struct expression_parser *parser);

static enum im_objects_result parse_group(struct expression_parser *parser)
{
    if (++parser->depth > IM_EXPRESSION_DEPTH_MAX)
        return expression_refuse(parser, "too many parentheses");
    enum im_objects_result result = parse_or(parser);
    if (!result && !token_take(parser, IM_STR(")")))
        return expression_refuse(parser, "a closing parenthesis is missing");
    parser->depth--;
    return result;
}

static enum im_objects_result parse_one(struct expression_parser *parser)
{
    int64_t number;
    if (token_take(parser, IM_STR("(")))
        return parse_group(parser);
    struct im_str word = token_peek(parser);
    if (!im_str_int(word, &number))
        return expression_refuse(parser, "the number of a filter is expected");
    if (number < 1 || (uint64_t)number > parser->n_conditions)
        return expression_refuse(parser, "there is no filter of this number");
    parser->at += word.len;
    return step_push(parser, (int)number - 1); /* clients count from 1 */
}

static enum im_objects_result parse_and(struct expression_parser *parser)
{
    enum im_objects_result result = parse_one(parser);
    while (!result && token_take(parser, IM_STR("and"))) {
        result = parse_one(parser);
        if (!result)
            result = step_push(parser, IM_EXPRESSION_AND);
    }
    return result;
}

static enum im_objects_result parse_or(struct expression_parser *parser)
{
    enum im_objects_result result = parse_and(parser);
    while (!result && token_take(parser, IM_STR("or"))) {
        result = parse_and(parser);
        if (!result)
            result = step_push(parser, IM_EXPRESSION_OR);
    }
    return result;
}

static enum im_objects_result expression_join_all(struct expression_parser *parser,
                                                  int connective)
{
    enum im_objects_result result = IM_OBJECTS_OK;
    for (size_t i = 0; i < parser->n_conditions && !result; i++) {
        result = step_push(parser, (int)i);
        if (!result && i)
            result = step_push(parser, connective);
    }
    return result;
}

enum im_objects_result im_object_expression_parse(struct im_object_expression *expression,
                                                  struct im_arena *arena,
                                                  struct im_str text, size_t n_conditions,
                                                  struct im_objects_refusal *refusal)
{
    struct im_str trimmed = im_str_trim(text);
    struct expression_parser parser = {text, 0, expression, n_conditions, 0, refusal};
    expression->n = 0;
    expression->steps = IM_ARENA_ARRAY(arena, int, IM_EXPRESSION_STEPS_MAX);
    if (!expression->steps)
        return im_objects_refuse(refusal, IM_OBJECTS_NO_MEMORY, IM_STR(""),
                                 "Out of memory.");
    /* one word joins all filters, and an empty text is "and" */
    if (!trimmed.len || im_str_eq_nocase(trimmed, IM_STR("and")))
        return expression_join_all(&parser, IM_EXPRESSION_AND);
    if (im_str_eq_nocase(trimmed, IM_STR("or")))
        return expression_join_all(&parser, IM_EXPRESSION_OR);
    enum im_objects_result result = parse_or(&parser);
    if (!result && token_peek(&parser).len)
        return expression_refuse(&parser, "\"and\" or \"or\" is expected");
    return result;
}

bool im_object_expression_holds(const struct im_object_expression *expression,
                                bool (*condition)(const void *context, size_t i),
                                const void *context)
{
    bool stack[IM_EXPRESSION_STEPS_MAX] = {true}; /* true: no conditions at all */
    size_t top = 0;
    for (size_t i = 0; i < expression->n; i++) {
        int step = expression->steps[i];
        if (step >= 0) {
            stack[top++] = condition(context, (size_t)step);
            continue;
        }
        top--;
        stack[top - 1] = step == IM_EXPRESSION_AND ? stack[top - 1] && stack[top]
                                                   : stack[top - 1] || stack[top];
    }
    return stack[0];
}
