"""The memory of the analysis thread: one model that listens, and all that it needs.

Input, clock and ring of notes are the engine's own where there is one; a file is
analysed without. What is as large as the model wants it is reached by address.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.counters import ANALYSIS_COUNTERS
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.ring import CURSORS, new_cursors
from rtaudio_dl.core.run import RUN
from rtaudio_dl.core.worker import WORKER
from rtaudio_dl.dsp.rational_resampler import CHUNK, RESAMPLER, new_resampler
from rtaudio_dl.engine.detection import DETECTION, SILENT, TRIGGER
from rtaudio_dl.engine.events import EVENT, RING_SIZE
from rtaudio_dl.engine.input import DETECTION_LOG, INPUTS
from rtaudio_dl.engine.layout import MASTER, Engine
from rtaudio_dl.kinds.classifier.detector import CLASS, DETECTOR

TRACE = 256  # hops whose scores are kept until they are read
RAW, SOFTMAX, SIGMOID = range(3)  # what makes probabilities of a model's scores

ANALYSIS_STATE = np.dtype(
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
        ("model", RUN, (1,)),
        ("audio", np.uintp),  # the window
        ("audio_size", np.int64),
        ("scores", np.uintp),
        ("labels", np.int64),
        ("state_count", np.int64),
        # memory as large as rates and window ask for
        ("filters", np.uintp),
        ("filters_size", np.int64),
        ("history", np.uintp),
        ("history_size", np.int64),
        ("resampled", np.uintp),
        ("resampled_size", np.int64),
        ("hop", np.uintp),
        ("hop_size", np.int64),
        ("trace_row", np.uintp),  # float64 (1, labels + 1)
        ("trace_ring", np.uintp),  # float64 (TRACE, labels + 1)
        # what it shares with an engine
        ("source", np.uintp),  # `INPUTS`
        ("clock", np.uintp),  # `MASTER`
        ("note_ring", np.uintp),  # of `EVENT`, `RING_SIZE`
        ("note_cursors", np.uintp),
        ("telemetry", np.uintp),  # `TELEMETRY`, or 0
        ("long", np.int64),  # a run takes longer than `LONG_SECONDS`
    ],
    align=True,
)

# A state of the model: where it comes out, where it goes in again, its 32-bit words.
STATE = np.dtype([("given", np.uintp), ("taken", np.uintp), ("words", np.int64)])

MAX_LABELS = 1024
MAX_STATES = 64
_NUMBER = np.dtype(np.int64)
ANALYSIS = np.dtype(
    [
        ("state", ANALYSIS_STATE, (1,)),
        ("counters", _NUMBER, (len(ANALYSIS_COUNTERS),)),
        ("detector", DETECTOR, (1,)),
        ("classes", CLASS, (MAX_LABELS,)),
        ("triggers", TRIGGER, (MAX_LABELS,)),
        ("trigger_keys", _NUMBER, (MAX_LABELS,)),
        ("states", STATE, (MAX_STATES,)),
        ("resampler", RESAMPLER, (1,)),
        ("chunk", np.float32, (CHUNK, 1)),
        ("scores", np.float64, (MAX_LABELS,)),  # of the last run
        ("smoothed", np.float64, (MAX_LABELS,)),  # what the detector makes of them
        ("found", DETECTION, (MAX_LABELS,)),
        ("ring", DETECTION, (DETECTION_LOG,)),
        ("cursors", _NUMBER, (CURSORS,)),
        ("trace_cursors", _NUMBER, (CURSORS,)),
        ("traced", _NUMBER, (1,)),  # the scores are wanted
        ("event", EVENT, (1,)),
        ("worker", WORKER, (1,)),
    ],
    align=True,
)


class AnalysisMemory(Memory):
    """Memory for a model of so many classes; ``hop`` in frames at the model's rate.

    It has the fields of `ANALYSIS`, as many of each as there are classes and states,
    and those of the input: the engine's, or its own.
    """

    def __init__(
        self,
        rate_in: int,
        rate_model: int,
        hop: int,
        classes: int,
        states: int = 0,
        engine: Engine | None = None,
    ):
        super().__init__(ANALYSIS)
        for name in ("classes", "triggers", "trigger_keys", "scores", "smoothed"):
            setattr(self, name, getattr(self, name)[:classes])
        self.found, self.states = self.found[:classes], self.states[:states]
        self.trigger_keys[:] = SILENT
        self.state["labels"], self.state["state_count"] = classes, states
        resampler, filters, history, resampled = new_resampler(rate_in, rate_model)
        self.resampler[:] = resampler
        self.trace_ring = np.zeros((TRACE, classes + 1), np.float64)
        self._own = {
            "filters": filters,
            "history": history,
            "resampled": resampled,
            "hop": np.zeros(hop, np.float32),
            "trace_row": np.zeros((1, classes + 1), np.float64),
            "trace_ring": self.trace_ring,
        }
        for name, array in self._own.items():
            self.state[name] = array.ctypes.data
            if f"{name}_size" in ANALYSIS_STATE.names:
                self.state[f"{name}_size"] = array.size
        self.history, self.hop = history, self._own["hop"]
        self._share(engine if engine is not None else _Alone(rate_in))

    def _share(self, source: Engine | _Alone) -> None:
        self._source = source  # kept alive
        self.master, self.inputs = source.master, source.inputs
        for name in INPUTS.names:
            setattr(self, name, source.inputs[name][0])
        self.ear_ring, self.ear_cursors = source.ear_ring, source.ear_cursors
        self.state["source"] = self.inputs.ctypes.data
        self.state["clock"] = self.master.ctypes.data
        self.state["telemetry"] = source.telemetry[0]
        self.worker["clock"] = self.master["clock"]
        self.state["note_ring"] = self.ear_ring.ctypes.data
        self.state["note_cursors"] = self.ear_cursors.ctypes.data

    @property
    def arrays(self) -> list[np.ndarray]:
        """All memory that the analysis thread reads and writes."""
        return [self.array, *self._own.values()]


class _Alone:
    """What a listener has of its own that has no engine."""

    def __init__(self, rate: int):
        self.master, self.inputs = np.zeros(1, MASTER), np.zeros(1, INPUTS)
        self.inputs["input"]["sample_rate"] = rate
        self.telemetry = np.zeros(1, np.uintp)  # nobody watches a file
        self.ear_ring, self.ear_cursors = np.zeros(RING_SIZE, EVENT), new_cursors()
