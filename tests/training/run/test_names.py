"""Names of weights do not depend on what else a process has built."""

import keras
import pytest

from training.run import names


@pytest.mark.parametrize(
    "paths, wanted",
    [
        (["conv1d_4/kernel", "conv1d_7/kernel"], ["conv1d/kernel", "conv1d.1/kernel"]),
        (["conv2d_10/bias", "conv2d_9/bias"], ["conv2d.1/bias", "conv2d/bias"]),
        (["up0_1/conv1d_1", "up1_1/conv1d_1_1"], ["up0/conv1d", "up1/conv1d"]),
        (["conv2d_1", "conv2d_1_2", "conv2d_2_1"], ["conv2d", "conv2d.1", "conv2d.2"]),
        (["head/logit/kernel", "head/classes/kernel"],) * 2,
    ],
)
def test_numbers_become_ranks(paths, wanted):
    found = names.canonical(paths)
    assert [found[path] for path in paths] == list(wanted)


def small() -> keras.Model:
    layers = keras.layers
    entry = keras.Input((4,))
    hidden = layers.Dense(3)(entry)
    hidden = layers.Dropout(0.1)(layers.Dense(3)(hidden))
    return keras.Model(entry, layers.BatchNormalization()(hidden))


def test_every_network_has_the_same_names():
    first, second = (names.of_model(small()) for _ in range(2))
    assert list(first) == list(second)
    assert {"dense/kernel", "dense.1/bias", "batch_normalization/gamma"} <= set(first)
    assert [tuple(v.shape) for v in first.values()] == [
        tuple(v.shape) for v in second.values()
    ]


@pytest.mark.parametrize("kind", ["Adam", "AdamW", "SGD"])
def test_optimizers_name_their_weights(kind):
    model = small()
    options = {"momentum": 0.9} if kind == "SGD" else {}
    optimizer = getattr(keras.optimizers, kind)(1e-3, **options)
    optimizer.build(model.trainable_variables)
    paths = {v.path: f"net/{n}" for n, v in names.of_model(model).items()}
    found = names.of_optimizer(optimizer, paths)
    assert len(found) == len(optimizer.variables)
    assert "momentum/net/dense.1/kernel" in found and "iteration" in found
    assert tuple(found["momentum/net/dense/kernel"].shape) == (4, 3)
