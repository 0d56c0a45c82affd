"""Networks take any length, and BC-ResNet has the published size."""

import numpy as np
import pytest
import tensorflow as tf

from training.run.learner import parameters
from training.tasks.classify.config import Config
from training.tasks.classify.nets import network

KINDS = ("resnet", "dsresnet", "bcresnet")


def net(kind: str, **model):
    model = {"widths": [4, 6], "blocks": [1, 2], "kind": kind, "width": 1} | model
    return network(Config.from_mapping({"model": model}, "test"), 12)


@pytest.mark.parametrize("kind", KINDS)
def test_any_length_gives_one_row_of_logits(kind):
    built = net(kind, subspectral=5)
    for frames in (7, 98, 131):
        found = built(tf.zeros([2, frames, 40, 1]))
        assert found.shape == (2, 12)
        assert np.all(np.isfinite(found.numpy()))


# Kim et al. (2021), table 1, in thousands.
@pytest.mark.parametrize("tau, published", [(1, 9.2), (2, 27.3), (3, 54.2), (8, 321)])
def test_bcresnet_has_the_published_parameters(tau, published):
    first_normalisation = 2 * 40  # Ours, per band; the paper has none.
    found = parameters(net("bcresnet", width=tau, subspectral=5)) - first_normalisation
    assert found / 1_000 == pytest.approx(published, abs=0.5 if tau == 8 else 0.05)


def test_separable_blocks_are_smaller():
    assert parameters(net("dsresnet")) < parameters(net("resnet")) / 2


def test_subspectral_normalisation_keeps_groups_apart():
    """Each group of bands is brought to the same mean and variance by itself."""
    import keras

    from training.tasks.classify.nets import _subspectral_norm

    entry = keras.Input((None, 10, 2))
    model = keras.Model(entry, _subspectral_norm(entry, 5))
    random = np.random.default_rng(1).normal(0, 1, (8, 9, 10, 2)).astype(np.float32)
    random[:, :, :2] = 100 + 50 * random[:, :, :2]
    found = model(random, training=True).numpy()
    groups = found.reshape(8, 9, 5, 2, 2)
    assert np.abs(groups.mean(axis=(0, 1, 3))).max() < 1e-3
    assert np.abs(groups.std(axis=(0, 1, 3)) - 1).max() < 1e-2
