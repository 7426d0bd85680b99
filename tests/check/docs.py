#!/usr/bin/env python3
"""What `make docs` would write is what stands there: each argument is FILE=COMMAND that prints FILE."""

import difflib
import shlex
import subprocess
import sys

from common import finish


def complaints(path, command):
    run = subprocess.run(shlex.split(command), capture_output=True, text=True)
    if run.returncode:
        return [f"`{command}` failed with status {run.returncode}: {run.stderr.strip()}"]
    try:
        with open(path, encoding="utf-8") as file:
            written = file.read()
    except OSError as error:
        return [f"{error.strerror}; `make docs` writes it"]
    diff = list(difflib.unified_diff(written.splitlines(), run.stdout.splitlines(), path, "what `make docs` writes", lineterm=""))
    return ["out of step; run `make docs`\n" + "\n".join(diff[:40])] if diff else []


documents = [argument.split("=", 1) for argument in sys.argv[1:]]
found = {path: complaints(path, command) for path, command in documents}
finish("docs", len(documents), {path: texts for path, texts in found.items() if texts})
