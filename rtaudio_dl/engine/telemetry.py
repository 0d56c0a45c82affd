"""What everybody may watch: history that is overwritten, and the state of the engine.

The audio thread writes; any number of readers, in any process, look. A reader takes
nothing away and holds nothing up: it sees that it was too slow. Words are as
`core/words.py` says; a history's `BEGUN` says up to where its cells may be changing,
`WRITTEN` up to where they are whole.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.control import load_word
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import record_at, store_release
from rtaudio_dl.engine.events import EVENT
from rtaudio_dl.engine.transport import beat_of

OUTPUT_FRAMES = 1 << 16  # 1.4 s at 48 kHz
EVENT_CELLS = 1 << 12
BEGUN, WRITTEN = 0, 8  # on cache lines of their own
HISTORY_WORDS = 16

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
_NUMBER = np.dtype(np.int64)
TELEMETRY = np.dtype(
    [
        ("status", STATUS, (1,)),
        ("output_words", _NUMBER, (HISTORY_WORDS,)),
        ("output", np.float32, (OUTPUT_FRAMES, 2)),
        ("event_words", _NUMBER, (HISTORY_WORDS,)),
        ("events", EVENT, (EVENT_CELLS,)),
    ],
    align=True,
)


@rt_kernel
def tell_output(engine, out):
    """Write a block of output into its history. [audio]"""
    shown = record_at(engine.telemetry[0], TELEMETRY)
    words, frames = shown.output_words, out.shape[0]
    written = words[WRITTEN]
    store_release(words, BEGUN, written + frames)
    for i in range(frames):
        place = (written + i) & (OUTPUT_FRAMES - 1)
        shown.output[place, 0], shown.output[place, 1] = out[i, 0], out[i, 1]
    store_release(words, WRITTEN, written + frames)


@rt_kernel
def tell_event(engine, event):
    """Write an event that is applied now into its history. [audio]"""
    shown = record_at(engine.telemetry[0], TELEMETRY)
    words = shown.event_words
    written = words[WRITTEN]
    store_release(words, BEGUN, written + 1)
    cell = shown.events[written & (EVENT_CELLS - 1)]
    cell.time, cell.value = engine.master[0].frame, event.value
    cell.kind, cell.channel, cell.key = event.kind, event.channel, event.key
    cell.clock = 0
    store_release(words, WRITTEN, written + 1)


@rt_kernel
def tell_status(engine, voices, callbacks, underruns, overruns):
    """Write what the engine is at, at the end of a block. [audio]"""
    status = record_at(engine.telemetry[0], TELEMETRY).status[0]
    master, transport = engine.master[0], engine.transport[0]
    status.frame, status.sample_rate = master.frame, master.sample_rate
    status.voices, status.callbacks = voices, callbacks
    status.underruns, status.overruns = underruns, overruns
    status.peak[0], status.peak[1] = master.peak[0], master.peak[1]
    status.input_peak = engine.inputs[0].input[0].peak
    status.playing, status.tempo = transport.playing, transport.tempo
    status.beat = beat_of(transport, master.frame, master.sample_rate)


class Telemetry:
    """The memory, or a view of somebody else's; and what one reader has seen of it.

    ``memory`` is a buffer of `TELEMETRY`, such as shared memory; None: memory of its
    own. Each reader makes one of these over the same buffer.
    """

    def __init__(self, memory: object = None):
        if memory is None:
            memory = np.zeros(TELEMETRY.itemsize, np.uint8)
            memory.fill(0)  # its pages are there before the audio thread wants them
        self._array = np.frombuffer(memory, TELEMETRY, 1)
        self.address = self._array.ctypes.data
        self._seen = {name: self._written(name) for name in ("output", "event")}

    def _words(self, name: str) -> np.ndarray:
        return self._array[f"{name}_words"][0]

    def _written(self, name: str) -> int:
        return load_word(self._words(name), WRITTEN)

    def reader(self) -> Telemetry:
        """Another reader of the same memory, that begins now."""
        return Telemetry(self._array)

    def status(self) -> dict[str, object]:
        """Where the engine is, as of the last block."""
        status = self._array["status"][0, 0]
        return {name: status[name].tolist() for name in STATUS.names}

    def output(self) -> np.ndarray:
        """The frames of output since the last call, float32 (frames, 2).

        Those that were overwritten before they were read are missing at the front.
        """
        return self._new("output", self._array["output"][0])

    def events(self) -> np.ndarray:
        """The events that were applied since the last call, as `EVENT` records."""
        return self._new("event", self._array["events"][0])

    def _new(self, name: str, ring: np.ndarray) -> np.ndarray:
        words, size = self._words(name), len(ring)
        written = self._written(name)
        first = max(self._seen[name], written - size)
        taken = ring[np.arange(first, written) & (size - 1)]
        lost = load_word(words, BEGUN) - size - first  # overwritten while it was read
        self._seen[name] = written
        return taken[max(0, lost) :]
