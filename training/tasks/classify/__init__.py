"""Training of sound classifiers: waveform in, probabilities out, in one ONNX file."""
