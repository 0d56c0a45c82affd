"""The log-mel spectrogram in TensorFlow: `rtaudio_dl.features.log_mel` by constants.

Every network of this package that looks at a spectrogram looks through this one, in
training and in the exported graph.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from rtaudio_dl.features import LogMel, dft_matrices, frame_count, mel_filterbank


class MelSpectrogram:
    """Sounds (B, N) float32 to (B, T, bands) float32, for any N >= one window.

    `power` is the power in each band, a call its natural log above the floor.
    """

    def __init__(self, spec: LogMel):
        self.spec = spec
        # Hops become channels and a frame a few of them, zeros after its end: as a
        # convolution of one channel the same sums take several times as long, and ONNX
        # has no other cheap way to cut frames.
        self.hops = -(-spec.window // spec.hop)
        mel = mel_filterbank(spec)
        heard = mel.any(axis=1)  # Bins that no filter hears need not be computed.
        self.mel = mel[heard]
        dft = dft_matrices(spec.window)[:, np.tile(heard, 2)]
        padded = np.zeros((self.hops * spec.hop, dft.shape[1]), np.float32)
        padded[: spec.window] = dft
        self.dft = padded.reshape(self.hops, spec.hop, -1)

    def __call__(self, audio: tf.Tensor) -> tf.Tensor:
        return self.log(self.power(audio))

    def power(self, audio: tf.Tensor) -> tf.Tensor:
        """Power in each band, (B, T, bands)."""
        audio = tf.cast(audio, tf.float32)
        spectrum = tf.nn.conv1d(self._hops(audio), self.dft, 1, "VALID")
        real, imaginary = tf.split(spectrum, 2, axis=2)
        power = real * real + imaginary * imaginary
        return tf.tensordot(power, tf.constant(self.mel), axes=1)

    def log(self, power: tf.Tensor) -> tf.Tensor:
        """Natural log of a power above the floor."""
        return tf.math.log(power + np.float32(self.spec.floor))

    def _hops(self, audio: tf.Tensor) -> tf.Tensor:
        """(B, N) as (B, hops, hop): what the frames that fit need, zeros after it."""
        count = frame_count(audio.shape[1], self.spec) + self.hops - 1
        wanted = count * self.spec.hop
        missing = max(0, wanted - audio.shape[1])
        audio = tf.pad(audio[:, :wanted], [[0, 0], [0, missing]])
        return tf.reshape(audio, [-1, count, self.spec.hop])
