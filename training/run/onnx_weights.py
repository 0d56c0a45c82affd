"""A network's weights found again in an ONNX file that `training.run.export` wrote.

Nothing but the names of tensors says what is what. A converter keeps the layers' names
with numbers of its own, folds batch normalisation into convolutions, lays kernels out
anew, and calls folded constants by a number: then the name of what is computed with
them tells the layer. `training.run.names` makes the names of both sides the same;
shapes must agree.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from onnx import numpy_helper

from training.errors import ConfigError
from training.run import names

# The first part of a tensor's name that is an operation's and no layer's.
OPERATIONS = ("convolution", "batchnorm", "depthwise", "conv_transpose")
FACTOR, OFFSET = "batchnorm/mul", "batchnorm/sub"


def read(path: Path, network: keras.Model) -> dict[str, np.ndarray]:
    """Name (as `names.of_model` has it) -> value of each weight that is found.

    Weights whose shape is another are given as they are, if only one tensor of the
    layer can be meant; the caller says what does not fit. Raises ConfigError for a
    file that is not ONNX.
    """
    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf raises what it likes
        raise ConfigError(f"{path}: not an ONNX file: {error}") from None
    layers = _layers(model, names.base(network.name))
    found = {}
    for layer, variables in _by_layer(network).items():
        tensors = layers.get(layer, {})
        if "gamma" in variables:
            found |= _normalisation(network, layer, variables, tensors)
            continue
        for name, variable in variables.items():
            full = f"{layer}/{name}" if layer else name
            value = _fitting(tuple(variable.shape), tensors.values())
            if value is not None:
                found[full] = value
    return found


def _by_layer(network: keras.Model) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, variable in names.of_model(network).items():
        layer, _, last = name.rpartition("/")
        found.setdefault(layer, {})[last] = variable
    return found


def _layers(model: onnx.ModelProto, root: str) -> dict[str, dict[str, np.ndarray]]:
    """Layer -> its tensors by the operation that they are used in."""
    constants = {
        i.name: numpy_helper.to_array(i)
        for i in model.graph.initializer
        if i.data_type == onnx.TensorProto.FLOAT and i.dims
    }
    used = []  # (layers of the name, operation, value)
    for node in model.graph.node:
        for name in node.input:
            if name in constants:
                own = _split(name)
                # A folded constant has lost its name; what it makes has not.
                where = own if own[0] else _split(node.output[0])
                if where[0]:
                    used.append((*where, constants[name]))
    if any(names.base(layer[0]) == root for layer, _, _ in used):
        # Several networks may be in one file: this one's are below its name.
        used = [
            (layer[1:], operation, value)
            for layer, operation, value in used
            if names.base(layer[0]) == root and len(layer) > 1
        ]
    ranked = names.canonical("/".join(layer) for layer, _, _ in used)
    found: dict[str, dict[str, np.ndarray]] = {}
    for layer, operation, value in used:
        found.setdefault(ranked["/".join(layer)], {})[operation] = value
    return found


def _split(name: str) -> tuple[tuple[str, ...], str]:
    """A tensor's name as the layers it is in and the operation it is of."""
    parts = name.split(":")[0].split("/")
    for i, part in enumerate(parts):
        if part[:1].isupper() or part in OPERATIONS:
            return tuple(parts[:i]), "/".join(parts[i:])
    return (), name


def _fitting(shape: tuple[int, ...], tensors) -> np.ndarray | None:
    """The tensor that a weight of ``shape`` became, laid out as Keras has it."""
    laid = [_layouts(tensor, len(shape)) for tensor in tensors]
    exact = [value for some in laid for value in some if value.shape == shape]
    if exact:
        return exact[0]
    possible = [some[0] for some in laid if some]
    return possible[0] if len(possible) == 1 else None


def _layouts(tensor: np.ndarray, rank: int) -> list[np.ndarray]:
    """What a tensor of an ONNX file may have been in Keras, of a weight's rank."""
    if rank == 4 and tensor.ndim == 4:
        return [tensor.transpose(2, 3, 1, 0), tensor.transpose(2, 3, 0, 1)]
    if rank == 3 and tensor.ndim == 4 and tensor.shape[2] == 1:
        return [tensor[:, :, 0].transpose(2, 1, 0)]
    if rank == 1 and max(tensor.shape) == tensor.size:
        return [tensor.reshape(-1)]
    return [tensor] if tensor.ndim == rank else []


def _normalisation(
    network: keras.Model, layer: str, variables: dict, tensors: dict
) -> dict[str, np.ndarray]:
    """Batch normalisation as the factor and the offset that were left of it.

    The factor is 1 where it was folded into a convolution; mean and variance are those
    that change nothing.
    """
    if OFFSET not in tensors:
        return {}
    size = variables["gamma"].shape[0]
    factor = tensors.get(FACTOR, np.ones(size, np.float32)).reshape(-1)
    epsilon = _epsilon(network, variables["moving_variance"])
    values = {
        "gamma": factor,
        "beta": tensors[OFFSET].reshape(-1),
        "moving_mean": np.zeros(size, np.float32),
        "moving_variance": np.full(size, 1.0 - epsilon, np.float32),
    }
    return {f"{layer}/{name}": values[name] for name in variables}


def _epsilon(network: keras.Model, variance) -> float:
    for layer in network._flatten_layers(include_self=False):
        if getattr(layer, "moving_variance", None) is variance:
            return float(layer.epsilon)
    raise ValueError(f"{variance.path}: of no batch normalisation of {network.name}")
