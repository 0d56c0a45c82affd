"""Which MIDI sources of a JACK server are connected to us, and which should be."""

from __future__ import annotations

from rtaudio_dl.io.jack import libjack
from rtaudio_dl.io.midi.ports import Status, jack_sources, wanted


class JackPorts:
    """Connects sources to one input port and says what changed.

    ``query`` names sources to connect; with None it is all hardware if ``hardware`` is
    true. Whatever else other programs connect is watched as well.
    """

    def __init__(self, query: str | None, hardware: bool):
        self._query, self._hardware = query, hardware
        self._seen: set[str] = set()  # sources that were there at the last poll
        self._connected: set[str] = set()
        self._missed: set[str] = set()  # were connected once

    @property
    def names(self) -> list[str]:
        """Names of the sources that are connected."""
        return sorted(self._connected)

    def poll(self, client: libjack.Client, port: int) -> tuple[list[Status], bool]:
        """Connect sources that came; returns what changed, and whether notes of a
        source may hang because it has gone."""
        self._connect_new(client, client.port_name(port))
        return self._compare(set(client.connections(port)))

    def forget(self) -> list[Status]:
        """The server has gone: so have all sources."""
        self._seen.clear()
        return self._compare(set())[0]

    def _connect_new(self, client: libjack.Client, port: str) -> None:
        only_hardware = self._query is None
        flags = libjack.IS_PHYSICAL if only_hardware else 0
        there = set(jack_sources(client, flags))
        # One that the user disconnects stays so until it comes anew.
        for name in sorted(there - self._seen):
            if wanted(name, self._query) and (self._hardware or not only_hardware):
                client.connect(name, port)
        self._seen = there

    def _compare(self, now: set[str]) -> tuple[list[Status], bool]:
        came, went = now - self._connected, self._connected - now
        statuses = [Status("lost", name) for name in sorted(went)]
        for name in sorted(came):
            event = "returned" if name in self._missed else "connected"
            statuses.append(Status(event, name))
        self._missed = (self._missed | went) - came
        self._connected = now
        # One may also have come, played and gone since the last poll.
        return statuses, bool(went) or not now
