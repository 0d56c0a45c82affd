"""Our host as a listener, in a process of its own."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import Any

from lab.child import serve
from lab.sound import KEY, dry_patch
from rtaudio_dl.host.live import LiveHost
from rtaudio_dl.kinds.classifier.settings import ONSET
from rtaudio_dl.patches.ears import Ears, Trigger


class Listening:
    """A `LiveHost` that hears what it is asked to."""

    def __init__(self) -> None:
        self.host = LiveHost("system", provider="cpu")
        self.host.start()

    def listen(self, model: str) -> int:
        """Begin to listen with a model, strokes beside it; the host's rate."""
        self.host.listen(model, onset=True)
        return self.host.sample_rate

    def play_strokes(self) -> int:
        """Let strokes play the lab's dry sound, as hard as can be; the host's rate."""
        ears = Ears(ONSET, {ONSET: Trigger(KEY, velocity=1.0)})
        self.host.load(replace(dry_patch(), ears=ears))
        return self.host.sample_rate

    def events(self) -> list[dict[str, Any]]:
        """What was heard since the last question."""
        return [asdict(event) for event in self.host.listener.events()]

    def state(self) -> dict[str, Any]:
        """Where the window began, all counters, processor time and time, in s."""
        listener = self.host.listener
        state = listener.classifier.memory.state if listener else None
        return {
            "start": int(state["start"][0]) if listener else 0,
            "counts": listener.counts() if listener else {},
            "host": self.host.counts(),
            "cpu": time.process_time(),
            "now": time.monotonic(),
        }

    def close(self) -> None:
        """End the host."""
        self.host.close()


def main() -> None:
    """Be a listener."""
    serve(Listening)
