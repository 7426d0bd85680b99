#!/usr/bin/env python3
"""CONTRIBUTING.md, CHANGELOG.md and the compilation database: what they name is there, the newest release is this version,
and tools can work with the database. Prints TAP."""
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPS = (ROOT / os.environ.get("DEPS", "build/deps")).resolve()
CC = os.environ.get("CC", "cc")
VERSION = re.search(r"^VERSION := (\S+)", (ROOT / "Makefile").read_text(), re.M)[1]
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]

sys.path.insert(0, str(ROOT / "tests/wire"))

from mock import Tap  # noqa: E402

tap = Tap()


def run(*command, cwd=ROOT):
    # a make of its own: not a part of the one that runs this test, if one does
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


# --- what the documents name ---

def missing_paths(document):
    """The links to files, and the paths in `code`, that lead nowhere from the document's folder or from the root."""
    text = document.read_text()
    links = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    named = re.findall(r"`(\.?\w[\w.-]*/[\w./-]*|\.[a-z-]{4,}|[A-Z]+\.md)`", text)
    return ([link for link in links if link and not (document.parent / link).exists()]
            + [path for path in named if not (ROOT / path).exists()])


def unknown_goals(document, goals):
    spans = re.findall(r"`(make [^`]*)`", document) + re.findall(r"^(make .*)", document, re.M)
    named = {word for span in spans for word in re.split("#|&&", span)[0].split()[1:] if re.fullmatch(r"[a-z][a-z_.-]*", word)}
    return sorted(named - goals)


goals = set(re.findall(r"^([a-z][a-z_.-]*):", (ROOT / "Makefile").read_text(), re.M))
goals |= {"test-" + suite for suite in re.search(r"^SUITES := (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()}
for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
    missing = missing_paths(ROOT / name)
    tap.check(f"every file that {name} names is there", not missing, missing)
    tap.check(f"the README leads to {name}", f"]({name})" in (ROOT / "README.md").read_text())

for path in sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("[a-z]*/README.md")) + sorted(ROOT.glob("[a-z]*/*/README.md")):
    if path.relative_to(ROOT).parts[0] != "build":
        unknown = unknown_goals(path.read_text(), goals)
        tap.check(f"every goal of make that {path.relative_to(ROOT)} names is one", not unknown, unknown)

suites = re.search(r"^SUITES := (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].replace("$(if $(EMBED_TESTS),embed)", "embed").split()
checked = re.search(r"^CHECKED := (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
# {goal: what it is part of}, of the table's last two columns
parts = dict(re.findall(r"^\|[^|]*\|[^|]*\| `make ([a-z-]+)[^|]*\|([^|]*)\|$", (ROOT / "tests/README.md").read_text(), re.M))
wrong = [suite for suite in suites if "test" not in parts.get("test-" + suite, "")]
tap.check("tests/README.md says of each suite of make test that it is one", not wrong, wrong)
wrong = [goal for goal, column in parts.items() if goal.startswith("check-") and goal[len("check-"):] not in checked]
tap.check("what it says to be a check is part of make check", parts and not wrong, wrong)

with tempfile.TemporaryDirectory() as folder:
    wrong = pathlib.Path(folder, "wrong.md")
    wrong.write_text("[a](no/where.md) `server/no_such.c` `.no-file` `make nonsense`")
    tap.check("a file and a goal that are not there are found",
              missing_paths(wrong) == ["no/where.md", "server/no_such.c", ".no-file"]
              and unknown_goals(wrong.read_text(), goals) == ["nonsense"])

# --- the changelog: https://keepachangelog.com/en/1.1.0/ ---

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
headings = re.findall(r"^## (.*)$", CHANGELOG, re.M)
releases = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", heading) for heading in headings[1:]]
tap.check("the changelog begins with what is not released yet", headings[:1] == ["[Unreleased]"], headings)
tap.check("all else in it is a release with its date", releases and all(releases), headings)
versions = [release[1] for release in releases if release]
tap.check("its newest release is the Makefile's version", versions[:1] == [VERSION], f"{versions}, {VERSION}")
order = [(tuple(map(int, release[1].split("."))), datetime.date.fromisoformat(release[2])) for release in releases if release]
tap.check("the newest comes first", all(newer[0] > older[0] and newer[1] >= older[1] for newer, older in zip(order, order[1:])),
          order)
for title, section in re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", CHANGELOG, re.M):
    kinds = re.findall(r"^### (.*)$", section, re.M)
    tap.check(f"{title}: its changes are of the kinds that the format knows, each once and in their order",
              kinds == [kind for kind in KINDS if kind in kinds], kinds)

carriers = [ROOT / "docker/README.md", ROOT / "docker/Dockerfile", *sorted((ROOT / "docker").glob("*.yaml")),
            *sorted((ROOT / "server/man").glob("*.[1-9]"))]
for path in carriers:
    carried = re.findall(r"(?:intacct-mock[: ]|ARG VERSION=)(\d+\.\d+\.\d+)", path.read_text())
    tap.check(f"{path.relative_to(ROOT)} carries that version", carried and set(carried) == {VERSION}, carried)

# --- the compilation database ---

with tempfile.TemporaryDirectory() as folder:
    copy = pathlib.Path(folder, "with a blank")
    copy.mkdir()
    for part in (".ci", "server", "tests"):
        shutil.copytree(ROOT / part, copy / part)
    shutil.copy(ROOT / "Makefile", copy)
    (copy / "build").mkdir()
    (copy / "build/deps").symlink_to(DEPS)
    made = run("make", "BUILD=build", "DEPS=build/deps", f"CC={CC}", "compile_commands.json", cwd=copy)
    tap.check("make compile_commands.json works, in a folder with a blank too", made.returncode == 0, made.stdout + made.stderr)
    entries = json.loads((copy / "compile_commands.json").read_text())
    sources = {str(path.relative_to(copy)) for part in ("server", "tests") for path in (copy / part).rglob("*.c")}
    tap.check("it has every C file", {entry["file"] for entry in entries} == sources and len(entries) == len(sources),
              sources ^ {entry["file"] for entry in entries})
    tap.check("beside the folder they are compiled in", {entry["directory"] for entry in entries} == {str(copy)})
    for file in ("server/commands/version.c", "tests/unit/base/test_str.c"):
        command = next((entry["command"] for entry in entries if entry["file"] == file), "false")
        done = run("sh", "-c", f"{command} -o /dev/null", cwd=copy)
        tap.check(f"its command compiles {file}", done.returncode == 0, done.stderr)
        if shutil.which("clang-tidy"):
            tidy = run("clang-tidy", "--quiet", "--checks=-*,bugprone-sizeof-expression", "-p", str(copy), str(copy / file), cwd=folder)
            tap.check(f"clang-tidy understands {file} by it", tidy.returncode == 0 and not tidy.stdout.strip(),
                      tidy.stdout + tidy.stderr)
    odd = run(str(copy / ".ci/compile-commands"), r"""cc -DA='"b\c"'""", "server/x.c", cwd=folder)
    tap.check("quotes and backslashes in a command are kept", json.loads(odd.stdout)[0]["command"] ==
              r"""cc -DA='"b\c"' -c server/x.c""", odd.stdout)

tap.end()
