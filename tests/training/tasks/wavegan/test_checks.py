"""The plain checks notice what they are for, and pass a clean sound."""

import numpy as np
import pytest

from training.tasks.wavegan import checks

RATE = 16_000


def hit(frames: int = 8_192) -> np.ndarray:
    t = np.arange(frames) / RATE
    noise = np.random.default_rng(1).standard_normal((4, frames))
    fade = np.minimum(1, np.arange(frames) / 16) * np.linspace(1, 0, frames) ** 2
    sound = noise * np.exp(-20 * t)
    sound = (sound - (sound * fade).sum(axis=1, keepdims=True) / fade.sum()) * fade
    return 0.9 * sound / np.abs(sound).max(axis=1, keepdims=True)


def tail_hum(sound):
    return sound + 0.01 * np.sin(np.arange(sound.shape[1]))


def late(sound):
    return np.roll(sound, RATE // 10, axis=1)


@pytest.mark.parametrize(
    "spoil, name",
    [
        (lambda s: s + 0.05, "dc"),
        (lambda s: s + 0.05, "first_sample"),
        (tail_hum, "tail_db"),
        (late, "attack_ms"),
        (lambda s: 0.2 * s, "peak_low"),
        (lambda s: 1.2 * s, "peak_high"),
    ],
)
def test_each_fault_is_noticed(spoil, name):
    failures = checks.failures(checks.figures(spoil(hit()), RATE))
    assert any(f.startswith(name) for f in failures)


def test_a_clean_hit_passes():
    assert checks.failures(checks.figures(hit(), RATE)) == []


def test_an_upsampling_tone_stands_out():
    tone = 1e-3 * np.cos(2 * np.pi * RATE / 16 * np.arange(8_192) / RATE)
    assert checks.line_db(hit(), RATE) < 10 < 20 < checks.line_db(hit() + tone, RATE)
