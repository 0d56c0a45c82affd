"""Sounds come into class folders; nothing is overwritten, nothing done twice."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tests.training.data.layouts import LAYOUTS, sounds
from training.data import audio, registry, sort, splits
from training.data import sounds as generator_sounds
from training.data.clips import ClipData
from training.data.manifest import Entry, Manifest
from training.errors import DataError


def files(folder) -> list[str]:
    found = (p for p in folder.rglob("*") if p.is_file() and p.name != "manifest.csv")
    return sorted(p.relative_to(folder).as_posix() for p in found)


@pytest.fixture
def made(tmp_path) -> Manifest:
    names = ("x/1.wav", "x/2.wav", "y/1.wav")
    sounds(tmp_path / "in", *names)
    entries = tuple(
        Entry(name, (label,), "train", 0, name[0], "CC0-1.0")
        for name, label in zip(names, ("clap", "clap", "snap"), strict=True)
    )
    return Manifest("made", tmp_path / "in", ("clap", "snap"), entries)


def test_files_are_copied_by_class(made, tmp_path):
    done = sort.sort(made, tmp_path / "out")
    assert (done.laid, done.there, done.problems) == (3, 0, ())
    assert files(tmp_path / "out") == ["clap/1.wav", "clap/2.wav", "snap/1.wav"]
    copy, original = tmp_path / "out/snap/1.wav", tmp_path / "in/y/1.wav"
    assert copy.read_bytes() == original.read_bytes()
    assert not copy.samefile(original)


def test_links_share_the_contents(made, tmp_path):
    sort.sort(made, tmp_path / "out", link=True)
    assert (tmp_path / "out/snap/1.wav").samefile(tmp_path / "in/y/1.wav")


@pytest.mark.parametrize("link", [False, True])
def test_again_does_nothing(made, tmp_path, link):
    sort.sort(made, tmp_path / "out", link)
    again = sort.sort(made, tmp_path / "out", link)
    assert (again.laid, again.there, again.problems) == (0, 3, ())


def test_what_was_stopped_goes_on(made, tmp_path):
    def stop(places):
        yield places[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sort.sort(made, tmp_path / "out", progress=stop)
    done = sort.sort(made, tmp_path / "out")
    assert (done.laid, done.there) == (2, 1)


def test_another_file_is_never_overwritten(made, tmp_path):
    mine = tmp_path / "out" / "snap" / "1.wav"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    done = sort.sort(made, tmp_path / "out")
    assert done.laid == 2
    assert done.problems == (
        "snap/1.wav: another file of that name is there; left as it is",
    )
    assert mine.read_bytes() == b"mine"


def test_a_table_of_something_else_stops_it(made, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.csv").write_text("mine")
    with pytest.raises(DataError, match="differs; sort into an empty folder"):
        sort.sort(made, tmp_path / "out")
    assert files(tmp_path / "out") == []


def test_names_that_meet_get_their_folder(made, tmp_path):
    same = tuple(replace(e, labels=("clap",)) for e in made.entries)
    sort.sort(replace(made, entries=same), tmp_path / "out")
    assert files(tmp_path / "out") == [f"clap/{n}.wav" for n in ("x_1", "x_2", "y_1")]


def test_several_labels_several_folders(made, tmp_path):
    both = replace(made.entries[0], labels=("clap", "snap"))
    sort.sort(replace(made, entries=(both,), multi_label=True), tmp_path / "out")
    assert files(tmp_path / "out") == ["clap/1.wav", "snap/1.wav"]


def test_parts_are_written_by_themselves(made, tmp_path):
    part = replace(made.entries[0], start=0.05, seconds=0.1)
    sort.sort(replace(made, entries=(part,)), tmp_path / "out", link=True)
    assert files(tmp_path / "out") == ["clap/1@0.05.wav"]
    sound, rate = soundfile.read(tmp_path / "out/clap/1@0.05.wav", dtype="float32")
    assert rate == 8_000
    assert np.array_equal(sound[:, None], audio.read(made.root, part)[0])


@pytest.mark.parametrize("label", ["../../up", "..", "a/b", 'so-called "x"', "c:d"])
def test_labels_never_leave_the_folder(made, tmp_path, label):
    entry = replace(made.entries[0], labels=(label,))
    odd = replace(made, labels=(label,), entries=(entry,))
    assert sort.sort(odd, tmp_path / "out").laid == 1
    (path,) = files(tmp_path / "out")
    assert path.count("/") == 1


def test_a_missing_sound_is_a_problem_of_its_own(made, tmp_path):
    (made.root / "x" / "1.wav").unlink()
    done = sort.sort(made, tmp_path / "out")
    assert done.laid == 2
    assert done.problems[0].startswith("clap/1.wav: ")
    assert files(tmp_path / "out") == ["clap/2.wav", "snap/1.wav"]


@pytest.mark.parametrize(
    "layout, split",
    [("esc10", "official"), ("esc10", "group"), ("nsynth", "group"), ("sc09", "auto")],
)
def test_splits_folds_and_groups_survive(published, tmp_path, layout, split):
    name = LAYOUTS[layout][0]
    before = registry.build(name, published(layout), split=split, seed=2)
    sort.sort(before, tmp_path / "out")
    after = registry.build("folder", tmp_path / "out")

    def facts(manifest):
        return sorted(
            (splits.group_of(e), e.split, e.fold, e.labels) for e in manifest.entries
        )

    assert facts(after) == facts(before)


def test_a_generator_trains_on_the_same_splits(made, tmp_path):
    sort.sort(made, tmp_path / "out")
    clips = generator_sounds.find(ClipData(source=str(tmp_path / "out")))
    assert [(c.path, c.label, c.split) for c in clips] == [
        ("clap/1.wav", "clap", "train"),
        ("clap/2.wav", "clap", "train"),
        ("snap/1.wav", "snap", "train"),
    ]


def test_records_become_files(published, tmp_path):
    sort.sort(registry.build("nsynth", published("nsynth, tfrecord")), tmp_path / "out")
    assert "bass/bass_synthetic_033-022-050.wav" in files(tmp_path / "out")
