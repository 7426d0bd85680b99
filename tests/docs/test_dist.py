#!/usr/bin/env python3
"""`make dist`, `make deb` and `make static`: what is in them, that it works, and that the same source gives the same
bytes, whoever makes it where and when. Builds what the tarball holds in two places, zones and years. Prints TAP."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from tap import Tap  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
DEPS = (ROOT / os.environ.get("DEPS", "build/deps")).resolve()
CC = os.environ.get("CC", "cc")
WORK = BUILD / "dist-test"
FORM = (b"grant_type=client_credentials&client_id=demo&client_secret=demo-secret&username=ws_user@acme")
# (zone, what the clock of the build starts at there): more than a year apart, another day of the year and hour each
TIMES = (("UTC", "2030-03-01 08:00:00"), ("JST-9", "2031-12-31 23:58:00"))
OUTER = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "LD_PRELOAD")
tap = Tap()


def run(*arguments, cwd=ROOT, **more):
    # a make and a clock of their own: not a part of the make that runs this test, nor another faked clock below theirs
    env = {name: value for name, value in os.environ.items() if name not in OUTER}
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, env={**env, **more}, check=False)


def make(source, goal, into, time):
    """The path of what the goal says it has made; checks that it could."""
    zone, clock = time
    into = os.path.relpath(into, source) # the folder's own name may have a blank, for which make has no use
    # NO_FAKE_STAT: files keep their real times, so that make compares them as ever
    made = run("faketime", "-f", f"@{clock}", "make", f"BUILD={into}", "DEPS=build/deps", f"CC={CC}", goal, cwd=source,
               TZ=zone, NO_FAKE_STAT="1")
    last = made.stdout.splitlines()[-1] if made.stdout else ""
    if made.returncode or not last:
        tap.check(f"make {goal}", False, (made.stdout + made.stderr)[-4000:])
        tap.end()
    return pathlib.Path(source, last)


def sums_up(path):
    sum_, name = pathlib.Path(f"{path}.sha256").read_text().split()
    return name == path.name and sum_ == hashlib.sha256(path.read_bytes()).hexdigest()


shutil.rmtree(WORK, ignore_errors=True)
WORK.mkdir(parents=True)

# --- the tarball ---

if run("git", "rev-parse", "HEAD").returncode:
    tap.skip("the tarball is reproducible", "this is no git checkout")
    tap.end()
clone = WORK / "clone"
run("git", "clone", "--quiet", "--no-local", str(ROOT), str(clone))
clocks = [run("faketime", "-f", f"@{clock}", "date", "+%F %H:%M", TZ=zone).stdout.strip() for zone, clock in TIMES]
tap.check("the builds see the clocks that are set for them", clocks == [clock[:-3] for _, clock in TIMES], clocks)
here, there = make(ROOT, "dist", WORK / "here", TIMES[0]), make(clone, "dist", WORK / "there", TIMES[1])
tap.check("a tarball is the same bytes, made from a clone and in another year too", here.read_bytes() == there.read_bytes())
tap.check("and its checksum is beside it", sums_up(here) and sums_up(there))

VERSION = re.search(r"^VERSION := (.*)$", (ROOT / "Makefile").read_text(), re.M).group(1)
top = f"intacct-mock-{VERSION}"
tap.check("its name has the version", here.name == f"{top}.tar.gz", here)
with tarfile.open(here) as tar:
    members = tar.getmembers()
    tap.check("every file lies below one folder", all(m.name.split("/")[0] == top for m in members))
    tap.check("belongs to nobody in particular and has the commit's time",
          len({m.mtime for m in members}) == 1 and {(m.uid, m.gid) for m in members} == {(0, 0)})
    tracked = set(run("git", "ls-tree", "-r", "--name-only", "HEAD").stdout.split())
    tap.check("it holds what is committed, all of it and nothing else",
          {m.name.split("/", 1)[1] for m in members if m.isfile()} == tracked)

# --- the package ---

if not shutil.which("dpkg-deb") or not shutil.which("dpkg-shlibdeps"):
    tap.skip("the package is reproducible", "dpkg-deb and dpkg-shlibdeps are not here")
    tap.end()
packages = []
for place, time in zip(("one", "another/place"), TIMES):
    folder = WORK / place
    folder.mkdir(parents=True)
    run("tar", "-xzf", str(here), "-C", str(folder))
    (folder / top / "build").mkdir()
    (folder / top / "build/deps").symlink_to(DEPS)
    packages.append(make(folder / top, "deb", folder / "built", time))
one, two = packages
tap.check("a package built in two places and years is the same bytes", one.read_bytes() == two.read_bytes(),
      run("cmp", str(one), str(two)).stdout)
tap.check("and its checksum is beside it", sums_up(one))
tap.check("its name has version and architecture",
      one.name == f"intacct-mock_{VERSION}_{run('dpkg', '--print-architecture').stdout.strip()}.deb", one)

listing = run("dpkg-deb", "-c", str(one)).stdout
for wanted in ("usr/bin/intacct-mock", "usr/include/intacct_mock.h", "usr/lib/libintacct-mock.a",
               f"usr/lib/libintacct-mock.so.1.{VERSION}", "usr/lib/libintacct-mock.so", "usr/lib/pkgconfig/intacct-mock.pc",
               "usr/share/man/man1/intacct-mock.1.gz", "usr/share/man/man3/intacct-mock.3.gz",
               "usr/share/man/man5/intacct-mock-scenario.5.gz", "usr/share/doc/intacct-mock/copyright",
               "usr/share/doc/intacct-mock/README.md", "usr/share/doc/intacct-mock/CAUSES.md",
               "usr/share/doc/intacct-mock/SCENARIOS.md"):
    tap.check(f"it holds {wanted}", re.search(rf" \./{re.escape(wanted)}( ->|$)", listing, re.M), listing)
tap.check("root owns all of it", all(" root/root " in line for line in listing.splitlines()), listing)
needs = run("dpkg-deb", "-f", str(one), "Depends").stdout
tap.check("it depends on what it is linked with", "libssl" in needs and "zlib1g" in needs and "libcjson" in needs and "libc6" in needs, needs)

installed = WORK / "installed"
run("dpkg-deb", "-x", str(one), str(installed))
tap.check("no folder of the machine that built it is in it",
      not [path for path in installed.rglob("*") if path.is_file() and str(WORK).encode() in path.read_bytes()])
program = installed / "usr/bin/intacct-mock"
tap.check("its program knows its version", VERSION in run(str(program), "version").stdout)
server = subprocess.Popen([program, "--port", "0", "--https-port", "none", "--log-level", "error"],
                          stdout=subprocess.PIPE, text=True)
try:
    url = server.stdout.readline().split()[3]
    with urllib.request.urlopen(url + "/ia/api/v1/oauth2/token", FORM, timeout=20) as answer:
        tap.check("and gives a token", b"access_token" in answer.read())
finally:
    server.terminate()
    server.wait(10)

shortest = WORK / "shortest"
compiled = run(CC, str(ROOT / "tests/embed/shortest.c"), f"-I{installed}/usr/include", "-o", str(shortest),
               f"-L{installed}/usr/lib", "-lintacct-mock", f"-Wl,-rpath,{installed}/usr/lib")
tap.check("a program is compiled and linked with its library", compiled.returncode == 0, compiled.stderr)
sums = run("sh", "-c", 'dpkg-deb -I "$0" md5sums | md5sum -c --quiet', str(one), cwd=installed)
tap.check("its list of sums is right", sums.returncode == 0, sums.stdout + sums.stderr)

shutil.rmtree(WORK)
tap.end()
