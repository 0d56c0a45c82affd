"""The memory of the analysis thread: one model that listens, and all that it needs.

The arrays of `INPUT_ARRAYS`, the clock and the ring of notes are the engine's own where
there is one; a file is analysed without.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from rtaudio_dl.core.allowance import ALLOWANCE
from rtaudio_dl.core.counters import ANALYSIS_COUNTERS
from rtaudio_dl.core.ring import CURSORS
from rtaudio_dl.dsp.rational_resampler import CHUNK, new_resampler
from rtaudio_dl.engine.detection import DETECTION, SILENT, TRIGGER
from rtaudio_dl.engine.events import EVENT, RING_SIZE
from rtaudio_dl.engine.input import DETECTION_LOG, INPUT_ARRAYS
from rtaudio_dl.engine.layout import MASTER, Engine
from rtaudio_dl.kinds.classifier.detector import CLASS, DETECTOR

TRACE = 256  # hops whose scores are kept until they are read
RAW, SOFTMAX, SIGMOID = range(3)  # what makes probabilities of a model's scores

EAR = np.dtype(
    [
        ("start", np.int64),  # frame of the stream at which the window began to fill
        ("frame", np.int64),  # first frame not taken yet
        ("began", np.int64),  # it has taken a frame
        ("lost", np.int64),  # frames that the ring had dropped when it last looked
        ("made", np.int64),  # frames at the model's rate, since `start`
        ("filled", np.int64),  # those of the hop that is not whole yet
        ("patience", np.int64),  # frames it may be behind; 0: no limit, as for a file
        ("activation", np.int64),
        # DC blocker at the model's rate
        ("dc_pole", np.float64),  # 0: off
        ("dc_in", np.float64),
        ("dc_out", np.float64),
        # the model
        ("run", np.uintp),  # OrtApi::Run
        ("release_status", np.uintp),
        ("session", np.uintp),
        ("input_names", np.uintp),
        ("input_values", np.uintp),
        ("inputs", np.uintp),
        ("output_names", np.uintp),
        ("output_values", np.uintp),
        ("outputs", np.uintp),
        ("audio", np.uintp),  # the window
        ("audio_size", np.int64),
        ("scores", np.uintp),
        # the thread's semaphore
        ("wait_address", np.uintp),
        ("semaphore", np.uintp),
        ("long", np.int64),  # a run takes longer than `LONG_SECONDS`
    ],
    align=True,
)

# A state of the model: where it comes out, where it goes in again, its 32-bit words.
STATE = np.dtype([("given", np.uintp), ("taken", np.uintp), ("words", np.int64)])

_OWN = (
    "ear",
    "counters",
    "detector",
    "classes",
    "triggers",
    "trigger_keys",
    "states",
    "resampler",
    "filters",
    "history",
    "resampled",
    "hop",
    "chunk",
    "scores",  # of the last run
    "smoothed",  # what the detector makes of them, for everyone to read
    "found",
    "ring",
    "cursors",
    "trace_row",
    "trace_ring",
    "trace_cursors",
    "traced",  # the scores are wanted
    "event",
    "ticks",
    "allowance",
    "stop",
)
_SHARED = ("master", "ear_ring", "ear_cursors")
Ear = namedtuple("Ear", (*_OWN, *_SHARED, *INPUT_ARRAYS))


def new_ear(
    rate_in: int,
    rate_model: int,
    hop: int,
    classes: int,
    states: int = 0,
    engine: Engine | None = None,
) -> Ear:
    """Memory for a model of so many classes; ``hop`` in frames at the model's rate."""
    resampler, filters, history, resampled = new_resampler(rate_in, rate_model)
    arrays = {
        "ear": np.zeros(1, EAR),
        "counters": np.zeros(len(ANALYSIS_COUNTERS), np.int64),
        "detector": np.zeros(1, DETECTOR),
        "classes": np.zeros(classes, CLASS),
        "triggers": np.zeros(classes, TRIGGER),
        "trigger_keys": np.full(classes, SILENT, np.int64),
        "states": np.zeros(states, STATE),
        "resampler": resampler,
        "filters": filters,
        "history": history,
        "resampled": resampled,
        "hop": np.zeros(hop, np.float32),
        "chunk": np.zeros((CHUNK, 1), np.float32),
        "scores": np.zeros(classes, np.float64),
        "smoothed": np.zeros(classes, np.float64),
        "found": np.zeros(classes, DETECTION),
        "ring": np.zeros(DETECTION_LOG, DETECTION),
        "cursors": np.zeros(CURSORS, np.int64),
        "trace_row": np.zeros((1, classes + 1), np.float64),
        "trace_ring": np.zeros((TRACE, classes + 1), np.float64),
        "trace_cursors": np.zeros(CURSORS, np.int64),
        "traced": np.zeros(1, np.int64),
        "event": np.zeros(1, EVENT),
        "ticks": np.zeros(2, np.int64),
        "allowance": np.zeros(1, ALLOWANCE),
        "stop": np.zeros(1, np.int64),
    }
    return Ear(**arrays, **(_of(engine) if engine else _alone(rate_in)))


def _of(engine: Engine) -> dict[str, np.ndarray]:
    return {name: getattr(engine, name) for name in (*_SHARED, *INPUT_ARRAYS)}


def _alone(rate: int) -> dict[str, np.ndarray]:
    arrays = {name: np.zeros(shape, kind) for name, (kind, shape) in _alone_kinds()}
    arrays["input"]["sample_rate"] = rate
    return arrays


def _alone_kinds() -> list[tuple[str, tuple[np.dtype, tuple[int, ...]]]]:
    kinds = {
        "master": (MASTER, (1,)),
        "ear_ring": (EVENT, (RING_SIZE,)),
        "ear_cursors": (np.dtype(np.int64), (CURSORS,)),
    }
    return list((kinds | INPUT_ARRAYS).items())
