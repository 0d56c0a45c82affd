"""How a run uses the machine: strategy, precision, compilation, determinism."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from training.run.config import Config


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


def shares(
    config: Config,
    strategy: tf.distribute.Strategy,
    step: int,
    make: Callable[[int, int, int], tf.data.Dataset],
) -> Iterator:
    """Each replica's shares of the batches from ``step`` on.

    ``make(first, size, worker)`` gives a worker's, of so many rows, from a number on.
    """
    replicas = strategy.num_replicas_in_sync

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        return make(
            step * (replicas // context.num_input_pipelines),
            config.training.batch // replicas,
            context.input_pipeline_id,
        )

    if not strategy.extended._in_multi_worker_mode() and replicas == 1:
        return iter(of_worker(tf.distribute.InputContext()))
    return iter(strategy.distribute_datasets_from_function(of_worker))


def replicated(
    config: Config,
    strategy: tf.distribute.Strategy,
    replica_step: Callable[..., dict[str, tf.Tensor]],
    after: Callable[[dict[str, tf.Tensor]], None],
) -> Callable[..., dict[str, tf.Tensor]]:
    """A step on all replicas: the mean of what each reports, handed to ``after``."""
    # Autograph would read the source again at the first call, and by then an editor may
    # have changed it.
    on_one = tf.function(replica_step, autograph=False, jit_compile=compiled(config))

    @tf.function(autograph=False)
    def step(*batch):
        report = strategy.run(on_one, args=batch)
        mean = {
            name: strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
            for name, value in report.items()
        }
        after(mean)
        return mean

    return step
