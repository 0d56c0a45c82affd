"""Memory that several processes share.

It has no name where that is possible: a child inherits its file descriptor, so nothing
is left behind whichever process dies first, and however. Windows maps by name, and
forgets the memory with its last user.
"""

from __future__ import annotations

import mmap
import os
import secrets
import sys
import tempfile
import weakref

from rtaudio_dl.errors import EngineError


class SharedMemory:
    """``size`` bytes, zero at first. ``name`` is what another process attaches.

    ``memory`` is a buffer; views of it keep it mapped, whoever has called `close`.
    """

    def __init__(self, memory: mmap.mmap, size: int, name: str, descriptor: int | None):
        self.size, self.name, self.descriptor = size, name, descriptor
        self.memory: mmap.mmap | None = memory
        closing = os.close if descriptor is not None else lambda _: None
        self._end = weakref.finalize(self, closing, descriptor)

    @classmethod
    def create(cls, size: int) -> SharedMemory:
        """New memory; its pages are there once they have been written."""
        if sys.platform == "win32":
            name = f"rtaudio_dl-{secrets.token_hex(8)}"
            return cls(mmap.mmap(-1, size, tagname=name), size, name, None)
        descriptor = _anonymous_file(size)
        try:
            memory = mmap.mmap(descriptor, size)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(memory, size, str(descriptor), descriptor)

    @classmethod
    def attach(cls, name: str, size: int, *, write: bool = False) -> SharedMemory:
        """The memory whose ``name`` another process passed on, to read or to write.

        Its file was inherited (``pass_fds``). Raises EngineError.
        """
        access = mmap.ACCESS_WRITE if write else mmap.ACCESS_READ
        try:
            if sys.platform == "win32":
                memory = mmap.mmap(-1, size, tagname=name, access=access)
                return cls(memory, size, name, None)
            descriptor = int(name)
            os.fstat(descriptor)  # mmap takes -1 for no file at all
            memory = mmap.mmap(descriptor, size, access=access)
            return cls(memory, size, name, descriptor)
        except (OSError, ValueError) as error:
            raise EngineError(
                f"shared memory {name!r} of {size} bytes does not open: {error}; it is "
                "handed over by the process that made it"
            ) from None

    def close(self) -> None:
        """Give the memory back, once no view of it is in use; again: nothing."""
        self.memory = None  # unmapped when the last view has gone
        self._end()


def _anonymous_file(length: int) -> int:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("rtaudio_dl")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    try:
        os.ftruncate(descriptor, length)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
