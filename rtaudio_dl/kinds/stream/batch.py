"""A streaming model bound to memory for all sizes of a batch, and tried in them."""

from __future__ import annotations

import numpy as np

from rtaudio_dl.errors import EngineError, ModelError
from rtaudio_dl.kinds.stream.layout import BATCH
from rtaudio_dl.models import ort
from rtaudio_dl.models.card import Card
from rtaudio_dl.models.contract import state_pairs
from rtaudio_dl.models.session import NativeSession
from rtaudio_dl.models.stream import GATE

_GRAINS = (1, 2, 4, 8)
_TRIAL_HOPS = 4
_TRIAL_KEYS = (36, 96)
_SEED = 0


class Batches:
    """The first rows of the same arrays (BATCH, …) as values, for every size.

    ``input_names`` and ``output_names`` are what ``Run`` takes; the values of a size
    are a row of ``input_values`` and ``output_values``, uintp (BATCH, tensors).
    """

    def __init__(
        self,
        session: NativeSession,
        inputs: dict[str, np.ndarray],
        outputs: dict[str, np.ndarray],
    ):
        self.session = session
        self.binding = session.bind(inputs, outputs)
        self.input_names = self.binding.input_names
        self.output_names = self.binding.output_names
        self.inputs, self.outputs = self.binding.inputs, self.binding.outputs
        self.input_values = self._values(self.inputs)
        self.output_values = self._values(self.outputs)

    def _values(self, arrays: dict[str, np.ndarray]) -> np.ndarray:
        rows = [
            self.session.values([array[:size] for array in arrays.values()])
            for size in range(1, BATCH + 1)
        ]
        return np.stack(rows)

    def run(self, size: int) -> None:
        """Run the first ``size`` rows, from Python. Raises ModelError.

        A closed session, or a size that there is not, is an EngineError.
        """
        self.session.require_open()
        if not 1 <= size <= BATCH:
            raise EngineError(f"size is {size}; allowed: 1 to {BATCH}")
        ort.call(
            "Run",
            *(self.session.address, None, self.input_names.ctypes.data),
            *(self.input_values[size - 1].ctypes.data, len(self.input_names)),
            *(self.output_names.ctypes.data, len(self.output_names)),
            self.output_values[size - 1].ctypes.data,
            error=ModelError,
        )


def find_grain(card: Card, batches: Batches) -> int:
    """The step of sizes at which a row's bytes do not depend on its company.

    A sum of products may be computed in another order in a batch of another size. So
    seeded rows are run in all sizes and at several places. 1, the usual answer, lets
    every size be used; it is the answer, too, for a model whose last bits change
    whatever the step: only an exact replay is lost then. Every size has been run
    afterwards, which plans its memory.
    """
    given, made = _settled(card, batches)
    exact = {size: _is_exact(batches, size, given, made) for size in _sizes(1)}
    steps = (g for g in _GRAINS if all(exact[size] for size in _sizes(g)))
    grain = next(steps, 1)
    for array in batches.inputs.values():
        array[:] = 0
    return grain


def _sizes(grain: int) -> range:
    return range(grain, BATCH + 1, grain)


def _settled(
    card: Card, batches: Batches
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Inputs of notes that sound for some hops, and what the model makes of them."""
    random = np.random.default_rng(_SEED)
    for tensor in card.inputs:
        array = batches.inputs[tensor.name]
        if tensor.role == "pitch":
            array[:] = random.uniform(*_TRIAL_KEYS, array.shape)
        elif tensor.role == "velocity" or tensor.name == GATE:
            array[:] = random.uniform(0.1, 1.0, array.shape)
        elif tensor.role != "state":
            array[:] = random.standard_normal(array.shape)
    for _ in range(_TRIAL_HOPS):
        batches.run(BATCH)
        for before, after in state_pairs(card):
            batches.inputs[before.name][:] = batches.outputs[after.name]
    batches.run(BATCH)
    return _copies(batches.inputs), _copies(batches.outputs)


def _copies(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in arrays.items()}


def _is_exact(batches: Batches, size: int, given: dict, made: dict) -> bool:
    for shift in (0, BATCH - size + 1):
        rows = (np.arange(size) + shift) % BATCH
        for name, array in batches.inputs.items():
            array[:size] = given[name][rows]
        batches.run(size)
        for name, array in batches.outputs.items():
            if array[:size].tobytes() != made[name][rows].tobytes():
                return False
    return True
