"""The pytest plugin: a server for the session, a sandbox for each test that asks for `intacct`, its verdict asserted.

    @pytest.mark.intacct("access-token-expired")     # or several, or "refresh-*": the test runs once per scenario
    def test_it_survives(intacct):
        my_integration(intacct.base_url, intacct.client_id, intacct.client_secret, intacct.username)

The verdict is part of the test: a client that did not do what the scenario expects fails it, and a scenario that was not
put to the test skips it. Every worker of pytest-xdist has a server of its own.
"""
from __future__ import annotations

import fnmatch
import os
from typing import Any, Generator, Iterator

import pytest

from . import IntacctMock, IntacctMockError, Sandbox

MOCK = pytest.StashKey[IntacctMock]()
BOX = pytest.StashKey[Sandbox]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("intacct-mock")
    group.addoption("--intacct-scenarios", action="append", default=[], metavar="GLOB",
                    help="run every test that uses intacct and names no scenario once per scenario that matches")
    group.addoption("--intacct-artifacts", metavar="DIR", help="keep verdict and journal of each failed test there")
    group.addoption("--intacct-require-all", action="store_true", help="a scenario that was not put to the test is a failure")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "intacct(scenario, ...): the scenarios that the test's sandbox follows, one run for "
                                       "each; intacct-mock scenarios lists them")
    if folder := config.getoption("--intacct-artifacts"):
        os.environ["INTACCT_MOCK_ARTIFACTS"] = os.path.abspath(folder)
    if config.getoption("--intacct-require-all"):
        os.environ["INTACCT_MOCK_REQUIRE_ALL"] = "on"


def pytest_unconfigure(config: pytest.Config) -> None:
    if mock := config.stash.get(MOCK, None):
        mock.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "intacct" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("intacct")
    wanted = marker.args if marker else metafunc.config.getoption("--intacct-scenarios")
    if len(wanted) > 1 or any(set("*?[") & set(name) for name in wanted):
        metafunc.parametrize("intacct", _matching(metafunc.config, wanted), indirect=True)
    elif wanted:
        metafunc.parametrize("intacct", wanted, indirect=True, ids=[pytest.HIDDEN_PARAM] if marker and HIDES else None)


HIDES = hasattr(pytest, "HIDDEN_PARAM")  # a test with one scenario keeps its plain name, from pytest 8.4 on


@pytest.fixture(scope="session")
def intacct_mock(pytestconfig: pytest.Config) -> IntacctMock:
    """The server of this session: an intacct_mock.IntacctMock."""
    return _mock(pytestconfig)


@pytest.fixture
def intacct(request: pytest.FixtureRequest, intacct_mock: IntacctMock) -> Iterator[Sandbox]:
    """A sandbox for this test alone: an intacct_mock.Sandbox."""
    box = intacct_mock.sandbox(getattr(request, "param", "happy-path"))
    request.node.stash[BOX] = box
    yield box


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    result = yield
    failure = _check(item.stash[BOX]) if BOX in item.stash else None
    if failure:
        del item.stash[BOX]  # what there is to say is said, and kept
        pytest.fail(failure, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """A test that failed by itself: the verdict stands beside its own words."""
    report = yield
    if (box := item.stash.get(BOX, None)) and report.failed and call.when == "call":
        box.keep()
        report.sections.append(("intacct-mock verdict", box.verdict().text))
    return report


def _check(box: Sandbox) -> str | None:
    """Why the test must fail; none of the helper's own frames stands in the report."""
    try:
        box.check()
    except AssertionError as error:
        return str(error)
    return None


def _mock(config: pytest.Config) -> IntacctMock:
    if MOCK not in config.stash:
        config.stash[MOCK] = IntacctMock().start()
    return config.stash[MOCK]


def _matching(config: pytest.Config, globs: Any) -> list[str]:
    names = _mock(config).scenarios()
    for glob in globs:
        if not fnmatch.filter(names, glob):
            raise IntacctMockError(f"intacct-mock: there is no scenario {glob!r}; intacct-mock scenarios lists them")
    return [name for name in names if any(fnmatch.fnmatchcase(name, glob) for glob in globs)]
