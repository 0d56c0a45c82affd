"""NSynth as JSON and WAV, and as TFRecord, which nobody unpickles."""

import json
import shutil

import numpy as np
import pytest

from training.data import audio
from training.data.nsynth_set import nsynth
from training.errors import DataError


def test_a_note_tells_family_pitch_and_velocity(published):
    bass, lead = nsynth(published("nsynth")).entries[:2]
    assert (bass.labels, bass.group) == (("bass",), "bass_synthetic_033")
    assert bass.extra == {
        "note": "bass_synthetic_033-022-050",
        "pitch": "22",
        "velocity": "50",
        "source": "synthetic",
        "qualities": "dark reverb",
    }
    assert (lead.labels, lead.group) == (("synth_lead",), "synth_lead_synthetic_000")


def test_both_forms_give_the_same_notes(published):
    wav = nsynth(published("nsynth")).entries
    record = nsynth(published("nsynth, tfrecord")).entries
    for a, b in zip(wav, record, strict=True):
        assert (a.labels, a.split, a.group) == (b.labels, b.split, b.group)
        assert a.extra.items() <= b.extra.items()


def test_the_sound_of_a_record_is_read(published):
    made = nsynth(published("nsynth, tfrecord"))
    for k, entry in enumerate(e for e in made.entries if e.split == "train"):
        sound, rate = audio.read(made.root, entry)
        assert rate == 16_000
        assert np.array_equal(sound, np.full((64, 1), k / 4, np.float32))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"offset": "7"}, "no record"),
        ({"offset": "100000"}, "no record"),
        ({"bytes": "12"}, "no record of 12 bytes at 0"),
        ({"bytes": "much"}, "no offset and bytes"),
    ],
)
def test_records_that_are_not_there_are_refused(published, change, message):
    made = nsynth(published("nsynth, tfrecord"))
    made.entries[0].extra.update(change)
    with pytest.raises(DataError, match=message):
        audio.read(made.root, made.entries[0])


def test_a_spoilt_record_is_explained(published, tmp_path):
    shutil.copytree(published("nsynth, tfrecord"), tmp_path, dirs_exist_ok=True)
    path = tmp_path / "nsynth-valid.tfrecord"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="nsynth-valid.tfrecord: not NSynth's TFRecord"):
        nsynth(tmp_path)


def test_a_note_of_another_name_is_told(tmp_path):
    folder = tmp_path / "nsynth-test"
    folder.mkdir()
    facts = {"../../etc/passwd": {}, "bass_acoustic_000-030-127": {"qualities": [0]}}
    facts["bass_acoustic_000-031-127"] = {"qualities": [0] * 10}
    (folder / "examples.json").write_text(json.dumps(facts))
    made = nsynth(tmp_path)
    assert len(made.entries) == 1
    assert sum("is not a note of NSynth" in p for p in made.problems) == 2


def test_missing_parts_are_told(published):
    made = nsynth(published("nsynth"))
    assert "train: 2 clips, published: 289205" in made.problems
