"""TensorFlow's own time for one sound of a configuration's network.

``python -m training.timing configs/NAME.toml THREADS`` answers the lines of another
program (`rtaudio-dl bench inference`), so that both take turns on one machine:
``{"command": "run", "count": 5}`` gives ``{"answer": [nanoseconds, ...]}``. The weights
are the initial ones: no network here takes longer for other weights.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

WARM_UP = 5  # the first call traces the graph


def main(arguments: list[str] | None = None) -> None:
    """Be ready, then answer each line of standard input until it ends."""
    path, threads = sys.argv[1:] if arguments is None else arguments
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        once = prepared(Path(path), int(threads))
    except Exception as error:  # whatever it is, the other program has to be told
        _reply(error=f"{type(error).__name__}: {error}")
        return
    _reply(answer="ready")
    for line in sys.stdin:
        _reply(answer=timed(once, json.loads(line)["count"]))


def prepared(path: Path, threads: int) -> Callable[[], None]:
    """The network of a configuration, so that a call makes one sound."""
    from training.run import registry

    task = registry.task(registry.of_config(path))
    config = task.Config.load(path)
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    once = task.one_sound(config)
    for _ in range(WARM_UP):
        once()
    return once


def timed(once: Callable[[], None], count: int) -> list[int]:
    """Nanoseconds of each of ``count`` calls."""
    durations = []
    for _ in range(count):
        began = perf_counter_ns()
        once()
        durations.append(perf_counter_ns() - began)
    return durations


def _reply(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
