"""The process behind `JackProbe`: two JACK clients with native callbacks."""

from __future__ import annotations

import re
import sys
import time
from ctypes import c_void_p

import numpy as np

from lab.child import serve
from lab.jack_loop import round_trips
from rtaudio_dl.core.control import load_word, store_word, turn
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    call2,
    call8,
    floats_at,
    load_acquire,
    record_at,
    records_at,
    store_release,
    table_at,
    words_at,
)
from rtaudio_dl.core.priority import lock_memory
from rtaudio_dl.core.switch import SWITCH, look
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.jack import libjack
from rtaudio_dl.io.seen import wait_until_seen

MAX_CHANNELS = 8
LEAD_PERIODS = 32  # from a request to its first frame
PORT_SECONDS = 10.0  # for a port to appear and to be connected
_U32 = np.uintp(0xFFFFFFFF)

MESSAGE = np.dtype([("frame", np.int64), ("size", np.int64), ("data", np.int64)])
STATE = np.dtype(
    [
        ("client", np.uintp),
        ("ports", np.uintp, (MAX_CHANNELS,)),
        ("get_buffer", np.uintp),
        ("last_frame_time", np.uintp),
        ("clear", np.uintp),
        ("write", np.uintp),
        ("events", np.uintp),
        ("audio", np.uintp),  # what is heard, or what is played
        ("start", np.int64),  # JACK's number of the first frame
        ("frames", np.int64),
        ("channels", np.int64),
        ("count", np.int64),  # messages
        ("next", np.int64),
        ("late", np.int64),
        ("expected", np.int64),  # frame that should begin the next cycle
        ("gaps", np.int64),
        ("words", np.uintp),  # `WORDS` int64 that are shared while it runs
    ],
    align=True,
)
# A switch, on while a run's memory may be used; what the callbacks tell.
DONE, XRUNS = SWITCH, SWITCH + 8
WORDS = SWITCH + 16
_CYCLE_SECONDS = 2.0  # a cycle that takes longer hangs


@rt_kernel
def _play(state, armed, n, first, frames):
    port = floats_at(call2(state.get_buffer, state.ports[1], n), frames)
    sound = floats_at(state.audio, state.frames)
    for i in range(frames):
        there = armed != 0 and 0 <= first + i < state.frames
        port[i] = sound[first + i] if there else np.float32(0.0)


@rt_entry("iup")
def _send(frames, user):
    """JackProcessCallback: put messages and sound at their frames. [audio]

    The ports are one for MIDI and one for sound.
    """
    state = record_at(user, STATE)
    armed = look(words_at(state.words, WORDS))
    n = np.uintp(frames)
    buffer = call2(state.get_buffer, state.ports[0], n)
    call2(state.clear, buffer, n)
    time = call2(state.last_frame_time, state.client, n) & _U32
    _play(state, armed, n, np.int64(time) - state.start, frames)
    if armed == 0:
        return 0
    first = np.int64(time) - state.start
    events = records_at(state.events, state.count, MESSAGE)
    while state.next < state.count:
        event = events[state.next]
        if event.frame >= first + frames:
            break
        offset = max(event.frame - first, 0)
        data = state.events + np.uintp(state.next * 24 + 16)
        zero = np.uintp(0)
        size, when = np.uintp(event.size), np.uintp(offset)
        full = call8(state.write, buffer, when, data, size, zero, zero, zero, zero)
        if full & _U32:
            break
        state.late += event.frame < first
        state.next += 1
    return 0


@rt_entry("iup")
def _record(frames, user):
    """JackProcessCallback: keep what is heard, at its frames. [audio]"""
    state = record_at(user, STATE)
    n = np.uintp(frames)
    now = np.int64(call2(state.last_frame_time, state.client, n) & _U32)
    words = words_at(state.words, WORDS)
    if look(words) == 0 or load_acquire(words, DONE) != 0:
        return 0
    first = now - state.start
    state.gaps += state.expected >= 0 and state.expected != now
    state.expected = now + frames
    audio = table_at(state.audio, state.frames, state.channels)
    for channel in range(state.channels):
        port = floats_at(call2(state.get_buffer, state.ports[channel], n), frames)
        for i in range(frames):
            if 0 <= first + i < state.frames:
                audio[first + i, channel] = port[i]
    if first + frames >= state.frames:
        store_release(words, DONE, 1)
    return 0


@rt_entry("ip")
def _xrun(user):
    """JackXRunCallback: somebody on the server was late. [any]"""
    words = words_at(record_at(user, STATE).words, WORDS)
    store_release(words, XRUNS, words[XRUNS] + 1)
    return 0


class Probe:
    """The two clients, and what they are asked to do."""

    def __init__(self, name: str, channels: int):
        self.channels = channels
        # Loaded first: a port is refused to those who connect to it before its client
        # is active, and rtmidi does not see that.
        callbacks = [entry.address for entry in (_send, _record, _xrun)]
        self.sender, self.send, self.send_words = self._client(f"{name}-send")
        self.listener, self.record, self.words = self._client(f"{name}-record")
        self.midi = self.sender.register("midi", libjack.MIDI, libjack.IS_OUTPUT)
        self.sound = self.sender.register("sound", libjack.AUDIO, libjack.IS_OUTPUT)
        self.send["ports"][0, :2] = self.midi, self.sound
        self.inputs = []
        for i in range(channels):
            port = self.listener.register(
                f"in_{i + 1}", libjack.AUDIO, libjack.IS_INPUT
            )
            self.inputs.append(port)
            self.record["ports"][0, i] = port
        for client, state, process in (
            (self.sender, self.send, callbacks[0]),
            (self.listener, self.record, callbacks[1]),
        ):
            client.on("process", process, state.ctypes.data)
            client.on("xrun", callbacks[2], state.ctypes.data)
            client.activate()

    def _client(self, name: str) -> tuple[libjack.Client, np.ndarray, np.ndarray]:
        client = libjack.Client(name)
        state, words = np.zeros(1, STATE), np.zeros(WORDS, np.int64)
        state["words"] = words.ctypes.data
        state["client"] = client.pointer
        for field, function in (
            ("get_buffer", "jack_port_get_buffer"),
            ("last_frame_time", "jack_last_frame_time"),
            ("clear", "jack_midi_clear_buffer"),
            ("write", "jack_midi_event_write"),
        ):
            state[field] = libjack.address(function)
        return client, state, words

    def _find(self, kind: bytes, flags: int, pattern: str) -> list[str]:
        def found() -> list[str]:
            names = self.sender.ports(kind, flags)
            return [name for name in names if re.search(pattern, name)]

        names = _until(found)
        if not names:
            there = self.sender.ports(kind, flags)
            raise DeviceError(f"no port matches {pattern!r}; there are: {there}")
        return names

    def connect_midi(self, pattern: str) -> list[str]:
        found = self._find(libjack.MIDI, libjack.IS_INPUT, pattern)
        for name in found:
            self._connect(self.sender, self.midi, name, plays=True)
        return found

    def disconnect(self) -> list[str]:
        disconnect = libjack.library().jack_port_disconnect
        disconnect.argtypes = (c_void_p, c_void_p)
        for port in (self.midi, self.sound):
            disconnect(self.sender.pointer, port)
        for port in self.inputs:
            disconnect(self.listener.pointer, port)
        return []

    def connect_sound(self, pattern: str) -> list[str]:
        found = self._find(libjack.AUDIO, libjack.IS_INPUT, pattern)
        for name in found:
            self._connect(self.sender, self.sound, name, plays=True)
        return found

    def connect_audio(self, pattern: str) -> list[str]:
        found = self._find(libjack.AUDIO, libjack.IS_OUTPUT, pattern)
        for name, port in zip(found, self.inputs, strict=False):
            self._connect(self.listener, port, name, plays=False)
        return found[: self.channels]

    def _connect(
        self, client: libjack.Client, port: int, other: str, plays: bool
    ) -> None:
        own = client.port_name(port)
        ends = (own, other) if plays else (other, own)

        def connected() -> bool:
            return client.connect(*ends) or other in client.connections(port)

        # JACK refuses a port of a client that has not been activated yet.
        if not _until(connected):
            raise DeviceError(f"JACK does not connect {ends[0]} to {ends[1]}")

    def ports(self) -> list[str]:
        return self.sender.ports(libjack.MIDI) + self.sender.ports(libjack.AUDIO)

    def run(
        self, events: list, frames: int, out: str, sound: str | None = None
    ) -> dict[str, int]:
        messages = np.zeros(max(len(events), 1), MESSAGE)
        for row, (frame, text) in zip(messages, sorted(events), strict=False):
            data = bytes.fromhex(text)
            row["frame"], row["size"] = frame, len(data)
            row["data"] = int.from_bytes(data, "little")
        audio = np.empty((frames, self.channels), np.float32)
        # Every page is there before the callback writes to it: a probe that waits for
        # memory is late itself, and the server tells that to all.
        audio.fill(0.0)
        lock_memory(audio)
        played = np.zeros(1, np.float32)
        if sound:
            played = np.ascontiguousarray(np.load(sound, allow_pickle=False))
        xruns = self._xruns()
        lead = LEAD_PERIODS * self.sender.period
        start = libjack.library().jack_frame_time(self.sender.pointer) + lead
        self._arm(messages, len(events), audio, played, start)
        rate = self.sender.sample_rate
        end = time.monotonic() + (frames + lead) / rate + 10.0
        while not load_word(self.words, DONE) and time.monotonic() < end:
            time.sleep(0.005)
        for words in (self.send_words, self.words):
            turn(words, 0)
        for words in (self.send_words, self.words):
            if not wait_until_seen(words, _CYCLE_SECONDS):
                raise DeviceError("the JACK server calls no more; is it stopped?")
        np.save(out, audio, allow_pickle=False)
        return {
            "start": start,
            "late": int(self.send["late"][0]),
            "sent": int(self.send["next"][0]),
            "gaps": int(self.record["gaps"][0]) + int(not load_word(self.words, DONE)),
            "xruns": self._xruns() - xruns,
        }

    def _arm(self, messages, count: int, audio, played, start: int) -> None:
        self._kept = messages, audio, played  # as long as the callbacks may use them
        for state, words, sound in (
            (self.send, self.send_words, played),
            (self.record, self.words, audio),
        ):
            state["start"], state["expected"] = start, -1
            state["late"] = state["gaps"] = state["next"] = 0
            store_word(words, DONE, 0)
            state["events"], state["count"] = messages.ctypes.data, count
            state["audio"], state["frames"] = sound.ctypes.data, len(sound)
            state["channels"] = self.channels
            turn(words, 1)

    def _xruns(self) -> int:
        return load_word(self.words, XRUNS)

    def round_trips(self, pulses: list[int]) -> list[int]:
        return round_trips(pulses)

    def close(self) -> None:
        self.sender.close()
        self.listener.close()


def _until(condition):
    """The first true value of a condition, or its last one after some seconds."""
    end = time.monotonic() + PORT_SECONDS
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return value


def main() -> None:
    """Be a probe: its name and its channels are the arguments."""
    serve(lambda: Probe(sys.argv[1], int(sys.argv[2])))
