"""Load an object where its parts would lie far apart, if nothing kept them together.

Free memory is left in two places, 3 GiB apart: big enough for the constants there, for
the code only here.
"""

import ctypes
import sys

from rtaudio_dl.core import objects

PAGE = 4096
SMALL = 4 * PAGE
NOTHING_MAY_BE_DONE, RESERVED = 0, 0x4022  # MAP_PRIVATE | ANONYMOUS | NORESERVE


def crowd() -> None:
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3]
    libc.mmap.argtypes.append(ctypes.c_long)
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

    def reserve(size: int) -> int:
        return libc.mmap(None, size, NOTHING_MAY_BE_DONE, RESERVED, -1, 0)

    holes = reserve(200 * (SMALL + PAGE))
    wall = reserve(3 << 30)
    for i in range(200):
        libc.munmap(holes + i * (SMALL + PAGE) + PAGE, SMALL)
    while reserve(SMALL + PAGE) > wall:
        pass  # whatever else was free above


if __name__ == "__main__":
    module = sys.argv[1]
    path = objects.object_path(module)  # imports it, and all that loading needs
    import llvmlite.binding  # noqa: F401

    assert path.exists()
    crowd()
    objects.prepare([module])
    sys.stdout.write("loaded\n")
