"""TensorFlow is in the `train` extra only; without it this folder has no tests."""

import pytest

pytest.importorskip("tensorflow")

from tests.training.tasks.notes import tiny as tiny_notes  # noqa: E402
from tests.training.tasks.wavegan import tiny  # noqa: E402


@pytest.fixture(scope="session")
def drums(tmp_path_factory):
    """A folder that holds `drums/`: six kits of two classes."""
    folder = tmp_path_factory.mktemp("training")
    tiny.write_drums(folder / "drums")
    return folder


@pytest.fixture(scope="session")
def notes_folder(tmp_path_factory):
    """A folder in NSynth's format."""
    return tiny_notes.write_notes(tmp_path_factory.mktemp("nsynth") / "notes")
