"""A ring of events in memory that two processes share, see `core/shared.py`."""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.control import load_word
from rtaudio_dl.core.ring import CURSORS, READ, WRITE
from rtaudio_dl.core.shared import SharedMemory
from rtaudio_dl.engine.events import EVENT, NOTE_OFF, NOTE_ON, RING_SIZE
from rtaudio_dl.errors import EngineError

_CURSOR_BYTES = 256  # whole cache lines, and the ring begins on one
_MAX_SIZE = 1 << 20  # events


class SharedRing:
    """A ring of `EVENT` records and its cursors, for `push` and `pop`.

    ``ring`` has shape (size,), ``cursors`` (CURSORS,). They are views of the shared
    memory: use neither after `close`.
    """

    def __init__(self, shared: SharedMemory, size: int):
        self.size, self.name, self.descriptor = size, shared.name, shared.descriptor
        self._shared: SharedMemory | None = shared
        self.cursors = np.frombuffer(shared.memory, np.int64, CURSORS)
        self.ring = np.frombuffer(shared.memory, EVENT, size, offset=_CURSOR_BYTES)

    @classmethod
    def create(cls, size: int = RING_SIZE) -> SharedRing:
        """New shared memory with an empty ring of ``size`` events, a power of two."""
        _check_size(size)
        ring = cls(SharedMemory.create(_bytes(size)), size)
        # Touch every page now, so that no real-time thread meets a page fault.
        ring.cursors[:] = 0
        ring.ring[:] = np.zeros(1, EVENT)
        return ring

    @classmethod
    def attach(cls, name: str, size: int) -> SharedRing:
        """The ring whose ``name`` another process passed on; its file was inherited."""
        _check_size(size)
        return cls(SharedMemory.attach(name, _bytes(size), write=True), size)

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
        if self._shared is None:
            return
        shared, self._shared = self._shared, None
        del self.ring, self.cursors
        shared.close()


def _check_size(size: int) -> None:
    if not 1 <= size <= _MAX_SIZE or size & (size - 1):
        raise EngineError(
            f"a ring of {size} events; allowed: powers of two up to {_MAX_SIZE}"
        )


def _bytes(size: int) -> int:
    return _CURSOR_BYTES + size * EVENT.itemsize
