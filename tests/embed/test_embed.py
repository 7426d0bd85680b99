#!/usr/bin/env python3
"""The library as its users have it: installed with `make install`, found with pkg-config, linked as
shared and as static library, by each compiler there is, plain and under ASan and UBSan. Prints TAP."""
import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/support"))

from tap import Tap  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
WORK = BUILD / "embed"
# what pkg-config says is split at blanks by a shell, so none is in the names of folders to install in
INSTALLED = tempfile.TemporaryDirectory()
PREFIX = pathlib.Path(INSTALLED.name) / "usr"
SANITIZE = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
WARN = ["-Wall", "-Wextra", "-Werror"]
tap = Tap()


# --- installing ---

def environment():
    """As for a user: nothing of the `make` that runs this but the variables it was given."""
    env = {name: value for name, value in os.environ.items() if name not in ("MAKELEVEL", "MFLAGS")}
    words, dashes, given = env.pop("MAKEFLAGS", "").partition(" -- ")
    if dashes:
        env["MAKEFLAGS"] = "-- " + given
    env.pop("LD_LIBRARY_PATH", None)  # a program is to find its library without it
    env.update(PKG_CONFIG_PATH=f"{PREFIX}/lib/pkgconfig", no_proxy="*",
               ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1")
    return env


ENV = environment()


def run(command, env=ENV, **how):
    return subprocess.run(command, capture_output=True, text=True, cwd=how.pop("cwd", ROOT), env=env, timeout=120, **how)


def make(*arguments):
    """`make` with the build folder as it was given: an absolute name for it would be another build."""
    build = BUILD.relative_to(ROOT) if BUILD.is_relative_to(ROOT) else BUILD
    deps = os.environ.get("DEPS", "build/deps")
    done = run(["make", f"BUILD={build}", f"DEPS={deps}", *arguments])
    if done.returncode:
        tap.check(f"make {' '.join(arguments)}", False, done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 0


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())


def test_install():
    stage = WORK / "stage"
    make("install", f"DESTDIR={stage}", "PREFIX=/opt/im")
    prefixed = files_below(PREFIX)
    tap.check("DESTDIR is put before PREFIX", files_below(stage / "opt/im") == prefixed, files_below(stage))
    expected = ["bin/intacct-mock", "include/intacct_mock.h", "lib/libintacct-mock.a", "lib/libintacct-mock.so",
                "lib/libintacct-mock.so.1", "lib/pkgconfig/intacct-mock.pc", "share/man/man1/intacct-mock.1",
                "share/man/man3/intacct-mock.3", "share/man/man5/intacct-mock-scenario.5"]
    missing = [name for name in expected if name not in prefixed]
    tap.check("program, header, both libraries, pkg-config file and manual pages are installed", not missing, missing)
    config = (stage / "opt/im/lib/pkgconfig/intacct-mock.pc").read_text()
    tap.check("the pkg-config file says PREFIX and nothing of DESTDIR",
          "prefix=/opt/im\n" in config and str(WORK) not in config, config)
    tap.check("a program is told where its library is, where the system does not look by itself",
          '-Wl,-rpath,"${libdir}"' in config, config)
    make("uninstall", f"DESTDIR={stage}", "PREFIX=/opt/im")
    tap.check("make uninstall leaves nothing behind", not files_below(stage), files_below(stage))

    make("install", f"DESTDIR={stage}", "PREFIX=/opt/a blank")
    tap.check("a PREFIX may have a blank", files_below(stage / "opt/a blank") == prefixed, files_below(stage))
    said = run(["env", f"PKG_CONFIG_PATH={stage}/opt/a blank/lib/pkgconfig", "pkg-config", "--cflags", "--libs-only-L",
                "intacct-mock"]).stdout
    tap.check("pkg-config then quotes it", {"-I/opt/a blank/include", "-L/opt/a blank/lib"} <= set(shlex.split(said)), said)
    tap.check("also as where the library is", "-Wl,-rpath,/opt/a blank/lib" in shlex.split(
        run(["env", f"PKG_CONFIG_PATH={stage}/opt/a blank/lib/pkgconfig", "pkg-config", "--libs", "intacct-mock"]).stdout))
    make("uninstall", f"DESTDIR={stage}", "PREFIX=/opt/a blank")
    tap.check("and make uninstall finds it", not files_below(stage), files_below(stage))


def test_what_is_installed():
    version = run([f"{PREFIX}/bin/intacct-mock", "version"]).stdout
    number = run(["pkg-config", "--modversion", "intacct-mock"]).stdout.strip()
    tap.check("the program and pkg-config name the same version", number and number in version, version)
    dynamic = run(["readelf", "-d", f"{PREFIX}/lib/libintacct-mock.so"]).stdout
    tap.check("the shared library has a soname", "[libintacct-mock.so.1]" in dynamic, dynamic)
    declared = set(re.findall(r"\b(im_\w+)\(", re.sub(r"/\*.*?\*/", "", (ROOT / "server/intacct_mock.h").read_text(),
                                                      flags=re.S)))
    exported = run(["nm", "-D", "--defined-only", "--format=posix", f"{PREFIX}/lib/libintacct-mock.so"]).stdout
    exported = {line.split()[0] for line in exported.splitlines()}
    tap.check("it exports what the header declares and nothing else", declared == exported, declared ^ exported)
    shown = run(["nm", "-g", "--defined-only", "--format=posix", f"{PREFIX}/lib/libintacct-mock.a"]).stdout
    shown = {line.split()[0] for line in shown.splitlines() if len(line.split()) > 2}
    tap.check("so does the static library, which has cJSON inside", declared == shown, declared ^ shown)
    pages = {path.stem for path in (PREFIX / "share/man/man3").glob("im_*.3")}
    tap.check("each function has a manual page, which is intacct-mock(3)", declared == pages
          and all((PREFIX / f"share/man/man3/{name}.3").read_text() == ".so man3/intacct-mock.3\n" for name in pages),
          declared ^ pages)
    if shutil.which("man"):
        found = run(["man", "-M", str(PREFIX / "share/man"), "-w", "im_start"]).stdout.strip()
        tap.check("man im_start finds it", found == str(PREFIX / "share/man/man3/intacct-mock.3"), found)
    else:
        tap.skip("man im_start finds it", "man is not installed")


# --- building programs ---

class Way:
    """One way to build: a compiler, shared or static, plain or sanitized."""

    def __init__(self, compiler, static, sanitized):
        self.compiler, self.static, self.sanitized = compiler, static, sanitized
        self.name = f"{compiler}, {'static' if static else 'shared'}{', ASan' if sanitized else ''}"

    def command(self, source, output):
        compiler = self.compiler
        if source.suffix == ".cpp":
            compiler = {"gcc": "g++", "clang": "clang++", "cc": "c++"}.get(compiler, "c++")
        return [*compiler.split(), *WARN, *(SANITIZE if self.sanitized else []), "-o", str(output), str(source),
                *flags(self.static), *(pkg_config("--cflags", "--libs", "cmocka") if "fixture" in source.name else [])]


def pkg_config(*arguments):
    return run(["pkg-config", *arguments]).stdout.split()


def flags(static):
    """With both installed the linker prefers the shared library; -l: names the other one's file."""
    if not static:
        return pkg_config("--cflags", "--libs", "intacct-mock")
    return ["-l:libintacct-mock.a" if flag == "-lintacct-mock" else flag
            for flag in pkg_config("--cflags", "--static", "--libs", "intacct-mock")]


def compilers():
    """Each once. What a name leads to says nothing: cc may be gcc or clang, and a compiler cache stands for both."""
    found = {}
    for name in (os.environ.get("CC", "cc"), "gcc", "clang"):
        if shutil.which(name.split()[0]):
            macros = run([*name.split(), "-dM", "-E", "-x", "c", os.devnull]).stdout
            found.setdefault(re.search(r"^#define __VERSION__ (.*)$", macros, re.M)[1], name)
    return list(found.values())


def can_sanitize(compiler):
    source = WORK / "nothing.c"
    source.write_text("int main(void) { return 0; }\n")
    return run([*compiler.split(), *SANITIZE, "-o", str(WORK / "nothing"), str(source)]).returncode == 0


def build_and_run(source, way, number):
    program = WORK / f"{source.stem}-{number}"
    built = run(way.command(source, program))
    if built.returncode:
        return False, built.stderr
    needed = "libintacct-mock.so.1" in run(["readelf", "-d", str(program)]).stdout
    if needed == way.static:
        return False, f"it is linked with the {'shared' if needed else 'static'} library"
    done = run([str(program)])
    return done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}{done.stderr}"


def test_programs():
    sources = sorted([*HERE.glob("*.c"), *HERE.glob("*.cpp")])
    names = compilers()
    ways = [Way(name, static, sanitized) for name in names for static in (False, True) for sanitized in (False, True)
            if not sanitized or can_sanitize(name)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tried = [(source, way, pool.submit(build_and_run, source, way, number))
                 for source in sources for number, way in enumerate(ways)]
        for source, way, outcome in tried:
            tap.check(f"{source.name} ({way.name})", *outcome.result())
    if "clang" not in names:
        tap.skip("the programs under clang", "clang is not installed")


def test_the_one_line():
    folder = WORK / "one-line"
    folder.mkdir()
    shutil.copy(HERE / "shortest.c", folder / "x.c")
    done = run(["sh", "-ec", "cc x.c $(pkg-config --cflags --libs intacct-mock) && ./a.out"], cwd=folder)
    tap.check("the shortest program: cc x.c $(pkg-config --cflags --libs intacct-mock)",
          done.returncode == 0 and done.stdout == "token 200, expired 1, refreshed 200\n", done.stdout + done.stderr)
    page = (ROOT / "server/man/intacct-mock.3").read_text().replace("\\-", "-")
    recipe = page[page.index("cc x.c $(pkg-config --cflags --static"):].partition(".Ed")[0]
    done = run(["sh", "-ec", f"{recipe.strip()} && ./a.out && ! readelf -d a.out | grep libintacct-mock"], cwd=folder)
    tap.check("the same with the static library, as intacct-mock(3) has it", done.returncode == 0, recipe + done.stderr)
    for name in ("shortest.c", "from_python.py"):
        lines = (HERE / name).read_text().count("\n")
        tap.check(f"{name} has fewer than 40 lines", lines < 40, lines)


def test_only_the_static_library():
    """As a packager who leaves the shared one out: --static is all it takes."""
    folder = pathlib.Path(INSTALLED.name) / "static-only"
    shutil.copytree(PREFIX, folder, symlinks=True)
    for library in (folder / "lib").glob("*.so*"):
        library.unlink()
    libs = ["--define-variable=prefix=" + str(folder), "--cflags", "--static", "--libs", "intacct-mock"]
    built = run(["cc", "-o", str(folder / "x"), str(HERE / "shortest.c"), *pkg_config(*libs)])
    done = run([str(folder / "x")]) if built.returncode == 0 else built
    tap.check("without the shared library pkg-config --static is enough", done.returncode == 0, done.stderr)
    needed = run(["readelf", "-d", str(folder / "x")]).stdout
    tap.check("and no libcjson, which the machine need not have",
          "NEEDED" in needed and "cjson" not in needed and "cjson" not in " ".join(pkg_config(*libs)), needed)


def test_examples():
    head = (ROOT / "server/intacct_mock.h").read_text().partition("*/")[0]
    lines = [line[7:] for line in head.splitlines() if line.startswith(" *     ") or line == " *"]
    done = run_example("the header", "\n".join(lines).partition("cc test.c")[0])
    tap.check("and says that an integration which does nothing has not exercised the scenario",
          done.returncode == 1 and '"not-exercised"' in done.stdout, done.stdout + done.stderr)
    page = (ROOT / "server/man/intacct-mock.3").read_text().partition(".Sh EXAMPLES\n.Bd -literal\n")[2]
    done = run_example("intacct-mock(3)", page.partition(".Ed")[0].replace("\\-", "-").replace("\\e", "\\"))
    tap.check("and prints the journal", done.returncode == 0 and '"requests"' in done.stdout, done.stdout + done.stderr)


def run_example(where, text):
    """Compiled as it stands, with an integration that does nothing."""
    source, program = WORK / "example.c", WORK / "example"
    source.write_text("static void run_my_integration(void)\n{\n}\n" + text + "\n")
    built = run(Way(os.environ.get("CC", "cc"), False, False).command(source, program))
    tap.check(f"the example in {where} compiles", "int main" in text and built.returncode == 0, built.stderr)
    return run([str(program)]) if built.returncode == 0 else built


def test_python():
    for library in ("libintacct-mock.so.1", f"{PREFIX}/lib/libintacct-mock.so"):
        # by its name alone it is for the loader to find
        done = run([sys.executable, str(HERE / "from_python.py"), library], env={**ENV, "LD_LIBRARY_PATH": f"{PREFIX}/lib"})
        tap.check(f"Python has it in its process by ctypes ({pathlib.Path(library).name})",
              done.returncode == 0 and re.fullmatch(r"http://127\.0\.0\.1:\d+/s/happy-path\.python 200\n", done.stdout),
              done.stdout + done.stderr)


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    if make("install", f"PREFIX={PREFIX}"):
        for test in (test_install, test_what_is_installed, test_the_one_line, test_programs,
                     test_only_the_static_library, test_examples, test_python):
            test()
    tap.end()


main()
