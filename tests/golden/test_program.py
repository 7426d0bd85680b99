#!/usr/bin/env python3
"""Golden: the program and the library. Options and their environment, each command rightly and wrongly used, what `run`
prints, the log, the files that are installed, and what the public header declares."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from golden import CREDENTIALS, FORM, Mock, PROGRAM, REST, ROOT, VENDORS, form, scrub, surface, tap

FOLDER = pathlib.Path(tempfile.mkdtemp())
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
COMMANDS = ("serve", "run", "explain", "check", "scenarios", "causes", "env", "tail", "why", "do", "clock", "expire", "revoke", "reset", "verdict",
            "sandboxes", "completion", "ready", "version")
MANY_LINES = 12


def run(*arguments, env=None, timeout=60):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=timeout,
                          env={**os.environ, **(env or {})}, cwd=FOLDER, stdin=subprocess.DEVNULL)


def cleaned(text):
    return re.sub(r"(--port-file no\w+/x)\.\d+", r"\1.<pid>", scrub(text, [(FOLDER, "<tmp>"), (PROGRAM, "<program>")]))


def said(done):
    """The exit status and both outputs, of a long one the number of its lines."""
    out = done.stdout.splitlines()
    shown = out if len(out) <= MANY_LINES else [f"({len(out)} lines)"]
    return cleaned(f"   exit {done.returncode}\n" + "".join(f"  out: {line}\n" for line in shown)
                   + "".join(f"  err: {line}\n" for line in done.stderr.splitlines()))


def helps():
    text = ""
    for command in ("", *COMMANDS):
        done = run(*[command] if command else [], "--help")
        text += f"== {command} --help{said(done).splitlines()[0]}\n{done.stdout}{done.stderr}\n"
    return text


# ---- options of serve ----

def started(arguments, env):
    """How `serve` begins: its ready line, or why not."""
    process = subprocess.Popen([PROGRAM, "serve", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=FOLDER,
                               stdin=subprocess.DEVNULL, env={**os.environ, **env})
    try:
        if process.stdout.readline():
            process.terminate()
            _, errors = process.communicate(timeout=10)
            return "starts" + "".join(f"; {line}" for line in errors.splitlines() if "level=warn" in line)
        _, errors = process.communicate(timeout=10)
        return f"exit {process.returncode}: {errors.strip()}"
    finally:
        process.kill()
        process.wait()


def options():
    """Each option: its default, its environment variable, what is said when it lacks its value or has a bad one."""
    rows = re.findall(r"(?m)^  --(\S+) (\S+)\s+(.*)$", run("serve", "--help").stdout)
    free = {"INTACCT_MOCK_PORT": "0", "INTACCT_MOCK_HTTPS_PORT": "none", "INTACCT_MOCK_LOG_LEVEL": "warn"}
    text = ""
    for flag, argument, about in rows:
        variable = "INTACCT_MOCK_" + flag.upper().replace("-", "_")
        default = re.search(r"\(default: ([^()]*)\)$", about)
        text += f"--{flag} {argument}   {variable}   default: {default[1] if default else '(none)'}\n"
        bad = "bad" if argument not in ("TEXT", "ADDR", "FILE", "DIR", "T", "URL", "NAME,...", "NAME|FILE") else "nowhere/x"
        text += cleaned(f"  without its value: {started(['--' + flag], free)}\n"
                        f"  empty: {started(['--' + flag, ''], free)}\n"
                        f"  {bad}: {started([f'--{flag}={bad}'], free)}\n"
                        f"  {bad} by the environment: {started([], {**free, variable: bad})}\n")
    for title, arguments, env in (
            ("an unknown option", ["--prot", "0"], {}), ("an unknown option with =", ["--prot=0"], {}),
            ("an option of one dash", ["-port", "0"], {}), ("an argument", ["extra"], {}), ("a double dash", ["--"], {}),
            ("the flag beats the environment", ["--port", "bad1"], {"INTACCT_MOCK_PORT": "bad2"}),
            ("the last of two", ["--port", "1", "--port", "bad"], {}),
            ("a misspelled variable", [], {"INTACCT_MOCK_PROT": "1"}), ("an empty variable", [], {"INTACCT_MOCK_SEED": ""}),
            ("no port at all", ["--port", "none"], {}), ("a cert without its key", ["--cert", "x"], {}),
            ("a key without its cert", ["--key", "x"], {}), ("the control port alone", ["--control", "on"], {})):
        text += cleaned(f"{title}: {started(arguments, {**free, **env})}\n")
    return text


# ---- the commands ----

def commands():
    (FOLDER / "good.json").write_text('{"name": "good", "about": "Fine."}')
    (FOLDER / "bad.json").write_text('{"nmae": "x"}')
    uses = ["nothing-like-it", "serv", "--version", "-h", "--no-such", "version", "version x", "version --x", "check", "check --x",
            "check good.json", "check bad.json", "check none.json", "check good.json bad.json", "scenarios", "scenarios token-drop x",
            "scenarios token-dorp", "scenarios --x", "scenarios --scenarios", "scenarios --scenarios none", "scenarios --markdown x",
            "scenarios nothing-like-it", "causes", "causes rate-limited", "causes rate-limitd", "causes nothing-like-it", "causes --x",
            "causes rate-limited x", "causes REST-1206", "ready --x", "ready x", "ready --wait", "ready --wait 5", "ready --wait x",
            "ready --url", "ready --url x", "ready --url ftp://x", "ready --url http://127.0.0.1:1", "ready --url=http://127.0.0.1:1",
            "ready --wait 10ms --url http://127.0.0.1:1", "run", "run --", "run -- ", "run x", "run --x -- true", "run --jobs 0 -- true",
            "run --jobs x -- true", "run --jobs", "run --timeout 5 -- true", "run --timeout 0s -- true", "run --seed x -- true",
            "run --seed 0 -- true", "run --scenario nothing-like-it -- true", "run --scenario token-dorp -- true",
            "run --scenario= -- true", "run --list=yes", "run --scenarios none -- true", "run --junit none/x.xml -- true",
            "run --scenario token-drop -- /no/such/program", "run --scenario token-drop --list", "run --list",
            "run --list --scenario token-*", "run --list --scenario token-* --shard 1/2", "run --shard 3/2 -- true", "run --shard x -- true",
            "run --url x -- true", "run --url http://127.0.0.1:1 -- true", "run --url http://127.0.0.1:1 --https -- true",
            "completion", "completion fish", "env x", "env --format x", "env --url http://127.0.0.1:1", "env -- ", "serve --port x", "serve --scenario none.json", "serve --port 0 --https-port none "
            "--verdict none/x.json", "serve --port 0 --https-port none --port-file none/x"]
    text = ""
    for use in uses:
        text += f"intacct-mock {use}{said(run(*use.split()))}"
    with Mock() as mock:
        text += f"intacct-mock ready --url (of one that runs){said(run('ready', '--url', mock.url))}"
        text += f"intacct-mock ready (by the environment){said(run('ready', env={'INTACCT_MOCK_PORT': str(mock.port)}))}"
        for arguments in (["--port", str(mock.port)], ["--bind", "203.0.113.1"]):
            text += f"intacct-mock serve {cleaned(' '.join(arguments)).replace(str(mock.port), '<port>')}" + said(
                run("serve", "--port", "0", "--https-port", "none", *arguments)).replace(str(mock.port), "<port>")
    for outcome, options in (("nothing asked", []), ("nothing asked", ["--require-all", "on"])):
        path = FOLDER / "v.json"
        with Mock("--verdict", str(path), *options) as mock:
            pass
        text += f"serve --verdict {' '.join(options)}, {outcome}   exit {mock.process.returncode}\n  {path.read_text().strip()}\n"
    return text


def remote():
    """The verbs that speak to a running server, on one whose clock stands still."""
    uses = ["clock", "clock +12h", "clock -12h", "clock set 2027-01-01T00:00:00Z freeze", "clock 12", "clock x", "sandboxes",
            "do lock-usr", "do lock-user", "do lock-user jdoe@acme", "do lock-user jdoe@acme x", "do register-redirect-uri x",
            "expire", "expire code", "revoke x", "revoke user=jdoe@acme", "why", "why 0", "why x", "why 1 2", "tail --x",
            "tail --since 0 --count 2", "tail --since 0 --count 1 --refused", "tail --status 99", "tail --cause x", "verdict",
            "verdict --require-all", "verdict --format x", "reset", "reset x", "clock --sandbox nothing.x", "clock --url x"]
    text = f"intacct-mock do\n{run('do', env={'INTACCT_MOCK_URL': 'http://127.0.0.1:1'}).stdout}"
    with Mock() as mock:
        mock.freeze()
        mock.ask("POST", REST + "token", form(CREDENTIALS), FORM)
        mock.ask("POST", REST + "token", form({**CREDENTIALS, "client_secret": "wrong"}), FORM)
        for use in uses:
            done = run(*use.split(), env={"INTACCT_MOCK_URL": mock.url})
            text += f"intacct-mock {use}   exit {done.returncode}\n" + cleaned(
                "".join(f"  out: {line}\n" for line in done.stdout.splitlines())
                + "".join(f"  err: {line}\n" for line in done.stderr.splitlines()))
        for kind in ("sh", "fish", "powershell", "dotenv", "json", "github"):
            text += f"env --format {kind}\n" + scrub(run("env", "--sandbox", "happy-path.me", "--format", kind, "--url", mock.url).stdout)
        text += "without it:" + said(run("clock", "--url", "http://127.0.0.1:1"))
    return re.sub(r"\d+[dhms]( \d+[hms])* (ahead|behind)", "<offset> ahead or behind", text)


def topic_of_causes():
    """How one cause is explained to people, one of each sort."""
    return "".join(f"== {cause}\n{run('causes', cause).stdout}" for cause in ("access-token-expired", "state-missing", "internal"))


def ready():
    """The ready line, what follows it, and the port file."""
    text = ""
    for options in ([], ["--https-port", "0"], ["--port", "none", "--https-port", "0"], ["--control", "off"],
                    ["--scenario", "token-drop"]):
        path = FOLDER / "ready.json"
        with Mock("--port-file", str(path), *options) as mock:
            document = path.read_text()
            mock.process.terminate()
            rest = mock.process.stdout.read()
        text += f"== {' '.join(options)}\n{cleaned(mock.ready)}{cleaned(rest)}{cleaned(document).strip()}\n"
        text += f"port file at the end: {'there' if path.exists() else 'gone'}\n"
    return text


CLIENT = """
import os, urllib.request, urllib.error
def ask(url, data=None, headers={}):
    try:
        return urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=20).status
    except (urllib.error.URLError, OSError, ValueError):
        return 0
form = ("grant_type=client_credentials&client_id=%s&client_secret=%s&username=%s" % tuple(
    os.environ["INTACCT_" + name] for name in ("CLIENT_ID", "CLIENT_SECRET", "USERNAME"))).encode()
print(sorted(name for name in os.environ if name.startswith("INTACCT_")))
ask(os.environ["INTACCT_TOKEN_URL"], form)
ask(os.environ["INTACCT_TOKEN_URL"], form)
"""


def runs():
    script = FOLDER / "client.py"
    script.write_text(CLIENT)
    # the client's own traffic is in the report: its user agent carries the version of this Python
    text, junit = "", FOLDER / "junit.xml"
    for options in (["--scenario", "token-drop", "--scenario", "client-secret-wrong", "--scenario", "happy-path", "--show-output"],
                    ["--scenario", "delay", "--require-all"], ["--scenario", "token-status-503", "--exit-zero", "--junit", junit],
                    ["--scenario", "client-unknown", "--junit", junit, "--quiet"]):
        done = run("run", "--jobs", "1", "--seed", "7", *options, "--", sys.executable, script)
        shown = done.stdout + "".join(f"err: {line}\n" for line in done.stderr.splitlines())
        text += f"== run {' '.join(map(str, options))}   exit {done.returncode}\n{shown}"
        if junit in options and junit.exists():
            text += junit.read_text()
            junit.unlink()
    done = run("run", "--jobs", "1", "--seed", "7", "--scenario", "token-drop", "--", "false")
    text += f"== run -- false   exit {done.returncode}\n{done.stdout}{done.stderr}"
    return timeless(cleaned(text).replace(sys.executable, "<python>"))


def timeless(text):
    text = re.sub(r'\btime="[\d.]+"', 'time="<time>"', text)
    text = re.sub(r'\btimestamp="[^"]+"', 'timestamp="<time>"', text)
    text = re.sub(r'hostname="[^"]*"', 'hostname="<host>"', text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>", text)
    return re.sub(r"\b\d+(\.\d+)? (ms|s)\b(?! later)", "<time>", text)


def log():
    text = ""
    for options in (["--log", "text"], ["--log", "json"], ["--log", "text", "--log-level", "debug"],
                    ["--log", "json", "--log-level", "error"]):
        with Mock("--log-level", "info", *options) as mock:
            mock.freeze()
            mock.ask("POST", REST + "token", form({**CREDENTIALS, "client_secret": "no\tpe"}), FORM)
            mock.ask("GET", VENDORS + "?access_token=secret", headers="Authorization: Bearer x\r\n")
            mock.ask("GET", "/.well-known/jwks.json")
            mock.ask("GET", "/s/token-dorp.x/")
            mock.process.terminate()
            _, errors = mock.process.communicate(timeout=10)
        errors = re.sub(r"\bduration_us=\d+", "duration_us=<duration>", errors)
        text += f"== {' '.join(options)}\n" + timeless(cleaned(errors))
    return text


# ---- what is installed ----

def environment():
    """As for a user: nothing of the `make` that runs this but the variables it was given."""
    env = {name: value for name, value in os.environ.items() if name not in ("MAKELEVEL", "MFLAGS", "DESTDIR", "PREFIX")}
    _, dashes, given = env.pop("MAKEFLAGS", "").partition(" -- ")
    if dashes:
        env["MAKEFLAGS"] = "-- " + given
    return env


def installed():
    stage = FOLDER / "stage"
    build = BUILD.relative_to(ROOT) if BUILD.is_relative_to(ROOT) else BUILD
    done = subprocess.run(["make", f"BUILD={build}", f"DEPS={os.environ.get('DEPS', 'build/deps')}", "install", f"DESTDIR={stage}",
                           "PREFIX=/usr"], capture_output=True, text=True, cwd=ROOT, env=environment(), timeout=280)
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    text = ""
    for path in sorted(stage.rglob("*")):
        if path.is_symlink():
            text += f"{path.relative_to(stage)} -> {os.readlink(path)}\n"
        elif path.is_file():
            text += f"{path.relative_to(stage)} {path.stat().st_mode & 0o777:o}\n"
    config = (stage / "usr/lib/pkgconfig/intacct-mock.pc").read_text()
    return text + "\n" + re.sub(r"(?m)^Libs\.private: .*$", lambda line: " ".join(sorted(line[0].split()[1:])), config)


def header():
    """What the public header declares, without its comments, one declaration on a line; and what the library shows."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "server/intacct_mock.h").read_text(), flags=re.S)
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#") and 'extern "C"' not in line)
    lines = []
    for statement in re.findall(r"[^;{}]*(?:\{[^{}]*\})?[^;{}]*;", text):
        plain = " ".join(statement.split()).lstrip("} ")
        found = re.fullmatch(r"(struct \w+) \{(.*)\};", plain)
        if found:
            members = [" ".join(member.split()) for member in found[2].split(";") if member.strip()]
            lines += [f"{found[1]}"] + [f"  {member}" for member in members]
        elif plain:
            lines.append(plain)
    names = subprocess.run(["nm", "-D", "--defined-only", str(BUILD / "libintacct-mock.so")], capture_output=True, text=True, check=True)
    shown = sorted(line.split()[-1] for line in names.stdout.splitlines())
    return "\n".join(lines) + "\n\nshown by libintacct-mock.so\n" + "\n".join(f"  {name}" for name in shown)


surface("help.txt", helps)
surface("options.txt", options)
surface("options.md", lambda: run("serve", "--markdown").stdout)
surface("commands.txt", commands)
surface("remote.txt", remote)
surface("causes-explained.txt", topic_of_causes)
surface("ready.txt", ready)
surface("run.txt", runs)
surface("log.txt", log)
surface("installed.txt", installed)
surface("library.txt", header)
subprocess.run(["rm", "-rf", str(FOLDER)], check=False)
tap.end()
