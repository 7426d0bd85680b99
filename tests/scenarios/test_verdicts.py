#!/usr/bin/env python3
"""What `intacct-mock run` says of the whole catalogue: the sound client meets it all, the naive one next to nothing, and
each time it is told why in words."""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

from beside import CLIENTS, SCENARIOS, WITH_SECOND_USER
from mock import PROGRAM, Tap

# All that the naive client does right, and why it can.
PASSES = {
    "happy-path": "nothing goes wrong",
    "clock-skew": "it never looks at a clock",
    "answer-lost-after-create": "its vendor has an id of its own, so a second one is refused",
    "bandwidth": "it waits as long as something comes",
    "delay": "it waits for two seconds",
    "hold": "it waits for two seconds",
    "entity-header-ignored": "it chooses no entity",
    "host-misspelled": "it goes to the address it is told",
    "parameter-misspelled": "it spells its form right",
    "request-incomplete": "it tries five times, which is not too often",
    "wrong-type": "it does not look at the type of an answer, and the data is right",
}
BY_CODE = "it has only client_credentials"
NOTHING_ELSE = "it neither introspects nor revokes"
SKIPS = {
    "authorize-client-unknown": BY_CODE, "code-expired": BY_CODE, "code-missing": BY_CODE,
    "code-of-another-client": BY_CODE, "code-reused": BY_CODE, "code-unknown": BY_CODE, "consent-denied": BY_CODE,
    "password-expired": BY_CODE, "password-wrong": BY_CODE,
    "pkce-challenge-invalid": BY_CODE, "pkce-method-unsupported": BY_CODE, "pkce-verifier-missing": BY_CODE,
    "pkce-verifier-wrong": BY_CODE, "redirect-uri-mismatch": BY_CODE, "redirect-uri-missing": BY_CODE,
    "redirect-uri-unregistered": BY_CODE, "response-type-unsupported": BY_CODE, "scope-denied": BY_CODE,
    "response-mode-unsupported": BY_CODE, "request-object-unsupported": BY_CODE, "prompt-none-login-required": BY_CODE,
    "authorize-parameter-invalid": BY_CODE,
    "scope-unknown": BY_CODE, "state-missing": BY_CODE,
    "client-auth-missing": NOTHING_ELSE, "token-missing": NOTHING_ELSE,
    "token-of-another-client": NOTHING_ELSE, "two-companies": "it works for one company",
}
PARTLY = {"grant-superseded": BY_CODE}
SENTENCE = re.compile(r"[a-z0-9\"].*[^.]")  # said behind the expectation: no capital, no full stop
tap = Tap()


def run(client):
    """(the process, {scenario: "passed" | "FAILED" | "partly" | "skipped"}, the JUnit report, {scenario: its verdict})"""
    with tempfile.TemporaryDirectory() as kept:
        done = subprocess.run([PROGRAM, "run", "--jobs", "4", "--junit", f"{kept}/junit.xml", "--artifacts", kept, "--",
                               *WITH_SECOND_USER, sys.executable, str(CLIENTS / client)], capture_output=True, text=True, timeout=240)
        said = re.findall(r"^(passed|FAILED|partly|skipped) +([a-z0-9_-]+)", done.stdout, re.M)
        verdicts = {name: json.loads(pathlib.Path(kept, f"{name}.verdict.json").read_text()) for _, name in said}
        return done, {name: word for word, name in said}, xml.parse(f"{kept}/junit.xml").getroot(), verdicts


def check_none(title, wrong):
    tap.check(title, not wrong, "\n".join(sorted(map(str, wrong))))


def these(results, word):
    return {name for name, said in results.items() if said == word}


done, results, report, _ = run("sound.py")
tap.check("the sound client was held against every scenario", set(results) == set(SCENARIOS), set(results) ^ set(SCENARIOS))
check_none("it fails in none", these(results, "FAILED"))
check_none("and none is skipped, or met in part", these(results, "skipped") | these(results, "partly"))
tap.check("so the status is 0, and the last line counts", done.returncode == 0
          and done.stdout.endswith(f"\n{len(SCENARIOS)} passed, 0 failed, 0 partly, 0 skipped\n"), done.stdout[-3000:] + done.stderr)
advice = {one["that"] for scenario in SCENARIOS.values() for one in scenario["expect"] if one.get("advice")}
tap.check("JUnit says the same, and skips what is only advice", report.find(".//failure") is None
          and {case.get("name") for case in report.iter("testcase") if case.find("skipped") is not None} == advice
          and len(report.findall("testsuite")) == len(SCENARIOS))

def machine_made_pauses(verdict):
    """The naive client never waits between two tries. Where the machine stood still, or saw it leave too late, a verdict
    takes that for a pause, or does not know, and blames nobody: it says so."""
    for one in verdict["expect"]:
        if re.match("it is not known when the client gave up|cannot tell: the pauses of CMD may be random", one.get("why", "")):
            return True
        gaps = re.match(r"the gaps? between the tries (?:was|were) (.*), as it should be", one.get("why", ""))
        if gaps and all(gap in ("not known", "…") or int(gap.split()[0]) >= 50 for gap in gaps[1].split(", ")):
            return True
    return False


done, results, report, verdicts = run("naive.py")
for name in (these(results, "passed") | these(results, "partly")) - set(PASSES) - set(PARTLY):
    if machine_made_pauses(verdicts[name]):
        results[name] = "FAILED but for the machine"
tap.check("the naive client was held against every scenario", set(results) == set(SCENARIOS), set(results) ^ set(SCENARIOS))
tap.check("it passes in those for which there is a reason", these(results, "passed") == set(PASSES),
          these(results, "passed") ^ set(PASSES))
tap.check("the last lines say how many causes are met, and what it takes to meet the others",
          re.search(r"^\d+ of \d+ causes met$\n(^  \d+ more .*$\n)+", done.stdout, re.M), done.stdout[-1500:])
tap.check("it is not exercised where it has not what the scenario is about", these(results, "skipped") == set(SKIPS),
          these(results, "skipped") ^ set(SKIPS))
tap.check("and in part where it has not all of it", these(results, "partly") == set(PARTLY),
          these(results, "partly") ^ set(PARTLY))
tap.check("in all others it fails, and the status is 1",
          these(results, "FAILED") | these(results, "FAILED but for the machine") == set(SCENARIOS) - set(PASSES) - set(SKIPS) - set(PARTLY) and done.returncode == 1)

whys = collections.defaultdict(set)
for suite in report.iter("testsuite"):
    for case in suite.iter("testcase"):
        for outcome in case:
            whys[outcome.tag].add((suite.get("name"), case.get("name"), outcome.get("message") or ""))
failed = {name for name, _, _ in whys["failure"]}
tap.check("each failure has an expectation that is not met", failed == these(results, "FAILED"),
          failed ^ these(results, "FAILED"))
check_none("that is one of the scenario's own",
           {(name, that) for name, that, _ in whys["failure"]
            if that not in {one["that"] for one in SCENARIOS[name]["expect"]}})
for tag, what in (("failure", "not met"), ("skipped", "not exercised")):
    check_none(f"why something is {what} reads as a sentence, short enough to be read",
               {found for found in whys[tag] if not SENTENCE.fullmatch(found[2]) or len(found[2].split()) < 4
                or len(found[2]) > 300})
shown = re.findall(r"^  not met: (.*)\n    (.*)$", done.stdout, re.M)
tap.check("the terminal says the same", {(that, why) for that, why in shown}
          == {(that, why) for _, that, why in whys["failure"]},
          {(that, why) for that, why in shown} ^ {(that, why) for _, that, why in whys["failure"]})
tap.end()
