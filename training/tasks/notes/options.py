"""What the command line may change in a configuration of this folder."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import Any


def changed(config: Any, options: Namespace) -> Any:
    """The configuration with another source, folder, length, where they are given."""
    source, run = getattr(options, "source", None), options.run
    training = config.training
    if options.steps is not None:
        training = replace(training, steps=options.steps)
    if options.minutes is not None:
        training = replace(training, max_minutes=options.minutes)
    data = replace(config.data, source=source) if source else config.data
    output = replace(config.output, run=run) if isinstance(run, str) else config.output
    return replace(config, data=data, training=training, output=output)
