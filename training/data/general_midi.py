"""What General MIDI says of its programs, in the words of NSynth."""

from __future__ import annotations

PERCUSSION_BANKS = (120, 128)
# First and last program -> family. What is left out has no pitch that a key could have:
# timpani, orchestra hit, drums, effects.
_FAMILIES = {
    (0, 7): "keyboard",
    (8, 15): "mallet",
    (16, 23): "organ",
    (24, 31): "guitar",
    (32, 39): "bass",
    (40, 46): "string",
    (48, 51): "string",
    (52, 54): "vocal",
    (56, 63): "brass",
    (64, 71): "reed",
    (72, 79): "flute",
    (80, 103): "synth_lead",
    (104, 107): "guitar",
    (108, 108): "mallet",
    (109, 109): "reed",
    (110, 110): "string",
    (111, 111): "reed",
    (112, 112): "mallet",
    (114, 114): "mallet",
}
_ELECTRONIC = ((2, 2), (4, 5), (16, 18), (26, 31), (33, 37))
_SYNTHETIC = ((38, 39), (50, 51), (54, 54), (62, 63), (80, 103))
_DISTORTED = (29, 30)


def family(bank: int, program: int) -> str | None:
    """NSynth's family of a program (0..127), or None if it is not a pitched sound."""
    if bank in PERCUSSION_BANKS:
        return None
    return next((name for (a, b), name in _FAMILIES.items() if a <= program <= b), None)


def source(program: int) -> str:
    """NSynth's source: how the instrument makes its sound."""
    if any(a <= program <= b for a, b in _SYNTHETIC):
        return "synthetic"
    if any(a <= program <= b for a, b in _ELECTRONIC):
        return "electronic"
    return "acoustic"


def is_distorted(program: int) -> bool:
    """Whether the program is a guitar through an overdriven amplifier."""
    return program in _DISTORTED
