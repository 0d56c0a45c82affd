"""Every file is opened once, and what is wrong with it is said."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.training.data.layouts import sound
from training.data import audit
from training.data.adaptor import Adaptor
from training.data.manifest import Entry, Manifest

EXPECTED = Adaptor("made", "", lambda source: None, (), 8_000, (0.1, 0.5))


def made(root: Path, *paths: str, **changes) -> Manifest:
    entries = tuple(replace(Entry(p, ("clap",)), **changes) for p in paths)
    return Manifest("made", root, ("clap",), entries)


def problems(manifest: Manifest, **options) -> tuple[str, ...]:
    return audit.audit(manifest, EXPECTED, **options).problems


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "sounds"
    for k in range(4):
        sound(folder / f"{k}.wav")
    return folder


def test_good_files_pass(root):
    given = made(root, "0.wav", "1.wav", "2.wav", "3.wav")
    assert audit.audit(given, EXPECTED) == given


def test_what_cannot_be_used_is_left_out_and_named(root):
    (root / "1.wav").write_bytes(b"not a sound")
    (root / "2.wav").write_bytes(b"")
    soundfile.write(root / "3.wav", np.zeros(0), 8_000)
    given = made(root, "0.wav", "1.wav", "2.wav", "3.wav", "4.wav")
    done = audit.audit(given, EXPECTED)
    assert [e.path for e in done.entries] == ["0.wav"]
    faults = dict(p.split(": ", 1) for p in done.problems)
    assert faults["4.wav"] == "missing" and faults["3.wav"] == "empty"
    assert faults["1.wav"].startswith("unreadable: ")
    assert faults["2.wav"].startswith("unreadable: ")


def test_other_rates_and_lengths_stay_and_are_told(root):
    sound(root / "1.wav", 16_000)
    sound(root / "2.wav", 16_000)
    sound(root / "3.wav", seconds=0.6)
    sound(root / "4.wav", seconds=0.01)
    given = made(root, *(f"{k}.wav" for k in range(5)))
    done = audit.audit(given, EXPECTED)
    assert done.entries == given.entries
    assert done.problems == (
        "2 files such as 1.wav: 16000 Hz, published: 8000 Hz",
        "3.wav: longer than the published 0.5 s",
        "4.wav: shorter than the published 0.1 s",
    )


def test_only_decoding_finds_what_is_cut_off(root):
    flac = root / "0.flac"
    sound(flac, seconds=0.5)
    flac.write_bytes(flac.read_bytes()[:4000])
    assert problems(made(root, "0.flac")) == ()
    (line,) = problems(made(root, "0.flac"), decode=True)
    assert line.startswith(("0.flac: cut off after", "0.flac: unreadable"))


def test_sounds_that_are_not_finite_are_found_by_decoding(root):
    soundfile.write(root / "0.wav", np.full(1000, np.nan), 8_000, subtype="FLOAT")
    assert problems(made(root, "0.wav"), decode=True) == ("0.wav: not finite",)


def test_a_part_beyond_the_end_is_left_out(root):
    given = made(root, "0.wav", start=3.0, seconds=1.0)
    assert problems(given) == ("0.wav: its part begins at 3 s, but it lasts 0.20 s",)


def test_links_to_other_places_are_refused(root):
    sound(root.parent / "secret.wav")
    (root / "0.wav").unlink()
    (root / "0.wav").symlink_to(root.parent / "secret.wav")
    assert problems(made(root, "0.wav"))[0].startswith("0.wav: link to a file outside")


def test_what_claims_to_be_endless_is_refused(root, monkeypatch):
    monkeypatch.setattr(audit, "MAX_SAMPLES", 1000)
    assert problems(made(root, "0.wav")) == ("0.wav: too long: 1600 frames",)


def opened(manifest: Manifest, cache: Path, **options) -> list[str]:
    """The files that an audit opened."""
    seen: list[str] = []

    def watch(paths):
        seen.extend(paths)
        return paths

    audit.audit(manifest, EXPECTED, cache, progress=watch, **options)
    return seen


def test_only_changed_files_are_opened_again(root, tmp_path):
    cache, given = tmp_path / "m.audit.csv", made(root, "0.wav", "1.wav", "9.wav")
    assert opened(given, cache) == ["0.wav", "1.wav", "9.wav"]
    assert opened(given, cache) == ["9.wav"]
    sound(root / "1.wav", seconds=0.3)
    assert opened(given, cache) == ["1.wav", "9.wav"]
    os.utime(root / "0.wav", ns=(1, 1))
    assert opened(given, cache) == ["0.wav", "9.wav"]


def test_decoding_opens_what_was_not_decoded(root, tmp_path):
    cache, given = tmp_path / "m.audit.csv", made(root, "0.wav")
    opened(given, cache)
    assert opened(given, cache, decode=True) == ["0.wav"]
    assert opened(given, cache) == opened(given, cache, decode=True) == []


def test_a_stop_loses_nothing_that_was_done(root, tmp_path):
    cache, given = tmp_path / "m.audit.csv", made(root, "0.wav", "1.wav", "2.wav")

    def stop(paths):
        yield paths[0]
        yield paths[1]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit.audit(given, EXPECTED, cache, progress=stop)
    assert opened(given, cache) == ["2.wav"]


@pytest.mark.parametrize("spoilt", [b"", b"\xff\xfe", b"path,size\n", b"x" * 300_000])
def test_a_spoilt_cache_is_made_anew(root, tmp_path, spoilt):
    cache, given = tmp_path / "m.audit.csv", made(root, "0.wav")
    cache.write_bytes(spoilt)
    assert opened(given, cache) == ["0.wav"]
    assert opened(given, cache) == []


def test_many_files_come_out_in_order(root, monkeypatch):
    monkeypatch.setattr(audit, "BATCH", 2)
    (root / "2.wav").unlink()
    done = audit.audit(made(root, "3.wav", "2.wav", "1.wav", "0.wav"), EXPECTED)
    assert [e.path for e in done.entries] == ["3.wav", "1.wav", "0.wav"]
