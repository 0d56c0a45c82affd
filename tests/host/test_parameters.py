"""Parameters of instruments and of models: set, read back, mapped, told."""

from __future__ import annotations

import pytest

from rtaudio_dl.core.parameters import INSTRUMENT, Parameter
from rtaudio_dl.engine.entries import apply_events
from rtaudio_dl.errors import EngineError, PatchError
from rtaudio_dl.host.host import Host
from rtaudio_dl.kinds import KINDS, LISTENING, find_kind
from rtaudio_dl.models.card import KINDS as CARD_KINDS
from rtaudio_dl.patches.patch import parse_patch
from tests.models.models import write_oneshot

OWN = {
    "drive": Parameter(0, 24, 6, "Drive", "dB", smoothing=0.02),
    "rate": Parameter(0, 8, 1, "Rate", "Hz", "cubic", 8.0),
}
DRIVE = len(INSTRUMENT)  # its number: after those of every instrument


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "driven.onnx"
    return str(write_oneshot(path, parameters=OWN))


def patch(model, **fields):
    return parse_patch({"model": model, "keys": {"36": {}}} | fields, "rig", "rig")


@pytest.fixture
def host():
    with Host(provider="cpu") as host:
        yield host


def test_what_was_set_can_be_read(host, model):
    kit = host.load(patch(model, parameters={"pan": 0.25}))
    assert host.get("pan", kit) == 0.25
    host.set("pan", -0.5, kit)
    assert host.get("pan", kit) == -0.5
    host.set("pan", 1, kit, at=0.1)
    assert host.get("pan", kit) == -0.5
    host.render(0.2)
    assert host.get("pan", kit) == 1
    with pytest.raises(PatchError, match="no parameter 'pam'"):
        host.get("pam", kit)


def test_a_models_own_come_after_those_of_every_instrument(host, model):
    kit = host.load(patch(model, parameters={"rate": 4}))
    assert list(kit.parameters) == [*INSTRUMENT, "drive", "rate"]
    assert (host.get("drive", kit), host.get("rate", kit)) == (6, 4)
    host.set("drive", 12, kit)
    assert host.get("drive", kit) == 12
    assert host.engine.parameters[kit.place, DRIVE] == 12  # as kernels read it
    assert host.engine.ranges[kit.place, DRIVE]["smoothing"] == 0.02
    with pytest.raises(EngineError, match="drive is 25; allowed: 0 to 24"):
        host.set("drive", 25, kit)


def test_a_control_moves_a_models_own_by_its_curve(host, model):
    kit = host.load(patch(model, controls={"20": "drive", "21": "rate"}))
    host.control(20, 0.5)
    host.control(21, 0.5)
    assert host.get("drive", kit) == 12
    assert host.get("rate", kit) == pytest.approx(1.0)  # 8 times the cube


def test_the_engine_clamps_what_comes_from_elsewhere(host, model):
    from rtaudio_dl.engine import events
    from rtaudio_dl.host.controls import new_event

    kit = host.load(patch(model))
    host.inbox.push(new_event(events.PARAMETER, DRIVE, 99.0, kit.place))
    apply_events(host.engine)
    assert host.get("drive", kit) == 24


def test_a_patch_names_only_what_its_model_has(host, model):
    with pytest.raises(PatchError, match="parameters.drove is 'unknown'; .*drive"):
        patch(model, parameters={"drove": 1})
    with pytest.raises(PatchError, match="parameters.drive is 25; .* from 0 to 24"):
        patch(model, parameters={"drive": 25})
    with pytest.raises(PatchError, match="controls.20 is 'drove'"):
        patch(model, controls={"20": "drove"})
    with pytest.raises(PatchError, match="parameters.drive is 'unknown'"):
        patch("drums", parameters={"drive": 1})


def test_a_patch_that_was_made_for_another_model_is_refused(host, model):
    import dataclasses

    made = patch(model, parameters={"drive": 1})
    with pytest.raises(PatchError, match="sets parameter 'drive' .* model 'drums' has"):
        host.load(dataclasses.replace(made, model="drums"))
    assert not host.instruments
    wrong = dataclasses.replace(made, parameters=made.parameters | {"drive": 25.0})
    with pytest.raises(PatchError, match="'drive' to 25.0; allowed: 0 to 24"):
        host.load(wrong)


def test_a_flight_knows_a_models_own(tmp_path, model):
    import numpy as np

    from rtaudio_dl.recording.replay import Replay

    with Host(provider="cpu") as host:
        host.record_flight(tmp_path / "a.flight")
        kit = host.load(patch(model, parameters={"drive": 3}))
        host.set("drive", 9, kit, at=0.05)
        host.note_on(36, at=0.1)
        audio = host.render(0.3)
        host.stop_flight()
    np.testing.assert_array_equal(Replay(tmp_path / "a.flight").render(), audio)


def test_models_tell_their_parameters(model, capsys):
    from rtaudio_dl.cli import main

    assert main(["models", model]) == 0
    told = capsys.readouterr().out
    assert "drive" in told and "Drive, 0 to 24 dB" in told


def test_every_kind_of_card_that_is_served_has_a_kind():
    served = {**KINDS, **LISTENING}
    assert set(served) <= set(CARD_KINDS)
    for kind in served:
        assert callable(find_kind(kind).describe)
