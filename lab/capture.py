"""A recording of a sound card's input whose frames are known on the system's clock."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any

import numpy as np

from lab.errors import BenchError
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.io.audio import portaudio
from rtaudio_dl.io.audio.devices import AudioDevice, current_index

_AFTER_SECONDS = 0.15  # in which the promptest callback is looked for


class Capture:
    """Records one input channel from `start` to `stop`; use it in a ``with`` block.

    ``channel`` counts from 0. Recording is plain Python: nothing here is in a hurry, a
    late callback only makes one stamp late, and `frame_at` looks past it. ``overflows``
    counts blocks that the driver had to throw away. Raises DeviceError.
    """

    def __init__(self, device: AudioDevice, rate: int, block: int, channel: int):
        self.rate, self.channel, self.overflows = rate, channel, 0
        self._blocks: list[np.ndarray] = []
        self._arrivals: list[int] = []  # ns, of each block's last frame
        sd = portaudio.sounddevice()
        try:
            self._stream = sd.InputStream(
                samplerate=rate,
                blocksize=block,
                device=current_index(device),
                channels=channel + 1,
                dtype="float32",
                latency="low",
                callback=self._keep,
            )
        except (sd.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"input of {device.label} does not open at {rate} Hz: {error}; "
                "another program may hold it"
            ) from None

    def _keep(self, block: np.ndarray, _frames: int, _time: Any, flags: Any) -> None:
        self._arrivals.append(perf_counter_ns())
        self._blocks.append(block[:, self.channel].copy())
        self.overflows += bool(flags.input_overflow)

    @property
    def latency(self) -> int:
        """Frames from the input to the callback, as the driver tells."""
        return round(self._stream.latency * self.rate)

    @property
    def audio(self) -> np.ndarray:
        """What came, float32 (frames, 1)."""
        return np.concatenate([np.zeros(0, np.float32), *self._blocks])[:, None]

    def frame_at(self, time_ns: int) -> float:
        """The frame that came in at a time (ns of the performance counter)."""
        arrivals = np.array(self._arrivals[: len(self._blocks)], np.float64)
        ends = np.cumsum([len(block) for block in self._blocks[: len(arrivals)]])
        return frame_at(time_ns, arrivals, ends, self.rate)

    def __enter__(self) -> Capture:
        self._stream.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stream.close()


def frame_at(time_ns: int, arrivals: np.ndarray, ends: np.ndarray, rate: int) -> float:
    """The frame that came in at a time; callbacks brought all up to ``ends`` till then.

    A callback is never early, so the promptest of those that follow tells best. No
    longer stretch is looked at: cards drift, and a block that was lost would move all
    frames after it. Raises BenchError when there was none.
    """
    after = (arrivals >= time_ns) & (arrivals < time_ns + 1e9 * _AFTER_SECONDS)
    if not after.any():
        raise BenchError("the input stopped; is the card in use elsewhere?")
    begun = arrivals[after] - ends[after] * 1e9 / rate  # when frame 0 came in
    return float((time_ns - begun.min()) * rate / 1e9)
