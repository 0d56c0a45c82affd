"""MIDI from the operating system (ALSA, CoreMIDI, Windows) through rtmidi.

rtmidi is imported here only, when it is first used. Its own time stamps are not: they
are differences that start at zero, and wrong on macOS (python-rtmidi issue 204).
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from types import ModuleType

from rtaudio_dl.io.midi.ports import CLIENT_NAME, Put, Status, wanted

_SEQUENCER = "/dev/snd/seq"  # of ALSA
_NAMES = {"linux": "ALSA", "darwin": "CoreMIDI", "win32": "Windows MIDI"}


def api_name() -> str:
    """What the system's own MIDI is called."""
    return _NAMES.get(sys.platform, "system MIDI")


def no_sequencer() -> bool:
    """Whether the system shows no MIDI at all, not even hardware."""
    return sys.platform == "linux" and not os.path.exists(_SEQUENCER)


def unavailable() -> str:
    """Why the system's MIDI cannot be used, or an empty text."""
    if no_sequencer():
        return f"no {_SEQUENCER}: ALSA's sequencer is not loaded (modprobe snd-seq)"
    try:
        import rtmidi  # noqa: F401
    except ImportError as error:
        return f"rtmidi does not load: {error}"
    return ""


def system_api(rtmidi: ModuleType) -> int:
    return {
        "linux": rtmidi.API_LINUX_ALSA,
        "darwin": rtmidi.API_MACOSX_CORE,
        "win32": rtmidi.API_WINDOWS_MM,
    }.get(sys.platform, rtmidi.API_UNSPECIFIED)


def list_ports() -> list[str]:
    """Names of the system's MIDI sources."""
    if unavailable():
        return []
    return SystemMidi(lambda *_: None, None).sources()


def unique(names: list[str]) -> list[str]:
    """The same names, but a number added to each after the first of its kind."""
    seen: Counter[str] = Counter()
    labels = []
    for name in names:
        seen[name] += 1
        labels.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return labels


class SystemMidi:
    """The system's MIDI sources, opened and watched by `poll`.

    ``put`` gets every message with the time of its arrival; ``query`` names sources,
    None takes all. ``api`` is rtmidi's number, None for the system's own.
    """

    def __init__(self, put: Put, query: str | None, api: int | None = None):
        import rtmidi

        self._rtmidi = rtmidi
        self._api = system_api(rtmidi) if api is None else api
        self._put, self._query = put, query
        self._probe = self._new("rtaudio_dl-list")
        self._open: dict[str, object] = {}
        self._refused: set[str] = set()
        self._missed: set[str] = set()
        self._virtual = None

    def sources(self) -> list[str]:
        """Names of all sources."""
        return unique(self._probe.get_ports())

    def ports(self) -> list[str]:
        """Names of the sources that are read."""
        return sorted(self._open)

    def poll(self) -> list[Status]:
        """Open sources that came, close those that went; what changed."""
        there = self.sources()
        self._refused &= set(there)
        statuses = [self._lose(name) for name in sorted(set(self._open) - set(there))]
        for index, name in enumerate(there):
            known = name in self._open or name in self._refused
            if not known and wanted(name, self._query):
                statuses.append(self._take(index, name))
        return statuses

    def open_virtual(self) -> list[Status]:
        """Open a port that other programs can play into, where the system has such."""
        if self._virtual is not None:
            return []
        if sys.platform == "win32":
            self._virtual = False
            text = "Windows has no virtual ports; loopMIDI makes one"
            return [Status("missing", "", text)]
        self._virtual = self._new(CLIENT_NAME)
        self._listen(self._virtual, CLIENT_NAME)
        self._virtual.open_virtual_port("midi_in")
        return [Status("virtual", CLIENT_NAME, f"{api_name()} port {CLIENT_NAME}")]

    def close(self) -> None:
        """Close all ports."""
        for midi in (*self._open.values(), self._virtual, self._probe):
            if midi:
                midi.delete()
        self._open.clear()
        self._virtual = None

    def _new(self, name: str):
        return self._rtmidi.MidiIn(self._api, name=name)

    def _listen(self, midi, source: str) -> None:
        put, now = self._put, time.perf_counter_ns

        def arrived(data: tuple[list[int], float], _: object) -> None:
            stamp = now()
            put(source, stamp, bytes(data[0]))

        # The clock is let through, system exclusive and active sensing are not.
        midi.ignore_types(sysex=True, timing=False, active_sense=True)
        midi.set_callback(arrived)

    def _take(self, index: int, name: str) -> Status:
        midi = self._new(CLIENT_NAME)
        self._listen(midi, name)
        try:
            midi.open_port(index, name="midi_in")
        except (self._rtmidi.RtMidiError, ValueError) as error:
            midi.delete()
            self._refused.add(name)
            return Status("error", name, f"does not open: {error}")
        self._open[name] = midi
        event = "returned" if name in self._missed else "connected"
        self._missed.discard(name)
        return Status(event, name)

    def _lose(self, name: str) -> Status:
        self._open.pop(name).delete()
        self._missed.add(name)
        self._put(name, time.perf_counter_ns(), None)
        return Status("lost", name)
