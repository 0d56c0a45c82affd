"""Which players there are, what each needs, and a player as the lab holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from lab.child import Child

_PROCESS = "lab.players.process"


@dataclass(frozen=True)
class Kind:
    """A kind of player: its ports on the server, and why it cannot be had, or None."""

    title: str
    midi: str  # pattern of its MIDI input's name
    audio: str  # and of its audio outputs'
    missing: Callable[[], str | None] = lambda: None


def _needs(*modules: str) -> Callable[[], str | None]:
    def missing() -> str | None:
        lacking = [name for name in modules if find_spec(name) is None]
        return f"pip install {' '.join(lacking)}" if lacking else None

    return missing


def _no_fluidsynth() -> str | None:
    from lab.players.fluidsynth import missing

    return missing()


PYTHON_MIDI = "^bench-peer:"
KINDS = {
    "ours": Kind("rtaudio_dl", "", "^(rtaudio_dl|PortAudio).*:out_"),
    "jack": Kind("Python callback, JACK", PYTHON_MIDI, "^bench-peer:out_"),
    "sounddevice": Kind(
        "Python callback, sounddevice",
        PYTHON_MIDI,
        "^PortAudio.*:out_",
        _needs("sounddevice", "rtmidi"),
    ),
    "rtmixer": Kind(
        "rtmixer, from Python",
        PYTHON_MIDI,
        "^PortAudio.*:out_",
        _needs("rtmixer", "sounddevice", "rtmidi"),
    ),
    "fluidsynth": Kind(
        "FluidSynth", "^bench-peer.*:midi", "^bench-peer.*:", _no_fluidsynth
    ),
}
PYTHON_PEERS = ("jack", "sounddevice", "rtmixer")
PEERS = (*PYTHON_PEERS, "fluidsynth")


class Player:
    """A player in its process, as a client of a server; use it in a ``with`` block."""

    def __init__(self, name: str, environment: dict[str, str]):
        self.kind = KINDS[name]
        self._child = Child(_PROCESS, name, environment=environment)

    def ask(self, command: str, **fields: Any) -> Any:
        """Let it do something; see `players.process` for what it can do."""
        return self._child.ask(command, **fields)

    def __enter__(self) -> Player:
        self._child.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._child.close()
