"""TensorBoard is welcome, not needed."""

import builtins

import numpy as np
import pytest

from training.run.board import Board


def test_without_tensorboard_a_line_says_so(tmp_path, monkeypatch):
    genuine = builtins.__import__

    def without(name, *rest):
        if name == "tensorboard":
            raise ImportError(name)
        return genuine(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    board = Board(tmp_path)
    board.scalars({"loss": 1.0}, 1)
    board.sounds(np.zeros((1, 64), np.float32), ["kick"], 4_000, 1)
    assert "pip install tensorboard" in board.note
    assert not list(tmp_path.iterdir())


def test_with_tensorboard_figures_and_sounds_are_written(tmp_path):
    pytest.importorskip("tensorboard")
    board = Board(tmp_path)
    board.scalars({"loss": 1.0}, 1)
    board.sounds(np.zeros((2, 64), np.float32), ["kick", "hat"], 4_000, 1)
    (events,) = tmp_path.iterdir()
    written = events.read_bytes()
    assert all(name in written for name in (b"loss", b"kick", b"hat"))
