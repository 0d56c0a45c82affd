"""The words that the listening benchmark plays, and how their events are judged."""

import numpy as np
import pytest
import soundfile

from lab.errors import BenchError
from lab.words import CLICK_SECONDS, Word, clip_files, draw, judge
from rtaudio_dl.kinds.classifier.listener import Detection

RATE = 16_000


def event(label: str, seconds: float, late: float = 0.0) -> Detection:
    frame = round(seconds * RATE)
    told = frame + round(late * RATE)
    return Detection(seconds, frame, label, 1.0, True, 0.0, seconds, 0.5, told)


def word(label: str, begin: float) -> Word:
    frames = (round(s * RATE) for s in (begin, begin + 1, begin + 0.6))
    return Word(label, *frames)


@pytest.fixture
def folder(tmp_path):
    for label in ("yes", "no"):
        (tmp_path / label).mkdir()
        for number in range(3):
            clip = np.zeros(8000)
            clip[2000:5000] = 0.5 * np.sin(np.arange(3000))
            soundfile.write(tmp_path / label / f"{number}.wav", clip, 8000)
    return tmp_path


def test_words_lie_where_they_are_said_to_be(folder):
    sound, words = draw(clip_files(folder, ["no", "yes", "up"]), 5, RATE)
    assert len(words) == 5 and {w.label for w in words} <= {"yes", "no"}
    assert sound[round(CLICK_SECONDS * RATE)] == np.float32(0.9)
    for said in words:
        assert said.end - said.begin == RATE
        assert said.spoken - said.begin == pytest.approx(10_000, abs=RATE // 50)
        assert np.abs(sound[said.begin : said.begin + 3000]).max() < 0.05
        assert np.abs(sound[said.begin + 5000 : said.spoken - 500]).max() > 0.3


def test_a_folder_without_words_is_an_error(tmp_path):
    with pytest.raises(BenchError, match="named as the model's labels: yes, no"):
        clip_files(tmp_path, ["yes", "no"])


def test_each_word_takes_one_event_and_the_rest_are_too_many():
    words = [word("yes", 1), word("no", 4), word("up", 7)]
    events = [
        *(event("yes", 1.5, late=0.2), event("yes", 1.9)),  # right, and once more
        *(event("yes", 4.5), event("no", 6.2)),  # wrong, and too late to be right
        event("no", 0.2),
    ]
    verdict = judge(words, events, 0, RATE)
    assert (verdict.right, verdict.wrong, verdict.missed) == (1, 1, 1)
    assert verdict.extra == 3
    assert verdict.heard == ("yes", "yes", "")
    assert verdict.delays == pytest.approx((0.1,))


def test_events_may_be_counted_from_another_frame():
    verdict = judge([word("yes", 1)], [event("yes", 11.5)], 10 * RATE, RATE)
    assert verdict.right == 1
    assert verdict.delays == pytest.approx((-0.1,))
