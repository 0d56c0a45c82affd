"""A foreign model by its sidecar card: states, a constant, a window with a context."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from rtaudio_dl.kinds.classifier.listener import FileListener, listen_file

HERE = Path(__file__).parent
MODEL = HERE / "silero_vad.onnx"
CLIPS = HERE.parent / "clips"
RATE, CONTEXT, HOP = 16_000, 64, 512
TOLERANCE = 1e-5


def speech() -> np.ndarray:
    """Words with a second of soft noise before, between and after them."""
    noise = 1e-3 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    parts = [noise]
    for word in ("yes", "right", "go"):
        parts += [soundfile.read(CLIPS / f"{word}.flac", dtype="float32")[0], noise]
    return np.concatenate(parts)


def by_their_own_loop(sound: np.ndarray) -> np.ndarray:
    """The probabilities as silero-vad's Python package computes them."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(MODEL))
    state, rate = np.zeros((2, 1, 128), np.float32), np.array(RATE, np.int64)
    context, found = np.zeros((1, CONTEXT), np.float32), []
    for first in range(0, len(sound) - HOP + 1, HOP):
        window = np.concatenate([context, sound[None, first : first + HOP]], axis=1)
        inputs = {"input": window, "state": state, "sr": rate}
        score, state = session.run(None, inputs)
        context = window[:, -CONTEXT:]
        found.append(score[0, 0])
    return np.array(found)


def test_it_hears_what_its_authors_own_loop_hears(tmp_path):
    sound = speech()
    path = tmp_path / "speech.wav"
    soundfile.write(path, sound, RATE, "FLOAT")
    settings = {"smoothing_seconds": 0}
    rows = []
    with FileListener(path, MODEL, settings=settings, dc=True) as listener:
        listener.trace()
        for _ in listener.blocks():
            rows.append(listener.score_rows()[1][:, 0])
    expected = by_their_own_loop(sound)
    heard = np.concatenate(rows)[: len(expected)]
    np.testing.assert_allclose(heard, expected, atol=TOLERANCE)
    assert expected.max() > 0.9


@pytest.mark.parametrize("rate, channels", [(16_000, 1), (44_100, 2), (96_000, 6)])
def test_it_tells_each_word_at_any_rate(tmp_path, rate, channels):
    from scipy.signal import resample_poly

    sound = resample_poly(speech(), rate // 100, RATE // 100)
    path = tmp_path / "speech.wav"
    soundfile.write(path, np.repeat(sound[:, None], channels, axis=1), rate, "FLOAT")
    events = [e for e in listen_file(path, MODEL) if e.on]
    seconds = len(speech()) / RATE
    assert all(e.label == "speech" and 0.9 < e.time < seconds for e in events)
    assert {int(e.time / 2) for e in events} == {0, 1, 2}  # a word each two seconds
