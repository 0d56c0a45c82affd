"""The official splits and tasks of Speech Commands."""

from collections import Counter

import pytest

from tests.training.data import layouts
from training.data import registry
from training.data.speech_commands import TWELVE, which_set
from training.errors import DataError


# From validation_list.txt and testing_list.txt of v0.01; 00176480 is in neither.
@pytest.mark.parametrize(
    "name, split",
    [
        ("cat/8b775397_nohash_0.wav", "valid"),
        ("go/471a0925_nohash_3.wav", "valid"),
        ("four/7be5a0f3_nohash_1.wav", "valid"),
        ("cat/2aa787cf_nohash_0.wav", "test"),
        ("go/94de6a6a_nohash_4.wav", "test"),
        ("four/27c30960_nohash_0.wav", "test"),
        ("bed/00176480_nohash_0.wav", "train"),
    ],
)
def test_the_hash_split_is_the_published_one(name, split):
    assert which_set(name) == split


def test_all_takes_of_a_speaker_come_to_one_split():
    assert {which_set(f"bed/8b775397_nohash_{k}.flac") for k in range(50)} == {"valid"}


def test_percentages_can_be_others():
    assert which_set("bed/00176480_nohash_0.wav", valid=0, test=100) == "test"


def test_hash_and_lists_agree(published):
    by_hash = registry.build("speech_commands_v2", published("speech commands"))
    listed = registry.build("speech_commands_v1", published("speech commands, lists"))
    assert by_hash.entries == listed.entries


def test_every_word_is_a_label(published):
    made = registry.build("speech_commands_v2", published("speech commands"))
    assert set(made.labels) == set(layouts.WORDS)
    assert Counter(e.split for e in made.entries) == {
        "valid": 26,
        "test": 26,
        "train": 13,
    }


def twelve(published, **options):
    source = published("speech commands")
    return registry.build("speech_commands_v2", source, task=12, **options)


def test_twelve_classes_have_a_tenth_of_other_words(published):
    made = twelve(published)
    assert made.labels == TWELVE
    unknown = [e for e in made.entries if e.labels == ("_unknown_",)]
    assert Counter(e.split for e in unknown) == {"valid": 2, "test": 2, "train": 1}
    assert {e.extra["word"] for e in unknown} <= {"cat", "zero", "nine"}


def test_more_of_the_other_words_may_be_asked_for(published):
    made = twelve(published, unknown=1000)
    assert sum(e.labels == ("_unknown_",) for e in made.entries) == 15


def test_silence_is_parts_of_noises_each_in_one_split(published):
    silence = [e for e in twelve(published).entries if e.labels == ("_silence_",)]
    assert Counter(e.group for e in silence) == {
        "pink_noise": 3,
        "running_tap": 2,
        "mews": 2,
    }
    assert {(e.start, e.seconds) for e in silence} == {(0, 1), (1, 1), (2, 1)}
    assert len({(e.group, e.split) for e in silence}) == 3


def test_a_noise_that_cannot_be_read_is_told(tmp_path):
    layouts.speech_commands(tmp_path)
    (tmp_path / "_background_noise_" / "mews.wav").write_bytes(b"no")
    made = registry.build("speech_commands_v2", tmp_path, task=12)
    assert any(p.startswith("_background_noise_/mews.wav: unr") for p in made.problems)


def test_other_tasks_are_refused(published):
    with pytest.raises(DataError, match="task is 20; allowed: 12 or 35"):
        registry.build("speech_commands_v2", published("speech commands"), task=20)


def test_the_archive_has_speakers_but_for_silence(published):
    made = registry.build("speech_commands_test", published("speech commands, test"))
    assert made.labels == TWELVE
    of = {e.path: e for e in made.entries}
    unknown = of["_unknown_/backward_2aa787cf_nohash_2.wav"]
    assert (unknown.group, unknown.extra["word"]) == ("2aa787cf", "backward")
    assert of["_silence_/1024.wav"].group == "1024"
    assert of["yes/2aa787cf_nohash_0.wav"].group == "2aa787cf"


def test_listed_files_that_are_missing_are_told(tmp_path):
    layouts.speech_commands_listed(tmp_path)
    (tmp_path / "cat" / "8b775397_nohash_0.wav").unlink()
    made = registry.build("speech_commands_v1", tmp_path)
    assert "cat/8b775397_nohash_0.wav: listed, but missing" in made.problems


@pytest.mark.parametrize("line", ["/", "..", "../up.wav", "no such"])
def test_lines_of_a_list_may_be_anything(tmp_path, line):
    layouts.speech_commands_listed(tmp_path)
    with (tmp_path / "testing_list.txt").open("a") as file:
        file.write(f"{line}\n")
    made = registry.build("speech_commands_v1", tmp_path)
    assert f"{line}: listed, but missing" in made.problems


def test_a_file_in_both_lists_is_refused(tmp_path):
    layouts.speech_commands_listed(tmp_path)
    with (tmp_path / "testing_list.txt").open("a") as file:
        file.write("cat/8b775397_nohash_0.wav\n")
    with pytest.raises(DataError, match="testing_list.txt: .*is in both lists"):
        registry.build("speech_commands_v1", tmp_path)


def test_digits_come_from_either_layout(published):
    made = registry.build("sc09", published("sc09"))
    assert made.labels[0] == "zero" and made.labels[9] == "nine"
    with pytest.raises(DataError, match="no recordings in one, two"):
        registry.build("sc09", published("speech commands"))
