"""One hop of sound from the decoder: what the exported graph computes.

Partials are sines whose amplitudes move linearly over the hop; noise is white noise
shaped in a spectrum of its own and overlapped with the hop before (Serra and Smith,
1990; Engel et al., DDSP, 2020).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import tensorflow as tf

from training.tasks.notes.form import BANDS, PARTIALS, RATE, TOP_HZ, band_edges
from training.tasks.notes.network import Decoder

FADE_HZ = 300.0  # Over which partials fade out above TOP_HZ.
DRIFTS = 8
SLOWEST_HZ, FASTEST_HZ = 0.7, 7.0  # of the drifts
MOST_DRIFT = 2.5  # standard deviations
NEPER = np.float32(np.log(10.0) / 20.0)  # per dB
MOST_HOPS = 1e7  # Half a day, and still a whole number in float32.

STATE = ("clock", "phase", "level", "tail", "drift")


def state_sizes(hop: int) -> dict[str, int]:
    """Elements of each state of one voice; all are zero before a note.

    ``clock``: hops since onset and since release; ``phase`` of each partial in cycles
    and ``level``, its amplitude, at the end of the last hop; ``tail``: the noise that
    reaches into the next; ``drift``: two stages of slow noise.
    """
    return {
        "clock": 2,
        "phase": PARTIALS,
        "level": PARTIALS,
        "tail": hop,
        "drift": 2 * DRIFTS,
    }


def noise_size(hop: int) -> int:
    """Normal random numbers that one hop of one voice needs."""
    return 2 * hop + DRIFTS


def zero_state(hop: int, voices: int) -> dict[str, tf.Tensor]:
    """The state of voices before their notes."""
    return {k: tf.zeros([voices, n]) for k, n in state_sizes(hop).items()}


def step(
    decoder: Decoder,
    hop: int,
    pitch: tf.Tensor,
    velocity: tf.Tensor,
    gate: tf.Tensor,
    timbre: tf.Tensor,
    noise: tf.Tensor,
    state: dict[str, tf.Tensor],
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Audio of the next hop (B, hop) and the state after it.

    ``pitch`` is a MIDI note number, ``velocity`` 0..1, ``gate`` 1 while the key is down
    (all (B, 1)), ``timbre`` (B, Z), ``noise`` (B, noise_size) normal.
    """
    on, off = tf.split(state["clock"], 2, axis=1)
    on = tf.minimum(on + 1.0, MOST_HOPS)
    off = tf.minimum(off + 1.0, MOST_HOPS) * (1.0 - gate)
    context = decoder.context(pitch, velocity, timbre)
    traits = decoder.traits(context)
    seconds = np.float32(hop / RATE)
    levels = decoder.levels(context, traits, on * seconds, off * seconds)[:, 0]
    partial_db, band_db = tf.split(levels, [PARTIALS, BANDS], axis=1)
    turns = _turns(pitch, traits["ratios"])
    fresh, drift_noise = tf.split(noise, [2 * hop, DRIFTS], axis=1)
    drift, gain = _drift(hop, state["drift"], drift_noise, traits["wander"])
    level = tf.exp(NEPER * partial_db) * gain * _audible(turns)
    tonal, phase = _partials(hop, state["phase"], turns, state["level"], level)
    rough, tail = tf.split(_noise(hop, band_db, fresh), 2, axis=1)
    after = {
        "clock": tf.concat([on, off], axis=1),
        "phase": phase,
        "level": level,
        "tail": tail,
        "drift": drift,
    }
    return tonal + rough + state["tail"], after


def _turns(pitch: tf.Tensor, ratios: tf.Tensor) -> tf.Tensor:
    """Cycles per frame of each partial, (B, PARTIALS)."""
    orders = np.arange(1, PARTIALS + 1, dtype=np.float32)
    octaves = (pitch - 69.0) / 12.0
    fundamental = np.float32(440.0 / RATE) * tf.exp(np.float32(np.log(2.0)) * octaves)
    return fundamental * (orders + ratios)


def _audible(turns: tf.Tensor) -> tf.Tensor:
    """1 below TOP_HZ, falling to 0 above: nothing may alias, whatever the bend."""
    over = turns * np.float32(RATE / FADE_HZ) - np.float32(TOP_HZ / FADE_HZ)
    return tf.clip_by_value(1.0 - over, 0.0, 1.0)


def _partials(hop, phase, turns, before, after) -> tuple[tf.Tensor, tf.Tensor]:
    """Sum of sines (B, hop) and the phases at the end.

    The sum is linear in the amplitudes, so their course over the hop is that of two
    sums: one matrix product instead of an interpolation.
    """
    n = np.arange(hop, dtype=np.float32)
    whole = np.float32(2 * np.pi)
    start = whole * (phase + _first_phases())
    sines = tf.sin(start[..., None] + (whole * turns)[..., None] * n)
    ends = tf.stack([before, after - before], axis=1)
    still, moving = tf.unstack(tf.matmul(ends, sines), axis=1)
    phase = phase + turns * np.float32(hop)
    return still + moving * (n / np.float32(hop)), phase - tf.floor(phase)


def _noise(hop: int, band_db: tf.Tensor, fresh: tf.Tensor) -> tf.Tensor:
    """Noise over this hop and the next, (B, 2 hop), faded in and out."""
    deviation = tf.exp(NEPER * (tf.matmul(band_db, _band_to_bin(hop)) - _per_bin(hop)))
    return tf.matmul(fresh * deviation, _windowed_waves(hop))


def _drift(hop, state, fresh, wander) -> tuple[tf.Tensor, tf.Tensor]:
    """Slow noises after this hop and the gain of each partial by them."""
    keep = _keep(hop)
    first, second = tf.split(state, 2, axis=1)
    first = keep * first + (1.0 - keep) * fresh
    second = keep * second + (1.0 - keep) * first
    unit = second * _drift_scale(hop)
    mixed = tf.clip_by_value(tf.matmul(unit, _drift_mix()), -MOST_DRIFT, MOST_DRIFT)
    gain = tf.nn.relu(1.0 + wander * mixed)
    return tf.concat([first, second], axis=1), gain


@cache
def _first_phases() -> np.ndarray:
    """Phases (PARTIALS,) in cycles at a note's begin: even, but without a pattern."""
    orders = np.arange(1, PARTIALS + 1)
    return (((orders - 1) ** 2 * (np.sqrt(5) - 1) / 2) % 1.0).astype(np.float32)


@cache
def _band_to_bin(hop: int) -> np.ndarray:
    """Interpolates bands' levels at the bins of `_windowed_waves`, (BANDS, 2 hop)."""
    edges = band_edges()
    centres = 0.5 * (edges[:-1] + edges[1:])
    at_bins = [
        np.interp(_bin_hz(hop), centres, row) for row in np.eye(BANDS, dtype=np.float32)
    ]
    return np.array(at_bins, np.float32)


@cache
def _per_bin(hop: int) -> np.ndarray:
    """How many bins share a band's power, in dB, (2 hop,)."""
    edges = band_edges()
    centres = 0.5 * (edges[:-1] + edges[1:])
    width = np.interp(_bin_hz(hop), centres, np.diff(edges))
    return (10 * np.log10(width / (RATE / (2 * hop)))).astype(np.float32)


@cache
def _bin_hz(hop: int) -> np.ndarray:
    order = np.r_[np.arange(hop + 1), np.arange(1, hop)]
    return order * RATE / (2 * hop)


@cache
def _windowed_waves(hop: int) -> np.ndarray:
    """Cosines and sines over 2 hop frames under a sine window, (2 hop, 2 hop)."""
    n = np.arange(2 * hop)
    angle = 2 * np.pi * np.outer(np.arange(hop + 1), n) / (2 * hop)
    waves = np.concatenate([np.cos(angle), np.sin(angle[1:hop])])
    # The lowest and the highest have no partner in quadrature.
    waves[[0, hop]] *= 0.0
    return (waves * np.sin(np.pi * (n + 0.5) / (2 * hop))).astype(np.float32)


@cache
def _keep(hop: int) -> np.ndarray:
    """What a drift keeps from hop to hop, (DRIFTS,)."""
    hertz = np.geomspace(SLOWEST_HZ, FASTEST_HZ, DRIFTS)
    return np.exp(-2 * np.pi * hertz * hop / RATE).astype(np.float32)


@cache
def _drift_scale(hop: int) -> np.ndarray:
    """Brings the second stage to a standard deviation of 1, (DRIFTS,)."""
    a = _keep(hop).astype(np.float64)
    # Sum of the squares of (n + 1) (1 - a)^2 a^n.
    variance = (1 - a) ** 4 * (1 + a**2) / (1 - a**2) ** 3
    return (1.0 / np.sqrt(variance)).astype(np.float32)


@cache
def _drift_mix() -> np.ndarray:
    """How partials mix the drifts, (DRIFTS, PARTIALS): high ones move faster."""
    place = np.linspace(0.0, DRIFTS - 1.0, PARTIALS)
    nearness = np.exp(-0.5 * ((np.arange(DRIFTS)[:, None] - place) / 2.0) ** 2)
    signs = np.random.default_rng(7).standard_normal((DRIFTS, PARTIALS))
    mix = nearness * signs
    return (mix / np.sqrt((mix**2).sum(0))).astype(np.float32)


def render(
    decoder: Decoder,
    hop: int,
    pitch: np.ndarray,
    velocity: np.ndarray,
    timbre: np.ndarray,
    held: float,
    seconds: float,
    seed: int = 0,
) -> np.ndarray:
    """Whole notes (B, frames) float32, hop by hop as the engine would.

    ``pitch`` and ``velocity`` are (B,), ``timbre`` (B, Z); the key is down for ``held``
    of the ``seconds``.
    """
    hops, down = round(seconds * RATE / hop), round(held * RATE / hop)
    random = np.random.default_rng(seed)
    size = (hops, len(pitch), noise_size(hop))
    noise = tf.constant(random.standard_normal(size, np.float32))
    gates = tf.constant(np.arange(hops) < down, tf.float32)
    voices = [tf.constant(x, tf.float32) for x in (pitch[:, None], velocity[:, None])]
    run = tf.function(_rendered, autograph=False)
    audio = run(decoder, hop, *voices, tf.constant(timbre), gates, noise)
    return audio.numpy().transpose(1, 0, 2).reshape(len(pitch), -1)


def _rendered(decoder, hop, pitch, velocity, timbre, gates, noise) -> tf.Tensor:
    """Audio (hops, B, hop)."""

    def body(before, now):
        gate, fresh = now
        held = gate * tf.ones_like(pitch)
        return step(decoder, hop, pitch, velocity, held, timbre, fresh, before[1])

    voices = pitch.shape[0]
    start = tf.zeros([voices, hop]), zero_state(hop, voices)
    return tf.scan(body, (gates, noise), start)[0]
