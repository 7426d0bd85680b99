#!/usr/bin/env python3
"""`make static`: the same source gives the same bytes, whoever makes it where and when. Builds what the Dockerfile copies in
two folders, zones and years. Prints TAP."""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
DEPS = (ROOT / os.environ.get("DEPS", "build/deps")).resolve()
WORK = BUILD / "static-test"
# (folder, zone, what the clock of the build starts at there)
BUILDS = (("one", "UTC", "2030-03-01 08:00:00"), ("another/place", "JST-9", "2031-12-31 23:58:00"))
OUTER = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "LD_PRELOAD")

sys.path.insert(0, str(ROOT / "tests/wire"))

from mock import Tap  # noqa: E402


def build(folder, zone, clock):
    """The program as bytes and what the build had to say."""
    for part in (".ci", "scenarios", "server"):
        shutil.copytree(ROOT / part, folder / part)
    for file in ("LICENSE", "Makefile"):
        shutil.copy2(ROOT / file, folder)
    (folder / "build").mkdir()
    (folder / "build/deps").symlink_to(DEPS)
    # a make and a clock of their own: not a part of the make that runs this test, nor another faked clock below theirs
    env = {name: value for name, value in os.environ.items() if name not in OUTER}
    made = subprocess.run(["faketime", "-f", f"@{clock}", "make", "BUILD=build", "DEPS=build/deps", "static"], cwd=folder,
                          env={**env, "TZ": zone, "NO_FAKE_STAT": "1"}, capture_output=True, text=True, check=False)
    program = folder / "build/static/intacct-mock"
    return program.read_bytes() if made.returncode == 0 else None, made.stdout + made.stderr


def main():
    tap = Tap()
    shutil.rmtree(WORK, ignore_errors=True)
    # what is downloaded, is downloaded on the real clock
    fetched = subprocess.run([ROOT / ".ci/cjson", DEPS], cwd=ROOT, capture_output=True, text=True, check=False)
    tap.check("the source of cJSON is there", fetched.returncode == 0, fetched.stderr)
    programs = []
    for folder, zone, clock in BUILDS:
        program, said = build(WORK / folder, zone, clock)
        tap.check(f"make static works with TZ={zone} at {clock}", program, said[-2000:])
        programs.append(program)
    tap.check("a static program built in two places and years is the same bytes",
              programs[0] and programs[0] == programs[1])
    shutil.rmtree(WORK)
    tap.end()


if __name__ == "__main__":
    main()
