"""How long a model takes for one sound: our native path, and the other ways to run it.

The native path and the bare C call take turns inside one native loop, on the same model
and the same memory, so their ratio holds whatever else the machine does. The Python
sessions, and TensorFlow with the network that the model was exported from, take turns
with that loop in rounds. All but TensorFlow run at the priority of the inference
thread, where that is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

import numpy as np

from lab.errors import BenchError
from lab.kernels import time_runs
from lab.realtime import in_real_time, round_of_work
from lab.result import Result, summarize
from lab.session import Session
from lab.tensorflow_way import TensorFlow
from rtaudio_dl.errors import DeviceError
from rtaudio_dl.host.host import Host
from rtaudio_dl.host.instrument import Instrument
from rtaudio_dl.models.card import Card
from rtaudio_dl.models.library import list_models
from rtaudio_dl.models.options import CONFIG
from rtaudio_dl.models.provider import cuda_obstacle
from rtaudio_dl.patches.patch import PARAMETERS, Key, Patch

THREADS = (1, 2)  # of a Python session; the native path has one
BARE, NATIVE = "bare C call, 1 thread", "native path, 1 thread"
PYTHON = "InferenceSession.run"
Run = Callable[[int], np.ndarray]  # so many sounds; nanoseconds of each
_KEY = 60
_WARM_UP = 3  # rounds of one run that are not counted
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


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
    return in_real_time(session, "inference", lambda: _all(session, plan))


def _all(session: Session, plan: Plan) -> list[Result]:
    models = list(_playable(session))
    results = []
    for done, (path, card) in enumerate(models):
        session.progress(path.stem, done / len(models))
        with _tensorflow(session, card) as tensorflow:
            results += _model(path, card, "cpu", plan, tensorflow)
        results += _cuda(session, path, card, plan)
    return results


def _playable(session: Session) -> Iterator[tuple[Path, Card]]:
    seen = set()
    for path, card in list_models():
        if not isinstance(card, Card):
            session.note(f"inference: {path.name} is left out: {card}")
        elif card.kind not in ("oneshot", "note"):
            session.note(f"inference: {path.name} is left out: it is a {card.kind}")
        elif path.stem not in seen:
            seen.add(path.stem)
            yield path, card


def _cuda(session: Session, path: Path, card: Card, plan: Plan) -> list[Result]:
    obstacle = cuda_obstacle()
    if obstacle is None:
        try:
            return _model(path, card, "cuda", plan, {})
        except DeviceError as error:
            obstacle = str(error)
    session.note(f"inference: CUDA is left out: {obstacle}")
    return []


@contextmanager
def _tensorflow(session: Session, card: Card) -> Iterator[dict[str, Run]]:
    """TensorFlow's ways to run a model, by their names; none where it cannot."""
    with ExitStack() as stack:
        ways: dict[str, Run] = {}
        try:
            for threads in THREADS:
                run = stack.enter_context(TensorFlow(card, threads))
                ways[_way("TensorFlow", threads)] = run
        except BenchError as error:
            session.note(f"inference: TensorFlow is left out for {card.name}: {error}")
        yield ways


def _way(name: str, threads: int) -> str:
    return f"{name}, {threads} thread{'s'[: threads - 1]}"


def _model(
    path: Path, card: Card, provider: str, plan: Plan, others: dict[str, Run]
) -> list[Result]:
    with Host(provider=provider) as host:
        instrument = host.load(_patch(path, card))
        native = _native(host, instrument)
        python = {
            _way(PYTHON, n): _python(instrument, path, provider, n) for n in THREADS
        }
        taken: dict[str, list[np.ndarray]] = {}
        for number in range(-_WARM_UP, plan.rounds):
            with round_of_work():
                served, bare = native(max(1, plan.runs))
            round_ = {BARE: bare, NATIVE: served}
            for way, run in (python | others).items():
                with round_of_work():
                    round_[way] = run(plan.runs)
            for way, durations in round_.items():
                taken.setdefault(way, []).extend([durations] * (number >= 0))
        return _results(f"inference/{path.stem}, {provider}", card, taken)


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
        time_runs(host.engine, instrument.place, _KEY, served, bare, len(served))
        failed = int(np.sum(served < 0) + np.sum(bare < 0))
        if failed:
            raise BenchError(
                f"{failed} of {2 * count} runs of {instrument.model.path} failed; "
                "`rtaudio-dl models` says what is wrong with it"
            )
        return served, bare

    return run


def _python(instrument: Instrument, path: Path, provider: str, threads: int) -> Run:
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


def _results(name: str, card: Card, taken: dict[str, list[np.ndarray]]) -> list[Result]:
    """One result for each way; ratios are of medians, to the bare call."""
    seconds = card.output("audio").size() / card.sample_rate
    results = {}
    for way, rounds in taken.items():
        ms = np.concatenate(rounds) / 1e6
        result = summarize(f"{name}, {way}", "ms", ms, {"seconds_of_sound": seconds})
        results[way] = result
        median = result.figures["p50"]
        result.facts["times_real_time"] = 1e3 * seconds / median
        result.facts["ratio_to_bare"] = median / results[BARE].figures["p50"]
    native, python = results[NATIVE], results[_way(PYTHON, 1)]
    native.facts["ratio_to_python"] = native.figures["p50"] / python.figures["p50"]
    return list(results.values())
