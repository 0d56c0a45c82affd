"""A trained classifier read back from a run, to judge, export or listen to."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from training.run import checkpoint
from training.tasks.classify.config import Config, from_json
from training.tasks.classify.cross import Part
from training.tasks.classify.front import Front
from training.tasks.classify.learner import Scorer
from training.tasks.classify.nets import network


@dataclass(frozen=True)
class Trained:
    """The averaged network in float32, its configuration, and facts of its run."""

    front: Front
    network: keras.Model
    scorer: Scorer
    config: Config
    facts: dict

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in index order."""
        return tuple(self.facts["labels"])


def load(part: Part) -> Trained:
    """Read the newest checkpoint of one run."""
    stored = checkpoint.load(checkpoint.latest(part.folder), from_json)
    # Mixed precision is for training: what is shipped computes in float32.
    keras.config.set_dtype_policy("float32")
    net = network(stored.config, len(stored.facts["labels"]))
    # A checkpoint begins with the averaged network.
    net.set_weights(stored.values[: len(net.weights)])
    front = Front(stored.config.spec, stored.config.front.kind)
    return Trained(front, net, Scorer(front, net), stored.config, stored.facts)
