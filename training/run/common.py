"""What every task's configuration has beside its own: how to train, where to write."""

from __future__ import annotations

from dataclasses import dataclass

from training.run.config import between, one_of


@dataclass(frozen=True)
class Training:
    """How to train. A run ends after its steps, or after ``max_minutes`` (0: never).

    ``seed`` decides everything random. ``batch`` is of all replicas together. ``init``
    is a model's ONNX file or a run's folder, whose weights a new run begins with.
    ``ema`` is how slowly the averaged networks follow (0: at once); they are judged and
    shipped. ``strategy`` is of tf.distribute, ``precision`` that of the layers, ``xla``
    whether to compile: ``auto`` is bfloat16 and compiled on a GPU only. ``threads`` are
    TensorFlow's, 0: as many as it likes; ``deterministic`` asks for its slower ways.
    """

    seed: int = between(1, 0, 2**31 - 1)
    max_minutes: float = between(0.0, 0, 10**6)
    batch: int = between(64, 1, 1 << 16)
    init: str = ""
    ema: float = between(0.999, 0, 1)
    strategy: str = one_of("none", "mirrored", "multiworker")
    precision: str = one_of("auto", "float32", "bfloat16")
    xla: str = one_of("auto", "on", "off")
    deterministic: bool = False
    threads: int = between(0, 0, 1024)

    @property
    def goal(self) -> int:
        """How long to train, in what the task counts: steps, or epochs."""
        return self.steps if hasattr(self, "steps") else self.epochs


@dataclass(frozen=True)
class Output:
    """Where a run writes, how often (in minutes), how many checkpoints it keeps."""

    run: str = "runs/run"
    checkpoint_minutes: float = between(5.0, 0, 10**6)
    keep: int = between(3, 1, 1000)


@dataclass(frozen=True)
class ListenedOutput(Output):
    """The same of a task whose progress can be heard: samples, how often (minutes)."""

    sample_minutes: float = between(5.0, 0, 10**6)
