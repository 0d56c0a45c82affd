"""Every published layout becomes a manifest, and no source is in two splits."""

import pytest

from tests.training.data.layouts import LAYOUTS
from training.data import manifest, registry, splits
from training.errors import DataError

# What is known to share speakers, or instruments, between its published splits.
LEAKY = ("fsdd", "nsynth", "nsynth, tfrecord")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_counts_labels_and_groups(published, layout):
    name, _, entries, labels, groups = LAYOUTS[layout]
    made = registry.build(name, published(layout))
    assert len(made.entries) == entries
    assert len(made.labels) == labels
    assert len({splits.group_of(e) for e in made.entries}) == groups


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_entry_is_there(published, layout):
    made = registry.build(LAYOUTS[layout][0], published(layout))
    assert all((made.root / e.path).is_file() for e in made.entries)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_manifest_comes_back(published, layout, tmp_path):
    made = registry.build(LAYOUTS[layout][0], published(layout))
    manifest.write(made, tmp_path / "m.csv")
    assert manifest.read(tmp_path / "m.csv") == made


@pytest.mark.parametrize("layout", [k for k in LAYOUTS if k not in LEAKY])
def test_no_source_is_in_two_published_splits(published, layout):
    made = registry.build(LAYOUTS[layout][0], published(layout))
    assert all(e.split or e.fold for e in made.entries)
    splits.check_no_leak(made)


@pytest.mark.parametrize("layout", LEAKY)
def test_published_splits_that_leak_are_told(published, layout):
    made = registry.build(LAYOUTS[layout][0], published(layout))
    with pytest.raises(DataError, match="is in the splits test, .*--split group"):
        splits.check_no_leak(made)


# One file of TFRecord is one split, whatever the instruments in it.
@pytest.mark.parametrize("layout", [k for k in LAYOUTS if k != "nsynth, tfrecord"])
def test_no_source_is_in_two_splits_by_group(published, layout):
    made = registry.build(LAYOUTS[layout][0], published(layout), split="group", seed=3)
    assert all(e.split for e in made.entries)
    splits.check_no_leak(made)


@pytest.mark.parametrize("layout", ["folder", "vegas", "bbc"])
def test_without_published_splits_groups_are_split(published, layout):
    source = published(layout)
    assert all(e.split for e in registry.build(layout, source).entries)
    official = registry.build(layout, source, split="official")
    assert not any(e.split for e in official.entries)


def test_one_speaker_to_each_fold(published):
    made = registry.build("fsdd", published("fsdd"), folds=3)
    assert len({(e.group, e.fold) for e in made.entries}) == 3
    assert {e.fold for e in made.entries} == {1, 2, 3}


def test_a_speaker_is_held_out(published):
    made = registry.build("fsdd", published("fsdd"), held_out=["theo"])
    assert {e.group for e in made.entries if e.split == "test"} == {"theo"}
    splits.check_no_leak(made)


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("fsd", {}, "no data set 'fsd'; known: folder, esc50"),
        ("fsdd", {"task": 12}, "fsdd has no option task; it has: none"),
        ("fsdd", {"split": "random"}, "split is 'random'; allowed: auto, official"),
        ("fsdd", {"folds": 7}, "7 folds; allowed: 2 to 3"),
        ("fsdd", {"held_out": ["eve"]}, "such as jackson, nicolas, theo"),
        ("fsdd", {"split": "group", "valid": 60, "test": 40}, "together below 100"),
        ("esc50", {}, "esc50.csv: cannot be read.*unpack the data set"),
        ("audioset", {}, "labels need class_labels_indices.csv or ontology.json"),
        ("nsynth", {}, "no notes; expected nsynth-train/examples.json"),
        ("speech_commands_v1", {}, "no recordings in yes, no, up.*found"),
        ("vegas", {}, "no CLASS/audios"),
        ("fsdkaggle2018", {}, "none of FSDKaggle2018.meta"),
        ("esc10", {}, "neither meta/esc50.csv nor folders"),
    ],
)
def test_mistakes_are_explained(published, name, options, message):
    with pytest.raises(DataError, match=message):
        registry.build(name, published("fsdd"), **options)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DataError, match="none: no such folder"):
        registry.build("esc50", tmp_path / "none")
