"""Prepared notes: their cache, their levels, the encoder's view."""

import numpy as np
import pytest
import soundfile

from tests.training.tasks.notes import tiny
from training.data import nsynth
from training.errors import DataError
from training.tasks.notes import features
from training.tasks.notes.form import FRAMES, RATE


@pytest.fixture(scope="module")
def notes(notes_folder, tmp_path_factory):
    return features.load(notes_folder, tmp_path_factory.mktemp("cache"), processes=1)


def test_every_note_is_there(notes):
    assert len(notes.notes) == 22
    assert len(notes.rows("train")) == 12
    assert sorted(map(len, notes.instruments().values())) == [6, 8, 8]


def test_levels_survive_their_storage(notes):
    row = [n.name == "bow" and n.pitch == 60 for n in notes.notes].index(True)
    wanted = 20 * np.log10(tiny.VELOCITIES[1] / 127)
    if notes.notes[row].velocity != tiny.VELOCITIES[1]:
        wanted = 20 * np.log10(tiny.VELOCITIES[0] / 127)
    first = features.decibels(notes.partials[row, 60, :2])
    assert first == pytest.approx(np.array([-12.0, -18.0]) + wanted, abs=0.8)


def test_every_instrument_is_brought_to_one_level(notes):
    assert len(set(notes.gain_db)) == 3


def test_the_cache_is_read_back(notes, notes_folder, tmp_path):
    first = features.load(notes_folder, tmp_path, processes=1)
    (path,) = tmp_path.iterdir()
    stamp = path.stat().st_mtime_ns
    again = features.load(notes_folder, tmp_path, processes=1)
    assert path.stat().st_mtime_ns == stamp
    assert again.digest == first.digest == notes.digest
    assert np.array_equal(again.partials, notes.partials)


def test_a_torn_cache_is_refused(notes_folder, tmp_path):
    features.load(notes_folder, tmp_path, processes=1)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="delete it"):
        features.load(notes_folder, tmp_path, processes=1)


def test_many_processes_give_the_same(notes, notes_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(features, "CHUNK", 12)
    spread = features.load(notes_folder, tmp_path, processes=2)
    assert np.array_equal(spread.partials, notes.partials)
    assert np.array_equal(spread.mel, notes.mel)


def test_loudness_hardly_counts_for_the_encoder():
    sound = tiny.tone(60)
    loud, soft = features.encoder_view(sound), features.encoder_view(0.5 * sound)
    heard = loud > -3.0
    assert heard.any()
    assert np.abs(loud - soft)[heard].max() < 0.1


def test_cells_take_every_feature_frame_once():
    weights = features.cell_weights()
    assert np.all((weights > 0).sum(axis=1) == 1)
    assert weights.sum(axis=0) == pytest.approx(1.0)


def test_files_of_other_lengths_are_cut_and_padded(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.ones(100) * 0.5, RATE)
    audio = nsynth.read_audio(path)
    assert audio.shape == (FRAMES,)
    assert audio[200] == 0
    soundfile.write(path, np.ones(100), 8_000)
    with pytest.raises(DataError, match="8000 Hz"):
        nsynth.read_audio(path)
