"""Each change does what its name says, to each example by its own dice."""

import numpy as np
import pytest
import tensorflow as tf

from rtaudio_dl.features import frame_count
from tests.training.tasks.classify import tiny
from training.audio.dice import Dice
from training.tasks.classify.augment import Augmenter

NONE = {
    **dict.fromkeys(("noise", "room", "mixup", "gain_db", "eq_db", "warp"), 0),
    **dict.fromkeys(("frequency_masks", "time_masks"), 0),
}
DICE = Dice(tf.constant([3, 4]))


def augmenter(tmp_path, **changes):
    config = tiny.config(tmp_path, augment=NONE | changes)
    return Augmenter(config, frame_count(tiny.FRAMES, config.spec))


def windows(count: int = 6) -> tf.Tensor:
    random = np.random.default_rng(1)
    return tf.constant(random.integers(-9_000, 9_000, (count, tiny.FRAMES)), tf.int16)


def power(made, count: int = 6) -> tf.Tensor:
    shape = (count, made.frames, made.bands)
    return tf.constant(np.random.default_rng(1).uniform(0, 1, shape), tf.float32)


def targets(count: int = 6) -> tf.Tensor:
    return tf.one_hot(tf.range(count) % 3, 3)


def test_without_chances_nothing_but_dc_changes(tmp_path):
    made, audio = augmenter(tmp_path), windows()
    found = made.waveform(audio, audio, DICE).numpy() - audio.numpy() / 32767.0
    assert np.abs(found - found.mean(axis=1, keepdims=True)).max() < 1e-6
    spectra, kept = made.power(power(made), targets(), DICE)
    assert np.allclose(spectra, power(made), atol=1e-6)
    assert np.array_equal(kept, targets())
    assert np.array_equal(made.features(power(made), DICE), power(made))


def test_noise_is_at_its_ratio(tmp_path):
    made = augmenter(tmp_path, noise=1.0, snr_low_db=10.0, snr_high_db=10.0)
    noise = tf.roll(windows(), 1, 0)
    mixed = made.waveform(windows(), noise, DICE).numpy()
    added = mixed - windows().numpy() / 32767.0
    added -= added.mean(axis=1, keepdims=True)
    ratio = (windows().numpy() / 32767.0).std(axis=1) / added.std(axis=1)
    assert np.allclose(20 * np.log10(ratio), 10.0, atol=0.2)


def test_gain_differs_from_window_to_window(tmp_path):
    made = augmenter(tmp_path, gain_db=12.0)
    level = made.waveform(windows(), windows(), DICE).numpy().std(axis=1)
    change_db = 20 * np.log10(level / (windows().numpy() / 32767.0).std(axis=1))
    assert np.abs(change_db).max() <= 12.01
    assert len(np.unique(np.round(change_db, 3))) == len(change_db)


def test_silence_stays_finite(tmp_path):
    made = augmenter(tmp_path, noise=1.0, room=1.0, eq_db=9.0, mixup=1.0, gain_db=12.0)
    silence = tf.zeros([4, tiny.FRAMES], tf.int16)
    assert np.all(np.isfinite(made.waveform(silence, silence, DICE).numpy()))
    spectra, _ = made.power(tf.zeros([4, made.frames, made.bands]), targets(4), DICE)
    assert np.all(np.isfinite(spectra.numpy()))


def test_a_room_only_adds_what_comes_later(tmp_path):
    made = augmenter(tmp_path, room=1.0)
    click = np.zeros((64, made.frames, made.bands), np.float32)
    click[:, 5] = 1.0
    found = made.power(tf.constant(click), targets(64), DICE)[0].numpy()[:, :, 0]
    assert not found[:, :5].any()
    late = found[:, 6:]
    assert np.all(late > 0) and np.all(np.diff(late, axis=1) < 0)
    assert np.all(found.sum(axis=1) < 1.0 + 1e-4)


def test_mixup_mixes_sound_and_target_alike(tmp_path):
    made = augmenter(tmp_path, mixup=1.0, mixup_alpha=1.0)
    spectra, mixed = made.power(power(made), targets(), DICE)
    share = (mixed.numpy() * targets().numpy()).sum(axis=1)
    assert np.all((0.5 <= share) & (share <= 1.0))
    wide = share[:, None, None]
    other = np.roll(power(made).numpy(), 1, 0)
    assert np.allclose(spectra, wide * power(made) + (1 - wide) * other, atol=1e-5)
    assert np.allclose(mixed.numpy().sum(axis=1), 1.0, atol=1e-6)


def test_masks_are_no_wider_than_asked(tmp_path):
    made = augmenter(tmp_path, time_masks=1, time_width=5)
    ramp = tf.constant(np.random.default_rng(2).normal(0, 1, (64, made.frames, 4)))
    changed = (made.features(ramp, DICE).numpy() != ramp.numpy()).all(axis=2)
    assert changed.sum(axis=1).max() == 5
    assert changed.sum(axis=1).min() == 0


def test_warp_moves_bands_by_its_factor(tmp_path):
    made = augmenter(tmp_path, warp=0.2)
    ramp = tf.tile(tf.range(12.0)[None, None], [32, made.frames, 1])
    found = made.features(ramp, DICE).numpy()[:, 0]
    factor = found[:, 5] / 5.0
    assert np.all(np.abs(factor - 1) <= 0.2001) and factor.std() > 0.05
    assert np.allclose(
        found, np.minimum(np.arange(12) * factor[:, None], 11), atol=1e-4
    )


@pytest.mark.parametrize("other", [(3, 5), (4, 4)])
def test_the_seed_decides_everything(tmp_path, other):
    made = Augmenter(tiny.config(tmp_path), 30)
    first = made.waveform(windows(), windows(), DICE).numpy()
    assert np.array_equal(first, made.waveform(windows(), windows(), DICE).numpy())
    again = made.waveform(windows(), windows(), Dice(tf.constant(other))).numpy()
    assert not np.array_equal(first, again)
