#!/usr/bin/env python3
"""The whole catalogue under `intacct-mock run --intercept`: an unchanged integration, which has Sage's address built in, comes
through the proxy to every scenario, and a sound one fails none. Prints TAP."""
import re
import subprocess
import sys

from beside import CLIENTS, CATALOGUE
from mock import PROGRAM, Tap

tap = Tap()
SOUND = ["env", "INTACCT_BASE_URL=https://api.intacct.com", sys.executable, str(CLIENTS / "sound.py")]

done = subprocess.run([PROGRAM, "run", "--intercept", "--scenario", "*", "--jobs", "8", "--", *SOUND], capture_output=True,
                      text=True, timeout=1500)
said = dict(re.findall(r"^(?:passed|FAILED|partly|skipped) +([a-z0-9_-]+)(.*)", done.stdout, re.M))
failed = re.findall(r"^FAILED +([a-z0-9_-]+)", done.stdout, re.M)
tap.check("every scenario is played", set(said) == set(CATALOGUE), set(said) ^ set(CATALOGUE))
tap.check("the sound client fails none", done.returncode == 0 and not failed, done.stdout[-6000:] + done.stderr)
tap.check("and comes to each through the proxy", "no connection came" not in done.stdout, done.stdout[-6000:])
tap.end()
