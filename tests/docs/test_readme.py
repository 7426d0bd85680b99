#!/usr/bin/env python3
"""Executes the README: every `console` block is typed into one shell beside a running server, and
what it prints is compared with what the README shows ("…" stands for anything). The table of options
is compared with the program's own. Prints TAP."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("INTACCT_MOCK", ROOT / "build/intacct-mock"))
sys.path.insert(0, str(ROOT / "tests/support"))

from transcript import fits, steps  # noqa: E402

# what is between the marks is tests/packages/test_python.py's to follow: it takes the packages
README = re.sub(r"<!-- packages:.*?<!-- /packages -->", "", (ROOT / "README.md").read_text(), flags=re.DOTALL)
results = []


def check(title, holds, detail=""):
    results.append(holds)
    print(f"{'ok' if holds else 'not ok'} {len(results)} - {title}")
    if not holds:
        print("\n".join("# " + line for line in detail.splitlines()))


def type_into_shell(url, https, folder):
    """Runs the steps in one shell, as a reader would; yields (command, expected, printed)."""
    marker = "@@ next @@"
    script = "".join(f"{command}\necho '{marker}'\n" for command, _ in steps(README))
    script = script.replace("http://127.0.0.1:8080", url).replace(":8443/", f":{https.rsplit(':', 1)[1]}/")
    done = subprocess.run(["bash"], input=script, capture_output=True, text=True, cwd=folder,
                          timeout=60, env={**os.environ, "INTACCT_MOCK_PORT": url.rsplit(":", 1)[1]})
    printed = done.stdout.split(marker + "\n")
    for (command, expected), output in zip(steps(README), printed):
        yield command, expected.replace("http://127.0.0.1:8080", url), output


def run_transcript():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/build")
        os.symlink(PROGRAM, f"{folder}/build/intacct-mock")
        os.symlink(ROOT / "tests", f"{folder}/tests")
        server = subprocess.Popen([PROGRAM, "--port", "0", "--https-port", "0", "--seed", "7"],
                                  stdout=subprocess.PIPE, text=True)
        try:
            url, https = server.stdout.readline().split()[3:5]
            for command, expected, printed in type_into_shell(url, https, folder):
                check(f"README: {command[:70]}", fits(expected, printed),
                      f"expected:\n{expected}\nprinted:\n{printed}")
        finally:
            server.terminate()
            server.wait(10)


def printed_by(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True).stdout


def compare_tables():
    shown = re.search(r"<!-- options:.*?-->\n(.*?)<!-- /options -->", README, re.S).group(1)
    check("the README's options are the program's", shown == printed_by("serve", "--markdown"))
    causes = (ROOT / "server/CAUSES.md").read_text()
    check("server/CAUSES.md is what the table of causes says",
          causes == printed_by("causes", "--markdown"))


def compare_first_words():
    first = README.split("\n\n", 3)
    check("the README says early that it is for tests only and not Sage's",
          "not affiliated" in " ".join(first[:3]).lower())


run_transcript()
compare_tables()
compare_first_words()
print(f"1..{len(results)}")
sys.exit(0 if all(results) else 1)
