/* What the teller (main.c) and the vocabulary (story.c) share; stories do not include this. */
#ifndef STORIES_TELLER_H
#define STORIES_TELLER_H

#include <setjmp.h>

#include "stories/story.h"
#include "stories/transport.h"

struct story {
    struct transport *transport;
    struct im_arena arena; /* the story's texts */
    struct answer last;
    const char *box;             /* the sandbox's name */
    enum lost awaited;           /* how the next answer is to be lost */
    const char *method, *target; /* of the last request */
    jmp_buf out;                 /* where a story that fails goes */
    bool told[CAUSE_COUNT];      /* causes that a story has provoked */
};

/* As freshly made, at the stories' time. */
void story_begin(struct story *s);

#endif
