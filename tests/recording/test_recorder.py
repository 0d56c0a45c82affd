"""The recorder: every frame on disk, whatever happens to the disk."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import soundfile

from rtaudio_dl.core.ring import write_frames
from rtaudio_dl.engine.layout import TAP_FRAMES, TAP_ON, Engine
from rtaudio_dl.errors import AudioFileError
from rtaudio_dl.recording.recorder import Recorder

RATE = 48_000
BLOCK = 128


def frames(start, count):
    """Noise that depends on the frame; exact in float32 and in 24 bits."""
    left = np.arange(start, start + count) * 2_654_435_761 % (1 << 22) / (1 << 23)
    return np.stack([left, -left], axis=1).astype(np.float32)


def play(engine, count, start=0):
    """What the audio thread does with its tap, for ``count`` frames."""
    for first in range(start, start + count, BLOCK):
        if engine.switches[TAP_ON]:
            block = frames(first, min(BLOCK, start + count - first))
            assert write_frames(engine.tap_ring, engine.tap_cursors, block, len(block))


@pytest.fixture(scope="module")
def shared_engine():
    return Engine(RATE)


@pytest.fixture
def engine(shared_engine):
    shared_engine.tap_cursors[:] = 0
    shared_engine.switches[TAP_ON] = 0
    return shared_engine


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_all_frames_are_on_disk_bit_for_bit(engine, tmp_path, suffix):
    recorder = Recorder(engine, tmp_path / f"take{suffix}", RATE)
    recorder.start()
    producer = threading.Thread(target=play, args=(engine, 300_000))
    producer.start()
    producer.join()
    path = recorder.stop()
    audio, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    assert np.array_equal(audio, frames(0, 300_000))
    assert recorder.frames == 300_000
    assert recorder.lost == 0


def test_what_was_in_the_ring_before_is_not_recorded(engine, tmp_path):
    engine.switches[TAP_ON] = 1
    play(engine, 1000)
    engine.switches[TAP_ON] = 0
    recorder = Recorder(engine, tmp_path / "take.wav", RATE)
    recorder.start()
    play(engine, 500, start=5000)
    audio, _ = soundfile.read(recorder.stop(), dtype="float32")
    assert np.array_equal(audio, frames(5000, 500))


def test_the_tap_is_off_before_and_after(engine, tmp_path):
    recorder = Recorder(engine, tmp_path / "take.wav", RATE)
    assert engine.switches[TAP_ON] == 0
    recorder.start()
    assert engine.switches[TAP_ON] == 1
    recorder.stop()
    assert engine.switches[TAP_ON] == 0


def test_nothing_but_the_recording_is_left(engine, tmp_path):
    recorder = Recorder(engine, tmp_path / "take.wav", RATE)
    recorder.start()
    assert [p.name for p in tmp_path.iterdir()] == ["take.wav.part"]
    recorder.stop()
    recorder.stop()
    assert [p.name for p in tmp_path.iterdir()] == ["take.wav"]


def test_a_short_recording_is_plain_wav(engine, tmp_path):
    recorder = Recorder(engine, tmp_path / "take.wav", RATE)
    recorder.start()
    play(engine, BLOCK)
    recorder.stop()
    assert (tmp_path / "take.wav").read_bytes()[:4] == b"RIFF"
    assert soundfile.info(tmp_path / "take.wav").subtype == "FLOAT"


def test_the_part_of_a_killed_program_can_be_opened(engine, tmp_path):
    recorder = Recorder(engine, tmp_path / "take.wav", RATE)
    recorder.start()
    play(engine, 5000)
    deadline = time.monotonic() + 5
    while recorder.frames < 5000 and time.monotonic() < deadline:
        time.sleep(0.01)
    copy = tmp_path / "rescued.wav"
    copy.write_bytes((tmp_path / "take.wav.part").read_bytes())
    recorder.stop()
    audio, _ = soundfile.read(copy, dtype="float32")
    assert np.array_equal(audio, frames(0, 5000))


def test_lost_frames_are_said(engine, tmp_path):
    said = []
    recorder = Recorder(engine, tmp_path / "take.wav", RATE, say=said.append)
    recorder.start()
    too_much = np.zeros((TAP_FRAMES + 1, 2), np.float32)
    assert not write_frames(
        engine.tap_ring, engine.tap_cursors, too_much, len(too_much)
    )
    recorder.stop()
    assert recorder.lost == TAP_FRAMES + 1
    assert f"{TAP_FRAMES + 1} frames were lost" in said[0]


def test_an_existing_file_is_kept_unless_told(engine, tmp_path):
    path = tmp_path / "take.wav"
    path.write_bytes(b"precious")
    with pytest.raises(AudioFileError, match="exists already"):
        Recorder(engine, path, RATE)
    recorder = Recorder(engine, path, RATE, overwrite=True)
    recorder.start()
    recorder.stop()
    assert soundfile.info(path).frames == 0


def test_a_file_that_appears_while_recording_is_kept(engine, tmp_path):
    said = []
    path = tmp_path / "take.wav"
    recorder = Recorder(engine, path, RATE, say=said.append)
    recorder.start()
    path.write_bytes(b"precious")
    recorder.stop()
    assert path.read_bytes() == b"precious"
    assert "is kept" in said[0]


def test_a_part_that_was_left_is_kept(engine, tmp_path):
    (tmp_path / "take.wav.part").write_bytes(b"precious")
    with pytest.raises(AudioFileError, match="cut short"):
        Recorder(engine, tmp_path / "take.wav", RATE)


@pytest.mark.parametrize(
    ("name", "message"),
    [("take.mp3", r"\.wav, \.flac"), ("none/take.wav", "no such folder")],
)
def test_an_impossible_path_is_refused(engine, tmp_path, name, message):
    with pytest.raises(AudioFileError, match=message):
        Recorder(engine, tmp_path / name, RATE)


DISK_FULL = """
import resource, sys
from tests.recording.test_recorder import BLOCK, RATE, frames, play
from rtaudio_dl.recording.recorder import Recorder
from rtaudio_dl.engine.layout import Engine
engine = Engine(RATE)  # its shared memory is a file, too
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
recorder = Recorder(engine, sys.argv[1], RATE, say=print)
recorder.start()
for second in range(5):
    play(engine, RATE, start=second * RATE)
print(recorder.stop())
print(recorder.frames, recorder.failed)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit on file sizes")
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_full_disk_is_said_once_and_the_beginning_kept(tmp_path, suffix):
    path = tmp_path / f"take{suffix}"
    command = [sys.executable, "-c", DISK_FULL, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert [line.startswith("recording stopped") for line in lines] == [
        True,
        *[False] * (len(lines) - 1),
    ]
    assert lines[-1].endswith("True")
    assert done.stderr == ""
    assert path.stat().st_size <= 100_000
    # An unfinished FLAC does not know its length, so only its beginning is read.
    audio, _ = soundfile.read(path, 8192, dtype="float32")
    assert np.array_equal(audio, frames(0, 8192))
