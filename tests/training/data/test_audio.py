"""The sound of an entry: whole, or a part of its file."""

import numpy as np
import pytest
import soundfile

from training.data import audio
from training.data.manifest import Entry
from training.errors import DataError

RATE = 1_000
RAMP = (np.arange(1_000) / 1_000).astype(np.float32)


@pytest.fixture
def root(tmp_path):
    soundfile.write(tmp_path / "a.wav", RAMP, RATE, subtype="FLOAT")
    return tmp_path


@pytest.mark.parametrize(
    "start, seconds, frames",
    [
        (0.0, 0.0, slice(0, 1000)),
        (0.25, 0.5, slice(250, 750)),
        (0.25, 0.0, slice(250, 1000)),
        (0.75, 0.5, slice(750, 1000)),
        (3.0, 0.5, slice(0, 0)),
    ],
)
def test_parts_are_cut_to_the_frame(root, start, seconds, frames):
    sound, rate = audio.read(root, Entry("a.wav", (), start=start, seconds=seconds))
    assert rate == RATE
    assert np.array_equal(sound, RAMP[frames, None])


def test_stereo_stays_stereo(root):
    soundfile.write(root / "b.wav", np.zeros((10, 2)), RATE)
    assert audio.read(root, Entry("b.wav", ()))[0].shape == (10, 2)


def test_unreadable_files_are_named(root):
    (root / "c.wav").write_bytes(b"no")
    for name in ("c.wav", "none.wav"):
        with pytest.raises(DataError, match=f"{name}: cannot be read"):
            audio.read(root, Entry(name, ()))


def test_nothing_endless_is_read(root, monkeypatch):
    monkeypatch.setattr(audio, "MAX_SAMPLES", 500)
    with pytest.raises(DataError, match="1000 frames are too many"):
        audio.read(root, Entry("a.wav", ()))
    assert len(audio.read(root, Entry("a.wav", (), seconds=0.5))[0]) == 500
