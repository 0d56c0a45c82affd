import rtaudio_dl.telemetry  # noqa: F401 - before anything can load ONNX Runtime
