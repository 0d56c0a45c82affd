"""A configuration is frozen data; what is wrong in it is said with what is allowed."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from training.errors import ConfigError
from training.tasks.wavegan import config

SHIPPED = sorted(Path(__file__).parents[4].glob("configs/wavegan_*.toml"))


def load(tmp_path: Path, text: str) -> config.Config:
    path = tmp_path / "a.toml"
    path.write_text(text)
    return config.Config.load(path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_files_are_valid(path):
    assert config.Config.load(path).model.latent == 100


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_json_gives_the_same_back(path):
    loaded = config.Config.load(path)
    assert config.Config.from_json(loaded.to_json(), "json") == loaded


def test_defaults_are_the_published_ones():
    model, training = config.Model(), config.Training()
    assert (model.dim, model.kernel, model.phase_shuffle) == (64, 25, 2)
    assert (training.loss, training.penalty, training.critics) == (
        "wgan-gp",
        10.0,
        5,
    )
    assert (training.beta_1, training.beta_2, training.batch) == (0.5, 0.9, 64)


def test_is_frozen():
    with pytest.raises(FrozenInstanceError):
        config.Config().data.frames = 1


@pytest.mark.parametrize(
    "text, message",
    [
        ("[model]\ndimm = 3", r"unknown key model\.dimm; known: .*dim"),
        ("[modl]\ndim = 3", r"unknown key modl; known: data, model"),
        ('[model]\ndim = "3"', r"model\.dim is '3'; allowed: a value of type int"),
        ("[model]\ndim = 0", r"model\.dim is 0; allowed: 1 to 1024"),
        ("[model]\ndim = true", r"model\.dim is True"),
        ('[model]\nupsample = "x"', r"upsample is 'x'; allowed: transposed, subpixel"),
        ("[data]\nclasses = 3", r"data\.classes is 3; allowed: a list"),
        ("[data]\nclasses = [3]", r"data\.classes\[0\] is 3"),
        ("[data]\naliases = 3", r"data\.aliases is 3; allowed: a table"),
        ("[data]\nframes = 10000", r"data\.frames is 10000; allowed: 8 to 31 times"),
        ("[model]\nnoise = 101", r"model\.noise is 101; allowed: at most"),
        ("[model]\nspectral = [30]", r"model\.spectral has 30"),
        ("[model]\nconditional = true", r"model\.conditional needs data\.classes"),
        ("[training]\nreconstruct = 1", r"reconstruct needs model\.spectral"),
        ("[model]\nclass_prior = true", r"class_prior needs training\.reconstruct"),
        ("[training]\nwarmup_steps = 1", r"warmup_steps needs training\.reconstruct"),
        ("data = 3", r"must be a table"),
        ("[data", r"not TOML"),
    ],
)
def test_mistakes_are_explained(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such configuration"):
        config.Config.load(tmp_path / "none.toml")


def test_a_whole_number_may_stand_for_a_float(tmp_path):
    assert load(tmp_path, "[training]\npenalty = 3").training.penalty == 3.0


@pytest.mark.parametrize(
    "frames, start, layers",
    [(16_384, 16, 5), (8_192, 8, 5), (4_096, 16, 4), (65_536, 16, 6), (512, 8, 3)],
)
def test_lengths_are_a_few_frames_times_powers_of_four(frames, start, layers):
    assert config.start_frames(frames) == (start, layers)
