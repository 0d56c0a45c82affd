"""A sound file that a host plays: decoded ahead into a ring of the audio thread's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import numpy as np

from rtaudio_dl.core.control import load_word, store_word
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.ring import DROPPED, READ, WRITE
from rtaudio_dl.dsp.resampler import MAX_STEP
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import AudioFileError, EngineError
from rtaudio_dl.files.read import SoundReader, stereo_matrix
from rtaudio_dl.playback import kernels as rt
from rtaudio_dl.values import check

PITCHES = (-24.0, 24.0)  # semitones
MAX_GAIN = 4.0
_AHEAD_SECONDS = 5.0  # of the file that are decoded before they are heard
_CHUNK_FRAMES = 1 << 14  # decoded at once, and ready before a seek is told
_LATE_SECONDS = 0.1  # so near to the end it is too late to loop


class Track:
    """A sound file that plays; `Host.play_file` makes it.

    Mono is heard on both sides, more than two channels are mixed down. Pitch is changed
    by resampling, as a tape does: an octave up is twice as fast. Times are in seconds
    of the file.
    """

    def __init__(
        self,
        engine: Engine,
        player: Memory,
        place: int,
        path: str | os.PathLike[str],
        wake: threading.Event,
        say: Callable[[str], None],
        *,
        start: int,
        seek: float,
        loop: bool,
        pitch: float,
        gain: float,
    ):
        self._engine, self._player, self._place = engine, player, place
        self._wake, self._say = wake, say  # for the reader to look at once
        self._reader = SoundReader(path)
        self.path, self.sample_rate = self._reader.path, self._reader.sample_rate
        self.closed = False
        self.channels, self.duration = self._reader.channels, self._reader.seconds
        self._lock = threading.Lock()  # reader thread and caller
        self._words = player.track_words[place]
        self._record = player.tracks[place : place + 1]
        self._mix = stereo_matrix(self.channels)
        try:
            self._prepare(start)
            self.pitch, self.gain = pitch, gain
            self._loop = bool(loop)
            self._begin(seek)
        except BaseException:
            self._reader.close()
            raise

    def _prepare(self, start: int) -> None:
        size = 1 << int(2 * _AHEAD_SECONDS * self.sample_rate).bit_length()
        self.memory = np.zeros((rt.SIDES, size + rt.MARGIN), np.float32)
        self._size, self._written, self._generation, self._first = size, 0, 0, 0
        self._pieces = [(0, 0)]  # frame of the stream, frame of the file, in order
        self._target: int | None = None  # where to seek to, as a frame of the file
        self._at_end = False
        for index in range(len(self._words)):
            store_word(self._words, index, 0)
        store_word(self._words, rt.END, rt.FAR)
        store_word(self._words, rt.PLAYING, 1)
        record = self._record
        record[:] = np.zeros(1, rt.TRACK)
        record["address"], record["frames"] = self.memory.ctypes.data, size
        record["start"] = start

    def _begin(self, seek: float) -> None:
        check("seek", seek, 0, self.duration)
        frame = round(seek * self.sample_rate)
        self._reader.seek(frame)
        self._pieces = [(0, frame)]
        self._decode(_CHUNK_FRAMES)
        record = self._record
        record["step"], record["gain"] = record["to_step"], record["to_gain"]
        record["gate"] = frame == 0  # in the middle of the file it fades in
        store_word(self._player.track_life, self._place, rt.ACTIVE)

    # --- what a person does

    def seek(self, seconds: float) -> None:
        """Go on at a time of the file, 0 to its duration; it fades out and in."""
        check("seconds", seconds, 0, self.duration)
        with self._lock:
            self._target = round(seconds * self.sample_rate)
        self._wake.set()

    def pause(self) -> None:
        """Fade out and stay where it is."""
        store_word(self._words, rt.PLAYING, 0)

    def resume(self) -> None:
        """Fade in where it was paused."""
        store_word(self._words, rt.PLAYING, 1)

    def stop(self) -> None:
        """Fade out and end; it cannot be resumed."""
        store_word(self._words, rt.STOPPING, 1)

    @property
    def paused(self) -> bool:
        """Whether it is paused."""
        return not load_word(self._words, rt.PLAYING)

    @property
    def pitch(self) -> float:
        """In semitones, -24 to 24; the speed goes with it."""
        return 12.0 * float(np.log2(self.speed))

    @pitch.setter
    def pitch(self, semitones: float) -> None:
        check("pitch", semitones, *PITCHES)
        step = 2.0 ** (semitones / 12.0) * self._own_step()
        if step > MAX_STEP:
            highest = 12.0 * np.log2(MAX_STEP / self._own_step())
            raise EngineError(
                f"{self.path} has {self.sample_rate} Hz, too many for a pitch of "
                f"{semitones:g} semitones on this device; the highest is {highest:.1f}"
            )
        self._record["to_step"] = step

    @property
    def speed(self) -> float:
        """Seconds of the file per second, which the pitch sets."""
        return float(self._record["to_step"][0]) / self._own_step()

    def _own_step(self) -> float:
        return self.sample_rate / float(self._engine.master["sample_rate"][0])

    @property
    def gain(self) -> float:
        """Linear, 0 to 4."""
        return float(self._record["to_gain"][0])

    @gain.setter
    def gain(self, gain: float) -> None:
        check("gain", gain, 0, MAX_GAIN)
        self._record["to_gain"] = gain

    @property
    def loop(self) -> bool:
        """Whether it begins anew, without a seam, at its end."""
        return self._loop

    @loop.setter
    def loop(self, loop: bool) -> None:
        with self._lock:
            self._loop = bool(loop)
            if loop:
                self._reopen()
            else:
                self._end_at_seam()
        self._wake.set()

    def _reopen(self) -> None:
        """What was the end is one no more, if it is not too near."""
        late = round(_LATE_SECONDS * self.sample_rate * self.speed)
        if self._at_end and self._word(rt.END) - self._frame() > late:
            self._at_end = False
            store_word(self._words, rt.END, rt.FAR)

    def _end_at_seam(self) -> None:
        """It ends where it would have begun anew, if that is decoded already."""
        late = self._frame() + round(_LATE_SECONDS * self.sample_rate * self.speed)
        seams = [at for at, frame in self._pieces[1:] if frame == 0 and at > late]
        if seams and seams[0] > self._first:
            self._at_end = True
            store_word(self._words, rt.END, seams[0])

    # --- what is so

    @property
    def ended(self) -> bool:
        """Whether it has ended: its place is free for another one."""
        life = self._player.track_life
        return self.closed or load_word(life, self._place) == rt.GONE

    @property
    def seconds(self) -> float:
        """Where it is in the file."""
        with self._lock:
            if self._target is not None:
                return self._target / self.sample_rate
            frame = self._frame()
            at, begin = max(p for p in self._pieces if p[0] <= frame)
        return min((begin + frame - at) / self.sample_rate, self.duration)

    @property
    def missing(self) -> float:
        """Seconds of silence because the file could not be read in time."""
        rate = float(self._engine.master["sample_rate"][0])
        return self._word(DROPPED) / rate

    def _word(self, index: int) -> int:
        return load_word(self._words, index)

    def _frame(self) -> int:
        """Of the stream: where it is, or where it goes after a seek."""
        return max(int(self._record["frame"][0]), self._first)

    # --- what the reader does

    def fill(self) -> None:
        """Decode ahead; to be called every few hundredths of a second. [reader]"""
        with self._lock:
            if self.closed:
                return
            try:
                if self._target is not None:
                    self._jump()
                self._decode(round(_AHEAD_SECONDS * self.sample_rate))
            except AudioFileError as error:
                self._say(f"{error}; it ends there")
                self._end()

    def close(self) -> None:
        """Close the file and free the place, once no audio thread plays it."""
        with self._lock:
            if not self.closed:
                self.closed = True
                self._reader.close()
                # The place will be another track's: this one keeps its last state.
                self._words, self._record = self._words.copy(), self._record.copy()
                store_word(self._player.track_life, self._place, rt.EMPTY)

    def _jump(self) -> None:
        """Begin a new generation at the target, if the ring has room for it."""
        if self._room() < _CHUNK_FRAMES:
            return
        frame, self._target = self._target, None
        self._reader.seek(frame)
        self._first, self._at_end = self._written, False
        self._pieces.append((self._first, frame))
        self._generation += 1
        self._decode(_CHUNK_FRAMES)
        end = self._written if self._at_end else rt.FAR
        self._publish(end)

    def _publish(self, end: int) -> None:
        """Let the audio thread go on from the first frame, which is written."""
        # While the words change, no end is known: a half of old and new ends nothing.
        store_word(self._words, rt.END, rt.FAR)
        store_word(self._words, rt.FIRST, self._first)
        store_word(self._words, rt.GENERATION, self._generation)
        store_word(self._words, rt.END, end)

    def _room(self) -> int:
        """Frames that may be written over."""
        return self._size - (self._written - self._word(READ))

    def _decode(self, ahead: int) -> None:
        """Decode until so many frames are ahead of what is heard, or to the end."""
        self._forget_pieces()
        while not self._at_end:
            lacking = ahead - (self._written - self._frame())
            count = min(lacking, self._room(), _CHUNK_FRAMES)
            if count <= 0:
                return
            self._append(self._reader.read(count))

    def _append(self, audio: np.ndarray) -> None:
        if len(audio):
            self._write((audio @ self._mix).T)
        elif not self._loop or self._pieces[-1][0] == self._written:
            self._end()  # also where even the beginning gives nothing
        else:
            self._reader.seek(0)
            self._pieces.append((self._written, 0))

    def _end(self) -> None:
        self._at_end = True
        store_word(self._words, rt.END, self._written)

    def _write(self, frames: np.ndarray) -> None:
        """Put (SIDES, frames) into the ring, and its first ones behind its end too."""
        place, count = self._written & (self._size - 1), frames.shape[1]
        head = min(count, self._size - place)
        self.memory[:, place : place + head] = frames[:, :head]
        self.memory[:, : count - head] = frames[:, head:]
        self.memory[:, self._size :] = self.memory[:, : rt.MARGIN]
        self._written += count
        store_word(self._words, WRITE, self._written)

    def _forget_pieces(self) -> None:
        frame = int(self._record["frame"][0])
        while len(self._pieces) > 1 and self._pieces[1][0] <= frame:
            del self._pieces[0]
