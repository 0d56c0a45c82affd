"""What the two ways of reading MIDI share: names, statuses, which ports are meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.jack import libjack
from rtaudio_dl.io.names import matches

CLIENT_NAME = "rtaudio_dl"  # of our virtual input, to other programs
JACK = "JACK"
_THROUGH = "midi through"  # ALSA's loop: what it sends came from another program

# put(source, time of `perf_counter_ns`, channel message); None for the message ends all
# notes of the source.
Put = Callable[[str, int, bytes | None], None]


@dataclass(frozen=True)
class Status:
    """Something that happened to a MIDI port.

    ``event`` is one of ``connected``, ``lost``, ``returned``, ``virtual`` (our own
    port is open, ``text`` says where), ``waits`` (``text`` counts how often the ring
    was full), ``missing`` (no API, or no such port yet) or ``error``.
    """

    event: str
    port: str = ""
    text: str = ""

    def line(self) -> str:
        """For a person to read."""
        said = {
            "connected": f"MIDI input: {self.port}",
            "lost": f"MIDI input lost: {self.port}; it is taken up when it returns",
            "returned": f"MIDI input is back: {self.port}",
            "virtual": f"other programs can play into {self.text}",
            "waits": f"MIDI waited {self.text} times for the engine",
        }
        return said.get(self.event, f"MIDI: {self.port} {self.text}".replace("  ", " "))


def jack_sources(client: libjack.Client, flags: int = 0) -> list[str]:
    """Names of JACK's MIDI sources that have all these flags, but our own."""
    names = client.ports(libjack.MIDI, libjack.IS_OUTPUT | flags)
    return [name for name in names if not name.startswith(f"{CLIENT_NAME}:")]


def list_jack() -> list[tuple[str, bool]]:
    """JACK's MIDI sources but our own, and whether each is hardware."""
    try:
        client = libjack.Client("rtaudio_dl-list")
    except DeviceError:
        return []
    try:
        hardware = set(jack_sources(client, libjack.IS_PHYSICAL))
        return [(name, name in hardware) for name in jack_sources(client)]
    finally:
        client.close()


def wanted(name: str, query: str | None) -> bool:
    """Whether a port is to be read: it matches, or nothing was asked and it is a source
    of its own."""
    if query is not None:
        return matches(query, name)
    label = name.casefold()
    return not label.startswith(CLIENT_NAME) and _THROUGH not in label
