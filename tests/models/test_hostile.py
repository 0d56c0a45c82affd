"""Damaged models must give clean errors: none may end the process."""

import subprocess
import sys
from pathlib import Path

from tests.models import fuzz
from tests.models.models import oneshot_card, write_oneshot

ROOT = Path(fuzz.__file__).parents[2]
COPIES = 500


def fuzz_in_a_process(model: Path, folder: Path, seed: int) -> str:
    command = [sys.executable, "-m", "tests.models.fuzz", model, folder]
    command += [str(COPIES), str(seed)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout


def test_damaged_graphs_do_no_harm(tmp_path):
    arguments = {"latent": 4, "classes": 2, "frames": 32, "velocity": True}
    model = write_oneshot(tmp_path / "a.onnx", **arguments, embed_card=False)
    card = oneshot_card(**arguments)
    (tmp_path / "damaged.card.json").write_text(card.to_json())
    assert "refused" in fuzz_in_a_process(model, tmp_path, 1)


def test_damaged_cards_do_no_harm(tmp_path):
    model = write_oneshot(tmp_path / "a.onnx", latent=1, frames=8)
    assert "refused" in fuzz_in_a_process(model, tmp_path, 2)
