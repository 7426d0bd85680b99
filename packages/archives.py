"""Reads the container image, and writes archives that are the same bytes whenever, wherever and by whom they are made.

Members stand in the order of their names, belong to root, have one date and one of two modes. What compresses is Python's
zlib; another zlib may give other bytes of the same content."""
import gzip
import io
import json
import pathlib
import shutil
import subprocess
import tarfile
import time
import zipfile

ARCHES = {"amd64": "x86_64", "arm64": "aarch64"}  # how the image's configuration says it, and how all else does


class Image:
    """The program and the licences, read out of an archive as `docker save` writes it."""

    def __init__(self, archive):
        self.files = {}
        with tarfile.open(archive) as tar:
            [manifest] = json.load(tar.extractfile("manifest.json"))
            config = json.load(tar.extractfile(manifest["Config"]))
            self.arch = ARCHES[config["architecture"]]
            for layer in manifest["Layers"]:
                self._add(tar.extractfile(layer).read())
        self.program = self.files["intacct-mock"]
        self.licenses = {name: data for name, data in self.files.items()
                         if name.startswith("licenses/") and name != "licenses/VERSIONS"}
        lines = self.files["licenses/VERSIONS"].decode().split("\n")
        self.versions = dict(line.split(" ", 1) for line in lines if line)

    def _add(self, layer):
        with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
            self.files.update({member.name.removeprefix("./"): tar.extractfile(member).read()
                               for member in tar.getmembers() if member.isfile()})


def tree(folder):
    """The files below a folder as {name: bytes}; nothing that Python or a test has left there."""
    folder = pathlib.Path(folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts}


def mode_of(data):
    return 0o755 if data.startswith((b"\x7fELF", b"#!")) else 0o644


def write_tar(path, files, epoch, top):
    """A .tar.gz with everything below the folder `top`."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(files.items()):
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size, info.mtime, info.mode = len(data), epoch, mode_of(data)
            info.uname = info.gname = "root"
            tar.addfile(info, io.BytesIO(data))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, compresslevel=6, filename="") as out:
        out.write(raw.getvalue())
    path.write_bytes(packed.getvalue())


def write_zip(path, files, epoch, last=()):
    """A .zip, .whl or .jar; the names in `last` stand at its end, in that order."""
    date = time.gmtime(max(epoch, 315532800))[:6]  # a zip's time begins in 1980
    names = sorted(set(files) - set(last)) + list(last)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name, date)
            info.create_system = 3  # Unix, also where this runs on something else
            info.external_attr = (0o100000 | mode_of(files[name])) << 16
            archive.writestr(info, files[name], zipfile.ZIP_DEFLATED, 6)


def man_pages(folder):
    """share/man/man1/NAME.1 for each page in the folder."""
    pages = {path.name: path.read_bytes() for path in sorted(pathlib.Path(folder).glob("*.[0-9]"))}
    return {f"share/man/man{name[-1]}/{name}": data for name, data in pages.items()}


def run(*command, cwd=None, env=None):
    """Runs it; what it said is shown only when it failed."""
    if not shutil.which(command[0]):
        raise SystemExit(f"packages: {command[0]} is not here, and is needed (Debian and Ubuntu: apt-get install maven)")
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"packages: {' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout
