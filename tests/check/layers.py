#!/usr/bin/env python3
"""No file in server/ includes what stands above it (server/README.md has the picture).

A unit is a folder of server/ or one X.c with its X.h (and with X_PART.c, when it has grown). It may include its own headers and those of units to its
right in LAYERS, never to its left.
"""

import os
import re
import sys

from common import finish

LAYERS = ("main commands api server listener router control operations sandboxes metrics sandbox journal verdict explain scenario "
          "endpoints grants oauth directory causes objects http base").split()

# The public header stands outside: it includes nothing of ours, and these may include it.
PUBLIC = "server/intacct_mock.h"
SEES_PUBLIC = {"api", "server", "main", "commands"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def unit_of(path):
    """server/base/str.c -> base; server/router.h -> router; server/journal_write.c -> journal."""
    parts = path.split("/")[1:]
    if len(parts) > 1:
        return parts[0]
    stem = parts[0].rsplit(".", 1)[0]
    return stem if stem in LAYERS else stem.split("_")[0]


def files_below(top):
    for folder, _, names in os.walk(top):
        yield from (os.path.join(folder, name) for name in names if name.endswith((".c", ".h", ".def")))


def complaint(path, included):
    """Why PATH must not include "INCLUDED", or None."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), included))
    target = os.path.join("server", included)
    if not os.path.exists(target):
        return f'"{included}" is named from its own folder: say it from server/' if os.path.exists(beside) else None
    own, other = unit_of(path), unit_of(target)
    if target == PUBLIC:
        return None if own in SEES_PUBLIC or path == PUBLIC else 'the public header is not for here'
    if other not in LAYERS:
        return f'"{included}": {other} has no place in the layers (tests/check/layers.py)'
    if LAYERS.index(other) < LAYERS.index(own):
        return f'includes "{included}": {other} stands above {own}'
    return None


def complaints(path):
    if path != PUBLIC and unit_of(path) not in LAYERS:
        yield f"{unit_of(path)} has no place in the layers (tests/check/layers.py)"
        return
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path == PUBLIC and INCLUDE.search(text):
        yield "the public header includes nothing of ours: it is installed alone"
    for match in INCLUDE.finditer(text):
        why = complaint(path, match[1])
        if why:
            yield f"{text.count(chr(10), 0, match.start()) + 1}: {why}"


paths = sorted(files_below(sys.argv[1]))
found = {path: list(complaints(path)) for path in paths}
finish("layers", len(paths), {path: texts for path, texts in found.items() if texts})
