"""What a run has learned, read back from a checkpoint to play, judge or export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from training.errors import ConfigError
from training.run import checkpoint, names
from training.run.config import Config


@dataclass(frozen=True)
class Trained:
    """The averaged networks in float32 by name, their configuration, facts."""

    networks: dict[str, keras.Model]
    config: Config
    facts: dict


def load(
    path: Path,
    kind: type[Config],
    build: Callable[[Config, dict], dict[str, keras.Model]],
    config: Config | None = None,
) -> Trained:
    """Read the newest checkpoint of a run folder, or the given one.

    ``build`` makes the networks of a configuration of that ``kind`` and of facts;
    ``config`` takes the place of the checkpoint's.
    """
    path = checkpoint.latest(path)
    stored = checkpoint.load(path, kind)
    # Mixed precision is for training: what is shipped computes in float32.
    keras.config.set_dtype_policy("float32")
    config = config or stored.config
    networks = build(config, stored.facts)
    for network, model in networks.items():
        for name, variable in names.of_model(model).items():
            value = stored.values.get(f"average/{network}/{name}")
            if value is None or value.shape != tuple(variable.shape):
                raise ConfigError(
                    f"{path}: holds no average/{network}/{name} of shape "
                    f"{tuple(variable.shape)}; the configuration is of another network"
                )
            variable.assign(value)
    return Trained(networks, config, stored.facts)
