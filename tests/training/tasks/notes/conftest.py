"""Notes on disk, made once, and a run that was trained on them for a few steps."""

import pytest

from tests.training.tasks.notes import tiny


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory, notes_folder):
    """A run of four steps that has ended."""
    from training.tasks.notes.loop import start

    folder = tmp_path_factory.mktemp("notes")
    run = start(tiny.config(folder, notes_folder))
    assert run.train()
    return run
