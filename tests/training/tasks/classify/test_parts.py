"""No source trains and tests, whatever the protocol."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.manifest import Entry, Manifest
from training.errors import DataError
from training.tasks.classify import parts
from training.tasks.classify.config import Data


def manifest(tmp_path, *entries: Entry) -> Manifest:
    return Manifest("m", tmp_path, ("a", "b"), tuple(entries))


def entry(n: int, **fields) -> Entry:
    return Entry(f"{n}.wav", ("ab"[n % 2],), **({"group": f"g{n // 2}"} | fields))


def by_speaker(tmp_path, count: int = 8) -> Manifest:
    return manifest(tmp_path, *(entry(n, fold=n // 2 + 1) for n in range(count)))


def test_the_manifests_own_split(tmp_path):
    made = manifest(tmp_path, *(entry(2 * n, split=s) for n, s in enumerate(SPLITS)))
    assert parts.runs(made, Data()) == (0,)
    assert list(parts.parts(made, Data(), 0)) == list(SPLITS)


SPLITS = ("train", "valid", "test", "")


@pytest.mark.parametrize("protocol", ["folds", "groups"])
def test_each_fold_or_group_is_tested_once(tmp_path, protocol):
    made, data = by_speaker(tmp_path), Data(protocol=protocol)
    assert parts.runs(made, data) == (1, 2, 3, 4)
    tested = [parts.parts(made, data, run) == "test" for run in (1, 2, 3, 4)]
    assert np.array_equal(np.sum(tested, axis=0), np.ones(8))


@given(seed=st.integers(0, 10**6), share=st.floats(0.01, 0.5))
def test_carved_groups_are_whole(tmp_path_factory, seed, share):
    random = np.random.default_rng(seed)
    groups = random.integers(0, 9, 40)
    made = manifest(
        tmp_path_factory.getbasetemp(),
        Entry("t.wav", ("a",), split="test", group="t"),
        *(
            Entry(f"{n}.wav", ("a",), split="train", group=f"g{g}")
            for n, g in enumerate(groups)
        ),
    )
    found = parts.parts(made, Data(valid_share=share), 0)[1:]
    for group in set(groups):
        assert len(set(found[groups == group])) == 1
    assert "train" in found and "valid" in found


@pytest.mark.parametrize(
    "change, message",
    [
        ({"group": "g0"}, "group 'g0' is in train and in test"),
        ({"path": "0.wav"}, "file '0.wav' is in train and in test"),
    ],
)
def test_a_leak_is_refused(tmp_path, change, message):
    leak = replace(entry(2, split="test"), **change)
    with pytest.raises(DataError, match=message):
        parts.parts(manifest(tmp_path, entry(0, split="train"), leak), Data(), 0)


@pytest.mark.parametrize("missing", ["train", "test"])
def test_nothing_to_train_or_test_on_is_said(tmp_path, missing):
    split = {"train": "test", "test": "train"}[missing]
    with pytest.raises(DataError, match=f"no sound is in the part '{missing}'"):
        parts.parts(manifest(tmp_path, entry(0, split=split)), Data(), 0)


def test_a_manifest_without_folds_is_said(tmp_path):
    with pytest.raises(DataError, match="0 folds to leave out"):
        parts.runs(manifest(tmp_path, entry(0)), Data(protocol="folds"))
