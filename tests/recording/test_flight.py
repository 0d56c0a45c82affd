"""Flight recordings: what is rendered again is what was, and junk ends in an error."""

import dataclasses
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rtaudio_dl
from rtaudio_dl.errors import AudioFileError, EngineError
from rtaudio_dl.patches.patch import find_patch
from rtaudio_dl.recording.flight import MAGIC, read_flight
from rtaudio_dl.recording.replay import Replay
from tests.models.models import write_oneshot

SECONDS = 1.5
KEYS = (35, 36, 38, 42, 44, 46, 49, 51)  # hats choke each other; few are soon ready


def few_drums():
    drums = find_patch("drums")
    return dataclasses.replace(drums, keys={key: drums.keys[key] for key in KEYS})


def fly(path, play):
    """Render a host with its flight recorder on; the sound from its start."""
    with rtaudio_dl.Host(block=128) as host:
        host.render(0.1)
        host.record_flight(path)
        instrument = host.load(few_drums())
        play(host, instrument)
        audio = host.render(SECONDS)
        host.stop_flight()
    return audio


def busy(host, drums):
    """Rolls, chokes, steals, controls and parameters, at odd frames."""
    random = np.random.default_rng(5)
    for seconds in np.sort(random.uniform(0.1, SECONDS, 150)):
        key = int(random.choice(KEYS))
        if random.random() < 0.8:
            host.note_on(key, float(random.uniform(0.1, 1)), at=seconds)
        elif random.random() < 0.5:
            host.control(1, float(random.random()), at=seconds)
        else:
            host.set("gain", float(random.uniform(0, 2)), drums, at=seconds)


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    """A busy flight: its file, and what was heard."""
    path = tmp_path_factory.mktemp("flight") / "a.flight"
    return path, fly(path, busy)


def test_a_replay_is_the_same_to_the_byte(flown):
    path, audio = flown
    assert np.abs(audio).max() > 0.1
    np.testing.assert_array_equal(Replay(path).render(), audio)


def test_notes_that_waited_wait_again(tmp_path):
    """Fresh notes begin when their sound is there: a block later, as it was offline."""
    path = tmp_path / "a.flight"
    with rtaudio_dl.Host(block=128) as host:
        host.record_flight(path)
        host.load(dataclasses.replace(find_patch("drums"), freshness="fresh"))
        for i in range(40):
            host.note_on(36 + i % 10, 0.8, at=0.02 * i)
        audio = host.render(1.0)
        assert host.counts()["late_notes"] == 40
        host.stop_flight()
    np.testing.assert_array_equal(Replay(path).render(), audio)


def test_a_flight_begins_before_the_first_patch(tmp_path):
    with rtaudio_dl.Host() as host:
        host.load("drums")
        with pytest.raises(EngineError, match="before the first patch"):
            host.record_flight(tmp_path / "a.flight")


def test_another_model_is_noticed(tmp_path, monkeypatch):
    path = tmp_path / "a.flight"
    fly(path, lambda host, _drums: host.note_on(36, at=0.2))
    labels = "kick snare rim clap closedhat openhat tom crash ride hand shaker perc"
    (tmp_path / "models").mkdir()
    write_oneshot(
        tmp_path / "models" / "drums.onnx",
        classes=12,
        labels=tuple(labels.split()),
    )
    monkeypatch.setenv("RTAUDIO_DL_PATH", str(tmp_path))
    with pytest.raises(AudioFileError, match="another 'drums'"):
        Replay(path).render()


def test_what_a_crash_leaves_can_be_rendered(flown, tmp_path):
    path, audio = flown
    whole = path.read_bytes()
    cut = tmp_path / "cut.flight"
    cut.write_bytes(whole[: len(whole) - 40])  # the end, and part of a chunk, are lost
    rendered = Replay(cut).render()
    assert 0 < len(rendered) <= len(audio)
    np.testing.assert_array_equal(rendered, audio[: len(rendered)])


def chunk(kind, payload):
    return kind + struct.pack("<I", len(payload)) + payload


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        MAGIC,
        MAGIC + chunk(b"HEAD", b"{"),
        MAGIC + chunk(b"HEAD", b"[1]"),
        MAGIC + b"EVTS" + struct.pack("<I", 1 << 31),
        MAGIC
        + chunk(b"HEAD", json.dumps({"start": 0}).encode())
        + chunk(b"EVTS", b"1"),
        MAGIC + chunk(b"HEAD", b"{}") + chunk(b"PTCH", b'{"place": 99}'),
    ],
)
def test_a_damaged_file_is_one_clear_error(tmp_path, data):
    path = tmp_path / "a.flight"
    path.write_bytes(data)
    with pytest.raises(AudioFileError, match=r"a\.flight"):
        read_flight(path)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_after_the_magic_word_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("junk") / "a.flight"
    path.write_bytes(MAGIC + data)
    with pytest.raises(AudioFileError):
        read_flight(path)
