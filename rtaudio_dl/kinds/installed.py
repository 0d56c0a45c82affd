"""What a kind leaves behind when it has set up a node, and what kinds share."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from rtaudio_dl.core.kernel import Memory
from rtaudio_dl.core.priority import Priority
from rtaudio_dl.core.system import Semaphore, nap_address
from rtaudio_dl.dsp.resampler import MAX_STEP
from rtaudio_dl.engine.layout import KEY, MAIN_BUS, NODE, NONE, Engine
from rtaudio_dl.engine.parameters import INSTRUMENT, write_ranges
from rtaudio_dl.errors import EngineError
from rtaudio_dl.models.card import Card
from rtaudio_dl.models.model import Model
from rtaudio_dl.patches.patch import Patch

# NODE's fields that are functions, by the names that entries have.
_NAP = (0, 20_000)  # s, ns: of a renderer between two looks at what it waits for
_FUNCTIONS = ("process", "take", "end", "sweep", "serve", "lacking", "event")


@dataclass
class Installed:
    """A patch that is loaded: it keeps alive all memory that the engine points to.

    ``place`` is its node; ``memory`` the node's state.
    """

    patch: Patch
    model: Model
    place: int
    memory: Memory

    def heard(self) -> list[np.ndarray]:
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
    names = list(INSTRUMENT)
    write_ranges(engine.ranges[place], INSTRUMENT)
    engine.parameters[place] = 0.0
    engine.parameters[place, : len(names)] = [patch.parameters[n] for n in names]
    engine.controls[place] = NONE
    for number, name in patch.controls.items():
        engine.controls[place, number] = names.index(name)
    keys = engine.keys[place]
    keys[:] = np.zeros(1, KEY)
    for number, key in patch.keys.items():
        record = keys[number]
        record["mapped"] = 1
        record["shift"] = 0.0 if plays_pitch else key.shift
        record["gain"], record["pan"] = key.gain, key.pan
        record["choke"] = key.choke


def require_rate(engine: Engine, card: Card) -> None:
    """Raise EngineError where the engine is too slow for a model's rate."""
    rate = int(engine.master["sample_rate"][0])
    if card.sample_rate > MAX_STEP * rate:
        raise EngineError(
            f"model {card.name!r} gives {card.sample_rate} Hz, more than "
            f"{MAX_STEP:g} times the {rate} Hz here; take a higher sample rate"
        )
