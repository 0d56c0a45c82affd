"""FluidSynth's C library by ctypes: a SoundFont's presets, and notes of one preset."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from training.errors import DataError

POINTER, INT, DOUBLE = ctypes.c_void_p, ctypes.c_int, ctypes.c_double
FLOATS = ctypes.POINTER(ctypes.c_float)
TEXT = ctypes.c_char_p
# Function -> result, arguments.
FUNCTIONS = {
    "new_fluid_settings": (POINTER, ()),
    "delete_fluid_settings": (None, (POINTER,)),
    "fluid_settings_setint": (INT, (POINTER, TEXT, INT)),
    "fluid_settings_setnum": (INT, (POINTER, TEXT, DOUBLE)),
    "fluid_set_log_function": (POINTER, (INT, POINTER, POINTER)),
    "new_fluid_synth": (POINTER, (POINTER,)),
    "delete_fluid_synth": (None, (POINTER,)),
    "fluid_synth_sfload": (INT, (POINTER, TEXT, INT)),
    "fluid_synth_get_sfont_by_id": (POINTER, (POINTER, INT)),
    "fluid_sfont_iteration_start": (None, (POINTER,)),
    "fluid_sfont_iteration_next": (POINTER, (POINTER,)),
    "fluid_preset_get_name": (TEXT, (POINTER,)),
    "fluid_preset_get_banknum": (INT, (POINTER,)),
    "fluid_preset_get_num": (INT, (POINTER,)),
    "fluid_synth_program_select": (INT, (POINTER, INT, INT, INT, INT)),
    "fluid_synth_noteon": (INT, (POINTER, INT, INT, INT)),
    "fluid_synth_noteoff": (INT, (POINTER, INT, INT)),
    "fluid_synth_all_sounds_off": (INT, (POINTER, INT)),
    "fluid_synth_write_float": (
        INT,
        (POINTER, INT, FLOATS, INT, INT, FLOATS, INT, INT),
    ),
}
SETTINGS = {
    "synth.reverb.active": 0,
    "synth.chorus.active": 0,
    "synth.dynamic-sample-loading": 1,
    "synth.polyphony": 64,
}
GAIN = 0.4  # Leaves room for the loudest preset at the highest velocity.
LOG_LEVELS = 5


@dataclass(frozen=True)
class Preset:
    """A sound of a SoundFont."""

    bank: int
    program: int
    name: str


@cache
def library() -> ctypes.CDLL:
    """FluidSynth. Raises DataError, saying how to install it, if it is missing."""
    name = ctypes.util.find_library("fluidsynth")
    if name is None:
        raise DataError(
            "FluidSynth is not installed; install it: "
            "apt-get install fluidsynth, or brew install fluid-synth"
        )
    lib = ctypes.CDLL(name)
    for function, (result, arguments) in FUNCTIONS.items():
        entry = getattr(lib, function)
        entry.restype, entry.argtypes = result, arguments
    for level in range(LOG_LEVELS):
        lib.fluid_set_log_function(level, None, None)
    return lib


class Synth:
    """A synthesiser with one SoundFont, dry; use it as a context manager.

    A fresh one for each preset, played in a fixed order, gives the same bits again.
    """

    def __init__(self, path: Path, sample_rate: int):
        if not path.is_file():
            raise DataError(f"{path}: no such file; a SoundFont (.sf2) is needed")
        lib = library()
        self._settings = lib.new_fluid_settings()
        lib.fluid_settings_setnum(self._settings, b"synth.sample-rate", sample_rate)
        lib.fluid_settings_setnum(self._settings, b"synth.gain", GAIN)
        for name, value in SETTINGS.items():
            lib.fluid_settings_setint(self._settings, name.encode(), value)
        self._synth = lib.new_fluid_synth(self._settings)
        self._font = lib.fluid_synth_sfload(self._synth, str(path).encode(), 0)
        if self._font < 0:
            self.close()
            raise DataError(f"{path}: not a SoundFont that FluidSynth can read")

    def __enter__(self) -> Synth:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free everything; may be called twice."""
        lib = library()
        if self._synth:
            lib.delete_fluid_synth(self._synth)
            lib.delete_fluid_settings(self._settings)
        self._synth = self._settings = None

    def presets(self) -> Iterator[Preset]:
        """Every preset of the font, in the file's order."""
        lib = library()
        font = lib.fluid_synth_get_sfont_by_id(self._synth, self._font)
        lib.fluid_sfont_iteration_start(font)
        while preset := lib.fluid_sfont_iteration_next(font):
            yield Preset(
                lib.fluid_preset_get_banknum(preset),
                lib.fluid_preset_get_num(preset),
                lib.fluid_preset_get_name(preset).decode("latin-1").strip(),
            )

    def select(self, preset: Preset) -> None:
        """Play this preset from now on. Raises DataError if the font lacks it."""
        bank, program = preset.bank, preset.program
        failed = library().fluid_synth_program_select(
            self._synth, 0, self._font, bank, program
        )
        if failed:
            raise DataError(f"the SoundFont has no preset {bank}:{program}")

    def note(self, pitch: int, velocity: int, held: int, released: int) -> np.ndarray:
        """One note, ``held`` and then ``released`` frames: (frames,) float32, mono."""
        lib = library()
        lib.fluid_synth_all_sounds_off(self._synth, 0)
        self._write(64)  # Lets the sounds that were turned off end.
        lib.fluid_synth_noteon(self._synth, 0, pitch, velocity)
        begin = self._write(held)
        lib.fluid_synth_noteoff(self._synth, 0, pitch)
        return np.concatenate([begin, self._write(released)])

    def _write(self, frames: int) -> np.ndarray:
        buffer = np.zeros((frames, 2), np.float32)
        out = buffer.ctypes.data_as(FLOATS)
        library().fluid_synth_write_float(self._synth, frames, out, 0, 2, out, 1, 2)
        return buffer.mean(axis=1)
