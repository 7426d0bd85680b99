#!/usr/bin/env python3
"""The Maven artifacts, taken by a fresh project from the repository that is built: their README to the letter, the extension of
JUnit 5 with what it passes, fails and aborts, the oldest JUnit, the BOM, and the recipe for Testcontainers. Prints TAP."""
import os
import pathlib
import re
import shutil
import zipfile

from beside import DIST, ROOT, VERSION, Recorder, Tap, blocks, environment, follow, fresh, from_files, run, unpack, works

README = ROOT / "packages/maven/README.md"
FILE = DIST / f"intacct-mock-{VERSION}-maven.zip"
GROUP = "io/github/intacct-mock"
SETTINGS = """<settings><profiles><profile><id>built</id><repositories><repository><id>built</id><url>file://{}</url>
</repository></repositories></profile></profiles><activeProfiles><activeProfile>built</activeProfile></activeProfiles></settings>"""
MORE_TESTS = """
    @Test void idle() { }
    @Test void careless() throws Exception {
        try { var vendors = new Vendors(intacct.sandbox()); vendors.get(); vendors.get(); vendors.get(); } finally { }
    }
    @Test void broken() throws Exception { careless(); throw new IllegalStateException("by itself"); }
    @io.github.intacctmock.IntacctScenario({"access-token-*", "happy-path"})
    void each(Sandbox box) throws Exception {
        var vendors = new Vendors(box);
        vendors.all();
        vendors.all();
    }
    @Test void takesItAsAParameter(Sandbox box) throws Exception {
        org.junit.jupiter.api.Assertions.assertEquals(box.name(), intacct.sandbox().name());
        org.junit.jupiter.api.Assertions.assertEquals(box.baseUrl(), box.env().get("INTACCT_BASE_URL"));
        org.junit.jupiter.api.Assertions.assertTrue(box.control("clock", "{\\"advance\\":\\"12h\\"}").contains("43200"));
        anExpiredTokenIsRenewed();
    }
    @Test void withoutJUnit() throws Exception {
        try (var mock = io.github.intacctmock.IntacctMock.start("--seed", "7")) {
            org.junit.jupiter.api.Assertions.assertTrue(mock.https().startsWith("https://") && mock.ca().contains("BEGIN CERTIFICATE"));
            var refused = org.junit.jupiter.api.Assertions.assertThrows(IllegalStateException.class, () -> mock.sandbox("acess"));
            org.junit.jupiter.api.Assertions.assertTrue(refused.getMessage().contains("there is no scenario"), refused.getMessage());
        }
        var wrong = org.junit.jupiter.api.Assertions.assertThrows(IllegalStateException.class,
            () -> io.github.intacctmock.IntacctMock.start("--port", "x"));
        org.junit.jupiter.api.Assertions.assertTrue(wrong.getMessage().contains("did not start: intacct-mock: --port must be"), wrong.getMessage());
        anExpiredTokenIsRenewed();
    }
"""


def remove_earlier():
    local = pathlib.Path(os.environ.get("M2_REPOSITORY", pathlib.Path.home() / ".m2/repository"))
    for earlier in local.glob(f"{GROUP}/*/{VERSION}"):
        shutil.rmtree(earlier)


def place(tap):
    """A project folder whose Maven takes this version of intacct-mock from the built repository: what an earlier run took is
    removed from the user's own, where it would be found first."""
    folder = fresh("maven")
    with zipfile.ZipFile(FILE) as archive:
        archive.extractall(folder / "repository")
    remove_earlier()
    project = folder / "project"
    (project / ".mvn").mkdir(parents=True)
    (folder / "settings.xml").write_text(SETTINGS.format(folder / "repository"))
    (project / ".mvn/maven.config").write_text(f"-s\n{folder}/settings.xml\n-B\n-ntp\n-Dstyle.color=never\n")
    return folder, project


def extension(tap, project, env):
    test = project / "src/test/java/VendorsTest.java"
    test.write_text(test.read_text().replace("    /** The integration", MORE_TESTS + "\n    /** The integration", 1))
    unpack(next(DIST.glob(f"*-linux-{os.uname().machine}.tar.gz")), project.parent)
    recorder = Recorder(project, next(project.parent.glob("intacct-mock-*/intacct-mock")))
    status, said = run("mvn", "test", cwd=project, env={**env, "INTACCT_MOCK_ARTIFACTS": str(project / "kept"),
                                                        "INTACCT_MOCK": str(recorder.path)})
    tap.check("every server has ended with the JVM", recorder.all_end())
    reports = "".join(path.read_text() for path in (project / "target/surefire-reports").glob("TEST-*.xml"))
    cases = {name: body for name, body in re.findall(r'<testcase name="([^"]+)"[^>]*?(?:/>|>(.*?)</testcase>)', reports, re.DOTALL)}
    tap.check("JUnit: the sound passes, the careless fails with the verdict's text", status == 1 and not cases["anExpiredTokenIsRenewed"]
              and "<failure" in cases["careless"] and "the refused call is repeated and succeeds" in cases["careless"], said)
    tap.check("what was not put to the test is skipped, and says why", "<skipped" in cases["idle"]
              and "access-token-expired: nothing in this scenario happened: no request came" in cases["idle"], cases["idle"])
    tap.check("a test that fails by itself says so, with the verdict beside it", "by itself" in cases["broken"]
              and "intacct-mock verdict" in said + reports, cases["broken"])
    each = {name: body for name, body in cases.items() if name.startswith("each")}
    tap.check("@IntacctScenario runs once per scenario", len(each) == 4 and not any("<failure" in body or "<error" in body for body in each.values()), each)
    tap.check("a sandbox as a parameter, and a server without JUnit", not cases["takesItAsAParameter(Sandbox)"].strip()
              and not cases["withoutJUnit"].strip(), said)
    kept = sorted(path.name.split(".", 2)[2] for path in (project / "kept").iterdir())
    tap.check("verdict, JUnit, journal and HAR are kept of what failed", kept == sorted(
        ["har", "journal.json", "junit.xml", "verdict.txt"] * 2), kept)
    status, said = run("mvn", "-q", "test", "-Dtest=VendorsTest#idle", cwd=project, env={**env, "INTACCT_MOCK_REQUIRE_ALL": "on"})
    tap.check("with INTACCT_MOCK_REQUIRE_ALL it fails", "Failures: 1" in said, said)
    pom = project / "pom.xml"
    pom.write_text(pom.read_text().replace("5.14.4", "5.9.3"))
    works(tap, "the oldest JUnit that it is for", "mvn", "-q", "test", "-Dtest=VendorsTest#anExpired*+each*", cwd=project, env=env)


def bill_of_materials(tap, project, env):
    pom = project / "pom.xml"
    text = pom.read_text().replace("  <dependencies>", f"""  <dependencyManagement><dependencies><dependency>
      <groupId>io.github.intacct-mock</groupId><artifactId>intacct-mock-bom</artifactId><version>{VERSION}</version>
      <type>pom</type><scope>import</scope></dependency></dependencies></dependencyManagement>
  <dependencies>""", 1)
    pom.write_text(text.replace(f"<artifactId>intacct-mock-junit5</artifactId>\n      <version>{VERSION}</version>",
                                "<artifactId>intacct-mock-junit5</artifactId>"))
    works(tap, "the BOM gives the version", "mvn", "-q", "test", "-Dtest=VendorsTest#anExpired*", cwd=project, env=env)
    # the README's recipe is there already: `follow` wrote no class that is compiled without Testcontainers
    container = next(text for _, name, text in blocks(README.read_text()) if name.endswith("Container.java"))
    (project / "src/test/java/Container.java").write_text(container)
    pom.write_text(pom.read_text().replace("</dependencies>\n  <build>", """  <dependency>
      <groupId>org.testcontainers</groupId><artifactId>testcontainers</artifactId><version>1.21.3</version><scope>test</scope>
    </dependency></dependencies>
  <build>""", 1))
    works(tap, "the recipe for Testcontainers compiles; it is not run, there is no engine", "mvn", "-q", "test-compile", cwd=project, env=env)
    tap.check("with Testcontainers on its class path", "org.testcontainers" in pom.read_text()
              and (project / "target/test-classes/Container.class").exists())


def from_the_file(tap, project, env):
    """As packages/README.md says, without the settings that name a repository of ours."""
    remove_earlier()
    (project / ".mvn/maven.config").write_text("-B\n-ntp\n-Dstyle.color=never\n")
    from_files(tap, "maven", project, env)
    works(tap, "mvn test takes it from the user's own repository", "mvn", "-q", "test", "-Dtest=VendorsTest#anExpired*", cwd=project, env=env)
    remove_earlier()


def form(tap, folder):
    names = sorted(str(path.relative_to(folder / "repository")) for path in (folder / "repository").rglob("*") if path.is_file())
    base = f"{GROUP}/{{0}}/{VERSION}/{{0}}-{VERSION}"
    for artifact, files in (("intacct-mock-junit5", (".jar", ".pom", "-sources.jar", "-javadoc.jar")),
                            ("intacct-mock-binaries", (".jar", ".pom", "-sources.jar", "-javadoc.jar", "-linux-x86_64.jar",
                                                       "-linux-aarch64.jar")),
                            ("intacct-mock-bom", (".pom",)), ("intacct-mock-parent", (".pom",))):
        wanted = {base.format(artifact) + file + sum_ for file in files for sum_ in ("", ".sha1", ".md5")}
        tap.check(f"{artifact}: what Maven Central wants, each with its sums", wanted <= set(names), wanted - set(names))
    for arch in ("x86_64", "aarch64"):
        with zipfile.ZipFile(folder / "repository" / (base.format("intacct-mock-binaries") + f"-linux-{arch}.jar")) as jar:
            tap.check(f"the program for {arch} is in its jar", f"META-INF/intacct-mock/linux-{arch}/intacct-mock" in jar.namelist())
    with zipfile.ZipFile(folder / "repository" / (base.format("intacct-mock-junit5") + ".jar")) as jar:
        major = jar.read("io/github/intacctmock/IntacctMock.class")[7]
        tap.check("its classes run under Java 11", major == 55, major)


def main():
    tap = Tap()
    folder, project = place(tap)
    env = environment(TZ="UTC")
    hidden = README.read_text().replace("```java src/test/java/Container.java", "```java")
    readme = folder / "README.md"
    readme.write_text(hidden)
    follow(tap, readme, project, env)
    extension(tap, project, env)
    bill_of_materials(tap, project, env)
    from_the_file(tap, project, env)
    form(tap, folder)
    tap.end()


if __name__ == "__main__":
    main()
