"""The table that `prepare` prints."""

from pathlib import Path

from training.data import table
from training.data.manifest import Entry, Manifest


def made(*entries: Entry, labels=("clap", "snap")) -> Manifest:
    return Manifest("made", Path("."), labels, entries)


def rows(manifest: Manifest) -> list[list[str]]:
    return [line.split() for line in table.counts(manifest).splitlines()]


def test_splits_come_in_their_order_and_add_up():
    given = made(
        Entry("1", ("snap",), "test", group="a"),
        Entry("2", ("clap",), "train", group="b"),
        Entry("3", ("clap",), "train", group="b"),
        Entry("4", ("clap",), group="c"),
    )
    assert rows(given) == [
        ["class", "train", "test", "unsplit", "all"],
        ["clap", "2", "0", "1", "3"],
        ["snap", "0", "1", "0", "1"],
        ["clips", "2", "1", "1", "4"],
        ["sources", "or", "speakers", "1", "1", "1", "3"],
    ]


def test_folds_are_columns():
    given = made(*(Entry(str(k), ("clap",), fold=k) for k in (10, 2, 1)))
    assert rows(given)[0] == "class fold 1 fold 2 fold 10 all".split()


def test_a_clip_of_two_classes_is_one_clip():
    assert rows(made(Entry("1", ("clap", "snap"))))[-2] == ["clips", "1", "1"]


def test_hundreds_of_classes_are_cut():
    labels = tuple(f"class{k}" for k in range(table.MAX_CLASSES + 5))
    given = made(*(Entry("1", (label,)) for label in labels), labels=labels)
    assert "… 5 more classes" in table.counts(given)


def test_licences_are_counted():
    given = made(Entry("1", ("clap",), licence="MIT"), Entry("2", ("clap",)))
    assert table.licences(given) == "MIT (1), not given (1)"
