"""The C functions that drivers call, called as C calls them, and renders to files."""

import ctypes
import sys

import numpy as np
import pytest

from rtaudio_dl.core.system import performance_clock
from rtaudio_dl.engine import layout
from rtaudio_dl.engine.entries import audio_callback, midi_callback
from rtaudio_dl.host.graph import install_master
from rtaudio_dl.host.host import Host
from tests.engine.rig import KEY, Rig, level, make_patch, onset, sine
from tests.entries import render_blocks, settle
from tests.models.models import write_oneshot

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
        self.rig, self.user = rig, rig.engine.address
        clock, record = performance_clock(), rig.engine.master["clock"]
        record["address"], record["id"] = clock.address, clock.id
        record["tick"], record["thread_id"] = clock.tick, clock.thread_id

    def block(self, frames: int, flags: int = 0) -> np.ndarray:
        out = np.full((frames, 2), 9, np.float32)
        assert AUDIO(None, out.ctypes.data, frames, None, flags, self.user) == 0
        return out

    def midi(self, offset: int, *message: int) -> None:
        word = sum(byte << (8 * place) for place, byte in enumerate(message))
        MIDI(self.user, offset, word)


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


# --- offline: settled pools, sounds served between blocks


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_oneshot(tmp_path_factory.mktemp("models") / "tones.onnx", frames=1000)


def test_an_empty_engine_settles_and_renders_silence():
    engine = layout.Engine(48_000)
    install_master(engine)
    out = np.ones((500, layout.OUTPUTS), np.float32)
    assert settle(engine, 0) == 0
    render_blocks(engine, out, 128)
    assert not out.any()
    assert engine.master["frame"] == 500


@pytest.mark.parametrize("block", [1, 100, 128, 1000, 5000])
def test_any_block_renders_every_frame(model, block):
    with Host(provider="cpu", block=block) as host:
        host.load(make_patch(model=str(model)))
        host.note_on(60, at=0.01)
        out = host.render(0.05)
    heard = np.flatnonzero(np.abs(out).max(axis=1))
    assert 480 <= heard[0] <= 482
    assert heard[-1] > 1500


def test_a_rolls_sounds_are_made_between_the_blocks(model):
    with Host(provider="cpu") as host:
        host.load(make_patch(model=str(model)))
        for i in range(50):
            host.note_on(60, at=i * 0.003)  # a block has 2.7 ms
        host.render(0.3)
        counts = host.counts()
    assert counts["repeats"] == 0
    assert counts["late_notes"] == 0
    assert counts["worker_runs"] == 52


def test_settling_stops_where_memory_is_short(model):
    with Host(provider="cpu") as host:
        instrument = host.load(make_patch(model=str(model), keys=range(60, 70)))
        instrument.memory.free_count[0] = 0
        instrument.memory.queues[60:63] = layout.NONE
        assert settle(host.engine, instrument.place) == 6
