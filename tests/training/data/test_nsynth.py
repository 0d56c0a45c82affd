"""Folders in NSynth's format, ours and the release's."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tests.training.tasks.notes import tiny
from training.data import nsynth
from training.errors import DataError
from training.tasks.notes import features
from training.tasks.notes.form import RATE


def write(folder, **changes):
    entry = tiny.example("bow", 60, 100) | changes
    folder.mkdir(parents=True, exist_ok=True)
    table = {k: v for k, v in entry.items() if v is not None}
    (folder / "examples.json").write_text(json.dumps({"note-060-100": table}))


def test_our_own_folder_says_its_splits(notes_folder):
    notes = nsynth.read(notes_folder)
    assert {n.split for n in notes} == {"train", "valid", "test"}
    assert {n.name for n in notes if n.split == "test"} == {"held"}
    assert (notes_folder / notes[0].path).is_file()


def test_the_release_has_a_folder_for_each_split(tmp_path):
    for name in ("nsynth-train", "nsynth-test"):
        write(tmp_path / name, split=None, group=None, preset=None)
    notes = nsynth.read(tmp_path)
    assert [n.split for n in notes] == ["train", "test"]
    assert notes[1].path == "nsynth-test/audio/note-060-100.wav"
    assert notes[1].name == notes[1].group == "string_acoustic_bow"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pitch": 200}, "pitch 200"),
        ({"velocity": 0}, "velocity 0"),
        ({"sample_rate": 44_100}, "allowed: 16000"),
        ({"split": "else"}, "allowed: train, valid, test"),
        ({"pitch": None}, "pitch"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, changes, words):
    write(tmp_path, **changes)
    with pytest.raises(DataError, match=words):
        nsynth.read(tmp_path)


def test_a_name_cannot_leave_the_folder(tmp_path):
    table = {"../../secret": tiny.example("bow", 60, 100)}
    (tmp_path / "examples.json").write_text(json.dumps(table))
    with pytest.raises(DataError, match="no path"):
        nsynth.read(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
def test_what_is_not_a_table_is_refused(tmp_path, text):
    (tmp_path / "examples.json").write_text(text)
    with pytest.raises(DataError, match=r"examples\.json"):
        nsynth.read(tmp_path)


def test_an_empty_folder_says_how_to_fill_it(tmp_path):
    with pytest.raises(DataError, match="prepare soundfont"):
        nsynth.read(tmp_path)


RELEASED = {
    "train": ("guitar_acoustic_001-048-060", "guitar_acoustic_001-060-100"),
    "test": ("reed_synthetic_007-054-127",),
}


def write_released(folder, packed):
    """The release's layout, with the very same sounds as WAV or as TFRecord."""
    for split, names in RELEASED.items():
        sounds = {}
        for name in names:
            pitch = name.split("-")[1]
            path = folder / f"nsynth-{split}" / "audio" / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tiny.tone(int(pitch)), RATE, subtype="PCM_16")
            sounds[name] = soundfile.read(path, dtype="float32")[0]
        if packed:
            write_records(folder / f"nsynth-{split}.tfrecord", sounds)
        else:
            write_table(folder / f"nsynth-{split}", names)
    return folder


def write_table(folder, names):
    table = {}
    for name in names:
        instrument, pitch, velocity = name.split("-")
        family, source, _ = instrument.split("_")
        table[name] = {
            "pitch": int(pitch),
            "velocity": int(velocity),
            "sample_rate": RATE,
            "instrument_str": instrument,
            "instrument_family_str": family,
            "instrument_source_str": source,
        }
    (folder / "examples.json").write_text(json.dumps(table))


def write_records(path, sounds):
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, sound in sounds.items():
            feature = {
                "note_str": tf.train.Feature(
                    bytes_list=tf.train.BytesList(value=[name.encode()])
                ),
                "qualities": tf.train.Feature(
                    int64_list=tf.train.Int64List(value=[0] * 10)
                ),
                "audio": tf.train.Feature(float_list=tf.train.FloatList(value=sound)),
            }
            features = tf.train.Features(feature=feature)
            writer.write(tf.train.Example(features=features).SerializeToString())


@pytest.mark.train
def test_tfrecords_are_the_same_notes(tmp_path):
    unpacked = write_released(tmp_path / "wav", packed=False)
    packed = write_released(tmp_path / "records", packed=True)
    a, b = (
        features.load(folder, tmp_path, processes=1) for folder in (unpacked, packed)
    )
    assert [n.split for n in b.notes] == ["train", "train", "test"]
    for note, record in zip(a.notes, b.notes, strict=True):
        assert record.bytes > 0 and record.path.endswith(".tfrecord")
        assert replace(record, path=note.path, offset=0, bytes=0) == note
    for name in ("partials", "noise", "mel", "ratios", "pitch", "gain_db"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.train
@pytest.mark.parametrize("name", ["kazoo", "reed_acoustic_001-060-000"])
def test_a_record_of_another_name_is_told(tmp_path, name):
    write_records(tmp_path / "nsynth-train.tfrecord", {name: np.zeros(64, np.float32)})
    with pytest.raises(DataError, match=f"{name}' is not a note of NSynth"):
        nsynth.read(tmp_path)
