"""Several replicas learn one model: the same weights everywhere."""

import subprocess
import sys

import pytest

from tests.training.run import two_replicas


@pytest.mark.parametrize("task", ["generator", "notes", "wavenet"])
def test_two_replicas_stay_equal(tmp_path, drums, notes_folder, task):
    """In a process of its own: devices can only be split before TensorFlow runs."""
    source = drums / "drums" if task == "generator" else notes_folder
    command = [sys.executable, "-m", two_replicas.__name__, task, tmp_path, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert "replicas 2 steps 3 same" in done.stdout, done.stderr[-2_000:]
