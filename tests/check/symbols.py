#!/usr/bin/env python3
"""What the object files tell about the code, and the doors of the libraries.

- every extern symbol begins with im_ (main aside), and the built libraries show no other;
- no variable outlives a call: nothing in .data or .bss, or local to a thread;
- banned functions are not called, exit and abort not from the library, the clock is read in base/clock.c alone;
- each library has one door: the files that may include its header;
- a tag (of a struct, enum or union) is defined once in server/, so that a search for it finds one thing.
"""

import argparse
import os
import re
import subprocess

from common import finish, in_parallel

BANNED = {
    "strcpy": "im_buf or snprintf", "strcat": "im_buf or snprintf", "stpcpy": "im_buf", "sprintf": "snprintf",
    "vsprintf": "vsnprintf", "gets": "fgets", "strtok": "views", "strtok_r": "views", "sscanf": "a parser of our own",
    "scanf": "a parser of our own", "fscanf": "a parser of our own", "atoi": "a parser that can fail",
    "atol": "a parser that can fail", "atoll": "a parser that can fail", "atof": "a parser that can fail",
    "rand": "base/rng.h", "srand": "base/rng.h", "random": "base/rng.h", "localtime": "gmtime_r",
    "gmtime": "gmtime_r", "ctime": "strftime", "asctime": "strftime", "setlocale": "nothing: it belongs to the host",
    "system": "posix_spawn", "popen": "posix_spawn", "alloca": "the arena", "tmpnam": "mkstemp", "mktemp": "mkstemp",
}
LIBRARY_BANNED = {name: "report a failure instead" for name in ("exit", "_exit", "_Exit", "quick_exit", "abort")}
ONLY_IN = {
    "server/base/clock.c": {"time", "clock_gettime", "gettimeofday", "timespec_get", "ftime", "clock"},
}
DOORS = {
    r"(cjson/)?cJSON\.h": {"server/base/json.c"},
    r"zlib\.h": {"server/base/gunzip.c"},
    r"civetweb\.[ch]": {"server/listener/civetweb.c", "server/listener/listener.c"},
    r"openssl/.*": {"server/base/crypto.c", "server/base/rng.c", "server/oauth/jwt.c", "server/oauth/jwks.c", "server/listener/channel.c",
                    "server/commands/client.c"}
    | {f"server/http/{name}" for name in ("tls.c", "tls_cert.c", "tls_cert.h", "tls_file.c", "tls_file.h", "tls_store.c", "tls_leaf.c", "tls_hello.c", "tls_hello.h")},
}
TAG = re.compile(r"\b(?:struct|enum|union)\s+(\w+)\s*\{")
NO_CODE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
INCLUDE = re.compile(r"^\s*#\s*include\s+[<\"]([^>\"]+)[>\"]", re.MULTILINE)


def is_program(source):
    return source == "server/main.c" or source.startswith("server/commands/")


def symbols_of(path, *options):
    """(name, type letter, section) of each symbol, by nm's System V format, which alone names sections."""
    run = subprocess.run(["nm", "--format=sysv", *options, path], capture_output=True, text=True, check=True)
    for line in run.stdout.splitlines():
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and fields[0] != "Name":
            yield fields[0], fields[2], fields[6]


def plain(name):
    """The function that was called, whatever the headers made of it: __sprintf_chk, __isoc99_sscanf."""
    return re.sub(r"^__(isoc\d\d_)?(\w+?)(_chk)?$", lambda m: m[2] if m[1] or m[3] else name, name)


def is_mutable(section):
    return re.match(r"\.(data|bss|tdata|tbss)\b|\*COM\*", section) and not section.startswith(".data.rel.ro")


def complaints_of_object(source, path):
    for name, letter, section in symbols_of(path):
        if letter == "U":
            yield from complaints_of_call(source, plain(name))
        elif is_mutable(section):
            yield f"{name} is a variable that outlives a call ({section})"
        elif letter.isupper() and not name.startswith("im_") and not (name == "main" and source == "server/main.c"):
            yield f"the extern symbol {name} does not begin with im_"


def complaints_of_call(source, called):
    if called in BANNED:
        yield f"calls {called}: use {BANNED[called]}"
    if called in LIBRARY_BANNED and not is_program(source):
        yield f"calls {called}: {LIBRARY_BANNED[called]}"
    for home, names in ONLY_IN.items():
        if called in names and source != home:
            yield f"calls {called}: only {home} may"


def complaints_of_includes(source):
    with open(source, encoding="utf-8") as file:
        for name in INCLUDE.findall(file.read()):
            for library, doors in DOORS.items():
                if re.fullmatch(library, name) and source not in doors:
                    yield f"includes {name}: only {', '.join(sorted(doors))} may"


def tags_of(source):
    with open(source, encoding="utf-8") as file:
        return TAG.findall(NO_CODE.sub(" ", file.read()))


def complaints_of_library(path):
    for name, letter, _ in symbols_of(path, "--defined-only", *(["--dynamic"] if ".so" in path else ["--extern-only"])):
        if letter.isupper() and not name.startswith("im_"):
            yield f"shows {name}, which does not begin with im_"


def look(job):
    kind, *args = job
    return list(kind(*args))


parser = argparse.ArgumentParser()
parser.add_argument("--build", required=True)
parser.add_argument("--libraries", required=True)
parser.add_argument("objects", nargs="*")
args_ = parser.parse_args()

jobs = [(library, (complaints_of_library, library)) for library in args_.libraries.split()]
for object_ in args_.objects:
    source_ = os.path.relpath(object_, os.path.join(args_.build, "obj"))[:-len(".o")] + ".c"
    jobs.append((source_, (complaints_of_object, source_, object_)))
homes = {}
for folder, _, names_ in sorted(os.walk("server")):
    for name_ in sorted(names_):
        if name_.endswith((".c", ".h", ".def")):
            source_ = os.path.join(folder, name_)
            jobs.append((source_, (complaints_of_includes, source_)))
            for tag in tags_of(source_):
                homes.setdefault(tag, []).append(source_)

problems = {}
for (thing, _), texts in zip(jobs, in_parallel(look, [job for _, job in jobs])):
    if texts:
        problems.setdefault(thing, []).extend(texts)
for tag, sources in homes.items():
    for source_ in sources[1:]:
        problems.setdefault(source_, []).append(f"defines the tag {tag}, as {sources[0]} does")
finish("symbols", len({thing for thing, _ in jobs}), problems)
