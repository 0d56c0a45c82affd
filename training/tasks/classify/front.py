"""The feature inside the graph: waveform to log-mel or PCEN, by constant matrices."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from rtaudio_dl.features import (
    LogMel,
    Pcen,
    dft_matrices,
    frame_count,
    mel_filterbank,
    smoother,
)


class Front:
    """Waveforms (B, N) in -1..1 to features (B, T, bands), for any N >= one window.

    Two steps, so that training may change the power in between: `power`, `features`.
    """

    def __init__(self, spec: LogMel, kind: str = "log"):
        self.spec, self.kind = spec, kind
        self.pcen = Pcen()
        # Hops become channels and a frame a few of them, zeros after its end: as a
        # convolution of one channel the same sums take several times as long.
        self.hops = -(-spec.window // spec.hop)
        mel = mel_filterbank(spec)
        heard = mel.any(axis=1)  # Bins that no filter hears need not be computed.
        self.mel = mel[heard]
        dft = dft_matrices(spec.window)[:, np.tile(heard, 2)]
        padded = np.zeros((self.hops * spec.hop, dft.shape[1]), np.float32)
        padded[: spec.window] = dft
        self.dft = padded.reshape(self.hops, spec.hop, -1)

    def __call__(self, audio: tf.Tensor) -> tf.Tensor:
        return self.features(self.power(audio))

    def power(self, audio: tf.Tensor) -> tf.Tensor:
        """Mel power (B, T, bands). What is beyond full scale is clipped, NaN is 0."""
        audio = tf.cast(audio, tf.float32)
        # With any other condition tf2onnx selects by products, and NaN times 0 is NaN.
        audio = tf.where(tf.math.is_nan(audio), tf.constant(0.0), audio)
        audio = tf.clip_by_value(audio, -1.0, 1.0)
        spectrum = tf.nn.conv1d(self._hops(audio), self.dft, 1, "VALID")
        real, imaginary = tf.split(spectrum, 2, axis=2)
        power = real * real + imaginary * imaginary
        return tf.tensordot(power, tf.constant(self.mel), axes=1)

    def features(self, power: tf.Tensor) -> tf.Tensor:
        """Natural log of the power above the floor, or PCEN of it."""
        if self.kind == "log":
            return tf.math.log(power + np.float32(self.spec.floor))
        p = self.pcen
        matrix = tf.constant(smoother(power.shape[1], p.smoothing))
        smooth = tf.einsum("ts,bsf->btf", matrix, power)
        gain = tf.exp(-p.alpha * tf.math.log(smooth + p.floor))
        return (power * gain + p.delta) ** p.root - p.delta**p.root

    def _hops(self, audio: tf.Tensor) -> tf.Tensor:
        """(B, N) as (B, hops, hop): what the frames that fit need, zeros after it."""
        count = frame_count(audio.shape[1], self.spec) + self.hops - 1
        wanted = count * self.spec.hop
        missing = max(0, wanted - audio.shape[1])
        audio = tf.pad(audio[:, :wanted], [[0, 0], [0, missing]])
        return tf.reshape(audio, [-1, count, self.spec.hop])
