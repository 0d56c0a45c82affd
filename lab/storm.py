"""Random MIDI at high density: what no musician plays, but a sequencer might send."""

from __future__ import annotations

import random

CHANNELS, KEYS = 16, range(35, 83)
# Tuning is left alone: a sound four octaves down lasts so long that it looks hung.
CONTROLS = (1, 7, 10, 11, 16, 64, 72, 73, 74)
_BURST = 64  # controls of a storm, one per frame
# What comes next, and how often: notes, their ends, and the rest.
_WEIGHTS = {"on": 48, "off": 36, "bend": 6, "program": 2, "control": 7, "storm": 1}


class Storm:
    """A stream of messages with a seed: the same one in each run.

    ``note_ons`` and ``messages`` count what was made so far.
    """

    def __init__(self, seed: int, per_second: float, rate: int):
        self._random = random.Random(seed)
        self._gap = rate / per_second
        self.note_ons = self.messages = 0

    def events(self, frames: int) -> list[tuple[int, bytes]]:
        """Messages at their frames, for so many frames."""
        made: list[tuple[int, bytes]] = []
        frame = 0.0
        while (frame := frame + self._random.expovariate(1 / self._gap)) < frames:
            made += self._some(int(frame), frames)
        self.messages += len(made)
        self.note_ons += sum(message[0] & 0xF0 == 0x90 for _, message in made)
        return sorted(made, key=lambda event: event[0])

    def ending(self) -> list[tuple[int, bytes]]:
        """Everything that a player sends to end all notes, on all channels."""
        return [
            (0, bytes((0xB0 | channel, control, 0)))
            for control in (64, 123)
            for channel in range(CHANNELS)
        ]

    def _some(self, frame: int, frames: int) -> list[tuple[int, bytes]]:
        draw = self._random
        kind = draw.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        channel = draw.randrange(CHANNELS)
        if kind == "storm":
            control = draw.choice(CONTROLS)
            return [
                (frame + i, bytes((0xB0 | channel, control, draw.randrange(128))))
                for i in range(min(_BURST, frames - frame))
            ]
        message = {
            "on": (0x90 | channel, draw.choice(KEYS), draw.randrange(1, 128)),
            "off": (0x80 | channel, draw.choice(KEYS), 0),
            "bend": (0xE0 | channel, draw.randrange(128), draw.randrange(128)),
            "program": (0xC0 | channel, draw.randrange(3)),
            "control": (0xB0 | channel, draw.choice(CONTROLS), draw.randrange(128)),
        }[kind]
        return [(frame, bytes(message))]
