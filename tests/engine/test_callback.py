"""The C functions that drivers call, called as C calls them."""

import ctypes
import sys

import numpy as np
import pytest

from rtaudio_dl.core.system import performance_clock
from rtaudio_dl.engine import layout
from rtaudio_dl.engine.callback import address_table, audio_callback, midi_callback
from tests.engine.rig import KEY, Rig, level, onset, sine

UNDERFLOW = 4
_ULONG = ctypes.c_uint32 if sys.platform == "win32" else ctypes.c_uint64
AUDIO = ctypes.CFUNCTYPE(
    *(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, _ULONG),
    *(ctypes.c_void_p, _ULONG, ctypes.c_void_p),
)(audio_callback.address)
MIDI = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_uint64)(
    midi_callback.address
)


class Device:
    """A driver that calls back when the test says so."""

    def __init__(self, rig: Rig):
        self.rig = rig
        self.table = address_table(rig.engine)
        clock = performance_clock()
        master = rig.engine.master
        master["clock_address"], master["clock_id"] = clock.address, clock.id
        master["clock_tick"] = clock.tick

    def block(self, frames: int, flags: int = 0) -> np.ndarray:
        out = np.full((frames, 2), 9, np.float32)
        user = self.table.ctypes.data
        assert AUDIO(None, out.ctypes.data, frames, None, flags, user) == 0
        return out

    def midi(self, offset: int, *message: int) -> None:
        word = sum(byte << (8 * place) for place, byte in enumerate(message))
        MIDI(self.table.ctypes.data, offset, word)


@pytest.fixture
def device() -> Device:
    rig = Rig()
    rig.add(sine(4800), freshness="frozen")
    return Device(rig)


@pytest.mark.parametrize("frames", [1, 64, 333])
def test_a_driver_gets_the_bytes_of_an_offline_render(device, frames):
    reference = Rig()
    reference.add(sine(4800), freshness="frozen")
    for rig in (reference, device.rig):
        rig.on(at=50)
    heard = np.concatenate([device.block(frames) for _ in range(1000 // frames)])
    assert np.array_equal(heard, reference.render(len(heard), 128))
    assert onset(heard) == 51  # a sine begins at 0


def test_callbacks_and_underruns_are_counted(device):
    for flags in (0, UNDERFLOW, 0, UNDERFLOW | 1, 2):
        device.block(64, flags)
    assert device.rig.count("callbacks") == 5
    assert device.rig.count("underruns") == 2


def test_the_time_that_a_callback_takes_is_measured(device):
    for _ in range(10):
        device.block(4096)
    busy, longest = device.rig.count("busy_ns"), device.rig.count("longest_ns")
    assert 0 < longest <= busy <= 10 * longest


def test_midi_of_the_same_cycle_sounds_at_its_offset():
    rig = Rig()
    rig.add(level(4800), freshness="frozen")
    device = Device(rig)
    device.block(128)
    device.midi(77, 0x90, KEY, 127)
    device.midi(78, 0xF8)
    assert onset(device.block(128)) == 77


def test_the_table_names_every_array_in_order(device):
    engine = device.rig.engine
    assert device.table.tolist() == [array.ctypes.data for array in engine]
    assert len(engine) == len(layout.ARRAYS)
