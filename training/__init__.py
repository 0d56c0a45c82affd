"""Offline: from a folder of sounds to a model that the host can play.

Runs in a shell, on a CPU, a GPU or a cluster; `rtaudio_dl` never imports it.
"""

import rtaudio_dl.core.privacy  # noqa: F401 - before anything can load ONNX Runtime
