"""What the system says of real-time priority."""

import pytest

from rtaudio_dl.core import priority
from rtaudio_dl.host import doctor


@pytest.mark.parametrize(
    "runtime, share, verdict",
    [("950000", 0.95, doctor.GOOD), ("500000", 0.5, doctor.WARNING), ("-1", None, "")],
)
def test_the_kernels_limit_is_told(tmp_path, monkeypatch, runtime, share, verdict):
    (tmp_path / "sched_rt_runtime_us").write_text(f"{runtime}\n")
    (tmp_path / "sched_rt_period_us").write_text("1000000\n")
    monkeypatch.setattr(priority, "_KERNEL", tmp_path)
    assert priority.real_time_share() == share
    finding = doctor._real_time_limit()
    assert finding.verdict == (verdict or doctor.GOOD)
    assert bool(finding.fix) == (finding.verdict == doctor.WARNING)


def test_a_system_that_does_not_say_has_no_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(priority, "_KERNEL", tmp_path)
    assert priority.real_time_share() is None
