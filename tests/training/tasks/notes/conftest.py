"""Notes on disk, made once, and a run that was trained on them for a few steps."""

import pytest

from tests.training.tasks.notes import tiny


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory, notes_folder):
    """A run of four steps that has ended."""
    from tests.training.running import start
    from training.tasks.notes.task import TASK

    folder = tmp_path_factory.mktemp("notes")
    run = start(TASK, tiny.config(folder, notes_folder))
    assert run.train()
    return run
