"""MIDI inputs: which there are, and a reader that no Python code can delay."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from rtaudio_dl.core.control import push, readable
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.engine.events import NANOSECONDS, from_midi, new_event
from rtaudio_dl.engine.layout import CHANNELS
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.jack.libjack import environment
from rtaudio_dl.io.midi.ports import JACK, Status
from rtaudio_dl.io.names import choose
from rtaudio_dl.io.shared import SharedRing

_ROOT = Path(__file__).parents[3]
# The package's folder goes last, so that nothing beside it can hide a standard module.
_START = (
    f"import sys; sys.path.append({str(_ROOT)!r}); "
    "from rtaudio_dl.io.midi.process import main; main()"
)
_LIST_SECONDS = 15.0
_RESTART_SECONDS = 2.0
_STOP_SECONDS = 3.0
_FULL_RING_SECONDS = 0.005  # between two looks at a full ring
_LAST_NOTES_SECONDS = 0.5  # for a full ring to get room, when all ends
# Ctrl-C is for the parent, who ends the reader in its time.
_DETACHED = (
    {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    if sys.platform == "win32"
    else {"start_new_session": True}
)
_MAX_MESSAGES = 1000  # that wait for `messages`


@dataclass(frozen=True)
class MidiPort:
    """A source of MIDI; ``hardware`` is false for another program's port in JACK."""

    name: str
    api: str
    hardware: bool

    @property
    def label(self) -> str:
        """Name and API."""
        return f"{self.name} ({self.api})"


def list_midi_ports() -> list[MidiPort]:
    """All sources of MIDI but our own, found in a process that may hang or crash."""
    try:
        done = subprocess.run(
            [*_command(), "--list"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(),
            timeout=_LIST_SECONDS,
            check=True,
        )
        return [MidiPort(**port) for port in json.loads(done.stdout)]
    except (subprocess.SubprocessError, OSError, ValueError, TypeError) as error:
        raise DeviceError(
            f"the list of MIDI ports could not be had: {error}; unplug what was "
            "plugged in last, and try again"
        ) from None


def find_midi(name: str) -> list[MidiPort]:
    """The sources whose label has every word of ``name``; DeviceError lists the choices
    if there are none."""
    return choose(name, list_midi_ports(), lambda port: port.label, "MIDI input")


def _command() -> list[str]:
    return [sys.executable, "-P", "-c", _START]


class MidiReader:
    """Reads MIDI in a process of its own into ``ring``, stamped when it arrives.

    ``port`` names sources by words of their names; without it all hardware is read. A
    virtual port ``rtaudio_dl`` is open besides, in JACK if a server runs, else in the
    system. What vanishes is taken up again when it returns, and its notes are ended.
    Without ``jack`` it leaves JACK alone, for an `AudioStream` brings its MIDI.
    """

    def __init__(self, ring: SharedRing, port: str | None = None, jack: bool = True):
        self._ring, self._port, self._jack = ring, port, jack
        self._messages: queue.Queue[Status] = queue.Queue(_MAX_MESSAGES)
        self._ports: list[str] = []
        self._virtual = ""
        self._process: subprocess.Popen | None = None
        self._ready, self._stopping = threading.Event(), threading.Event()
        self._lock = threading.Lock()  # between starting a process and stopping
        self._thread: threading.Thread | None = None
        self.waits = 0  # how often the engine's ring was full

    def start(self) -> None:
        """Begin to read; returns at once, `wait_until_ready` waits for the ports."""
        if self._thread is not None:
            return
        self._stopping.clear()
        self._thread = start_thread(self._serve, "MIDI reader")

    def wait_until_ready(self, seconds: float) -> bool:
        """Whether all ports that are there have been opened within this time."""
        return self._ready.wait(seconds)

    def stop(self) -> None:
        """End the reading, and all notes; may be called again."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        do_all(self._let_end, lambda: join(thread))

    def _let_end(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.stdin.close()

    def ports(self) -> list[str]:
        """Names of the sources that are read now."""
        return list(self._ports)

    @property
    def pid(self) -> int | None:
        """Of the process that reads, None when there is none."""
        return self._process.pid if self._process is not None else None

    @property
    def virtual_port(self) -> str:
        """Where other programs can play into, empty if nowhere."""
        return self._virtual

    def messages(self) -> list[Status]:
        """What happened since the last call."""
        found = []
        while not self._messages.empty():
            found.append(self._messages.get())
        return found

    def _serve(self) -> None:
        while not self._stopping.is_set():
            reason = self._run_process()
            if not self._stopping.is_set():
                self._tell(Status("error", "", f"reader ended, restarting{reason}"))
                self._stopping.wait(_RESTART_SECONDS)
            self._ready.clear()

    def _run_process(self) -> str:
        with tempfile.TemporaryFile() as errors:
            try:
                process = self._spawn(errors)
            except OSError as error:
                return f": {error}"
            if process is None:
                return ""
            try:
                for line in process.stdout:
                    self._hear(line)
            finally:
                self._wait_for_end(process)
                self._ports, self._virtual = [], ""
                self._end_all_notes()
            return _last_line(errors)

    def _spawn(self, errors) -> subprocess.Popen | None:
        ring = self._ring
        command = [*_command(), "--ring", ring.name, "--size", str(ring.size)]
        if not self._jack:
            command += ["--no-jack"]
        if self._port is not None:
            command += ["--port", self._port]
        with self._lock:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(),
                pass_fds=() if ring.descriptor is None else (ring.descriptor,),
                **_DETACHED,
            )
            return self._process

    def _wait_for_end(self, process: subprocess.Popen) -> None:
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdin.close()
        process.stdout.close()

    def _hear(self, line: bytes) -> None:
        try:
            status = Status(**json.loads(line))
        except (ValueError, TypeError):
            return  # a driver that prints
        if status.event == "ready":
            self._ready.set()
        elif status.event == "waits":
            self.waits = int(status.text)
        else:
            self._note(status)
            self._tell(status)

    def _note(self, status: Status) -> None:
        if status.event in ("connected", "returned"):
            self._ports = [*self._ports, status.port]
        elif status.event == "virtual":
            self._virtual = status.text
        elif status.event == "lost":
            self._ports = [port for port in self._ports if port != status.port]
            if status.port == JACK:
                self._virtual = ""

    def _tell(self, status: Status) -> None:
        if not self._messages.full():
            self._messages.put(status)

    def _end_all_notes(self) -> None:
        # The reader has ended, so this side may write: there is one producer still.
        event = new_event()
        event["time"], event["clock"] = time.perf_counter_ns(), NANOSECONDS
        for channel in range(CHANNELS):
            for control in (64, 123):
                from_midi(event, bytes((0xB0 | channel, control, 0)))
                if not self._wait_for_room():
                    return
                push(self._ring.ring, self._ring.cursors, event[0])

    def _wait_for_room(self) -> bool:
        """Until the engine has read on; no longer than a moment once all is to end."""
        until = None
        while readable(self._ring.cursors) >= self._ring.size:
            if until is None and self._stopping.is_set():
                until = time.monotonic() + _LAST_NOTES_SECONDS
            if until is not None and time.monotonic() > until:
                return False
            time.sleep(_FULL_RING_SECONDS)
        return True


def _last_line(errors) -> str:
    errors.seek(0)
    lines = errors.read()[-4000:].decode(errors="replace").split("\n")
    lines = [line.strip() for line in lines if line.strip()]
    return f": {lines[-1]}" if lines else ""
