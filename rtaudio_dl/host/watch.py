"""Watching a host: any number of readers, in this process and in others.

Another process inherits the memory, and reads it without being able to write:

    watched = host.engine.watched.shared
    subprocess.Popen([…, watched.name], pass_fds=[watched.descriptor])

    from rtaudio_dl.host.watch import attach  # there
    watch = attach(sys.argv[1])
    while True:
        print(watch.levels, watch.detections())
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.shared import SharedMemory
from rtaudio_dl.engine.telemetry import TELEMETRY, Telemetry
from rtaudio_dl.kinds.classifier.detection import Detection, read_detection


class Watch:
    """One reader: it is told what happened since its own last call.

    What it did not fetch in time is overwritten, and counted in ``lost``: sound after
    1.4 s at 48 kHz, events after 4,096, detections after 1,024.
    """

    def __init__(self, telemetry: Telemetry):
        self._telemetry = telemetry

    def status(self) -> dict[str, object]:
        """Where the engine is: see `rtaudio_dl.engine.telemetry.STATUS`."""
        return self._telemetry.status()

    @property
    def levels(self) -> tuple[float, float]:
        """Peak meters of left and right, linear; they fall by themselves."""
        left, right = self.status()["peak"]
        return left, right

    def output(self) -> np.ndarray:
        """The sound that was played, float32 (frames, 2)."""
        return self._telemetry.output()

    def input(self) -> np.ndarray:
        """The sound that came in, mixed to one channel, float32 (frames, 1)."""
        return self._telemetry.input()

    def events(self) -> np.ndarray:
        """Events as they were applied: `rtaudio_dl.engine.events.EVENT` records."""
        return self._telemetry.events()

    def detections(self) -> list[Detection]:
        """What was detected, in the order of frames; strokes have the label onset."""
        found = [self._telemetry.new(name) for name in ("detection", "onset")]
        records = np.concatenate(found)
        if not len(records):
            return []
        labels, rate = self._telemetry.labels(), float(self.status()["sample_rate"])
        records = records[np.argsort(records["frame"], kind="stable")]
        known = records[records["label"] < len(labels)]
        return [read_detection(record, labels, rate) for record in known]

    @property
    def lost(self) -> dict[str, int]:
        """What was overwritten before this reader fetched it, by kind."""
        return dict(self._telemetry.lost)


def attach(name: str) -> Watch:
    """A reader of another process's host, by the name of its shared memory.

    Raises EngineError.
    """
    return Watch(Telemetry(SharedMemory.attach(name, TELEMETRY.itemsize)))
