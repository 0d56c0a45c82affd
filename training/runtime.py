"""How a run uses the machine: strategy, precision, compilation, determinism."""

from __future__ import annotations

import contextlib

import keras
import tensorflow as tf

from training.config import Config


def prepare_machine(config: Config) -> tf.distribute.Strategy:
    """Set up TensorFlow for a run and give the strategy to build networks in.

    Call it before anything else touches TensorFlow: threads can only be set then.
    """
    training = config.training
    if training.threads:
        # TensorFlow refuses once it runs, as in a second run of one process.
        with contextlib.suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(training.threads)
            tf.config.threading.set_inter_op_parallelism_threads(2)
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.config.set_dtype_policy(policy(config))
    return strategy(training.strategy)


def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def policy(config: Config) -> str:
    """Keras' dtype policy: bfloat16 needs no loss scaling, and pays on a GPU only."""
    precision = config.training.precision
    if precision == "auto":
        precision = "bfloat16" if has_gpu() else "float32"
    return {"bfloat16": "mixed_bfloat16", "float32": "float32"}[precision]


def compiled(config: Config) -> bool:
    """Whether to compile with XLA: on a CPU it makes these networks slower by far."""
    return {"auto": has_gpu(), "on": True, "off": False}[config.training.xla]


def strategy(name: str) -> tf.distribute.Strategy:
    """The tf.distribute strategy of a name; ``multiworker`` reads TF_CONFIG."""
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    if name == "multiworker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process writes checkpoints and samples."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    return resolver.task_type == "chief" or (
        resolver.task_type == "worker" and resolver.task_id == 0
    )
