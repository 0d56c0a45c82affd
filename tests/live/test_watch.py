"""What is heard on a real JACK server is told to everybody who watches."""

from __future__ import annotations

import numpy as np
import pytest

from rtaudio_dl.host.live import LiveHost
from tests.jack import RATE, until
from tests.listening import TONES_HZ, write_tones

pytestmark = pytest.mark.jack


def sound() -> np.ndarray:
    """Two tones, and a stroke at the beginning of each."""
    low, high = (
        0.5 * np.sin(2 * np.pi * hz * np.arange(RATE // 2) / RATE)
        for hz in TONES_HZ.values()
    )
    rest = np.zeros(RATE // 2)
    return np.concatenate([rest, low, rest, high, rest]).astype(np.float32)


def test_all_readers_are_told_what_the_listener_is(jack_server, jack_probe, tmp_path):
    with LiveHost(microphone="") as host:
        listener = host.listen(write_tones(tmp_path / "tones.onnx"), onset=True)
        one, two = host.watch(), host.watch()
        jack_probe.connect_sound("^rtaudio_dl")
        jack_probe.run(frames=3 * RATE, sound=sound())
        told, seen = [], []

        def is_over() -> bool:
            told.extend(listener.events())
            return len([heard for heard in told if not heard.on]) >= 2

        until(is_over)
        until(lambda: seen.extend(one.detections()) or len(seen) >= len(told))
        assert {"low", "high", "onset"} <= {heard.label for heard in seen}
        order = ("frame", "label", "on")
        assert sorted(seen, key=lambda h: [getattr(h, n) for n in order]) == sorted(
            told, key=lambda h: [getattr(h, n) for n in order]
        )
        assert len(two.detections()) == len(seen)
        assert np.abs(two.input()).max() > 0.2
        assert not any(one.lost.values())
