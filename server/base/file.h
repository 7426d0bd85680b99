/* Files that people name, opened for reading without ever waiting. */
#ifndef IM_BASE_FILE_H
#define IM_BASE_FILE_H

#include <stdio.h>

#include "base/error.h"

/* NULL with errno and err's text: the reason alone. Anything but a regular file (a pipe, a
 * device, a folder) is refused: reading it may wait for ever. */
FILE *im_file_open(const char *path, struct im_error *err);

#endif
