"""Shapes and sizes of the networks; what the generator's shaping promises."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from rtaudio_dl.features import LogMel, log_mel
from tests.training import tiny
from training import networks, reading
from training.gan import parameters

PAPER = Path(__file__).parents[2] / "configs" / "wavegan_paper.toml"
SEED = tf.constant([1, 2])


def generate(settings, count: int = 5) -> np.ndarray:
    generator = networks.Generator(settings)
    random = np.random.default_rng(3)
    latent = random.standard_normal((count, settings.model.latent), np.float32)
    classes = np.eye(2, dtype=np.float32)[np.arange(count) % 2]
    return generator(tf.constant(latent), tf.constant(classes)).numpy()


def test_published_sizes():
    """The figures of the published TensorFlow code at dim 64, to 1 %."""
    paper = reading.load(PAPER)
    generator, critic = networks.Generator(paper), networks.WaveCritic(paper)
    classes = tf.zeros([1, 1])
    audio = generator(tf.zeros([1, 100]), classes)
    assert critic(critic.view(audio), classes, SEED).shape == (1,)
    assert audio.shape == (1, 16_384)
    assert parameters(generator) == pytest.approx(19.07e6, rel=0.01)
    assert parameters(critic) == pytest.approx(17.43e6, rel=0.01)


@pytest.mark.parametrize("upsample", ["subpixel", "transposed"])
@pytest.mark.parametrize("noise", [0, 4])
@pytest.mark.parametrize("frames", [512, 4_096])
def test_generator_gives_the_asked_length(tmp_path, upsample, noise, frames):
    settings = tiny.config(
        tmp_path,
        data={"frames": frames},
        model={"upsample": upsample, "noise": noise, "conditional": True},
    )
    assert generate(settings).shape == (5, frames)


def test_cap_limits_the_width(tmp_path):
    wide = networks.Generator(tiny.config(tmp_path, model={"dim": 16}))
    capped = networks.Generator(
        tiny.config(tmp_path, model={"dim": 16, "max_channels": 8})
    )
    assert (wide.width, capped.width) == (64, 8)


def test_shaping_gives_peak_silence_at_the_ends_and_no_dc(tmp_path):
    settings = tiny.config(tmp_path)
    audio = generate(settings)
    assert np.abs(audio).max(axis=1) == pytest.approx(settings.data.peak, abs=1e-2)
    assert np.abs(audio[:, [0, -1]]).max() < 1e-3
    assert np.abs(audio.mean(axis=1)).max() < 1e-4


def test_without_shaping_the_output_is_bounded(tmp_path):
    audio = generate(tiny.config(tmp_path, model={"shape_output": False}))
    assert np.abs(audio).max() <= 1.0


def test_noise_is_white_and_fixed_by_the_latent(tmp_path):
    settings = tiny.config(tmp_path, model={"noise": 4}, data={"frames": 4_096})
    first, second = (
        networks.NoiseGate(2, 1_024, settings, "noise").noise for _ in range(2)
    )
    assert np.array_equal(first, second)
    spectrum = np.abs(np.fft.rfft(first)) ** 2
    low, high = spectrum[:, :1_000].mean(), spectrum[:, 1_000:].mean()
    assert low == pytest.approx(high, rel=0.1)


def test_subpixel_begins_as_a_repetition():
    layer = networks.SubPixel(3, 7, "up")
    out = layer(tf.random.stateless_normal([1, 8, 5], SEED)).numpy()
    held = out.reshape(1, 8, 4, 3)
    assert np.abs(held - held[:, :, :1]).max() < 1e-6


@pytest.mark.parametrize("window", [32, 64])
@pytest.mark.parametrize("bands", [0, 16])
def test_layer_is_the_numpy_reference(window, bands):
    spec = LogMel(tiny.RATE, window, window // 2, bands)
    audio = np.random.default_rng(4).uniform(-1, 1, (3, 512)).astype(np.float32)
    found = networks.LogMelLayer(spec)(tf.constant(audio)).numpy()
    assert np.abs(found - log_mel(audio, spec)).max() < 1e-3


def test_phase_shuffle_moves_by_whole_frames_and_mirrors():
    ramp = tf.reshape(tf.range(1.0, 11.0), [1, 10, 1])
    rows = {
        tuple(networks.phase_shuffle(ramp, 2, tf.constant([0, i])).numpy().ravel())
        for i in range(40)
    }
    padded = np.pad(np.arange(1.0, 11.0), 2, mode="reflect")
    assert rows == {tuple(padded[i : i + 10]) for i in range(5)}


def test_classes_matter_to_generator_and_critics(tmp_path):
    settings = tiny.config(tmp_path)
    generator = networks.Generator(settings)
    latent, classes = tf.ones([2, 8]), tf.eye(2)
    audio = generator(latent, classes).numpy()
    assert np.abs(audio[0] - audio[1]).max() > 1e-3
    for critic in networks.critics(settings):
        view = critic.view(tf.constant(audio[[0, 0]]))
        scores = critic(view, classes, SEED).numpy()
        assert scores[0] != scores[1]
