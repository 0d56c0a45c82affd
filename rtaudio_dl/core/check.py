"""What code of the real-time world may not do, read from the code that it became.

For who writes a kind of his own:

    >>> from rtaudio_dl.core.check import check_module
    >>> check_module("rtaudio_dl.kinds.master.process")
    []

It may compute, read and write memory that is there, and call what it was given the
address of. It may not allocate, lock, print, raise, or call Python or any other
function of C.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

from rtaudio_dl.core.compile import link_module, optimise
from rtaudio_dl.core.entry import entries
from rtaudio_dl.core.offences import calls_raised, offences
from rtaudio_dl.errors import EngineError


def check_module(module: str) -> list[str]:
    """What the entries of a module do that they may not, in words; empty if nothing.

    They are compiled for it, in a process of its own. Raises EngineError where that
    process fails.
    """
    from rtaudio_dl.core.objects import compiler

    options = compiler(__name__, module)
    done = subprocess.run(**options, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().split("\n")
        raise EngineError(f"{module} cannot be looked at: {lines[-1][:300]}")
    return json.loads(done.stdout)


def main() -> None:
    """Print the offences of a module, as JSON."""
    module = sys.argv[1]
    importlib.import_module(module)
    found = _offences_of(module, list(entries[module]))
    if found:  # by whom?
        found = [
            f"{name}: {offence}"
            for name in entries[module]
            for offence in _offences_of(module, [name])
        ]
    print(json.dumps(found))  # noqa: T201 - that is what this process is for


def _offences_of(module: str, names: list[str]) -> list[str]:
    try:
        machine, whole, _ = link_module(module, names, watched=True)
    except Exception as error:  # Numba's, of many kinds: it refuses what allocates
        words = [line for line in str(error).split("\n") if line.strip()]
        return [f"cannot be compiled: {' '.join(words)[:300]}"]
    found = offences(whole)
    # Before it is optimised all code seems to raise: by a range of steps of 0, say.
    optimise(machine, whole)
    return found + ["raises"] * calls_raised(whole)


if __name__ == "__main__":
    main()
