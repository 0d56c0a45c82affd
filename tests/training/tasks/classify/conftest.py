"""Sounds made once for the whole folder, and one run trained on them."""

import pytest

from tests.training.tasks.classify import tiny


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with `sounds/` and `sounds.csv`."""
    folder = tmp_path_factory.mktemp("classify")
    tiny.write_manifest(folder)
    return folder


@pytest.fixture(scope="session")
def trained(folder):
    """The configuration of a run that has ended, and learned something."""
    from training.run import loop
    from training.tasks.classify import cross
    from training.tasks.classify.task import TASK

    config = tiny.config(
        folder,
        training={"epochs": 30, "seed": 2},
        output={"run": str(folder / "run"), "valid_every": 10},
    )
    (part,) = cross.runs(config)
    assert loop.start(TASK, part).train()
    return config
