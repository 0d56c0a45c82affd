"""The loss is zero for the truth, and counts what ears would."""

import numpy as np
import pytest
import tensorflow as tf

from training.tasks.notes import losses
from training.tasks.notes.form import BANDS, PARTIALS
from training.tasks.notes.network import LEVELS


def truth(seed: int = 0) -> dict:
    random = np.random.default_rng(seed)
    partials = -12.0 - 0.5 * np.arange(PARTIALS) + random.normal(0, 3, (2, 4, PARTIALS))
    noise = random.normal(-60, 3, (2, 4, BANDS))
    batch = {
        "partials": partials,
        "noise": noise,
        "ratios": random.uniform(-0.2, 0.2, (2, PARTIALS)),
        "wander": random.uniform(0, 0.5, (2, PARTIALS)),
        "fade": random.uniform(-20, 0, (2, LEVELS)),
        "pitch": np.array([[40.0], [76.0]]),
        "peak": partials.max(axis=(1, 2))[:, None],
    }
    return {k: tf.constant(v, tf.float32) for k, v in batch.items()}


def report(batch, partials=0.0, noise=0.0, **traits):
    levels = tf.concat([batch["partials"] + partials, batch["noise"] + noise], axis=2)
    found = {k: batch[k] + traits.get(k, 0.0) for k in ("ratios", "wander", "fade")}
    parts = losses.of_notes(levels, found, batch)
    return {k: float(v) for k, v in parts.items()}


def test_the_truth_costs_nothing():
    assert all(v == pytest.approx(0, abs=1e-5) for v in report(truth()).values())


@pytest.mark.parametrize(
    ("name", "change"),
    [("partials", 3.0), ("noise", 2.0), ("ratios", 0.1), ("wander", 0.1)],
)
def test_each_part_is_a_mean_difference(name, change):
    batch = truth()
    found = report(batch, **{name: change})
    assert found[name] == pytest.approx(change, rel=0.05)
    others = set(found) - {name, "loudness", "envelope"}
    assert all(found[o] == pytest.approx(0, abs=1e-5) for o in others)


@pytest.mark.parametrize("part", ["loudness", "envelope"])
def test_everything_louder_is_louder(part):
    assert report(truth(), 3.0, 3.0)[part] == pytest.approx(3.0, rel=0.01)


def test_the_envelope_is_that_of_partials_and_noise_together():
    batch = truth()
    softer = np.zeros((1, 1, PARTIALS), np.float32)
    softer[..., 40:] = -20.0
    found = report(batch, partials=softer)["envelope"]
    assert 0.5 < found < 20.0
    # Where noise is as loud as the partials were, little is missing.
    noisy = {**batch, "noise": batch["noise"] + 50.0}
    assert report(noisy, partials=softer)["envelope"] < 0.3 * found


def test_what_is_lost_under_the_floor_costs_nothing():
    batch = truth()
    deep = {**batch, "partials": batch["partials"] - 200.0, "peak": batch["peak"]}
    assert report(deep, partials=-50.0)["partials"] == pytest.approx(0, abs=1e-3)


def test_partials_above_the_top_do_not_count():
    batch = truth()
    above = np.zeros((1, 1, PARTIALS), np.float32)
    above[..., 80:] = 30.0  # key 40 has 92 partials below the top, key 76 has 11
    found = report({k: v[1:] for k, v in batch.items()}, partials=above)
    assert found["partials"] == found["loudness"] == pytest.approx(0, abs=1e-5)


def test_every_part_has_a_weight():
    assert set(report(truth())) == set(losses.WEIGHTS)
