"""A model is played once before it is trusted: seeded inputs, bounded time, checked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from rtaudio_dl.core.lifetime import join, start_thread
from rtaudio_dl.errors import ModelError
from rtaudio_dl.models import ort
from rtaudio_dl.models.card import Card, Tensor
from rtaudio_dl.models.contract import concrete_shape, latent_distribution
from rtaudio_dl.models.session import Binding, NativeSession

SECONDS_ALLOWED = 30.0
SEED = 0
PROBE_KEY = 60  # where the card names no root key
PROBE_VELOCITY = 0.8
PROBE_LEVEL = 0.1  # of the noise that stands for a sound


def probe_inputs(card: Card, label: int = 0) -> dict[str, np.ndarray]:
    """Typical inputs by name: what each role means, the same at every call.

    ``label`` is the index of the class; latents and sounds are seeded noise, pitch is
    the root key, states are zero, controls what their cards say, else zero.
    """
    random = np.random.default_rng(SEED)
    return {t.name: _typical(card, t, label, random) for t in card.inputs}


def bind_probe(card: Card, session: NativeSession, label: int = 0) -> Binding:
    """Bind typical inputs, and outputs of NaN, which a run must overwrite."""
    outputs = {
        t.name: np.full(
            concrete_shape(t), np.nan if t.dtype == "float32" else 0
        ).astype(t.dtype)
        for t in card.outputs
    }
    return session.bind(probe_inputs(card, label), outputs)


def probe(card: Card, session: NativeSession) -> None:
    """Run the first and the last class once each.

    Raises ModelError if a run fails, takes longer than `SECONDS_ALLOWED`, gives
    another shape than the card says, or isn't finite.
    """
    for label in sorted({0, max(len(card.labels) - 1, 0)}):
        binding = bind_probe(card, session, label)
        try:
            _run(binding)
            for name, output in binding.outputs.items():
                _check_finite(name, output)
        finally:
            binding.close()


def _run(binding: Binding) -> None:
    with _time_limit(SECONDS_ALLOWED) as (options, expired):
        try:
            binding.run(options)
        except ModelError as error:
            if expired.is_set():
                raise ModelError(
                    f"one run takes longer than the {SECONDS_ALLOWED:g} s "
                    "allowed; use a smaller model"
                ) from None
            raise ModelError(f"the model fails on the probe: {error}") from None


def _check_finite(name: str, output: np.ndarray) -> None:
    wrong = int(np.count_nonzero(~np.isfinite(output)))
    if wrong:
        raise ModelError(
            f"output {name!r} is not finite on the probe ({wrong} of "
            f"{output.size} values are NaN or infinite); train or export it again"
        )


@contextmanager
def _time_limit(seconds: float) -> Iterator[tuple[int, threading.Event]]:
    """Lend run options that end the run in time, and an event that says so."""
    expired, done = threading.Event(), threading.Event()
    with ort.owned("RunOptions", ort.new("CreateRunOptions")) as options:

        def watch() -> None:
            if not done.wait(seconds):
                expired.set()
                ort.call("RunOptionsSetTerminate", options)

        thread = start_thread(watch, "time limit")
        try:
            yield options, expired
        finally:
            done.set()
            join(thread)  # it must not touch the options after their release


def _typical(
    card: Card, tensor: Tensor, label: int, random: np.random.Generator
) -> np.ndarray:
    shape = concrete_shape(tensor)
    values = np.zeros(shape)
    if tensor.role == "latent" and latent_distribution(card) == "uniform":
        values = random.uniform(-1, 1, shape)
    elif tensor.role == "latent":
        values = random.standard_normal(shape)
    elif tensor.role == "audio":
        values = PROBE_LEVEL * random.standard_normal(shape)
    elif tensor.role == "pitch":
        values = np.full(shape, PROBE_KEY if card.root_key is None else card.root_key)
    elif tensor.role == "velocity":
        values = np.full(shape, PROBE_VELOCITY)
    elif tensor.role == "class":
        values = _class_values(tensor, shape, label)
    elif tensor.value is not None:
        values = np.full(shape, tensor.value)
    return np.array(values, dtype=tensor.dtype, order="C")  # may have no dimension


def _class_values(tensor: Tensor, shape: tuple[int, ...], label: int) -> np.ndarray:
    if tensor.dtype != "float32":
        return np.full(shape, label)
    values = np.zeros(shape)
    values.flat[label] = 1
    return values
