/* What there is to know about scenarios, made from the tables that read them: the list for a
 * terminal, scenarios/README.md and scenarios/schema.json. */
#ifndef IM_SCENARIO_SCENARIO_DOC_H
#define IM_SCENARIO_SCENARIO_DOC_H

#include "scenario/catalogue.h"

/* A line for each: name and what it is about. */
void im_scenarios_text(const struct im_listed *listed, size_t count, struct im_buf *text);
/* scenarios/README.md: the format on one screen, and the list. */
void im_scenarios_markdown(const struct im_listed *listed, size_t count,
                           struct im_buf *text);
/* scenarios/schema.json: JSON Schema 2020-12 of the format (nothing is listed in it). */
void im_scenarios_schema(const struct im_listed *listed, size_t count,
                         struct im_buf *text);

#endif
