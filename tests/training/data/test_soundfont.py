"""A SoundFont becomes notes in NSynth's format, twice the same."""

import json

import numpy as np
import pytest

from rtaudio_dl.features import find_pitch
from tests.training.data.soundfonts import write_soundfont
from training import cli
from training.data import fluidsynth, general_midi, nsynth, soundfont
from training.errors import DataError
from training.tasks.notes.form import FRAMES, RATE

PRESETS = [(0, 0, "Grand"), (0, 73, "Flute"), (0, 127, "Gun Shot"), (128, 0, "Kit")]
GROUPS = {"groups": [[[0, 0, "Grand"]], [[0, 73, "Flute"]]], "held_out": ["Flute"]}

try:
    fluidsynth.library()
except DataError:
    pytest.skip("FluidSynth is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def font(tmp_path_factory):
    return write_soundfont(tmp_path_factory.mktemp("font") / "tiny.sf2", PRESETS)


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    path = tmp_path_factory.mktemp("groups") / "groups.json"
    path.write_text(json.dumps(GROUPS))
    return path


@pytest.fixture(scope="module", autouse=True)
def few_notes():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(soundfont, "TRAIN_PITCHES", (48, 60))
        patch.setattr(soundfont, "BETWEEN_PITCHES", (54,))
        patch.setattr(soundfont, "VELOCITIES", (50, 100))
        yield


@pytest.fixture(scope="module")
def rendered(font, groups, tmp_path_factory):
    out = tmp_path_factory.mktemp("rendered")
    soundfont.render(font, out, groups, processes=1)
    return out


def test_only_pitched_presets_are_rendered(rendered):
    assert {n.name for n in nsynth.read(rendered)} == {"Grand", "Flute"}


def test_splits_are_by_group_and_by_key(rendered):
    notes = nsynth.read(rendered)
    assert {n.split for n in notes if n.name == "Flute"} == {"test"}
    grand = {(n.pitch, n.split) for n in notes if n.name == "Grand"}
    assert grand == {(48, "train"), (54, "valid"), (60, "train")}


def test_notes_are_in_tune_and_as_long_as_nsynth_has_them(rendered):
    for note in nsynth.read(rendered):
        audio = nsynth.read_audio(rendered / note.path)
        assert audio.shape == (FRAMES,)
        found = find_pitch(audio[RATE // 2 : 2 * RATE], RATE)
        assert abs(found.key - note.pitch) < 0.02


def test_velocity_is_loudness(rendered):
    level = {
        n.velocity: nsynth.read_audio(rendered / n.path).std()
        for n in nsynth.read(rendered)
        if n.name == "Grand" and n.pitch == 60
    }
    assert level[100] > 2 * level[50]


def test_a_release_ends_the_note(rendered):
    audio = nsynth.read_audio(rendered / nsynth.read(rendered)[0].path)
    assert np.abs(audio[-100:]).max() < 0.01 * np.abs(audio).max()


def test_the_same_bits_again(font, groups, rendered, tmp_path):
    soundfont.render(font, tmp_path, groups, processes=1)
    for path in sorted((rendered / "audio").iterdir()):
        assert (tmp_path / "audio" / path.name).read_bytes() == path.read_bytes()


def test_the_fields_are_those_of_nsynth(rendered):
    table = json.loads((rendered / "examples.json").read_text())
    entry = table["keyboard_acoustic_000-060-100"]
    assert entry["instrument_family"] == nsynth.FAMILIES.index("keyboard")
    assert entry["instrument_source_str"] == "acoustic"
    assert len(entry["qualities"]) == len(nsynth.QUALITIES)
    assert entry["note_str"] == "keyboard_acoustic_000-060-100"


def test_the_groups_that_are_shipped_hold_every_family_out():
    groups = soundfont.read_groups(soundfont.FLUIDR3)
    held = [
        general_midi.family(bank, program)
        for group in groups["groups"]
        for bank, program, name in group
        if name in groups["held_out"]
    ]
    assert sorted(held) == sorted(nsynth.FAMILIES)


@pytest.mark.parametrize("text", ["[]", "{}", '{"groups": [[[0]]], "held_out": []}'])
def test_a_wrong_file_of_groups_is_refused(tmp_path, text):
    path = tmp_path / "groups.json"
    path.write_text(text)
    with pytest.raises(DataError, match="not a file of groups"):
        soundfont.read_groups(path)


def test_what_is_no_soundfont_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        soundfont.render(tmp_path / "none.sf2", tmp_path)
    (tmp_path / "bad.sf2").write_bytes(b"RIFF" * 100)
    with pytest.raises(DataError, match="not a SoundFont"):
        soundfont.render(tmp_path / "bad.sf2", tmp_path)


def test_a_font_without_pitches_is_refused(tmp_path):
    font = write_soundfont(tmp_path / "drums.sf2", [(128, 0, "Kit")])
    with pytest.raises(DataError, match="nothing was rendered"):
        soundfont.render(font, tmp_path / "out", processes=1)


def test_the_command_renders(font, groups, tmp_path, capsys):
    command = ["prepare", "soundfont", str(font), "--groups", str(groups)]
    assert cli.main([*command, "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "10 notes of 2 presets" in told and "configs/notes.toml" in told
    assert len(nsynth.read(tmp_path)) == 10
