"""Models that make a note hop by hop, as instruments.

The records that point to their memory are described in `kinds/stream/layout.py`.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field

import numpy as np

from rtaudio_dl.core.control import store_word
from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.priority import STREAMS
from rtaudio_dl.dsp.causal_filter import causal_filter
from rtaudio_dl.engine.layout import NONE, Engine
from rtaudio_dl.engine.parameters import INSTRUMENT
from rtaudio_dl.errors import PatchError
from rtaudio_dl.kinds.installed import (
    Crew,
    Installed,
    parameter_rows,
    require_rate,
    write_instrument,
    write_node,
)
from rtaudio_dl.kinds.stream import entries
from rtaudio_dl.kinds.stream.batch import Batches, find_grain
from rtaudio_dl.kinds.stream.lanes import HOPS_BETWEEN
from rtaudio_dl.kinds.stream.layout import BATCH, INBOX, LANES, NO_HOP, SHARED, STREAM
from rtaudio_dl.models.card import Card, Tensor
from rtaudio_dl.models.contract import state_pairs
from rtaudio_dl.models.model import Model
from rtaudio_dl.models.stream import GATE, hop_of
from rtaudio_dl.models.timbre import CONTROL, find_timbre, timbre_input
from rtaudio_dl.patches.patch import PARAMETERS, Patch

NAME = "stream"
ENTRIES = (entries.__name__,)
SAFETY_SECONDS = 0.001  # of the latency, beside the hop
_SHORTEST_SECONDS = 0.01  # for which the gate is open at least
_HUSH_SECONDS = 0.05  # of silence, after which a released note has ended
_LONGEST_BLOCK = 8192  # of a device: the latency may have to be as long
_DTYPE = np.dtype(np.float32)

# What a patch may not set where it plays a stream: of sounds that are kept ready.
_FIELDS = {"freshness": "pooled", "depth": 2, "one_shot": False}
_POOL_PARAMETERS = ("morph", "variation")


@dataclass
class Stream(Installed):
    """A patch with the memory of its lanes, and batches bound for every size."""

    filter: np.ndarray | None = None  # float32 (phases + 1, taps)
    lag: float = 0.0  # of the filter, in frames of the model
    lines: np.ndarray | None = None  # float32 (LANES, taps + hop)
    inboxes: np.ndarray | None = None  # float32 (LANES, hops, hop)
    states: np.ndarray | None = None  # float32 (LANES, size)
    corners: np.ndarray | None = None  # float32 (4, size of a timbre)
    inputs: dict[str, np.ndarray] = field(default_factory=dict)  # (BATCH, …), by name
    outputs: dict[str, np.ndarray] = field(default_factory=dict)
    kept: list = field(default_factory=list, repr=False)

    def audio_memory(self) -> list[np.ndarray]:
        """The memory of its own that the audio thread reads and writes."""
        return [self.memory.array, self.filter, self.lines, self.inboxes]

    @property
    def latency(self) -> int:
        """Frames from a strike to its sound."""
        return int(self.memory.latency[0])

    def latency_for(self, rate: float, block: int) -> int:
        """The latency that blocks of a device ask for.

        What is asked for in one block must be there in the next one.
        """
        hop_frames = float(self.memory.hop_frames[0])
        return max(shortest_latency(hop_frames, rate), block + int(self.memory.lag[0]))


def provider(asked: str) -> str:
    """A hop for a few notes is done on the CPU before a GPU has got the order."""
    return "cpu" if asked == "auto" else asked


def describe(card: Card) -> list[tuple[str, str]]:
    """What the model takes and gives, for a person."""
    hop = hop_of(card)
    milliseconds = 1000 * hop / card.sample_rate
    rows = [
        ("sound", f"as long as held, at {card.sample_rate / 1000:g} kHz"),
        ("hop", f"{hop} frames, {milliseconds:g} ms"),
    ]
    tensor = timbre_input(card)
    if tensor is not None:
        rows.append(("timbre", f"{tensor.size()} numbers"))
    return rows + parameter_rows(card)


def crew(engine: Engine) -> Crew:
    """What all nodes of this kind share in an engine."""
    if NAME not in engine.kinds:
        options = "stream", entries, STREAMS, ("hop",)
        engine.kinds[NAME] = Crew(engine, SHARED, *options)
    return engine.kinds[NAME]


def install(engine: Engine, patch: Patch, model: Model, place: int) -> Stream:
    """Write a patch into an unused node. Raises PatchError, ModelError, EngineError."""
    require_rate(engine, model.card)
    _check_patch(patch)
    # Timbres may change: what plays is kept as it is.
    corners = tuple(corner_vectors(patch, model.card))
    patch = dataclasses.replace(patch, corners=corners)
    installed = _build(engine, patch, model, place)
    memory = installed.memory
    memory.shared[0] = crew(engine).memory.address
    memory.seed[0], memory.rate[0] = patch.seed, model.card.sample_rate
    _write_times(engine, installed)
    _write_memory(installed)
    _write_batches(installed)
    write_node(engine, installed, entries, one_shot=patch.one_shot)
    write_instrument(engine, installed, model.card.input("pitch") is not None)
    return installed


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


def _build(engine: Engine, patch: Patch, model: Model, place: int) -> Stream:
    card = model.card
    hop, step = hop_of(card), _step(engine, card)
    table, lag = causal_filter(step)
    needed = _LONGEST_BLOCK * step / hop + HOPS_BETWEEN
    hops = min(1 << math.ceil(math.log2(needed)), INBOX)
    state_size = sum(t.size() for t in card.inputs if t.role == "state")
    memory = Memory(STREAM)
    memory.lane["heard"] = NO_HOP
    memory.inbox_words[:] = NO_HOP
    return Stream(
        patch=patch,
        model=model,
        place=place,
        memory=memory,
        filter=table,
        lag=lag,
        lines=_touched(LANES, table.shape[1] + hop),
        inboxes=_touched(LANES, hops, hop),
        states=_touched(LANES, state_size),
        corners=np.array(_four(corner_vectors(patch, card)), _DTYPE),
        inputs={t.name: _batch_array(t) for t in card.inputs},
        outputs={t.name: _batch_array(t) for t in card.outputs},
    )


def _step(engine: Engine, card: Card) -> float:
    return card.sample_rate / float(engine.master["sample_rate"][0])


def _touched(*shape: int) -> np.ndarray:
    """Zeros whose pages are there: a native thread would be stopped to get them."""
    array = np.zeros(shape, _DTYPE)
    array.fill(0)
    return array


def _batch_array(tensor: Tensor) -> np.ndarray:
    return _touched(BATCH, *tensor.shape[1:])


def _write_times(engine: Engine, installed: Stream) -> None:
    card, memory = installed.model.card, installed.memory
    hop, step = hop_of(card), _step(engine, card)
    rate = float(engine.master["sample_rate"][0])
    hop_seconds = hop / card.sample_rate
    memory.hop[0], memory.step[0], memory.hop_frames[0] = hop, step, hop / step
    memory.glide[0] = 1.0 - math.exp(-hop_seconds / INSTRUMENT["x"].smoothing)
    memory.shortest[0] = math.ceil(_SHORTEST_SECONDS / hop_seconds)
    memory.hush[0] = math.ceil(_HUSH_SECONDS / hop_seconds)
    memory.lag[0] = round(installed.lag / step)
    memory.lead[0] = math.ceil(hop / step)
    memory.latency[0] = shortest_latency(hop / step, rate)
    memory.inbox[0] = installed.inboxes.shape[1]


def shortest_latency(hop_frames: float, rate: float) -> int:
    """Frames from a strike to its sound: a hop, and what the threads need."""
    return math.ceil(hop_frames) + math.ceil(SAFETY_SECONDS * rate)


def drop_hop(engine: Engine, installed: Stream, serial: int, hop: int) -> None:
    """Let a hop of the voice with that serial number be late, if it sounds.

    The engine must stand between two blocks.
    """
    memory = installed.memory
    for voice in engine.voices[engine.voices["serial"] == serial]:
        if voice["node"] == installed.place and voice["place"] != NONE:
            place = int(voice["place"]) * INBOX + hop % int(memory.inbox[0])
            store_word(memory.inbox_words, place, NO_HOP)


def _write_memory(installed: Stream) -> None:
    card, memory = installed.model.card, installed.memory

    def address(tensor: Tensor | None) -> int:
        return installed.inputs[tensor.name].ctypes.data if tensor else 0

    memory.filter[0] = installed.filter.ctypes.data
    memory.taps[0] = installed.filter.shape[1]
    for name in ("lines", "inboxes", "states", "corners"):
        getattr(memory, name)[0] = getattr(installed, name).ctypes.data
    memory.state_size[0] = installed.states.shape[1]
    memory.timbre_size[0] = installed.corners.shape[1]
    memory.pitch[0] = address(card.input("pitch"))
    memory.velocity[0] = address(card.input("velocity"))
    memory.gate[0] = address(card.input("control", GATE))
    memory.timbre[0] = address(card.input("control", CONTROL))
    noise = card.input("latent")
    memory.noise[0], memory.noise_size[0] = address(noise), noise.size() if noise else 0
    memory.audio[0] = installed.outputs[card.output("audio").name].ctypes.data
    pairs = state_pairs(card)
    memory.state_count[0] = len(pairs)
    for k, (given, taken) in enumerate(pairs):
        memory.state_sizes[k] = given.size()
        memory.states_in[k] = installed.inputs[given.name].ctypes.data
        memory.states_out[k] = installed.outputs[taken.name].ctypes.data


def _write_batches(installed: Stream) -> None:
    model, memory = installed.model, installed.memory
    batches = Batches(model.session, installed.inputs, installed.outputs)
    grain = find_grain(model.card, batches)
    inputs = np.ascontiguousarray(batches.input_values[grain - 1 :: grain])
    outputs = np.ascontiguousarray(batches.output_values[grain - 1 :: grain])
    installed.kept += [batches, inputs, outputs]
    memory.grain[0] = grain
    batches.binding.write(memory.model[0])
    record = memory.model[0]
    record["input_values"], record["output_values"] = (
        inputs.ctypes.data,
        outputs.ctypes.data,
    )
