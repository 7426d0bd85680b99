"""Programs that have https://api.intacct.com built in, each in its own runtime, with nothing but the environment that
`run --intercept` gives: a token, a call, a refusal by scenario, two sandboxes in parallel, another host. Prints TAP.

What a runtime ignores, and what is to be done instead, is the table of certs/README.md; IGNORES are its rows."""
import glob
import os
import shutil
import subprocess
import sys

PROGRAM = os.environ["INTACCT_MOCK"]
PYTHON = "venv/bin/python"
NODE_24 = next(iter(glob.glob("node_modules/node-linux-*/bin/node")), None)


def version_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    return done.stdout + done.stderr if done.returncode == 0 else None


def node_at_least(node, major):
    said = version_of(node, "--version") if node else None
    return node if said and int(said.strip().lstrip("v").split(".")[0]) >= major else None


def go():
    """`go run` would start the program as its child, and slowly: it is built once."""
    if not shutil.which("go"):
        return None
    built = subprocess.run(["go", "build", "-o", os.path.abspath("go-client"), "client.go"], capture_output=True, text=True,
                           env={**os.environ, "GOFLAGS": "-mod=mod", "GO111MODULE": "off"}, timeout=300)
    print(built.stderr, file=sys.stderr, end="")
    return "./go-client" if built.returncode == 0 else None


def java():
    if not shutil.which("javac"):
        return None
    built = subprocess.run(["javac", "-d", "classes", "Client.java"], capture_output=True, text=True, timeout=300)
    print(built.stderr, file=sys.stderr, end="")
    return "java" if built.returncode == 0 else None


def php():
    """With its curl, which is a package of its own."""
    return "php" if "curl" in (version_of("php", "-m") or "").split() else None


node = node_at_least("node", 20)
# Each: what it is, the program that must be there, its arguments.
RUNTIMES = [
    ("curl", shutil.which("curl"), ["./client.sh"]),
    ("Python urllib", PYTHON, [PYTHON, "client.py", "urllib"]),
    ("Python requests", PYTHON, [PYTHON, "client.py", "requests"]),
    ("Python httpx", PYTHON, [PYTHON, "client.py", "httpx"]),
    ("Node 24 fetch", node_at_least(NODE_24, 24), [NODE_24, "client.mjs", "fetch"]),
    ("Node 24 axios", node_at_least(NODE_24, 24), [NODE_24, "client.mjs", "axios"]),
    ("Node axios", node, ["node", "client.mjs", "axios"]),
    ("Node undici's EnvHttpProxyAgent", node, ["node", "client.mjs", "undici"]),
    ("Go net/http", go(), ["./go-client"]),
    ("Java HttpClient", java(), ["java", "-cp", "classes", "Client", "HttpClient"]),
    ("Java HttpURLConnection", java(), ["java", "-cp", "classes", "Client", "HttpURLConnection"]),
    ("Ruby net/http", shutil.which("ruby"), ["ruby", "client.rb"]),
    ("PHP curl", php(), ["php", "client.php"]),
]
# Goes past the proxy, whatever the environment says. Without a way out of this machine it reaches nobody.
IGNORES = [("Node before 24 fetch", node if not node_at_least("node", 24) else None, ["node", "client.mjs", "fetch"])]
results = []


def check(title, holds, detail=""):
    results.append(bool(holds))
    print(f"{'ok' if holds else 'not ok'} {len(results)} - {title}", flush=True)
    if not holds:
        print("\n".join("# " + line for line in detail.splitlines()), flush=True)


def skip(title):
    results.append(True)
    print(f"ok {len(results)} - {title} # SKIP not here", flush=True)


def run(options, command):
    done = subprocess.run([PROGRAM, "run", "--intercept", "--show-output", *options, "--", *command], capture_output=True,
                          text=True, timeout=300)
    return done.stdout + done.stderr


def lines_of(said):
    """{scenario: [the lines of the program]}"""
    found, lines = {}, []
    for line in said.splitlines():
        if line.split(" ")[0] in ("passed", "FAILED", "partly", "skipped"):
            lines = found.setdefault(line.split()[1].rstrip(":"), [])
        elif line.startswith("    | "):
            lines.append(line.removeprefix("    | "))
    return found


for name, there, command in RUNTIMES:
    if not there:
        skip(name)
        continue
    said = run(["--scenario", "happy-path"], command)
    check(f"{name}: a token and a call", "passed  happy-path" in said and
          {"token 200", "call 200"} <= set(lines_of(said).get("happy-path", [])), said)
    said = run(["--scenario", "client-unknown", "--scenario", "client-inactive", "--jobs", "2"], command)
    printed = lines_of(said)
    check(f"{name}: refused by scenarios, two at once",
          all(any(line.startswith(("token 4", "token 5")) for line in printed.get(one, []))
              for one in ("client-unknown", "client-inactive")), said)
    said = run(["--scenario", "happy-path"], [*command, "https://other.example/"])
    check(f"{name}: another host is refused", "passed  happy-path" in said and
          any(line.startswith("other ") and line != "other 200" for line in lines_of(said)["happy-path"]), said)
    said = run(["--scenario", "happy-path", "--proxy-others", "pass"], [*command, "https://no-such-host.invalid/"])
    check(f"{name}: or passed on, if that is wanted", "passed  happy-path" in said and
          any(line.startswith("other ") for line in lines_of(said)["happy-path"]), said)
for name, there, command in IGNORES:
    if not there:
        skip(name)
        continue
    said = run(["--scenario", "happy-path", "--timeout", "20s"], command)
    check(f"{name}: goes past the proxy, and it is said so", "no connection came: CMD went past the proxy" in said and
          "undici" in said, said)
print(f"1..{len(results)}")
sys.exit(0 if all(results) else 1)
