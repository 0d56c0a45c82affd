"""Keeps a stream playing: notices a lost device, and takes it up when it returns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.audio.stream import PATIENCE_SECONDS, AudioStream, rescan

POLL_SECONDS = 0.25
RETRY_SECONDS = 1.0
MIDI_SECONDS = 1.0  # between two looks at the MIDI connections of the stream


class AudioSupervisor:
    """Opens a stream and, when its device is lost, opens it again as soon as it can.

    ``open_stream`` gives a new, unstarted stream or raises DeviceError; ``progress``
    counts callbacks; ``say`` gets one line when the device is lost and one when it is
    back, from the supervisor's own thread.
    """

    def __init__(
        self,
        open_stream: Callable[[], AudioStream],
        progress: Callable[[], int],
        say: Callable[[str], None],
        patience: float = PATIENCE_SECONDS,
        retry: float = RETRY_SECONDS,
    ):
        self._open, self._count, self._say = open_stream, progress, say
        self._patience, self._retry = patience, retry
        self._stream: AudioStream | None = None
        self._seen = (-1, 0.0)
        self._next_try = self._next_look = 0.0
        self._reasons: set[str] = set()  # said since the device was lost
        self._ended = threading.Event()
        self._lock = threading.Lock()  # one of poll and stop at a time
        self._thread: threading.Thread | None = None

    @property
    def stream(self) -> AudioStream | None:
        """The stream that plays, None while the device is away."""
        return self._stream

    def start(self) -> AudioStream:
        """Open, start and watch the stream; DeviceError if that fails at once."""
        with self._lock:
            stream = self._begin()
        self._ended.clear()
        self._thread = threading.Thread(
            target=self._watch, name="audio supervisor", daemon=True
        )
        self._thread.start()
        return stream

    def stop(self) -> None:
        """End the watch and close the stream; may be called again."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock:
            if self._stream is not None:
                self._stream.close()
            self._stream = None

    def poll(self) -> None:
        """Look once; the watch does this by itself."""
        with self._lock:
            if self._stream is None:
                self._try_again()
            elif not self._well():
                self._give_up()
            elif time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + MIDI_SECONDS
                for status in self._stream.poll_midi():
                    self._say(status.line())

    def _watch(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            self.poll()

    def _begin(self) -> AudioStream:
        stream = self._open()
        try:
            stream.start()
        except DeviceError:
            stream.close()
            raise
        self._seen = (self._count(), time.monotonic())
        self._stream = stream
        return stream

    def _well(self) -> bool:
        count, now = self._count(), time.monotonic()
        if count != self._seen[0]:
            self._seen = (count, now)
        silent = now - self._seen[1]
        return self._stream.alive() and silent < self._patience

    def _give_up(self) -> None:
        label = self._stream.device.label
        stream, self._stream = self._stream, None
        self._next_try = 0.0
        self._reasons.clear()
        self._say(f"audio device lost: {label}; waiting for it")
        if not stream.close():
            self._say(f"{label} hangs; if it does not return, restart this program")

    def _try_again(self) -> None:
        if time.monotonic() < self._next_try:
            return
        rescan()
        try:
            stream = self._begin()
        except DeviceError as error:
            self._next_try = time.monotonic() + self._retry
            self._say_once(f"audio device not back yet: {error}")
        else:
            self._say(f"audio device is back: {stream.device.label}")

    def _say_once(self, reason: str) -> None:
        if reason not in self._reasons:
            self._reasons.add(reason)
            self._say(reason)
