#!/usr/bin/env python3
"""While it starts: what could be waited for is refused by name, and a signal ends it."""
import os
import pathlib
import signal
import subprocess
import tempfile

from mock import PROGRAM, Tap

tap = Tap()
ROOT = pathlib.Path(__file__).resolve().parents[2]


def start(*options):
    try:
        return subprocess.run([PROGRAM, "--port", "0", "--https-port", "0", *options], capture_output=True, text=True,
                              timeout=20)
    except subprocess.TimeoutExpired as hung:
        return hung


with tempfile.TemporaryDirectory() as folder:
    pipe = os.path.join(folder, "pipe.json")
    os.mkfifo(pipe)
    for options in (["--scenario", pipe], ["--cert", pipe, "--key", pipe], ["--client-ca", pipe],
                    ["--scenarios", folder]):
        done = start(*options)
        tap.check(f"{options[0]} with a pipe is refused at once: only regular files are read",
                  getattr(done, "returncode", None) == 3 and "it is a pipe, and only regular files are read" in done.stderr
                  and pipe in done.stderr and len(done.stderr.splitlines()) == 1, done)
    checked = subprocess.run([PROGRAM, "check", pipe], capture_output=True, text=True, timeout=20, check=False)
    tap.check("so it is by check", checked.returncode == 1 and "only regular files" in checked.stderr + checked.stdout,
              checked)

# whatever the start has come to
for number in (signal.SIGTERM, signal.SIGINT):
    for _ in range(20):
        process = subprocess.Popen([PROGRAM, "--port", "0", "--https-port", "0"], stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.PIPE)
        process.send_signal(number)
        try:
            ended = process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            ended = "never"
        process.communicate()
        if ended not in (0, -number, 128 + number):
            break
    tap.check(f"{number.name} at any moment of the start ends it", ended in (0, -number, 128 + number), ended)
tap.end()
