"""Random numbers and latents: the right distribution, the same for the same place."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rtaudio_dl.core.random import mix, normal
from rtaudio_dl.kinds.sound.worker import draw_latent

SIZE = 4096
words = st.integers(0, (1 << 63) - 1)


@numba.njit
def _stream(seed, first, out):
    for i in range(out.size):
        out[i] = normal(seed, first + i)


def stream(seed: int, first: int = 0, count: int = 100_000) -> np.ndarray:
    out = np.zeros(count)
    _stream(np.uint64(seed), first, out)
    return out


def latent(seed=1, place=36, number=0, morph=0.0, variation=0.0, size=SIZE):
    out = np.full(size, np.nan, np.float32)
    draw_latent(out, np.uint64(seed), place, number, morph, variation)
    return out


def alike(a: np.ndarray, b: np.ndarray) -> float:
    """The correlation: 1 for the same direction, about 0 for strangers."""
    return float(np.corrcoef(a, b)[0, 1])


@given(words, words)
def test_the_hash_is_a_function_of_64_bits(seed, value):
    once, again = mix(seed, value), mix(seed, value)
    assert once == again
    assert 0 <= once < 1 << 64


@given(words, st.integers(0, 62))
def test_one_bit_of_difference_changes_about_half_of_the_hash(value, bit):
    changed = int(mix(7, value)) ^ int(mix(7, value ^ (1 << bit)))
    assert 8 <= changed.bit_count() <= 56


@pytest.mark.parametrize("seed", [0, 1, (1 << 63) - 1])
def test_normal_numbers_are_normal_and_independent(seed):
    numbers = stream(seed)
    assert stats.kstest(numbers, "norm").pvalue > 1e-3
    assert abs(np.mean(numbers)) < 0.02
    assert abs(np.std(numbers) - 1) < 0.01
    assert abs(alike(numbers[1:], numbers[:-1])) < 0.02
    assert np.isfinite(numbers).all()


def test_a_stream_can_be_entered_anywhere():
    assert np.array_equal(stream(5, 1000, 10), stream(5, 0, 1010)[1000:])


@pytest.mark.parametrize("morph", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("variation", [0.0, 0.15, 1.0])
def test_a_latent_is_normal_wherever_it_is(morph, variation):
    drawn = latent(morph=morph, variation=variation)
    assert stats.kstest(drawn, "norm").pvalue > 1e-3
    assert abs(np.std(drawn) - 1) < 0.05


@given(words, words, st.integers(0, 1 << 31), st.floats(0, 1), st.floats(0, 1))
def test_a_latent_depends_on_nothing_but_its_arguments(seed, place, number, m, v):
    first = latent(seed, place, number, m, v, size=16)
    latent(seed ^ 1, place, number, m, v, size=32)
    assert np.array_equal(first, latent(seed, place, number, m, v, size=16))
    assert np.isfinite(first).all()


@pytest.mark.parametrize(
    "variation, least, most",
    [(0.0, 1.0, 1.0), (0.15, 0.9, 0.99), (0.5, 0.4, 0.6), (1.0, -0.1, 0.1)],
)
def test_variation_says_how_alike_two_strikes_are(variation, least, most):
    strikes = [latent(number=n, variation=variation) for n in (0, 1)]
    assert least - 1e-6 <= alike(*strikes) <= most + 1e-6


def test_without_variation_every_strike_is_the_same():
    assert np.array_equal(latent(number=0), latent(number=99))


@pytest.mark.parametrize("morph, least, most", [(0.01, 0.99, 1.0), (1.0, -0.1, 0.1)])
def test_morph_goes_from_the_keys_own_latent_to_another(morph, least, most):
    assert least <= alike(latent(), latent(morph=morph)) <= most


def test_no_seed_gives_a_key_what_another_seed_gives_a_key():
    drawn = [latent(seed, place, size=8) for seed in range(8) for place in range(128)]
    assert len({d.tobytes() for d in drawn}) == len(drawn)


def test_keys_are_strangers():
    assert abs(alike(latent(place=36), latent(place=37))) < 0.1
