#!/usr/bin/env python3
"""Mutation testing: one small mistake at a time is put into a source file, and the tests must notice it.

    tests/mutation/mutants.py FOLDER... [--sample N] [--seed N] [--only FILE]

Of the mutants of server/FOLDER a sample is taken (--sample 0: all), the same for the same seed. A mutant is killed when
it does not compile, or when a unit test of its folder or a story fails, crashes or runs out of time. Survivors are listed
with their lines: each is a test that is missing, or a mistake that changes nothing. Those that change nothing are in
EQUIVALENT below, with the reason, and are only counted. Left out are calloc() of one more and calls that only free
something (the leak checks of make check-asan and make check-torture find these), and the message that memory is short. Exit status 0, whatever survives: this is
read by people. `make mutants` builds what it needs (FOLDERS=…, SAMPLE=…, SEED=…)."""
import argparse
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build"))
COMPILE, LINK = (shlex.split(os.environ.get(name, "")) for name in ("COMPILE", "LINK"))
ENOUGH_S = 60  # for one program of tests; the stories take half a second of processor time

# what stands there, and what stands there instead: comparisons, logic, arithmetic, constants, statements
OPERATORS = [
    (r" == ", " != "), (r" != ", " == "), (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
    (r" && ", " || "), (r" \|\| ", " && "), (r"(?<=[\w)\]]) \+ (?=\w)", " - "), (r"(?<=[\w)\]]) - (?=\w)", " + "),
    (r" & (?=\w)", " | "), (r"\btrue\b", "false"), (r"\bfalse\b", "true"), (r"(?<=[( ])!(?=[\w(])", ""),
    (r"\breturn CAUSE_(?!NONE)\w+;", "return CAUSE_NONE;"), (r"(?<=[ (\[])(?<!calloc\()1(?=[;)\],])", "2"), (r"(?<=[ (\[])0(?=[;)\],])", "1"),
    (r"\+\+", "--"), (r"^(    +)(im_\w+(?<!_release)(?<!_free)(?<!_no_memory)|\w+_locked|\w+_set)\((?=.*\);$)", r"\1(void)sizeof(\2("), (r"\bbreak;", ";"), (r"\bcontinue;", ";"),
]
# where a fold of tests goes beyond its own folder
BESIDE = {"oauth": ["grants", "endpoints", "control", "scenario"], "grants": ["endpoints", "oauth"],
          "directory": ["oauth", "grants", "control", "scenario"], "verdict": ["commands", "scenario", "control"]}
# Mutants that behave as the original does: (file, the line, what stands there instead). The line before is there, too, where
# the line alone would not tell. A line that is changed is looked at anew. These behave so but where memory is short, as it
# never is in these tests (make check-torture makes it so):
SHORT_OF_MEMORY = [
    ("directory/directory.c", "im_json_fault_of(&all, load.at ? load.at : world, &err);",
     "(void)sizeof(im_json_fault_of(&all, load.at ? load.at : world, &err));"),
    ("oauth/token_store.c", "close_grant_locked(tokens, grant);", "(void)sizeof(close_grant_locked(tokens, grant));"),
    ("oauth/token_store.c", "!im_table_reserve(&tokens->subjects, 1))\nreturn false;", "return true;"),
    ("oauth/token_store.c", "if (!grant)\nreturn false;", "return true;"),
    ("oauth/token_store.c", "close_grant_locked(tokens, grant);\nreturn false;", "return true;"),
    ("oauth/authority_issue.c", "if (issue->flaw == IM_FLAW_WRONG_COMPANY && !remember_batch(&mint, &batch, issued))\nreturn false;", "return true;"),
    ("directory/directory_change.c", "if (!password.at)\nreturn false;", "return true;"),
    ("directory/directory_change.c", "if (!secret.at)\nreturn false;", "return true;"),
    ("directory/directory_change.c", "!im_list_add(on->arena, &on->client->old_secrets, on->client->secret))\nreturn false;",
     "return true;"),
]
# All of them, and why.
EQUIVALENT = dict.fromkeys(SHORT_OF_MEMORY, "only where memory is short") | {
    ("oauth/token_refusal.c", "int64_t age_ms = now_ms > token->ended_ms ? now_ms - token->ended_ms : 0;",
     "int64_t age_ms = now_ms >= token->ended_ms ? now_ms - token->ended_ms : 0;"): "where both are equal the difference is 0, too",
    ("grants/refresh_token.c", "*looked = false;", "*looked = true;"):
        "it stays so only for a token that is not found, and such a token is not redeemed either",
    ("directory/directory.c", "\nfor (size_t i = 0; i < n_clients; i++)", "for (size_t i = 1; i < n_clients; i++)"):
        "counts too little room, which make check-asan finds",
    ("directory/directory_hint.c", "for (size_t i = 0; i < all->count && !near.how; i++) {",
     "for (size_t i = 0; i <= all->count && !near.how; i++) {"): "reads behind the last one, which make check-asan finds",
    ("verdict/judge.c", "found->judgement->outcome = outcome;\nfound->judgement->shown_count = 0;", "found->judgement->shown_count = 1;"):
        "only where memory is short: else it is set again when the exchanges are shown",
    ("oauth/token_retention.c", "if (tokens->gone.count > GONE_MAX)", "if (tokens->gone.count >= GONE_MAX)"):
        "of 200,000 notes one is forgotten earlier, and nothing counts them",
    ("oauth/token_store.c", "packed->refs++;", "packed->refs--;"): "only leaks, which make check-asan finds",
    ("directory/directory.c", "actions |= role ? role_allows(role, object) : 0;", "actions |= role ? role_allows(role, object) : 1;"):
        "a world in which a user has a role that there is not is refused",
    ("verdict/verdict_say.c", "if (silent || exchange->status <= 0)", "if (silent || exchange->status <= 1)"):
        "there is no status 1",
}


class Mutant:
    def __init__(self, file, number, line, changed):
        self.file, self.number, self.line, self.changed = file, number, line, changed

    def is_equivalent(self):
        name, line = str(self.file.relative_to(ROOT / "server")), self.line.strip()
        before = self.file.read_text().splitlines()[self.number - 2].strip()
        return any((name, text, self.changed.strip()) in EQUIVALENT for text in (line, f"{before}\n{line}"))

    def __str__(self):
        return f"{self.file.relative_to(ROOT)}:{self.number}: {self.line.strip()}\n    {'':10}{self.changed.strip()}"


def mutants_of(file):
    """Every mutant of a file. Comments, tables of texts and what the preprocessor reads are left alone."""
    found, comment, depth = [], False, 0
    for number, line in enumerate(file.read_text().splitlines(), 1):
        starts = line.lstrip().startswith("/*")
        if not (comment or starts or line.startswith("#") or depth == 0):
            code = re.sub(r'"(\\.|[^"\\])*"|/\*.*?\*/', lambda text: "\0" * len(text[0]), line)
            for pattern, instead in OPERATORS:
                for match in re.finditer(pattern, code):
                    changed = line[:match.start()] + match.expand(instead) + line[match.end():]
                    if "sizeof(" in instead:
                        changed = changed[:-1] + ");"
                    found.append(Mutant(file, number, line, changed))
        comment = (comment or starts) and "*/" not in line
        depth += line.count("{") - line.count("}")
    return found


class Bench:
    """Where mutants are compiled and linked: nothing of the build itself is touched."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def compile(self, mutant):
        lines = mutant.file.read_text().splitlines(keepends=True)
        lines[mutant.number - 1] = mutant.changed + "\n"
        source = self.folder / mutant.file.name
        source.write_text("".join(lines))
        return self.done([*COMPILE, "-w", "-O1", f"-I{mutant.file.parent}", "-c", "-o", self.folder / "mutant.o", source], 120)

    def passes(self, program, *args):
        """Linked with the mutant before the archive, which then keeps its own of that name to itself."""
        objects = sorted((BUILD / "obj" / program).glob("*.o")) if program == "tests/stories" else [BUILD / f"obj/{program}.o"]
        if program.startswith("tests/unit/commands/"):
            objects += sorted((BUILD / "obj/server/commands").glob("*.o"))
        linked = self.done([*COMPILE[:1], "-o", self.folder / "program", *objects, self.folder / "mutant.o",
                            BUILD / "tests/libsupport.a", BUILD / "libim-internal.a", *LINK], 120)
        if not linked:
            raise RuntimeError(f"{program} does not link")
        return self.done([self.folder / "program", *args], ENOUGH_S)

    @staticmethod
    def done(command, seconds):
        try:
            return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=seconds, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False


def units_of(folder):
    folders = [folder, *BESIDE.get(folder, [])]
    paths = [path for name in folders for path in sorted((ROOT / "tests/unit" / name).glob("test_*.c"))]
    paths += sorted((ROOT / "tests/unit").glob("test_sandbox*.c"))
    return [str(path.relative_to(ROOT).with_suffix("")) for path in paths]


def fate_of(bench, mutant, units):
    """What killed it; None when it survived."""
    if not bench.compile(mutant):
        return "compiler"
    own = [unit for unit in units if mutant.file.parent.name in unit]
    for unit in own:
        if not bench.passes(unit):
            return unit
    if not bench.passes("tests/stories", "--over", "process"):
        return "stories"
    return next((unit for unit in units if unit not in own and not bench.passes(unit)), None)


def read_arguments():
    parser = argparse.ArgumentParser(description="Mutation testing; see the head of this file.")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--sample", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    return parser.parse_args()


def main():
    wanted = read_arguments()
    if not COMPILE:
        sys.exit("COMPILE says how C is compiled: run `make mutants`")
    with tempfile.TemporaryDirectory() as place:
        for folder in wanted.folders:
            files = [file for file in sorted((ROOT / "server" / folder).glob("*.c")) if wanted.only in file.name]
            everything = [mutant for file in files for mutant in mutants_of(file)]
            chosen = everything
            if wanted.sample and wanted.sample < len(everything):
                chosen = random.Random(wanted.seed).sample(everything, wanted.sample)
            equivalent = [mutant for mutant in chosen if mutant.is_equivalent()]
            chosen = [mutant for mutant in chosen if mutant not in equivalent]
            survivors, compiled, bench, units = [], 0, Bench(place), units_of(folder)
            for mutant in chosen:
                killer = fate_of(bench, mutant, units)
                compiled += killer != "compiler"
                if not killer:
                    survivors.append(mutant)
                    print(f"survived  {mutant}", flush=True)
            print(f"{folder}: {len(everything)} mutants, {len(chosen)} taken and {len(equivalent)} equivalent ones left out, "
                  f"{compiled} compiled, {len(survivors)} survived", flush=True)


if __name__ == "__main__":
    main()
