"""How many voices one core can play: the exported graph, timed as the host runs it."""

from __future__ import annotations

import time

import numpy as np

from training.run.export import session
from training.tasks.notes.export import convert_decoder
from training.tasks.notes.form import RATE
from training.tasks.notes.sample import Trained

VOICES = (1, 2, 4, 8, 16, 32)
RUNS = 400


def measure(trained: Trained) -> dict:
    """Share of a core that each number of voices takes, from the median run."""
    model = trained.config.model
    opened = session(convert_decoder(trained.decoder, model).SerializeToString())
    seconds = model.hop / RATE
    share = {}
    for voices in VOICES:
        inputs = {
            t.name: np.zeros((voices, t.shape[1]), np.float32)
            for t in opened.get_inputs()
        }
        inputs["pitch"] += 60.0
        inputs["gate"] += 1.0
        inputs["velocity"] += 0.8
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            opened.run(None, inputs)
            times.append(time.perf_counter() - began)
        share[str(voices)] = round(float(np.median(times)) / seconds, 4)
    return {"hop": model.hop, "share_of_a_core": share}
