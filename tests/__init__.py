import rtaudio_dl.core.privacy  # noqa: F401 - before anything can load ONNX Runtime
