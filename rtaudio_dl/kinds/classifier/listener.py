"""Listening: what a classifier hears, in a file or live, as a list of detections.

    >>> from rtaudio_dl.kinds.classifier.listener import listen_file
    >>> for heard in listen_file("clap.wav", "onset"):  # doctest: +SKIP
    ...     print(f"{heard.time:.3f} s {heard.label} {heard.confidence:.2f}")

A file goes through the same kernels as a microphone does, sample by sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from rtaudio_dl.core.control import dropped, pop_many, store_word
from rtaudio_dl.core.counters import (
    ANALYSIS_COUNTERS,
    INPUT_COUNTERS,
    WORKER_COUNTERS,
)
from rtaudio_dl.core.lifetime import do_all
from rtaudio_dl.dsp.onset import LEAST, PAUSE, RATIO, reset_onset
from rtaudio_dl.dsp.rational_resampler import delay
from rtaudio_dl.engine.detection import DETECTION
from rtaudio_dl.engine.input import MAX_INPUTS
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import EngineError
from rtaudio_dl.files.read import SoundReader
from rtaudio_dl.kinds.classifier.analysis import finish_file, take_file
from rtaudio_dl.kinds.classifier.detection import Detection, read_detection
from rtaudio_dl.kinds.classifier.model import Classifier, open_classifier, without_model
from rtaudio_dl.kinds.classifier.settings import ONSET
from rtaudio_dl.values import check

RATES = (8_000, 192_000)  # Hz
_BLOCK_SECONDS = 0.25  # of a file between two looks at what was heard
_BATCH = 256


class Listener:
    """What a model hears; `FileListener` and the live one fill it.

    ``model`` is the name or path of a classifier, or ``onset`` for strokes alone;
    ``onset`` tells strokes beside the model's labels. ``settings`` changes some of the
    detector's settings (see `rtaudio_dl.kinds.classifier.settings`); the DC blocker is
    off with ``dc``. ``onset_ratio``, ``onset_least`` (linear) and ``onset_pause`` (s)
    say what a stroke is, see `rtaudio_dl.dsp.onset`. Raises ModelError or EngineError.
    """

    def __init__(
        self,
        model: str | Path,
        sample_rate: int,
        *,
        onset: bool = False,
        settings: Mapping[str, Any] | None = None,
        dc: bool = False,
        onset_ratio: float = RATIO,
        onset_least: float = LEAST,
        onset_pause: float = PAUSE,
        provider: str = "cpu",
        engine: Engine | None = None,
    ):
        check("sample_rate", sample_rate, *RATES)
        check("onset_ratio", onset_ratio, 1, 1000)
        check("onset_least", onset_least, 0, 1)
        check("onset_pause", onset_pause, 0.01, 10)
        self.sample_rate, self.model_name = sample_rate, str(model)
        self._closed = False
        if str(model) == ONSET:
            if settings:
                raise EngineError("onset has no thresholds: give onset_ratio instead")
            onset, self._classifier = True, without_model(sample_rate, engine)
        else:
            options = {"dc": dc, "provider": provider, "engine": engine}
            self._classifier = open_classifier(
                model, sample_rate, changes=settings, **options
            )
        self.labels = (
            (*self._classifier.labels, ONSET) if onset else self._classifier.labels
        )
        self._memory = self._classifier.memory
        stroke = onset_ratio, onset_least, onset_pause
        reset_onset(self._memory.onset, sample_rate, *stroke)
        self._memory.onset["label"] = len(self._classifier.labels)
        store_word(self._memory.onset_on, 0, int(onset))
        self._count_from_here()
        self._batch = np.zeros(_BATCH, DETECTION)

    @property
    def classifier(self) -> Classifier:
        """The model that listens, with its settings and memory."""
        return self._classifier

    def events(self) -> list[Detection]:
        """What was heard since the last call, in the order of frames."""
        memory = self._memory
        taken = self._taken(memory.ring, memory.cursors)
        taken += self._taken(memory.onset_ring, memory.onset_cursors)
        return sorted(taken, key=lambda detection: detection.frame)

    def _taken(self, ring: np.ndarray, cursors: np.ndarray) -> list[Detection]:
        taken = []
        while count := pop_many(ring, cursors, self._batch):
            taken += [self._read(record) for record in self._batch[:count]]
        return taken

    def _read(self, record: np.void) -> Detection:
        return read_detection(record, self.labels, self.sample_rate)

    @property
    def scores(self) -> dict[str, float]:
        """The smoothed score of each of the model's labels, as of the last hop."""
        return dict(
            zip(self._classifier.labels, self._memory.smoothed.tolist(), strict=True)
        )

    @property
    def level(self) -> float:
        """Peak meter of the input, linear; it falls by itself."""
        return float(self._memory.input["peak"][0])

    def trace(self, on: bool = True) -> None:
        """Keep the scores of every hop for `score_rows`, or no longer."""
        store_word(self._memory.traced, 0, int(on))

    def score_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores that were traced since the last call: times in s, (hops, labels)."""
        rows = np.zeros((self._memory.trace_ring.shape), np.float64)
        ring, cursors = self._memory.trace_ring, self._memory.trace_cursors
        rows = rows[: pop_many(ring, cursors, rows)]
        return rows[:, 0] / self.sample_rate, rows[:, 1:]

    def counts(self) -> dict[str, int]:
        """Counters of the input and of the analysis, and what had no room in its rings.

        ``input_dropped`` are frames, ``lost_notes`` those of detections; detections and
        rows of scores are lost when nobody reads them.
        """
        memory = self._memory
        counts = zip(ANALYSIS_COUNTERS, memory.counters.tolist(), strict=True)
        worker = memory.worker["counters"][0].tolist()
        runs = dict(zip(WORKER_COUNTERS, worker, strict=True))
        runs["muted_scores"] = runs.pop("muted")
        heard = zip(INPUT_COUNTERS, memory.input_counters.tolist(), strict=True)
        return dict(counts) | runs | dict(heard) | self._lost()

    def _count_from_here(self) -> None:
        """What an engine's rings have dropped until now was not this listener's."""
        self._lost_before: dict[str, int] = {}
        self._lost_before = self._lost()

    def _lost(self) -> dict[str, int]:
        memory = self._memory
        now = {
            "lost_detections": dropped(memory.cursors) + dropped(memory.onset_cursors),
            "lost_scores": dropped(memory.trace_cursors),
            "lost_notes": dropped(memory.ear_cursors),
            "input_dropped": dropped(memory.input_cursors),
        }
        return {name: n - self._lost_before.get(name, 0) for name, n in now.items()}

    def close(self) -> None:
        """Release the model; again: nothing."""
        self._closed = True
        self._classifier.close()

    def _require_open(self) -> None:
        # The kernels would run a model whose memory is gone.
        if self._closed:
            raise EngineError("the listener is closed; make a new one")

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class FileListener(Listener):
    """Listens to a sound file of any length, rate and number of channels.

    ``channels`` counts from 1; None mixes all. Iterate over it once: it gives the
    detections in order; or over `blocks`, to look at scores and levels between. One
    window of silence follows the file. Raises AudioFileError, too.
    """

    def __init__(
        self,
        path: str | Path,
        model: str | Path = "commands",
        *,
        channels: tuple[int, ...] | None = None,
        **options: Any,
    ):
        with ExitStack() as opened:
            self._reader = opened.enter_context(SoundReader(path))
            super().__init__(model, self._reader.sample_rate, **options)
            opened.callback(super().close)
            choose_channels(self._memory.input, self._reader.channels, channels)
            # Loaded now, so that `done` shows the pace of what follows.
            self._take(np.zeros((0, self._reader.channels), np.float32))
            opened.pop_all()
        self.seconds = self._reader.seconds
        self._block = round(_BLOCK_SECONDS * self.sample_rate)

    @property
    def done(self) -> float:
        """Seconds of the file that were heard."""
        return min(int(self._memory.state["frame"][0]) / self.sample_rate, self.seconds)

    def __iter__(self) -> Iterator[Detection]:
        for detections in self.blocks():
            yield from detections

    def blocks(self) -> Iterator[list[Detection]]:
        """What was heard in each quarter of a second, and after the end."""
        self._require_open()
        for block in self._reader.blocks(self._block):
            yield self._heard(block)
            self._require_open()
        silence = self._silence()
        for first in range(0, len(silence), self._block):
            yield self._heard(silence[first : first + self._block])
        self._require_open()
        finish_file(self._memory)
        yield self.events()

    def _heard(self, block: np.ndarray) -> list[Detection]:
        self._require_open()
        self._take(block)
        return self.events()

    def _take(self, frames: np.ndarray) -> None:
        frames = np.ascontiguousarray(frames, np.float32)
        take_file(self._memory, frames, *frames.shape)

    def _silence(self) -> np.ndarray:
        frames = delay(self._memory.resampler)
        if self._classifier.model is not None:
            card = self._classifier.model.card
            window = card.input("audio").size()
            frames += -(-window * self.sample_rate // card.sample_rate)
        return np.zeros((frames, self._reader.channels), np.float32)

    def counts(self) -> dict[str, int]:
        """As those of every listener; the reader took the values that were NaN."""
        counts = super().counts()
        counts["input_not_finite"] += self._reader.not_finite
        return counts

    def close(self) -> None:
        """Close the file and release the model."""
        do_all(self._reader.close, super().close)


def listen_file(
    path: str | Path, model: str | Path = "commands", **options: Any
) -> Iterator[Detection]:
    """What a model hears in a file; ``options`` as for `FileListener`."""
    with FileListener(path, model, **options) as listener:
        yield from listener


def choose_channels(
    record: np.ndarray, count: int, channels: tuple[int, ...] | None
) -> None:
    """Let an input mix some of its ``count`` channels (from 1), None: all of them."""
    if count > MAX_INPUTS:
        raise EngineError(f"the input has {count} channels; at most {MAX_INPUTS}")
    chosen = range(1, count + 1) if channels is None else channels
    if not chosen or any(not 1 <= number <= count for number in chosen):
        raise EngineError(f"channels are {channels!r}; the input has 1 to {count}")
    record["channels"] = count
    record["chosen"] = sum(1 << (number - 1) for number in set(chosen))
    record["scale"] = 1 / len(set(chosen))
