"""A ring of events in memory that two processes share.

The memory has no name where that is possible: a child inherits its file descriptor, so
nothing is left behind whichever process dies first, and however. Windows maps by name,
and forgets the memory with its last user.
"""

from __future__ import annotations

import mmap
import os
import secrets
import sys
import tempfile

import numpy as np

from rtaudio_dl.core.control import load_word
from rtaudio_dl.core.ring import CURSORS, READ, WRITE
from rtaudio_dl.engine.events import EVENT, NOTE_OFF, NOTE_ON, RING_SIZE
from rtaudio_dl.errors import EngineError

_CURSOR_BYTES = 256  # whole cache lines, and the ring begins on one
_MAX_SIZE = 1 << 20  # events


class SharedRing:
    """A ring of `EVENT` records and its cursors, for `rt.ring.push` and `rt.ring.pop`.

    ``ring`` has shape (size,), ``cursors`` (CURSORS,). They are views of the shared
    memory: use neither after `close`.
    """

    def __init__(self, memory: mmap.mmap, size: int, name: str, descriptor: int | None):
        self.size, self.name, self.descriptor = size, name, descriptor
        self._memory: mmap.mmap | None = memory
        self.cursors = np.frombuffer(memory, np.int64, CURSORS)
        self.ring = np.frombuffer(memory, EVENT, size, offset=_CURSOR_BYTES)

    @classmethod
    def create(cls, size: int = RING_SIZE) -> SharedRing:
        """New shared memory with an empty ring of ``size`` events, a power of two."""
        _check_size(size)
        if sys.platform == "win32":
            name = f"rtaudio_dl-{secrets.token_hex(8)}"
            memory, descriptor = mmap.mmap(-1, _bytes(size), tagname=name), None
        else:
            descriptor = _anonymous_file(_bytes(size))
            name = str(descriptor)
            try:
                memory = mmap.mmap(descriptor, _bytes(size))
            except BaseException:
                os.close(descriptor)
                raise
        shared = cls(memory, size, name, descriptor)
        # Touch every page now, so that no real-time thread meets a page fault.
        shared.cursors[:] = 0
        shared.ring[:] = np.zeros(1, EVENT)
        return shared

    @classmethod
    def attach(cls, name: str, size: int) -> SharedRing:
        """The ring whose ``name`` another process passed on; its file was inherited."""
        _check_size(size)
        try:
            if sys.platform == "win32":
                return cls(mmap.mmap(-1, _bytes(size), tagname=name), size, name, None)
            descriptor = int(name)
            os.fstat(descriptor)  # mmap takes -1 for no file at all
            return cls(mmap.mmap(descriptor, _bytes(size)), size, name, descriptor)
        except (OSError, ValueError) as error:
            raise EngineError(
                f"shared ring {name!r} of {size} events does not open: {error}; it "
                "is handed over by the process that made it"
            ) from None

    def drop_notes(self) -> None:
        """Let notes that wait to begin be none, and keep all the rest in its order.

        So what they were to end ends, and pedals and controls are as they were left.
        Only while nobody reads the ring; it may be written meanwhile.
        """
        read, write = int(self.cursors[READ]), load_word(self.cursors, WRITE)
        places = np.arange(read, write) & (self.size - 1)
        begin = places[self.ring["kind"][places] == NOTE_ON]
        self.ring["kind"][begin] = NOTE_OFF

    def close(self) -> None:
        """Give the memory back, once no view of it is in use; may be called again."""
        if self._memory is None:
            return
        self._memory = None  # unmapped when the last view has gone
        del self.ring, self.cursors
        if self.descriptor is not None:
            os.close(self.descriptor)


def _check_size(size: int) -> None:
    if not 1 <= size <= _MAX_SIZE or size & (size - 1):
        raise EngineError(
            f"a ring of {size} events; allowed: powers of two up to {_MAX_SIZE}"
        )


def _bytes(size: int) -> int:
    return _CURSOR_BYTES + size * EVENT.itemsize


def _anonymous_file(length: int) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("rtaudio_dl-ring")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    try:
        os.ftruncate(descriptor, length)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
