"""A classifier's configuration is frozen data; mistakes say what is allowed."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from training.errors import ConfigError
from training.run import registry as tasks
from training.tasks.classify import config

CONFIGS = Path(__file__).parents[4] / "configs"
SHIPPED = sorted(
    p for p in CONFIGS.glob("*.toml") if 'task = "classifier"' in p.read_text("utf-8")
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_files_are_valid(path):
    loaded = config.Config.load(path)
    assert tasks.of_config(path) == "classifier"
    assert loaded.model.licence or path.stem.endswith("paper")
    assert config.Config.from_json(loaded.to_json(), "json") == loaded


def test_there_are_shipped_files():
    assert {p.stem for p in SHIPPED} >= {"commands", "digits", "esc10"}


def test_is_frozen():
    with pytest.raises(FrozenInstanceError):
        config.Config().data.frames = 1


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"model": {"knd": "resnet"}}, r"unknown key model\.knd; known: .*kind"),
        ({"model": {"kind": "transformer"}}, "allowed: resnet, dsresnet, bcresnet"),
        ({"model": {"widths": [8]}}, "1 stages and model.blocks 3"),
        ({"model": {"widths": [], "blocks": []}}, "at least one"),
        ({"model": {"widths": [0], "blocks": [1]}}, "allowed 1 to 1024"),
        ({"data": {"frames": 300}}, "data.frames is 300; allowed: front.window, 512"),
        ({"data": {"speeds": [9.0]}}, "data.speeds is .*; allowed: 0.5 to 2"),
        ({"data": {"fold": 2}}, "data.fold needs data.protocol folds or groups"),
        ({"data": {"silence_share": 0.1}}, "needs data.silence"),
        ({"front": {"low_hz": 9000.0}}, "front: low_hz 9000"),
        ({"training": {"label_smoothing": 0.9}}, "allowed: 0 to 0.5"),
    ],
)
def test_mistakes_are_explained(fields, message):
    with pytest.raises(ConfigError, match=message):
        config.Config.from_mapping(fields, "a.toml")
