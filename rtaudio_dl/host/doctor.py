"""What stands between this computer and sound without gaps, and what to do about it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rtaudio_dl.core import priority
from rtaudio_dl.errors import RtaudioError

GOOD, WARNING, BAD = "good", "warning", "bad"
LISTEN_SECONDS = 10.0
_ENOUGH_MEMORY = 64 << 20  # bytes to lock: the engine and the sounds of a patch or two
_GOVERNORS = Path("/sys/devices/system/cpu")
_LOAD_LIMIT = 0.5  # of the block's time
_ENOUGH_SHARE = 0.9  # of a second; Linux itself gives 0.95


@dataclass(frozen=True)
class Finding:
    """One check: ``verdict`` is good, warning or bad; ``fix`` says what to do."""

    name: str
    verdict: str
    text: str
    fix: str = ""


def examine(device: str | None = None) -> Iterator[Finding]:
    """All checks, one after the other; the last one listens for `LISTEN_SECONDS`."""
    yield _real_time()
    yield _real_time_limit()
    yield _memory()
    yield _governor()
    yield from _providers()
    yield from _models()
    yield from _midi()
    yield from _audio(device)


def _real_time() -> Finding:
    name = "real-time priority"
    refused = priority.refusal()
    if refused is None:
        return Finding(name, GOOD, "threads may have it")
    return Finding(name, WARNING, refused, priority.ADVICE)


def _real_time_limit() -> Finding:
    name = "real-time limit"
    share = priority.real_time_share()
    if share is None:
        return Finding(name, GOOD, "none, or the system does not say")
    text = f"threads with priority get {share:.0%} of each second, then all are stopped"
    if share >= _ENOUGH_SHARE:
        return Finding(name, GOOD, f"{text}: ours give way before")
    fix = "sysctl kernel.sched_rt_runtime_us=950000 (as root)"
    return Finding(name, WARNING, text, fix)


def _memory() -> Finding:
    name = "memory lock"
    limit = priority.lockable_bytes()
    if limit is None or limit >= _ENOUGH_MEMORY:
        text = "no limit" if limit is None else f"{limit >> 20} MiB"
        return Finding(name, GOOD, f"{text}: sounds stay in memory")
    text = f"only {limit >> 20} MiB may be locked: under pressure, sounds are swapped"
    return Finding(name, WARNING, text, priority.ADVICE)


def _governor() -> Finding:
    name = "processor speed"
    files = _GOVERNORS.glob("cpu[0-9]*/cpufreq/scaling_governor")
    governors = {path.read_text().strip() for path in files}
    if not governors:
        return Finding(name, GOOD, "the system does not say, or does not change it")
    text = f"governor {', '.join(sorted(governors))}"
    if governors == {"performance"}:
        return Finding(name, GOOD, text)
    fix = "cpupower frequency-set --governor performance (as root) while you play"
    return Finding(name, WARNING, text, fix)


def _providers() -> Iterator[Finding]:
    from rtaudio_dl.models.ort import version
    from rtaudio_dl.models.provider import cuda_obstacle

    obstacle = cuda_obstacle()
    taken = "cpu" if obstacle else "cuda"
    text = f"ONNX Runtime {version()} on {taken}"
    yield Finding("inference", GOOD, f"{text}; {obstacle}" if obstacle else text)


def _models() -> Iterator[Finding]:
    from rtaudio_dl.models.card import Card
    from rtaudio_dl.models.library import list_models

    found = list_models()
    fix = "remove it, or export it again"
    for _, card in found:
        if not isinstance(card, Card):
            yield Finding("models", BAD, card, fix)
    names = ", ".join(path.stem for path, card in found if isinstance(card, Card))
    yield Finding("models", GOOD if names else BAD, names or "none at hand")


def _midi() -> Iterator[Finding]:
    from rtaudio_dl.io.midi.reader import list_midi_ports

    try:
        ports = list_midi_ports()
    except RtaudioError as error:
        yield Finding("MIDI", WARNING, str(error))
        return
    if ports:
        yield Finding("MIDI", GOOD, ", ".join(port.label for port in ports))
    else:
        fix = "connect a keyboard; other programs can play into our port while we run"
        yield Finding("MIDI", WARNING, "no input", fix)


def _audio(device: str | None) -> Iterator[Finding]:
    from rtaudio_dl.host.live import LiveHost

    lines: list[str] = []
    try:
        with LiveHost(device, say=lines.append) as host:
            yield _device(host)
            yield _listen(host)
    except RtaudioError as error:
        yield Finding("audio", BAD, str(error))


def _device(host) -> Finding:
    latency = host.latency
    text = (
        f"{host.device.label}: {host.sample_rate} Hz, {host.block} frames, "
        f"{latency.milliseconds:.1f} ms from key to sound"
    )
    return Finding("audio", GOOD, text)


def _listen(host) -> Finding:
    """Play silence for a while, and count what goes wrong."""
    from rtaudio_dl.host.counts import lost

    before = host.counts()
    time.sleep(LISTEN_SECONDS)
    after = host.counts()
    told, own, preempted, calls = (
        after[name] - before[name]
        for name in ("underruns", "overruns", "preempted", "callbacks")
    )
    busy = after["busy_ns"] - before["busy_ns"]
    load = busy / max(1.0, 1e9 * calls * host.block / host.sample_rate)
    due = LISTEN_SECONDS * host.sample_rate / host.block
    text = (
        f"{calls} of {due:.0f} blocks in {LISTEN_SECONDS:g} s, {told} underruns told, "
        f"{own} of our own making, {preempted} preempted, load {load:.1%}, "
        f"longest block {after['longest_ns'] / 1e6:.2f} ms"
    )
    if gone := lost({name: after[name] - before[name] for name in after}):
        fix = "end other programs: a thread of ours was kept from running for seconds"
        return Finding("gaps", BAD, f"{text}; lost: {gone}", fix)
    if own or load > _LOAD_LIMIT:
        return Finding("gaps", BAD, text, "take a larger --block, end other programs")
    if told or preempted or calls < 0.99 * due:
        fix = "see real-time priority above; a larger --block; fewer other programs"
        return Finding("gaps", WARNING, text, fix)
    return Finding("gaps", GOOD, text)


def system() -> str:
    """The system in one line."""
    uname = os.uname() if hasattr(os, "uname") else None
    kernel = f"{uname.sysname} {uname.release}" if uname else sys.platform
    return f"{kernel}, {os.cpu_count()} processors, Python {sys.version.split()[0]}"
