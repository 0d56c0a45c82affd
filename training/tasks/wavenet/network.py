"""NSynth's WaveNet autoencoder as published (Engel et al., 2017).

Encoder: 30 dilated convolutions of 128 channels that see both ways, averaged to 16
numbers every 512 frames. Decoder: 30 gated dilated causal convolutions of 512 channels,
each told the 16 numbers, to a distribution over 256 mu-law steps. It makes one sample
at a time from all before: 59.8 million weights for each, far from live on any machine.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from training.tasks.wavenet.config import Model

MU = 255.0
STEPS = 256


def mu_law(audio: tf.Tensor) -> tf.Tensor:
    """Audio -1..1 as whole numbers -128..127 in float32, fine where it is soft."""
    size = tf.math.log1p(MU * tf.abs(audio)) / np.float32(np.log1p(MU))
    return tf.clip_by_value(tf.floor(tf.sign(audio) * size * 128.0), -128.0, 127.0)


def from_mu_law(steps: tf.Tensor) -> tf.Tensor:
    """The middle of each step of `mu_law` as audio -1..1."""
    place = (tf.cast(steps, tf.float32) + 0.5) / 128.0
    size = (tf.exp(tf.abs(place) * np.float32(np.log1p(MU))) - 1.0) / MU
    return tf.sign(place) * size


class Encoder(keras.Model):
    """Audio as `mu_law` / 128 (B, T, 1) -> codes (B, T // pool, bottleneck)."""

    def __init__(self, model: Model):
        super().__init__()
        conv = keras.layers.Conv1D
        width = model.encoder_width
        self.start = conv(width, 3, padding="same")
        self.dilated = [
            conv(width, 3, padding="same", dilation_rate=d) for d in dilations(model)
        ]
        self.mixed = [conv(width, 1) for _ in dilations(model)]
        self.out = conv(model.bottleneck, 1)
        self.pool = keras.layers.AveragePooling1D(model.pool)

    def call(self, scaled: tf.Tensor) -> tf.Tensor:
        """Codes of the whole of a sound."""
        x = self.start(scaled)
        for dilated, mixed in zip(self.dilated, self.mixed, strict=True):
            x = x + mixed(tf.nn.relu(dilated(tf.nn.relu(x))))
        return self.pool(self.out(x))


class Decoder(keras.Model):
    """Audio one frame late (B, T, 1) and codes -> logits (B, T, STEPS)."""

    def __init__(self, model: Model):
        super().__init__()
        conv = keras.layers.Conv1D
        width, skip = model.width, model.skip
        self.pool = model.pool
        self.start = conv(width, 3, padding="causal")
        self.skip_start = conv(skip, 1)
        self.dilated = [
            conv(2 * width, 3, padding="causal", dilation_rate=d)
            for d in dilations(model)
        ]
        self.told = [conv(2 * width, 1) for _ in dilations(model)]
        self.back = [conv(width, 1) for _ in dilations(model)]
        self.skips = [conv(skip, 1) for _ in dilations(model)]
        self.hidden = conv(skip, 1)
        self.hidden_told = conv(skip, 1)
        self.out = conv(STEPS, 1)

    def call(self, scaled: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        """Logits of each frame, from the frames before it."""
        late = tf.pad(scaled, [[0, 0], [1, 0], [0, 0]])[:, :-1]
        x = self.start(late)
        total = self.skip_start(x)
        for dilated, told, back, skip in zip(
            self.dilated, self.told, self.back, self.skips, strict=True
        ):
            gate, value = tf.split(dilated(x) + self._held(told(codes)), 2, axis=2)
            inner = tf.sigmoid(gate) * tf.tanh(value)
            x = x + back(inner)
            total = total + skip(inner)
        total = self.hidden(tf.nn.relu(total)) + self._held(self.hidden_told(codes))
        return self.out(tf.nn.relu(total))

    def _held(self, codes: tf.Tensor) -> tf.Tensor:
        return tf.repeat(codes, self.pool, axis=1)


def dilations(model: Model) -> list[int]:
    """1, 2, 4, … for each stage, again and again."""
    return [2 ** (i % model.stages) for i in range(model.layers)]


def build(model: Model) -> tuple[Encoder, Decoder]:
    """Both networks with their weights made."""
    encoder, decoder = Encoder(model), Decoder(model)
    scaled = tf.zeros([1, model.pool, 1])
    decoder(scaled, encoder(scaled))
    return encoder, decoder


def loss(encoder: Encoder, decoder: Decoder, audio: tf.Tensor) -> tf.Tensor:
    """Mean cross-entropy in nats of the next step of crops (B, T)."""
    steps = mu_law(audio)
    scaled = steps[..., None] / 128.0
    logits = decoder(scaled, encoder(scaled))
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.cast(steps + 128.0, tf.int32), tf.cast(logits, tf.float32)
        )
    )


def generate(
    decoder: Decoder, model: Model, codes: np.ndarray, frames: int, seed: int
) -> np.ndarray:
    """Draw sounds (B, frames) from codes (B, n, bottleneck), frame after frame.

    Each frame runs the decoder over all that it can hear of the past, so a second takes
    minutes on a GPU: it is for hearing whether training goes well.
    """
    reach = 2 * sum(dilations(model)) + 4
    window = (reach // model.pool + 2) * model.pool
    blocks = (frames + window) // model.pool + 1
    told = np.pad(codes, ((0, 0), (0, max(0, blocks - codes.shape[1])), (0, 0)), "edge")
    scaled = np.zeros((len(codes), blocks * model.pool, 1), np.float32)
    run = tf.function(decoder, autograph=False)
    random = np.random.default_rng(seed)
    for n in range(frames):
        block = max(0, n - reach) // model.pool
        start, count = block * model.pool, window // model.pool
        heard = scaled[:, start : start + window]
        logits = run(heard, told[:, block : block + count])[:, n - start].numpy()
        drawn = (logits + random.gumbel(size=logits.shape)).argmax(1)
        scaled[:, n, 0] = (drawn - 128.0) / 128.0
    return from_mu_law(scaled[:, :frames, 0] * 128.0).numpy()


def named(model: Model) -> dict[str, keras.Model]:
    """Both networks by name, the encoder first."""
    encoder, decoder = build(model)
    return {"encoder": encoder, "decoder": decoder}
