"""Records at an address, for the C functions that JACK calls."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from rtaudio_dl.rt.native import view


def array_of(kind: np.dtype) -> Any:
    """For kernels: ``array(address, size)`` over memory that somebody else owns."""
    array_type = types.Array(numba.from_dtype(kind), 1, "C")

    @intrinsic
    def array(_context, address, size):
        """The ``size`` items at an address. [any]"""

        def generate(context, builder, _signature, arguments):
            return view(context, builder, array_type, arguments[1:], arguments[0])

        return array_type(types.uintp, types.intp), generate

    return array
