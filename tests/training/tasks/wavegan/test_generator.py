"""Shapes and sizes of the generator; what its parts promise."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.training.tasks.wavegan import tiny
from training.run.learner import parameters
from training.tasks.wavegan import generator
from training.tasks.wavegan.config import Config

PAPER = Path(__file__).parents[4] / "configs" / "wavegan_paper.toml"
SEED = tf.constant([1, 2])


def generate(settings, count: int = 5) -> np.ndarray:
    keras.utils.set_random_seed(1)
    made = generator.Generator(settings)
    random = np.random.default_rng(3)
    latent = random.standard_normal((count, settings.model.latent), np.float32)
    classes = np.eye(2, dtype=np.float32)[np.arange(count) % 2]
    return made(tf.constant(latent), tf.constant(classes)).numpy()


def test_published_size():
    """The figure of the published TensorFlow code at dim 64, to 1 %."""
    made = generator.Generator(Config.load(PAPER))
    assert made(tf.zeros([1, 100]), tf.zeros([1, 1])).shape == (1, 16_384)
    assert parameters(made) == pytest.approx(19.07e6, rel=0.01)


@pytest.mark.parametrize("upsample", ["subpixel", "transposed"])
@pytest.mark.parametrize("noise", [0, 4])
@pytest.mark.parametrize("frames", [512, 4_096])
def test_it_gives_the_asked_length(tmp_path, upsample, noise, frames):
    settings = tiny.config(
        tmp_path,
        data={"frames": frames},
        model={"upsample": upsample, "noise": noise},
    )
    assert generate(settings).shape == (5, frames)


def test_cap_limits_the_width(tmp_path):
    wide = generator.Generator(tiny.config(tmp_path, model={"dim": 16}))
    capped = generator.Generator(
        tiny.config(tmp_path, model={"dim": 16, "max_channels": 8})
    )
    assert (wide.width, capped.width) == (64, 8)


def test_shaping_gives_peak_silence_at_the_ends_and_no_dc(tmp_path):
    settings = tiny.config(tmp_path)
    audio = tf.random.stateless_normal([5, tiny.FRAMES], SEED) + 0.3
    shaped = generator.Shaper(settings, "shaper")(audio).numpy()
    assert np.abs(shaped).max(axis=1) == pytest.approx(settings.data.peak, abs=1e-3)
    assert np.abs(shaped[:, [0, -1]]).max() < 1e-3
    assert np.abs(shaped.mean(axis=1)).max() < 1e-6


def test_shaping_leaves_silence_silent(tmp_path):
    shaper = generator.Shaper(tiny.config(tmp_path), "shaper")
    assert np.abs(shaper(tf.zeros([1, tiny.FRAMES])).numpy()).max() == 0.0


def test_without_shaping_the_output_is_bounded(tmp_path):
    audio = generate(tiny.config(tmp_path, model={"shape_output": False}))
    assert np.abs(audio).max() <= 1.0


def test_the_class_matters(tmp_path):
    keras.utils.set_random_seed(1)
    made = generator.Generator(tiny.config(tmp_path))
    audio = made(tf.ones([2, 8]), tf.eye(2)).numpy()
    assert not np.array_equal(audio[0], audio[1])


def test_noise_is_white_and_fixed(tmp_path):
    settings = tiny.config(tmp_path, model={"noise": 4}, data={"frames": 4_096})
    first, second = (
        generator.NoiseGate(2, 1_024, settings, "noise").noise for _ in range(2)
    )
    assert np.array_equal(first, second)
    spectrum = np.abs(np.fft.rfft(first)) ** 2
    low, high = spectrum[:, :1_000].mean(), spectrum[:, 1_000:].mean()
    assert low == pytest.approx(high, rel=0.1)


def test_subpixel_begins_as_a_repetition():
    layer = generator.SubPixel(3, 7, "up")
    out = layer(tf.random.stateless_normal([1, 8, 5], SEED)).numpy()
    held = out.reshape(1, 8, 4, 3)
    assert np.abs(held - held[:, :, :1]).max() < 1e-6


def test_smoothing_ends_the_comb_of_steady_features():
    """A pattern that repeats every four frames is gone; what is steady is untouched."""
    steady = tf.ones([1, 32, 1])
    pattern = tf.reshape(tf.tile([1.0, -3.0, 2.0, 0.0], [8]), [1, 32, 1])
    inside = slice(4, -4)
    assert np.allclose(generator.smoothed(steady)[0, inside], 1.0)
    assert np.allclose(generator.smoothed(pattern)[0, inside], 0.0, atol=1e-6)


def test_prior_begins_as_nothing():
    latent = tf.random.stateless_normal([5, 4], SEED)
    prior = generator.ClassPrior(4, "prior")
    found = prior(latent, tf.one_hot([0, 1, 0, 1, 0], 2))
    assert np.allclose(found, latent, atol=1e-6)


def test_prior_takes_the_gaussian_of_each_class():
    random = np.random.default_rng(1)
    spread = random.standard_normal((3, 3))
    means = random.standard_normal((4_000, 3)) @ spread + [1.0, 2.0, 3.0]
    prior = generator.ClassPrior(3, "prior")
    classes = tf.one_hot(np.zeros(20_000, int), 2)
    latent = tf.random.stateless_normal([20_000, 3], SEED)
    prior(latent[:1], classes[:1])
    prior.fit(means, np.full((4_000, 3), 0.5), np.zeros(4_000, int))
    found = prior(latent, classes).numpy()
    wanted = np.cov(means, rowvar=False) + 0.5 * np.eye(3)
    assert found.mean(axis=0) == pytest.approx([1, 2, 3], abs=0.1)
    assert np.cov(found, rowvar=False) == pytest.approx(wanted, abs=0.2)
