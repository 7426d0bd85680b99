"""One server for the whole run, one sandbox per test, its verdict asserted at the end.
    @pytest.mark.scenario("access-token-revoked")     # intacct-mock scenarios lists them
    def test_it_survives(sandbox):
        my_integration(sandbox["base_url"], sandbox["client_id"], sandbox["client_secret"])
"""
import json
import os
import subprocess
import urllib.request

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "scenario(name): what the sandbox of this test plays")


def control(mock, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    return json.load(urllib.request.urlopen(f"{mock['control']}/{path}", data, timeout=10))


@pytest.fixture(scope="session")
def mock(tmp_path_factory):
    ready = tmp_path_factory.mktemp("intacct-mock") / "ready.json"
    command = [os.environ.get("INTACCT_MOCK", "intacct-mock"), "--port-file", ready,
               "--port", "0", "--https-port", "0", "--log-level", "warn"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        server.stdout.readline()  # from here on it listens, and the file is there
        yield json.loads(ready.read_text())
        server.terminate()


@pytest.fixture
def sandbox(mock, request):
    marker = request.node.get_closest_marker("scenario")
    box = control(mock, "sandboxes", {"scenario": marker.args[0] if marker else "happy-path"})
    yield box
    verdict = control(mock, f"sandboxes/{box['name']}/verdict")
    assert verdict["outcome"] == "met", json.dumps(verdict, indent=2)
