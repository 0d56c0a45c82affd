"""What is heard in a file, on the time axis of a picture."""

import numpy as np
import pytest

from rtaudio_dl.errors import ModelError
from rtaudio_dl.views.detections import hear
from tests.listening import HOP, RATE, WINDOW, write_recording, write_tones

COLUMNS = 300  # of 10 ms


@pytest.fixture(scope="module")
def hearing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hearing")
    recording = write_recording(folder / "tones.wav")
    parts = []
    model = write_tones(folder / "tones.onnx")
    heard = hear(recording, str(model), COLUMNS, parts.append)
    return heard, parts


def test_events_are_where_the_windows_are_that_hold_the_sound(hearing):
    events = hearing[0].events
    assert [event.label for event in events] == ["low", "high"]
    reach = (WINDOW + HOP) / RATE
    for event, (first, last) in zip(events, [(0.5, 1.0), (2.0, 2.4)], strict=True):
        assert first < event.on < first + reach
        assert last < event.off < last + reach
        assert event.confidence > 0.99


def test_scores_fill_all_columns_and_are_where_they_are_known(hearing):
    scores = hearing[0].scores
    assert scores.shape == (3, COLUMNS)
    assert scores[1, 70:100].min() > 0.9 and scores[2, 70:190].max() < 0.1
    assert scores[2, 215:240].min() > 0.9
    assert (np.argmax(scores[:, 120:195], axis=0) == 0).all()


def test_progress_goes_to_the_end(hearing):
    parts = hearing[1]
    assert parts == sorted(parts) and parts[-1] == 1


def test_the_strongest_keep_their_order(hearing):
    assert hearing[0].strongest(9) == [0, 1, 2]
    assert len(hearing[0].strongest(2)) == 2


def test_onsets_show_although_they_have_no_scores(tmp_path):
    heard = hear(write_recording(tmp_path / "tones.wav"), "onset", COLUMNS)
    assert heard.labels == ("onset",) and len(heard.events) >= 2
    assert heard.scores[0, 51] > 0.4 and heard.scores[0, 20:49].max() == 0


def test_a_model_of_another_kind_is_refused(tmp_path):
    recording = write_recording(tmp_path / "tones.wav")
    with pytest.raises(ModelError, match="classifier"):
        hear(recording, "drums")
