"""The evaluation: honest choices, plain figures, one page that needs nothing else."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from tests.training.running import start
from tests.training.tasks.classify import tiny
from training.errors import DataError
from training.tasks.classify import cross, evaluate, held_out, verdict
from training.tasks.classify.task import TASK


@pytest.fixture(scope="module")
def result(trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation")
    return evaluate.evaluate(trained, out), out


def test_figures_are_written_as_json(result):
    figures, out = result
    assert json.loads((out / "metrics.json").read_text()) == figures
    assert figures["clips"] == 18 and figures["accuracy"] > 0.9
    assert set(figures["classes"]) == set(tiny.LABELS)
    assert 0 <= figures["calibration_error"] <= 1
    low, high = figures["accuracy_95"]
    assert low <= figures["accuracy"] <= high


def test_the_text_names_the_figures(result):
    text = evaluate.text(result[0])
    assert "accuracy 1.000 on 18 clips" in text or "accuracy 0.9" in text
    assert "hiss" in text and "2 groups" in text


def test_the_page_needs_nothing_else(result):
    page = (result[1] / "report.html").read_text("utf-8")
    links = re.findall(r'(?:src|href)="([^"]{1,40})', page)
    assert all(link.startswith(("data:", "#")) for link in links)
    assert page.count("<svg") == 3
    for text in ("What was taken for what", "Learning curves", "The worst mistakes"):
        assert text in page


@pytest.fixture(scope="module")
def spoilt(trained):
    """The outcome of a network that says one class to everything."""
    (part,) = cross.runs(trained)
    outcome = held_out.judge(part)
    for scored in (outcome.valid, outcome.test):
        scored.logits[:] = [3.0, 0.0, 0.0]
    return outcome


def test_mistakes_are_seen_and_heard(spoilt, tmp_path):
    from training.tasks.classify import page

    calibrations = held_out.calibrations([spoilt])
    judged = verdict.verdict([spoilt], calibrations)
    figures = evaluate.figures([spoilt], calibrations, judged)
    assert figures["mistakes"] == 12
    page.write(tmp_path / "a.html", figures, [spoilt], judged)
    text = (tmp_path / "a.html").read_text("utf-8")
    assert text.count("data:audio/flac;base64,") == 12
    assert text.count("data:image/png;base64,") == 12
    assert "taken for\n" not in text and "hiss/source4-0.wav" in text


def test_names_cannot_become_markup(trained, spoilt, tmp_path):
    from training.tasks.classify import page

    calibrations = held_out.calibrations([spoilt])
    judged = verdict.verdict([spoilt], calibrations)
    figures = evaluate.figures([spoilt], calibrations, judged)
    spoilt.trained.facts["licences"] = "<script>alert(1)</script>"
    page.write(tmp_path / "a.html", figures, [spoilt], judged)
    assert "<script" not in (tmp_path / "a.html").read_text("utf-8")


def test_temperature_comes_from_valid_sounds_only(trained):
    (part,) = cross.runs(trained)
    outcome = held_out.judge(part)
    (before,) = held_out.calibrations([outcome])
    outcome.test.logits[:] = np.random.default_rng(1).normal(
        0, 9, outcome.test.logits.shape
    )
    assert held_out.calibrations([outcome]) == [before]
    assert before.chosen_on == "valid part"


@pytest.fixture(scope="module")
def folds(folder, tmp_path_factory):
    """Every fold of a cross-validation, each with another untrained network."""
    run = tmp_path_factory.mktemp("folds")
    config = tiny.config(
        folder,
        data={"protocol": "folds"},
        output={"run": str(run)},
    )
    for part in cross.runs(config):
        seeded = replace(config.training, seed=part.config.data.fold)
        ended = start(TASK, replace(part.config, training=seeded))
        ended.folder.mkdir()
        ended.save()
    return config


def test_a_folds_own_sounds_choose_nothing_of_its_own(folds):
    outcomes = [held_out.judge(part) for part in cross.runs(folds)]
    before = held_out.calibrations(outcomes)
    outcomes[0].test.logits[:] *= -5.0
    after = held_out.calibrations(outcomes)
    assert after[0] == before[0]
    assert after[1] != before[1] and after[2] != before[2]


def test_folds_test_every_sound_once(folds, tmp_path):
    figures = evaluate.evaluate(folds, tmp_path)
    assert figures["clips"] == 54
    assert [r["run"] for r in figures["runs"]] == [1, 2, 3]
    each = [r["accuracy"] for r in figures["runs"]]
    assert figures["accuracy"] == pytest.approx(np.mean(each), abs=1e-4)
    assert figures["accuracy_spread"] == pytest.approx(np.std(each), abs=1e-4)
    assert "3 folds of tiny" in figures["protocol"]


def test_without_anything_to_choose_on_it_is_said(folds):
    outcome = held_out.judge(cross.runs(folds)[0])
    with pytest.raises(DataError, match="set data.valid_share"):
        held_out.calibrations([outcome])


def test_a_run_on_other_sounds_is_refused(trained, folder):
    changed = tiny.config(
        folder,
        data={"aliases": {"buzz": "tone"}},
        output={"run": trained.output.run},
    )
    with pytest.raises(DataError, match="trained on other sounds"):
        held_out.judge(cross.runs(changed)[0])
