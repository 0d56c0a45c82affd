"""Where detections go: lines, JSON, OSC, MIDI, and the count of them all."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.text import Text

from rtaudio_dl.cli.console import console
from rtaudio_dl.cli.meters import bar, meter
from rtaudio_dl.errors import EngineError

if TYPE_CHECKING:
    from rtaudio_dl.io.midi.out import MidiOut
    from rtaudio_dl.kinds.classifier.listener import Detection, Listener
    from rtaudio_dl.telemetry.osc import OscSender

FIRST_KEY = 60  # of labels that nobody gave a key
_MAX_CLASSES, _MAX_EVENTS = 14, 10  # lines of the live view
_LABEL_WIDTH, _BAR_WIDTH = 16, 40


class Sink(Protocol):
    """Something that is told what is heard."""

    def event(self, heard: Detection) -> None:
        """A label began or ended."""

    def scores(self, scores: Mapping[str, float], level: float) -> None:
        """How likely the labels are now, and how loud it is."""

    def close(self) -> None:
        """Nothing more will be heard."""


class Sinks:
    """Many of them, as one."""

    def __init__(self, sinks: list[Sink]):
        self._sinks = sinks

    def event(self, heard: Detection) -> None:
        """Tell all of them."""
        for sink in self._sinks:
            sink.event(heard)

    def scores(self, scores: Mapping[str, float], level: float) -> None:
        """Tell all of them."""
        for sink in self._sinks:
            sink.scores(scores, level)

    def close(self) -> None:
        """Close all of them."""
        for sink in self._sinks:
            sink.close()


class Count:
    """How often each label began."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()

    def event(self, heard: Detection) -> None:
        """Count a beginning."""
        self.labels[heard.label] += heard.on

    def scores(self, scores: Mapping[str, float], level: float) -> None:
        """Not counted."""

    def close(self) -> None:
        """Nothing to do."""

    def line(self) -> str:
        """All labels that were heard, the most frequent first."""
        return ", ".join(f"{label} {n}" for label, n in self.labels.most_common() if n)


class Lines:
    """A line for each beginning, for people and pipes."""

    def event(self, heard: Detection) -> None:
        """Print a beginning at once."""
        if heard.on:
            print(event_line(heard).plain, flush=True)

    def scores(self, scores: Mapping[str, float], level: float) -> None:
        """Not printed."""

    def close(self) -> None:
        """Nothing to do."""


class JsonLines:
    """A JSON object on a line for each beginning and end, for programs."""

    def event(self, heard: Detection) -> None:
        """Print an event at once."""
        print(json.dumps({"type": "event"} | asdict(heard)), flush=True)

    def scores(self, scores: Mapping[str, float], level: float) -> None:
        """Not printed."""

    def close(self) -> None:
        """Nothing to do."""

    def end(self, facts: Mapping[str, object]) -> None:
        """Print the last line: what there was in all."""
        print(json.dumps({"type": "end"} | dict(facts)), flush=True)


class OscSink:
    """Open Sound Control, see `rtaudio_dl.telemetry.osc`."""

    def __init__(self, sender: OscSender):
        self._sender = sender

    def event(self, heard: Detection) -> None:
        """Send an event."""
        self._sender.event(heard)

    def scores(self, scores: Mapping[str, float], level: float) -> None:
        """Send scores and level."""
        self._sender.scores(scores.values(), level)

    def close(self) -> None:
        """Close the socket."""
        self._sender.close()


class MidiSink:
    """Notes by a map of labels to keys; onsets are as loud as the stroke was."""

    def __init__(self, out: MidiOut, keys: Mapping[str, int], channel: int):
        self._out, self._keys, self._channel = out, keys, channel

    def event(self, heard: Detection) -> None:
        """Strike or lift a label's key."""
        from rtaudio_dl.kinds.classifier.settings import ONSET

        key = self._keys.get(heard.label)
        if key is None:
            return
        if heard.on:
            velocity = heard.level if heard.label == ONSET else heard.confidence
            self._out.note_on(key, velocity, self._channel)
        else:
            self._out.note_off(key, self._channel)

    def scores(self, scores: Mapping[str, float], level: float) -> None:
        """Not played."""

    def close(self) -> None:
        """Lift all keys and close the port."""
        self._out.close()


def key_map(texts: list[str] | None, listener: Listener) -> dict[str, int]:
    """``LABEL=NOTE`` texts as labels and keys; without any, keys from 60 upwards.

    Labels that are never events have none. Raises EngineError.
    """
    settings = listener.classifier.settings
    silent = settings.background if settings else frozenset()
    labels = [label for label in listener.labels if label not in silent]
    if not texts:
        return {label: FIRST_KEY + i for i, label in enumerate(labels[:64])}
    keys = {}
    for text in texts:
        label, _, number = text.rpartition("=")
        if label not in labels:
            raise EngineError(
                f"no label {label!r:.80} in {text!r:.80}; there are: "
                f"{', '.join(labels[:40])}"
            )
        if not number.isdecimal() or not 0 <= int(number) <= 127:
            raise EngineError(f"note is {number!r:.80}; allowed: 0 to 127")
        keys[label] = int(number)
    return keys


@contextmanager
def open_sinks(options: argparse.Namespace, listener: Listener) -> Iterator[list[Sink]]:
    """OSC and MIDI, where they are wanted; closed in the end."""
    sinks: list[Sink] = []
    try:
        if options.osc:
            from rtaudio_dl.telemetry.osc import OscSender, parse_address

            address = parse_address(options.osc)
            sinks.append(OscSink(OscSender(*address, listener.labels)))
        if options.midi_out:
            from rtaudio_dl.io.midi.out import MidiOut

            keys = key_map(options.map, listener)
            out = MidiOut(options.midi_out)
            say(options, f"MIDI out: {out.label}")
            sinks.append(MidiSink(out, keys, options.midi_channel - 1))
        elif options.map:
            raise EngineError("--map is for --midi-out; give that too")
        yield sinks
    finally:
        Sinks(sinks).close()


def say(options: argparse.Namespace, line: str) -> None:
    """What a person should know; with --json standard output is for programs alone."""
    if options.json:
        print(line, file=sys.stderr)
    else:
        console.print(line)


class View:
    """What is seen live: level, the likeliest labels, and the latest events."""

    def __init__(self, status: Text):
        self.status = status
        self._events: deque[Detection] = deque(maxlen=_MAX_EVENTS)
        self._scores: Mapping[str, float] = {}
        self._level = 0.0

    def event(self, heard: Detection) -> None:
        """Keep a beginning for the list."""
        if heard.on:
            self._events.append(heard)

    def scores(self, scores: Mapping[str, float], level: float) -> None:
        """Keep the newest ones."""
        self._scores, self._level = scores, level

    def close(self) -> None:
        """Nothing to do."""

    def __rich__(self) -> Group:
        level = Text(f" {'level':>{_LABEL_WIDTH}} ").append_text(meter(self._level))
        return Group(level, *self._bars(), Text(), *self._list(), self.status)

    def _bars(self) -> list[Text]:
        """In the order of the model, so that no bar jumps."""
        best = sorted(self._scores, key=self._scores.get, reverse=True)[:_MAX_CLASSES]
        lines = []
        for label, score in self._scores.items():
            if label in best:
                line = Text(f" {label[:_LABEL_WIDTH]:>{_LABEL_WIDTH}} ")
                line.append(bar(score, _BAR_WIDTH), style="cyan")
                lines.append(line.append(f" {score:.2f}", style="dim"))
        return lines

    def _list(self) -> list[Text]:
        lines = [event_line(heard) for heard in reversed(self._events)]
        for line in lines[1:]:
            line.stylize("dim")
        return lines + [Text()] * (_MAX_EVENTS - len(lines))


def event_line(heard: Detection) -> Text:
    """Time, label and confidence of an event."""
    line = Text(f" {heard.time:9.3f} s  ")
    line.append(f"{heard.label:<{_LABEL_WIDTH}}", style="bold")
    return line.append(f"  {heard.confidence:.2f}")
