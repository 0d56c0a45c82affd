"""A MIDI keyboard made of software: it plays into another program's port."""

from __future__ import annotations

from time import perf_counter_ns

from lab.errors import BenchError


class Keyboard:
    """Sends to the first MIDI port that has ``word`` in its name.

    It looks through every MIDI system that rtmidi knows here. Raises BenchError if
    there is no such port.
    """

    def __init__(self, word: str):
        import rtmidi

        seen: list[str] = []
        for api in rtmidi.get_compiled_api():
            try:
                port = rtmidi.MidiOut(api, name="rtaudio_dl-bench")
            except rtmidi.RtMidiError:
                continue  # compiled in, but not running here
            names = port.get_ports()
            found = [i for i, name in enumerate(names) if word in name]
            if found:
                self._port = port.open_port(found[0], name="out")
                self.name = names[found[0]]
                return
            seen += names
            port.delete()
        raise BenchError(
            f"no MIDI port has {word!r} in its name; there are: "
            f"{', '.join(seen) or 'none'}"
        )

    def send(self, message: bytes) -> int:
        """Send one message; the time just before, ns of the performance counter."""
        now = perf_counter_ns()
        self._port.send_message(message)
        return now

    def close(self) -> None:
        """Close the port."""
        self._port.close_port()
        self._port.delete()
