"""A trained classifier, to judge, export or listen to."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from training.run import trained
from training.run.part import Part
from training.tasks.classify import nets
from training.tasks.classify.config import Config
from training.tasks.classify.front import Front
from training.tasks.classify.scorer import Scorer


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
    read = trained.load(part.folder, Config, networks)
    front = Front(read.config.spec, read.config.front.kind)
    net = read.networks["classifier"]
    return Trained(front, net, Scorer(front, net), read.config, read.facts)


def networks(config: Config, facts: dict) -> dict[str, keras.Model]:
    """The network of a run, not trained."""
    return {"classifier": nets.network(config, len(facts["labels"]))}
