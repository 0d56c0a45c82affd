"""JACK through its C library: a client that survives the death of its server.

PortAudio's JACK back end does not: with a dead server `Pa_AbortStream` hangs and
`Pa_Terminate` aborts the process. libjack itself reports the shutdown at once, closes
its client and opens another one when the server is back; PipeWire ships it, too.

A process can talk to one JACK server at a time, the one that the environment names
(JACK_DEFAULT_SERVER). A server is never started from here.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import c_char_p, c_int, c_uint32, c_uint64, c_ulong, c_void_p
from functools import cache

from rtaudio_dl.core.lifetime import start_thread
from rtaudio_dl.errors import DeviceError, EngineError

AUDIO = b"32 bit float mono audio"
MIDI = b"8 bit raw midi"
IS_INPUT, IS_OUTPUT, IS_PHYSICAL = 1, 2, 4
_NO_START_SERVER = 1
_PLAYBACK_LATENCY = 1
_ANSWER_SECONDS = 3.0  # for a server to answer, before it counts as stuck

# Variables that make libjack, or PipeWire's, find no server.
_HIDE_SERVER = {
    "JACK_DEFAULT_SERVER": "hidden-from-portaudio",
    "JACK_NO_START_SERVER": "1",
    "PIPEWIRE_NOJACK": "1",
}
_environment = threading.RLock()

_NAMES = {"win32": ("libjack64.dll", "libjack.dll"), "darwin": ("libjack.0.dylib",)}
_DEFAULT_NAMES = ("libjack.so.0",)

# name: (result, arguments)
_FUNCTIONS = {
    "jack_activate": (c_int, (c_void_p,)),
    "jack_client_close": (c_int, (c_void_p,)),
    "jack_client_open": (c_void_p, (c_char_p, c_int, c_void_p)),
    "jack_connect": (c_int, (c_void_p, c_char_p, c_char_p)),
    "jack_deactivate": (c_int, (c_void_p,)),
    "jack_frame_time": (c_uint32, (c_void_p,)),
    "jack_free": (None, (c_void_p,)),
    "jack_get_buffer_size": (c_uint32, (c_void_p,)),
    "jack_get_client_name": (c_char_p, (c_void_p,)),
    "jack_get_ports": (c_void_p, (c_void_p, c_char_p, c_char_p, c_ulong)),
    "jack_get_sample_rate": (c_uint32, (c_void_p,)),
    "jack_get_time": (c_uint64, ()),
    "jack_on_shutdown": (None, (c_void_p, c_void_p, c_void_p)),
    "jack_port_by_name": (c_void_p, (c_void_p, c_char_p)),
    "jack_port_get_all_connections": (c_void_p, (c_void_p, c_void_p)),
    "jack_port_get_latency_range": (None, (c_void_p, c_int, c_void_p)),
    "jack_port_name": (c_char_p, (c_void_p,)),
    "jack_port_unregister": (c_int, (c_void_p, c_void_p)),
    "jack_port_register": (
        c_void_p,
        (c_void_p, c_char_p, c_char_p, c_ulong, c_ulong),
    ),
    "jack_set_error_function": (None, (c_void_p,)),
    "jack_set_info_function": (None, (c_void_p,)),
    "jack_set_process_callback": (c_int, (c_void_p, c_void_p, c_void_p)),
    "jack_set_xrun_callback": (c_int, (c_void_p, c_void_p, c_void_p)),
}


@cache
def library() -> ctypes.CDLL | None:
    """The C library of JACK, or None where it is not installed."""
    names = _NAMES.get(sys.platform, _DEFAULT_NAMES)
    for name in (*names, ctypes.util.find_library("jack")):
        try:
            jack = ctypes.CDLL(name) if name else None
        except OSError:
            continue
        if jack is not None:
            return _prepared(jack)
    return None


def _prepared(jack: ctypes.CDLL) -> ctypes.CDLL:
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(jack, name)
        function.restype, function.argtypes = result, arguments
    # It may print from any thread, over a live display. Any C function that takes no
    # arguments, changes nothing and needs no GIL serves as the silent one.
    silent = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, c_void_p).value
    jack.jack_set_error_function(silent)
    jack.jack_set_info_function(silent)
    return jack


def address(name: str) -> int:
    """Where a function of the library is, for native code to call."""
    return ctypes.cast(getattr(library(), name), c_void_p).value


def server_runs() -> bool:
    """Whether there is a JACK server to be a client of."""
    try:
        Client("rtaudio_dl-probe").close()
    except DeviceError:
        return False
    return True


@contextmanager
def no_server() -> Iterator[None]:
    """Meanwhile, other libraries of this process find no JACK server."""
    with _environment:
        before = {name: os.environ.get(name) for name in _HIDE_SERVER}
        os.environ.update(_HIDE_SERVER)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def environment() -> dict[str, str]:
    """A copy of the environment for a child process, never that of `no_server`."""
    with _environment:
        return dict(os.environ)


class Client:
    """A client of the running JACK server; its callbacks are C functions.

    Raises DeviceError when there is no library or no server.
    """

    def __init__(self, name: str):
        self._jack = library()
        if self._jack is None:
            raise DeviceError(
                "no JACK library found; on Debian: apt install libjack-jackd2-0"
            )
        self.pointer = self._open(name)
        if not self.pointer:
            raise DeviceError("no JACK server runs; start it, or take another device")

    def _open(self, name: str) -> int | None:
        opened: list[int | None] = []
        given_up, lock = threading.Event(), threading.Lock()

        def call() -> None:
            pointer = self._jack.jack_client_open(name.encode(), _NO_START_SERVER, None)
            with lock:
                opened.append(pointer)
                if pointer and given_up.is_set():  # it answers after all, but to nobody
                    self._jack.jack_client_close(pointer)

        with _environment:
            bounded(call, _ANSWER_SECONDS)
        with lock:
            given_up.set()
            if not opened:
                raise DeviceError("the JACK server does not answer; restart it")
            return opened[0]

    @property
    def _here(self) -> int:
        """The pointer, for the C library: it would crash over that of the past."""
        if self.pointer is None:
            raise DeviceError("this JACK client has left its server; open a new one")
        return self.pointer

    @property
    def name(self) -> str:
        """The name that the server gave, which may have a number added."""
        return self._jack.jack_get_client_name(self._here).decode()

    @property
    def sample_rate(self) -> int:
        """Of the server, in Hz."""
        return self._jack.jack_get_sample_rate(self._here)

    @property
    def period(self) -> int:
        """Frames per process cycle of the server."""
        return self._jack.jack_get_buffer_size(self._here)

    def register(self, name: str, kind: bytes, flags: int) -> int:
        """A new port of this client, as a pointer."""
        port = self._jack.jack_port_register(self._here, name.encode(), kind, flags, 0)
        if not port:
            raise DeviceError(f"JACK refused the port {name!r}; it may have too many")
        return port

    def on(self, event: str, callback: int, argument: int) -> None:
        """Set the C function for ``process``, ``xrun`` or ``shutdown``, while idle."""
        function = {
            "process": self._jack.jack_set_process_callback,
            "xrun": self._jack.jack_set_xrun_callback,
            "shutdown": self._jack.jack_on_shutdown,
        }[event]
        function(self._here, callback, argument)

    def activate(self) -> None:
        """Begin to take part in process cycles."""
        if self._jack.jack_activate(self._here):
            raise DeviceError("the JACK server did not let this client start")

    def deactivate(self) -> None:
        """Take no further part; connections end."""
        pointer = self._here
        bounded(lambda: self._jack.jack_deactivate(pointer), _ANSWER_SECONDS)

    def ports(self, kind: bytes, flags: int = 0) -> list[str]:
        """Names of all ports of a kind that have all these flags."""
        return self._take(
            self._jack.jack_get_ports(self._here, None, b"^" + kind + b"$", flags)
        )

    def unregister(self, port: int) -> None:
        """Take a port of this client away; no cycle may use it any more."""
        self._jack.jack_port_unregister(self._here, port)

    def playback_targets(self) -> dict[str, list[str]]:
        """Who can be played to: client name to its audio inputs, hardware first."""
        return self._by_client(IS_INPUT)

    def capture_sources(self) -> dict[str, list[str]]:
        """Who can be heard: client name to its audio outputs, hardware first."""
        return self._by_client(IS_OUTPUT)

    def _by_client(self, direction: int) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for port in self.ports(AUDIO, direction | IS_PHYSICAL) + self.ports(
            AUDIO, direction
        ):
            ports = found.setdefault(port.partition(":")[0], [])
            if port not in ports:
                ports.append(port)
        return found

    def connections(self, port: int) -> list[str]:
        """Names of the ports that one is connected to."""
        return self._take(self._jack.jack_port_get_all_connections(self._here, port))

    def _take(self, names: int | None) -> list[str]:
        if not names:
            return []
        array = ctypes.cast(names, ctypes.POINTER(c_char_p))
        taken = []
        while array[len(taken)]:
            taken.append(array[len(taken)].decode())
        self._jack.jack_free(names)
        return taken

    def port_name(self, port: int) -> str:
        """Full name of a port of this client, ``client:port``."""
        _ = self._here  # the port goes with the client
        return self._jack.jack_port_name(port).decode()

    def connect(self, source: str, sink: str) -> bool:
        """Connect two ports by name; False if the server refuses."""
        refused = self._jack.jack_connect(self._here, source.encode(), sink.encode())
        return not refused

    def playback_latency(self, port: int) -> int:
        """Frames from a port of this client to the end of its way, the longest."""
        _ = self._here  # the port goes with the client
        latency = (c_uint32 * 2)()
        self._jack.jack_port_get_latency_range(port, _PLAYBACK_LATENCY, latency)
        return latency[1]

    def close(self) -> bool:
        """Leave the server; False if it is so stuck that it had to be abandoned."""
        if self.pointer is None:
            return True
        pointer, self.pointer = self.pointer, None
        return bounded(lambda: self._jack.jack_client_close(pointer), _ANSWER_SECONDS)


def bounded(call: Callable[[], object], seconds: float) -> bool:
    """Run a C call that may hang; False if it did not come back in time.

    Where the system gives no thread, the call is made here and may hang: one that was
    left out would leave a driver calling what is freed next.
    """
    try:
        thread = start_thread(call, "bounded call")
    except EngineError:
        call()
        return True
    thread.join(seconds)
    return not thread.is_alive()
