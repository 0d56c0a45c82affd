"""The process that reads MIDI: nothing that the user's interpreter does can delay it.

`rtaudio_dl.io.midi.reader.MidiReader` starts it. It writes events into shared memory,
what happens to its ports as JSON lines to standard output, and ends when standard input
does, so also when its parent dies.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import threading
import time
from dataclasses import asdict

from rtaudio_dl.core.lifetime import do_all, start_thread
from rtaudio_dl.io.midi.ports import JACK, Status, list_jack

POLL_SECONDS = 1.0
_PRIORITY = 50  # of SCHED_FIFO, below JACK's and PipeWire's own threads


def main(arguments: list[str] | None = None) -> None:
    """Read MIDI into a shared ring until standard input ends; or list the ports."""
    options = _parse(arguments)
    if options.list:
        sys.stdout.write(json.dumps(_list()))
        return
    ended = threading.Event()
    start_thread(_wait_for_end, "end of the parent", ended)
    jack = not options.no_jack
    Reader(options.ring, options.size, options.port, jack).run(ended)
    os._exit(0)  # all is closed, and Numba would take most of a second to unload


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Read MIDI for rtaudio_dl.")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--ring")
    parser.add_argument("--size", type=int)
    parser.add_argument("--port")
    parser.add_argument("--no-jack", action="store_true")
    return parser.parse_args(arguments)


def _wait_for_end(ended: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    ended.set()
    # A driver that hangs while it is closed must not keep this process.
    time.sleep(2.0)
    os._exit(1)


def _list() -> list[dict[str, object]]:
    from rtaudio_dl.io.midi import system as midi_system

    api = midi_system.api_name()
    system = [
        {"name": name, "api": api, "hardware": True}
        for name in midi_system.list_ports()
    ]
    jack = [
        {"name": name, "api": JACK, "hardware": hardware}
        for name, hardware in list_jack()
    ]
    return system + jack


def say(status: Status) -> None:
    """Tell the parent; nobody may be there to hear it."""
    try:
        sys.stdout.write(json.dumps(asdict(status)) + "\n")
        sys.stdout.flush()
    except (BrokenPipeError, ValueError):
        pass


class Reader:
    """All sources of MIDI, written into one shared ring."""

    def __init__(self, ring: str, size: int, query: str | None, jack: bool):
        from rtaudio_dl.io.midi import system as midi_system
        from rtaudio_dl.io.midi.writer import Writer
        from rtaudio_dl.io.shared import SharedRing

        _prepare_for_real_time()  # threads that begin later take after this one
        self._shared = SharedRing.attach(ring, size)
        self._writer = Writer(self._shared.ring, self._shared.cursors)
        reason = midi_system.unavailable()
        put = self._writer.put
        self._system = None if reason else midi_system.SystemMidi(put, query)
        self._jack = None
        if jack:
            from rtaudio_dl.io.midi.jack import JackMidi

            # Hardware that the system shows is read there: JACK may show it again.
            self._jack = JackMidi(put, query, hardware=bool(reason))
        self._query, self._reason = query, reason
        self._said_waits = self._said_dropped = 0

    def run(self, ended: threading.Event) -> None:
        """Look after the ports until the end."""
        self._poll()
        self._say_what_is_missing()
        say(Status("ready"))
        while not ended.wait(POLL_SECONDS):
            self._poll()
        sources = [s for s in (self._jack, self._system) if s is not None]
        do_all(*(s.close for s in sources), lambda: self._writer.close(seconds=0.5))

    def _poll(self) -> None:
        statuses = self._jack.poll() if self._jack else []
        if self._system is not None:
            if self._jack and not self._jack.there:
                statuses += self._system.open_virtual()
            statuses += self._system.poll()
        for status in statuses:
            say(status)
        if self._writer.waits > self._said_waits:
            self._said_waits = self._writer.waits
            say(Status("waits", "", str(self._said_waits)))
        dropped = self._writer.dropped + (self._jack.dropped if self._jack else 0)
        if dropped > self._said_dropped:
            self._said_dropped = dropped
            say(Status("error", "", f"{self._said_dropped} messages were too many"))

    def _say_what_is_missing(self) -> None:
        if self._jack is None:
            return  # who brings JACK's MIDI knows what is missing
        if self._system is None and not self._jack.there:
            text = f"no MIDI here: {self._reason}, and no JACK server runs"
            say(Status("missing", "", text))
            return
        system = self._system.ports() if self._system else []
        if self._query is not None and not system + self._jack.ports():
            say(Status("missing", self._query, "is not there yet; waiting for it"))


def _prepare_for_real_time() -> None:
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.0002)  # a callback waits no longer for another thread
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    except (AttributeError, OSError):
        pass  # not this system, or not allowed: it works without, only less strictly


if __name__ == "__main__":
    main()
