"""What everybody may watch: histories that are overwritten, the state of the engine.

The engine's threads write; any number of readers, in any process, look, and nothing
that they do disturbs what plays. See `core/history.py`.
"""

from __future__ import annotations

import json

import numpy as np

from rtaudio_dl.core.control import copy_history, load_word, store_word
from rtaudio_dl.core.history import (
    BEGUN,
    HISTORY_WORDS,
    WRITTEN,
    begin_writing,
    end_writing,
)
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import record_at
from rtaudio_dl.core.shared import SharedMemory
from rtaudio_dl.engine.detection import DETECTION
from rtaudio_dl.engine.events import EVENT
from rtaudio_dl.engine.transport import beat_of

SOUND_FRAMES = 1 << 16  # 1.4 s at 48 kHz, of output and of input
EVENT_CELLS = 1 << 12
DETECTION_CELLS = 1 << 10
LABEL_BYTES = 1 << 16  # of JSON
_TRIES = 1000  # to read what changes each block

STATUS = np.dtype(
    [
        ("frame", np.int64),
        ("sample_rate", np.float64),
        ("voices", np.int64),
        ("peak", np.float64, (2,)),
        ("input_peak", np.float64),
        ("playing", np.int64),
        ("tempo", np.float64),
        ("beat", np.float64),
        ("callbacks", np.int64),
        ("underruns", np.int64),
        ("overruns", np.int64),
    ],
    align=True,
)
# Each history by its name: its words, and its cells. Each has one writer: the analysis
# thread writes ``detection``, the audio thread all others; Python the labels.
HISTORIES = {
    "status": (STATUS, 1),
    "output": (np.dtype((np.float32, (2,))), SOUND_FRAMES),
    "input": (np.dtype((np.float32, (1,))), SOUND_FRAMES),
    "event": (EVENT, EVENT_CELLS),
    "onset": (DETECTION, DETECTION_CELLS),
    "detection": (DETECTION, DETECTION_CELLS),
    "label": (np.dtype(np.uint8), LABEL_BYTES),
}
TELEMETRY = np.dtype(
    [
        field
        for name, (kind, cells) in HISTORIES.items()
        for field in (
            (f"{name}_words", np.int64, (HISTORY_WORDS,)),
            (name, kind.base, (cells, *kind.shape)),
        )
    ],
    align=True,
)


@rt_kernel
def tell_output(engine, out):
    """Write a block of output into its history. [audio]"""
    shown = record_at(engine.telemetry[0], TELEMETRY)
    written = begin_writing(shown.output_words, out.shape[0])
    for i in range(out.shape[0]):
        place = (written + i) & (SOUND_FRAMES - 1)
        shown.output[place, 0], shown.output[place, 1] = out[i, 0], out[i, 1]
    end_writing(shown.output_words, out.shape[0])


@rt_kernel
def tell_input(engine, mono, count):
    """Write ``count`` frames of input, mixed to one channel, into its history. [audio]

    ``mono`` is float32 (frames, 1).
    """
    shown = record_at(engine.telemetry[0], TELEMETRY)
    written = begin_writing(shown.input_words, count)
    for i in range(count):
        shown.input[(written + i) & (SOUND_FRAMES - 1), 0] = mono[i, 0]
    end_writing(shown.input_words, count)


@rt_kernel
def tell_event(engine, event):
    """Write an event that is applied now into its history. [audio]"""
    shown = record_at(engine.telemetry[0], TELEMETRY)
    written = begin_writing(shown.event_words, 1)
    cell = shown.event[written & (EVENT_CELLS - 1)]
    cell.time, cell.value = engine.master[0].frame, event.value
    cell.kind, cell.channel, cell.key = event.kind, event.channel, event.key
    cell.clock = 0
    end_writing(shown.event_words, 1)


@rt_kernel
def tell_onset(engine, onset):
    """Write the beginning or the end of a stroke into its history. [audio]"""
    shown = record_at(engine.telemetry[0], TELEMETRY)
    written = begin_writing(shown.onset_words, 1)
    shown.onset[written & (DETECTION_CELLS - 1)] = onset
    end_writing(shown.onset_words, 1)


@rt_kernel
def tell_detection(address, detection):
    """Write what was detected into the history at an address, 0: none. [worker]"""
    if address == 0:
        return
    shown = record_at(address, TELEMETRY)
    written = begin_writing(shown.detection_words, 1)
    shown.detection[written & (DETECTION_CELLS - 1)] = detection
    end_writing(shown.detection_words, 1)


@rt_kernel
def tell_status(engine, voices, callbacks, underruns, overruns):
    """Write what the engine is at, at the end of a block. [audio]"""
    shown = record_at(engine.telemetry[0], TELEMETRY)
    begin_writing(shown.status_words, 1)
    status = shown.status[0]
    master, transport = engine.master[0], engine.transport[0]
    status.frame, status.sample_rate = master.frame, master.sample_rate
    status.voices, status.callbacks = voices, callbacks
    status.underruns, status.overruns = underruns, overruns
    status.peak[0], status.peak[1] = master.peak[0], master.peak[1]
    status.input_peak = engine.inputs[0].input[0].peak
    status.playing, status.tempo = transport.playing, transport.tempo
    status.beat = beat_of(transport, master.frame, master.sample_rate)
    end_writing(shown.status_words, 1)


class Telemetry:
    """The memory of it, or somebody else's; and what one reader has seen of that.

    ``shared`` is memory of `TELEMETRY`, None: its own. Each reader makes one of these
    over the same memory. ``lost`` counts what was overwritten before it was read, by
    the history's name.
    """

    def __init__(self, shared: SharedMemory | None = None):
        self.shared = shared or SharedMemory.create(TELEMETRY.itemsize)
        self.array = np.frombuffer(self.shared.memory, TELEMETRY, 1)
        if shared is None:
            # Its pages are there before the audio thread wants them.
            self.array.view(np.uint8).fill(0)
        self.address = self.array.ctypes.data
        self.lost = dict.fromkeys(HISTORIES, 0)
        self._seen = {name: self._written(name) for name in HISTORIES}

    def reader(self) -> Telemetry:
        """Another reader of the same memory, that begins now."""
        return Telemetry(self.shared)

    def close(self) -> None:
        """Let go of the memory; what has a view of it keeps it. Again: nothing."""
        self.shared.close()

    # --- the control side's part

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Say what the labels of detections are called, as far as there is room."""
        text = json.dumps(labels).encode()
        if len(text) > LABEL_BYTES:
            text = json.dumps([str(n) for n in range(len(labels))]).encode()
        words = self._words("label")
        store_word(words, BEGUN, load_word(words, WRITTEN) + 1)
        cells = self._cells("label")
        cells[: len(text)], cells[len(text) :] = np.frombuffer(text, np.uint8), 0
        store_word(words, WRITTEN, load_word(words, WRITTEN) + 1)

    # --- to read

    def labels(self) -> tuple[str, ...]:
        """The labels of detections, in the order of their numbers."""
        text = self._stable("label").tobytes().rstrip(b"\0")
        return tuple(json.loads(text)) if text else ()

    def status(self) -> dict[str, object]:
        """Where the engine is, as of the last block."""
        status = self._stable("status")[0]
        return {name: status[name].tolist() for name in STATUS.names}

    def output(self) -> np.ndarray:
        """The frames of output since the last call, float32 (frames, 2).

        Those that were overwritten before they were read are missing at the front.
        """
        return self.new("output")

    def input(self) -> np.ndarray:
        """The frames of input since the last call, float32 (frames, 1), likewise."""
        return self.new("input")

    def events(self) -> np.ndarray:
        """The events that were applied since the last call, as `EVENT` records."""
        return self.new("event")

    def new(self, name: str) -> np.ndarray:
        """The cells of a history since the last call; what was overwritten is lost."""
        written, seen = self._written(name), self._seen[name]
        cells = self._cells(name)
        first = max(seen, written - len(cells))
        taken, begun = copy_history(self._words(name), cells, first, written - first)
        # Overwritten while it was read.
        gone = min(max(0, begun - len(cells) - first), len(taken))
        self.lost[name] += first - seen + gone
        self._seen[name] = written
        return taken[gone:]

    def _stable(self, name: str) -> np.ndarray:
        """All cells of what is written anew each time, none half written."""
        words, cells = self._words(name), self._cells(name)
        for _ in range(_TRIES):
            written = self._written(name)
            taken, begun = copy_history(words, cells, 0, len(cells))
            if begun == written:
                break
        return taken

    def _words(self, name: str) -> np.ndarray:
        return self.array[f"{name}_words"][0]

    def _cells(self, name: str) -> np.ndarray:
        return self.array[name][0]

    def _written(self, name: str) -> int:
        return load_word(self._words(name), WRITTEN)
