"""KEY=VALUE over a file: any field, and mistakes that say what was meant."""

from argparse import Namespace

import pytest

from training.errors import ConfigError
from training.run import overrides
from training.tasks.classify.config import Config as ClassifierConfig
from training.tasks.wavegan.config import Config


def applied(*pairs: str, table: dict | None = None) -> Config:
    found = overrides.applied(Config, table or {}, pairs)
    return Config.from_mapping(found, "test.toml")


@pytest.mark.parametrize(
    "pair, section, key, value",
    [
        ("training.seed=7", "training", "seed", 7),
        ("training.learning_rate=1e-4", "training", "learning_rate", 1e-4),
        ("training.penalty=3", "training", "penalty", 3.0),
        ("training.deterministic=true", "training", "deterministic", True),
        ("model.name=kit", "model", "name", "kit"),
        ("model.name=808", "model", "name", "808"),
        ('model.name="8 0 8"', "model", "name", "8 0 8"),
        ("output.run=runs/a=b", "output", "run", "runs/a=b"),
        ('data.classes=["kick", "hat"]', "data", "classes", ("kick", "hat")),
        ("model.spectral=[64, 128]", "model", "spectral", (64, 128)),
    ],
)
def test_a_field_is_changed(pair, section, key, value):
    assert getattr(getattr(applied(pair), section), key) == value


def test_a_table_is_given_whole_or_entry_by_entry():
    assert applied('data.aliases={bd = "kick"}').data.aliases == {"bd": "kick"}
    assert applied("data.aliases.bd=kick").data.aliases == {"bd": "kick"}


def test_the_file_stays_as_it_is():
    table = {"training": {"seed": 1}}
    assert applied("training.seed=2", table=table).training.seed == 2
    assert table == {"training": {"seed": 1}}


@pytest.mark.parametrize(
    "pair, message",
    [
        ("training.seed", "no KEY=VALUE; write it as training.seed=2"),
        ("steps=3", "unknown key steps; did you mean training.steps?"),
        ("training.sed=3", "unknown key training.sed; did you mean training.seed"),
        ("model.colour=3", "unknown key model.colour; known: model.name"),
        ("training.seed=many", "the value must be like 3"),
        ("training.deterministic=yes", "the value must be like true"),
        ("data.classes=kick", r"the value must be like \[1, 2\]"),
        ("training.seed=-1", "training.seed is -1; allowed: 0 to"),
        ("training.loss=hinge", "allowed: wgan-gp, nonsaturating"),
    ],
)
def test_mistakes_are_explained(pair, message):
    with pytest.raises(ConfigError, match=message):
        applied(pair)


def test_options_are_fields():
    options = vars(Namespace(source="a", run="b", steps=3, epochs=None, minutes=1.5))
    assert overrides.of_options(Config, options) == [
        *("data.source=a", "output.run=b", "training.steps=3"),
        "training.max_minutes=1.5",
    ]
    assert overrides.of_options(ClassifierConfig, {"source": "a.csv"}) == [
        "data.manifest=a.csv"
    ]


@pytest.mark.parametrize(
    "kind, option, other",
    [(ClassifierConfig, "steps", "epochs"), (Config, "epochs", "steps")],
)
def test_steps_are_not_epochs(kind, option, other):
    with pytest.raises(ConfigError, match=f"counts {other}; give --{other}"):
        overrides.of_options(kind, {option: 3})
