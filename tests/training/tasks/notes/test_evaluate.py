"""Distances are what they say, and the whole evaluation runs on a tiny model."""

import json

import numpy as np
import pytest

from tests.training.running import opened
from tests.training.tasks.notes.tiny import tone
from training.tasks.notes import evaluate, measures, page, speed, tuning
from training.tasks.notes.sample import Trained
from training.tasks.notes.task import TASK


def test_distance_of_a_sound_to_itself_is_zero():
    sounds = np.stack([tone(60), tone(72)])
    assert measures.spectral_distance(sounds, sounds) == pytest.approx(0)


def test_distance_grows_with_the_difference():
    real, near, far = (np.stack([x]) for x in (tone(60), 0.9 * tone(60), tone(65)))
    assert measures.spectral_distance(real, near) < 0.5
    assert measures.spectral_distance(real, far) > 1.0


def test_a_straight_way_is_smooth_and_a_detour_is_not():
    steps = np.stack([tone(60, (-12.0, -40.0 + 3 * i, -60.0)) for i in range(9)])
    straight = measures.smoothness(steps)
    assert straight["detour"] < 1.2 and straight["order"] > 0.9
    wild = measures.smoothness(steps[[0, 8, 1, 7, 2, 6, 3, 5, 8]])
    assert wild["detour"] > 2 and wild["order"] < 0.8


@pytest.fixture(scope="module")
def small(monkeypatch_module):
    for module, name, value in (
        (evaluate, "SHOWN", 2),
        (tuning, "KEYS", (48, 72)),
        (tuning, "TUNED_INSTRUMENTS", 2),
        (evaluate, "MORPHS", 1),
        (evaluate, "MORPH_STEPS", 3),
        (speed, "VOICES", (1, 2)),
        (speed, "RUNS", 3),
    ):
        monkeypatch_module.setattr(module, name, value)


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def judged(trained_run, small):
    trained = Trained.of(opened(TASK, trained_run).trained())
    return evaluate.evaluate(trained, trained_run.data, judge_steps=2)


def test_both_sets_have_every_figure(judged):
    result, sets = judged
    assert set(result["reconstruction"]) == set(sets) == {"seen", "unseen"}
    for part in result["reconstruction"].values():
        for key in ("spectral", "frechet", "family"):
            assert set(evaluate.MADE) <= set(part[key])
            assert np.isfinite(list(part[key].values())).all()
    assert 0 <= result["pitch"]["in_tune"] <= 1


def test_a_nearest_note_is_a_training_note_and_no_copy(judged, trained_run):
    _, sets = judged
    for chosen in sets.values():
        assert np.abs(chosen.nearest - chosen.real).max() > 0.01


def test_figures_are_written_and_told(judged, tmp_path):
    result, _ = judged
    evaluate.write(result, tmp_path / "metrics.json")
    assert json.loads((tmp_path / "metrics.json").read_text())["step"] == 4
    assert "keys within 5 cents" in evaluate.table(result)


def test_the_page_holds_sounds_and_pictures(judged, trained_run, tmp_path):
    result, sets = judged
    path = page.write(tmp_path, result, sets, trained_run.data)
    text = path.read_text()
    assert text.count("data:audio/flac") == 2 * sum(len(s.rows) for s in sets.values())
    assert text.count("data:image/png") == 4
