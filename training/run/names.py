"""Names of a network's weights that are the same in every process and file.

Keras numbers what has no name of its own (``conv1d_4``) through all of a process, and a
converter adds numbers of its own. Here a number is the rank among siblings of one kind:
``noise4/conv1d`` and ``noise4/conv1d.1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import keras

_NUMBERED = re.compile(r"(.*?)((?:_\d+)*)")


def base(name: str) -> str:
    """A name without the numbers that were added to it."""
    return _NUMBERED.fullmatch(name)[1]


def canonical(paths: Iterable[str]) -> dict[str, str]:
    """Each path -> itself with ranks for numbers, level by level."""
    children: dict[str, dict[str, list[str]]] = {}
    paths = list(dict.fromkeys(paths))
    for path in paths:
        parts = path.split("/")
        for i, part in enumerate(parts):
            of_kind = children.setdefault("/".join(parts[:i]), {})
            named = of_kind.setdefault(base(part), [])
            if part not in named:
                named.append(part)
    return {path: _ranked(path, children) for path in paths}


def of_model(model: keras.Model) -> dict[str, Any]:
    """Name -> variable of everything in a network, dice included."""
    found = {variable.path: variable for variable in model.variables}
    if len(found) != len(model.variables):
        raise ValueError(f"{model.name}: two variables of one path; name its layers")
    root = f"{model.name}/"
    short = {path: path.removeprefix(root) for path in found}
    names = canonical(short.values())
    return {names[short[path]]: variable for path, variable in found.items()}


def of_optimizer(
    optimizer: keras.optimizers.Optimizer, names: dict[str, str]
) -> dict[str, Any]:
    """Name -> variable of an optimizer; ``names`` are its weights', by path.

    Raises ValueError for a variable that belongs to none of them.
    """
    flat = {path.replace("/", "_"): name for path, name in names.items()}
    found = {}
    for variable in optimizer.variables:
        weight, _, slot = variable.name.rpartition("_")
        if weight in flat:
            found[f"{slot}/{flat[weight]}"] = variable
        elif variable.name in ("iteration", "learning_rate"):
            found[variable.name] = variable
        else:
            raise ValueError(f"{variable.path}: of no weight that is trained")
    return found


def _ranked(path: str, children: dict[str, dict[str, list[str]]]) -> str:
    parts = path.split("/")
    named = []
    for i, part in enumerate(parts):
        siblings = children["/".join(parts[:i])][base(part)]
        rank = sorted(siblings, key=_numbers).index(part)
        named.append(f"{base(part)}.{rank}" if rank else base(part))
    return "/".join(named)


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(n) for n in _NUMBERED.fullmatch(name)[2].split("_") if n)
