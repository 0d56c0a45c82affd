"""Playing from Python: every value arrives, every wrong one is said."""

from __future__ import annotations

import math

import pytest

from rtaudio_dl.engine.parameters import GAIN
from rtaudio_dl.errors import EngineError, PatchError
from rtaudio_dl.host.host import Host
from tests.engine.rig import make_patch
from tests.models.models import write_oneshot


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_oneshot(tmp_path_factory.mktemp("models") / "tones.onnx")


@pytest.fixture
def host():
    with Host(provider="cpu") as host:
        yield host


@pytest.fixture
def kit(host, model):
    """A patch that the host plays on all channels."""
    short = {"release": 0.001}
    return host.load(make_patch(model=str(model), keys=(36, 38), parameters=short))


def test_a_velocity_of_0_lifts_the_key(host, kit):
    host.note_on(36)
    host.note_on(36, 0, at=0.05)
    host.render(0.1)
    assert host.counts()["active_voices"] == 0


def test_parameters_have_names_and_times(host, kit):
    host.set("gain", 0, kit, at=0.1)
    host.render(0.05)
    assert host.engine.parameters[kit.place, GAIN] == 1
    host.render(0.1)
    assert host.engine.parameters[kit.place, GAIN] == 0


def test_midi_bytes_play(host, kit):
    assert host.midi(bytes([0x90, 36, 100]))
    assert host.midi(bytes([0xF8]))  # of a clock
    assert not host.midi(bytes([0xFE]))  # "I am still here"
    assert host.render(0.1).any()
    assert host.counts()["notes"] == 1


def test_the_wheel_and_controls_arrive(host):
    host.pitch_bend(-0.5, channel=2)
    host.control(64, 1.0, channel=3)
    host.render(0.01)
    assert host.engine.channels["bend"][2] == -0.5
    assert host.engine.channels["sustain"][3] == 1


NAN, INF = math.nan, math.inf
ALLOWED_KEY = "allowed: whole numbers from 0 to 127"
WRONG = {
    "key is -1; " + ALLOWED_KEY: lambda h: h.note_on(-1),
    "key is 128; " + ALLOWED_KEY: lambda h: h.note_off(128),
    "key is 36.5; " + ALLOWED_KEY: lambda h: h.note_on(36.5),
    "key is '36'; " + ALLOWED_KEY: lambda h: h.note_on("36"),
    "key is True; " + ALLOWED_KEY: lambda h: h.note_on(True),
    "velocity is 1.1; allowed: 0 to 1": lambda h: h.note_on(36, 1.1),
    "velocity is nan; allowed: 0 to 1": lambda h: h.note_on(36, NAN),
    "velocity is None; allowed: 0 to 1": lambda h: h.note_on(36, None),
    "velocity is 1j; allowed: 0 to 1": lambda h: h.note_on(36, 1j),
    "channel is 16; allowed: whole": lambda h: h.note_on(36, channel=16),
    "number is 128; " + ALLOWED_KEY: lambda h: h.control(128, 0.5),
    "value is -0.1; allowed: 0 to 1": lambda h: h.control(7, -0.1),
    "value is 2; allowed: -1 to 1": lambda h: h.pitch_bend(2),
    "number is -1; " + ALLOWED_KEY: lambda h: h.program(-1),
    "at is nan; allowed: 0 to 1e+09": lambda h: h.note_on(36, at=NAN),
    "at is inf; allowed: 0 to 1e+09": lambda h: h.note_on(36, at=INF),
    "at is -1; allowed: 0 to 1e+09": lambda h: h.midi(b"\x90\x24\x64", at=-1),
    "at is '1'; allowed: 0 to 1e+09": lambda h: h.note_on(36, at="1"),
    "seconds is -1; allowed: 0 to 86400": lambda h: h.render(-1),
    "seconds is inf; allowed: 0 to 86400": lambda h: h.render(INF),
    "seconds is <int too large": lambda h: h.render(1 << 20_000),
    "channel is -1; allowed: whole": lambda h: h.load(make_patch(), channel=-1),
    "sample_rate is 44100.5; allowed: whole": lambda h: Host(44_100.5),
    "sample_rate is 1000; allowed: whole": lambda h: Host(1000),
    "polyphony is 65; allowed: whole": lambda h: Host(polyphony=65),
    "block is 0; allowed: whole": lambda h: Host(block=0),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_value_is_said_with_what_is_allowed(host, message):
    with pytest.raises(EngineError) as raised:
        WRONG[message](host)
    assert str(raised.value).startswith(message)
    assert host.counts()["notes"] == 0


def test_a_wrong_parameter_is_said_with_what_is_allowed(host, kit):
    with pytest.raises(PatchError, match="no parameter 'gian'; there are: gain, pan"):
        host.set("gian", 1, kit)
    with pytest.raises(EngineError, match="gain is 5; allowed: 0 to 4"):
        host.set("gain", 5, kit)
