#!/usr/bin/env python3
"""Makes every package that a release consists of. `make packages` calls it; README.md beside it says what they are.

    packages/build.py VERSION EPOCH OUT WORK IMAGE...

VERSION goes where a source says @VERSION@ (`make release` writes it into the documents and the Action), EPOCH, in seconds, is the
date of every file. IMAGE is an archive
of the container image: its program is what is packed. OUT gets the packages and SHA256SUMS, WORK what is made on the way.
The standard library does it, but for the Java classes, which Maven compiles."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import zipfile

import sbom
import wheel
from archives import Image, man_pages, run, tree, write_tar, write_zip

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
GO_MODULE = "github.com/intacct-mock/intacct-mock/packages/go"
MAVEN_GROUP = "io.github.intacct-mock"


class Release:
    def __init__(self, version, epoch, out, work, images):
        self.version, self.epoch = version, int(epoch)
        self.out, self.work = pathlib.Path(out).resolve(), pathlib.Path(work).resolve()
        self.images = [Image(archive) for archive in images]
        self.made = []

    def path(self, name):
        self.made.append(name)
        return self.out / name

    def stamped(self, folder):
        """The sources of one language, with the version in place of @VERSION@."""
        return {name: data.replace(b"@VERSION@", self.version.encode()) for name, data in tree(HERE / folder).items()}


def main(version, epoch, out, work, *images):
    release = Release(version, epoch, out, work, images)
    shutil.rmtree(release.work, ignore_errors=True)
    for folder in (release.out, release.work):
        folder.mkdir(parents=True, exist_ok=True)
    for make in (tarballs, bill, wheels, npm, go, maven):
        make(release)
    sums = release.out / "SHA256SUMS"
    sums.write_text("".join(f"{hashlib.sha256((release.out / name).read_bytes()).hexdigest()}  {name}\n"
                            for name in sorted(release.made)))
    print("\n".join(str(release.out / name) for name in [*sorted(release.made), "SHA256SUMS"]))


def completions(release):
    """What the shells are given: the program prints it of its own tables, so it is the image's for this machine that does."""
    program = release.work / "intacct-mock"
    program.write_bytes(next(image.program for image in release.images if image.arch == os.uname().machine))
    program.chmod(0o755)
    return {path: subprocess.run([program, "completion", shell], capture_output=True, check=True).stdout
            for shell, path in (("bash", "share/bash-completion/completions/intacct-mock"),
                                ("zsh", "share/zsh/site-functions/_intacct-mock"))}


def tarballs(release):
    common = {**man_pages(ROOT / "server/man"), "README.md": (ROOT / "README.md").read_bytes(),
              "CHANGELOG.md": (ROOT / "CHANGELOG.md").read_bytes(), "LICENSE": (ROOT / "LICENSE").read_bytes(),
              **completions(release)}
    for image in release.images:
        name = f"intacct-mock-{release.version}-linux-{image.arch}"
        write_tar(release.path(f"{name}.tar.gz"), {**common, **image.licenses, "intacct-mock": image.program}, release.epoch, name)


def bill(release):
    release.path(f"intacct-mock-{release.version}.spdx.json").write_text(
        sbom.document(release.version, release.epoch, release.images))


def wheels(release):
    for image in release.images:
        release.made.append(wheel.write(release.out, release.version, release.epoch, image, release.stamped("python")).name)


def npm(release):
    """One package with both programs. A package for each processor would be smaller, and would be fetched from the registry
    by name alone, so that neither a file nor a mirror that lacks one could be installed."""
    files = release.stamped("npm")
    for image in release.images:
        files[f"bin/linux-{ {'x86_64': 'x64', 'aarch64': 'arm64'}[image.arch] }/intacct-mock"] = image.program
    files.update(release.images[0].licenses)
    described = json.loads(files["package.json"])
    described.update(license=sbom.LICENSE, homepage=sbom.HOME)
    files["package.json"] = (json.dumps(described, indent=2) + "\n").encode()
    write_tar(release.path(f"intacct-mock-{release.version}.tgz"), files, release.epoch, "package")


def go(release):
    """The module as a module proxy serves it: a zip whose members lie below MODULE@VERSION."""
    files = {**release.stamped("go"), "LICENSE": (ROOT / "LICENSE").read_bytes()}
    write_zip(release.path(f"intacct-mock-{release.version}-go.zip"),
              {f"{GO_MODULE}@v{release.version}/{name}": data for name, data in files.items()}, release.epoch)


def maven(release):
    """A repository of Maven's layout, zipped: what Maven Central takes as a bundle, and what file:// serves once unpacked."""
    work = release.work / "maven"
    for name, data in release.stamped("maven").items():
        place(work / name, data)
    for image in release.images:
        resources = work / f"binaries/target/linux-{image.arch}/META-INF/intacct-mock/linux-{image.arch}"
        place(resources / "intacct-mock", image.program)
    for name, data in release.images[0].licenses.items():
        place(work / "binaries/target/classes/META-INF" / name, data)
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(release.epoch))
    repository = release.work / "repository"
    run("mvn", "-B", "-ntp", "-q", f"-Dproject.build.outputTimestamp={date}", f"-DaltDeploymentRepository=dist::file:{repository}",
        "deploy", cwd=work, env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"})
    # the metadata say when they were written; Maven Central makes them anew, and a fixed version needs none
    files = {name: data for name, data in tree(repository).items() if "maven-metadata" not in name}
    write_zip(release.path(f"intacct-mock-{release.version}-maven.zip"), files, release.epoch)


def place(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
