#!/usr/bin/env python3
"""The scenarios about connections, which take clients that come through the proxy: `run --intercept` holds the sound
client against each, and one that is broken so that the expectation fails; without --intercept they are left out, and
that is said."""
import re
import subprocess
import sys

from beside import CLIENTS, PROXIED
from mock import PROGRAM, Tap

tap = Tap()
# The unchanged integration: Sage's address is all that it knows.
BUILT_IN = ["env", "INTACCT_BASE_URL=https://api.intacct.com", sys.executable, str(CLIENTS / "sound.py")]


def run(*arguments, client=("--client", "resilient")):
    return subprocess.run([PROGRAM, "run", "--jobs", "3", *client, *arguments], capture_output=True, text=True, timeout=240)


def said(done):
    return {name: word for word, name in re.findall(r"^(passed|FAILED|partly|skipped) +([a-z0-9_-]+)", done.stdout, re.M)}


tap.check("there is one for each fault of TLS", len(PROXIED) == 6, sorted(PROXIED))
for client in ("resilient", "fail-fast"):
    done = run("--intercept", "--scenario", "tls-*", "--", *BUILT_IN, client=("--client", client))
    tap.check(f"the sound client passes all of them, as {client}",
              {name: word for name, word in said(done).items() if name in PROXIED} == dict.fromkeys(PROXIED, "passed"),
              done.stdout + done.stderr)
# What breaks each expectation, by its place.
BROKEN = {("tls-expired", 0): "trusts-any-certificate", ("tls-not-yet-valid", 0): "trusts-any-certificate",
          ("tls-wrong-host", 0): "trusts-any-certificate", ("tls-untrusted", 0): "trusts-any-certificate",
          ("tls-old-protocol", 0): "speaks-old-tls", ("tls-abort", 0): "retries-at-once", ("tls-abort", 1): "gives-up-at-once"}
tap.check("every expectation is tried to be failed",
          {(name, n) for name, scenario in PROXIED.items() for n in range(len(scenario["expect"]))} == set(BROKEN), BROKEN)
for (name, n), fault in sorted(BROKEN.items()):
    that = PROXIED[name]["expect"][n]["that"]
    done = run("--intercept", "--scenario", name, "--", *BUILT_IN, "--broken", fault)
    tap.check(f"{name}: who {fault.replace('-', ' ')} fails it", said(done).get(name) == "FAILED" and
              f"not met: {that}" in done.stdout and f"run --intercept --scenario {name}" in done.stdout, done.stdout + done.stderr)
done = run("--scenario", "tls-*", "--", *BUILT_IN)
tap.check("without --intercept none of them can be played", done.returncode == 3 and "--intercept" in done.stderr, done.stderr)
done = run("--scenario", "tls-expired", "--scenario", "happy-path", "--", sys.executable, str(CLIENTS / "sound.py"))
tap.check("beside others they are left out, and it is said", set(said(done)) == {"happy-path"} and
          "1 more are about connections and take --intercept" in done.stdout, done.stdout)
done = subprocess.run([PROGRAM, "scenarios"], capture_output=True, text=True, timeout=60)
tap.check("what a client must do to meet one is said", "connection through the proxy" in done.stdout, done.stdout)
tap.end()
