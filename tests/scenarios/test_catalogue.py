#!/usr/bin/env python3
"""The catalogue is complete: a scenario for every cause that a client can meet and for every way in which an answer
can be damaged, each in its file, each with words for a newcomer and with expectations."""
import re
import subprocess

from beside import CATALOGUE as SCENARIOS
from beside import FILES, ROOT, control
from mock import PROGRAM, Server, Tap

FAULTS = ["delay", "bandwidth", "stall", "drop", "reset", "truncate", "malformed-json", "wrong-type", "html", "status", "redirect",
          "hold"]
OTHER_FAMILIES = {"wrong payload", "the mock about itself"}  # no reason why an integration is turned away
tap = Tap()


def check_none(title, wrong):
    tap.check(title, not wrong, "\n".join(sorted(map(str, wrong))))


def caused_by(name):
    return SCENARIOS.get(name, {}).get("cause")


with Server() as server:
    causes = {cause["id"]: cause["family"] for cause in control(server, "causes")["causes"]}
    listed = {scenario["name"]: scenario for scenario in control(server, "scenarios")["scenarios"]}
# a bound of the mock itself, which no verdict looks at: nothing to play
met = {cause for cause, family in causes.items() if family not in OTHER_FAMILIES} - {"mock-capacity"}
promised = {line for line in (ROOT / "tests/data/causes.txt").read_text().splitlines()
            if line and not line.startswith("#")}

# ---- complete ----

tap.check("there are six families of causes that a client meets, and two others",
          OTHER_FAMILIES <= set(causes.values()) and len(set(causes.values())) == 8, set(causes.values()))
tap.check("the list of what is promised is a list", len(promised) > 80, len(promised))
check_none("every cause that is promised is known", promised - met)
check_none("every cause that a client can meet has a scenario of its name, about it",
           {cause for cause in met if caused_by(cause) != cause})
check_none("so has every cause that is promised", {cause for cause in promised if caused_by(cause) != cause})
check_none("every cause that a scenario is about is one that a client can meet",
           {name for name, scenario in SCENARIOS.items() if "cause" in scenario and scenario["cause"] not in met})
check_none("a scenario named after a cause is about it",
           {name for name in SCENARIOS if name in causes and caused_by(name) != name})
for fault in ("expired", "not-yet-valid", "wrong-host", "old-protocol", "untrusted", "abort"):
    rules = SCENARIOS.get(f"tls-{fault}", {}).get("rules", [])
    tap.check(f"the fault {fault} of TLS has a scenario, with it", any(rule["then"].get("tls") == fault for rule in rules), rules)
for fault in FAULTS:
    rules = SCENARIOS.get(fault, {}).get("rules", [])
    wires = [rule["then"].get("wire") for rule in rules]
    tap.check(f"the fault {fault} has a scenario of its name, with it",
              any(wire == fault or (isinstance(wire, dict) and fault in wire) for wire in wires), wires)

# ---- in order ----

check_none("a file has the name of its scenario", {path.name for path in FILES if SCENARIOS[path.stem]["name"] != path.stem})
check_none("and names its schema", {n for n, s in SCENARIOS.items() if s.get("$schema") != "./schema.json"})
abouts = [scenario.get("about", "") for scenario in SCENARIOS.values()]
check_none("each says what it is about, in at most 400 characters",
           {n for n, s in SCENARIOS.items() if not 20 <= len(s.get("about", "")) <= 400})
check_none("in sentences", {about for about in abouts if not re.fullmatch(r"[A-Z].*\.", about)})
check_none("and no two the same", {about for about in abouts if abouts.count(about) > 1})
check_none("each expects something", {n for n, s in SCENARIOS.items() if not s.get("expect")})
check_none("what is expected is a sentence without an end",
           {e["that"] for s in SCENARIOS.values() for e in s["expect"] if not re.fullmatch(r"[a-z].*[^.]", e["that"])})
check_none("something happens in each, but in those that only look",
           {n for n, s in SCENARIOS.items() if not s.get("rules") and not s.get("world")}
           - {"happy-path", "host-misspelled", "parameter-misspelled", "entity-header-ignored"})

# ---- known ----

tap.check("the program carries all of them", set(listed) == set(SCENARIOS), set(listed) ^ set(SCENARIOS))
check_none("as they are in the files", {n for n, s in SCENARIOS.items() if listed[n]["about"] != s["about"]
                                        or listed[n].get("cause") != s.get("cause") or not listed[n]["built_in"]})
readme = (ROOT / "scenarios/README.md").read_text()
check_none("scenarios/README.md lists each", {n for n in SCENARIOS if not re.search(rf"\b{re.escape(n)}\b", readme)})
done = subprocess.run([PROGRAM, "check", *map(str, FILES)], capture_output=True, text=True, timeout=60)
tap.check("intacct-mock check has nothing to say against them", done.returncode == 0 and not done.stderr,
          done.stdout + done.stderr)
tap.end()
