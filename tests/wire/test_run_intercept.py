#!/usr/bin/env python3
"""`intacct-mock run --intercept`: programs that nobody changed, which have https://api.intacct.com built in, are scored;
those that do not come are skipped in words. Prints TAP."""
import os
import subprocess
import sys
import tempfile

from mock import PROGRAM, Tap

tap = Tap()
# The whole integration: no address but Sage's, nothing but the standard library and the environment.
BUILT_IN = '''
import json, urllib.parse, urllib.request
API = "https://api.intacct.com/ia/api/v1/"
def token():
    form = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret", "username": "ws_user@acme"}
    with urllib.request.urlopen(API + "oauth2/token", urllib.parse.urlencode(form).encode()) as answer:
        return json.load(answer)["access_token"]
def vendors(bearer):
    asked = urllib.request.Request(API + "objects/accounts-payable/vendor", headers={"Authorization": "Bearer " + bearer})
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)["ia::meta"]["totalCount"]
print(vendors(token()))
'''
SHOWS = "import os; print(*sorted(f'{k}={v}' for k, v in os.environ.items()), sep=chr(10))"
INHERITED = {**os.environ, "https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://x",
             "NO_PROXY": "corp.example,.intacct.com", "JAVA_TOOL_OPTIONS": "-Xmx64m"}


def run(*command, options=("--scenario", "happy-path"), env=None):
    return subprocess.run([PROGRAM, "run", "--intercept", *options, "--", *command], capture_output=True, text=True,
                          timeout=120, env=env or INHERITED)


def python(text, **more):
    return run(sys.executable, "-c", text, **more)


done = python(BUILT_IN)
tap.check("a program with Sage's host built in is scored", done.returncode == 0 and "passed  happy-path" in done.stdout,
          done.stdout + done.stderr)
done = python(BUILT_IN, options=("--scenario", "client-*", "--scenario", "drop", "--jobs", "4"))
tap.check("it is refused by scenarios, each in a sandbox of its own",
          "passed  client-unknown" in done.stdout and "passed  client-secret-wrong" in done.stdout and
          "FAILED  drop" in done.stdout, done.stdout + done.stderr)
tap.check("how to repeat it is said with --intercept", f"alone: {PROGRAM} run --intercept --scenario" in done.stdout, done.stdout)
done = python(BUILT_IN.replace('"demo"', '"mine"'), options=("--scenario", "access-token-expired"))
tap.check("credentials that are not the mock's are named as the cause", "skipped access-token-expired" in done.stdout and
          '  there: POST /ia/api/v1/oauth2/token client_credentials → 401 client-unknown: there is no client "mine"; there are "demo"'
          in done.stdout, done.stdout + done.stderr)

with tempfile.TemporaryDirectory() as folder:
    done = python(SHOWS, options=("--scenario", "happy-path", "--show-output"), env={**INHERITED, "TMPDIR": folder})
    shown = dict(line.removeprefix("    | ").split("=", 1) for line in done.stdout.splitlines()
                 if line.startswith("    | ") and "=" in line)
    left = os.listdir(folder)
tap.check("its files lie in a folder of their own, which is gone at the end",
          shown["SSL_CERT_FILE"].startswith(folder + "/intacct-mock.") and not left, left)
tap.check("inherited proxies are not used", shown["https_proxy"] == shown["HTTPS_PROXY"] != "http://127.0.0.1:9" and
          "ALL_PROXY" not in shown, shown)
tap.check("no entry of NO_PROXY leads past it", shown["NO_PROXY"] == "localhost,127.0.0.1,::1,corp.example", shown["NO_PROXY"])
tap.check("what Java had stays in front", shown["JAVA_TOOL_OPTIONS"].startswith("-Xmx64m -D"), shown["JAVA_TOOL_OPTIONS"])

done = python("pass")
tap.check("who does not come is skipped, and nothing is claimed",
          "skipped happy-path: no connection came: CMD went past the proxy, or did nothing; aiohttp" in done.stdout, done.stdout)
done = python(BUILT_IN.replace("import json", "import os; os.environ.pop('SSL_CERT_FILE'); import json"))
tap.check("who does not trust the CA is told so", "CMD came to the proxy, but no request did: the client does not trust our CA"
          in done.stdout, done.stdout)
done = python(BUILT_IN.replace("api.intacct.com", "api.intacct.con"))
tap.check("who asks for another host is told so", "CMD came to the proxy, but no request did: the proxy answers for "
          "api.intacct.com" in done.stdout, done.stdout)
done = python(BUILT_IN.replace("api.intacct.com", "no-such-host.invalid"), options=("--scenario", "happy-path", "--proxy-others", "pass"))
tap.check("with --proxy-others pass it is passed on", "connecting to no-such-host.invalid:443" in done.stdout, done.stdout)
done = python(BUILT_IN, options=("--list",))
tap.check("--list writes nothing and lists all", done.returncode == 0 and "tls-expired" in done.stdout, done.stderr)
tap.end()
