#!/usr/bin/env python3
"""Every header compiles when it is all there is, with each compiler; the public one also as C++."""

import argparse
import shlex
import subprocess

from common import finish, in_parallel

PUBLIC = "server/intacct_mock.h"
CPLUSPLUS = {"clang": "clang++"}


def runs_for(path, compilers, flags):
    for compiler in compilers:
        yield shlex.split(compiler) + flags + ["-x", "c"]
    if path == PUBLIC:
        for compiler in ("g++", "clang++"):
            yield [compiler, "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-x", "c++"]
        yield shlex.split(compilers[0]) + ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-x", "c"]


def complaints(path, compilers, flags):
    found = []
    # the header as a user includes it: `#include` in an otherwise empty file, after which something must stand
    text = f'#include "{path}"\nextern int im_nothing;\n'
    for command in runs_for(path, compilers, flags):
        run = subprocess.run(command + ["-Werror", "-I.", "-fsyntax-only", "-"], input=text, capture_output=True, text=True)
        if run.returncode:
            found.append(f"does not compile alone with {command[0]}:\n{run.stderr.rstrip()}")
    return found


parser = argparse.ArgumentParser()
parser.add_argument("--flags", required=True, help="what our own sources are compiled with")
parser.add_argument("--compilers", required=True)
parser.add_argument("headers", nargs="*")
args = parser.parse_args()

compilers_, flags_ = args.compilers.split(), shlex.split(args.flags)
results = in_parallel(lambda path: complaints(path, compilers_, flags_), args.headers)
finish("headers", len(args.headers), {path: texts for path, texts in zip(args.headers, results) if texts})
