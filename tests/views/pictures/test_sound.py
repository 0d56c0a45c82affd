"""Facts about the picture of a sound file."""

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from rtaudio_dl.views.detections import Heard, Hearing
from rtaudio_dl.views.overview import survey
from rtaudio_dl.views.pictures import draw_sound
from rtaudio_dl.views.pictures.sound import facts

RATE = 16_000
LABELS = ("_silence_", "go", "stop")


@pytest.fixture
def overview(tmp_path):
    def of(audio, rate=RATE):
        soundfile.write(tmp_path / "a $1.wav", audio, rate, "FLOAT")
        return survey(tmp_path / "a $1.wav")

    return of


def picture(tmp_path, *arguments):
    draw_sound(tmp_path / "x.png", *arguments)
    return imread(tmp_path / "x.png")[..., :3]


def noise(frames=2 * RATE, channels=1):
    return np.random.default_rng(0).uniform(-0.5, 0.5, (frames, channels))


def hearing(*events, labels=LABELS):
    scores = np.random.default_rng(0).uniform(0, 1, (len(labels), 1400))
    return Hearing("test", labels, scores, events, 2.0)


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros((RATE, 2)),
        np.full((RATE, 1), np.nan),
        np.ones((1, 1)),
        noise(channels=8),
        noise(channels=12),
        noise(70 * RATE),
    ],
    ids=["silence", "nan", "one frame", "8 channels", "12 channels", "a minute"],
)
def test_odd_sounds_are_drawn_without_a_warning(tmp_path, recwarn, overview, audio):
    assert picture(tmp_path, overview(audio)).std() > 0.01
    assert not recwarn.list
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".png"] == ["x.png"]


def test_what_is_heard_has_a_panel_and_events_show(tmp_path, overview):
    seen = overview(noise())
    alone = picture(tmp_path, seen)
    silent = picture(tmp_path, seen, hearing())
    event = Heard("go", 0.5, 1.0, 0.9)
    spoken = picture(tmp_path, seen, hearing(event))
    assert alone.shape[0] < silent.shape[0] == spoken.shape[0]
    assert (silent != spoken).any()


def test_many_classes_and_events_do_not_make_an_endless_picture(tmp_path, overview):
    labels = tuple(f"class {i}" for i in range(200))
    events = [Heard(f"class {i % 200}", i / 500, i / 500, 0.5) for i in range(900)]
    tall = picture(tmp_path, overview(noise()), hearing(*events, labels=labels))
    assert tall.shape[0] < 1800


def test_silence_is_dark(tmp_path, overview):
    drawn = picture(tmp_path, overview(np.zeros((RATE, 1))))
    assert drawn.mean() < 0.15


def test_the_facts_say_what_is_unusual(overview):
    audio = noise(channels=2)
    said = facts(overview(audio))
    assert "2.00 s" in said and "16 kHz" in said and "stereo" in said
    assert "finite" not in said and "full scale" not in said
    audio[5], audio[6] = np.nan, 1.0
    said = facts(overview(audio))
    assert "2 samples at full scale" in said and "2 samples not finite" in said
