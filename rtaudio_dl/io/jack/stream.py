"""Playing and hearing through a JACK server, with MIDI in the same cycle."""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.control import load_word, store_word, turn
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.jack import cycle as jack_cycle
from rtaudio_dl.io.jack import libjack
from rtaudio_dl.io.jack.cycle import (
    CYCLE,
    LEFT,
    LOST,
    OUTPUTS,
    RELEASES,
    SCRATCH_FRAMES,
    WORDS,
    XRUNS,
)
from rtaudio_dl.io.jack.native import MIDI_EVENT
from rtaudio_dl.io.jack.ports import JackPorts
from rtaudio_dl.io.midi.ports import CLIENT_NAME, JACK, Status
from rtaudio_dl.io.midi.system import no_sequencer
from rtaudio_dl.io.seen import wait_until_seen

_CYCLE_SECONDS = 2.0  # a cycle that takes longer hangs
_OUT_NAMES = ("out_left", "out_right")


class JackStream:
    """Plays a callback's two channels to the ports of another JACK client.

    ``callback`` is the address of a PaStreamCallback, called with ``user``. ``reached``
    is what keeps all that they reach: it lives as long as JACK may call. ``target`` is
    the name of the client to play to.
    ``midi_callback``, if not 0, is the address of ``void f(user, int64 frame, uint64
    message)``, called before it for each MIDI message of the cycle; `poll_midi` then
    connects the sources that ``midi`` names (None: hardware that only JACK has). The
    first cycle ends what ``held`` says: see `held`.
    """

    def __init__(
        self,
        callback: int,
        user: int,
        target: str,
        midi_callback: int = 0,
        midi: str | None = None,
        held: int = 0,
        reached: object = None,
    ):
        self._client = libjack.Client(CLIENT_NAME)
        self._midi_port, self._reached = 0, reached
        self._sources = JackPorts(midi, hardware=no_sequencer())
        self._said_port = self.started = False
        try:
            self._targets = self._find(target)
            self._register(midi_callback)
            self._prepare(callback, user, midi_callback)
            self.sample_rate = self._client.sample_rate
        except BaseException:
            self._client.close()
            raise
        self._state["played"] = held
        store_word(self._words, RELEASES, held != 0)

    def _find(self, target: str) -> list[str]:
        clients = self._client.playback_targets()
        if target not in clients:
            found = ", ".join(clients) or "none"
            raise DeviceError(f"JACK has no {target!r} to play to; there are: {found}")
        return clients[target]

    def _register(self, midi_callback: int) -> None:
        client = self._client
        self._ports = [
            client.register(name, libjack.AUDIO, libjack.IS_OUTPUT)
            for name in _OUT_NAMES
        ]
        if midi_callback:
            self._midi_port = client.register("midi_in", libjack.MIDI, libjack.IS_INPUT)

    def _prepare(self, callback: int, user: int, midi_callback: int) -> None:
        self._scratch = np.zeros((SCRATCH_FRAMES, OUTPUTS), np.float32)
        self._inputs: list[int] = []
        self._heard: np.ndarray | None = None
        self._words = np.zeros(WORDS, np.int64)
        self._times, self._event = np.zeros(3), np.zeros(1, MIDI_EVENT)
        self._state = state = np.zeros(1, CYCLE)
        state["callback"], state["user"] = callback, user
        state["midi_callback"], state["midi_port"] = midi_callback, self._midi_port
        state["get_buffer"] = libjack.address("jack_port_get_buffer")
        state["event_count"] = libjack.address("jack_midi_get_event_count")
        state["event_get"] = libjack.address("jack_midi_event_get")
        state["ports"] = self._ports
        state["event"] = self._event.ctypes.data
        state["scratch"] = self._scratch.ctypes.data
        state["times"] = self._times.ctypes.data
        state["words"] = self._words.ctypes.data
        for event in ("process", "xrun", "shutdown"):
            function = getattr(jack_cycle, event)
            self._client.on(event, function.address, state.ctypes.data)

    @property
    def block(self) -> int:
        """Frames per process cycle; the server may change it."""
        return self._client.period if self._there() else 0

    @property
    def xruns(self) -> int:
        """How often the server told that a cycle was late, whoever's fault it was."""
        return load_word(self._words, XRUNS)

    def device_latency(self) -> int:
        """Frames from a process cycle to the target's end, as the server tells."""
        return self._client.playback_latency(self._ports[0]) if self._there() else 0

    def start(self) -> None:
        """Take part in process cycles, connected to the target."""
        self._client.activate()
        self.started = True
        for i, port in enumerate(self._ports):
            target = self._targets[min(i, len(self._targets) - 1)]
            if not self._client.connect(self._client.port_name(port), target):
                raise DeviceError(f"JACK did not connect this program to {target!r}")
        if self._inputs:
            self._connect_source()

    def stop(self) -> None:
        """Take no further part; the callback is not called again."""
        if self.active():
            self._client.deactivate()
        self.started = False

    def active(self) -> bool:
        """Whether started, with the server there."""
        return self.started and self._there()

    # --- sound in

    def hear(self, source: str, channels: int) -> None:
        """Give the callback input of so many channels from now on.

        Connected to the ports of the client ``source``; an empty name connects none.
        May be called while the callback runs. Raises DeviceError.
        """
        self.hear_nothing()
        try:
            self._hear(source, channels)
        except BaseException:
            self.hear_nothing()
            raise

    def _hear(self, source: str, channels: int) -> None:
        for number in range(1, channels + 1):
            name = f"in_{number}"
            port = self._client.register(name, libjack.AUDIO, libjack.IS_INPUT)
            self._inputs.append(port)
        # Ones: a page that is first met on the audio thread costs it a page fault.
        self._heard = np.ones((SCRATCH_FRAMES, channels), np.float32)
        self._state["heard"] = self._heard.ctypes.data
        self._state["input_ports"][0, :channels] = self._inputs
        turn(self._words, channels)
        self._source = source
        if self.started:
            self._connect_source()

    def hear_nothing(self) -> None:
        """Take the input ports away; again: nothing."""
        if not self._inputs:
            return
        turn(self._words, 0)
        if self.active() and not wait_until_seen(self._words, _CYCLE_SECONDS):
            _kept.append(self._heard)  # a cycle that hangs may still write there
        for port in self._inputs:
            if self._there():
                self._client.unregister(port)
        self._inputs = []

    def _connect_source(self) -> None:
        sources = self._client.capture_sources().get(self._source, [])
        for port, source in zip(self._inputs, sources, strict=False):
            if not self._client.connect(source, self._client.port_name(port)):
                raise DeviceError(f"JACK did not connect {source!r} to this program")

    def _there(self) -> bool:
        return self._client.pointer is not None and not load_word(self._words, LOST)

    # --- MIDI

    @property
    def held(self) -> int:
        """Bits: the channels on which a source's notes or pedal may be down.

        True after `close`, too: what a server's death cut off ends in the next stream.
        """
        return int(self._state["played"][0])

    @property
    def midi_port(self) -> str:
        """The port that other programs can play into, empty if there is none."""
        if not (self._midi_port and self.active()):
            return ""
        return self._client.port_name(self._midi_port)

    def midi_sources(self) -> list[str]:
        """Names of the sources that are connected, as of the last `poll_midi`."""
        return self._sources.names

    def poll_midi(self) -> list[Status]:
        """Connect sources that came, end the notes of those that went; what changed."""
        if not self.midi_port:
            return []
        statuses, hanging = self._sources.poll(self._client, self._midi_port)
        if hanging:
            releases = load_word(self._words, RELEASES)
            store_word(self._words, RELEASES, releases + 1)
        if not self._said_port:
            self._said_port = True
            statuses.append(Status("virtual", JACK, f"JACK port {self.midi_port}"))
        return statuses

    def close(self) -> bool:
        """Leave the server; False if it is so stuck that it had to be abandoned."""
        self.started = False
        store_word(self._words, LEFT, 1)
        if self._client.close():
            return True
        _abandoned.append(self)  # its thread may still be in the callback
        return False


_abandoned: list[JackStream] = []
_kept: list[np.ndarray] = []
