"""Models that make a whole sound at a run, `oneshot` and `note`, as instruments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rtaudio_dl.core.allowance import LONG_SECONDS
from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.priority import INFERENCE
from rtaudio_dl.dsp.resampler import PADDING
from rtaudio_dl.engine.layout import KEYS, NONE, Engine
from rtaudio_dl.errors import EngineError, PatchError
from rtaudio_dl.kinds.installed import (
    Crew,
    Installed,
    parameter_rows,
    require_rate,
    write_instrument,
    write_node,
)
from rtaudio_dl.kinds.sound import entries
from rtaudio_dl.kinds.sound.memory import (
    FREE,
    READY,
    SHARED,
    SLOT,
    SLOTS,
    SOUND,
)
from rtaudio_dl.models.card import Card, Tensor
from rtaudio_dl.models.contract import concrete_shape, latent_distribution
from rtaudio_dl.models.model import Model
from rtaudio_dl.patches.patch import FRESHNESS, Patch

NAME = "sound"
ENTRIES = (entries.__name__,)
MAX_SOUND_BYTES = 2 << 30  # of one patch
_DTYPE = np.dtype(np.float32)


@dataclass
class Sounds(Installed):
    """A patch with its sounds, float32 (slots, frames with padding)."""

    slots: int = 0
    sounds: np.ndarray | None = field(default=None, repr=False)
    inputs: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    class_table: np.ndarray | None = field(default=None, repr=False)  # (128, classes)
    kept: list = field(default_factory=list, repr=False)

    def audio_memory(self) -> list[np.ndarray]:
        """The memory of its own that the audio thread reads and writes."""
        return [self.memory.array, self.sounds]


def provider(asked: str) -> str:
    """Whole sounds are worth the way to a GPU."""
    return asked


def describe(card: Card) -> list[tuple[str, str]]:
    """What the model takes and gives, for a person."""
    seconds = card.output("audio").size() / card.sample_rate
    rows = [("sound", f"{seconds:.2f} s at {card.sample_rate / 1000:g} kHz")]
    if card.labels:
        rows.append(("classes", ", ".join(card.labels)))
    return rows + parameter_rows(card)


def crew(engine: Engine) -> Crew:
    """What all nodes of this kind share in an engine."""
    if NAME not in engine.kinds:
        options = "worker", entries, INFERENCE, ("request",)
        engine.kinds[NAME] = Crew(engine, SHARED, *options)
    return engine.kinds[NAME]


def slots_needed(patch: Patch, polyphony: int) -> int:
    """How many sounds a patch keeps: per key those ahead, the last, and a spare."""
    # A replay puts even a fresh key's sound where it waits to be taken.
    ahead = 1 if patch.freshness == "fresh" else patch.depth + 2
    return len(patch.keys) * ahead + 2 * polyphony


def install(engine: Engine, patch: Patch, model: Model, place: int) -> Sounds:
    """Write a patch into an unused node. Raises PatchError or EngineError."""
    if patch.corners:
        raise PatchError(
            f"patch {patch.name!r} has [morph], but model {model.card.name!r} is of "
            f"kind {model.card.kind}; only a stream has timbres: take the parameter "
            "morph"
        )
    installed = _build(engine, patch, model, place)
    long = model.warm_up() > LONG_SECONDS
    write_sounds(engine, installed)
    _bind(installed)
    installed.memory.long[0] = long
    return installed


def write_sounds(engine: Engine, installed: Sounds) -> None:
    """Fill the node and its memory, but for the model."""
    plays_pitch = installed.model.card.input("pitch") is not None
    write_node(engine, installed, entries, one_shot=installed.patch.one_shot)
    write_instrument(engine, installed, plays_pitch)
    _write_memory(engine, installed)


def _build(engine: Engine, patch: Patch, model: Model, place: int) -> Sounds:
    require_rate(engine, model.card)
    slots = slots_needed(patch, int(engine.master["polyphony"][0]))
    frames = model.card.output("audio").size() + 2 * PADDING
    if slots > SLOTS or slots * frames * _DTYPE.itemsize > MAX_SOUND_BYTES:
        raise EngineError(
            f"patch {patch.name!r} needs room for {slots} sounds of {frames} frames; "
            f"at most {SLOTS} sounds and {MAX_SOUND_BYTES >> 20} MiB are allowed: take "
            "fewer keys, less depth, or a model of shorter sounds"
        )
    return Sounds(
        patch=patch,
        model=model,
        place=place,
        memory=Memory(SOUND),
        slots=slots,
        sounds=np.zeros((slots, frames), _DTYPE),
        inputs=_input_arrays(model.card),
        class_table=_class_table(patch, model.card),
    )


def _input_arrays(card: Card) -> dict[str, np.ndarray]:
    arrays = {}
    for tensor in card.inputs:
        if tensor.dtype != "float32":
            raise PatchError(
                f"model {card.name!r}: input {tensor.name!r} is {tensor.dtype}; "
                "a playable model takes float32; export it again"
            )
        arrays[tensor.name] = np.zeros(concrete_shape(tensor), _DTYPE)
    return arrays


def _class_table(patch: Patch, card: Card) -> np.ndarray:
    tensor = card.input("class")
    table = np.zeros((KEYS, tensor.size() if tensor else 0), _DTYPE)
    for number, key in patch.keys.items():
        for label, weight in key.classes.items():
            if tensor is None or label not in card.labels:
                have = ", ".join(card.labels) or "none: leave `class` out"
                raise PatchError(
                    f"patch {patch.name!r}, key {number}: model {card.name!r} has no "
                    f"class {label!r}; it has: {have}"
                )
            table[number, card.labels.index(label)] = weight
    return table


def _write_memory(engine: Engine, installed: Sounds) -> None:
    patch, memory, count = installed.patch, installed.memory, installed.slots
    memory.shared[0] = crew(engine).memory.address
    memory.seed[0] = patch.seed
    memory.freshness[0] = FRESHNESS.index(patch.freshness)
    memory.depth[0] = 1 if patch.freshness == "frozen" else patch.depth
    memory.rate[0] = installed.model.card.sample_rate
    memory.slot_count[0] = memory.free_count[0] = count
    memory.queues[:] = NONE
    memory.keys["last"] = memory.keys["incoming"] = NONE
    for number, key in patch.keys.items():
        memory.keys[number]["latent"] = key.latent
    sounds, slots = installed.sounds, memory.slots[:count]
    slots[:] = np.zeros(1, SLOT)
    slots["address"] = sounds.ctypes.data + np.arange(count) * sounds.strides[0]
    slots["length"] = sounds.shape[1] - 2 * PADDING
    memory.slot_life[:] = FREE
    memory.free[:count] = np.arange(count)[::-1]


def _bind(installed: Sounds) -> None:
    card, session = installed.model.card, installed.model.session
    memory, audio = installed.memory, card.output("audio")
    outputs = [
        sound[PADDING:-PADDING].reshape(concrete_shape(audio))
        for sound in installed.sounds
    ]
    binding = session.bind(installed.inputs, {audio.name: outputs[0]})
    values = session.values(outputs)
    installed.kept = [binding, values, outputs]

    def address(tensor: Tensor | None) -> int:
        return installed.inputs[tensor.name].ctypes.data if tensor else 0

    binding.write(memory.model[0])
    memory.sounds[0] = values.ctypes.data
    memory.latent[0] = address(card.input("latent"))
    memory.latent_size[0] = card.input("latent").size()
    memory.uniform[0] = latent_distribution(card) == "uniform"
    memory.class_count[0] = installed.class_table.shape[1]
    memory.class_input[0] = address(card.input("class"))
    memory.class_table[0] = installed.class_table.ctypes.data
    memory.pitch[0] = address(card.input("pitch"))
    memory.velocity[0] = address(card.input("velocity"))


def make_ready(installed: Any, slot: int) -> None:
    """Let a slot that `entries.prepare` left waiting be ready. For a replay."""
    store_word(installed.memory.slot_life, slot, READY)
