"""Sound files of any format and length, read piece by piece."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rtaudio_dl.errors import AudioFileError

RATES = (1_000, 768_000)  # Hz
MAX_CHANNELS = 64
BLOCK_FRAMES = 1 << 16

_HALF = 0.5**0.5
# ITU-R BS.775: how WAV and FLAC order up to eight channels, and what each gives to left
# and right. The one for low frequencies is left out, as the standard has it.
_FRONT, _CENTRE, _SIDES, _BACK, _LOW = (
    ((1, 0), (0, 1)),
    ((_HALF, _HALF),),
    ((_HALF, 0), (0, _HALF)),
    ((0.5, 0.5),),
    ((0, 0),),
)
_LAYOUTS = {
    1: ((1, 1),),
    2: _FRONT,
    3: _FRONT + _CENTRE,
    4: _FRONT + _SIDES,
    5: _FRONT + _CENTRE + _SIDES,
    6: _FRONT + _CENTRE + _LOW + _SIDES,
    7: _FRONT + _CENTRE + _LOW + _BACK + _SIDES,
    8: _FRONT + _CENTRE + _LOW + _SIDES + _SIDES,
}


def stereo_matrix(channels: int) -> np.ndarray:
    """What each channel gives to left and right, float32 (channels, 2).

    No mix is louder than the loudest channel: each side's parts add up to 1 at most.
    More than eight channels have no order that is agreed upon: the odd ones go left,
    the even ones right.
    """
    sides = np.arange(channels) % 2
    parts = np.array(_LAYOUTS.get(channels, np.eye(2)[sides]), np.float32)
    return parts / np.maximum(1.0, parts.sum(axis=0))


class SoundReader:
    """A sound file, open for reading; close it, or use it in a ``with`` block.

    ``frames`` is the length that the file tells, ``sample_rate`` in Hz, ``format`` what
    a person calls it. Samples are float32, NaN and infinite ones become 0 and are
    counted in ``not_finite``. Raises AudioFileError for what cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self.not_finite = 0
        self._file = self._open()
        self.sample_rate, self.channels = self._file.samplerate, self._file.channels
        self.frames = self._file.frames
        self.format = f"{self._file.format} {self._file.subtype}".replace("_", " ")
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def _open(self):
        import soundfile

        if not self.path.is_file():
            raise AudioFileError(f"{self.path}: there is no such file")
        try:
            return soundfile.SoundFile(self.path)
        # TypeError: it is raw, so its name alone does not say what is in it.
        except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
            reason = str(error).partition(": ")[2] or str(error)
            formats = "WAV, FLAC, OGG, MP3, AIFF and more can"
            raise AudioFileError(
                f"{self.path} cannot be read: {reason} {formats}"
            ) from None

    def _check(self) -> None:
        low, high = RATES
        if not low <= self.sample_rate <= high:
            raise AudioFileError(
                f"{self.path} has {self.sample_rate} Hz; allowed: {low} to {high}"
            )
        if self.channels > MAX_CHANNELS:
            raise AudioFileError(
                f"{self.path} has {self.channels} channels; at most {MAX_CHANNELS}"
            )
        if self.frames < 1:
            raise AudioFileError(f"{self.path} has no sound in it")

    @property
    def seconds(self) -> float:
        """Length in s."""
        return self.frames / self.sample_rate

    def read(self, frames: int) -> np.ndarray:
        """The next frames, (frames, channels); fewer at the end, then none."""
        audio = self._guarded(self._file.read, frames, "float32", always_2d=True)
        finite = np.isfinite(audio)
        if not finite.all():
            self.not_finite += int(audio.size - np.count_nonzero(finite))
            audio[~finite] = 0.0
        return audio

    def seek(self, frame: int) -> None:
        """Go on reading at a frame."""
        self._guarded(self._file.seek, frame)

    def blocks(self, frames: int = BLOCK_FRAMES) -> Iterator[np.ndarray]:
        """All that is left, piece by piece."""
        while len(audio := self.read(frames)):
            yield audio

    def _guarded(self, call, *arguments, **options):
        import soundfile

        try:
            return call(*arguments, **options)
        except (soundfile.SoundFileError, OSError, RuntimeError) as error:
            raise AudioFileError(f"{self.path} is damaged: {error}") from None

    def close(self) -> None:
        """Close the file; may be called again."""
        self._file.close()

    def __enter__(self) -> SoundReader:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
