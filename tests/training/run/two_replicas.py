"""Run as a script: a few steps on two logical CPUs, whose weights must stay equal."""

import sys
from pathlib import Path

import tensorflow as tf

from tests.training.running import start
from training.run import registry, runtime

STEPS = 3


def config(task: str, folder: Path, source: Path):
    """A tiny run of a task on two replicas."""
    replicas = {"strategy": "mirrored"}
    if task == "notes":
        from tests.training.tasks.notes import tiny

        return tiny.config(folder, source, training=replicas)
    if task == "wavenet":
        from tests.training.tasks.wavenet import tiny

        return tiny.config(folder, source, **replicas)
    from tests.training.tasks.wavegan import tiny

    warm = replicas | {"reconstruct": 1.0, "warmup_steps": 1}
    return tiny.config(folder, source=source, training=warm)


def main(task: str, folder: Path, source: Path) -> None:
    """Train three steps on two replicas."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)
    runtime.strategy = lambda name: tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    run = start(registry.task(task), config(task, folder, source))
    run.train(STEPS)
    for model in run.learner.networks.values():
        for variable in model.trainable_variables:
            first, second = run.strategy.experimental_local_results(variable.value)
            assert bool(tf.reduce_all(first == second)), variable.path
            assert bool(tf.reduce_all(tf.math.is_finite(first))), variable.path
    sys.stdout.write(f"replicas {run.replicas} steps {run.step} same\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
