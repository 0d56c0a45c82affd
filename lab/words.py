"""What the listening benchmark plays: recorded words at random times over noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from lab.errors import BenchError
from rtaudio_dl.files.read import SoundReader
from rtaudio_dl.kinds.classifier.listener import Detection

SEED = 20_002
CLICK_SECONDS = 0.3  # where a click marks the time, in silence
LEAD_SECONDS = 1.5  # before the first word
GAPS = (0.5, 2.0)  # s, between two clips
NOISE_DB = -50.0  # of full scale, pink
_TAIL_SECONDS = 1.5
_LONGEST_SECONDS = 5.0  # of a clip
_PATIENCE_SECONDS = 1.0  # after a clip, in which its event still counts
# Where a word ends: after the last 20 ms that are less than this below its loudest.
_FRAME_SECONDS, _RANGE_DB = 0.02, 25.0
_PERIOD_HZ = 20.0  # below it the noise is flat


@dataclass(frozen=True)
class Word:
    """A clip in the sound: frames of its begin and end, and of the word's own end."""

    label: str
    begin: int
    end: int
    spoken: int


@dataclass(frozen=True)
class Verdict:
    """What became of the words: ``heard`` is the label told for each (empty: none),
    ``delays`` are s from a word's end to its event."""

    right: int
    wrong: int
    missed: int
    extra: int
    heard: tuple[str, ...]
    delays: tuple[float, ...]


def clip_files(folder: Path, labels: Sequence[str]) -> list[tuple[str, Path]]:
    """The recordings in FOLDER/LABEL/ of labels that the model knows."""
    files = [
        (label, path)
        for label in labels
        for path in sorted((folder / label).glob("*"))
        if path.is_file()
    ]
    if not files:
        raise BenchError(
            f"{folder} has no recordings in folders named as the model's labels: "
            f"{', '.join(labels)}"
        )
    return files


def draw(
    files: Sequence[tuple[str, Path]], count: int, rate: int
) -> tuple[np.ndarray, list[Word]]:
    """A sound (frames,) of so many clips at random, at ``rate`` Hz, and its words."""
    random = np.random.default_rng(SEED)
    chosen = random.permutation(len(files))[:count]
    parts, words = [_click(rate)], []
    at = len(parts[0])
    for number in chosen:
        label, path = files[number]
        gap = np.zeros(round(random.uniform(*GAPS) * rate), np.float32)
        clip = _clip(path, rate)
        at += len(gap)
        words.append(Word(label, at, at + len(clip), at + _spoken(clip, rate)))
        at += len(clip)
        parts += [gap, clip]
    parts.append(np.zeros(round(_TAIL_SECONDS * rate), np.float32))
    sound = np.concatenate(parts)
    begin = len(parts[0])
    sound[begin:] += _noise(random, len(sound) - begin, rate)
    return sound, words


def _click(rate: int) -> np.ndarray:
    sound = np.zeros(round(LEAD_SECONDS * rate), np.float32)
    place = round(CLICK_SECONDS * rate)
    sound[place : place + round(0.001 * rate)] = 0.9
    return sound


def _clip(path: Path, rate: int) -> np.ndarray:
    from scipy.signal import resample_poly

    with SoundReader(path) as reader:
        sound = reader.read(round(_LONGEST_SECONDS * reader.sample_rate)).mean(axis=1)
        ratio = Fraction(rate, reader.sample_rate)
    return resample_poly(sound, ratio.numerator, ratio.denominator).astype(np.float32)


def _spoken(clip: np.ndarray, rate: int) -> int:
    """The frame at which the word in a clip has ended."""
    size = round(_FRAME_SECONDS * rate)
    pieces = clip[: len(clip) // size * size].reshape(-1, size)
    level = np.sqrt(np.mean(pieces**2, axis=1))
    loud = np.flatnonzero(level > level.max(initial=0) * 10 ** (-_RANGE_DB / 20))
    return int(loud[-1] + 1) * size if len(loud) else len(clip)


def _noise(random: np.random.Generator, size: int, rate: int) -> np.ndarray:
    """Pink noise: as loud in each octave."""
    spectrum = np.fft.rfft(random.standard_normal(size))
    hz = np.maximum(np.fft.rfftfreq(size, 1 / rate), _PERIOD_HZ)
    noise = np.fft.irfft(spectrum / np.sqrt(hz), size)
    level = 10 ** (NOISE_DB / 20)
    return (level * noise / np.sqrt(np.mean(noise**2))).astype(np.float32)


def judge(
    words: Sequence[Word], events: Sequence[Detection], start: int, rate: int
) -> Verdict:
    """Hold events against words; ``start`` is the event frame of the sound's first.

    An event belongs to the word that sounded or had just ended; each word takes one
    of its own label, and all others are too many.
    """
    heard, delays, used = [], [], set()
    for word in words:
        low, high = word.begin + start, word.end + start + _PATIENCE_SECONDS * rate
        near = [i for i, e in enumerate(events) if low <= e.frame < high]
        near = [i for i in near if i not in used]
        own = [i for i in near if events[i].label == word.label]
        heard.append(events[(own or near)[0]].label if near else "")
        if own:
            used.add(own[0])
            told = events[own[0]].published - start
            delays.append((told - word.spoken) / rate)
    right, missed = len(delays), heard.count("")
    wrong = len(words) - right - missed
    extra = len(events) - right - wrong
    return Verdict(right, wrong, missed, extra, tuple(heard), tuple(delays))
