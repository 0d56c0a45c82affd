"""Run as a script: a few steps on two logical CPUs, whose weights must stay equal."""

import sys
from pathlib import Path

import tensorflow as tf

from tests.training.tasks.wavegan import tiny
from training.run import runtime
from training.run.loop import start
from training.run.part import Part
from training.tasks.wavegan.task import TASK


def main(folder: Path, source: Path) -> None:
    """Train three steps, with a warm-up, on two replicas."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, two)
    runtime.strategy = lambda name: tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    training = {"strategy": "mirrored", "reconstruct": 1.0, "warmup_steps": 1}
    config = tiny.config(folder, source=source, training=training)
    run = start(TASK, Part(config))
    run.train(3)
    variables = [*run.learner.generator_variables, *run.learner.critic_variables]
    for variable in variables:
        first, second = run.strategy.experimental_local_results(variable.value)
        assert bool(tf.reduce_all(first == second)), variable.path
        assert bool(tf.reduce_all(tf.math.is_finite(first))), variable.path
    sys.stdout.write(f"replicas {run.replicas} steps {run.step} same\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
