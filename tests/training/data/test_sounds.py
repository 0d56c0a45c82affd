"""Finding sounds, and the split that never tears a source apart."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data import sounds
from training.data.clips import ClipData
from training.data.sounds import Clip
from training.errors import DataError


def touch(folder: Path, *names: str) -> ClipData:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return ClipData(source=str(folder))


def manifest(folder: Path, *rows: str) -> ClipData:
    header = "path,label,split,group,licence"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.csv").write_text("\n".join([header, *rows]) + "\n")
    return ClipData(source=str(folder))


def clips(groups: list[str]) -> list[Clip]:
    return [Clip(f"{i}.wav", "kick", g) for i, g in enumerate(groups)]


@given(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=80))
def test_no_group_is_in_two_splits(groups):
    split = sounds.split_by_group(clips(groups))
    assert len({(c.group, c.split) for c in split}) == len(set(groups))
    assert "train" in {c.split for c in split}


def test_many_groups_fill_every_split():
    split = sounds.split_by_group(clips([f"kit{i}" for i in range(40)] * 3))
    shares = {s: sum(c.split == s for c in split) / 120 for s in sounds.SPLITS}
    assert shares["train"] >= 0.7
    assert min(shares["valid"], shares["test"]) >= 0.1


def test_split_does_not_depend_on_the_order():
    groups = [f"kit{i}" for i in range(20)]
    forward = {c.group: c.split for c in sounds.split_by_group(clips(groups))}
    back = {c.group: c.split for c in sounds.split_by_group(clips(groups[::-1]))}
    assert forward == back


def test_a_given_split_holds_for_the_whole_group():
    given_ = [Clip("1.wav", "kick", "a", "test"), Clip("2.wav", "kick", "a")]
    assert {c.split for c in sounds.split_by_group(given_)} == {"test"}


@pytest.mark.parametrize(
    "path, group",
    [
        ("kick/tr808/1.wav", "tr808"),
        ("kick/a/b/1.wav", "a/b"),
        ("kick/linn--kick-1.wav", "linn"),
        ("kick/sp12_3.flac", "sp"),
        ("kick/17.ogg", "17"),
    ],
)
def test_group_is_the_sub_folder_or_the_prefix(tmp_path, path, group):
    data = touch(tmp_path, path, "kick/other/9.wav", "kick/more/9.wav")
    assert group in {c.group for c in sounds.find(data)}


def test_other_files_are_left_alone(tmp_path):
    data = touch(tmp_path, "kick/a.wav", "kick/notes.txt", "loose.wav")
    assert [c.path for c in sounds.find(data)] == ["kick/a.wav"]


def test_manifest_is_followed(tmp_path):
    data = manifest(tmp_path, "a.wav,kick,train,k1,MIT", "b.wav,snare,test,k2,GPL")
    found = sounds.find(data)
    assert [(c.label, c.split, c.group) for c in found] == [
        ("kick", "train", "k1"),
        ("snare", "test", "k2"),
    ]


def test_a_group_in_two_splits_is_refused(tmp_path):
    rows = "a.wav,kick,train,k1,MIT", "b.wav,kick,test,k1,MIT"
    data = manifest(tmp_path, *rows, "c.wav,kick,train,k2,MIT")
    with pytest.raises(DataError, match="group 'k1' is in train and in test"):
        sounds.find(data)


@pytest.mark.parametrize(
    "row, message",
    [
        (",kick,train,k1,MIT", "path and label must be given"),
        ("a.wav,kick,best,k1,MIT", "split is 'best'; allowed: train, valid, test"),
        ("../a.wav,kick,train,k1,MIT", "outside"),
    ],
)
def test_a_bad_manifest_is_explained(tmp_path, row, message):
    with pytest.raises(DataError, match=message):
        sounds.find(manifest(tmp_path / "in", row))


def licensed(tmp_path: Path, split: str) -> ClipData:
    data = manifest(tmp_path, "a.wav,kick,train,k1,MIT", f"b.wav,kick,{split},k2,GPL-2")
    return ClipData(source=data.source, licences=("MIT",))


def test_a_licence_that_is_not_allowed_is_refused(tmp_path):
    with pytest.raises(DataError, match="does not allow: 1 x GPL-2; allowed: MIT"):
        sounds.find(licensed(tmp_path, "train"))


def test_any_licence_may_judge(tmp_path):
    assert len(sounds.find(licensed(tmp_path, "test"))) == 2


def test_licences_are_summarised(tmp_path):
    found = sounds.find(licensed(tmp_path, "test"))
    assert sounds.licence_summary(found) == "MIT (1)"


def test_aliases_classes_and_exclusions(tmp_path):
    touch(tmp_path, "kick/a.wav", "bd/b.wav", "snare/c.wav", "kick/bad-1.wav")
    data = ClipData(
        source=str(tmp_path),
        aliases={"bd": "kick"},
        classes=("kick",),
        exclude=("*/bad-*",),
    )
    assert [(c.path, c.label) for c in sounds.find(data)] == [
        ("bd/b.wav", "kick"),
        ("kick/a.wav", "kick"),
    ]


def test_an_empty_folder_is_explained(tmp_path):
    with pytest.raises(DataError, match="no sounds of the classes"):
        sounds.find(ClipData(source=str(tmp_path)))


def test_a_missing_folder_is_explained(tmp_path):
    with pytest.raises(DataError, match="no such folder; put sounds into"):
        sounds.find(ClipData(source=str(tmp_path / "none")))
