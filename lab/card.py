"""MIDI to sound through a sound card, with a cable from its output to its input.

What the JACK graph cannot show is in these figures: the driver's buffers and both
converters. Notes are sent through the system's MIDI where it has any, else struck in
the host's own process; the sound is looked for in what the card's input brings.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.capture import Capture
from lab.card_loop import round_trips
from lab.errors import BenchError
from lab.keyboard import Keyboard
from lab.onsets import GAP_SECONDS, Hearing, hear, note_frames, onset
from lab.players.table import Player
from lab.result import Result, latency_result
from lab.session import Session
from lab.sound import NOTE_ON, struck
from rtaudio_dl.host.live import PLACEMENTS
from rtaudio_dl.io.audio.devices import AudioDevice, find_output

BLOCK = 128
HOW_TO_PLUG = (
    "connect the left output (1) to input {input} with a cable, turn loudspeakers off, "
    "and set both levels to about the middle"
)
_THRESHOLD = 0.03  # of a note's peak, -30 dB: a cable is not as silent as a graph
_SETTLE_SECONDS = 0.5


@dataclass(frozen=True)
class Card:
    """What the cable connects: an output and an input, ``channel`` from 0."""

    output: AudioDevice
    input: AudioDevice
    channel: int

    @property
    def rate(self) -> int:
        """Hz, of both."""
        return round(self.output.default_rate)


def measure(session: Session, device: str, channel: int, notes: int) -> list[Result]:
    """The card's round trip, then notes in both placements.

    ``device`` is words of its name or its number, ``channel`` the input, from 0.
    Raises DeviceError or BenchError, which says how to plug.
    """
    card = find_card(device, channel)
    session.note(f"latency: {card.output.label}: {_plug(card)}")
    results = []
    for result in _all(card, notes):
        results.append(result)
        session.progress(result.what, len(results) / (1 + len(PLACEMENTS)))
    return results


def find_card(device: str, channel: int) -> Card:
    """The card that a name means, with the input that is wanted."""
    output = find_output(device, "portaudio")
    if output.inputs <= channel:
        raise BenchError(
            f"{output.label} has {output.inputs} inputs, so none with the number "
            f"{channel + 1}; choose another with --input, or another --device"
        )
    return Card(output, output, channel)


def _plug(card: Card) -> str:
    return HOW_TO_PLUG.format(input=card.channel + 1)


def _all(card: Card, notes: int) -> Iterator[Result]:
    yield _round_trip(card, notes)
    for placement in PLACEMENTS:
        with Player("ours", {}) as player:
            yield _way(card, player, placement, notes)


def _round_trip(card: Card, pulses: int) -> Result:
    frames = note_frames(pulses, card.rate, BLOCK)
    delays = round_trips(
        card.output, card.input, card.rate, BLOCK, card.channel, frames
    )
    came = [delay for delay in delays if delay >= 0]
    if not came:
        raise BenchError(f"no sound came back through the cable; {_plug(card)}")
    facts = {"notes": pulses, "missed": pulses - len(came)}
    return _result(card, "output to input", np.array(came), facts)


def _way(card: Card, player: Player, placement: str, notes: int) -> Result:
    told = player.ask(
        "open",
        device=card.output.label,
        backend="portaudio",
        placement=placement,
        block=BLOCK,
    )
    keyboard = _keyboard(told["midi"])
    try:
        with Capture(card.input, card.rate, BLOCK, card.channel) as capture:
            time.sleep(_SETTLE_SECONDS)
            times = list(_strike(player, keyboard, notes))
            time.sleep(2 * GAP_SECONDS)
    finally:
        if keyboard:
            keyboard.close()
    parts = player.ask("reported") | {"input": capture.latency}
    del parts["sample_rate"]
    facts = {f"reported_{part}": frames for part, frames in parts.items()}
    facts |= {
        "notes": notes,
        "midi": keyboard.name if keyboard else "none: struck in the host",
        "reported": sum(parts.values()),
        "overflows": capture.overflows,
    }
    hearing = _hear(card, capture, times)
    facts |= {"missed": hearing.missed, "unclear": hearing.unclear}
    name = f"ours, {placement}, pooled"
    return _result(card, name, hearing.latencies, facts)


def _keyboard(port: str) -> Keyboard | None:
    """None where this system has no MIDI, or no ports made by software."""
    try:
        return Keyboard(port) if port else None
    except BenchError:
        return None


def _strike(player: Player, keyboard: Keyboard | None, notes: int) -> Iterator[int]:
    """Strike notes at intervals that are no multiple of a block; when each was."""
    rng = np.random.default_rng(notes)
    for _ in range(notes):
        yield keyboard.send(NOTE_ON) if keyboard else player.ask("strike")
        time.sleep(GAP_SECONDS + 0.01 * rng.random())


def _hear(card: Card, capture: Capture, times: Sequence[int]) -> Hearing:
    sound = struck(card.rate)
    frames = [round(capture.frame_at(time)) for time in times]
    lead = onset(sound.audio, _THRESHOLD)
    return hear(capture.audio, frames, lead, BLOCK, _THRESHOLD)


def _result(
    card: Card, what: str, latencies: np.ndarray, facts: dict[str, Any]
) -> Result:
    name = f"{card.output.label}, {what}"
    return latency_result(name, latencies, facts, card.rate, BLOCK)
