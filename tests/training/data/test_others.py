"""What is particular to the smaller adaptors."""

import shutil

import pytest

from tests.training.data import layouts
from training.data import registry
from training.errors import DataError


def build(name, source, **options):
    return registry.build(name, source, split="official", **options)


def test_fsdd_is_split_by_take(published):
    made = build("fsdd", published("fsdd"))
    test = {e.extra["take"] for e in made.entries if e.split == "test"}
    assert test == {"0", "4"}
    assert {e.group for e in made.entries} == {"jackson", "nicolas", "theo"}


def test_urbansound_keeps_its_ten_folds(published):
    made = build("urbansound8k", published("urbansound8k"))
    entry = made.entries[0]
    assert entry.path == "audio/fold1/3001-3-0-3.wav"
    assert (entry.fold, entry.group, entry.labels) == (1, "3001", ("dog_bark",))
    assert "fold 10: 2 clips, published: 837" in made.problems


def test_fsdkaggle_has_licences_and_what_was_verified(published):
    hihat, saxophone, oboe = build("fsdkaggle2018", published("fsdkaggle2018")).entries
    assert (hihat.licence, hihat.extra) == ("Attribution", {"manually_verified": "0"})
    assert saxophone.extra["manually_verified"] == "1"
    assert (oboe.split, oboe.extra, oboe.group) == (
        *("test", {"usage": "Private"}, "355125"),
    )


def test_fsdkaggle_leaves_out_what_was_not_scored(published):
    made = build("fsdkaggle2018", published("fsdkaggle2018, kaggle"))
    assert [e.path for e in made.entries] == [
        "audio_train/00044347.wav",
        "audio_test/00326aa9.wav",
    ]


def test_audioset_labels_are_weak_and_several(published):
    made = build("audioset", published("audioset"))
    assert made.multi_label
    assert made.labels == ("Speech", "Male speech, man speaking", "Music")
    assert made.entries[0].labels == ("Speech", "Male speech, man speaking")
    assert [e.split for e in made.entries] == ["train", "train", "train", "test"]


def test_audioset_cuts_whole_videos_only(published):
    cut, whole, named, evaluated = build("audioset", published("audioset")).entries
    assert (whole.path, whole.start, whole.seconds) == (
        *("balanced/-0xzrMun0Rs.wav", 2.0, 1.0),
    )
    for entry in (cut, named, evaluated):
        assert (entry.start, entry.seconds) == (0.0, 0.0)


def test_audioset_says_which_tables_have_no_sounds(published):
    problems = build("audioset", published("audioset")).problems
    (line,) = [p for p in problems if "unbalanced" in p]
    assert line == "unbalanced_train_segments.csv: none of its 1 segments is here"


def test_audioset_names_labels_by_the_ontology(tmp_path):
    layouts.audioset(tmp_path)
    (tmp_path / "class_labels_indices.csv").unlink()
    (tmp_path / "ontology.json").write_text(
        '[{"id": "/m/04rlf", "name": "Music"}, {"id": "/m/09x0r", "name": "Speech"}]'
    )
    made = build("audioset", tmp_path)
    assert made.labels == ("Music", "Speech")
    assert "--PJHxphWEs: labels ['/t/dd00088'] have no name" in made.problems


@pytest.mark.parametrize(
    "row, message",
    [
        ("abc, 0, 10, x", "allowed: an id, times"),
        ("abcdefghijk, 10, 0, x", "allowed: an id, times"),
        ("abcdefghijk, nan, 10, x", "allowed: an id, times"),
        ("abcdefghijk, 0, 10", "allowed: id, start, end, labels"),
        ("../../passwd, 0, 10, x", "allowed: an id, times"),
    ],
)
def test_audioset_refuses_other_segments(published, tmp_path, row, message):
    shutil.copytree(published("audioset"), tmp_path, dirs_exist_ok=True)
    layouts.lines(tmp_path / "eval_segments.csv", row)
    with pytest.raises(DataError, match=message):
        build("audioset", tmp_path)


def test_audioset_tells_a_table_that_is_cut_off(published, tmp_path):
    shutil.copytree(published("audioset"), tmp_path, dirs_exist_ok=True)
    table = tmp_path / "balanced_train_segments.csv"
    layouts.lines(table, *table.read_text().splitlines()[:-1])
    told = build("audioset", tmp_path).problems
    assert f"{table.name}: 1 segments fewer than it announces" in told


def test_vegas_groups_clips_of_one_video(published):
    made = build("vegas", published("vegas"))
    groups = {e.path: e.group for e in made.entries}
    assert groups["dog/audios/video_00001.wav"] == "abcdefghijk"
    assert groups["drum/audios/video_00001.wav"] == "drum/audios/video_00001.wav"
    assert "baby_cry/audios: no sounds" in made.problems


def test_bbc_takes_the_first_category(published):
    made = build("bbc", published("bbc"))
    assert [e.labels[0] for e in made.entries] == [
        *("Engines", "uncategorised", "Birds", "uncategorised"),
    ]
    assert made.entries[1].extra["description"] == "Café, 1 1/2 h.p."
    assert made.entries[0].group == "EC1"


@pytest.mark.parametrize("name, table", [("bbc", "BBCSoundEffects.csv")])
def test_paths_of_a_catalogue_cannot_leave_the_root(tmp_path, name, table):
    layouts.bbc(tmp_path)
    path = tmp_path / table
    path.write_text(path.read_text().replace("07076051.wav", "../../secret.wav"))
    with pytest.raises(DataError, match="secret.wav.*without '..'"):
        build(name, tmp_path)
