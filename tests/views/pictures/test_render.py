"""Facts about the picture and the numbers behind it."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from rtaudio_dl.views.pictures import draw_render
from rtaudio_dl.views.pictures.render import note_rows

RATE = 16_000
NOTES = [(0.1, 36, 1.0, "kick"), (0.3, 42, 0.2, "hat"), (0.4, 36, 0.5, "kick")]


def sine(frequency_hz: float, seconds: float = 1.0, peak: float = 1.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (peak * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)


def stereo(mono: np.ndarray) -> np.ndarray:
    return np.column_stack([mono, mono])


def brightness_of(tmp_path, audio, notes=(), title="") -> np.ndarray:
    draw_render(tmp_path / "x.png", audio, RATE, notes, title)
    return imread(tmp_path / "x.png")[..., :3].mean(axis=2)


def test_rows_are_in_the_order_of_keys():
    notes = [(0, 50, 1, "tom"), (0, 41, 1, "tom"), (1, 36, 1, "kick"), (2, 49, 1, "c")]
    assert note_rows(notes) == {"kick": 0, "tom": 1, "c": 2}


def test_it_is_a_png_and_no_draft_stays(tmp_path):
    draw_render(str(tmp_path / "render.png"), stereo(sine(440)), RATE, NOTES, "a $1 b")
    assert (tmp_path / "render.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert [p.name for p in tmp_path.iterdir()] == ["render.png"]


def test_the_same_render_gives_the_same_picture(tmp_path):
    first = brightness_of(tmp_path, stereo(sine(440)), NOTES, "same")
    again = brightness_of(tmp_path, stereo(sine(440)), NOTES, "same")
    assert np.array_equal(first, again)


def test_the_notes_get_a_panel_and_change_the_picture(tmp_path):
    without = brightness_of(tmp_path, stereo(sine(440)))
    with_notes = brightness_of(tmp_path, stereo(sine(440)), NOTES)
    more = brightness_of(tmp_path, stereo(sine(440)), [*NOTES, (0.7, 36, 1.0, "kick")])
    assert with_notes.shape[0] > without.shape[0]
    assert with_notes.shape == more.shape and (with_notes != more).any()


def test_notes_outside_the_audio_are_left_out(tmp_path):
    inside = brightness_of(tmp_path, stereo(sine(440)), NOTES)
    stray = [*NOTES, (-1.0, 36, 1.0, "kick"), (9.0, 36, 1.0, "other")]
    assert np.array_equal(inside, brightness_of(tmp_path, stereo(sine(440)), stray))


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros((RATE, 2), np.float32),
        np.full((RATE, 1), np.nan, np.float32),
        np.ones((1, 2), np.float32),
    ],
    ids=["silence", "nan", "one frame"],
)
def test_odd_audio_is_drawn_without_a_warning(tmp_path, recwarn, audio):
    assert brightness_of(tmp_path, audio, title="odd").size
    assert not recwarn.list


def test_many_labels_do_not_make_an_endless_picture(tmp_path):
    notes = [(i / 128, i, i / 127, f"key {i}") for i in range(128)]
    assert brightness_of(tmp_path, stereo(sine(440)), notes).shape[0] < 1600


@pytest.mark.parametrize("shape", [(RATE,), (0, 2), (4, 0), (1, 2, 3)])
def test_a_wrong_shape_is_said(tmp_path, shape):
    with pytest.raises(ValueError, match="audio has shape"):
        draw_render(tmp_path / "x.png", np.zeros(shape), RATE)
    assert not list(tmp_path.iterdir())


def test_an_old_picture_survives_a_failed_write(tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    def refuse(*_):
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="no space"):
        draw_render(path, stereo(sine(440)), RATE)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_no_pyplot_and_no_matplotlib_before_it_is_needed(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from rtaudio_dl.views.pictures import draw_render\n"
        "early = 'matplotlib' in sys.modules\n"
        "draw_render(sys.argv[1], np.zeros((9, 2)), 8000)\n"
        "sys.exit(early or 'matplotlib.pyplot' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "x.png")]
    assert subprocess.run(command).returncode == 0
