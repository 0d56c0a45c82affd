"""TensorFlow is in the `train` extra only; without it this folder has no tests."""

import pytest

pytest.importorskip("tensorflow")

from tests.training import tiny  # noqa: E402


@pytest.fixture(scope="session")
def drums(tmp_path_factory):
    """A folder that holds `drums/`: six kits of two classes."""
    folder = tmp_path_factory.mktemp("training")
    tiny.write_drums(folder / "drums")
    return folder
