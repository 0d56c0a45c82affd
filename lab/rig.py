"""A JACK server with a probe and one player on it, ready to be measured."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lab.errors import BenchError
from lab.jack_probe import JackProbe
from lab.jack_server import Server, missing, server_to_measure
from lab.onsets import GAP_SECONDS, Hearing, hear, note_frames
from lab.players.fluidsynth import NOTE_ON as FLUIDSYNTH_NOTE_ON
from lab.players.table import Player
from lab.sound import NOTE_ON, Sound, struck
from lab.vitals import stolen_ms, stolen_since

_TAIL_SECONDS = 2 * GAP_SECONDS
_SETTLE_SECONDS = 0.3  # a graph that has just changed may miss cycles


@dataclass
class Heard:
    """A run: what was heard, and what went wrong on the server meanwhile."""

    hearing: Hearing
    facts: dict[str, Any]


class Rig:
    """A server and a probe; use `rig` to make one."""

    def __init__(self, server: Server, probe: JackProbe, sound: Sound, file: Path):
        self.server, self.probe, self.sound, self._file = server, probe, sound, file

    @contextmanager
    def player(self, name: str) -> Iterator[Player]:
        """A player on this server, not opened yet."""
        with Player(name, self.server.environment) as player:
            yield player
            self.probe.disconnect()

    def open(self, player: Player, name: str, **options: Any) -> dict[str, Any]:
        """Open a player and connect it to the probe; returns what it tells of itself.

        ``options`` are for our own only.
        """
        shape = {"rate": self.server.rate, "period": self.server.period}
        self.probe.disconnect()
        if name == "ours":
            told = player.ask("open", **options)
        elif name == "fluidsynth":
            told = player.ask("open", **shape)
        else:
            told = player.ask("open", sound=str(self._file), **shape)
        midi = f"^{told['midi']}$" if told.get("midi") else player.kind.midi
        self.probe.connect_midi(midi)
        self.probe.connect_audio(player.kind.audio)
        time.sleep(_SETTLE_SECONDS)
        return {"lead": self.sound.lead} | told

    def play(self, name: str, notes: int, lead: int) -> Heard:
        """Strike notes that meet every place in a period, and hear them."""
        rate, period = self.server.rate, self.server.period
        frames = note_frames(notes, rate, period)
        message = FLUIDSYNTH_NOTE_ON if name == "fluidsynth" else NOTE_ON
        before = stolen_ms()
        audio, _ = self.probe.run(
            [(frame, message) for frame in frames],
            frames[-1] + round(_TAIL_SECONDS * rate),
        )
        hearing = hear(audio, frames, lead, period)
        facts = {
            "notes": notes,
            "missed": hearing.missed,
            "unclear": hearing.unclear,
            "xruns": self.probe.xruns,
            "probe_gaps": self.probe.gaps,
            "probe_late": self.probe.late,
            "stolen_ms": stolen_since(before),
        }
        return Heard(hearing, facts)


@contextmanager
def rig(patient: bool = False, period: int | None = None) -> Iterator[Rig]:
    """A probe on the running JACK server, else on one with the dummy driver.

    Raises BenchError where there is no JACK.
    """
    if missing():
        raise BenchError(missing())
    server = server_to_measure(patient, period)
    with tempfile.TemporaryDirectory() as folder, server, JackProbe(server) as probe:
        sound, file = struck(server.rate), Path(folder) / "sound.npy"
        np.save(file, sound.audio, allow_pickle=False)
        yield Rig(server, probe, sound, file)
