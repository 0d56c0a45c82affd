"""ESC-50's table, ESC-10 out of it, and ESC-10 as first published."""

import shutil

import pytest

from training.data.esc import esc10, esc50
from training.errors import DataError


def test_the_official_folds_and_sources_are_kept(published):
    entry = esc50(published("esc50")).entries[0]
    assert (entry.path, entry.labels) == ("audio/1-100-A-0.wav", ("dog",))
    assert (entry.fold, entry.group, entry.extra) == (1, "100", {"take": "A"})


def test_only_esc_10_may_be_used_freely(published):
    licences = {e.labels[0]: e.licence for e in esc50(published("esc50")).entries}
    assert licences == {"dog": "CC-BY-3.0", "chirping_birds": "CC-BY-NC-3.0"}


def test_the_first_layout_has_fold_and_source_in_its_names(published):
    entry = next(e for e in esc10(published("esc10")).entries if "2-202-B" in e.path)
    assert entry.labels == ("rain",)
    assert (entry.fold, entry.group, entry.extra["take"]) == (2, "202", "B")


def test_licences_come_from_the_credits(published):
    licences = {e.path: e.licence for e in esc10(published("esc10")).entries}
    assert licences["001 - Dog bark/1-101-A.ogg"] == "CC0-1.0"
    assert licences["001 - Dog bark/1-101-B.ogg"] == "CC-BY-3.0"


def test_wrong_counts_are_told(published):
    assert "fold 3: 4 clips, published: 400" in esc50(published("esc50")).problems


def test_another_format_of_the_same_clip_is_found(published, tmp_path):
    shutil.copytree(published("esc50"), tmp_path, dirs_exist_ok=True)
    (tmp_path / "audio/1-100-A-0.wav").rename(tmp_path / "audio/1-100-A-0.flac")
    assert esc50(tmp_path).entries[0].path == "audio/1-100-A-0.flac"


def changed_table(published, folder, old: str, new: str):
    shutil.copytree(published("esc50") / "meta", folder / "meta")
    table = folder / "meta" / "esc50.csv"
    table.write_text(table.read_text().replace(old, new, 1))
    return folder


def test_a_fold_that_is_no_number_is_said(published, tmp_path):
    source = changed_table(published, tmp_path, ",1,0,dog", ",one,0,dog")
    with pytest.raises(DataError, match="esc50.csv: fold or target: .*'one'"):
        esc50(source)


def test_names_of_no_known_form_are_told(published, tmp_path):
    shutil.copytree(published("esc10"), tmp_path, dirs_exist_ok=True)
    old = tmp_path / "002 - Rain" / "1-201-A.ogg"
    old.rename(old.with_name("rain.ogg"))
    made = esc10(tmp_path)
    assert len(made.entries) == 19
    assert "002 - Rain/rain.ogg: not named FOLD-CLIPID-TAKE" in made.problems
