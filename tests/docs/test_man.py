#!/usr/bin/env python3
"""The manual pages say what the program's tables and the header have: every command and option with
its default, every function and member, every word of the scenario format. Prints TAP."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from tap import Tap  # noqa: E402

PROGRAM = os.path.abspath(os.environ.get("INTACCT_MOCK", ROOT / "build/intacct-mock"))
MAN = ROOT / "server/man"
HEADER = (ROOT / "server/intacct_mock.h").read_text()
tap = Tap()


def printed_by(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True).stdout


def source_of(page):
    """The page's source with its escapes undone."""
    return (MAN / page).read_text().replace("\\-", "-").replace("\\e", "\\").replace("\\(dq", '"')


def section(text, title):
    """From .Sh or .Ss TITLE to the next one."""
    found = re.search(rf"^\.S[hs] {re.escape(title)}\n(.*?)(?=^\.S[hs] |\Z)", text, re.M | re.S)
    return found.group(1) if found else ""


def entries(text):
    """{first words of .It: what stands below it}"""
    return {head: body for head, body in re.findall(r"^\.It ([^\n]*)\n(.*?)(?=^\.It |^\.El|\Z)", text, re.M | re.S)}


def terms(text, macro):
    """Every word that `.It MACRO a , b Pq c` lists or that a line of the macro names."""
    found = set()
    for line in re.findall(rf"^\.(?:It )?{macro} ([^\n]*)", text, re.M):
        line = re.sub(r" Pq .*", "", line)
        found.update(word for word in line.split() if re.match(r"[\w$]", word) and word not in (macro, "No"))
    return found


def same(title, wanted, have):
    tap.check(title, set(wanted) == set(have),
          f"missing: {sorted(set(wanted) - set(have))}\nno longer there: {sorted(set(have) - set(wanted))}")


# --- intacct-mock(1) ---

def test_commands():
    page = source_of("intacct-mock.1")
    commands = re.findall(r"^  intacct-mock ([a-z]+)", printed_by("--help"), re.M)
    description = entries(section(page, "DESCRIPTION"))
    same("intacct-mock(1) describes every command", commands, [head.split()[1] for head in description])
    synopsis = section(page, "SYNOPSIS")
    missing = [name for name in commands if not re.search(rf"(\.Cm|Op Cm) {name}\b", synopsis)]
    tap.check("and shows how each is called", not missing, missing)


def option_entries(page, title):
    return {re.match(r"Fl -([\w-]+)", head).group(1): (head, body)
            for head, body in entries(section(page, title)).items()}


def test_options_of_serve():
    described = option_entries(source_of("intacct-mock.1"), "Options of serve")
    rows = re.findall(r"^\| `--([\w-]+) (.*?)` \| (?:`(.*?)`)? \|", printed_by("serve", "--markdown"), re.M)
    same("intacct-mock(1) describes every option of serve", [row[0] for row in rows], described)
    for name, argument, default in rows:
        head, body = described.get(name, ("", ""))
        argument = argument.replace("\\|", "|").lower()
        holds = head == f"Fl -{name} Ar {argument}" and (not default or f"Default: {default}.\n" in body)
        tap.check(f"--{name}: its argument and its default", holds, f"{argument}, {default}\n{head}\n{body}")


def test_options_of_run():
    described = option_entries(source_of("intacct-mock.1"), "Options of run")
    listed = re.findall(r"^  --([\w-]+)(?: [A-Z/]+)? {2,}(.*)$", printed_by("run", "--help"), re.M)
    same("intacct-mock(1) describes every option of run", [name for name, _ in listed], described)
    for name, about in listed:
        default = re.search(r"\(default: (.*?)\)", about)
        if default:
            tap.check(f"run --{name}: its default", f"Default: {default.group(1)}.\n" in described[name][1], about)


def test_options_of_remote_control():
    described = option_entries(source_of("intacct-mock.1"), "Options of remote control")
    same("intacct-mock(1) describes every option of remote control",
         [name for name in re.findall(r"^  --([\w-]+)", printed_by("clock", "--help"), re.M) if name != "help"], described)
    for command in ("tail", "verdict", "env"):
        own = set(re.findall(r"^  --([\w-]+)", printed_by(command, "--help"), re.M)) - set(described) - {"help"}
        body = entries(section(source_of("intacct-mock.1"), "DESCRIPTION"))[f"Cm {command}"]
        tap.check(f"and those of {command} where it is described", own == set(re.findall(r"Fl -([\w-]+)", body)), (own, body))


def test_surroundings():
    page = source_of("intacct-mock.1")
    environment = section(page, "ENVIRONMENT")
    help_of_run = printed_by("run", "--help")
    given = set(re.findall(r"\bINTACCT_[A-Z_]+", help_of_run))
    same("intacct-mock(1) names every variable that run gives",
         given, {name for name in terms(environment, "Ev") if not name.startswith("INTACCT_MOCK")})
    numbers = re.findall(r"(?:status: |; |\n)(\d) ", help_of_run[help_of_run.index("Exit status"):])
    same("and every exit status", numbers, entries(section(page, "EXIT STATUS")))


# --- intacct-mock(3) ---

def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def functions():
    """{name: [type and name of each parameter]}"""
    found = re.findall(r"IM_API ([^;]*?)\b(im_\w+)\(([^)]*)\);", without_comments(HEADER))
    return {name: (" ".join(type_.split()), [" ".join(p.split()) for p in parameters.split(",")])
            for type_, name, parameters in found}


def test_functions():
    page = source_of("intacct-mock.3")
    declared = functions()
    same("intacct-mock(3) names every function",
         declared, re.findall(r"^\.Nm (im_\w+)", section(page, "NAME"), re.M))
    shown = re.findall(r'^\.Ft "?([^"\n]*)"?\n\.Fn (im_\w+) (.*)$', section(page, "SYNOPSIS"), re.M)
    shown = {name: (type_, re.findall(r'"([^"]*)"|(\S+)', parameters)) for type_, name, parameters in shown}
    for name, (type_, parameters) in declared.items():
        have = shown.get(name, ("", []))
        tap.check(f"{name}: its synopsis is its declaration",
              have[0] == type_ and ["".join(pair) for pair in have[1]] == parameters, f"{type_} {parameters}\n{have}")
    rest = page[page.index(".Sh DESCRIPTION"):]
    missing = [name for name in declared if not re.search(rf"^\.Fn {name}\b", rest, re.M)]
    tap.check("and each is described", not missing, missing)


def test_members():
    page = source_of("intacct-mock.3")
    for struct, body in re.findall(r"^struct (im_\w+) \{(.*?)^\};", without_comments(HEADER), re.M | re.S):
        members = re.findall(r"(\w+)(?=\s*[,;])", body)
        text = page[page.index(f".Vt struct {struct}\n"):]
        text = re.split(r"^\.(?:Vt|Ss|Sh) ", text[5:], maxsplit=1, flags=re.M)[0]
        described = set(re.findall(r"\bVa (\w+)", text)) - {"https" if struct != "im_options" else ""}
        same(f"struct {struct}: every member is described", members, described)
    constants = re.findall(r"\b(IM_[A-Z_]+)(?= =)", HEADER)
    missing = [name for name in constants if name not in page]
    tap.check("intacct-mock(3) names every constant", constants and not missing, missing)


# --- intacct-mock-scenario(5) ---

def properties(schema):
    return set(schema["properties"])


def directory_members(world):
    return {name for thing in world["properties"].values() if thing.get("type") == "array"
            for name in thing["items"]["properties"]}


def test_format():
    page = source_of("intacct-mock-scenario.5")
    schema = json.loads(printed_by("scenarios", "--schema"))
    parts = schema["$defs"]
    faults = next(any_of for any_of in parts["wire"]["anyOf"] if "properties" in any_of)

    def listed(title, part=slice(None)):
        lists = re.findall(r"^\.Bl.*?\n(.*?)^\.El", section(page, title), re.M | re.S)
        return {word for text in lists[part] for head in entries(text) if head.startswith("Cm ")
                for word in terms(".It " + head, "Cm") if word != "and"}

    same("the members of a scenario", properties(schema), listed("The members of a scenario"))
    same("the world: everything that may stand in it", properties(parts["world"]), listed("The world"))
    missing = directory_members(parts["world"]) - terms(section(page, "The world"), "Cm")
    tap.check("the world: the members of companies, users, roles and clients", not missing, missing)
    same("the members of a rule", properties(parts["rule"]), listed("Rules", slice(0, 1)))
    same("the members of when", properties(parts["when"]), listed("Rules", slice(1, 2)))
    same("the members of then", properties(parts["rule"]["properties"]["then"]), listed("Rules", slice(2, 3)))
    missing = set(parts["endpoint"]["enum"]) - terms(section(page, "Rules"), "Cm")
    tap.check("every endpoint", not missing, missing)
    effects = {effect["const"]: effect["description"] for effect in parts["effect"]["oneOf"]}
    same("every change of the world", effects, listed("Changes of the world"))
    for name, about in effects.items():
        body = entries(section(page, "Changes of the world")).get(f"Cm {name}", "")
        tap.check(f"{name}: what it does", about.lower() in " ".join(body.split()).lower(), f"{about}\n{body}")
    same("every fault", properties(faults), listed("Faults"))
    tap.check("the schema's faults are among them", set(parts["fault"]["enum"]) <= listed("Faults"))
    same("the members of an expectation", properties(parts["expectation"]), listed("Expectations"))


def test_policy():
    page = entries(section(source_of("intacct-mock-scenario.5"), "The world"))
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \| .* \| (documented|observed|guessed) \|$",
                      printed_by("scenarios", "--markdown"), re.M)
    tap.check("there are switches of policy", rows)
    for name, default, confidence in rows:
        body = next((text for head, text in page.items() if head.startswith(f"Cm {name} ")), "")
        tap.check(f"{name}: its default, and how sure that is", f"Default: {default}\n.Pq {confidence} ." in body,
              f"{default}, {confidence}\n{body}")


def test_example():
    text = re.search(r"\.Bd -literal\n(.*?)\.Ed", section(source_of("intacct-mock-scenario.5"), "EXAMPLES"), re.S)
    folder = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
    file = folder / "man-example.json"
    file.write_text(text.group(1))
    done = subprocess.run([PROGRAM, "check", str(file)], capture_output=True, text=True)
    tap.check("the example of intacct-mock-scenario(5) is valid", done.returncode == 0, done.stdout + done.stderr)
    file.unlink()


# --- all pages ---

def test_pages():
    version = printed_by("version").split()[-1]
    have_mandoc, have_groff = shutil.which("mandoc"), shutil.which("groff")
    for path in sorted(MAN.iterdir()):
        lines = path.read_text().splitlines()
        tap.check(f"{path.name} names the version", f".Os intacct-mock {version}" in lines, lines[:3])
        tap.check(f"{path.name} is ASCII", path.read_text().isascii())
        if have_mandoc:
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(path)], capture_output=True, text=True)
            said = [line for line in done.stdout.splitlines() if "outdated mandoc.db" not in line]
            tap.check(f"{path.name}: mandoc has nothing to warn of", not said, "\n".join(said))
        else:
            tap.skip(f"{path.name}: mandoc has nothing to warn of", "mandoc is not installed")
        if have_groff:
            done = subprocess.run(["groff", "-mdoc", "-Tutf8", "-ww", "-z", str(path)], capture_output=True, text=True)
            tap.check(f"{path.name}: groff has nothing to warn of", done.returncode == 0 and not done.stderr, done.stderr)
        else:
            tap.skip(f"{path.name}: groff has nothing to warn of", "groff is not installed")


for test in (test_commands, test_options_of_serve, test_options_of_run, test_options_of_remote_control, test_surroundings, test_functions,
             test_members, test_format, test_policy, test_example, test_pages):
    test()
tap.end()
