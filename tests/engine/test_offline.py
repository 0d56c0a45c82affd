"""Rendering without a device: settled pools, sounds served between blocks."""

import numpy as np
import pytest

from rtaudio_dl.engine import layout
from rtaudio_dl.host.host import Host
from tests.engine.rig import make_patch
from tests.entries import render_blocks, settle
from tests.models.models import write_oneshot


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_oneshot(tmp_path_factory.mktemp("models") / "tones.onnx", frames=1000)


def test_an_empty_engine_settles_and_renders_silence():
    engine = layout.Engine(48_000)
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
        patch = host.engine.patches[instrument.place]
        patch["free"] = 0
        host.engine.queues[instrument.place, 60:63] = layout.NONE
        assert settle(host.engine, instrument.place) == 6
