#!/usr/bin/env python3
""".ci/embed makes C of files: whatever is in them comes out again, under compilers that warn of everything."""
import os
import pathlib
import shlex
import subprocess
import tempfile

from mock import ROOT, Tap

EMBED = str(ROOT / ".ci/embed")
FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Werror",
         f"-I{ROOT}/server"]
PRINTS_FILE = """
#include <stdio.h>
#include "control/openapi.h"
int main(void)
{
    return fwrite(im_openapi_json, 1, im_openapi_json_len + 1, stdout) != im_openapi_json_len + 1;
}
"""
PRINTS_LIST = """
#include <stdio.h>
#include "base/embedded.h"
int main(void)
{
    for (size_t i = 0; i < im_scenario_file_count; i++)
        printf("%s %zu %s\\n", im_scenario_files[i].name, im_scenario_files[i].len, im_scenario_files[i].text);
    return im_scenario_files[im_scenario_file_count].name != NULL;
}
"""
tap = Tap()


def what_comes_out(program, arguments, *more):
    """What the program prints once it is compiled together with what .ci/embed makes."""
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([EMBED, *arguments], capture_output=True, check=True).stdout
        pathlib.Path(folder, "made.c").write_bytes(made)
        pathlib.Path(folder, "main.c").write_text(program)
        done = subprocess.run(shlex.split(os.environ.get("CC", "cc")) + FLAGS + list(more)
                              + ["-o", f"{folder}/a", f"{folder}/made.c", f"{folder}/main.c"],
                              capture_output=True, text=True)
        if done.returncode:
            return done.stderr.encode()
        return subprocess.run([f"{folder}/a"], capture_output=True, check=True).stdout


with tempfile.TemporaryDirectory() as folder_:
    def file(name, content):
        pathlib.Path(folder_, name).write_bytes(content)
        return f"{folder_}/{name}"

    for title, content in (("every byte there is", bytes(range(256)) * 40), ("nothing", b""),
                           ("quotes and backslashes", b'"\\n\'??/%s'), ("one line many times", b"abc\n" * 2000)):
        path = file("one.json", content)
        for sign in ("-fsigned-char", "-funsigned-char"):
            came = what_comes_out(PRINTS_FILE, ["file", "control/openapi.h", "im_openapi_json", path], sign)
            tap.check(f"{title} goes in and comes out ({sign})", came == content + b"\0", came[:500])

    listed = ["list", "base/embedded.h", "im_scenario_file"]
    came = what_comes_out(PRINTS_LIST, listed)
    tap.check("a list of no files", came == b"", came)
    came = what_comes_out(PRINTS_LIST, [*listed, file("happy-path.json", b"{}"), file("b.json", "né".encode())])
    tap.check("a list of files, each by its name", came == "happy-path 2 {}\nb 3 né\n".encode(), came)

tap.end()
