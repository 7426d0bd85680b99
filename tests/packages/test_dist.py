#!/usr/bin/env python3
"""What `make packages` makes: all of it is there, its sums are right, two builds in other places, zones and years are the same
bytes, the tarballs' programs run (that for the other processor under an emulator), and the bill of materials is valid SPDX that
names what is inside. Prints TAP."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

from beside import BUILD, DIST, ROOT, VERSION, Tap, environment, fresh, run, unpack, works

IMAGES = [BUILD / "docker/image.tar", BUILD / "docker/image-arm64.tar"]
ARCHES = ("x86_64", "aarch64")


def everything_is_there(tap):
    sums = dict(reversed(line.split("  ")) for line in (DIST / "SHA256SUMS").read_text().splitlines())
    names = [*(f"intacct-mock-{VERSION}-linux-{arch}.tar.gz" for arch in ARCHES), f"intacct-mock-{VERSION}.spdx.json",
             *(f"intacct_mock-{VERSION}-py3-none-manylinux2014_{arch}.musllinux_1_1_{arch}.whl" for arch in ARCHES),
             f"intacct-mock-{VERSION}.tgz", f"intacct-mock-{VERSION}-maven.zip", f"intacct-mock-{VERSION}-go.zip"]
    tap.check("every package is there, and SHA256SUMS names it", sorted(names) == sorted(sums), sums)
    tap.check("the sums are right", all(hashlib.sha256((DIST / name).read_bytes()).hexdigest() == sum_ for name, sum_ in sums.items()))
    return sums


def two_builds(tap, sums):
    """Of the same images: that the program itself is the same bytes is tests/docker/test_static.py's to show."""
    folder = fresh("dist/elsewhere")
    source = folder / "source"
    for part in ("packages", "server/man"):
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("README.md", "CHANGELOG.md", "LICENSE", "Makefile", ".ci/epoch"):
        (source / file).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / file, source / file)
        os.utime(source / file, (0, 0))
    env = environment(TZ="Asia/Tokyo", NO_FAKE_STAT="1", PYTHONDONTWRITEBYTECODE="1", LC_ALL="C")
    epoch = works(tap, "the date of the packages is the version's in CHANGELOG.md", source / ".ci/epoch", VERSION,
                  env={**env, "SOURCE_DATE_EPOCH": ""}).strip()
    works(tap, "they are built again elsewhere, in another zone and year", "faketime", "-f", "@2031-12-31 23:58:00", sys.executable,
          source / "packages/build.py", VERSION, epoch, folder / "dist", folder / "work", *IMAGES, env=env)
    for name, sum_ in sums.items():
        again = folder / "dist" / name
        tap.check(f"the same bytes: {name}", again.exists() and hashlib.sha256(again.read_bytes()).hexdigest() == sum_)
    status, said = run(ROOT / ".ci/epoch", "9.9.9", env=env)
    tap.check("a version without an entry in CHANGELOG.md has no date, and it is said what to write", status == 1
              and "## [9.9.9] - 2026-01-31" in said, said)


def tarballs(tap):
    folder = fresh("dist/tarballs")
    works(tap, "sha256sum -c finds the tarballs sound", "sha256sum", "--check", "--ignore-missing", "SHA256SUMS", cwd=DIST)
    for arch in ARCHES:
        top = folder / f"intacct-mock-{VERSION}-linux-{arch}"
        with tarfile.open(DIST / f"{top.name}.tar.gz") as tar:
            tap.check(f"{arch}: all below one folder, of root's", all(
                member.name.startswith(top.name + "/") and member.uname == "root" for member in tar.getmembers()))
        unpack(DIST / f"{top.name}.tar.gz", folder)
        files = {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}
        wanted = {"intacct-mock", "LICENSE", "README.md", "CHANGELOG.md", "share/man/man1/intacct-mock.1", "share/man/man3/intacct-mock.3",
                  "share/man/man5/intacct-mock-scenario.5", "share/bash-completion/completions/intacct-mock", "share/zsh/site-functions/_intacct-mock",
                  *(f"licenses/{name}" for name in ("civetweb", "cjson", "htm", "preact", "openssl", "zlib", "glibc", "intacct-mock"))}
        tap.check(f"{arch}: program, manual, completion, licences", wanted <= files, files)
        emulator = [] if arch == os.uname().machine else [f"qemu-{arch}-static"]
        works(tap, f"{arch}: it runs, and knows its version", *emulator, top / "intacct-mock", "version", says=VERSION)
        works(tap, f"{arch}: it plays scenarios to a client", *emulator, top / "intacct-mock", "run", "--scenario", "access-token-expired",
              "--", sys.executable, ROOT / "tests/clients/sound.py", says="1 passed, 0 failed")
    return folder / f"intacct-mock-{VERSION}-linux-{os.uname().machine}"


def completion(tap, top):
    """What bash offers where somebody presses TAB."""
    def offers(*words):
        script = (f'PATH={top}:$PATH; source {top}/share/bash-completion/completions/intacct-mock; COMP_WORDS=("$@"); '
                  f'COMP_CWORD=$(($# - 1)); _intacct_mock; printf "%s\\n" "${{COMPREPLY[@]}}"')
        return run("bash", "-c", script, "bash", *words, cwd=top)[1].split()
    for words, offered in ((("intacct-mock", "sc"), "scenarios"), (("intacct-mock", "--https-p"), "--https-port"),
                           (("intacct-mock", "run", "--ju"), "--junit"), (("intacct-mock", "causes", "refresh-token-reu"), "refresh-token-reused"),
                           (("intacct-mock", "run", "--scenario", "access-token-exp"), "access-token-expired"),
                           (("intacct-mock", "scenarios", "happy"), "happy-path"), (("intacct-mock", "check", "READ"), "README.md")):
        tap.check(f"completion: {' '.join(words)}", offers(*words) == [offered], offers(*words))


def bill_of_materials(tap):
    path = DIST / f"intacct-mock-{VERSION}.spdx.json"
    works(tap, "the bill of materials is valid SPDX 2.3", sys.executable, "-m", "spdx_tools.spdx.clitools.pyspdxtools", "--infile", path,
          "--version", "SPDX-2.3")
    document = json.loads(path.read_text())
    parts = {package["name"]: package for package in document["packages"]}
    for name, licence in (("civetweb", "MIT"), ("cjson", "MIT"), ("htm", "Apache-2.0"), ("preact", "MIT"), ("openssl", "Apache-2.0"), ("zlib", "Zlib"), ("glibc", "LGPL-2.1-or-later")):
        part = parts.get(name, {})
        tap.check(f"it names {name}, its version and its licence", part.get("licenseDeclared") == licence
                  and re.match(r"\d+\.\d+", part.get("versionInfo", "")), part)
    with tarfile.open(DIST / f"intacct-mock-{VERSION}-linux-x86_64.tar.gz") as tar:
        program = tar.extractfile(f"intacct-mock-{VERSION}-linux-x86_64/intacct-mock").read()
    sums = [sum_["checksumValue"] for package in document["packages"] for sum_ in package.get("checksums", [])]
    tap.check("and the sums of the programs", hashlib.sha256(program).hexdigest() in sums and len(sums) == 2, sums)
    tap.check("OpenSSL is in the version that it names", parts["openssl"]["versionInfo"].split("-")[0].encode() in program)


def releases(tap):
    """What refuses a release. The whole of it is not run here: it builds both images twice."""
    folder = fresh("release")
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(clone)], check=True, capture_output=True)

    def git(*words):
        return run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words, cwd=clone)

    def refuses(title, version, words):
        status, said = run("make", "release", f"VERSION={version}", cwd=clone)
        tap.check(f"make release refuses {title}", status != 0 and words in said, said)

    refuses("what is no version", "next", "VERSION=next is no version; it would be three numbers, such as 0.2.0")
    refuses("a version without an entry in CHANGELOG.md", "7.0.0", "write what changed in 7.0.0, with its date, into CHANGELOG.md")
    (clone / "README.md").write_text("changed")
    refuses("what is not committed", VERSION, "not everything is committed")
    git("checkout", "README.md")
    git("tag", "v7.0.1")
    refuses("a version that is out", "7.0.1", "v7.0.1 is released already")
    changes = clone / "CHANGELOG.md"
    changes.write_text(changes.read_text().replace("## ", "## [7.0.2] - 2026-12-01\n\n### Added\n\n- New.\n\n## ", 1))
    git("commit", "-qam", "New")
    # both builds with images that are built already: the second must not be taken for older than the clone's files
    make = f"make --no-print-directory IMAGES='{IMAGES[0]} {IMAGES[1]}' -o {IMAGES[0]} -o {IMAGES[1]} -o setup"
    (folder / "make").write_text(f'#!/bin/sh\nexec {make} "$@"\n')
    os.chmod(folder / "make", 0o755)
    status, said = run("packages/release", "7.0.2", cwd=clone, env=environment(MAKE=str(folder / "make")), timeout=500)
    tap.check("it writes the version wherever it stands, builds twice, and compares", status == 0 and "same bytes" in said, said)
    for file, words in (("Makefile", "VERSION := 7.0.2"), ("docker/kubernetes.yaml", "image: intacct-mock:7.0.2"),
                        ("server/man/intacct-mock.1", ".Os intacct-mock 7.0.2"), ("docker/Dockerfile", "ARG VERSION=7.0.2")):
        tap.check(f"{file}: {words}", words in (clone / file).read_text())
    left = run("git", "grep", "-lF", VERSION, "--", ":!CHANGELOG.md", ":!tests", cwd=clone)[1]
    tap.check("no file still has the version before", left == "", left)
    dist = sorted(path.name for path in (clone / "build/dist").iterdir())
    tap.check("the packages are of the new version", f"intacct-mock-7.0.2.tgz" in dist and not any(VERSION in name for name in dist), dist)
    for words in ("git tag v7.0.2 && git tag packages/go/v7.0.2", "twine upload", "npm publish", "gh release create v7.0.2", "docker load"):
        tap.check(f"it says how to publish: {words}", words in said, said)
    tap.check("and publishes nothing itself", git("tag", "--list", "v7.0.2")[1] == "" and git("status", "--porcelain")[1] != "")


def main():
    tap = Tap()
    sums = everything_is_there(tap)
    two_builds(tap, sums)
    completion(tap, tarballs(tap))
    bill_of_materials(tap)
    if (ROOT / ".git").exists():
        releases(tap)
    tap.end()


if __name__ == "__main__":
    main()
