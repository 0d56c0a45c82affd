"""Keeps a stream playing: notices a lost device, and takes it up when it returns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.errors import RtaudioError
from rtaudio_dl.io.audio.stream import PATIENCE_SECONDS, AudioStream, rescan

POLL_SECONDS = 0.25
RETRY_SECONDS = 1.0
MIDI_SECONDS = 1.0  # between two looks at the MIDI connections of the stream


class AudioSupervisor:
    """Opens a stream and, when its device is lost, opens it again as soon as it can.

    ``open_stream`` gives a new, unstarted stream or raises DeviceError; ``progress``
    counts callbacks; ``say`` gets one line when the device is lost and one when it is
    back, from the supervisor's own thread. ``abandoned`` is true once a driver hung
    while its stream was closed: it may still call.
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
        self.abandoned = False
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

    @property
    def watching(self) -> bool:
        """Whether it was started and not stopped, be the device there or away."""
        return self._thread is not None

    def start(self) -> AudioStream:
        """Open, start and watch the stream; DeviceError if that fails at once."""
        with self._lock:
            stream = self._begin()
            self._ended.clear()
        try:
            self._thread = start_thread(self._watch, "audio supervisor")
        except BaseException:
            self.stop()
            raise
        return stream

    def stop(self) -> None:
        """End the watch and close the stream; may be called again."""
        self._ended.set()
        thread, self._thread = self._thread, None
        do_all(lambda: join(thread), self._end)

    def _end(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
            if stream is not None:
                self._close(stream)

    def _close(self, stream: AudioStream) -> bool:
        closed = stream.close()
        self.abandoned = self.abandoned or not closed
        return closed

    def poll(self) -> None:
        """Look once; the watch does this by itself."""
        with self._lock:
            if self._ended.is_set():
                return  # a stream that is opened now would be closed by nobody
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
        except BaseException:
            self._close(stream)
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
        if not self._close(stream):
            self._say(f"{label} hangs; if it does not return, restart this program")

    def _try_again(self) -> None:
        if time.monotonic() < self._next_try:
            return
        rescan()
        try:
            stream = self._begin()
        except RtaudioError as error:
            self._next_try = time.monotonic() + self._retry
            self._say_once(f"audio device not back yet: {error}")
        else:
            self._say(f"audio device is back: {stream.device.label}")

    def _say_once(self, reason: str) -> None:
        if reason not in self._reasons:
            self._reasons.add(reason)
            self._say(reason)
