"""How long a model takes for one sound: our native path, and the other ways to run it.

The native path and the bare C call take turns inside one native loop, on the same model
and the same memory, so their ratio holds whatever else the machine does. The Python
sessions take turns with that loop in rounds. All run at the priority of the inference
thread, where that is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

import numpy as np

from rtaudio_dl.bench.errors import BenchError
from rtaudio_dl.bench.kernels import time_runs
from rtaudio_dl.bench.realtime import in_real_time
from rtaudio_dl.bench.result import Result, summarize
from rtaudio_dl.bench.session import Session
from rtaudio_dl.card import Card
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.host import Host
from rtaudio_dl.inference.library import list_models
from rtaudio_dl.inference.options import CONFIG
from rtaudio_dl.inference.provider import cuda_obstacle
from rtaudio_dl.instrument import PLAYABLE, Instrument
from rtaudio_dl.patch import PARAMETERS, Key, Patch

THREADS = (1, 2)  # of a Python session; the native path has one
_KEY = 60
_WARM_UP = 3  # rounds of one run that are not counted
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
NO_TENSORFLOW = (
    "inference: TensorFlow is left out: models are shipped as ONNX files, which it is "
    "not for, and `python -m training` rebuilds a network only from a checkpoint"
)


@dataclass(frozen=True)
class Plan:
    """How often each way makes a sound: ``rounds`` times ``runs``."""

    rounds: int
    runs: int


FULL = Plan(40, 25)
QUICK = Plan(4, 5)


def measure(session: Session, plan: Plan | None = None) -> list[Result]:
    """Every playable model that is found, on the CPU and, where it can be, on CUDA."""
    plan = plan or (QUICK if session.quick else FULL)
    session.note(NO_TENSORFLOW)
    return in_real_time(session, "inference", lambda: _all(session, plan))


def _all(session: Session, plan: Plan) -> list[Result]:
    models = list(_playable(session))
    results = []
    for done, (path, card) in enumerate(models):
        session.progress(path.stem, done / len(models))
        results += _model(path, card, "cpu", plan)
        results += _cuda(session, path, card, plan)
    return results


def _playable(session: Session) -> Iterator[tuple[Path, Card]]:
    seen = set()
    for path, card in list_models():
        if not isinstance(card, Card):
            session.note(f"inference: {path.name} is left out: {card}")
        elif card.kind not in PLAYABLE:
            session.note(f"inference: {path.name} is left out: it is a {card.kind}")
        elif path.stem not in seen:
            seen.add(path.stem)
            yield path, card


def _cuda(session: Session, path: Path, card: Card, plan: Plan) -> list[Result]:
    obstacle = cuda_obstacle()
    if obstacle is None:
        try:
            return _model(path, card, "cuda", plan)
        except DeviceError as error:
            obstacle = str(error)
    session.note(f"inference: CUDA is left out: {obstacle}")
    return []


def _model(path: Path, card: Card, provider: str, plan: Plan) -> list[Result]:
    with Host(provider=provider) as host:
        instrument = host.load(_patch(path, card))
        native = _native(host, instrument)
        python = {n: _python(instrument, path, provider, n) for n in THREADS}
        served, bare, taken = [], [], {n: [] for n in THREADS}
        for number in range(-_WARM_UP, plan.rounds):
            pair = native(max(1, plan.runs))
            alone = {n: run(plan.runs) for n, run in python.items()}
            if number >= 0:
                served.append(pair[0])
                bare.append(pair[1])
                for n in THREADS:
                    taken[n].append(alone[n])
        name = f"inference/{path.stem}, {provider}"
        return _results(name, card, served, bare, taken)


def _patch(path: Path, card: Card) -> Patch:
    classes = {card.labels[0]: 1.0} if card.input("class") and card.labels else {}
    return Patch(
        name="bench",
        model=str(path),
        title="one key for the inference benchmark",
        keys={_KEY: Key(classes=classes)},
        parameters={name: p.default for name, p in PARAMETERS.items()},
        controls={},
        freshness="fresh",
    )


def _native(
    host: Host, instrument: Instrument
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    def run(count: int) -> tuple[np.ndarray, np.ndarray]:
        served, bare = np.zeros(count, np.int64), np.zeros(count, np.int64)
        time_runs(host.engine, instrument.place, _KEY, served, bare)
        failed = int(np.sum(served < 0) + np.sum(bare < 0))
        if failed:
            raise BenchError(
                f"{failed} of {2 * count} runs of {instrument.model.path} failed; "
                "`rtaudio-dl models` says what is wrong with it"
            )
        return served, bare

    return run


def _python(
    instrument: Instrument, path: Path, provider: str, threads: int
) -> Callable[[int], np.ndarray]:
    """`InferenceSession.run` on the same inputs, with the options of the native one."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    for name, value in CONFIG.items():
        options.add_session_config_entry(name, value)
    session = onnxruntime.InferenceSession(
        path.read_bytes(), options, providers=[_PROVIDERS[provider]]
    )
    output = instrument.model.card.output("audio").name

    def run(count: int) -> np.ndarray:
        durations = np.zeros(count, np.int64)
        session.run([output], instrument.inputs)  # as the native loop warms the caches
        for i in range(count):
            began = perf_counter_ns()
            session.run([output], instrument.inputs)
            durations[i] = perf_counter_ns() - began
        return durations

    return run


def _results(
    name: str,
    card: Card,
    served: Sequence[np.ndarray],
    bare: Sequence[np.ndarray],
    taken: dict[int, list[np.ndarray]],
) -> list[Result]:
    """One result for each way; ratios are of medians, to the bare call."""
    ways = {"bare C call, 1 thread": bare, "native path, 1 thread": served}
    ways |= {
        f"InferenceSession.run, {n} thread{'s'[: n - 1]}": taken[n] for n in THREADS
    }
    seconds = card.output("audio").size() / card.sample_rate
    results = []
    for way, rounds in ways.items():
        ms = np.concatenate(rounds) / 1e6
        result = summarize(f"{name}, {way}", "ms", ms, {"seconds_of_sound": seconds})
        median = result.figures["p50"]
        result.facts["times_real_time"] = 1e3 * seconds / median
        base = results[0] if results else result
        result.facts["ratio_to_bare"] = median / base.figures["p50"]
        results.append(result)
    native, python = results[1], results[2]
    native.facts["ratio_to_python"] = native.figures["p50"] / python.figures["p50"]
    return results
