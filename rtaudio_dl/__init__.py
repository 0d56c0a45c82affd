"""A real-time host for neural instruments: no Python runs between event and sound.

>>> import rtaudio_dl
>>> sorted(rtaudio_dl.__all__)
['Host', 'LiveHost', '__version__', 'listen_file']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rtaudio_dl.core.privacy  # noqa: F401 - before anything can load ONNX Runtime

if TYPE_CHECKING:
    from rtaudio_dl.host.host import Host
    from rtaudio_dl.host.live import LiveHost
    from rtaudio_dl.kinds.classifier.listener import listen_file

__version__ = "0.1.0"
__all__ = ["Host", "LiveHost", "__version__", "listen_file"]

_HOMES = {
    "Host": "rtaudio_dl.host.host",
    "LiveHost": "rtaudio_dl.host.live",
    "listen_file": "rtaudio_dl.kinds.classifier.listener",
}


def __getattr__(name: str) -> Any:
    # Imported when first asked for: a program that only wants a card need not wait for
    # the kernels.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
