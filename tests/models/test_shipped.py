"""Every model that is shipped gives what it gave when it was exported, and plays."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

from rtaudio_dl.host.host import Host
from rtaudio_dl.models.model import open_model
from rtaudio_dl.models.session import NativeSession
from rtaudio_dl.patches.patch import find_patch, patch_files, read_patch

ROOT = Path(__file__).parent.parent.parent
MODELS = sorted((ROOT / "models").glob("*.onnx"))
PATCHES = sorted((ROOT / "configs/patches").glob("*.toml"))
GOLDEN_LIMIT = 1e-4  # of full scale: sums are ordered otherwise on other processors
MAX_BYTES = 12_000_000
LEAST_PEAK = 0.02


def golden_of(model: Path) -> dict[str, np.ndarray]:
    with np.load(model.with_suffix(".golden.npz"), allow_pickle=False) as golden:
        return {name: golden[name] for name in golden.files}


def run(session: NativeSession, row: dict[str, np.ndarray], output) -> np.ndarray:
    """One run of a batch of one, as the engine runs it."""
    result = {output.name: np.zeros_like(row[f"out_{output.name}"])}
    inputs = {t.name: row[f"in_{t.name}"] for t in session.inputs}
    binding = session.bind(inputs, result)
    binding.run()
    binding.close()
    return result[output.name]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_golden_sounds_are_replayed(path):
    golden = golden_of(path)
    with open_model(path, "cpu") as model:
        output = model.card.outputs[0]
        expected = golden[f"out_{output.name}"]
        for i in range(len(expected)):
            row = {name: array[i : i + 1] for name, array in golden.items()}
            given = run(model.session, row, output)
            assert np.abs(given - expected[i : i + 1]).max() <= GOLDEN_LIMIT
    assert np.abs(expected).max() > LEAST_PEAK


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_shipped_model_is_small_and_says_its_licence(path):
    assert path.stat().st_size <= MAX_BYTES
    with open_model(path, "cpu") as model:
        assert model.card.license and model.card.data
        assert model.card.name == path.stem


@pytest.mark.parametrize("path", PATCHES, ids=lambda path: path.stem)
def test_every_key_of_a_shipped_patch_sounds(path):
    patch = read_patch(path)
    if patch.model not in {model.stem for model in MODELS}:
        pytest.skip(f"models/{patch.model}.onnx is not here")
    with Host(provider="cpu") as host:
        host.load(patch)
        for number in patch.keys:
            host.note_on(number, 1.0)
            audio = host.render(1.5)
            assert np.abs(audio).max() > LEAST_PEAK, f"key {number}"
            host.panic()
            host.render(0.1)
        counts = host.counts()
    assert (counts["late_notes"], counts["unmapped"]) == (0, 0)
    assert (counts["worker_muted_sounds"], counts["worker_failed_runs"]) == (0, 0)


@pytest.mark.parametrize("path", PATCHES, ids=lambda path: path.stem)
def test_a_shipped_patch_is_found_by_its_name(path):
    assert path.stem in patch_files()
    assert find_patch(path.stem).name == path.stem


@pytest.mark.skipif(
    not (ROOT / "models/drums.onnx").exists(), reason="models/drums.onnx is not here"
)
@pytest.mark.parametrize("module", ["rtaudio_dl", "rtaudio_dl.host.host"])
def test_the_examples_in_the_docstrings_run(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted >= 2
    assert result.failed == 0
