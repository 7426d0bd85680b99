"""A pytest plugin for the test_*.py that try real clients: a place for each, and the results as TAP.

A test that takes `place` runs twice, over HTTP and over HTTPS. Its line of TAP is made of the module's
CLIENT, the transport and the test's name."""
import itertools
import json
import os

import pytest

VENDORS = "/ia/api/v1/objects/accounts-payable/vendor"
REDIRECT_URI = "http://127.0.0.1:8000/callback"  # any port will do, and nobody has to listen there


class Place:
    """A sandbox of its own, seen over one transport; and what the test does to it. Its verdict is not asked for: a refusal is
    what these tests want."""

    def __init__(self, mock, transport, ca):
        self.mock, self.box = mock, mock.sandbox()
        self.base_url = self.box.base_url.replace(mock.http, getattr(mock, transport))
        self.authorize_url = f"{self.base_url}/ia/api/v1/oauth2/authorize"
        self.token_url = f"{self.base_url}/ia/api/v1/oauth2/token"
        self.vendors_url = self.base_url + VENDORS
        self.control = self.box.control
        self.ca = ca

    def advance(self, time):
        self.control("clock", {"advance": time})

    def revoke(self, kind):
        assert self.control("revoke", {"kind": kind})["affected"] > 0

    def causes(self):
        """Why requests were refused here, oldest first."""
        return [exchange["cause"] for exchange in self.control("requests")["requests"] if exchange["cause"]]

    def fix(self, cause):
        """What the mock tells the user to do about it."""
        return json.loads(self.mock.request(f"causes/{cause}"))["fix"]


@pytest.fixture(scope="session")
def ca(intacct_mock, tmp_path_factory):
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    file.write_text(intacct_mock.ca())
    return str(file)


@pytest.fixture(params=["http", "https"])
def place(request, intacct_mock, ca):
    return Place(intacct_mock, request.param, ca)


# ---- TAP, on the descriptor that `run` keeps for it: pytest itself writes to the others ----

TAP = os.fdopen(3, "w")
numbers = itertools.count(1)


def pytest_collection_finish(session):
    tap(f"1..{len(session.items)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    item.passed = True
    yield
    tap(f"{'ok' if item.passed else 'not ok'} {next(numbers)} - python {title(item)}")
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.passed = item.passed and not report.failed
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_teststatus():
    category, _, _ = yield
    return category, "", ""  # no dots: on a terminal they would stand before our lines


def title(item):
    transport = getattr(item, "callspec", None)
    client = item.module.CLIENT + (f" over {transport.id}" if transport else "")
    return f"{client}: {item.originalname.removeprefix('test_').replace('_', ' ')}"


def tap(line):
    print(line, file=TAP, flush=True)
