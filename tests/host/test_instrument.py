"""A patch and its model become an instrument, or leave nothing behind."""

from __future__ import annotations

import pytest

from rtaudio_dl.engine import layout
from rtaudio_dl.errors import ModelError
from rtaudio_dl.host import instrument as instruments
from rtaudio_dl.kinds.sound import kind
from tests.engine.rig import make_patch
from tests.models.models import write_classifier, write_oneshot


@pytest.fixture
def engine():
    return layout.Engine(48_000, polyphony=4)


def installed(engine, path):
    patch = make_patch(model=str(path), keys=[36])
    return instruments.install(engine, patch, 2, "cpu")


def test_a_model_of_another_kind_is_refused(engine, tmp_path):
    path = write_classifier(tmp_path / "ears.onnx")
    with pytest.raises(
        ModelError, match=r"ears\.onnx is of kind classifier; allowed: oneshot, note"
    ):
        installed(engine, path)


@pytest.mark.parametrize("step", ["_build", "write_sounds", "_bind"])
def test_a_failure_half_way_releases_the_model(engine, tmp_path, monkeypatch, step):
    opened = []
    real = instruments.open_model
    monkeypatch.setattr(
        instruments, "open_model", lambda *a: opened.append(real(*a)) or opened[0]
    )

    def fail(*_arguments):
        raise MemoryError

    monkeypatch.setattr(kind, step, fail)
    with pytest.raises(MemoryError):
        installed(engine, write_oneshot(tmp_path / "tones.onnx"))
    assert opened[0].session.address == 0
    assert engine.node_life[2] == layout.EMPTY
