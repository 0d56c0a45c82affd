"""ONNX Runtime tells its maker nothing, whichever of our programs loads it.

From version 1.29 on it phones home on Linux, too: once its library is loaded it looks
up a host of its maker's, and keeps a device id and a queue of events under
``~/.cache/Microsoft``. `DisableTelemetryEvents` of its C API comes too late for both; a
variable of the environment that is there when the library loads prevents them.

`rtaudio_dl` and `training` import this before anything else, so no module of theirs can
load the library first. What a program loads before it imports us is its own affair.
"""

import os

VARIABLE = "ORT_DISABLE_TELEMETRY"

os.environ[VARIABLE] = "1"  # also what the C library sees, and what children inherit
