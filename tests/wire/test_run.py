#!/usr/bin/env python3
"""`intacct-mock run` from outside: what CMD is given, what becomes of it however it behaves, and what is
said about it."""
import json
import math
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

from mock import PATIENCE_S, PROGRAM, Tap, quickest

tap = Tap()
folder = tempfile.TemporaryDirectory()
PYTHON = sys.executable
ASK = """
import os, urllib.request
form = ("grant_type=client_credentials&client_id=" + os.environ["INTACCT_CLIENT_ID"] + "&client_secret="
        + os.environ["INTACCT_CLIENT_SECRET"] + "&username=" + os.environ["INTACCT_USERNAME"])
urllib.request.urlopen(os.environ["INTACCT_TOKEN_URL"], data=form.encode()).read()
"""
# Scenarios of our own, so that the tests do not depend on the catalogue.
SCENARIOS = [
    {"name": "run-idle", "about": "A token is revoked, which CMD never does.",
     "rules": [{"when": {"endpoint": "revoke"}, "then": {"refuse": "internal"}}],
     "expect": [{"that": "the revocation is repeated", "endpoint": "revoke", "at_least": 2,
                 "after": "internal"}]},
    *({"name": f"run-met-{n}", "about": "CMD asks for a token.",
       "expect": [{"that": "CMD asks for a token", "endpoint": "token", "at_least": 1}]}
      for n in range(1, 5)),
    {"name": "run-unmet", "about": "CMD asks for a token too rarely.",
     "expect": [{"that": "CMD asks for five tokens", "endpoint": "token", "at_least": 5}]},
]
os.mkdir(f"{folder.name}/scenarios")
for scenario in SCENARIOS:
    with open(f"{folder.name}/scenarios/{scenario['name']}.json", "w") as file:
        json.dump(scenario, file)
OURS = ["--scenarios", f"{folder.name}/scenarios"]


def command(*arguments):
    return [PROGRAM, "run", *OURS, *arguments]


def run(*arguments, env=None):
    return subprocess.run(command(*arguments), capture_output=True, text=True, errors="replace",
                          timeout=60, env={**os.environ, **(env or {})})


def one(*arguments, scenario="run-met-1"):
    """One scenario; the last argument is a shell's script."""
    *options, script = arguments
    return run("--scenario", scenario, *options, "--", "sh", "-c", script)


def last(done):
    return (done.stdout.splitlines() or [""])[-1]


def said(done):
    return f"{done.returncode}: {done.stdout[-3000:]}{done.stderr[-1000:]}"


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def becomes(condition, seconds=10):
    """Asks again and again: what is waited for happens in another process."""
    until = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < until:
        os.sched_yield()
    return holds


def number_in(path):
    try:
        with open(path) as file:
            return int(file.read() or 0)
    except (FileNotFoundError, ValueError):
        return 0


# ---- wrong usage ----

tap.fails("no command at all", run(), 2, "--", "CMD")
tap.fails("nothing behind the dashes", run("--"), 2, "CMD")
tap.fails("a command without the dashes", run("true"), 2, "-- true")
tap.fails("an unknown option is told the nearest", run("--jbos", "2", "--", "true"), 2, "--jbos", "--jobs")
tap.fails("a duration without a unit", run("--timeout", "5", "--", "true"), 2, "--timeout", "60s")
tap.fails("no jobs", run("--jobs", "0", "--", "true"), 2, "--jobs", "256")
tap.fails("an option without its argument", run("--junit", "--", "true"), 2, "--junit", "FILE")
tap.fails("a switch with a value", run("--exit-zero=1", "--", "true"), 2, "--exit-zero")
tap.check("--help lists the options", "--require-all" in run("--help").stdout)

tap.fails("a command that is nowhere in PATH", run("--", "no-such-command"), 3, "no-such-command", "PATH")


# ---- what cannot be started ----

tap.fails("a command that is not there", run("--", "/no/such/command"), 3, "/no/such/command", "No such file")
with open(f"{folder.name}/text", "w") as file:
    file.write("exit 0\n")
tap.fails("a file that may not be executed", run("--", f"{folder.name}/text"), 3, "Permission denied")
tap.fails("a JUnit file in a folder that is not there",
      run("--junit", f"{folder.name}/no/where.xml", "--", "true"), 3, "--junit", "No such file")

# ---- which scenarios ----

listed = run("--list", "--scenario", "run-met-?", "--scenario", "run-id*")
tap.check("--list tells which would run, and what they are about",
          listed.returncode == 0
          and [line.split()[0] for line in listed.stdout.splitlines()]
          == ["run-idle", "run-met-1", "run-met-2", "run-met-3", "run-met-4"]
          and "CMD asks" in listed.stdout, said(listed))
tap.fails("a name that no scenario has is told the nearest",
      run("--scenario", "run-mte-1", "--", "true"), 2, "run-mte-1", "run-met-1")

# ---- what CMD is given ----

given = f"{folder.name}/given.json"
PROBE = f"""
import json, os, stat, sys
open({given!r}, "w").write(json.dumps({{
    "environment": dict(os.environ), "input": sys.stdin.read(),
    "descriptors": [int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)],
    "session": os.getsid(0) == os.getpid(),
    "blocked": [line.split()[1] for line in open("/proc/self/status") if line.startswith("SigBlk")]}}))
"""
with open(f"{folder.name}/open-for-us", "w") as file:
    inherited = os.dup2(file.fileno(), 77, inheritable=True)
    subprocess.run(command("--scenario", "run-met-1", "--", PYTHON, "-c", PROBE), capture_output=True, timeout=60,
                   env={**os.environ, "INTACCT_BASE_URL": "stale", "KEPT": "yes"}, close_fds=False)
    os.close(inherited)
with open(given) as file:
    seen = json.load(file)
environment = seen["environment"]
base = environment.get("INTACCT_BASE_URL", "")
tap.check("CMD is told where its mock is, and as whom to come",
          base.startswith("http://127.0.0.1:")
          and environment.get("INTACCT_CLIENT_ID") == "demo"
          and environment.get("INTACCT_CLIENT_SECRET") == "demo-secret"
          and environment.get("INTACCT_USERNAME") == "ws_user@acme"
          and environment.get("INTACCT_TOKEN_URL") == base + "/ia/api/v1/oauth2/token"
          and environment.get("INTACCT_AUTHORIZE_URL") == base + "/ia/api/v1/oauth2/authorize"
          and environment.get("INTACCT_SCENARIO") == "run-met-1", environment)
tap.check("the rest of the environment is ours", environment.get("KEPT") == "yes")
tap.check("its input is empty", seen["input"] == "")
tap.check("it has no descriptors but the three, and the file it just opened",
          set(seen["descriptors"]) <= {0, 1, 2, 3}, seen["descriptors"])
tap.check("it has a session of its own", seen["session"])
tap.check("it has no signals blocked", [int(mask, 16) for mask in seen["blocked"]] == [0], seen["blocked"])

# ---- verdicts ----

done = run("--scenario", "run-met-?", "--", PYTHON, "-c", ASK)
tap.check("a client that does what is expected passes everywhere",
          done.returncode == 0 and last(done) == "4 passed, 0 failed, 0 partly, 0 skipped", said(done))
done = run("--scenario", "run-*", "--jobs", "1", "--", PYTHON, "-c", ASK + "print('what CMD prints')")
tap.check("the scorecard is in the order of the list",
          re.findall(r"^(passed|FAILED|skipped) +(\S+?):?(?: |$)", done.stdout, re.M)
          == [("skipped", "run-idle"), *(("passed", f"run-met-{n}") for n in range(1, 5)),
              ("FAILED", "run-unmet")], said(done))
tap.check("a failure is shown: the expectation, the exchange, the exit status, the output",
          "not met: CMD asks for five tokens" in done.stdout and "/ia/api/v1/oauth2/token" in done.stdout
          and "CMD exited with status 0" in done.stdout and "    | what CMD prints" in done.stdout,
          said(done))
tap.check("the output only there", done.stdout.count("    | what CMD prints") == 1, said(done))
tap.check("the last line counts, and the status is 1",
          last(done) == "4 passed, 1 failed, 0 partly, 1 skipped" and done.returncode == 1, said(done))
tap.check("there is a hint what to do about the skipped", "--require-all" in done.stdout, said(done))
tap.check("plain output has no escapes and no progress",
          "\033" not in done.stdout and "running" not in done.stdout, said(done))
done = run("--scenario", "run-met-1", "--show-output", "--", PYTHON, "-c", ASK + "print('what CMD prints')")
tap.check("--show-output shows it always", "    | what CMD prints" in done.stdout, said(done))
done = run("--scenario", "run-met-1", "--", PYTHON, "-c", ASK + "raise SystemExit(3)")
tap.check("the exit status is shown, but does not decide",
          done.returncode == 0 and "exit status 3" in done.stdout, said(done))
done = run("--scenario", "run-met-1", "--exit-zero", "--", PYTHON, "-c", ASK + "raise SystemExit(3)")
tap.check("with --exit-zero it does", done.returncode == 1 and last(done).startswith("0 passed, 1 failed")
          and "--exit-zero" in done.stdout, said(done))
done = run("--scenario", "run-idle", "--scenario", "run-met-1", "--", PYTHON, "-c", ASK)
tap.check("what is not exercised is skipped",
          done.returncode == 0 and last(done) == "1 passed, 0 failed, 0 partly, 1 skipped", said(done))
done = run("--scenario", "run-idle", "--scenario", "run-met-1", "--require-all", "--", PYTHON, "-c", ASK)
tap.check("with --require-all it is a failure",
          done.returncode == 1 and last(done) == "1 passed, 1 failed, 0 partly, 0 skipped", said(done))
done = run("--scenario", "run-*", "--", "true")
tap.check("a client that never speaks to the mock is told so",
          done.returncode == 1 and "does it use INTACCT_BASE_URL?" in done.stdout
          and last(done) == "0 passed, 0 failed, 0 partly, 6 skipped", said(done))

# ---- commands that misbehave ----

def end_what_hangs(runs):
    """Seconds; for ever where a busy machine did not let the shell speak in its time, so that it is tried again."""
    began = time.monotonic()
    runs.append(one("--timeout", "2s", "echo before; sleep 1000"))
    return time.monotonic() - began if "| before" in runs[-1].stdout else math.inf


hung = []
seconds = quickest(lambda: end_what_hangs(hung), 10)
tap.check("what hangs is ended", seconds < 10 and all(
    done.returncode == 1 and "did not end within 2s" in done.stdout for done in hung), (seconds, said(hung[-1])))
done = one("--timeout", "200ms", "trap '' TERM; while :; do sleep 1000; done")
tap.check("also when it ignores SIGTERM", "did not end within 0.2s" in done.stdout, said(done))
done = one("kill -SEGV $$")
tap.check("what dies by a signal has failed", done.returncode == 1 and "signal 11" in done.stdout
          and last(done) == "0 passed, 1 failed, 0 partly, 0 skipped", said(done))
done = one("--show-output", f"{PYTHON} -c 'import sys; print(\"first\"); "
           "sys.stdout.write(\"x\" * 10000000); print(\"\\nlast\")'")
tap.check("of ten megabytes the beginning and the end are shown, and how much was cut",
          "| first" in done.stdout and "| last" in done.stdout and len(done.stdout) < 80000
          and re.search(r"\[\.\.\. 99\d+ bytes cut \.\.\.\]", done.stdout), said(done))
pid_file = f"{folder.name}/pid"
began = time.monotonic()
done = one("--show-output", f"sleep 1000 & echo $! > {pid_file}; echo over")
tap.check("a process left behind that holds the pipe open does not hold us up",
          "| over" in done.stdout and time.monotonic() - began < PATIENCE_S, said(done))
tap.check("and is ended", number_in(pid_file) and becomes(lambda: is_gone(number_in(pid_file))))
began = time.monotonic()
LEAVER = f"""
import os
if os.fork() == 0:
    os.setsid()
    with open({pid_file + ".new"!r}, "w") as file:
        file.write(str(os.getpid()))
    os.rename({pid_file + ".new"!r}, {pid_file + ".left"!r})
    os.read(os.pipe()[0], 1)
while not os.path.exists({pid_file + ".left"!r}):
    os.sched_yield()
print("over")
"""
done = run("--scenario", "run-met-1", "--show-output", "--", PYTHON, "-c", LEAVER)
tap.check("nor does one that left the session", "| over" in done.stdout and time.monotonic() - began < PATIENCE_S,
          said(done))
if left := number_in(pid_file + ".left"):
    os.kill(left, signal.SIGKILL)
os.chmod(f"{folder.name}/text", 0o755)
done = run("--scenario", "run-met-1", "--", f"{folder.name}/text")
tap.check("a script without a #! line runs, as in a shell", done.returncode == 1 and "1 skipped" in last(done),
          said(done))
marks = f"{folder.name}/marks"
os.mkdir(marks)
done = run("--scenario", "run-met-?", "--jobs", "4", "--timeout", "20s", "--", "sh", "-c",
           f"[ $INTACCT_SCENARIO = happy-path ] && exit; : > {marks}/$INTACCT_SCENARIO; until [ $(ls {marks} | wc -l) -eq 4 ]; do sleep 0.01; done; echo all")
tap.check("four jobs are four commands at once", done.stdout.count("did not end") == 0
          and last(done) == "0 passed, 0 failed, 0 partly, 4 skipped", said(done))

# ---- JUnit ----

junit = f"{folder.name}/junit.xml"
run("--scenario", "run-*", "--junit", junit, "--", PYTHON, "-c",
    ASK + "import sys; sys.stdout.buffer.write(b'<&\"]]>\\x00\\x1b\\xff\\xef\\xbf\\xbf\\xc3\\xa9\\n')")
suites = {suite.get("name"): suite for suite in xml.parse(junit).getroot()}
tap.check("JUnit has a suite for each scenario", list(suites) == [s["name"] for s in SCENARIOS], suites)
tap.check("with its counts", [suites[name].get(count) for name, count in
                              (("run-met-1", "failures"), ("run-unmet", "failures"), ("run-idle", "skipped"))]
          == ["0", "1", "1"])
unmet = {case.get("name"): case for case in suites["run-unmet"].iter("testcase")}
tap.check("a failed expectation is a failure with its why",
          unmet["CMD asks for five tokens"].find("failure").get("message")
          and unmet["CMD ran"].find("failure") is None)
tap.check("with the exchanges", "/oauth2/token" in unmet["CMD asks for five tokens"].find("failure").text)
tap.check("what is not exercised is skipped", suites["run-idle"].find("testcase/skipped") is not None)
tap.check("the output stands where something failed, made fit for XML",
          (suites["run-unmet"].findtext("system-out") or "") == "<&\"]]>\ufffd\ufffd\ufffd\ufffd\u00e9\n"
          and suites["run-met-1"].find("system-out") is None, suites["run-unmet"].findtext("system-out"))
one("--junit", junit, "kill -KILL $$")
ran = xml.parse(junit).getroot().find("testsuite/testcase[@name='CMD ran']/failure")
tap.check("that CMD died is a failure of its own", ran is not None and "signal 9" in ran.get("message"))

# ---- signals ----

for number, name in ((signal.SIGINT, "SIGINT"), (signal.SIGTERM, "SIGTERM")):
    mark = f"{folder.name}/{name}"
    script = f'if [ $INTACCT_SCENARIO = run-met-1 ]; then echo $$ > {mark}.new; mv {mark}.new {mark}; sleep 1000; fi'
    running = subprocess.Popen(command("--scenario", "run-idle", "--scenario", "run-met-?", "--jobs", "1", "--", "sh", "-c", script),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    becomes(lambda: number_in(mark))
    running.send_signal(number)
    output, errors = running.communicate(timeout=20)
    tap.check(f"{name}: what is known is said, and the status is 1",
              running.returncode == 1 and output.startswith("skipped run-idle")
              and "interrupted: 1 of 5" in output and output.endswith("\n0 passed, 0 failed, 0 partly, 1 skipped\n"),
              f"{running.returncode}: {output}{errors}")
    tap.check(f"{name}: the children are gone", number_in(mark) and becomes(lambda: is_gone(number_in(mark))))


# ---- a terminal ----

def on_terminal(env):
    ours, theirs = pty.openpty()
    running = subprocess.Popen(command("--scenario", "run-met-?", "--jobs", "1", "--", PYTHON, "-c", ASK),
                               stdout=theirs, stderr=subprocess.PIPE, env=env)
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 65536):
            output += piece
    except OSError:
        pass
    running.communicate(timeout=20)
    os.close(ours)
    return output.decode()


plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
output = on_terminal(plain)
tap.check("a terminal sees how far it is, in colour", "running 1/4" in output and "\033[32mpassed" in output, output)
output = on_terminal({**plain, "NO_COLOR": "1"})
tap.check("without colour when NO_COLOR is set", "running 1/4" in output and "\033[3" not in output, output)

tap.end()
