/* The door to CivetWeb: all of it is compiled here, with flags of its own (Makefile) and outside lint. */
#define _GNU_SOURCE
#include <signal.h>

/* All CivetWeb does with signals is that each of its threads sets SIGPIPE to be ignored, for the whole process. That is the host
 * program's to decide. */
#define sigaction(...) 0

#include <civetweb.c>
