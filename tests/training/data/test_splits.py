"""Groups are never torn apart, and a leak is always found."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data import splits
from training.data.manifest import Entry, Manifest
from training.errors import DataError

PAIRS = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["dog", "cat"]))
CLIPS = st.lists(PAIRS, min_size=1, max_size=60)


def made(*pairs: tuple[str, str]) -> Manifest:
    named = enumerate(pairs)
    entries = [Entry(f"{k}.wav", (label,), group=g) for k, (g, label) in named]
    return Manifest("made", Path("."), ("cat", "dog"), tuple(entries))


def many(groups: int = 40) -> Manifest:
    return made(*((f"g{k}", label) for k in range(groups) for label in ("dog", "cat")))


def shares(manifest: Manifest, label: str) -> dict[str, float]:
    counts = Counter(e.split for e in manifest.entries if e.labels == (label,))
    return {split: n / counts.total() for split, n in counts.items()}


@settings(deadline=None)
@given(CLIPS, st.integers(0, 9))
def test_a_split_by_group_never_leaks(pairs, seed):
    splits.check_no_leak(splits.by_group(made(*pairs), seed, 20, 20))


@settings(deadline=None)
@given(CLIPS, st.integers(2, 5), st.integers(0, 9))
def test_folds_never_leak_and_none_is_empty(pairs, folds, seed):
    if len({g for g, _ in pairs}) >= folds:
        dealt = splits.into_folds(made(*pairs), folds, seed)
        splits.check_no_leak(dealt)
        assert {e.fold for e in dealt.entries} == set(range(1, folds + 1))


@settings(deadline=None)
@given(CLIPS)
def test_order_and_file_names_do_not_matter(pairs):
    forth = splits.by_group(made(*pairs)).entries
    back = splits.by_group(made(*pairs[::-1])).entries
    assert {(e.group, e.split) for e in forth} == {(e.group, e.split) for e in back}


def test_every_label_gets_its_share():
    split = splits.by_group(many(), valid=10, test=20)
    for label in ("dog", "cat"):
        assert shares(split, label) == pytest.approx(
            {"train": 0.7, "valid": 0.1, "test": 0.2}, abs=0.03
        )


def test_rare_labels_are_spread():
    common = [(f"c{k}", "dog") for k in range(200)]
    rare = [(f"r{k}", "cat") for k in range(10)]
    split = splits.by_group(made(*common, *rare), valid=10, test=10)
    assert shares(split, "cat") == pytest.approx(
        {"train": 0.8, "valid": 0.1, "test": 0.1}
    )


def test_three_groups_fill_three_splits():
    split = splits.by_group(made(("a", "dog"), ("b", "dog"), ("c", "dog")))
    assert {e.split for e in split.entries} == {"train", "valid", "test"}


def test_nothing_asked_nothing_held_out():
    split = splits.by_group(many(), valid=0, test=0)
    assert {e.split for e in split.entries} == {"train"}


def test_the_seed_changes_the_split():
    ones, twos = (splits.by_group(many(), seed).entries for seed in (1, 2))
    assert [e.split for e in ones] != [e.split for e in twos]


def test_without_a_group_the_file_is_one():
    split = splits.by_group(made(*[("", "dog")] * 30), valid=20, test=20)
    assert shares(split, "dog") == pytest.approx(
        {"train": 0.6, "valid": 0.2, "test": 0.2}
    )


def torn(**changes) -> Manifest:
    """Two entries of which the second is changed."""
    first = Entry("a.wav", ("dog",), "train", 1, "ann")
    return replace(made(), entries=(first, replace(first, **changes)))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"path": "b.wav", "split": "test"}, "group ann is in the splits test, train"),
        ({"path": "b.wav", "fold": 2}, "group ann is in the folds 1, 2"),
        ({"group": "bo", "split": "valid"}, "file a.wav is in the splits train, valid"),
        ({"group": "", "split": "test"}, "file a.wav is in the splits"),
    ],
)
def test_leaks_are_named(changes, message):
    with pytest.raises(DataError, match=message):
        splits.check_no_leak(torn(**changes))


def test_parts_of_one_file_in_one_split_are_no_leak():
    splits.check_no_leak(torn(start=1.0, seconds=1.0))


def test_what_has_no_split_does_not_leak():
    splits.check_no_leak(torn(split="", fold=0))


def test_many_leaks_make_one_line():
    half = splits.by_group(many(9), valid=0, test=0)
    moved = [replace(e, split="test") for e in half.entries[::2]]
    with pytest.raises(DataError, match="and 6 more; split by group"):
        splits.check_no_leak(replace(half, entries=(*moved, *half.entries[1::2])))
