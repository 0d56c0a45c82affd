"""A new kind of model is one folder, `tests/kinds/passthrough`, and one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from onnx import helper

from rtaudio_dl.engine import events
from rtaudio_dl.engine.layout import MAIN_BUS, NONE
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.graph import connect
from rtaudio_dl.host.host import Host
from rtaudio_dl.kinds import KINDS
from rtaudio_dl.models.card import Card
from tests.engine.clicks import click_db
from tests.engine.rig import make_patch
from tests.models.models import save, tensor, write_oneshot

BUS = 3
SECONDS, FRAMES = 0.5, 24_000
SETTLED = 4800  # frames after which gains and fades have arrived


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setitem(KINDS, "effect", "tests.kinds.passthrough")  # the one line


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """An instrument, and an effect whose graph gives what it gets."""
    folder = tmp_path_factory.mktemp("models")
    given = [tensor("in", "audio", "B", 64)]
    made = [tensor("out", "audio", "B", 64)]
    card = Card("wire", "effect", 48_000, tuple(given), tuple(made))
    nodes = [helper.make_node("Identity", ["in"], ["out"])]
    wire = save(folder / "wire.onnx", nodes, given, made, {}, card)
    return write_oneshot(folder / "tones.onnx", frames=16_000), wire


def strike(host: Host, at: float = 0.0) -> None:
    for n in range(6):
        host.note_on(60, 0.3, at=at + n * SECONDS / 6)


@contextmanager
def playing(
    models, effect: bool = True, block: int = 128, at: float = 0.0
) -> Iterator[Host]:
    tones, wire = models
    with Host(provider="cpu", block=block) as host:
        instrument = host.load(make_patch(model=str(tones)))
        if effect:
            host.effect = host.load(make_patch("wire", keys=(), model=str(wire)))
            connect(host.engine, instrument.place, to=BUS)
            connect(host.engine, host.effect.place, BUS, MAIN_BUS)
        strike(host, at)
        yield host


def plain(models) -> np.ndarray:
    with playing(models, effect=False) as host:
        return host.render(SECONDS)


def test_a_new_kind_plays_behind_an_instrument_to_the_byte(models):
    expected = plain(models)
    assert np.abs(expected).max() > 0.05
    with playing(models) as host:
        audio = host.render(SECONDS)
        assert host.effect.memory.frames[0] == FRAMES
    assert audio.tobytes() == expected.tobytes()


@pytest.mark.parametrize("block", [1, 97, 8192])
def test_it_does_so_in_any_blocks(models, block):
    with playing(models, block=block) as host:
        assert host.render(SECONDS).tobytes() == plain(models).tobytes()


def test_it_does_so_before_the_instrument_in_number(models):
    """The order of nodes is that of their buses, not that of their loading."""
    tones, wire = models
    with Host(provider="cpu") as host:
        effect = host.load(make_patch("wire", keys=(), model=str(wire)))
        instrument = host.load(make_patch(model=str(tones)))
        connect(host.engine, effect.place, BUS)
        connect(host.engine, instrument.place, to=BUS)
        strike(host)
        assert host.render(SECONDS).tobytes() == plain(models).tobytes()


def test_its_gain_is_the_nodes(models):
    with playing(models, at=0.2) as host:
        host.controls.command(events.NODE_GAIN, host.effect.place, value=0.5)
        assert not host.render(0.2).any()  # and the gain arrives
        audio = host.render(SECONDS)
    expected = plain(models)
    assert np.array_equal(audio, np.float32(0.5) * expected)


def test_a_bypass_of_what_does_nothing_changes_nothing(models):
    with playing(models) as host:
        host.render(0.2)
        host.controls.command(events.BYPASS, host.effect.place, value=1.0)
        audio = host.render(SECONDS - 0.2)
    expected = plain(models)[9600:]
    # While it goes over, two parts of the same sound are summed: a rounding.
    np.testing.assert_allclose(audio, expected, atol=1e-7)
    assert np.array_equal(audio[SETTLED:], expected[SETTLED:])
    assert click_db(audio - expected) < -130


def test_an_effect_is_played_by_no_channel_and_can_go(models):
    with playing(models) as host:
        assert set(host.engine.channels["node"].tolist()) == {0}
        host.render(0.1)
        host.unload(host.effect)
        assert host.effect.place not in host.instruments
        assert host.effect.place not in host.engine.ways or (
            host.engine.ways[host.effect.place] == (NONE, MAIN_BUS)
        )
        passed = int(host.effect.memory.frames[0])
        assert np.abs(host.render(0.1)[SETTLED - 480 :]).max() < 1e-2  # unheard
        connect(host.engine, 0)
        assert np.abs(host.render(0.1)).max() > 0.05
        assert host.effect.memory.frames[0] == passed


def test_what_it_left_behind_harms_no_instrument_in_its_place(models):
    tones, _ = models
    with playing(models) as host:
        place = host.effect.place
        host.unload(host.effect)
        connect(host.engine, 0)
        host.panic()
        host.render(0.5)
        loaded = host.load(make_patch("again", model=str(tones)))
        assert loaded.place == place
        host.note_on(60, 0.3)
        assert np.abs(host.render(0.1)).max() > 0.02


def test_a_circle_is_refused_and_all_is_as_before(models):
    with playing(models) as host:
        connect(host.engine, 9, BUS + 1, BUS)
        ways = dict(host.engine.ways)
        for source, to in ((BUS, BUS), (MAIN_BUS, MAIN_BUS), (BUS, BUS + 1)):
            with pytest.raises(EngineError, match="in a circle"):
                connect(host.engine, host.effect.place, source, to)
        assert host.engine.ways == ways
        assert host.render(SECONDS).tobytes() == plain(models).tobytes()
