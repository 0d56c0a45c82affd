"""Recorded notes become timbres that patches can name."""

import json

import numpy as np
import pytest
import soundfile

from rtaudio_dl.errors import AudioFileError, ModelError, PatchError
from rtaudio_dl.host.host import Host
from rtaudio_dl.host.morph import render_way
from rtaudio_dl.kinds.encoder.encode import (
    encode_note,
    nearest,
    place_on_map,
    read_note,
    timbre_path,
    write_timbre,
)
from rtaudio_dl.models.card import Card
from rtaudio_dl.models.library import find_model
from rtaudio_dl.models.model import read_card
from rtaudio_dl.models.timbre import find_timbre
from rtaudio_dl.patches.patch import parse_patch

RATE = 44_100


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """A user's data folder of one's own."""
    for variable in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def recording(tmp_path):
    """A bowed A below middle C after half a second of silence, in stereo."""
    t = np.arange(4 * RATE) / RATE
    sound = sum(0.3 / k * np.sin(2 * np.pi * 220 * k * t + k) for k in range(1, 20))
    sound *= np.minimum(t / 0.05, 1) * np.clip((3.2 - t) / 0.2, 0, 1)
    path = tmp_path / "bowed.wav"
    stereo = np.stack([sound, 0.5 * sound], axis=1)
    soundfile.write(path, np.r_[np.zeros((RATE // 2, 2)), stereo], RATE)
    return path


def test_pitch_and_place_are_found(recording):
    found = encode_note(recording, "bowed")
    assert found.key == pytest.approx(57.0, abs=0.03)
    assert all(0 <= v <= 1 for v in found.timbre.xy)
    distances = [d for _, d in found.nearest]
    assert distances == sorted(distances) and len(distances) >= 40


def test_how_loud_it_was_recorded_does_not_count(recording, tmp_path):
    soft = tmp_path / "soft.wav"
    audio, rate = soundfile.read(recording)
    soundfile.write(soft, 0.1 * audio, rate, subtype="FLOAT")
    first, second = encode_note(recording, "a"), encode_note(soft, "b")
    assert second.timbre.z == pytest.approx(first.timbre.z, abs=0.02)


def test_a_key_may_be_given(recording):
    assert encode_note(recording, "bowed", key=45.0).key == 45.0


def test_a_kept_timbre_is_found_by_patches(recording, own_folder):
    found = encode_note(recording, "bowed")
    write_timbre(found, timbre_path("bowed"))
    card = read_card(find_model("notes"))
    assert find_timbre("bowed", card).z == pytest.approx(found.timbre.z, abs=1e-4)


def test_a_kept_timbre_plays(recording, own_folder):
    write_timbre(encode_note(recording, "bowed"), timbre_path("bowed"))
    fields = {"model": "notes", "morph": {"corners": ["bowed"]}}
    fields["keyboard"] = {"low": 57, "high": 57}
    with Host(provider="cpu") as host:
        host.load(parse_patch(fields, "mine", "mine"))
        host.note_on(57, 0.8)
        assert np.abs(host.render(0.5)).max() > 0.01


def test_the_onset_is_the_beginning(recording):
    note = read_note(recording, 16_000, 64_000)
    assert note.shape == (64_000,) and note.dtype == np.float32
    assert np.abs(note[:400]).max() > 0.02
    assert np.abs(note).max() == pytest.approx(0.5)
    assert np.abs(note[-8_000:]).max() == 0


@pytest.mark.parametrize("sound", [np.zeros(RATE), 0.5 * np.ones(40)])
def test_what_holds_no_note_is_refused(tmp_path, sound):
    path = tmp_path / "none.wav"
    soundfile.write(path, sound, RATE)
    with pytest.raises(AudioFileError, match="silent|longer note"):
        encode_note(path, "none")


def test_noise_has_no_pitch(tmp_path):
    path = tmp_path / "noise.wav"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 2 * RATE)
    soundfile.write(path, noise, RATE)
    with pytest.raises(AudioFileError, match="--key"):
        encode_note(path, "noise")


def test_a_model_without_an_encoder_is_named(recording):
    with pytest.raises(ModelError, match=r"drums\.encoder"):
        encode_note(recording, "bowed", "drums")


@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a/b"])
def test_a_name_is_no_path(name):
    with pytest.raises(PatchError, match="file's name"):
        timbre_path(name)


def flat_card() -> Card:
    random = np.random.default_rng(2)
    z = random.standard_normal((30, 4))
    xy = 0.5 + z @ random.uniform(-0.05, 0.05, (4, 2))
    timbres = {
        f"t{i}": {"z": list(z[i]), "family": "", "xy": list(xy[i])} for i in range(30)
    }
    card = read_card(find_model("notes"))
    tensor = card.input("control", "timbre")
    small = type(tensor)("timbre", "control", ("B", 4))
    inputs = tuple(small if t is tensor else t for t in card.inputs)
    return Card(
        "flat", "stream", 16_000, inputs, card.outputs, extra={"timbres": timbres}
    )


def test_a_timbre_of_the_card_lies_where_the_card_says():
    card = flat_card()
    entry = card.extra["timbres"]["t7"]
    assert place_on_map(card, np.array(entry["z"])) == pytest.approx(
        tuple(entry["xy"]), abs=1e-3
    )
    assert nearest(card, np.array(entry["z"]))[0] == ("t7", 0.0)


def test_a_file_holds_what_a_patch_needs(recording, tmp_path):
    path = tmp_path / "timbres" / "mine.json"
    write_timbre(encode_note(recording, "mine"), path)
    fields = json.loads(path.read_text())
    assert fields["model"] == "notes" and len(fields["z"]) == 16
    assert list(path.parent.iterdir()) == [path]


def spectrum(step):
    """Levels of the sound's bands, which its noise does not change much."""
    power = np.abs(np.fft.rfft(step.audio[:, 0])) ** 2
    return np.log([band.sum() for band in np.array_split(power[:6_000], 60)])


def test_a_way_begins_and_ends_at_its_timbres():
    card = read_card(find_model("notes"))
    first, second = list(card.extra["timbres"])[:2]
    way = render_way(first, second, steps=3, seconds=0.3)
    assert [s.place for s in way] == [0.0, 0.5, 1.0]
    assert all(np.abs(s.audio).max() > 0.005 for s in way)
    alone = spectrum(render_way(second, second, steps=2, seconds=0.3)[0])
    near, far = (np.abs(spectrum(s) - alone).sum() for s in (way[2], way[0]))
    assert near < 0.5 * far


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"steps": 1}, "2 to 64"), ({"key": 200}, "0 to 127"), ({"seconds": 0}, "0.1")],
)
def test_a_way_says_what_is_allowed(changes, words):
    with pytest.raises(PatchError, match=words):
        render_way("a", "b", **changes)
