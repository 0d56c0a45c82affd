"""A host with ears: what it hears is told, and plays patches by their ``[ears]``."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from rtaudio_dl.core.control import load_word
from rtaudio_dl.core.lifetime import do_all
from rtaudio_dl.core.system import Semaphore
from rtaudio_dl.errors import DeviceError, EngineError, PatchError
from rtaudio_dl.host.host import Host
from rtaudio_dl.host.instrument import Instrument
from rtaudio_dl.io.audio.devices import find_input
from rtaudio_dl.io.audio.stream import AudioDevice, Microphone
from rtaudio_dl.io.audio.supervisor import AudioSupervisor
from rtaudio_dl.io.midi.ports import JACK
from rtaudio_dl.kinds.classifier.listener import choose_channels
from rtaudio_dl.kinds.classifier.live import LiveListener
from rtaudio_dl.kinds.classifier.settings import ONSET
from rtaudio_dl.patches.ears import Ears
from rtaudio_dl.patches.patch import Patch

UNCONNECTED = ""  # the name of an input that JACK connects to nothing by itself
_USUAL_CHANNELS = 2


class HearingHost(Host):
    """The input side of `rtaudio_dl.LiveHost`, which brings the device.

    One model at a time hears; strokes (`onset`) can be told beside it.
    """

    device: AudioDevice
    running: bool
    _audio: AudioSupervisor
    _backend: str
    _microphone_name: str | None

    def __init__(self, *arguments: Any, **options: Any):
        self._listener: LiveListener | None = None
        self._channels: tuple[int, ...] | None = None
        self._heard = Semaphore()
        super().__init__(*arguments, **options)

    @property
    def listener(self) -> LiveListener | None:
        """What listens now, None if nothing does."""
        return self._listener

    @property
    def microphone(self) -> AudioDevice | None:
        """The input that is heard now, None if none is."""
        stream = self._audio.stream
        microphone = stream.microphone if stream else None
        return microphone.device if microphone else None

    def listen(
        self,
        model: str | Path = "commands",
        *,
        channels: tuple[int, ...] | None = None,
        **options: Any,
    ) -> LiveListener:
        """Hear the microphone with a classifier, or ``onset`` for strokes alone.

        ``channels`` of the input count from 1 and are mixed (None: the first two);
        ``options`` are those of `rtaudio_dl.kinds.classifier.listener.Listener`. Close
        the listener to end it. Raises ModelError, DeviceError or EngineError.
        """
        self._require_open()
        if self._listener is not None:
            raise EngineError(
                f"the host listens with {self._listener.model_name!r} already; close "
                "that listener first"
            )
        self._channels = channels
        options = {"provider": self.provider} | options
        self._listener = LiveListener(
            *(self.engine, model, self.sample_rate),
            *(self._heard, self.stop_listening),
            **options,
        )
        try:
            if self.running:
                self._open_ears()
        except BaseException:
            self.stop_listening()
            if self.running and not self._audio.watching:
                self._audio.start()  # it plays on as it did
            raise
        return self._listener

    def stop_listening(self) -> None:
        """End listening and close the input; again: nothing."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        blocks = self.running and self._audio.stream is not None
        release = partial(listener.release, blocks=blocks)
        do_all(self._lift_stroke, release, self._hear_nothing)

    def _lift_stroke(self) -> None:
        key = load_word(self.engine.onset_key, 0)
        if key >= 0 and self.running:
            channel = int(self.engine.onset_trigger["channel"][0])
            self.note_off(key, channel=channel)

    def _hear_nothing(self) -> None:
        stream = self._audio.stream
        if stream is not None:
            stream.hear(None)

    # --- for the live host

    def _microphone(self) -> Microphone | None:
        """What a stream is to hear, and the engine told how it comes."""
        if self._listener is None:
            return None
        device = self._input_device()
        wanted = max(self._channels) if self._channels else _USUAL_CHANNELS
        count = wanted if self._channels else min(wanted, device.inputs)
        if not 1 <= count <= device.inputs:
            raise DeviceError(
                f"channels are {self._channels!r}; {device.label} has {device.inputs} "
                "inputs, counted from 1"
            )
        choose_channels(self.engine.input, count, self._channels)
        return Microphone(device, count)

    def _input_device(self) -> AudioDevice:
        if self._microphone_name == UNCONNECTED and self.device.host_api == JACK:
            return replace(self.device, name=UNCONNECTED, inputs=_USUAL_CHANNELS)
        return find_input(self._microphone_name, self._backend)

    def _open_ears(self) -> None:
        """Give the running stream an input, or take a new one, and begin to hear."""
        microphone = self._microphone()
        stream = self._audio.stream
        if stream is not None and not stream.hear(microphone):
            self._audio.stop()
            self._audio.start()
        self._listener.start()

    def _start_ears(self) -> None:
        if self._listener is not None:
            self._listener.start()

    def _stop_ears(self) -> None:
        if self._listener is not None:
            self._listener.stop()

    # --- patches

    def load(self, patch: str | Patch, channel: int | None = None) -> Instrument:
        """As `Host.load`; a patch with ``[ears]`` is played by what is heard, too."""
        instrument = super().load(patch, channel)
        if instrument.patch.ears is not None:
            try:
                self._play_by_ear(instrument.patch, channel or 0)
            except BaseException:
                self.unload(instrument)
                raise
        return instrument

    def unload(self, instrument: Instrument) -> None:
        """As `Host.unload`; what is heard plays it no longer."""
        ears = instrument.patch.ears
        if ears is not None and self._listener is not None:
            for label in ears.labels.keys() & {*self._listener.ear.labels, ONSET}:
                self._listener.play_nothing(label)
        super().unload(instrument)

    def _play_by_ear(self, patch: Patch, channel: int) -> None:
        ears = patch.ears
        if self._listener is None:
            self.listen(ears.model, **_options(ears))
        listener = self._listener
        if ears.model not in (listener.model_name, ONSET):
            raise EngineError(
                f"patch {patch.name!r} listens with {ears.model!r}, but the host does "
                f"with {listener.model_name!r}; one model at a time can listen"
            )
        for label in ears.labels:
            if label not in (*listener.ear.labels, ONSET):
                have = ", ".join((*listener.ear.labels, ONSET))
                raise PatchError(
                    f"patch {patch.name!r}: model {ears.model!r} has no label "
                    f"{label!r}; there are: {have}"
                )
        for label, trigger in ears.labels.items():
            listener.play(label, trigger, channel)

    def close(self) -> None:
        """Stop listening, and release everything; again: nothing."""
        do_all(self.stop_listening, super().close)


def _options(ears: Ears) -> dict[str, Any]:
    stroke = {f"onset_{name}": value for name, value in asdict(ears.stroke).items()}
    settings = {"settings": ears.detector} if ears.detector else {}
    return {"onset": ONSET in ears.labels} | stroke | settings
