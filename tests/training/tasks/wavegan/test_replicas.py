"""Several replicas learn one model: the same weights everywhere."""

import subprocess
import sys

from tests.training.tasks.wavegan import two_replicas


def test_two_replicas_stay_equal(tmp_path, drums):
    """In a process of its own: devices can only be split before TensorFlow runs."""
    command = [sys.executable, "-m", two_replicas.__name__, tmp_path, drums / "drums"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert "replicas 2 steps 3 same" in done.stdout, done.stderr[-2_000:]
