"""What a parameter of a node is, and those that every instrument has."""

from __future__ import annotations

from dataclasses import dataclass

# Curves: what a control 0..1 means.
LINEAR = 0  # from low to high
GAIN_CURVE = 1  # squared; General MIDI's default of a volume plays at 0 dB
CUBIC = 2  # `scale` times the cube: fine where the ear is fine
CURVES = {"linear": LINEAR, "gain": GAIN_CURVE, "cubic": CUBIC}

_LONGEST = 10.0  # s, of a time that a control sets
_GAIN_SECONDS = 0.005


@dataclass(frozen=True)
class Parameter:
    """A parameter of a node: its range, its default, what it means.

    ``smoothing`` is the time constant in s with which it is followed, 0: at once;
    ``scale`` is what a control of 1 means on the curve ``cubic``.
    """

    low: float
    high: float
    default: float
    meaning: str
    unit: str = ""
    curve: str = "linear"
    scale: float = 1.0
    smoothing: float = 0.0


# What a gain may be, linear, and a pan, left to right, wherever there is one.
GAINS, PANS = (0.0, 4.0), (-1.0, 1.0)

# Those of every instrument. The order is for ever: recordings name them by number.
INSTRUMENT: dict[str, Parameter] = {
    "gain": Parameter(
        *GAINS, 1, "loudness, linear", curve="gain", smoothing=_GAIN_SECONDS
    ),
    "pan": Parameter(*PANS, 0, "left to right", smoothing=_GAIN_SECONDS),
    "morph": Parameter(0, 1, 0, "the way through the latent space"),
    "variation": Parameter(0, 1, 0.15, "how far each strike wanders from its key"),
    "tune": Parameter(-48, 48, 0, "semitones", "semitones", smoothing=0.002),
    "brightness": Parameter(0, 1, 0.4, "how much darker soft notes are"),
    "attack": Parameter(0, 60, 0, "s", "s", "cubic", _LONGEST),
    "decay": Parameter(
        0, 60, 0, "s, time constant of the way down to sustain", "s", "cubic", _LONGEST
    ),
    "sustain": Parameter(0, 1, 1, "level while the key is down"),
    "release": Parameter(
        0, 60, 0.08, "s, time constant after the key is up", "s", "cubic", _LONGEST
    ),
    "velocity_curve": Parameter(0, 4, 1.6, "exponent of velocity for loudness"),
    "bend_range": Parameter(0, 48, 2, "semitones of the pitch wheel", "semitones"),
    "x": Parameter(
        0, 1, 0, "the way from the left corners of [morph] to the right", smoothing=0.02
    ),
    "y": Parameter(
        0,
        1,
        0,
        "the way from the lower corners of [morph] to the upper",
        smoothing=0.02,
    ),
}
