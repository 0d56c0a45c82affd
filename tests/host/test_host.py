"""The host: patches come and go, events happen in time, wrong values are said."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from rtaudio_dl.core import counters
from rtaudio_dl.engine import layout
from rtaudio_dl.errors import EngineError, ModelError, PatchError
from rtaudio_dl.host.host import Host
from rtaudio_dl.kinds.sound import kind
from rtaudio_dl.patches.patch import Key
from tests.engine.rig import make_patch, onset
from tests.models.models import write_classifier, write_nan, write_oneshot

RATE = 48_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the models `tones` and `other`, and the patch `kit`."""
    folder = tmp_path_factory.mktemp("data")
    for part in ("models", "configs/patches"):
        (folder / part).mkdir(parents=True)
    write_oneshot(folder / "models/tones.onnx")
    write_oneshot(folder / "models/other.onnx", seed=1, sample_rate=44_100)
    kit = 'model = "tones"\none_shot = true\n[keys.36]\n[keys.38]\n'
    (folder / "configs/patches/kit.toml").write_text(kit)
    return folder


@pytest.fixture(autouse=True)
def data(folder, monkeypatch):
    monkeypatch.setenv("RTAUDIO_DL_PATH", str(folder))


@pytest.fixture
def host():
    with Host(provider="cpu") as host:
        yield host


def tones(**fields):
    return make_patch(**{"model": "tones", "keys": (36, 38)} | fields)


def played(seconds=0.3, block=128, **fields) -> np.ndarray:
    with Host(provider="cpu", block=block) as host:
        host.load(tones(**fields))
        for i in range(8):
            host.note_on(36 + 2 * (i % 2), 0.2 + 0.1 * i, at=0.03 * i)
        return host.render(seconds)


# --- patches


def test_a_patch_is_found_by_name_or_path_or_given(host, folder):
    for patch in ("kit", str(folder / "configs/patches/kit.toml"), tones()):
        instrument = host.load(patch)
        assert instrument.model.card.name == "test"
    assert sorted(host.instruments) == [0, 1, 2]


def test_what_is_not_there_is_named(host):
    with pytest.raises(PatchError, match="no patch 'kat'"):
        host.load("kat")
    with pytest.raises(ModelError, match="no model 'organ'"):
        host.load(tones(model="organ"))
    assert host.instruments == {}
    assert not host.render(0.01).any()


@pytest.mark.parametrize("write", [write_classifier, write_nan])
def test_a_model_that_cannot_play_leaves_the_host_as_it_was(host, tmp_path, write):
    path = write(tmp_path / "bad.onnx")
    with pytest.raises(ModelError):
        host.load(tones(model=str(path)))
    host.load("kit")
    host.note_on(36)
    assert host.render(0.1).any()


def test_a_class_that_the_model_has_not_is_named(host):
    patch = tones(keys={36: Key(classes={"kick": 1.0})})
    with pytest.raises(PatchError, match="no class 'kick'; it has: none"):
        host.load(patch)
    assert host.instruments == {}


def test_a_patch_goes_to_one_channel_or_to_all(host):
    host.load("kit")
    other = host.load(tones(model="other"), channel=9)
    host.render(0.001)
    channels = host.engine.channels["node"]
    assert channels.tolist() == [0] * 9 + [other.place] + [0] * 6


def test_a_loaded_patch_can_be_assigned_again(host):
    kit, other = host.load("kit"), host.load(tones(model="other"))
    host.assign(kit, 3)
    host.render(0.001)
    assert host.engine.channels["node"][[2, 3]].tolist() == [other.place, kit.place]


def test_program_numbers_are_those_of_the_patches_or_count_up(host):
    host.load("kit")
    host.load(tones(program=77))
    host.program(0)
    host.program(77, channel=1)
    host.render(0.001)
    assert host.engine.channels["node"][:3].tolist() == [0, 1, 1]


def test_notes_that_were_asked_for_before_a_load_play_the_patch_of_then(host):
    host.load(tones(parameters={"gain": 0}))
    host.note_on(36)
    host.load(tones())
    assert not host.render(0.1).any()
    assert host.engine.counters[counters.SOUNDED] == 1


def test_sixteen_patches_are_the_most(host):
    for _ in range(layout.PLACES):
        last = host.load(tones())
    with pytest.raises(EngineError, match="16 are loaded .*; unload one first"):
        host.load(tones())
    host.unload(last)
    host.load(tones())


def test_memory_has_an_end(host, monkeypatch):
    host.load("kit")
    monkeypatch.setattr(kind, "SLOTS", 71)
    with pytest.raises(EngineError, match="needs room for 72 sounds .*most 71 sounds"):
        host.load("kit")
    assert len(host.instruments) == 1


def test_a_gap_is_used_again(host):
    _, second = host.load("kit"), host.load("kit")
    host.load("kit")
    host.unload(second)
    again = host.load("kit")
    assert again.place == second.place
    host.note_on(36)
    assert host.render(0.1).any()


def test_unloading_lets_notes_ring_and_frees_the_model(host):
    kit = host.load("kit")
    host.note_on(36)
    host.render(0.05)
    host.unload(kit)
    assert kit.model.session.address == 0
    assert host.counts()["active_voices"] == 0
    assert host.seconds > 4096 / 16_000
    host.note_on(36)
    assert np.abs(host.render(0.1)[-100:]).max() < 1e-6
    assert host.counts()["unmapped"] == 1


def test_an_unloaded_patch_cannot_be_used(host):
    kit = host.load("kit")
    host.unload(kit)
    host.load(tones())  # takes the same place
    for use in (
        lambda: host.unload(kit),
        lambda: host.assign(kit),
        lambda: host.set("gain", 1, kit),
    ):
        with pytest.raises(EngineError, match="patch 'kit' is not loaded here"):
            use()
    host.note_on(36)
    assert host.render(0.1).any()


def test_a_held_key_that_rings_for_ever_is_said(host, monkeypatch):
    kit = host.load("kit")
    host.note_on(36)
    host.render(0.01)
    # Time stands still.
    monkeypatch.setattr(host.renderer, "render", lambda _seconds: None)
    with pytest.raises(EngineError, match="still sounds after a minute"):
        host.unload(kit)


# --- time


@pytest.mark.parametrize("at", [0, 0.1, 0.12345, 1 / 3])
def test_a_note_is_heard_at_its_time(host, at):
    host.load("kit")
    host.note_on(36, at=at)
    assert abs(onset(host.render(0.5), 1e-5) - round(at * RATE)) <= 2


def test_without_a_time_a_note_is_heard_now(host):
    host.load("kit")
    host.render(0.25)
    host.note_on(36)
    assert onset(host.render(0.1), 1e-5) <= 2
    assert (host.frame, host.seconds) == (16_800, 0.35)


def test_the_past_is_past(host):
    host.render(1)
    with pytest.raises(EngineError, match="at=0.5 s is past; the host is at 1 s"):
        host.note_on(36, at=0.5)
    host.note_on(36, at=1)


def test_events_of_one_time_happen_as_asked(host):
    host.load(tones(parameters={"release": 0.0}))
    host.note_on(36, at=0.1)
    host.note_off(36, at=0.1)
    host.note_on(36, at=0.1)
    host.render(0.15)
    assert host.counts()["active_voices"] == 1


def test_more_events_than_a_ring_holds_are_all_played(host):
    host.load("kit")
    for i in range(10_000):
        host.control(7, (i % 128) / 127, at=i * 1e-4)
        host.note_on(36, at=i * 1e-4)
    host.render(1.1)
    assert host.counts()["notes"] == 10_000
    assert host.counts()["misplaced"] == 0


def test_panic_ends_what_sounds_and_what_was_just_asked_for(host):
    host.load("kit")
    host.note_on(36)
    host.render(0.05)
    host.note_on(38)
    host.note_on(38, at=0.3)
    host.panic()
    host.render(0.05)
    assert host.counts()["active_voices"] == 0
    assert host.render(0.3).any()  # its time was still to come


# --- the same bytes


def test_the_same_events_give_the_same_bytes():
    assert np.array_equal(played(), played())


def test_a_render_in_pieces_is_the_render(host):
    pieces = []
    host.load(tones())
    for i in range(8):
        host.note_on(36 + 2 * (i % 2), 0.2 + 0.1 * i, at=0.03 * i)
    for _ in range(6):
        pieces.append(host.render(0.048))  # 18 blocks
    pieces.append(host.render(0.012))
    assert np.array_equal(np.concatenate(pieces), played())


@pytest.mark.parametrize("block", [1, 100, 1024, 8192])
def test_a_frozen_patch_sounds_the_same_in_any_block(block):
    frozen = {"freshness": "frozen"}
    assert np.array_equal(played(block=block, **frozen), played(**frozen))


def test_another_seed_is_another_sound():
    assert not np.array_equal(played(seed=1), played(seed=2))


def test_a_chunk_of_progress_is_told_each_second(host):
    told = []
    host.render(2.5, told.append)
    assert told == pytest.approx([1.0, 2.0, 2.5], abs=0.01)


def test_nothing_can_be_rendered(host):
    assert host.render(0).shape == (0, 2)


# --- the end


def test_a_closed_host_plays_no_more():
    host = Host(provider="cpu")
    kit = host.load("kit")
    host.note_on(36)
    host.close()
    host.close()
    for use in (lambda: host.render(0.1), lambda: host.load("kit")):
        with pytest.raises(EngineError, match="the host is closed; make a new one"):
            use()
    with pytest.raises(EngineError, match="is not loaded here"):
        host.unload(kit)


def test_counts_have_names(host):
    counts = host.counts()
    assert set(counters.AUDIO_COUNTERS) < set(counts)
    assert counts["worker_runs"] == 0


def test_hosts_do_not_share_memory(host):
    with Host(provider="cpu") as other:
        host.load("kit")
        other.load("kit")
        host.note_on(36)
        host.render(0.1)
        assert not other.render(0.1).any()


def test_the_host_imports_no_device_and_no_training_stack():
    code = "import sys, rtaudio_dl.host.host; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    loaded = set(done.stdout.split())
    assert "rtaudio_dl.host.host" in loaded
    assert not loaded & {"tensorflow", "keras", "sounddevice", "rtmidi", "matplotlib"}
