#!/usr/bin/env python3
"""`intacct-mock env`: what points an integration at a sandbox, in every format, read by real shells, and CMD in that environment."""
import json
import os
import shutil
import signal
import subprocess
import tempfile

from mock import PROGRAM, Server, Tap

tap = Tap()
folder = tempfile.TemporaryDirectory()
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("INTACCT_", "SSL_CERT_", "JAVA_TOOL", "PHP_INI"))}
FORMATS = ("sh", "fish", "powershell", "dotenv", "json", "github")


def run(*words, env=None, **more):
    return subprocess.run([PROGRAM, "env", *words], capture_output=True, timeout=60, env={**CLEAN, **(env or {})}, **more)


def variables_of(printed):
    """What printenv -0 printed."""
    return dict(entry.split(b"=", 1) for entry in printed.split(b"\0") if b"=" in entry)


def by_shell(shell, text):
    """The environment after a shell has read these lines."""
    reader = {"sh": 'eval "$(cat)"; exec printenv -0', "fish": "cat | source; exec printenv -0"}[os.path.basename(shell)]
    return variables_of(subprocess.run([shell, "-c", reader], input=text, capture_output=True, timeout=60, check=True,
                                       env={**CLEAN, "LC_ALL": "C.UTF-8", "HOME": folder.name}).stdout)


def by_github(text):
    """As the runner reads $GITHUB_ENV: NAME=VALUE, or NAME<<END, lines, END."""
    found, lines = {}, iter(text.decode().split("\n")[:-1])
    for line in lines:
        if "<<" in line and ("=" not in line or line.index("<<") < line.index("=")):
            name, end = line.split("<<", 1)
            value = []
            while (line := next(lines)) != end:
                value.append(line)
            found[name] = "\n".join(value)
        else:
            name, found[name] = line.split("=", 1)
    return {name.encode(): value.encode() for name, value in found.items()}


def ours(variables):
    return {name: value for name, value in variables.items() if name.startswith((b"INTACCT_", b"SSL_CERT_FILE"))}


with Server() as server:
    at = {"INTACCT_MOCK_URL": server.url}
    base = f"{server.url}/s/access-token-expired.me"
    wanted = {"INTACCT_BASE_URL": base, "INTACCT_API_URL": base + "/ia/api/v1", "INTACCT_CLIENT_ID": "demo~access-token-expired.me",
              "INTACCT_CLIENT_SECRET": "demo-secret", "INTACCT_USERNAME": "ws_user@acme",
              "INTACCT_TOKEN_URL": base + "/ia/api/v1/oauth2/token", "INTACCT_AUTHORIZE_URL": base + "/ia/api/v1/oauth2/authorize",
              "INTACCT_SCENARIO": "access-token-expired"}
    as_bytes = {name.encode(): value.encode() for name, value in wanted.items()}
    box = ["--sandbox", "access-token-expired.me"]
    done = run(*box, "--format", "json", env=at)
    tap.check("json has all of it", json.loads(done.stdout) == wanted and not done.stderr, done)
    sh = by_shell("/bin/sh", run(*box, env=at).stdout)
    tap.check("sh is the default, and a shell takes it", {n: v for n, v in sh.items() if n.startswith(b"INTACCT_")} == as_bytes, sh)
    tap.check("github", by_github(run(*box, "--format", "github", env=at).stdout) == as_bytes)
    tap.check("dotenv: bare where that is enough", run(*box, "--format", "dotenv", env=at).stdout.decode().splitlines()
              == [f"{name}={value}" for name, value in wanted.items()])
    shell = run(*box, "--format", "powershell", env=at).stdout.decode()
    tap.check("powershell", f"$env:INTACCT_BASE_URL = '{base}'\n" in shell, shell)
    by_url = json.loads(run("--url", base, "--format", "json").stdout)
    tap.check("a sandbox's base URL is enough", by_url == wanted, by_url)
    plain = json.loads(run("--format", "json", env=at).stdout)
    tap.check("the default sandbox", plain["INTACCT_BASE_URL"] == server.url and plain["INTACCT_CLIENT_ID"] == "demo", plain)
    tap.fails("no such format", run("--format", "xml", env=at), 2, "--format", "powershell")
    tap.fails("no such scenario", run("--sandbox", "nothing.x", env=at), 1, "nothing.x")
    tap.fails("no server", run("--url", "http://127.0.0.1:1"), 1, "127.0.0.1:1")
    tap.fails("nothing behind --", run("--", env=at), 2, "--")
    tap.fails("a command without --", run("true", env=at), 2, "-- true")
    tap.fails("a command that is not there", run("--", "/no/such", env=at), 3, "/no/such", "No such file")

    done = run(*box, "--", "printenv", "-0", env={**at, "KEPT": "yes", "INTACCT_BASE_URL": "stale"})
    given = variables_of(done.stdout)
    tap.check("CMD runs in that environment", {n: v for n, v in given.items() if n in as_bytes} == as_bytes and given[b"KEPT"] == b"yes", given)
    tap.check("and nothing else is said", not done.stderr, done)
    tap.check("its exit status is ours", run("--", "sh", "-c", "exit 41", env=at).returncode == 41)
    tap.check("of a signal 128 and its number", run("--", "sh", "-c", "kill -TERM $$", env=at).returncode == 128 + signal.SIGTERM)
    tap.check("its input is ours", run("--", "cat", env=at, input=b"through").stdout == b"through")
    process = subprocess.Popen([PROGRAM, "env", "--", "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do read x; done"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**CLEAN, **at})
    process.stdout.readline()
    process.terminate()
    tap.check("SIGTERM is for CMD, which decides", process.wait(30) == 9)
    process.stdin.close()
    process.stdout.close()

PROXIED = ('import os, urllib.parse as p, urllib.request as u; print(u.urlopen("https://api.intacct.com/ia/api/v1/oauth2/token", '
           'p.urlencode({"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret", '
           '"username": "ws_user@acme"}).encode()).status)')
with Server("--proxy", "0") as server:
    at = {"INTACCT_MOCK_URL": server.url, "TMPDIR": folder.name}
    done = run("--intercept", "--", "python3", "-c", PROXIED, env=at)
    tap.check("--intercept: a program that has Sage's host built in comes to the mock", done.stdout == b"200\n", done)
    done = run("--intercept", "--sandbox", "client-secret-rotated.i", "--", "python3", "-c", PROXIED, env=at)
    tap.check("to the sandbox that is named", done.returncode != 0 and b"401" in done.stderr, done)
    plain = json.loads(run("--intercept", "--format", "json", "--dir", f"{folder.name}/i", env=at).stdout)
    tap.check("in JSON what must not be set is null", plain["ALL_PROXY"] is None and plain["HTTPS_PROXY"].startswith("http://127.0.0.1:"), plain)
    shutil.rmtree(f"{folder.name}/i")
with Server("--proxy", "0", "--intercept", "sage.test,*.sage.example") as server:
    at = {"INTACCT_MOCK_URL": server.url, "TMPDIR": folder.name, "NO_PROXY": "sage.test,x.sage.example:443,api.intacct.com,.invalid"}
    done = run("--intercept", "--", "python3", "-c", PROXIED.replace("api.intacct.com", "sage.test"), env={**at, "NO_PROXY": "sage.test"})
    tap.check("--intercept: another host that the server intercepts comes to it too", done.stdout == b"200\n", done)
    past = run("--intercept", "--", "sh", "-c", "echo $NO_PROXY", env=at).stdout
    tap.check("and what leads past the proxy is judged by the server's hosts", past == b"localhost,127.0.0.1,::1,api.intacct.com\n", past)
with Server() as server:
    tap.fails("--intercept without a proxy says what to do", run("--intercept", env={"INTACCT_MOCK_URL": server.url}), 1, "--proxy")

ca = f"{folder.name}/ca.pem"
with Server("--https-port", "0", "--ca-file", ca) as server:
    https = next(word for word in server.ready.split() if word.startswith("https"))
    at = {"INTACCT_MOCK_URL": https, "INTACCT_MOCK_CA_FILE": ca, "TMPDIR": folder.name}
    check = 'import os, ssl, urllib.request as u; print(u.urlopen(os.environ["INTACCT_BASE_URL"] + "/__mock/health").status)'
    done = run("--", "python3", "-c", check, env=at)
    tap.check("over https CMD trusts the server's CA", done.stdout == b"200\n", done)
    tap.check("and the files for that are gone afterwards", os.listdir(folder.name) == ["ca.pem"], os.listdir(folder.name))
    done = run("--format", "json", env=at)
    made = json.loads(done.stdout)["SSL_CERT_FILE"]
    tap.check("printed, they stay, and where is said", os.path.exists(made) and os.path.dirname(made).encode() in done.stderr, done)
    shutil.rmtree(os.path.dirname(made))
    done = run("--dir", "here", "--format", "json", env=at, cwd=folder.name)
    tap.check("--dir says where; the paths hold anywhere", json.loads(done.stdout)["SSL_CERT_FILE"] == f"{folder.name}/here/ca-bundle.pem"
              and os.path.exists(f"{folder.name}/here/ca.pem") and not done.stderr, done)

    # every byte that a path can have, in the value of SSL_CERT_FILE
    weird = os.fsencode(folder.name) + b"/" + bytes(byte for byte in range(1, 256) if byte != ord("/"))
    expected = weird + b"/ca-bundle.pem"
    for shell in ("sh", "fish"):
        path = shutil.which(shell)
        if not path:
            tap.skip(f"{shell} takes every byte", f"{shell} is not installed")
            continue
        lines = run("--dir", weird, "--format", shell, env=at).stdout
        tap.check(f"{shell} takes every byte", by_shell(path, lines).get(b"SSL_CERT_FILE") == expected, lines[-700:])
    for form in ("powershell", "dotenv", "json", "github"):
        tap.fails(f"{form} refuses what it cannot say", run("--dir", weird, "--format", form, env=at), 1, form, "SSL_CERT_FILE")
    text = os.fsencode(folder.name) + "/a 'b' ‘c’ \"d\" $e `f` #g é\nh".encode()
    expected = text + b"/ca-bundle.pem"
    for form, reader in (("sh", lambda t: by_shell("/bin/sh", t)), ("github", by_github),
                         ("json", lambda t: {n.encode(): v.encode() for n, v in json.loads(t).items()})):
        lines = run("--dir", text, "--format", form, env=at).stdout
        tap.check(f"{form} takes quotes, a line break and what is not ASCII", reader(lines).get(b"SSL_CERT_FILE") == expected, lines)
    lines = run("--dir", text, "--format", "powershell", env=at).stdout.decode()
    tap.check("powershell: all that it takes for a quote is doubled", "a ''b'' ‘‘c’’ \"d\" $e `f` #g é\nh/ca-bundle.pem'\n" in lines, lines)
    text = os.fsencode(folder.name) + "/a \"b\" $c `d` #e é".encode()
    lines = run("--dir", text, "--format", "dotenv", env=at).stdout
    tap.check("dotenv: in single quotes", b"SSL_CERT_FILE='" + text + b"/ca-bundle.pem'\n" in lines, lines)
    node = shutil.which("node")
    if node:
        with open(f"{folder.name}/dot.env", "wb") as file:
            file.write(lines)
        done = subprocess.run([node, f"--env-file={folder.name}/dot.env", "-p", "process.env.SSL_CERT_FILE"], capture_output=True,
                              env={n: v for n, v in CLEAN.items() if n != "NODE_OPTIONS"}, timeout=60)
        tap.check("which Node reads so", done.stdout == text + b"/ca-bundle.pem\n", done)
    else:
        tap.skip("which Node reads so", "node is not installed")
tap.end()
