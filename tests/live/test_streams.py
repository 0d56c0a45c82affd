"""A stream as a user plays it: on a real JACK server, with the patch that ships."""

import signal

import numpy as np
import pytest
import soundfile

from rtaudio_dl.host.host import Host
from rtaudio_dl.recording.replay import Replay
from tests.jack import PERIOD, RATE
from tests.live.program import Program

pytestmark = pytest.mark.jack
READY = "MIDI port"
KEYS = (48, 55, 64, 72)
STRIKE, LIFT = 4800, 24_000
THRESHOLD = 1e-3


def first_frame(audio, threshold=THRESHOLD):
    level = np.abs(audio).max(axis=1)
    return int(np.argmax(level > threshold * level.max()))


def offline_onset():
    """Frames from a strike of the first key to its sound, as it is rendered."""
    with Host(RATE) as host:
        host.load("notes")
        for key in KEYS:
            host.note_on(key, 100 / 127, at=0.0)
        return first_frame(host.render(0.4))


def chord(status, frame):
    return [(frame, bytes((status, key, 100))) for key in KEYS]


def test_a_chord_sounds_when_it_is_due_and_is_rendered_again(
    jack_server, jack_probe, tmp_path
):
    take, flight = tmp_path / "take.wav", tmp_path / "take.flight"
    options = ("play", "--patch", "notes", "--record", take, "--flight", flight)
    with Program(jack_server, *options) as program:
        program.wait_for(READY)
        assert "stream 240" in program.text
        jack_probe.connect_midi("^rtaudio_dl:midi_in")
        jack_probe.connect_audio("^rtaudio_dl:out_")
        pad = [
            (STRIKE + 240 * i, bytes((0xB0, 12 + i % 2, 2 * i % 128)))
            for i in range(1, 60)
        ]
        events = chord(0x90, STRIKE) + pad + chord(0x80, LIFT)
        audio, _ = jack_probe.run(sorted(events), RATE)
        assert program.end(signal.SIGINT) == 0, program.text
    assert np.abs(audio[:STRIKE]).max() < 1e-6
    # The way through the probe and back takes up to one period.
    late = first_frame(audio) - STRIKE - offline_onset()
    assert -PERIOD <= late <= PERIOD, program.text
    assert "of streams, " in program.text
    recorded, _ = soundfile.read(take, dtype="float32")
    replay = Replay(flight)
    rendered = replay.render()
    (first, _), *_ = replay.taps
    np.testing.assert_array_equal(rendered[first : first + len(recorded)], recorded)
