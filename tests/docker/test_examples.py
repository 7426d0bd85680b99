"""The examples beside the Dockerfile, and our own workflow: valid by the schemas of those who read them, in step with the mock,
and the sample test of compose.yaml run as it says, without an engine."""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

import kubernetes_validate  # noqa: E402
import yaml  # noqa: E402

from mock import ROOT, PROGRAM, Server, Tap  # noqa: E402

DOCKER = ROOT / "docker"
WORKFLOW = ROOT / ".github/workflows/ci.yaml"
SCHEMAS = {DOCKER / "compose.yaml": "vendor.compose-spec", DOCKER / "replicas.yaml": "vendor.compose-spec", WORKFLOW: "vendor.github-workflows"}
VERSION = re.search(r"^VERSION := (\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]


def is_valid(schema, path):
    """What the schema says against it."""
    run = subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path], capture_output=True, text=True)
    return run.returncode == 0, run.stdout + run.stderr


def schemas(tap):
    with tempfile.TemporaryDirectory() as folder:
        for path, schema in SCHEMAS.items():
            tap.check(f"{path.name} is valid", *is_valid(schema, path))
            broken = pathlib.Path(folder) / path.name
            broken.write_text(path.read_text().replace("services:", "servicez:").replace("steps:", "stepz:"))
            tap.check(f"{path.name} with a misspelt word is not", not is_valid(schema, broken)[0])


def workflow(tap):
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["run"]["steps"]
    tap.check("our own workflow ends with .ci/run, which is there",
              steps[-1].get("run") == ".ci/run" and os.access(ROOT / ".ci/run", os.X_OK), steps[-1])


def kubernetes(tap):
    documents = list(yaml.safe_load_all((DOCKER / "kubernetes.yaml").read_text()))
    kinds = sorted(document["kind"] for document in documents)
    tap.check("kubernetes.yaml has a Deployment and a Service", kinds == ["Deployment", "Service"], kinds)
    for document in documents:
        tap.check(f"its {document['kind']} is valid, with no word that Kubernetes does not know", not complaint(document),
                  complaint(document))
    documents[0]["spec"]["replicas"] = "one"
    tap.check("with a wrong type in it, it is not", complaint(documents[0]))

    pod = next(d for d in documents if d["kind"] == "Deployment")["spec"]["template"]["spec"]
    tap.check("no service links: they would set INTACCT_MOCK_PORT to an address", pod["enableServiceLinks"] is False)
    return [pod["containers"][0][probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")]


def complaint(document):
    try:
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
        return ""
    except kubernetes_validate.ValidationError as error:
        return str(error.message)


def in_step(tap):
    for path in sorted(DOCKER.glob("*.yaml")):
        tags = re.findall(r"intacct-mock:(\d+\.\d+\.\d+)", path.read_text())
        tap.check(f"{path.name} names this version of the image", tags and set(tags) == {VERSION}, tags)
    settings = {word for path in DOCKER.glob("*.*") for word in re.findall(r"\bINTACCT_MOCK_[A-Z_]+\b", path.read_text())}
    options = subprocess.run([PROGRAM, "serve", "--help"], capture_output=True, text=True).stdout
    unknown = {word for word in settings
               if "--" + word[len("INTACCT_MOCK_"):].lower().replace("_", "-") not in options}
    tap.check("every INTACCT_MOCK_… that is named there is an option", settings and not unknown, unknown)


def sample_test(tap, probes):
    """The services of compose.yaml, on this machine's addresses."""
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    mock, ca, integration = (services[name] for name in ("intacct-mock", "ca", "integration"))
    with Server("--https-port", "0", env=mock["environment"]) as server, tempfile.TemporaryDirectory() as folder:
        http, https = (word for word in server.ready.split() if word.startswith("http"))
        here = lambda text: (text.replace("http://intacct-mock:8080", http).replace("https://intacct-mock:8443", https)  # noqa: E731
                             .replace("/ca/", folder + "/"))
        for probe in probes:
            with urllib.request.urlopen(http + probe, timeout=10) as answer:
                tap.check(f"the probe {probe} is answered", answer.status == 200)
        subprocess.run([sys.executable, *map(here, ca["command"][1:])], check=True)
        with open(os.path.join(folder, "ca.pem"), encoding="ascii") as file:
            tap.check("the service `ca` leaves the CA in the volume", "BEGIN CERTIFICATE" in file.read())

        env = {name: here(value) for name, value in integration["environment"].items()}
        command = [sys.executable, str(DOCKER / "example/run.py"), *integration["command"][2:]]
        for client, good in (("sound.py", True), ("naive.py", False)):
            env["INTEGRATION"] = str(ROOT / "tests/clients" / client)
            env["INTACCT_BASE_URL"] = here(integration["environment"]["INTACCT_BASE_URL"]).replace("compose", client[:-3])
            run = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=60)
            tap.check(f"the sample test {'passes' if good else 'fails'} with {client}", (run.returncode == 0) == good,
                      shlex.join(command) + "\n" + run.stdout + run.stderr)


def main():
    tap = Tap()
    schemas(tap)
    workflow(tap)
    probes = kubernetes(tap)
    in_step(tap)
    sample_test(tap, probes)
    tap.end()


if __name__ == "__main__":
    main()
