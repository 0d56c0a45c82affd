"""Single letters from a terminal, as they are pressed; Unix and Windows."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from typing import Any

from rtaudio_dl.errors import DeviceError

_LONGEST_WAIT = 0.1  # s, so that whoever reads can look whether to end
_GONE = "\x04"  # what Ctrl-D would give
_WINDOWS_POLL = 0.005
# An arrow is given as one letter, whatever a terminal sends for it (ECMA-48).
UP, DOWN, RIGHT, LEFT = ARROWS = "↑↓→←"
_SEQUENCE = re.compile(r"\x1b[\[O][\d;]*(.)|\x1b.?", re.DOTALL)
_ARROW_CODES = dict(zip("ABCD", ARROWS, strict=True))
_WINDOWS_CODES = dict(zip("HPMK", ARROWS, strict=True))


class Terminal:
    """Gives letters without waiting for a line, and does not show them.

    ``descriptor`` is the terminal's file, standard input by default. Ctrl-C still
    interrupts the program.
    """

    def __init__(self, descriptor: int | None = None):
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._before: list[Any] | None = None

    def open(self) -> None:
        """Switch to single letters; DeviceError if it is no terminal."""
        if not os.isatty(self._descriptor):
            raise DeviceError("standard input is no terminal; play a MIDI keyboard")
        if sys.platform == "win32":
            return
        import termios

        self._before = termios.tcgetattr(self._descriptor)
        mode = termios.tcgetattr(self._descriptor)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)

    def close(self) -> None:
        """Put the terminal back as it was; may be called again."""
        if self._before is None:
            return
        import termios

        before, self._before = self._before, None
        with contextlib.suppress(termios.error):  # it has gone
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, before)

    def read(self, seconds: float | None) -> str:
        """The letters and `ARROWS` of the next seconds, at most 0.1 s; often none."""
        wait = _LONGEST_WAIT if seconds is None else min(seconds, _LONGEST_WAIT)
        if sys.platform == "win32":
            return _read_windows(wait)
        import select

        if not select.select([self._descriptor], [], [], wait)[0]:
            return ""
        try:
            data = os.read(self._descriptor, 64)
        except OSError:
            data = b""
        return _letters(data) if data else _GONE


def _letters(data: bytes) -> str:
    """Letters and arrows; other keys that send several bytes mean nothing."""
    text = data.decode(errors="ignore")
    return _SEQUENCE.sub(lambda keys: _ARROW_CODES.get(keys[1], ""), text)


def _read_windows(seconds: float) -> str:
    import msvcrt

    end = time.monotonic() + seconds
    while not msvcrt.kbhit():
        if time.monotonic() >= end:
            return ""
        time.sleep(_WINDOWS_POLL)
    letter = msvcrt.getwch()
    if letter in "\x00\xe0":  # a function key: its code follows
        return _WINDOWS_CODES.get(msvcrt.getwch(), "")
    return letter
