"""Clips are heard in windows as a host would, and their scores averaged."""

import numpy as np

from training.tasks.classify import windows
from training.tasks.classify.cache import Clips


def clips(*lengths: int) -> Clips:
    audio = tuple(np.full(n, 100, np.int16) for n in lengths)
    return Clips((audio,), (), "")


def test_a_short_clip_is_one_window_with_the_clip_in_the_middle():
    found = windows.cut(clips(60), np.array([0]), 100)
    assert found.audio.shape == (1, 100)
    assert np.flatnonzero(found.audio[0]).tolist() == list(range(20, 80))


def test_a_long_clip_is_covered_and_overlaps():
    found = windows.cut(clips(350), np.array([0]), 100)
    assert len(found.audio) == 6 and np.all(found.audio == 100)


def test_silent_parts_of_a_clip_are_not_judged():
    sound = clips(400)
    sound.audio[0][0][150:] = 0
    found = windows.cut(sound, np.array([0]), 100)
    assert np.all(found.audio.max(axis=1) == 100) and len(found.audio) == 3


def test_scores_are_averaged_for_each_clip():
    cut = windows.cut(clips(100, 200), np.array([0, 1]), 100)
    assert cut.clip.tolist() == [0, 1, 1, 1]
    scores = np.array([[1.0], [0.0], [0.3], [0.6]])
    assert np.allclose(windows.per_clip(scores, cut), [[1.0], [0.3]])
