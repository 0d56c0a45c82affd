"""The real-time world: Numba kernels on preallocated arrays, run by native threads.

Nothing here may allocate, lock, print, raise or touch a Python object once it runs; a
test reads the machine code of every kernel. Failures are counters, never exceptions.

The last word of a kernel's first docstring line says who may call it:

``[audio]``    the audio thread only (or the offline renderer in its place)
``[worker]``   the inference thread only (or the offline renderer in its place)
``[control]``  Python threads, one at a time
``[any]``      any thread
"""
