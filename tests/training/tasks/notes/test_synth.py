"""The synthesiser, driven by a decoder whose every level is set by hand."""

import numpy as np
import pytest
import tensorflow as tf

from rtaudio_dl.features import find_pitch
from training.tasks.notes import synth
from training.tasks.notes.form import BANDS, PARTIALS, RATE

HOP = 64
SILENT = -200.0


class Fixed:
    """A decoder of constant levels; the rest is as `network` has it."""

    def __init__(self, partials=(), noise_db=SILENT, wander=0.0, damp=200.0, ratios=()):
        self.db = np.full(PARTIALS + BANDS, SILENT, np.float32)
        self.db[: len(partials)] = partials
        self.db[PARTIALS:] = noise_db
        self.wander, self.damp = np.float32(wander), np.float32(damp)
        self.ratios = np.zeros(PARTIALS, np.float32)
        self.ratios[: len(ratios)] = ratios

    def context(self, pitch, velocity, timbre):
        return pitch

    def traits(self, context):
        rows = tf.ones_like(context)
        wander = rows * (self.wander * np.ones(PARTIALS, np.float32))
        return {"ratios": rows * self.ratios, "wander": wander}

    def levels(self, context, traits, seconds_on, seconds_off):
        return self.db - self.damp * seconds_off[..., None]


def play(decoder, pitch=60.0, held=1.0, seconds=1.0, voices=1, seed=1):
    keys = np.full(voices, pitch, np.float32)
    ones = np.ones(voices, np.float32)
    timbre = np.zeros((voices, 2), np.float32)
    return synth.render(decoder, HOP, keys, ones, timbre, held, seconds, seed)


def hz(key):
    return 440.0 * 2 ** ((key - 69) / 12)


@pytest.mark.parametrize("key", [24, 36, 60.37, 84, 96, 108])
def test_in_tune_over_the_keyboard(key):
    found = find_pitch(play(Fixed([-12, -20, -26]), key)[0][1000:], RATE)
    assert abs(100 * (found.key - key)) < 0.5


def test_levels_are_those_of_the_decoder():
    sound = play(Fixed([-12.0]))[0][RATE // 2 :]
    assert np.sqrt(2) * sound.std() == pytest.approx(10 ** (-12 / 20), rel=0.01)


def test_every_partial_is_where_its_ratio_says():
    sound = play(Fixed([SILENT, -12.0], ratios=[0.0, 0.25]))[0][-8192:]
    peak = np.argmax(np.abs(np.fft.rfft(sound * np.hanning(8192))))
    assert peak * RATE / 8192 == pytest.approx(2.25 * hz(60), abs=2)


def test_no_click_at_any_hop():
    """Where hops meet the sound bends no more than a sine does."""
    sound = play(Fixed([-12.0]), 57.0)[0].astype(np.float64)
    steepest = 10 ** (-12 / 20) * (2 * np.pi * 220 / RATE) ** 2
    assert np.abs(np.diff(sound, 2)[HOP:]).max() < 1.02 * steepest


def test_nothing_aliases():
    sound = play(Fixed([-20.0] * PARTIALS), 100.0)[0][-8192:]
    power = np.abs(np.fft.rfft(sound * np.hanning(8192))) ** 2
    hertz = np.fft.rfftfreq(8192, 1 / RATE)
    distance = np.abs(hertz / hz(100) - np.round(hertz / hz(100))) * hz(100)
    assert power[distance > 20].max() < 1e-6 * power.max()


def test_noise_has_the_power_of_its_bands():
    sound = play(Fixed(noise_db=-40.0), seconds=4.0, held=4.0)[0][HOP:]
    wanted = -40 + 10 * np.log10(BANDS)
    assert 20 * np.log10(sound.std()) == pytest.approx(wanted, abs=1.0)


def test_noise_is_even_over_hops():
    many = play(Fixed(noise_db=-40.0), voices=64, held=1, seconds=1)[:, HOP:]
    level = many.reshape(64, -1, HOP).std(axis=(0, 1))
    assert level.max() / level.min() < 1.1


def test_a_released_note_falls_and_a_held_one_does_not():
    sound = play(Fixed([-12.0], damp=100.0), held=0.5, seconds=1.0)[0]
    level = 20 * np.log10(np.abs(sound.reshape(-1, RATE // 10)).max(axis=1))
    assert np.ptp(level[1:5]) < 0.1
    assert level[5] - level[8] == pytest.approx(30.0, abs=0.5)


def test_wander_has_the_wanted_deviation():
    sound = play(Fixed([-12.0], wander=0.2), held=8, seconds=8, voices=16)
    level = np.abs(sound[:, 2 * RATE :]).reshape(16, -1, 160).max(axis=2)
    assert level.std() / level.mean() == pytest.approx(0.2, rel=0.35)


def test_zeros_begin_a_note_and_states_carry_it_on():
    """Hops that are run one by one, with states handed over, are the whole note."""
    decoder = Fixed([-12.0, -18.0], noise_db=-50.0, wander=0.1)
    whole = play(decoder, 62.5, held=0.1, seconds=0.2, seed=3)[0]
    size = synth.noise_size(HOP)
    shape = (len(whole) // HOP, 1, size)
    noise = np.random.default_rng(3).standard_normal(shape, np.float32)
    state, hops = synth.zero_state(HOP, 1), []
    one = tf.ones([1, 1])
    for n, fresh in enumerate(noise):
        gate = one * float(n < 25)
        audio, state = synth.step(
            decoder, HOP, 62.5 * one, one, gate, tf.zeros([1, 2]), fresh, state
        )
        hops.append(audio.numpy()[0])
    assert np.abs(np.concatenate(hops) - whole).max() < 1e-5


def test_states_have_their_sizes():
    sizes = synth.state_sizes(HOP)
    assert set(sizes) == set(synth.STATE)
    assert {k: v.shape[1] for k, v in synth.zero_state(HOP, 3).items()} == sizes


def test_a_bend_moves_the_phase_on_without_a_jump():
    decoder = Fixed([-12.0])
    one, state, hops = tf.ones([1, 1]), synth.zero_state(HOP, 1), []
    quiet = tf.zeros([1, synth.noise_size(HOP)])
    for n in range(100):
        key = 60.0 + 0.5 * np.sin(n / 3)
        audio, state = synth.step(
            decoder, HOP, key * one, one, one, tf.zeros([1, 2]), quiet, state
        )
        hops.append(audio.numpy()[0])
    sound = np.concatenate(hops)[HOP:]
    assert np.abs(np.diff(sound)).max() < 10 ** (-12 / 20) * 2 * np.pi * 280 / RATE
