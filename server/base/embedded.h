/* Files that the program carries inside itself: made into C during the build by
 * .ci/embed. */
#ifndef IM_BASE_EMBEDDED_H
#define IM_BASE_EMBEDDED_H

#include <stddef.h>

struct im_embedded {
    const char *name; /* of the file, without folder; of a scenario also without suffix */
    const char *text; /* with a NUL behind it */
    size_t len;       /* bytes, without that NUL */
};

/* scenarios/NAME.json, by name. One more entry of NULLs stands at the end. */
extern const struct im_embedded im_scenario_files[];
extern const size_t im_scenario_file_count;

/* server/pages/, each by its name with suffix: what a browser is shown. The same end. */
extern const struct im_embedded im_page_files[];
extern const size_t im_page_file_count;

/* server/scenario/format.md: the format of scenarios on one screen. */
extern const char im_scenario_format[];
extern const size_t im_scenario_format_len;

#endif
