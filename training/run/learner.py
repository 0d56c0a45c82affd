"""What every task's learner is made of: networks, their averages, optimizers, state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training.run import names
from training.run.config import Config

JUDGE_EVERY = 500  # steps

Report = dict[str, tf.Tensor]


@dataclass(frozen=True)
class Heard:
    """Sounds of a learner as it is: ``audio`` (n, frames) float32 at ``rate`` Hz.

    Sounds of one name become one file; the sheet has so many ``columns``.
    """

    audio: np.ndarray
    names: list[str]
    rate: int
    columns: int = 8


class Learner:
    """All that learns. Build it inside the scope of its tf.distribute strategy.

    A task's learner makes its ``networks`` (name -> network) with their variables, the
    ``averages`` of those that are judged and shipped, and the ``optimizers``; then it
    calls `ready`. `step` must be pure in (state, batch): its dice are the batch's.
    """

    anew: tuple[str, ...] = ()  # Weights that `init` may leave, as "network/name".

    def __init__(self, config: Config, replicas: int = 1):
        self.config, self.replicas = config, replicas
        keras.utils.set_random_seed(config.training.seed)
        self.networks: dict[str, keras.Model] = {}
        self.averages: dict[str, keras.Model] = {}
        self.optimizers: dict[str, keras.optimizers.Optimizer] = {}
        self.others: dict[str, tf.Variable] = {}
        self.steps = tf.Variable(0, dtype=tf.int64, trainable=False)

    def ready(self, trained: dict[str, list]) -> None:
        """Begin the averages and, with what each trains, the optimizers."""
        for name, average in self.averages.items():
            for mean, now in self._pairs(name, average):
                mean.assign(now)
        for name, variables in trained.items():
            self.optimizers[name].build(variables)

    def state(self) -> dict[str, Any]:
        """Every variable that a run depends on, by a name that never changes."""
        found, paths = {}, {}
        for prefix, networks in (("", self.networks), ("average/", self.averages)):
            for network, model in networks.items():
                for name, variable in names.of_model(model).items():
                    found[f"{prefix}{network}/{name}"] = variable
                    if not prefix:
                        paths[variable.path] = f"{network}/{name}"
        for name, optimizer in self.optimizers.items():
            of_optimizer = names.of_optimizer(optimizer, paths)
            found |= {f"optimizer/{name}/{n}": v for n, v in of_optimizer.items()}
        return found | self.others | {"steps": self.steps}

    def step(self, *batch: Any) -> Report:
        """One step on a replica's share of a batch; gives scalars to report."""
        raise NotImplementedError

    def kinds(self) -> dict[str, Callable[..., Report]]:
        """The kinds of steps by name; each is compiled by itself."""
        return {"": self.step}

    def kind(self, step: int) -> str:
        """Of which kind the step is that follows ``step`` steps."""
        return ""

    def before(self, step: int) -> None:
        """What happens between steps: a function of their number, for exact resume."""

    def after_step(self, report: Report) -> None:
        """Count the step and move the averages; outside of the replicas.

        A young average forgets faster, or the first weights would linger for long.
        """
        self.steps.assign_add(1)
        step = tf.cast(self.steps, tf.float32)
        keep = tf.minimum(self.config.training.ema, (1.0 + step) / (10.0 + step))
        for name, average in self.averages.items():
            for mean, now in self._pairs(name, average):
                mean.assign(now + keep * (mean - now))

    def update(
        self, optimizer: str, tape: tf.GradientTape, loss: tf.Tensor, variables: list
    ) -> None:
        """Follow the gradient of a replica's mean loss.

        Replicas sum their gradients; a step must not depend on how many there are.
        """
        gradients = tape.gradient(loss, variables)
        if self.replicas > 1:
            gradients = [g if g is None else g / self.replicas for g in gradients]
        self.optimizers[optimizer].apply(gradients, variables)

    def judge_at(self, step: int) -> bool:
        """Whether a point of the learning curves is due after ``step`` steps."""
        return step % JUDGE_EVERY == 0

    def judge(self, step: int, means: dict[str, float]) -> dict[str, float]:
        """A point of the learning curves; ``means`` of the reports since the last."""
        return {"step": step} | means

    def listen(self) -> Heard | None:
        """Sounds of the averaged networks, always of the same dice; None: no sounds."""
        return None

    def facts(self) -> dict[str, Any]:
        """What a checkpoint and a card tell of the networks that are shipped."""
        sizes = {name: parameters(self.networks[name]) for name in self.averages}
        return {"parameters": next(iter(sizes.values())) if len(sizes) == 1 else sizes}

    def adopted(self, left: list[str]) -> None:
        """Called when `init` has filled the networks, but for what is ``left``."""

    def _pairs(self, name: str, average: keras.Model) -> list[tuple]:
        pairs = zip(average.weights, self.networks[name].weights, strict=True)
        return list(pairs)


def parameters(model: keras.Model) -> int:
    """Number of trainable parameters."""
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def divergence(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """KL from N(mean, variance) to N(0, 1), in nats per row; arguments are (B, Z)."""
    terms = mean**2 + tf.exp(log_variance) - log_variance - 1.0
    return 0.5 * tf.reduce_mean(tf.reduce_sum(terms, axis=1))
