"""A run that begins with the weights of another: a shipped model, or a run's folder."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import ConfigError
from training.run import checkpoint, names, onnx_weights
from training.run.learner import Learner
from training.run.task import Task

SHOWN = 4  # names in a line


@dataclass(frozen=True)
class Begun:
    """What was taken from ``source``, and what begins anew; as "network/name"."""

    source: str
    taken: list[str]
    left: list[str]

    def lines(self) -> list[str]:
        """The same in words."""
        lines = [f"{self.source}: {len(self.taken)} weights taken"]
        if self.left:
            shown = ", ".join(self.left[:SHOWN])
            more = len(self.left) - SHOWN
            shown += f" and {more} more" if more > 0 else ""
            lines.append(f"{len(self.left)} begin anew: {shown}")
        return lines


def begin(task: Task, learner: Learner, source: Path) -> Begun:
    """Fill the networks of a learner, and their averages, with those of ``source``.

    Networks that are not shipped (critics) take what a run's folder has of them and
    else begin anew; of a shipped one every weight must be there, but for those that
    ``learner.anew`` names, such as a layer of other classes. Raises ConfigError.
    """
    stored = _of_onnx(task, learner, source) if source.suffix == ".onnx" else None
    if stored is None:
        stored = _of_run(task, learner, source)
    taken, left = [], []
    for network, model in learner.networks.items():
        own = names.of_model(model)
        dice = {n for n in own if "seed_generator" in n}
        for name, variable in own.items():
            value = stored.get(f"{network}/{name}")
            fits = value is not None and value.shape == tuple(variable.shape)
            if fits and name not in dice:
                variable.assign(value)
                taken.append(f"{network}/{name}")
            elif name not in dice:
                left.append(f"{network}/{name}")
    _refuse(learner, source, stored, left)
    learner.adopted(left)
    for network, average in learner.averages.items():
        for mean, now in zip(
            average.weights, learner.networks[network].weights, strict=True
        ):
            mean.assign(now)
    return Begun(str(source), taken, left)


def _of_run(task: Task, learner: Learner, source: Path) -> dict[str, np.ndarray]:
    """Weights of a run: the averages of what is shipped, the others as they were."""
    stored = checkpoint.load(checkpoint.latest(source), task.Config).values
    found = {}
    for network in learner.networks:
        prefix = f"average/{network}/" if network in learner.averages else f"{network}/"
        for name, value in stored.items():
            if name.startswith(prefix):
                found[f"{network}/{name.removeprefix(prefix)}"] = value
    return found


def _of_onnx(task: Task, learner: Learner, source: Path) -> dict[str, np.ndarray]:
    if not source.is_file():
        raise ConfigError(f"training.init is {source}; no such file")
    found: dict[str, Any] = {}
    for network in learner.averages:
        path = source.with_name(f"{source.stem}{task.files.get(network, '')}.onnx")
        if path.is_file():
            weights = onnx_weights.read(path, learner.networks[network])
            found |= {f"{network}/{name}": value for name, value in weights.items()}
    return found


def _refuse(learner: Learner, source: Path, stored: dict, left: list[str]) -> None:
    """Raise ConfigError where a shipped network would begin anew in its middle."""
    wrong = [
        name
        for name in left
        if name.split("/")[0] in learner.averages and not name.startswith(learner.anew)
    ]
    if not wrong:
        return
    own = {
        f"{network}/{name}": tuple(variable.shape)
        for network, model in learner.networks.items()
        for name, variable in names.of_model(model).items()
    }
    name = wrong[0]
    there = f"has {stored[name].shape}" if name in stored else "is not there"
    known = {f.name for f in fields(learner.config)}
    same = " and ".join(s for s in ("front", "model") if s in known)
    raise ConfigError(
        f"{source}: its network is another than this configuration's: {name} {there}, "
        f"{own[name]} is wanted ({len(wrong)} do not fit); training.init needs the "
        f"same {same}"
    )
