"""What the tests of the packages share: the built files, fresh folders to install them into, and a README that is followed
to the letter. Nothing is taken from the sources of the packages: what their users get is what is tried."""
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
DIST = BUILD / "dist"
VERSION = re.search(r"^VERSION := (\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]

sys.path[:0] = [str(ROOT / "tests/wire"), str(ROOT / "tests/support")]

from mock import Tap  # noqa: E402,F401
from transcript import fits, steps  # noqa: E402

# What would lead a test to another program or server than that of the package, or to a make that runs this one.
LEFT_OUT = {"INTACCT_MOCK", "INTACCT_MOCK_URL", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS", "MAKELEVEL",
            "MAKEOVERRIDES", "BUILD", "DEPS"}


def fresh(name):
    """An empty folder below the build's."""
    folder = BUILD / "packages-test" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def environment(**more):
    return {**{name: value for name, value in os.environ.items() if name not in LEFT_OUT}, "NO_COLOR": "1", **more}


def run(*command, cwd=None, env=None, timeout=300):
    """Exit status and all that was printed, without what colours it."""
    done = subprocess.run(command, cwd=cwd, env=env or environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False)
    return done.returncode, re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def works(tap, title, *command, says="", **options):
    """One test: the command exits with 0 and prints what is wanted of it."""
    status, said = run(*command, **options)
    tap.check(title, status == 0 and says in said, f"{command}: exit status {status}\n{said}")
    return said


def unpack(archive, folder):
    status, said = run("tar", "-xzf", str(archive), "-C", str(folder))
    if status:
        sys.exit(f"{archive} cannot be unpacked: {said}")


def blocks(readme):
    """(language, name, text) of each fenced block."""
    return re.findall(r"^```([a-z]+) ?(\S*)\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)


def from_files(tap, tool, folder, env):
    """Types what packages/README.md says of taking the tool's package from its file."""
    [text] = [text for _, name, text in blocks((ROOT / "packages/README.md").read_text()) if name == tool]
    text = re.sub(r"(SOURCES/)?build/dist", str(DIST), text)
    works(tap, f"packages/README.md, from the files: {tool}", "bash", "-ec", text, cwd=folder, env=env)


def follow(tap, readme, folder, env, rewrite=lambda command: command):
    """Does what a README says, in its order: writes the files that it shows, changes them as its diffs say, and types its
    commands. `rewrite` puts a built file where the reader has a registry. What it prints must be what is shown."""
    text = readme.read_text()
    written = []
    for language, name, block in blocks(text):
        if name:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block)
            written.append(path)
        elif language == "diff":
            apply(tap, block, written[-1])
        elif language == "console":
            for command, expected in steps(f"```console\n{block}```"):
                _, said = run("bash", "-c", rewrite(command), cwd=folder, env=env)
                tap.check(f"README: {command}", fits(expected, said), f"expected:\n{expected}\nprinted:\n{said}")


def apply(tap, diff, path):
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    text = path.read_text()
    tap.check(f"README: the change fits {path.name}", text.count(before) == 1, before)
    path.write_text(text.replace(before, after))


def ends(pid):
    """Whether the process ends within 10 s, or has ended."""
    try:
        process = os.pidfd_open(int(pid))
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10)[0])
    finally:
        os.close(process)


class Recorder:
    """A program in place of the package's, named in INTACCT_MOCK, that writes down which processes it became."""

    def __init__(self, folder, program):
        self.path, self.pids = folder / "recorder", folder / "pids"
        self.path.write_text(f'#!/bin/sh\necho $$ >>{self.pids}\nexec {program} "$@"\n')
        self.path.chmod(0o755)

    def all_end(self):
        pids = self.pids.read_text().split()
        return bool(pids) and all(ends(pid) for pid in pids)


def wheel():
    [path] = DIST.glob(f"intacct_mock-{VERSION}-*_{os.uname().machine}.whl")
    return path
