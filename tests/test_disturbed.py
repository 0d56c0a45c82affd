"""A session in which many tests were given up fails, and names them."""

import subprocess
import sys

import pytest

from tests.disturbed import MOST_GIVEN_UP, REASON
from tests.jack import ROOT

SESSION = """
from types import SimpleNamespace
import pytest
from tests.disturbed import undisturbed

@pytest.mark.parametrize("number", range({count}))
def test_of_a_busy_machine(number):
    runs = []
    try:
        undisturbed(SimpleNamespace(gaps=0, xruns=1, late=0), lambda: runs.append(1))
    finally:
        assert len(runs) == 5

def test_of_a_machine_that_was_busy():
    probe = SimpleNamespace(gaps=2, xruns=0, late=0)
    def run():
        probe.gaps -= 1
        return probe.gaps
    assert undisturbed(probe, run) == 0

def test_that_is_skipped_for_another_reason():
    pytest.skip("no such card")
"""


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("count, status", [(MOST_GIVEN_UP, 0), (MOST_GIVEN_UP + 1, 1)])
def test_more_than_a_few_tests_given_up_fail_a_session(
    tmp_path, count, status, workers
):
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_busy.py").write_text(SESSION.format(count=count))
    options = ["-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-n", workers]
    command = [sys.executable, "-m", "pytest", str(tmp_path), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    assert f"given up ({MOST_GIVEN_UP} at most): {REASON}" in done.stdout
    assert f"test_of_a_busy_machine[{count - 1}]" in done.stdout
    assert "1 passed" in done.stdout and f"{count + 1} skipped" in done.stdout
