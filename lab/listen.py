"""How soon, how well and at what cost the host hears.

Recordings of words, which the user brings (``--clips FOLDER``, a folder for each
label), are played into the host's JACK port at random times over pink noise; a click
before them marks the time to the frame. The same sound goes through a file, too: its
events must be the live ones. Strokes play a dry sound, and are timed from their first
frame to that of the sound.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lab.child import Child
from lab.errors import BenchError
from lab.onsets import hear, note_frames
from lab.players import ears as player
from lab.realtime import in_real_time
from lab.result import Result, summarize
from lab.rig import Rig, rig
from lab.session import Session
from lab.words import CLICK_SECONDS, Verdict, clip_files, draw, judge
from rtaudio_dl.core.control import store_word
from rtaudio_dl.host.counts import lost
from rtaudio_dl.kinds.classifier.analysis import finish_file, listen_for_ever
from rtaudio_dl.kinds.classifier.listener import Detection, FileListener
from rtaudio_dl.kinds.classifier.model import Classifier, open_classifier
from rtaudio_dl.kinds.classifier.settings import ONSET

MODEL = "commands"
_CHILD = player.__name__
_OUR_INPUTS, _OUR_OUTPUTS = "^rtaudio_dl:in_", "^rtaudio_dl:out_"
_SETTLE_SECONDS = 0.5
_STROKE_FRAMES = 48  # of each stroke
NO_CLIPS = (
    "listen: no words were played; --clips FOLDER gives recordings of them, in a "
    "folder for each label of the model"
)


@dataclass(frozen=True)
class Plan:
    """Words and strokes played, runs of the model, seconds of file and of idling."""

    words: int
    strokes: int
    runs: int
    file_seconds: float
    idle_seconds: float


FULL = Plan(120, 128, 500, 600.0, 10.0)
QUICK = Plan(12, 20, 50, 30.0, 2.0)


def measure(session: Session, plan: Plan | None = None) -> list[Result]:
    """Inference, file mode, strokes, the processor's share, and words where given."""
    plan = plan or (QUICK if session.quick else FULL)
    session.progress("one inference", 0.0)
    results = in_real_time(session, "listen", lambda: [_inference(plan.runs)])
    session.progress("a file", 0.1)
    cost = _file(plan.file_seconds)
    # The server waits for late clients: a missed cycle would be another sound.
    with rig(patient=True) as bench:
        session.progress("strokes", 0.2)
        results.append(_strokes(bench, plan.strokes))
        session.progress("idling", 0.4)
        cost |= _shares(bench, plan.idle_seconds)
        if session.clips is None:
            session.note(NO_CLIPS)
        else:
            session.progress("words", 0.5)
            results += _words(bench, session.clips, plan.words)
    return [*results, Result("cost/this machine", "", {}, 1, cost)]


def _inference(runs: int) -> Result:
    ear = open_classifier(MODEL, 48_000)
    try:
        _compile(ear)
        noise = ear.binding.inputs[ear.model.card.input("audio").name]
        noise[:] = 0.1 * np.random.default_rng(0).standard_normal(noise.shape)
        durations = [_timed(ear.binding.run) for _ in range(runs)]
        facts = {"hop_seconds": ear.hop / ear.model.card.sample_rate}
    finally:
        ear.close()
    return summarize(f"listen/one inference of {MODEL}", "ms", durations, facts)


def _compile(ear: Classifier) -> None:
    """Compile what the child will run: it has to answer in time."""
    store_word(ear.memory.worker["stop"][0], 0, 1)
    listen_for_ever(ear.memory)  # ends at once
    finish_file(ear.memory)


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - began) / 1e6


def _file(seconds: float) -> dict[str, float]:
    import soundfile

    rate = 48_000
    noise = 0.05 * np.random.default_rng(0).standard_normal((round(seconds * rate), 2))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noise.wav"
        soundfile.write(path, noise, rate)
        with FileListener(path, MODEL, onset=True, provider="cpu") as listener:
            began = time.perf_counter()
            for _ in listener:
                pass
            took = time.perf_counter() - began
    return {"file_seconds": seconds, "file_times_real_time": seconds / took}


@contextmanager
def _listener(bench: Rig) -> Iterator[Child]:
    with Child(_CHILD, environment=bench.server.environment) as child:
        yield child
        bench.probe.disconnect()


def _strokes(bench: Rig, count: int) -> Result:
    """From a stroke's first frame in the input to its sound's first in the output."""
    rate, period = bench.server.rate, bench.server.period
    frames = note_frames(count, rate, period)
    sound = np.zeros(frames[-1] + rate, np.float32)
    for frame in frames:
        sound[frame : frame + _STROKE_FRAMES] = 0.8
    with _listener(bench) as child:
        child.ask("play_strokes")
        bench.probe.connect_sound(_OUR_INPUTS)
        bench.probe.connect_audio(_OUR_OUTPUTS)
        time.sleep(_SETTLE_SECONDS)
        audio, _ = bench.probe.run(frames=len(sound), sound=sound)
    heard = hear(audio, frames, bench.sound.lead, period)
    facts = {"missed": heard.missed, "xruns": bench.probe.xruns, "period": period}
    milliseconds = 1e3 * heard.latencies / rate
    return summarize("listen/stroke to its sound", "ms", milliseconds, facts, True)


def _shares(bench: Rig, seconds: float) -> dict[str, float]:
    """The processor's share of the whole process, with and without a listener."""
    with _listener(bench) as child:
        shares = {}
        for name in ("not listening", "listening"):
            if name == "listening":
                child.ask("listen", model=MODEL)
            time.sleep(_SETTLE_SECONDS)
            before = child.ask("state")
            time.sleep(seconds)
            after = child.ask("state")
            spent = after["cpu"] - before["cpu"]
            shares[name] = 100 * spent / (after["now"] - before["now"])
    return {f"percent of a core, {name}": part for name, part in shares.items()}


def _words(bench: Rig, folder: Path, count: int) -> list[Result]:
    with _listener(bench) as child:
        rate = child.ask("listen", model=MODEL)
        sound, words = draw(clip_files(folder, _labels()), count, rate)
        bench.probe.connect_sound(_OUR_INPUTS)
        time.sleep(_SETTLE_SECONDS)
        child.ask("events")
        before = child.ask("state")
        bench.probe.run(frames=len(sound), sound=sound)
        live = [Detection(**event) for event in child.ask("events")]
        after = child.ask("state")
    click = next((e for e in live if e.label == ONSET), None)
    if click is None:
        raise BenchError("the click that marks the time was not heard")
    start = round(click.begin * rate) - round(CLICK_SECONDS * rate)
    silence = start - before["start"]
    filed = _heard_in_file(sound, silence, rate)
    live_words, file_words = _beginnings(live), _beginnings(filed)
    verdict = judge(words, live_words, start, rate)
    in_file = judge(words, file_words, silence, rate)
    result = _judged("live", verdict, len(live_words))
    result.facts.update(
        same_labels_as_file=sum(
            a == b for a, b in zip(verdict.heard, in_file.heard, strict=True)
        ),
        same_events_as_file=_same(live_words, file_words, before["start"]),
        xruns=bench.probe.xruns,
        probe_gaps=bench.probe.gaps,
        dropped_hops=after["counts"]["dropped_hops"] - before["counts"]["dropped_hops"],
        lost=lost(after["host"]) or "nothing",
        overruns=after["host"]["overruns"] - before["host"]["overruns"],
    )
    return [result, _judged("from a file", in_file, len(file_words))]


def _labels() -> list[str]:
    from rtaudio_dl.kinds.classifier.settings import detector_settings
    from rtaudio_dl.models.library import find_model
    from rtaudio_dl.models.model import read_card

    settings = detector_settings(read_card(find_model(MODEL)))
    return [label for label in settings.labels if label not in settings.background]


def _heard_in_file(sound: np.ndarray, silence: int, rate: int) -> list[Detection]:
    """The same frames through a file: what was heard before them was silence."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.wav"
        whole = np.concatenate([np.zeros(silence, np.float32), sound])
        soundfile.write(path, whole, rate, "FLOAT")
        with FileListener(path, MODEL, provider="cpu") as listener:
            return list(listener)


def _beginnings(events: list[Detection]) -> list[Detection]:
    return [event for event in events if event.on and event.label != ONSET]


def _same(live: list[Detection], filed: list[Detection], start: int) -> int:
    """How many events of the file were told live, too, at their very frame."""
    there = {(event.frame - start, event.label) for event in live}
    return sum((event.frame, event.label) in there for event in filed)


def _judged(how: str, verdict: Verdict, events: int) -> Result:
    words = len(verdict.heard)
    facts: dict[str, Any] = {
        "words": words,
        "right": verdict.right,
        "wrong": verdict.wrong,
        "missed": verdict.missed,
        "extra": verdict.extra,
        "events": events,
        "accuracy": verdict.right / words,
    }
    delays = [1e3 * delay for delay in verdict.delays]
    return summarize(f"listen/word's end to event, {how}", "ms", delays, facts, True)
