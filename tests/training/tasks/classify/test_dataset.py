"""Which sounds a run has: labels, licences, sounds of other data sets."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tests.training.tasks.classify import tiny
from training.data import manifest
from training.data.manifest import Entry, Manifest
from training.errors import ConfigError, DataError
from training.tasks.classify import dataset


def test_labels_are_renamed_and_merged(folder):
    made = dataset.load(tiny.config(folder, data={"aliases": {"buzz": "tone"}}))
    assert made.labels == ("tone", "hiss")
    assert set(made.classes) == {0, 1}


def test_sounds_that_may_not_train_only_test(tmp_path):
    tiny.write_sounds(tmp_path / "sounds")
    entries = [
        replace(e, licence="GPL-2.0" if "hiss" in e.path else "CC0-1.0")
        for e in tiny.entries(tmp_path / "sounds")
    ]
    tiny.write_manifest(tmp_path, entries=tuple(entries))
    made = dataset.load(tiny.config(tmp_path, data={"licences": ["CC0-1.0"]}))
    used = {
        part: {made.labels[k] for k in made.classes[made.rows(part)]} for part in PARTS
    }
    assert used == {
        "train": {"buzz", "tone"},
        "valid": {"buzz", "tone"},
        "test": set(tiny.LABELS),
    }
    assert made.licences() == "CC0-1.0 (18)"


PARTS = ("train", "valid", "test")


def test_other_data_sets_join_the_training_only(folder, tmp_path):
    soundfile.write(tmp_path / "a.wav", tiny.sound("hiss", 5), tiny.RATE)
    words = {"a.wav": {"word": "noise"}}
    entries = tuple(
        Entry(p, ("other",), group="g", extra=extra) for p, extra in words.items()
    )
    manifest.write(
        Manifest("more", tmp_path, ("other",), entries), tmp_path / "more.csv"
    )
    more = {
        "also": [str(tmp_path / "more.csv")],
        "also_column": "word",
        "aliases": {"noise": "hiss"},
    }
    plain, made = (
        dataset.load(tiny.config(folder)),
        dataset.load(tiny.config(folder, data=more)),
    )
    assert len(made.rows("train")) == len(plain.rows("train")) + 1
    assert len(made.rows("test")) == len(plain.rows("test"))
    assert made.labels[made.classes[-1]] == "hiss" and made.part[-1] == "train"
    assert made.digest != plain.digest
    assert np.array_equal(made.clips.audio[0][0], plain.clips.audio[0][0])


def test_labels_may_stand_in_a_column(folder, tmp_path):
    entries = [
        replace(e, extra={"word": "low"} if "source0" in e.path else {})
        for e in tiny.entries(folder / "sounds")
    ]
    tiny.write_sounds(tmp_path / "sounds")
    tiny.write_manifest(tmp_path, entries=tuple(entries))
    made = dataset.load(tiny.config(tmp_path, data={"column": "word"}))
    assert made.labels == ("buzz", "hiss", "low", "tone")
    assert (made.classes == 2).sum() == 9


def test_rare_classes_weigh_more(tmp_path):
    tiny.write_sounds(tmp_path / "sounds")
    few = [
        e for e in tiny.entries(tmp_path / "sounds") if "tone/source0-1" not in e.path
    ]
    few = [e for e in few if not ("buzz" in e.path and "source1" in e.path)]
    tiny.write_manifest(tmp_path, entries=tuple(few))
    weights = dataset.load(
        tiny.config(tmp_path, training={"class_weight": 1.0})
    ).class_weights()
    counts = np.array([6, 9, 8])
    assert np.allclose(weights * counts, weights[0] * 6)
    assert np.average(weights, weights=counts) == pytest.approx(1.0)


def test_a_missing_manifest_says_how_to_make_it(tmp_path):
    with pytest.raises(DataError, match="no such manifest; make it first"):
        dataset.load(tiny.config(tmp_path))


def test_several_labels_are_refused(tmp_path):
    tiny.write_manifest(tmp_path, multi_label=True)
    with pytest.raises(DataError, match="several labels each"):
        dataset.load(tiny.config(tmp_path))


@pytest.mark.parametrize(
    "table", [{"augment": {"noise_label": "x"}}, {"detector": {"background": ["x"]}}]
)
def test_an_unknown_label_is_named(folder, table):
    with pytest.raises(ConfigError, match="no label 'x'; known: buzz, hiss, tone"):
        dataset.load(tiny.config(folder, **table))
