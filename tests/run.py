#!/usr/bin/env python3
"""Runs the test programs of one suite and says, alone on the last line, `SUITE: N passed, N failed`.

    tests/run.py SUITE [SETTING=VALUE | PROGRAM]...

A PROGRAM is one shell word: a path, or 'path with arguments'; a .py file runs under this Python. It prints TAP
(cmocka is asked to) or, with count=exit, is one test that passes when it exits 0. A SETTING holds for the
programs after it:

    jobs=N       run N programs at the same time (default: one per core)
    timeout=S    seconds until a program is killed, with everything it started (default: 120)
    count=exit   the exit status is the test (default: tap)
    show=1       print what the program says, also when it passes

A test program that crashes, times out, leaves tests of its plan unrun or exits non-zero without naming a failed
test counts as one failure more. So does a suite without any test. Exit status: 0 when nothing failed.
Set V=1 to see a line for each program.
"""

import concurrent.futures
import os
import re
import shlex
import signal
import subprocess
import sys
import time

RESULT = re.compile(r"^(not )?ok\b(?P<rest>.*)")
PLAN = re.compile(r"^1\.\.(\d+)\b")
DIRECTIVE = re.compile(r"#\s*(skip|todo)\b", re.IGNORECASE)
SHOWN_LINES = 400


class Outcome:
    """What one program came to: counts, and why it failed beyond its own `not ok` lines."""

    def __init__(self, command, passed=0, failed=0, skipped=0, trouble=None, output="", seconds=0.0):
        self.command = command
        self.passed, self.failed, self.skipped = passed, failed + (1 if trouble else 0), skipped
        self.trouble, self.output, self.seconds = trouble, output, seconds


def main(args):
    if not args:
        sys.exit(__doc__)
    # a shell's job in the background ignores SIGINT, and so would the programs that are tested
    signal.signal(signal.SIGINT, signal.default_int_handler)
    suite, batches = args[0], batches_of(args[1:])
    outcomes = [outcome for batch in batches for outcome in run_batch(*batch)]

    passed = sum(o.passed for o in outcomes)
    failed = sum(o.failed for o in outcomes)
    skipped = sum(o.skipped for o in outcomes)
    if passed + failed + skipped == 0:
        print(f"{suite}: there is no test here")
        failed = 1
    print(f"{suite}: {passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed else 0


def batches_of(args):
    """Neighbouring programs with the same settings run together; batches run one after the other."""
    settings = {"jobs": os.cpu_count() or 1, "timeout": 120, "count": "tap", "show": "0"}
    batches = []
    for arg in args:
        key, equals, value = arg.partition("=")
        if equals and key in settings:
            settings[key] = type(settings[key])(value)
        elif batches and batches[-1][0] == settings:
            batches[-1][1].append(arg)
        else:
            batches.append((dict(settings), [arg]))
    return batches


def run_batch(settings, commands):
    with concurrent.futures.ThreadPoolExecutor(settings["jobs"]) as pool:
        for outcome in pool.map(lambda command: run(command, settings), commands):
            report(outcome, settings)
            yield outcome


def run(command, settings):
    words = shlex.split(command)
    if words[0].endswith(".py"):
        words.insert(0, sys.executable)
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1")
    start = time.monotonic()
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=env,
                                   stderr=subprocess.STDOUT, start_new_session=True)
    except OSError as error:
        return Outcome(command, trouble=f"cannot be started: {error.strerror}")
    output, trouble = collect(process, settings["timeout"])
    return judge(command, process.returncode, output, trouble, settings["count"], time.monotonic() - start)


def collect(process, timeout):
    """The output, and whether the time was up. Nothing the program started lives on, nor can it hold us up by
    keeping the pipe open."""
    trouble = None
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        trouble = f"still running after {timeout} s (or something it started kept its output open): killed"
        end_session(process)
        output, _ = process.communicate()
    end_session(process)
    return output.decode("utf-8", "replace"), trouble


def end_session(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def judge(command, status, output, trouble, count, seconds):
    if count == "exit":
        trouble = trouble or died(status)
        return Outcome(command, 0 if trouble else 1, 0, 0, trouble, output, seconds)

    passed = failed = skipped = planned = 0
    for line in output.splitlines():
        if plan := PLAN.match(line):
            planned += int(plan[1])
        elif result := RESULT.match(line):
            directive = DIRECTIVE.search(result["rest"])
            if directive:
                skipped += 1
            elif result[1]:
                failed += 1
            else:
                passed += 1

    ran = passed + failed + skipped
    if trouble is None and (status < 0 or (status != 0 and failed == 0)):
        trouble = died(status)
    if trouble is None and ran == 0:
        trouble = "ran no test"
    if trouble is None and ran < planned:
        trouble = f"ran only {ran} of {planned} tests"
    return Outcome(command, passed, failed, skipped, trouble, output, seconds)


def died(status):
    if status < 0:
        return f"died of {signal.Signals(-status).name}"
    return f"exit status {status}" if status else None


def report(outcome, settings):
    if outcome.failed:
        lines = outcome.output.splitlines()
        print(f"--- {outcome.command}")
        if len(lines) > SHOWN_LINES:
            print(f"    ({len(lines) - SHOWN_LINES} lines left out)")
        for line in lines[-SHOWN_LINES:]:
            print(f"    {line}")
        print(f"--- {outcome.command}: {outcome.trouble or f'{outcome.failed} failed'}", flush=True)
    elif settings["show"] != "0":
        print(outcome.output, end="", flush=True)
    elif os.environ.get("V"):
        print(f"  {outcome.passed:4} passed  {outcome.seconds:6.1f} s  {outcome.command}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
