"""Notes on disk, made once, and a run that was trained on them for a few steps."""

import pytest

from tests.training.notes import tiny


@pytest.fixture(scope="session")
def notes_folder(tmp_path_factory):
    """A folder in NSynth's format."""
    return tiny.write_notes(tmp_path_factory.mktemp("nsynth") / "notes")


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory, notes_folder):
    """A run of four steps that has ended."""
    from training.notes.loop import start

    folder = tmp_path_factory.mktemp("notes")
    run = start(tiny.config(folder, notes_folder))
    assert run.train()
    return run
