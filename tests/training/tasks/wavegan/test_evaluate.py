"""The evaluation knows good from bad, and its judge learns real sounds."""

import json

import numpy as np
import pytest

from tests.training.tasks.wavegan import tiny
from training.data import prepare
from training.errors import DataError
from training.tasks.wavegan import evaluate, judge

STEPS = 20
FIGURES = {"recognition", "inception_score", "kid", "kid_mel", "frechet"}


@pytest.fixture(scope="module")
def long_drums(tmp_path_factory):
    """Drums long enough for the judge's spectrogram."""
    folder = tmp_path_factory.mktemp("evaluation")
    tiny.write_drums(folder / "drums", kits=12, each=5)
    return tiny.config(folder, data={"frames": 2_048})


class Fake:
    """Stands for a trained generator: ``sound(class, random)`` makes each sound."""

    def __init__(self, config, sound):
        self.config, self.sound, self.labels = config, sound, config.data.classes
        self.facts = {"step": 1}

    def generate(self, _, classes, seed):
        random = np.random.default_rng(seed)
        return np.stack([self.sound(k, random) for k in classes])


def run(config, sound, tmp_path, monkeypatch) -> dict:
    fake = Fake(config, sound)
    monkeypatch.setattr(evaluate, "generate", fake.generate)
    monkeypatch.setattr(evaluate, "PER_CLASS", 8)
    sounds = prepare.load(config.data)
    return evaluate.evaluate(fake, sounds, tmp_path, seeds=1, judge_steps=STEPS)


def good(config):
    def sound(k, random):
        drum = tiny.drum(tiny.LABELS[k], int(random.integers(10**6)) + 10**6)
        return prepare.condition(drum, tiny.RATE, config.data)

    return sound


def noise(config):
    return lambda k, random: random.uniform(-0.9, 0.9, 2_048).astype(np.float32)


def test_good_sounds_meet_the_targets(long_drums, tmp_path, monkeypatch):
    result = run(long_drums, good(long_drums), tmp_path, monkeypatch)
    assert set(result["figures"]) >= FIGURES
    assert result["targets"]["recognition"]["met"]
    assert result["targets"]["nearest_ratio"]["met"]
    assert all(not row["failures"] for row in result["classes"].values())


def test_noise_misses_them_and_scores_as_the_ceiling(long_drums, tmp_path, monkeypatch):
    result = run(long_drums, noise(long_drums), tmp_path, monkeypatch)
    assert not result["targets"]["kid_mel"]["met"]
    assert not result["targets"]["recognition"]["met"]
    distance = result["figures"]["kid_mel"]
    assert distance["generated"]["mean"] == pytest.approx(
        distance["noise"]["mean"], rel=0.2
    )
    assert all(row["failures"] for row in result["classes"].values())


def test_copies_are_flagged(long_drums, tmp_path, monkeypatch):
    sounds = prepare.load(long_drums.data)
    rows = sounds.rows("train")

    def copy(k, random):
        return sounds.floats(rows[sounds.classes()[rows] == k][:1])[0]

    result = run(long_drums, copy, tmp_path, monkeypatch)
    assert not result["targets"]["nearest_ratio"]["met"]


def test_report_and_metrics_are_written(long_drums, tmp_path, monkeypatch):
    result = run(long_drums, good(long_drums), tmp_path, monkeypatch)
    assert json.loads((tmp_path / "metrics.json").read_text()) == result
    page = (tmp_path / "report.html").read_text()
    assert all(label in page for label in tiny.LABELS)
    names = {p.name for p in tmp_path.iterdir()}
    assert {"sheet.png", "kick.wav", "hat.wav"} <= names
    assert "recognition" in evaluate.table(result)


def test_judge_learns_unseen_kits(long_drums):
    sounds = prepare.load(long_drums.data)
    train, held_out = sounds.rows("train"), sounds.rows("valid", "test")
    classes = sounds.classes()
    judged = judge.train(
        sounds.floats(train), classes[train], 2, tiny.RATE, seed=1, steps=3 * STEPS
    )
    scores = judged.scores(sounds.floats(held_out))
    assert scores.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (scores.argmax(1) == classes[held_out]).mean() > 0.8
    embedded = judged.embed(sounds.floats(held_out))
    assert embedded.shape == (len(held_out), judge.EMBEDDING)


def test_without_held_out_sounds_nothing_is_claimed(tmp_path):
    tiny.write_drums(tmp_path / "drums", kits=1)
    config = tiny.config(tmp_path)
    sounds = prepare.load(config.data)
    with pytest.raises(DataError, match="nothing to compare with"):
        evaluate.evaluate(Fake(config, good(config)), sounds, tmp_path)
