#!/usr/bin/env python3
"""The Go module, got through a module proxy made of the built file into a fresh module cache: its README to the letter, what
passes, fails and is skipped, and that the server ends with the test binary. Prints TAP."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import zipfile

from beside import DIST, ROOT, VERSION, Tap, ends, environment, follow, fresh, from_files, run, unpack, works

MODULE = "github.com/intacct-mock/intacct-mock/packages/go"
FILE = DIST / f"intacct-mock-{VERSION}-go.zip"
MORE_TESTS = """
func TestIdle(t *testing.T) { intacct.Sandbox(t, "access-token-expired") }

func TestUnknown(t *testing.T) { intacct.Sandbox(t, "acess-token-expired") }

func TestCareless(t *testing.T) {
	v := &vendors{box: intacct.Sandbox(t, "access-token-expired")}
	v.signOn()
	for i := 0; i < 3; i++ {
		v.get()
	}
}

func TestBroken(t *testing.T) { TestCareless(t); t.Error("by itself") }

func TestOwnServer(t *testing.T) {
	mock := intacct.Start(t, "--seed", "7")
	v := &vendors{box: mock.Sandbox(t, "happy-path")}
	if v.signOn() != nil || v.all() != nil || len(mock.Scenarios(t)) < 100 || len(mock.CA(t)) == 0 || mock.HTTPS == "" {
		t.Error(mock)
	}
	var clock struct{ Offset int `json:"offset_s"` }
	if v.box.Control(t, "clock", `{"advance":"12h"}`, &clock); clock.Offset != 43200 || v.box.Env()["INTACCT_BASE_URL"] != v.box.BaseURL {
		t.Error(clock)
	}
	var ready struct{ PID int }
	if data, err := http.Get(mock.HTTP + "/__mock/ready"); err == nil {
		json.NewDecoder(data.Body).Decode(&ready)
	}
	if data, err := http.Get(intacct.Shared(t).HTTP + "/__mock/ready"); err == nil {
		var shared struct{ PID int }
		json.NewDecoder(data.Body).Decode(&shared)
		t.Log("PIDs", ready.PID, shared.PID)
	}
}
"""


def proxy(folder):
    """What a module proxy serves, as files."""
    versions = folder / "proxy" / MODULE / "@v"
    versions.mkdir(parents=True)
    shutil.copy(FILE, versions / f"v{VERSION}.zip")
    (versions / "list").write_text(f"v{VERSION}\n")
    (versions / f"v{VERSION}.info").write_text(json.dumps({"Version": f"v{VERSION}", "Time": "2026-01-01T00:00:00Z"}))
    with zipfile.ZipFile(FILE) as archive:
        (versions / f"v{VERSION}.mod").write_bytes(archive.read(f"{MODULE}@v{VERSION}/go.mod"))
    return f"file://{folder}/proxy"


def program(folder):
    [archive] = DIST.glob(f"intacct-mock-{VERSION}-linux-{os.uname().machine}.tar.gz")
    unpack(archive, folder)
    return folder / archive.name.removesuffix(".tar.gz")


def more(tap, project, env):
    test = project / "vendors_test.go"
    test.write_text(test.read_text() + MORE_TESTS)
    _, said = run("go", "test", "-v", cwd=project, env={**env, "INTACCT_MOCK_ARTIFACTS": str(project / "kept")})
    for line in ("PASS: TestAnExpiredTokenIsRenewed", "SKIP: TestIdle", "FAIL: TestUnknown", "FAIL: TestCareless", "FAIL: TestBroken"):
        tap.check(f"go test: {line}", f"--- {line} " in said, said)
    tap.check("the skip says why", "access-token-expired: nothing in this scenario happened: no request came" in said, said)
    tap.check("the failure's text is the verdict's", "the refused call is repeated and succeeds" in said and '"that"' not in said, said)
    tap.check("a scenario that there is not: the server's words", 'there is no scenario "acess-token-expired"' in said
              or 'there is no scenario \\"acess-token-expired\\"' in said, said)
    kept = sorted(path.name.split(".", 2)[2] for path in (project / "kept").iterdir())
    tap.check("verdict, JUnit, journal and HAR are kept of what failed", kept == sorted(
        ["har", "journal.json", "junit.xml", "verdict.txt"] * 2), kept)
    _, said = run("go", "test", "-v", "-run", "OwnServer", cwd=project, env=env)
    pids = re.search(r"PIDs (\d+) (\d+)", said)
    tap.check("a server of one's own, and both end with the tests", pids and all(ends(pid) for pid in pids.groups()), said)
    _, said = run("go", "test", "-run", "Idle", cwd=project, env={**env, "INTACCT_MOCK_REQUIRE_ALL": "on"})
    tap.check("with INTACCT_MOCK_REQUIRE_ALL it fails", "FAIL: TestIdle" in said, said)
    _, said = run("go", "test", "-run", "Idle", cwd=project, env={**env, "INTACCT_MOCK": "/bin/false"})
    tap.check("a program of another kind: one line says so", "intacct-mock: /bin/false did not start" in said, said)
    _, said = run("go", "test", "-run", "Idle", cwd=project, env={**env, "PATH": path_of("go")})
    tap.check("no program at all: one line says what helps", "INTACCT_MOCK=/path/to/intacct-mock names one" in said, said)


def without_a_proxy(tap, project, env):
    """The module from its file: the project's tests work without any registry."""
    env = {**env, "GOPROXY": "off", "GOMODCACHE": str(project / "empty")}
    for file in ("go.mod", "go.sum"):
        (project / file).unlink(missing_ok=True)
    works(tap, "a project of its own", "go", "mod", "init", "example.org/vendors", cwd=project, env=env)
    from_files(tap, "go", project, env)
    works(tap, "go test takes the module from its file", "go", "test", "-run", "AnExpiredTokenIsRenewed", cwd=project, env=env, says="ok")


def path_of(name):
    return f"{pathlib.Path(shutil.which(name)).parent}:/usr/bin:/bin"


def main():
    tap = Tap()
    folder = fresh("go")
    project = folder / "project"
    project.mkdir()
    # of its own for each content: Go's build cache takes what lies in a module cache for unchangeable
    cache = folder / f"cache-{hashlib.sha256(FILE.read_bytes()).hexdigest()[:16]}"
    env = environment(GOPROXY=proxy(folder), GONOSUMDB="*", GOMODCACHE=str(cache), GOTOOLCHAIN="local", CGO_ENABLED="0",
                      GOFLAGS="-modcacherw -buildvcs=false", PATH=f"{program(folder)}:{path_of('go')}")
    follow(tap, ROOT / "packages/go/README.md", project, env)
    more(tap, project, env)
    works(tap, "its form is gofmt's", "bash", "-c", f"test -z \"$(gofmt -l {cache}/{MODULE}@v{VERSION} | tee /dev/stderr)\"", env=env)
    works(tap, "go vet finds no fault", "go", "vet", f"{MODULE}", cwd=project, env=env)
    works(tap, "it compiles for macOS too", "go", "vet", f"{MODULE}", cwd=project, env={**env, "GOOS": "darwin"})
    without_a_proxy(tap, project, env)
    tap.end()


if __name__ == "__main__":
    main()
