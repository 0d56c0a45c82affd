"""What a kind leaves behind when it has set up a node, and what kinds share."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.parameters import INSTRUMENT, Parameter
from rtaudio_dl.core.priority import Priority
from rtaudio_dl.core.system import Semaphore, nap_address
from rtaudio_dl.dsp.resampler import MAX_STEP
from rtaudio_dl.engine.layout import KEY, MAIN_BUS, NODE, NONE, Engine
from rtaudio_dl.engine.parameters import write_ranges
from rtaudio_dl.errors import EngineError, PatchError
from rtaudio_dl.models.card import Card
from rtaudio_dl.models.model import Model
from rtaudio_dl.patches.patch import Patch

# NODE's fields that are functions, by the names that entries have.
_FUNCTIONS = ("process", "take", "end", "sweep", "serve", "lacking", "event", "plan")
_NAP = (0, 20_000)  # s, ns: of a renderer between two looks at what it waits for


@dataclass
class Installed:
    """A patch that is loaded: it keeps alive all memory that the engine points to.

    ``place`` is its node; ``memory`` the node's state.
    """

    patch: Patch
    model: Model
    place: int
    memory: Memory

    @property
    def parameters(self) -> dict[str, Parameter]:
        """What can be set, by name, in the order of numbers."""
        return parameters_of(self.model.card)

    def audio_memory(self) -> list[np.ndarray]:
        """The memory of its own that the audio thread reads and writes."""
        return [self.memory.array]

    @property
    def latency(self) -> int:
        """Frames from a strike to its sound."""
        return 0

    def latency_for(self, rate: float, block: int) -> int | None:
        """The latency that blocks of a device ask for; None: it stays as it is."""
        return None

    def close(self) -> None:
        """Release the model; the engine must have let go of this place before."""
        self.model.close()


class Crew:
    """What the nodes of one kind share in an engine: memory, and a thread to be.

    ``memory`` has a `WORKER`; ``work(engine, memory)`` is the entry of the thread.
    ``losses`` names its rings by what they drop.
    """

    def __init__(
        self,
        engine: Engine,
        dtype: np.dtype,
        name: str,
        entries: ModuleType,
        priority: Priority,
        rings: tuple[str, ...],
    ):
        self.memory, self.name = Memory(dtype), name
        self.entries, self.priority, self.rings = entries, priority, rings
        self.worker = self.memory.worker
        self.worker["clock"] = engine.master["clock"]
        self.worker["nap_address"], self.worker["nap"] = nap_address(), _NAP
        self.semaphore: Semaphore | None = None  # offline nobody waits

    def be_live(self) -> None:
        """Let the audio thread wake the thread that is to come."""
        if self.semaphore is None:
            self.semaphore = Semaphore()
        self.worker["wait_address"] = self.semaphore.wait_address
        self.worker["semaphore"] = self.semaphore.handle
        self.worker["post_address"] = self.semaphore.post_address

    def be_alone(self) -> None:
        """Its thread has ended: who needs something makes it."""
        self.worker["post_address"] = 0


def write_node(
    engine: Engine, installed: Installed, entries: ModuleType, *, one_shot: bool = False
) -> None:
    """Fill a node that is EMPTY: its functions, its memory, its way to the main bus."""
    record = engine.nodes[installed.place]
    engine.nodes[installed.place] = np.zeros((), NODE)
    for name in _FUNCTIONS:
        entry = getattr(entries, name, None)
        record[name] = entry.address if entry is not None else 0
    record["state"] = installed.memory.address
    record["input"], record["output"] = NONE, MAIN_BUS
    record["gain"] = record["left"] = record["right"] = record["wet"] = 1.0
    record["one_shot"] = one_shot


def write_instrument(
    engine: Engine, installed: Installed, plays_pitch: bool = False
) -> None:
    """Fill what every instrument has: parameters, controls, keys.

    ``plays_pitch`` says that the model plays a key's pitch by itself.
    """
    patch, place = installed.patch, installed.place
    write_parameters(engine, installed)
    keys = engine.keys[place]
    keys[:] = np.zeros(1, KEY)
    for number, key in patch.keys.items():
        record = keys[number]
        record["mapped"] = 1
        record["shift"] = 0.0 if plays_pitch else key.shift
        record["gain"], record["pan"] = key.gain, key.pan
        record["choke"] = key.choke


def parameters_of(card: Card) -> dict[str, Parameter]:
    """What can be set in a node that plays a card, in the order of numbers.

    A kernel finds one by its number: ``engine.parameters[node, number]``, and follows
    it as `rtaudio_dl.engine.parameters.step_of` says.
    """
    return INSTRUMENT | card.parameters


def parameter_rows(card: Card) -> list[tuple[str, str]]:
    """The parameters that a card declares of its own, for a person."""
    return [
        (name, f"{p.meaning}, {p.low:g} to {p.high:g} {p.unit}".rstrip())
        for name, p in card.parameters.items()
    ]


def write_parameters(engine: Engine, installed: Installed) -> None:
    """Fill a node's ranges, values and controls as its patch says.

    Raises PatchError for a name or a value that the model does not have.
    """
    patch, place, known = installed.patch, installed.place, installed.parameters
    for name, value in patch.parameters.items():
        if name not in known or not known[name].low <= value <= known[name].high:
            _refuse_parameter(installed, name, value)
    write_ranges(engine.ranges[place], known)
    values = [patch.parameters.get(name, p.default) for name, p in known.items()]
    engine.parameters[place] = 0.0
    engine.parameters[place, : len(values)] = values
    engine.controls[place] = NONE
    for number, name in patch.controls.items():
        if name not in known:
            _refuse_parameter(installed, name, f"control {number}")
        engine.controls[place, number] = list(known).index(name)


def _refuse_parameter(installed: Installed, name: str, value: object) -> None:
    patch, known = installed.patch, installed.parameters
    if name in known:
        allowed = f"allowed: {known[name].low:g} to {known[name].high:g}"
    else:
        allowed = f"model {patch.model!r} has: {', '.join(known)}"
    raise PatchError(
        f"patch {patch.name!r} sets parameter {name!r} to {value!r}; {allowed}"
    )


def require_rate(engine: Engine, card: Card) -> None:
    """Raise EngineError where the engine is too slow for a model's rate."""
    rate = int(engine.master["sample_rate"][0])
    if card.sample_rate > MAX_STEP * rate:
        raise EngineError(
            f"model {card.name!r} gives {card.sample_rate} Hz, more than "
            f"{MAX_STEP:g} times the {rate} Hz here; take a higher sample rate"
        )
