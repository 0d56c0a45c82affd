"""The one log-mel of all networks is the NumPy reference, whatever window and hop."""

import numpy as np
import pytest
import tensorflow as tf

from rtaudio_dl.features import LogMel, frame_count, log_mel
from training.audio.logmel import MelSpectrogram

RATE = 4_000


@pytest.mark.parametrize("window", [32, 64])
@pytest.mark.parametrize("bands", [0, 16])
def test_layer_is_the_numpy_reference(window, bands):
    spec = LogMel(RATE, window, window // 2, bands)
    audio = np.random.default_rng(4).uniform(-1, 1, (3, 512)).astype(np.float32)
    found = MelSpectrogram(spec)(tf.constant(audio)).numpy()
    assert np.abs(found - log_mel(audio, spec)).max() < 1e-3


@pytest.mark.parametrize("window, hop", [(512, 256), (240, 80), (256, 100), (64, 64)])
def test_any_hop_gives_the_frames_that_fit(window, hop):
    spec = LogMel(16_000, window, hop, 40)
    audio = np.random.default_rng(5).normal(0, 0.1, (2, 4_097)).astype(np.float32)
    found = MelSpectrogram(spec)(tf.constant(audio)).numpy()
    assert found.shape == (2, frame_count(4_097, spec), 40)
    assert np.abs(found - log_mel(audio, spec)).max() < 1e-3


def test_gradients_reach_the_sound():
    audio = tf.random.stateless_normal([1, 512], [1, 2])
    with tf.GradientTape() as tape:
        tape.watch(audio)
        total = tf.reduce_sum(MelSpectrogram(LogMel(RATE, 64, 32, 16))(audio))
    assert np.all(np.isfinite(tape.gradient(total, audio)))
