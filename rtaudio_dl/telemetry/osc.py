"""What is heard, as Open Sound Control messages for other programs.

- ``/rtaudio_dl/labels`` (s…): all labels, once at first; the order of the scores
- ``/rtaudio_dl/event`` (s f f i): a label, its confidence 0..1, the time in s, and 1
  where it begins, 0 where it ends
- ``/rtaudio_dl/scores`` (f…): the smoothed scores 0..1, many times a second
- ``/rtaudio_dl/level`` (f): the peak of the input, linear, with the scores

OSC 1.0 over UDP: what nobody receives is lost, and nobody is waited for.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable

from rtaudio_dl.errors import DeviceError
from rtaudio_dl.kinds.classifier.listener import Detection

PREFIX = "/rtaudio_dl"
_HOST = "127.0.0.1"
_PORTS = (1, 65_535)


def parse_address(text: str) -> tuple[str, int]:
    """``HOST:PORT``, ``:PORT`` or ``PORT`` (this computer), ``[IPv6]:PORT``."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not _PORTS[0] <= int(port) <= _PORTS[1]:
        raise DeviceError(
            f"OSC address is {text!r:.80}; allowed: HOST:PORT with a port from "
            f"{_PORTS[0]} to {_PORTS[1]}, as 127.0.0.1:9000"
        )
    return host.strip("[]") or _HOST, int(port)


class OscSender:
    """Sends to one address. Raises DeviceError for one that cannot be."""

    def __init__(self, host: str, port: int, labels: Iterable[str] = ()):
        from pythonosc.udp_client import SimpleUDPClient

        try:
            # A name is looked up once: each look could take its time.
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
            self._client = SimpleUDPClient(found[0][4][0], port)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DeviceError(
                f"OSC cannot be sent to {host}:{port}: {reason}"
            ) from None
        self._send("labels", list(labels))

    def event(self, heard: Detection) -> None:
        """Tell that a label began or ended."""
        facts = [heard.label, float(heard.confidence), float(heard.time)]
        self._send("event", [*facts, int(heard.on)])

    def scores(self, scores: Iterable[float], level: float) -> None:
        """Tell how likely each label is now, and how loud it is."""
        self._send("scores", [float(score) for score in scores])
        self._send("level", float(level))

    def _send(self, name: str, value: list | float) -> None:
        # A receiver that is not there yet, or no more, is no error of ours.
        with contextlib.suppress(OSError):
            self._client.send_message(f"{PREFIX}/{name}", value)

    def close(self) -> None:
        """Close the socket."""
        self._client._sock.close()
