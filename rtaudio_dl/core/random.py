"""Random numbers as a function of seed and position: any sound can be made again.

SplitMix64 (Steele, Lea, Flood 2014) as the hash, Box-Muller for the normal numbers.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_UNIT = 1.0 / (1 << 53)


@rt_kernel
def mix(seed, value):
    """A 64-bit hash of a seed and a value. [any]"""
    x = (np.uint64(seed) ^ np.uint64(value)) + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


@rt_kernel
def normal(seed, index):
    """The ``index``-th normal number (mean 0, deviation 1) of a stream. [any]"""
    first = mix(seed, 2 * index)
    second = mix(seed, 2 * index + 1)
    # (0, 1]: the logarithm must be finite.
    u = (np.float64(first >> np.uint64(11)) + 1.0) * _UNIT
    v = np.float64(second >> np.uint64(11)) * _UNIT
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)
