"""An engine whose sounds come from the test instead of a model: fast and exact."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from rtaudio_dl.core.control import pop, push, store_word
from rtaudio_dl.core.counters import AUDIO_COUNTERS
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.dsp.resampler import PADDING
from rtaudio_dl.engine import events, layout
from rtaudio_dl.host.graph import install_master
from rtaudio_dl.kinds.master.process import CEILING
from rtaudio_dl.kinds.sound import kind
from rtaudio_dl.kinds.sound.memory import READY, SLOT, SLOTS
from rtaudio_dl.models.card import Card, Tensor
from rtaudio_dl.patches.patch import PARAMETERS, Key, Patch
from tests.entries import apply_events, process_block, sweep

RATE = 48_000
BLOCK = 128
KEY = 60
# With these a voice gives its sound as it is: velocity and filter do not shape it.
PLAIN = {"brightness": 0, "variation": 0, "velocity_curve": 0}


def make_patch(name: str = "rig", keys=(KEY,), parameters=None, **fields) -> Patch:
    """A patch without a file; ``keys`` are numbers, or a mapping of them to `Key`."""
    if not isinstance(keys, dict):
        keys = {number: Key(latent=number) for number in keys}
    values = {n: p.default for n, p in PARAMETERS.items()} | PLAIN | (parameters or {})
    model = fields.pop("model", name)
    controls = fields.pop("controls", {})
    return Patch(name, model, name, keys, values, controls, **fields)


def sine(frames: int, hz: float = 1000.0, level: float = 0.5) -> np.ndarray:
    """A tone that begins at 0."""
    return level * np.sin(2 * np.pi * hz * np.arange(frames) / RATE)


def level(frames: int, value: float = 0.5) -> np.ndarray:
    """A constant: what the engine multiplies it by is what comes out (but for DC)."""
    return np.full(frames, value)


class Rig:
    """An engine, the patches in it, and a worker that the test runs by hand."""

    def __init__(self, polyphony: int = 32, rate: int = RATE):
        self.engine = layout.Engine(rate, polyphony)
        install_master(self.engine)
        store_word(self.engine.switches, layout.FLIGHT_ON, 1)  # for `notes`
        self.polyphony = polyphony
        self.instruments: dict[int, kind.Sounds] = {}
        self.sounds: dict[int, Callable] = {}
        self.kept: list = []  # whose memory the engine points to

    # --- patches

    def add(self, sound, *, rate: int = RATE, channels=range(16), **fields) -> int:
        """Load a patch and fill its pool; returns its place.

        ``sound`` is an array, or a function of the slot's record that gives one.
        """
        place = self.load(sound, rate=rate, **fields)
        for channel in channels:
            self.now(events.PATCH, place, channel=channel)
        self.settle(place)
        return place

    def load(self, sound, *, rate: int = RATE, **fields) -> int:
        """Load a patch; nothing is requested yet."""
        place = len(self.instruments)
        patch = make_patch(**fields)
        an_empty = np.zeros(1, SLOT)[0]
        frames = len(sound(an_empty) if callable(sound) else sound)
        inputs = (Tensor("latent", "latent", ("B", 1)),)
        outputs = (Tensor("audio", "audio", ("B", frames)),)
        card = Card("rig", "oneshot", rate, inputs, outputs)
        there = kind._build(self.engine, patch, SimpleNamespace(card=card), place)
        kind.write_sounds(self.engine, there)
        if not callable(sound):
            there.sounds[:, PADDING:-PADDING] = sound
        self.sounds[place] = sound if callable(sound) else None
        self.instruments[place] = there
        self.now(events.ACTIVATE, place)
        return place

    def settle(self, place: int) -> None:
        """Fill a patch's pool in no time."""
        apply_events(self.engine)
        self.sweep()
        while self.serve():
            self.sweep()

    def serve(self, count: int = 1 << 30) -> int:
        """Make up to ``count`` of the sounds that wait; returns how many there were."""
        shared, served = self.shared, 0
        while served < count and pop(
            shared.request_ring, shared.request_cursors, shared.request
        ):
            place, index = divmod(int(shared.request[0]), SLOTS)
            there = self.instruments[place]
            make = self.sounds[place]
            if make:
                slot = there.memory.slots[index]
                there.sounds[index, PADDING:-PADDING] = make(slot)
            store_word(there.memory.slot_life, index, READY)
            served += 1
        return served

    @property
    def shared(self) -> Memory:
        """What all patches here share: a `SHARED` of the kind sound."""
        return kind.crew(self.engine).memory

    def free_slots(self, place: int) -> tuple[int, int]:
        """How many slots of a patch are free, and how many it has."""
        memory = self.instruments[place].memory
        return int(memory.free_count[0]), int(memory.slot_count[0])

    # --- events

    def send(self, kind, key=0, value=0.0, channel=0, **fields) -> None:
        """Write one event into the control ring; fails when it is full."""
        event = events.new_event()
        values = {"kind": kind, "key": key, "value": value, "channel": channel}
        for name, field in (values | fields).items():
            event[name] = field
        assert push(self.engine.control_ring, self.engine.control_cursors, event[0])

    def now(self, kind, key=0, value=0.0, channel=0) -> None:
        """An event for the next block."""
        self.send(kind, key, value, channel, time=events.AT_ONCE)

    def on(self, key=KEY, velocity=1.0, channel=0, at=0) -> None:
        """Strike a key at a frame."""
        self.send(events.NOTE_ON, key, velocity, channel, time=at)

    def off(self, key=KEY, channel=0, at=0) -> None:
        """Lift a key at a frame."""
        self.send(events.NOTE_OFF, key, 0.0, channel, time=at)

    def control(self, number, value, channel=0, at=0) -> None:
        """Turn a MIDI control at a frame."""
        self.send(events.CONTROL, number, value, channel, time=at)

    # --- sound

    def render(self, frames: int, block: int = BLOCK, serve: bool = True) -> np.ndarray:
        """The next frames, float32 (frames, 2); sounds are made between blocks."""
        return self.render_blocks(
            [min(block, frames - done) for done in range(0, frames, block)], serve
        )

    def render_blocks(self, blocks: list[int], serve: bool = True) -> np.ndarray:
        """The next frames, cut into blocks of these sizes."""
        out = np.zeros((sum(blocks), layout.OUTPUTS), np.float32)
        done = 0
        for count in blocks:
            process_block(self.engine, out[done : done + count])
            done += count
            if serve:
                self.serve()
        return out

    def sweep(self) -> None:
        """Do housekeeping until it has reached every key and slot."""
        for _ in range(2 * SLOTS // 32):
            sweep(self.engine)

    # --- what happened

    def count(self, name: str) -> int:
        """One of the audio thread's counters."""
        return int(self.engine.counters[AUDIO_COUNTERS.index(name)])

    def active(self) -> int:
        """Voices that are not idle."""
        return int(np.count_nonzero(self.engine.voices["life"]))

    @property
    def frame(self) -> int:
        """Frames rendered so far."""
        return int(self.engine.master["frame"][0])

    def notes(self) -> list[dict[str, int]]:
        """The notes with a sound that began since the last call, as they were flown.

        ``frame`` at which it began, ``asked`` at which it was struck, ``key``, and
        ``number`` of the key's sound.
        """
        line, found, number = events.new_event(), [], 0
        while pop(self.engine.flight_ring, self.engine.flight_cursors, line):
            kind, key, frame = (int(line[name][0]) for name in ("kind", "key", "time"))
            if kind == events.SOUND:
                number = key
            elif kind == events.STRUCK:
                asked = frame - int(line["clock"][0])
                found.append(dict(frame=frame, asked=asked, key=key, number=number))
        return found


def onset(audio: np.ndarray, threshold: float = 1e-4) -> int:
    """The first frame that is heard."""
    heard = np.abs(audio).max(axis=1) > threshold
    assert heard.any(), "silence"
    return int(heard.argmax())


def is_within_the_ceiling(audio: np.ndarray) -> bool:
    """Whether every value is finite and none is above the limiter's ceiling."""
    return bool(np.isfinite(audio).all() and np.abs(audio).max() <= np.float32(CEILING))
