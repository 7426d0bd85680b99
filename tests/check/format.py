#!/usr/bin/env python3
"""Every C file is laid out as .clang-format says; `make format` does it."""

import subprocess
import sys

from common import finish, in_parallel


def complaints(path):
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", path], capture_output=True, text=True)
    lines = [line for line in run.stderr.splitlines() if "error:" in line]
    return [f"{line.split(':')[1]}: not as `make format` would leave it" for line in lines[:1]] or \
        ([run.stderr.strip()] if run.returncode else [])


paths = sys.argv[1:]
found = dict(zip(paths, in_parallel(complaints, paths)))
finish("format", len(paths), {path: texts for path, texts in found.items() if texts})
