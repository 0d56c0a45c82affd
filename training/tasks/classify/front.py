"""The feature inside the graph: waveform to log-mel or PCEN, whatever comes in."""

from __future__ import annotations

import tensorflow as tf

from rtaudio_dl.features import LogMel, Pcen, smoother
from training.audio.logmel import MelSpectrogram


class Front(MelSpectrogram):
    """Waveforms (B, N) in -1..1 to features (B, T, bands), for any N >= one window.

    Two steps, so that training may change the power in between: `power`, `features`.
    """

    def __init__(self, spec: LogMel, kind: str = "log"):
        super().__init__(spec)
        self.kind = kind
        self.pcen = Pcen()

    def __call__(self, audio: tf.Tensor) -> tf.Tensor:
        return self.features(self.power(audio))

    def power(self, audio: tf.Tensor) -> tf.Tensor:
        """Mel power (B, T, bands). What is beyond full scale is clipped, NaN is 0."""
        audio = tf.cast(audio, tf.float32)
        # With any other condition tf2onnx selects by products, and NaN times 0 is NaN.
        audio = tf.where(tf.math.is_nan(audio), tf.constant(0.0), audio)
        return super().power(tf.clip_by_value(audio, -1.0, 1.0))

    def features(self, power: tf.Tensor) -> tf.Tensor:
        """Natural log of the power above the floor, or PCEN of it."""
        if self.kind == "log":
            return self.log(power)
        p = self.pcen
        matrix = tf.constant(smoother(power.shape[1], p.smoothing))
        smooth = tf.einsum("ts,bsf->btf", matrix, power)
        gain = tf.exp(-p.alpha * tf.math.log(smooth + p.floor))
        return (power * gain + p.delta) ** p.root - p.delta**p.root
