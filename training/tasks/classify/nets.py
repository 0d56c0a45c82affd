"""The networks: features (B, T, bands, 1) of any length to logits (B, classes).

Axes are time, frequency, channel. Batch normalisation forgets with 0.9: the usual 0.99
outlasts short trainings and makes validation look broken.
"""

from __future__ import annotations

import keras

from training.tasks.classify.config import Config, Model

L = keras.layers
MOMENTUM = 0.9


def network(config: Config, classes: int) -> keras.Model:
    """The network of a configuration, not trained."""
    model = config.model
    build = {"resnet": _resnet, "dsresnet": _resnet, "bcresnet": _bcresnet}[model.kind]
    features = keras.Input((None, config.front.bands, 1), name="features")
    # One mean and variance per band: microphones differ band by band.
    hidden = L.BatchNormalization(axis=2, momentum=MOMENTUM)(features)
    hidden = L.Dropout(model.dropout)(build(hidden, model))
    return keras.Model(features, L.Dense(classes, dtype="float32")(hidden))


def _resnet(hidden, model: Model):
    """Residual blocks of 3x3 convolutions (He et al., 2016), or separable ones."""
    separable = model.kind == "dsresnet"
    hidden = _relu(_norm(_conv(model.widths[0], 5, 2)(hidden)))
    for stage, (width, blocks) in enumerate(
        zip(model.widths, model.blocks, strict=True)
    ):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            hidden = _residual(hidden, width, stride, separable)
    return L.GlobalAveragePooling2D()(hidden)


def _residual(hidden, width: int, stride: int, separable: bool):
    conv = _separable if separable else _plain
    path = _relu(conv(hidden, width, stride))
    path = conv(path, width, 1)
    if stride > 1:
        hidden = L.AveragePooling2D(stride, padding="same")(hidden)
    if hidden.shape[-1] != width:
        hidden = _conv(width, 1)(hidden)
    return _relu(L.Add()([hidden, path]))


def _plain(hidden, width: int, stride: int):
    return _norm(_conv(width, 3, stride)(hidden))


def _separable(hidden, width: int, stride: int):
    hidden = L.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(hidden)
    return _norm(_conv(width, 1)(hidden))


# Channels per tau, blocks, stride over frequency, dilation over time.
BC_STAGES = ((8, 2, 1, 1), (12, 2, 2, 2), (16, 4, 2, 4), (20, 4, 1, 8))


def _bcresnet(hidden, model: Model):
    """BC-ResNet (Kim et al., 2021): 2-D convolutions over frequency, 1-D over time."""
    tau, groups = model.width, model.subspectral
    hidden = _relu(_norm(_conv(16 * tau, 5, (1, 2))(hidden)))
    for channels, blocks, stride, dilation in BC_STAGES:
        for block in range(blocks):
            first = block == 0
            hidden = _broadcast_residual(
                hidden, channels * tau, stride if first else 1, dilation, groups, first
            )
    # All bands become one here; over time the ends are padded.
    hidden = L.ZeroPadding2D((2, 0))(hidden)
    hidden = L.DepthwiseConv2D((5, hidden.shape[2]), use_bias=False)(hidden)
    hidden = _relu(_norm(_conv(32 * tau, 1)(hidden)))
    return L.GlobalAveragePooling2D()(hidden)


def _broadcast_residual(
    hidden, channels: int, stride: int, dilation: int, groups: int, transition: bool
):
    entry = hidden
    if transition:
        hidden = _relu(_norm(_conv(channels, 1)(hidden)))
    hidden = L.DepthwiseConv2D((1, 3), padding="same", use_bias=False)(hidden)
    # TensorFlow has no depthwise convolution with a stride on one axis only.
    hidden = _subspectral_norm(hidden[:, :, ::stride], groups)
    path = L.DepthwiseConv2D(
        (3, 1), dilation_rate=(dilation, 1), padding="same", use_bias=False
    )(_frequency_mean(hidden))
    path = L.Activation("silu")(_norm(path))
    path = L.SpatialDropout2D(0.1)(_conv(channels, 1)(path))
    # The path has one band, and is added to all of them.
    parts = [hidden, path] if transition else [entry, hidden, path]
    return _relu(L.Add()(parts))


def _frequency_mean(hidden):
    return L.AveragePooling2D((1, hidden.shape[2]))(hidden)


def _subspectral_norm(hidden, groups: int):
    """Batch normalisation of its own for each group of bands (Chang et al., 2021)."""
    bands, channels = hidden.shape[2:]
    if groups == 1 or bands % groups:
        return _norm(hidden)
    each = bands // groups
    hidden = L.Reshape((-1, groups, each, channels))(hidden)
    hidden = L.Permute((1, 3, 2, 4))(hidden)
    hidden = _norm(L.Reshape((-1, each, groups * channels))(hidden))
    hidden = L.Reshape((-1, each, groups, channels))(hidden)
    return L.Reshape((-1, bands, channels))(L.Permute((1, 3, 2, 4))(hidden))


def _conv(width: int, size: int, stride: int | tuple[int, int] = 1):
    return L.Conv2D(width, size, stride, padding="same", use_bias=False)


def _norm(hidden):
    return L.BatchNormalization(momentum=MOMENTUM)(hidden)


def _relu(hidden):
    return L.ReLU()(hidden)
