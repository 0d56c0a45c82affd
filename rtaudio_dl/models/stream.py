"""What a streaming model must be, beside what holds for every model.

It makes one hop at a run, for any number of notes at once: each tensor's first
dimension is free, a note is a row. What it must remember of a note it gives out as
states, which come back with the next hop; zeros mean that a note begins.
"""

from __future__ import annotations

from typing import NoReturn

from rtaudio_dl.errors import ModelError, shown
from rtaudio_dl.models.card import Card, Tensor
from rtaudio_dl.models.timbre import CONTROL, card_timbres

STATES = 32  # most state tensors of a model
GATE = "gate"
CONTROLS = (GATE, CONTROL)
HOPS = (16, 4096)  # frames
MAX_STATE = 1 << 18  # numbers of one note, all states together


def check_stream(card: Card) -> None:
    """Raise ModelError where the engine could not play a card of kind stream."""
    for tensor in (*card.inputs, *card.outputs):
        _check_tensor(tensor)
    _check_controls(card)
    _check_outputs(card)
    _check_hop(card)
    _check_states(card)
    card_timbres(card)


def hop_of(card: Card) -> int:
    """Frames that a streaming model makes at a run."""
    return card.output("audio").size()


def _check_tensor(tensor: Tensor) -> None:
    free = [isinstance(d, str) for d in tensor.shape]
    if tensor.dtype != "float32" or free[:1] != [True] or any(free[1:]):
        _refuse(
            f"{tensor.role} {tensor.name!r}",
            f"{tensor.dtype} {tensor.shape}",
            'float32 whose first dimension alone is free, as ("B", 1)',
        )


def _check_controls(card: Card) -> None:
    controls = [t for t in card.inputs if t.role == "control"]
    names = [t.name for t in controls]
    if set(names) - set(CONTROLS):
        _refuse("controls of kind stream", names, " and ".join(CONTROLS))
    gate = card.input("control", GATE)
    if gate is not None and gate.size() != 1:
        _refuse("gate", gate.shape, "one value")


def _check_outputs(card: Card) -> None:
    roles = [t.role for t in card.outputs]
    if roles.count("audio") != 1 or set(roles) - {"audio", "state"}:
        _refuse("outputs of kind stream", roles, "one audio, and states")


def _check_hop(card: Card) -> None:
    hop, (low, high) = hop_of(card), HOPS
    if not low <= hop <= high:
        _refuse("hop", hop, f"{low} to {high} frames")
    if card.extra.get("hop", hop) != hop:
        _refuse("hop in the card", card.extra["hop"], f"{hop}, as the audio has")


def _check_states(card: Card) -> None:
    states = [t for t in card.inputs if t.role == "state"]
    if len(states) > STATES:
        _refuse("number of states", len(states), f"at most {STATES}")
    size = sum(t.size() for t in states)
    if size > MAX_STATE:
        _refuse("size of the states", size, f"at most {MAX_STATE} numbers")


def _refuse(name: str, value: object, allowed: str) -> NoReturn:
    raise ModelError(f"{name} is {shown(value)}; allowed: {allowed}")
