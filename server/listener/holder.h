/* Who holds a port that we wanted, for the error that says so. */
#ifndef IM_LISTENER_HOLDER_H
#define IM_LISTENER_HOLDER_H

#include <stddef.h>

enum { IM_HOLDER_TEXT = 160 };

/* "held by node, process 4711"; or, where the system does not tell us, the command that does:
 * "`ss -ltnp 'sport = :8080'` as root shows by whom". */
void im_port_holder(int port, char text[IM_HOLDER_TEXT]);

#endif
