"""A streaming model in an engine: memory for its lanes, batches bound for every size.

The records that point to this memory are described in `kinds/stream/layout.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from rtaudio_dl.core.control import store_word
from rtaudio_dl.dsp.causal_filter import causal_filter
from rtaudio_dl.engine import layout
from rtaudio_dl.errors import PatchError
from rtaudio_dl.kinds.stream.batch import Batches, find_grain
from rtaudio_dl.kinds.stream.contract import GATE, hop_of
from rtaudio_dl.kinds.stream.layout import BATCH, INBOX, LANES, NO_HOP, STREAM
from rtaudio_dl.kinds.stream.timbre import CONTROL, find_timbre, timbre_input
from rtaudio_dl.models import ort
from rtaudio_dl.models.card import Card, Tensor
from rtaudio_dl.models.contract import state_pairs
from rtaudio_dl.models.model import Model
from rtaudio_dl.patches.patch import PARAMETERS, Patch

SAFETY_SECONDS = 0.001  # of the latency, beside the hop
_MORPH_SECONDS = 0.02  # time constant at which x and y follow their controls
_SHORTEST_SECONDS = 0.01  # for which the gate is open at least
_HUSH_SECONDS = 0.05  # of silence, after which a released note has ended
_LONGEST_BLOCK = 8192  # of a device: the latency may have to be as long
_HOPS_BESIDE = 8  # in an inbox, beside those of the latency
_DTYPE = np.dtype(np.float32)

# What a patch may not set where it plays a stream: of sounds that are kept ready.
_FIELDS = {"freshness": "pooled", "depth": 2, "one_shot": False}
_POOL_PARAMETERS = ("morph", "variation")


@dataclass
class StreamMemory:
    """All memory of one patch's stream; the engine points to it."""

    filter: np.ndarray  # float32 (phases + 1, taps)
    lag: float  # of the filter, in frames of the model
    lines: np.ndarray  # float32 (LANES, taps + hop)
    inboxes: np.ndarray  # float32 (LANES, hops, hop)
    states: np.ndarray  # float32 (LANES, size)
    corners: np.ndarray  # float32 (4, size of a timbre)
    inputs: dict[str, np.ndarray]  # float32 (BATCH, …), by name
    outputs: dict[str, np.ndarray]
    kept: list = field(default_factory=list, repr=False)


def set_up_stream(
    engine: layout.Engine, patch: Patch, model: Model, place: int
) -> StreamMemory:
    """Write a patch's stream into an unused place of an engine.

    Returns the memory that the engine points to: the caller keeps it. Raises
    PatchError or ModelError.
    """
    _check_patch(patch)
    memory = _memory(engine, patch, model.card)
    engine.streams[place] = np.zeros((), STREAM)
    record = engine.streams[place]
    _write_times(record, engine, model.card, memory)
    _write_memory(record, model.card, memory)
    _write_batches(record, model, memory)
    return memory


def _check_patch(patch: Patch) -> None:
    for name, default in _FIELDS.items():
        if getattr(patch, name) != default:
            _refuse(patch, f"{name} = {getattr(patch, name)!r}", "leave it out")
    for number, name in patch.controls.items():
        if name in _POOL_PARAMETERS:
            _refuse(patch, f"control {number} = {name!r}", "take x and y")
    for name in _POOL_PARAMETERS:
        if patch.parameters[name] not in (0, PARAMETERS[name].default):
            _refuse(patch, f"parameter {name}", "take x and y, with [morph]")


def _refuse(patch: Patch, what: str, step: str) -> None:
    raise PatchError(
        f"patch {patch.name!r} sets {what}, but model {patch.model!r} is a stream: its "
        f"notes are made while they sound; {step}"
    )


def corner_vectors(patch: Patch, card: Card) -> list[tuple[float, ...]]:
    """The patch's corners as vectors: one, two or four. Raises PatchError."""
    tensor = timbre_input(card)
    if tensor is None:
        if patch.corners:
            raise PatchError(f"model {card.name!r} takes no timbre; remove [morph]")
        return []
    vectors = [
        find_timbre(corner, card).z if isinstance(corner, str) else corner
        for corner in patch.corners
    ]
    for vector in vectors:
        if len(vector) != tensor.size():
            raise PatchError(
                f"patch {patch.name!r}: a corner has {len(vector)} numbers, but a "
                f"timbre of model {card.name!r} has {tensor.size()}"
            )
    return vectors or [(0.0,) * tensor.size()]


def _four(vectors: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    return {0: [()] * 4, 1: vectors * 4, 2: vectors * 2, 4: vectors}[len(vectors)]


def _memory(engine: layout.Engine, patch: Patch, card: Card) -> StreamMemory:
    hop, step = hop_of(card), _step(engine, card)
    table, lag = causal_filter(step)
    corners = np.array(_four(corner_vectors(patch, card)), _DTYPE)
    needed = _LONGEST_BLOCK * step / hop + _HOPS_BESIDE
    hops = min(1 << math.ceil(math.log2(needed)), INBOX)
    state_size = sum(t.size() for t in card.inputs if t.role == "state")
    return StreamMemory(
        filter=table,
        lag=lag,
        lines=_touched(LANES, table.shape[1] + hop),
        inboxes=_touched(LANES, hops, hop),
        states=_touched(LANES, state_size),
        corners=corners,
        inputs={t.name: _batch_array(t) for t in card.inputs},
        outputs={t.name: _batch_array(t) for t in card.outputs},
    )


def _step(engine: layout.Engine, card: Card) -> float:
    return card.sample_rate / float(engine.master["sample_rate"][0])


def _touched(*shape: int) -> np.ndarray:
    """Zeros whose pages are there: a native thread would be stopped to get them."""
    array = np.zeros(shape, _DTYPE)
    array.fill(0)
    return array


def _batch_array(tensor: Tensor) -> np.ndarray:
    return _touched(BATCH, *tensor.shape[1:])


def _write_times(
    record: np.void, engine: layout.Engine, card: Card, memory: StreamMemory
) -> None:
    hop, step = hop_of(card), _step(engine, card)
    rate = float(engine.master["sample_rate"][0])
    hop_seconds = hop / card.sample_rate
    record["hop"], record["step"], record["hop_frames"] = hop, step, hop / step
    record["glide"] = 1.0 - math.exp(-hop_seconds / _MORPH_SECONDS)
    record["shortest"] = math.ceil(_SHORTEST_SECONDS / hop_seconds)
    record["hush"] = math.ceil(_HUSH_SECONDS / hop_seconds)
    record["lag"] = round(memory.lag / step)
    record["lead"] = math.ceil(hop / step)
    record["latency"] = shortest_latency(hop / step, rate)
    record["inbox"] = memory.inboxes.shape[1]


def shortest_latency(hop_frames: float, rate: float) -> int:
    """Frames from a strike to its sound: a hop, and what the threads need."""
    return math.ceil(hop_frames) + math.ceil(SAFETY_SECONDS * rate)


def latency_for(record: np.void, rate: float, block: int) -> int:
    """Frames from a strike to its sound with a device that asks for such blocks.

    What is asked for in one block must be there in the next one.
    """
    return max(
        shortest_latency(float(record["hop_frames"]), rate),
        block + int(record["lag"]),
    )


def drop_hop(engine: layout.Engine, serial: int, hop: int) -> None:
    """Let a hop of the voice with that serial number be late, if it sounds.

    The engine must stand between two blocks.
    """
    for voice in engine.voices[engine.voices["serial"] == serial]:
        if voice["lane"] != layout.NONE:
            inbox = int(engine.streams["inbox"][voice["patch"]])
            place = int(voice["lane"]) * INBOX + hop % inbox
            store_word(engine.inbox, place, NO_HOP)


def _write_memory(record: np.void, card: Card, memory: StreamMemory) -> None:
    def address(tensor: Tensor | None) -> int:
        return memory.inputs[tensor.name].ctypes.data if tensor else 0

    record["filter"], record["taps"] = memory.filter.ctypes.data, memory.filter.shape[1]
    for name in ("lines", "inboxes", "states", "corners"):
        record[name] = getattr(memory, name).ctypes.data
    record["state_size"] = memory.states.shape[1]
    record["timbre_size"] = memory.corners.shape[1]
    record["pitch"] = address(card.input("pitch"))
    record["velocity"] = address(card.input("velocity"))
    record["gate"] = address(card.input("control", GATE))
    record["timbre"] = address(card.input("control", CONTROL))
    noise = card.input("latent")
    record["noise"], record["noise_size"] = address(noise), noise.size() if noise else 0
    record["audio"] = memory.outputs[card.output("audio").name].ctypes.data
    pairs = state_pairs(card)
    record["state_count"] = len(pairs)
    for k, (given, taken) in enumerate(pairs):
        record["state_sizes"][k] = given.size()
        record["states_in"][k] = memory.inputs[given.name].ctypes.data
        record["states_out"][k] = memory.outputs[taken.name].ctypes.data


def _write_batches(record: np.void, model: Model, memory: StreamMemory) -> None:
    batches = Batches(model.session, memory.inputs, memory.outputs)
    grain = find_grain(model.card, batches)
    inputs = np.ascontiguousarray(batches.input_values[grain - 1 :: grain])
    outputs = np.ascontiguousarray(batches.output_values[grain - 1 :: grain])
    memory.kept += [batches, inputs, outputs]
    record["grain"] = grain
    record["run"] = ort.run_address()
    record["release_status"] = ort.release_status_address()
    record["session"] = model.session.address
    record["input_names"] = batches.input_names.ctypes.data
    record["input_values"], record["inputs"] = inputs.ctypes.data, inputs.shape[1]
    record["output_names"] = batches.output_names.ctypes.data
    record["output_values"], record["outputs"] = outputs.ctypes.data, outputs.shape[1]
