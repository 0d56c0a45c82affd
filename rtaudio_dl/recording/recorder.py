"""Writes what is heard to a file: a thread of its own drains the engine's tap ring."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rtaudio_dl.core.control import load_word, pop_many, store_word
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.core.ring import DROPPED
from rtaudio_dl.engine.layout import OUTPUTS, TAP_ON, Engine
from rtaudio_dl.errors import AudioFileError

# Suffix: format and subtype of libsndfile. RF64 is WAV without its limit of 4 GiB, and
# becomes plain WAV on closing if it stayed below.
FORMATS = {".wav": ("RF64", "FLOAT"), ".flac": ("FLAC", "PCM_24")}
_RF64_AUTO_DOWNGRADE = 0x1210  # commands of libsndfile that soundfile does not wrap
_UPDATE_HEADER_AUTO = 0x1061
_CHUNK_FRAMES = 1 << 15
_POLL_SECONDS = 0.05
_LAST_BLOCK_SECONDS = 0.05  # the audio thread finishes a block that it has begun


class Recorder:
    """Records an engine's output: ``.wav`` as 32-bit float, ``.flac`` with 24 bits.

    The file grows as ``NAME.part`` beside its final place and is moved there by `stop`.
    ``sample_rate`` is in Hz; ``say`` gets one line if writing fails, and what was
    written until then is kept. Raises AudioFileError if the file cannot be begun, or
    exists already and ``overwrite`` is false.
    """

    def __init__(
        self,
        engine: Engine,
        path: str | os.PathLike[str],
        sample_rate: int,
        say: Callable[[str], None] = lambda line: None,
        overwrite: bool = False,
    ):
        self.path = Path(path)
        self._part = self.path.with_name(self.path.name + ".part")
        self._engine, self._say, self._overwrite = engine, say, overwrite
        self.sample_rate = int(sample_rate)
        self.frames = 0  # on disk
        self.failed = False
        self._lost_before = 0
        self._chunk = np.zeros((_CHUNK_FRAMES, OUTPUTS), np.float32)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._check()

    def _check(self) -> None:
        if self.path.suffix.lower() not in FORMATS:
            allowed = ", ".join(FORMATS)
            raise AudioFileError(f"{self.path}: recordings end in one of: {allowed}")
        if not self.path.parent.is_dir():
            raise AudioFileError(f"{self.path}: no such folder; make it first")
        self._check_free()
        if self._part.exists() and not self._overwrite:
            raise AudioFileError(
                f"{self._part} was left by a recording that was cut short; "
                "rename it to keep it, or delete it"
            )

    def _check_free(self) -> None:
        if self.path.exists() and not self._overwrite:
            raise AudioFileError(
                f"{self.path} exists already; take another name, or allow overwriting"
            )

    @property
    def lost(self) -> int:
        """Frames that were heard but not recorded, since `start`."""
        return load_word(self._engine.tap_cursors, DROPPED) - self._lost_before

    @property
    def seconds(self) -> float:
        """Length of what is on disk, in s."""
        return self.frames / self.sample_rate

    def start(self) -> None:
        """Begin the file, and record from the next block on."""
        if self._thread is not None:
            raise AudioFileError(f"{self.path} is being recorded already")
        self._file = self._open()
        try:
            self._discard()
            self._lost_before = load_word(self._engine.tap_cursors, DROPPED)
            self._thread = start_thread(self._write_until_ended, "recorder")
        except BaseException:
            self._file.close()
            self._part.unlink(missing_ok=True)
            raise
        store_word(self._engine.switches, TAP_ON, 1)

    def stop(self) -> Path:
        """Write what is still in the ring, and move the file to its place.

        Returns where it is; may be called again.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return self.path
        store_word(self._engine.switches, TAP_ON, 0)
        do_all(
            lambda: time.sleep(_LAST_BLOCK_SECONDS),
            self._ended.set,
            lambda: join(thread),
            self._finish,
        )
        if self.lost:
            self._say(
                f"{self.path}: {self.lost} frames were lost, the computer was too busy"
            )
        return self.path

    def _open(self):
        import soundfile

        kind, subtype = FORMATS[self.path.suffix.lower()]
        try:
            file = soundfile.SoundFile(
                self._part, "w", self.sample_rate, OUTPUTS, subtype, format=kind
            )
        except (soundfile.SoundFileError, OSError, ValueError) as error:
            raise AudioFileError(f"{self.path} cannot be written: {error}") from None
        # With its header kept up to date, the part of a killed program can be opened.
        for command in (_RF64_AUTO_DOWNGRADE, _UPDATE_HEADER_AUTO):
            soundfile._snd.sf_command(file._file, command, soundfile._ffi.NULL, 1)
        return file

    def _discard(self) -> None:
        while self._read():
            pass

    def _read(self) -> int:
        engine = self._engine
        return pop_many(engine.tap_ring, engine.tap_cursors, self._chunk)

    def _write_until_ended(self) -> None:
        ended = False
        while not ended:
            # In this order: what was played before the end is read after it.
            ended = self._ended.wait(_POLL_SECONDS)
            self._drain()

    def _drain(self) -> None:
        while count := self._read():
            if not self.failed:
                self._write(self._chunk[:count])

    def _write(self, frames: np.ndarray) -> None:
        try:
            self._file.write(frames)
        except Exception as error:  # soundfile asserts when the disk is full
            self.failed = True
            reason = str(error) or "the disk may be full"
            self._say(
                f"recording stopped after {self.seconds:.1f} s: {reason}; "
                "the sound goes on, and what was written is kept"
            )
        else:
            self.frames += len(frames)

    def _finish(self) -> None:
        try:
            self._file.close()
            self._check_free()
            os.replace(self._part, self.path)
        except (OSError, RuntimeError, AudioFileError) as error:
            self.failed = True
            self._say(f"{self._part} could not be finished: {error}; it is kept")
