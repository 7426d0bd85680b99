#!/usr/bin/env python3
"""clang-tidy's words (one log per source, made by make), cppcheck over all of our C, shellcheck over our scripts, actionlint over
workflows."""

import glob
import os
import re
import shutil
import subprocess
import sys

from common import finish

# Left to others: ctuuninitvar takes any pointer to a struct that is yet to be filled for a read of it, memleak loses
# sight of memory that a compound literal takes over; the compilers, the analyzer and LeakSanitizer see both better.
CPPCHECK = ["cppcheck", "--quiet", "--std=c11", "--enable=warning,performance,portability", "--inline-suppr",
            "--suppress=missingIncludeSystem", "--suppress=ctuuninitvar", "--suppress=memleak",
            "--error-exitcode=0", "-j", str(os.cpu_count() or 1),
            "--template={file}:{line}: {message} [{id}]", "-Iserver", "-Itests", "-DIM_VERSION=\"\"", "-D__GNUC__=12"]
# No system has a package of it. Its source is fetched once into Go's own cache.
ACTIONLINT = ["go", "run", "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"]
ACTIONLINT_GO = [1, 25]  # its go.mod asks for that Go
GO_ENV = {"GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"}
WORKFLOWS = [".github/workflows/ci.yaml"]


def said_by_clang_tidy(log):
    with open(log, encoding="utf-8") as file:
        return [text] if (text := file.read().strip()) else []


def said_by(command):
    run = subprocess.run(command, capture_output=True, text=True)
    return [text] if (text := (run.stdout + run.stderr).strip()) else []


def said_by_actionlint(workflow):
    run = subprocess.run([*ACTIONLINT, workflow], capture_output=True, text=True, env={**os.environ, **GO_ENV})
    return [run.stdout + run.stderr] if run.returncode else []


def can_run_actionlint():
    if not shutil.which("go"):
        return False
    version = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, env={**os.environ, **GO_ENV}).stdout
    return [int(number) for number in re.findall(r"\d+", version)[:2]] >= ACTIONLINT_GO


def source_of(log):
    """build/tidy/server/base/str.log is about server/base/str.c."""
    return log.rsplit("/tidy/", 1)[1][:-len(".log")] + ".c"


cache = os.path.join(os.environ["BUILD"], "cppcheck")
os.makedirs(cache, exist_ok=True)
scripts = [path for path in sorted(glob.glob(".ci/*") + glob.glob("certs/*.sh") + glob.glob("docker/*") + glob.glob("packages/*")
                                + glob.glob("packages/*/*.sh"))
           if os.path.isfile(path) and open(path, "rb").readline().startswith((b"#!/usr/bin/env bash", b"#!/bin/sh"))]

found = {f"clang-tidy {source_of(log)}": said_by_clang_tidy(log) for log in sys.argv[1:]}
found["cppcheck server"] = said_by(CPPCHECK + [f"--cppcheck-build-dir={cache}", "server"])
found |= {f"shellcheck {script}": said_by(["shellcheck", script]) for script in scripts}
if can_run_actionlint():
    found |= {f"actionlint {workflow}": said_by_actionlint(workflow) for workflow in WORKFLOWS}
finish("lint", len(found), {thing: texts for thing, texts in found.items() if texts})
