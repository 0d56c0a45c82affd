"""The encoder, from a note to a place on the map of timbres, and the decoder back.

The decoder has no memory: what a note is at a moment is a function of key, velocity,
timbre and the time since its onset and its release. So every moment can be trained on
alone, thousands at once, a key may be held for ever, and a morph never upsets a state.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from training.tasks.notes.config import Model
from training.tasks.notes.features import CELLS, SPEC
from training.tasks.notes.form import BANDS, HELD_SECONDS, PARTIALS

LEVELS = PARTIALS + BANDS
PITCH_BUMPS, LOWEST_PITCH, HIGHEST_PITCH = 30, 21.0, 108.0
TIME_BUMPS, FASTEST_SECONDS = 20, 0.008
DB_SCALE, DB_OFFSET = 20.0, -60.0  # Bring levels to about -2..2.
MAX_DB = 0.0
FADE_SCALE = 20.0  # dB per second
STEADY_FADE = 2.0  # dB per second; a note that fades less is one that sustains
DAMP_SCALE = 60.0  # dB per second
LEAST_DAMP, MOST_DAMP = 12.0, 3_000.0  # dB per second
VIEW_SCALE, VIEW_OFFSET = 4.0, 8.0  # Bring log-mel to about -2..2.
CHANNELS = (16, 32, 48, 64)


class Encoder(keras.Model):
    """(mel (B, CELLS, bands), pitch (B, 1), velocity (B, 1)) -> mean, log variance."""

    def __init__(self, model: Model):
        # Keys and times are finer than bfloat16: the layers cast for themselves.
        super().__init__(autocast=False)
        layers = keras.layers
        self.convolutions = [
            layers.Conv2D(c, 3, strides=2, padding="same", activation="silu")
            for c in CHANNELS
        ]
        self.flatten = layers.Flatten()
        self.hidden = layers.Dense(128, activation="silu")
        self.out = layers.Dense(2 * model.timbre, dtype="float32")

    def call(self, mel: tf.Tensor, pitch: tf.Tensor, velocity: tf.Tensor):
        """Mean and log variance of the timbre, (B, Z) each."""
        x = ((mel + VIEW_OFFSET) / VIEW_SCALE)[..., None]
        for layer in self.convolutions:
            x = layer(x)
        played = tf.concat([pitch_bumps(pitch), velocity], axis=1)
        seen = tf.cast(self.flatten(x), tf.float32)
        x = self.hidden(tf.concat([seen, played], axis=1))
        mean, log_variance = tf.split(self.out(x), 2, axis=1)
        return mean, tf.clip_by_value(log_variance - 3.0, -10.0, 2.0)


class Decoder(keras.Model):
    """From key, velocity, timbre and time to levels in dB; see `levels`."""

    def __init__(self, model: Model):
        super().__init__(autocast=False)
        dense = keras.layers.Dense
        self.of_context = dense(model.width)
        self.of_time = dense(model.width, use_bias=False)
        self.hidden = [
            dense(model.width, activation="silu") for _ in range(model.layers - 1)
        ]
        self.out = dense(LEVELS, dtype="float32")
        self.trait_hidden = [
            dense(model.trait_width, activation="silu") for _ in range(2)
        ]
        self.trait_out = dense(2 * PARTIALS + 2 * LEVELS, dtype="float32")

    def call(self, pitch, velocity, timbre, seconds_on, seconds_off):
        """Levels (B, T, LEVELS) and traits; arguments (B, 1), (B, Z) and (B, T)."""
        context = self.context(pitch, velocity, timbre)
        traits = self.traits(context)
        return self.levels(context, traits, seconds_on, seconds_off), traits

    def context(self, pitch, velocity, timbre) -> tf.Tensor:
        """Everything but time, (B, C); ``pitch`` is a MIDI note, velocity 0..1."""
        return tf.concat([timbre, pitch_bumps(pitch), velocity, velocity**2], axis=1)

    def traits(self, context: tf.Tensor) -> dict[str, tf.Tensor]:
        """What does not change during a note; `analysis.Parts` names it, and ``damp``.

        ``damp`` (B, LEVELS), in dB per second, is how fast it ends once released.
        """
        x = context
        for layer in self.trait_hidden:
            x = layer(x)
        sizes = [PARTIALS, PARTIALS, LEVELS, LEVELS]
        ratios, wander, fade, damp = tf.split(self.trait_out(x), sizes, axis=1)
        # The first partial is the key's own: in tune whatever the network thinks.
        free = tf.constant(np.r_[0.0, np.ones(PARTIALS - 1)], tf.float32)
        return {
            "ratios": 0.5 * tf.tanh(ratios) * free,
            "wander": tf.sigmoid(wander - 2.0),
            "fade": FADE_SCALE * fade,
            "damp": tf.minimum(
                LEAST_DAMP + DAMP_SCALE * tf.nn.softplus(damp), MOST_DAMP
            ),
        }

    def levels(self, context, traits, seconds_on, seconds_off) -> tf.Tensor:
        """Levels in dB (B, T, LEVELS) at times (B, T) since onset and release.

        After the time that was ever heard, a note goes on as it ended: what faded goes
        on fading, what sounded steadily stays.
        """
        x = self.of_context(context)[:, None] + self.of_time(time_bumps(seconds_on))
        x = tf.nn.silu(x)
        for layer in self.hidden:
            x = layer(x)
        held = DB_SCALE * self.out(x) + DB_OFFSET
        fading = -tf.nn.relu(-traits["fade"] - STEADY_FADE)
        longer = tf.nn.relu(seconds_on - HELD_SECONDS)
        later = fading[:, None] * longer[..., None]
        ended = traits["damp"][:, None] * seconds_off[..., None]
        return tf.minimum(held + later - ended, MAX_DB)


def pitch_bumps(pitch: tf.Tensor) -> tf.Tensor:
    """A MIDI note (B, 1) as overlapping bumps and a line, (B, PITCH_BUMPS + 1)."""
    centres = np.linspace(LOWEST_PITCH, HIGHEST_PITCH, PITCH_BUMPS, dtype=np.float32)
    width = centres[1] - centres[0]
    bumps = tf.exp(-0.5 * ((pitch - centres) / width) ** 2)
    return tf.concat([bumps, (pitch - 60.0) / 24.0], axis=1)


def time_bumps(seconds: tf.Tensor) -> tf.Tensor:
    """Seconds (B, T) as bumps on a logarithmic scale, (B, T, TIME_BUMPS + 1).

    They stay where they are after HELD_SECONDS: nothing longer was ever heard.
    """
    whole = np.float32(np.log1p(HELD_SECONDS / FASTEST_SECONDS))
    seconds = tf.minimum(seconds, HELD_SECONDS)
    place = tf.math.log(1.0 + seconds / FASTEST_SECONDS)[..., None] / whole
    centres = np.linspace(0.0, 1.0, TIME_BUMPS, dtype=np.float32)
    bumps = tf.exp(-0.5 * ((place - centres) * np.float32(TIME_BUMPS - 1)) ** 2)
    return tf.concat([bumps, place], axis=-1)


def build(model: Model) -> tuple[Encoder, Decoder]:
    """Both networks with their weights made."""
    encoder, decoder = Encoder(model), Decoder(model)
    one, zero = tf.ones([1, 1]), tf.zeros([1, 1])
    encoder(tf.zeros([1, CELLS, SPEC.bands]), 60.0 * one, one)
    decoder(60.0 * one, one, tf.zeros([1, model.timbre]), zero, zero)
    return encoder, decoder


def named(model: Model) -> dict[str, keras.Model]:
    """The same by name, the encoder first."""
    encoder, decoder = build(model)
    return {"encoder": encoder, "decoder": decoder}
