"""A patch with its model and its memory, set up in one place of an engine."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rtaudio_dl.core.allowance import LONG_SECONDS
from rtaudio_dl.core.control import store_word
from rtaudio_dl.dsp.resampler import MAX_STEP, PADDING
from rtaudio_dl.engine import layout
from rtaudio_dl.errors import EngineError, PatchError
from rtaudio_dl.kinds.stream.memory import StreamMemory, corner_vectors, set_up_stream
from rtaudio_dl.models import ort
from rtaudio_dl.models.card import Card, Tensor
from rtaudio_dl.models.contract import concrete_shape, latent_distribution
from rtaudio_dl.models.library import find_model
from rtaudio_dl.models.model import Model, open_model, read_card
from rtaudio_dl.patches.patch import FRESHNESS, PARAMETERS, Patch

STREAM = "stream"
SOUNDS = ("oneshot", "note")  # kinds that make a whole sound at a run
PLAYABLE = (*SOUNDS, STREAM)
MAX_SOUND_BYTES = 2 << 30  # of one patch
_DTYPE = np.dtype(np.float32)


@dataclass
class Instrument:
    """What the engine plays for one patch; keeps alive all memory that it points to.

    ``place`` is its index in the engine, ``first`` and ``slots`` its range of sounds: a
    stream has none, but memory of its own.
    """

    patch: Patch
    model: Model
    place: int
    first: int = 0
    slots: int = 0
    sounds: np.ndarray | None = field(default=None, repr=False)  # float32 (slots, …)
    inputs: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    class_table: np.ndarray | None = field(default=None, repr=False)  # (128, classes)
    kept: list = field(default_factory=list, repr=False)

    @property
    def is_stream(self) -> bool:
        """Whether its notes are made while they sound."""
        return self.model.card.kind == STREAM

    def heard(self) -> list[np.ndarray]:
        """The memory of its own that the audio thread reads and writes."""
        streams = [kept for kept in self.kept if isinstance(kept, StreamMemory)]
        arrays = [a for s in streams for a in (s.filter, s.lines, s.inboxes)]
        return arrays if self.sounds is None else [self.sounds, *arrays]

    def close(self) -> None:
        """Release the model; the engine must have let go of this place before."""
        self.model.close()


def slots_needed(patch: Patch, polyphony: int) -> int:
    """How many sounds a patch keeps: per key those ahead, the last, and a spare."""
    ahead = 0 if patch.freshness == "fresh" else patch.depth + 2
    return len(patch.keys) * ahead + 2 * polyphony


def room_needed(patch: Patch, polyphony: int) -> int:
    """The slots that a patch's model needs: none if it is a stream."""
    return 0 if is_stream(patch) else slots_needed(patch, polyphony)


def is_stream(patch: Patch) -> bool:
    """Whether a patch's model makes its notes while they sound."""
    return read_card(find_model(patch.model)).kind == STREAM


def install(
    engine: layout.Engine, patch: Patch, place: int, first: int, provider: str
) -> Instrument:
    """Open a patch's model and write the patch into an unused place of an engine.

    Raises ModelError, PatchError or DeviceError; the engine is then as before.
    """
    path = find_model(patch.model)
    model = open_model(path, _provider(path, provider), PLAYABLE)
    try:
        if model.card.kind == STREAM:
            return _install_stream(engine, patch, model, place)
        return _install_sounds(engine, patch, model, place, first)
    except BaseException:
        model.close()
        raise


def _provider(path: Path, provider: str) -> str:
    # A hop for a few notes is done on the CPU before a GPU has got the order.
    small = provider == "auto" and read_card(path).kind == STREAM
    return "cpu" if small else provider


def _install_stream(
    engine: layout.Engine, patch: Patch, model: Model, place: int
) -> Instrument:
    _check_rate(engine, model.card)
    # Timbres may change: what plays is kept as it is.
    corners = tuple(corner_vectors(patch, model.card))
    patch = dataclasses.replace(patch, corners=corners)
    instrument = Instrument(patch, model, place)
    instrument.kept = [set_up_stream(engine, patch, model, place)]
    _write_patch(engine, instrument)
    _write_keys(engine, instrument)
    return instrument


def _install_sounds(
    engine: layout.Engine, patch: Patch, model: Model, place: int, first: int
) -> Instrument:
    _refuse_corners(patch, model.card)
    instrument = _build(engine, patch, model, place, first)
    long = model.warm_up() > LONG_SECONDS
    _write_patch(engine, instrument)
    _write_keys(engine, instrument)
    _write_slots(engine, instrument)
    _write_binding(engine, instrument)
    engine.bindings[place]["long"] = long
    return instrument


def _refuse_corners(patch: Patch, card: Card) -> None:
    if patch.corners:
        raise PatchError(
            f"patch {patch.name!r} has [morph], but model {card.name!r} is of kind "
            f"{card.kind}; only a stream has timbres: take the parameter morph"
        )


def _build(
    engine: layout.Engine, patch: Patch, model: Model, place: int, first: int
) -> Instrument:
    _check_rate(engine, model.card)
    polyphony = int(engine.master["polyphony"][0])
    slots = slots_needed(patch, polyphony)
    if first + slots > layout.SLOTS:
        raise EngineError(
            f"patch {patch.name!r} needs room for {slots} sounds, "
            f"{layout.SLOTS - first} are left; unload another patch first"
        )
    frames = model.card.output("audio").size() + 2 * PADDING
    if slots * frames * _DTYPE.itemsize > MAX_SOUND_BYTES:
        raise EngineError(
            f"patch {patch.name!r} needs room for {slots} sounds of {frames} frames; "
            f"at most {MAX_SOUND_BYTES >> 20} MiB are allowed: take fewer keys, less "
            "depth, or a model of shorter sounds"
        )
    return Instrument(
        patch=patch,
        model=model,
        place=place,
        first=first,
        slots=slots,
        sounds=np.zeros((slots, frames), _DTYPE),
        inputs=_input_arrays(model.card),
        class_table=_class_table(patch, model.card),
    )


def _check_rate(engine: layout.Engine, card: Card) -> None:
    rate = int(engine.master["sample_rate"][0])
    if card.sample_rate > MAX_STEP * rate:
        raise EngineError(
            f"model {card.name!r} gives {card.sample_rate} Hz, more than "
            f"{MAX_STEP:g} times the {rate} Hz here; take a higher sample rate"
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
    table = np.zeros((layout.KEYS, tensor.size() if tensor else 0), _DTYPE)
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


def _write_patch(engine: layout.Engine, instrument: Instrument) -> None:
    patch = instrument.patch
    record = engine.patches[instrument.place]
    record["seed"] = patch.seed
    # A stream keeps nothing ready.
    freshness = "fresh" if instrument.is_stream else patch.freshness
    record["freshness"] = FRESHNESS.index(freshness)
    record["stream"] = instrument.is_stream
    record["depth"] = 1 if patch.freshness == "frozen" else patch.depth
    record["one_shot"] = patch.one_shot
    record["rate"] = instrument.model.card.sample_rate
    record["first_slot"], record["slots"] = instrument.first, instrument.slots
    record["free"] = instrument.slots
    names = list(PARAMETERS)
    engine.parameters[instrument.place] = [patch.parameters[name] for name in names]
    engine.controls[instrument.place] = layout.NONE
    for number, name in patch.controls.items():
        engine.controls[instrument.place, number] = names.index(name)


def _write_keys(engine: layout.Engine, instrument: Instrument) -> None:
    keys = engine.keys[instrument.place]
    keys[:] = np.zeros(1, layout.KEY)
    keys["last"] = keys["incoming"] = layout.NONE
    engine.queues[instrument.place] = layout.NONE
    # A model that is told the pitch plays it itself.
    plays_pitch = instrument.model.card.input("pitch") is not None
    for number, key in instrument.patch.keys.items():
        record = keys[number]
        record["mapped"] = 1
        record["shift"] = 0.0 if plays_pitch else key.shift
        record["gain"], record["pan"] = key.gain, key.pan
        record["choke"], record["latent"] = key.choke, key.latent


def _write_slots(engine: layout.Engine, instrument: Instrument) -> None:
    first, count = instrument.first, instrument.slots
    sounds = instrument.sounds
    slots = engine.slots[first : first + count]
    slots[:] = np.zeros(1, layout.SLOT)
    slots["address"] = sounds.ctypes.data + np.arange(count) * sounds.strides[0]
    slots["length"] = sounds.shape[1] - 2 * PADDING
    slots["patch"] = instrument.place
    for index in range(first, first + count):
        store_word(engine.slot_life, index, layout.FREE)
    engine.free[first : first + count] = np.arange(first, first + count)[::-1]


def _write_binding(engine: layout.Engine, instrument: Instrument) -> None:
    card, session = instrument.model.card, instrument.model.session
    audio = card.output("audio")
    outputs = [
        sound[PADDING:-PADDING].reshape(concrete_shape(audio))
        for sound in instrument.sounds
    ]
    binding = session.bind(instrument.inputs, {audio.name: outputs[0]})
    values = session.values(outputs)
    instrument.kept = [binding, values, outputs]

    def address(tensor: Tensor | None) -> int:
        return instrument.inputs[tensor.name].ctypes.data if tensor else 0

    record = engine.bindings[instrument.place]
    record["run"], record["release_status"] = (
        ort.run_address(),
        ort.release_status_address(),
    )
    record["session"] = session.address
    record["input_names"] = binding.input_names.ctypes.data
    record["input_values"] = binding.input_values.ctypes.data
    record["inputs"] = len(binding.input_values)
    record["output_names"] = binding.output_names.ctypes.data
    record["output_values"] = values.ctypes.data
    record["latent"] = address(card.input("latent"))
    record["latent_size"] = card.input("latent").size()
    record["uniform"] = latent_distribution(card) == "uniform"
    record["classes"] = instrument.class_table.shape[1]
    record["class_input"] = address(card.input("class"))
    record["class_table"] = instrument.class_table.ctypes.data
    record["pitch"] = address(card.input("pitch"))
    record["velocity"] = address(card.input("velocity"))
