/* The way into commands/, and nothing else, so that all else can be linked into a test. */
#include "commands/command.h"

extern char **environ;

int main(int argc, char **argv)
{
    (void)argc;
    return im_command_main(argv, environ);
}
