"""What conftest.py promises, tried on test_example.py and on an integration that is not sound."""
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

CLIENT = "the pytest fixture"
HERE = pathlib.Path(__file__).parent


@pytest.fixture
def run(tmp_path):
    def run(change=lambda text: text):
        shutil.copy(HERE / "conftest.py", tmp_path)
        example = (HERE / "test_example.py").read_text()
        (tmp_path / "test_example.py").write_text(change(example))
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)
    return run


def test_a_sound_integration_passes(run):
    done = run()
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout


def test_the_verdict_fails_an_integration_that_asks_for_a_new_token_twice(run):
    refresh = re.compile(r"( +)self.token = self.ask\(grant_type=\"refresh.*\n")
    done = run(lambda text: refresh.sub(lambda line: line[0] * 2, text))
    assert done.returncode == 1 and "2 errors" in done.stdout, done.stdout
    assert "one new token is asked for, however many calls were refused" in done.stdout


def test_the_mock_has_ended_when_pytest_has(run):
    probe = '\n\ndef test_pid(mock):\n    print("PID", mock["pid"])\n    assert False\n'
    pid = re.search(r"PID (\d+)", run(lambda text: text + probe).stdout)[1]
    assert not pathlib.Path(f"/proc/{pid}").exists()
