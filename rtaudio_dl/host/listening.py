"""The input side of a live host: what listens, and the patches that it plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rtaudio_dl.core.control import load_word
from rtaudio_dl.core.lifetime import do_all
from rtaudio_dl.core.system import Semaphore
from rtaudio_dl.engine.layout import Engine
from rtaudio_dl.errors import EngineError, PatchError
from rtaudio_dl.host.controls import Controls
from rtaudio_dl.host.devices import Devices
from rtaudio_dl.kinds.classifier.live import LiveListener
from rtaudio_dl.kinds.classifier.settings import ONSET
from rtaudio_dl.patches.ears import Ears
from rtaudio_dl.patches.patch import Patch


class Listening:
    """One model at a time listens to the input; strokes (`onset`) may beside it.

    ``runs`` says whether the host was started.
    """

    def __init__(
        self,
        engine: Engine,
        controls: Controls,
        devices: Devices,
        provider: str,
        runs: Callable[[], bool],
    ):
        self._engine, self._controls, self._devices = engine, controls, devices
        self._provider, self._runs = provider, runs
        self.listener: LiveListener | None = None
        self._frames_there = Semaphore()

    def begin(
        self, model: str | Path, channels: tuple[int, ...] | None, **options: Any
    ) -> LiveListener:
        """Listen with a model, or ``onset`` for strokes alone, until `end`."""
        if self.listener is not None:
            raise EngineError(
                f"the host listens with {self.listener.model_name!r} already; close "
                "that listener first"
            )
        self.listener = LiveListener(
            *(self._engine, model, int(self._engine.master["sample_rate"][0])),
            *(self._frames_there, self.end),
            **{"provider": self._provider} | options,
        )
        try:
            self._devices.want_input(channels)
            if self._runs():
                self._devices.open_input()
                self.listener.start()
        except BaseException:
            self.end()
            if self._runs():
                self._devices.play_on()
            raise
        return self.listener

    def end(self) -> None:
        """End listening and close the input; again: nothing."""
        listener, self.listener = self.listener, None
        if listener is None:
            return
        blocks = self._runs() and self._devices.stream is not None
        release = partial(listener.release, blocks=blocks)
        do_all(self._lift_stroke, release, self._devices.close_input)

    def start(self) -> None:
        """Let what listens begin, with the device that was opened."""
        if self.listener is not None:
            self.listener.start()

    def stop(self) -> None:
        """Let what listens rest: no audio thread runs any more."""
        if self.listener is not None:
            self.listener.stop()

    def _lift_stroke(self) -> None:
        key = load_word(self._engine.onset_key, 0)
        if key >= 0 and self._runs():
            channel = int(self._engine.onset_trigger["channel"][0])
            self._controls.note_off(key, channel=channel)

    # --- patches

    def bind(self, patch: Patch, channel: int) -> None:
        """Let the labels of a patch's ``[ears]`` play its keys."""
        ears = patch.ears
        if self.listener is None:
            self.begin(ears.model, None, **_options(ears))
        listener = self.listener
        if ears.model not in (listener.model_name, ONSET):
            raise EngineError(
                f"patch {patch.name!r} listens with {ears.model!r}, but the host does "
                f"with {listener.model_name!r}; one model at a time can listen"
            )
        for label in ears.labels:
            if label not in (*listener.classifier.labels, ONSET):
                have = ", ".join((*listener.classifier.labels, ONSET))
                raise PatchError(
                    f"patch {patch.name!r}: model {ears.model!r} has no label "
                    f"{label!r}; there are: {have}"
                )
        for label, trigger in ears.labels.items():
            listener.play(label, trigger, channel)

    def unbind(self, patch: Patch) -> None:
        """Let no label play a patch any more."""
        if patch.ears is None or self.listener is None:
            return
        known = {*self.listener.classifier.labels, ONSET}
        for label in patch.ears.labels.keys() & known:
            self.listener.play_nothing(label)


def _options(ears: Ears) -> dict[str, Any]:
    stroke = {f"onset_{name}": value for name, value in asdict(ears.stroke).items()}
    settings = {"settings": ears.detector} if ears.detector else {}
    return {"onset": ONSET in ears.labels} | stroke | settings
