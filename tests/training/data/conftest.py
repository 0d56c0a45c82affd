"""The layouts, each written once."""

import pytest

from tests.training.data.layouts import LAYOUTS


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """Gives the folder of a layout; not to be changed by a test."""
    folders = {}

    def folder(layout: str):
        if layout not in folders:
            folders[layout] = tmp_path_factory.mktemp("published")
            LAYOUTS[layout][1](folders[layout])
        return folders[layout]

    return folder
