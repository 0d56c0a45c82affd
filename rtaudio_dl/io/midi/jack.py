"""MIDI from a JACK server: stamped to the frame by native code, in JACK's own cycle.

JACK gives every message its frame. A library that stamps messages in the callback, as
rtmidi does, rounds that to a whole period; here the frame itself becomes the time, on
the clock of `time.perf_counter_ns`. JACK's own estimate will not do: it is on another
clock (CLOCK_MONOTONIC_RAW on Linux), and wanders with the jitter of the server.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time

import numpy as np

from rtaudio_dl.core.control import load_word, pop
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.lifetime import join, start_thread
from rtaudio_dl.core.native import (
    call2,
    call3,
    record_at,
    records_at,
    store_release,
    words_at,
)
from rtaudio_dl.core.ring import CURSORS, DROPPED, new_cursors, push
from rtaudio_dl.core.system import performance_clock
from rtaudio_dl.errors import RtaudioError
from rtaudio_dl.io.jack import libjack
from rtaudio_dl.io.jack.native import (
    MIDI_EVENT,
    U32,
    midi_count,
    midi_message,
)
from rtaudio_dl.io.jack.ports import JackPorts
from rtaudio_dl.io.midi.ports import CLIENT_NAME, JACK, Put, Status

_RAW_SIZE = 1 << 16  # messages
_RETRY_SECONDS = 2.0
_WINDOW = 64  # cycles
NONE = -1
_FRAME_MASK = 0xFFFFFFFF  # JACK counts frames in 32 bits

# A channel message and when it was: bytes 0..2 from the lowest up, byte 3 the length.
_RAW = np.dtype([("time", np.int64), ("message", np.int64)], align=True)
_STATE = np.dtype(
    [
        ("client", np.uintp),
        ("port", np.uintp),
        ("get_buffer", np.uintp),  # addresses of C functions
        ("event_count", np.uintp),
        ("event_get", np.uintp),
        ("last_frame_time", np.uintp),
        ("clock_gettime", np.uintp),
        ("write", np.uintp),
        ("clock", np.uintp),  # its number
        ("now", np.uintp),  # addresses of memory
        ("event", np.uintp),
        ("item", np.uintp),
        ("ring", np.uintp),
        ("cursors", np.uintp),
        ("wake", np.int64),  # file descriptor
        ("lost", np.uintp),  # address of an int64: the server has gone
        # when a frame is: nanoseconds = zero + frames passed * frame_ns
        ("frame_ns", np.float64),
        ("last_frame", np.int64),  # JACK's number, 32 bits
        ("passed", np.int64),  # frames since the first cycle
        ("cycles", np.int64),  # in this window
        ("earliest", np.float64, (2,)),  # zero of the window before, and of this one
        ("last_time", np.int64),
    ],
    align=True,
)


@rt_kernel
def _follow_clock(state, frames):
    """The nanosecond of frame 0, by the cycles that began earliest. [any]

    A cycle may begin late, but never early. So the least of "now minus frames passed"
    is the true one, unlike a mean: no jitter of the machine comes through. Only the
    last one or two windows count, for clocks drift. A cycle that is a period late ends
    them: after an xrun, time has passed without frames.
    """
    frame = np.int64(call2(state.last_frame_time, state.client, np.uintp(0)) & U32)
    if state.last_frame != NONE:
        state.passed += (frame - state.last_frame) & _FRAME_MASK
    state.last_frame = frame
    clock = words_at(state.now, 2)  # seconds, nanoseconds
    call2(state.clock_gettime, state.clock, state.now)
    now = clock[0] * 1_000_000_000 + clock[1]
    zero = now - state.passed * state.frame_ns
    if zero > min(state.earliest[0], state.earliest[1]) + frames * state.frame_ns:
        state.earliest[0] = state.earliest[1] = np.inf
    if state.cycles == _WINDOW:
        state.earliest[0], state.earliest[1] = state.earliest[1], np.inf
        state.cycles = 0
    state.cycles += 1
    state.earliest[1] = min(state.earliest[1], zero)
    return min(state.earliest[0], state.earliest[1])


@rt_entry("iup")
def _process(frames, user):
    """JackProcessCallback: move messages with their times into the raw ring. [any]"""
    state = record_at(user, _STATE)
    zero = _follow_clock(state, frames)
    buffer = call2(state.get_buffer, state.port, np.uintp(frames))
    count = midi_count(state.event_count, buffer)
    if count == 0:
        return 0
    item = records_at(state.item, 1, _RAW)
    ring = records_at(state.ring, _RAW_SIZE, _RAW)
    cursors = words_at(state.cursors, CURSORS)
    for i in range(count):
        offset, length, message = midi_message(state.event_get, state.event, buffer, i)
        if length > 0:
            when = zero + (state.passed + offset) * state.frame_ns
            state.last_time = max(state.last_time, np.int64(when))
            item[0].time, item[0].message = state.last_time, message | length << 24
            push(ring, cursors, item[0])
    call3(state.write, np.uintp(state.wake), state.item, np.uintp(1))
    return 0


@rt_entry("vp")
def _shutdown(user):
    """JackShutdownCallback: the server has gone. [any]"""
    store_release(words_at(record_at(user, _STATE).lost, 1), 0, 1)


def _address_of_write() -> int:
    return ctypes.cast(ctypes.CDLL(None).write, ctypes.c_void_p).value


class JackMidi:
    """A JACK client with one MIDI input, open for others and connected by `poll`.

    ``put`` gets every message; ``query`` names sources to connect, ``hardware`` takes
    all hardware sources when it is None.
    """

    def __init__(self, put: Put, query: str | None, hardware: bool):
        self._put = put
        self._sources = JackPorts(query, hardware)
        self._connection: _Connection | None = None
        self._next_try = 0.0
        self._dropped = 0  # of the connections that have ended

    @property
    def dropped(self) -> int:
        """Messages that were too many, and are lost."""
        now = self._connection.dropped if self._connection is not None else 0
        return self._dropped + now

    @property
    def there(self) -> bool:
        """Whether other programs can connect to it now."""
        return self._connection is not None

    def ports(self) -> list[str]:
        """Names of the sources that are connected."""
        return self._sources.names

    def poll(self) -> list[Status]:
        """Look after server and connections; what changed."""
        if self._connection is None:
            return self._open() if time.monotonic() >= self._next_try else []
        if self._connection.lost:
            return self._give_up()
        return self._look()

    def close(self) -> None:
        """Leave the server."""
        if self._connection is not None:
            self._connection.close()
            self._dropped += self._connection.dropped
            self._connection = None

    def _look(self) -> list[Status]:
        connection = self._connection
        statuses, hanging = self._sources.poll(connection.client, connection.port)
        if hanging:
            self._put(JACK, time.perf_counter_ns(), None)
        return statuses

    def _open(self) -> list[Status]:
        self._next_try = time.monotonic() + _RETRY_SECONDS
        if sys.platform == "win32":
            return []  # has neither clock_gettime nor such pipes; use the system's MIDI
        try:
            self._connection = _Connection(self._put)
        except RtaudioError:
            return []
        name = self._connection.client.port_name(self._connection.port)
        return [Status("virtual", JACK, f"JACK port {name}"), *self._look()]

    def _give_up(self) -> list[Status]:
        self.close()
        self._put(JACK, time.perf_counter_ns(), None)
        gone = Status("lost", JACK, "the JACK server has gone")
        return [*self._sources.forget(), gone]


class _Connection:
    """One client of one server, and the thread that hands its messages on."""

    def __init__(self, put: Put):
        self.client = libjack.Client(CLIENT_NAME)
        self._put = put
        self._ring, self._cursors = np.zeros(_RAW_SIZE, _RAW), new_cursors()
        self._event, self._item = np.zeros(1, MIDI_EVENT), np.zeros(1, _RAW)
        # Loads the kernel: at the first message it would be late by as much.
        pop(self._ring, self._cursors, self._item)
        self._now, self._lost = np.zeros(2, np.int64), np.zeros(1, np.int64)
        self._state = np.zeros(1, _STATE)
        self._ends: tuple[int, ...] = ()  # of a pipe: to read, to write
        self._thread: threading.Thread | None = None
        try:
            self.port = self.client.register("midi_in", libjack.MIDI, libjack.IS_INPUT)
            self._ends = os.pipe()
            self._thread = start_thread(self._hand_on, "MIDI from JACK", self._ends[0])
            self._activate()
        except BaseException:
            self.close()
            raise

    def _activate(self) -> None:
        # A full pipe must not block JACK's thread: its reader is awake already.
        os.set_blocking(self._ends[1], False)
        state = self._state
        state["client"], state["port"] = self.client.pointer, self.port
        for field, function in (
            ("get_buffer", "jack_port_get_buffer"),
            ("event_count", "jack_midi_get_event_count"),
            ("event_get", "jack_midi_event_get"),
            ("last_frame_time", "jack_last_frame_time"),
        ):
            state[field] = libjack.address(function)
        state["frame_ns"] = 1e9 / self.client.sample_rate
        state["last_frame"] = NONE
        state["earliest"] = np.inf
        clock = performance_clock()
        state["clock_gettime"], state["clock"] = clock.address, clock.id
        state["now"] = self._now.ctypes.data
        state["write"] = _address_of_write()
        state["wake"] = self._ends[1]
        state["event"], state["item"] = self._event.ctypes.data, self._item.ctypes.data
        state["lost"] = self._lost.ctypes.data
        state["ring"] = self._ring.ctypes.data
        state["cursors"] = self._cursors.ctypes.data
        self.client.on("process", _process.address, state.ctypes.data)
        self.client.on("shutdown", _shutdown.address, state.ctypes.data)
        self.client.activate()

    @property
    def lost(self) -> bool:
        """Whether the server has gone."""
        return bool(load_word(self._lost, 0))

    @property
    def dropped(self) -> int:
        """Messages that came while its thread was kept from running for too long."""
        return load_word(self._cursors, DROPPED)

    def close(self) -> None:
        """Leave the server; what has arrived is handed on first."""
        if not self.client.close():
            _abandoned.append(self)  # JACK's thread may still write there
            return
        ends, self._ends = self._ends, ()
        if ends:
            os.close(ends[1])
            join(self._thread)
            os.close(ends[0])

    def _hand_on(self, read_end: int) -> None:
        item = np.zeros(1, _RAW)
        while os.read(read_end, 4096):
            while pop(self._ring, self._cursors, item):
                word = int(item["message"][0])
                length = word >> 24
                message = word.to_bytes(4, "little")[:length]
                self._put(JACK, int(item["time"][0]), message)


_abandoned: list[_Connection] = []
