"""The writer: conversion, order, what is held, and a ring that is full."""

import numpy as np
import pytest

from rtaudio_dl.core.control import pop
from rtaudio_dl.core.ring import DROPPED, new_cursors
from rtaudio_dl.engine.events import EVENT, NANOSECONDS, new_event
from rtaudio_dl.io.midi import writer as midi_writer
from rtaudio_dl.io.midi.writer import Writer
from tests.jack import until


class Rig:
    def __init__(self, size=64):
        self.ring, self.cursors = np.zeros(size, EVENT), new_cursors()
        self.writer = Writer(self.ring, self.cursors)

    def put(self, *message, source="keys", stamp=1):
        self.writer.put(source, stamp, bytes(message))

    def take(self, count):
        into, found = new_event(), []

        def enough():
            while pop(self.ring, self.cursors, into):
                found.append(into[0].copy())
            return len(found) >= count

        until(enough)
        return found

    def controls(self, count):
        return [(int(e["channel"]), int(e["key"])) for e in self.take(count)]


@pytest.fixture
def rig():
    rig = Rig()
    yield rig
    rig.writer.close(seconds=0.0)


def test_a_message_becomes_an_event_with_its_stamp(rig):
    rig.put(0x93, 60, 127, stamp=123_456_789)
    event = rig.take(1)[0]
    assert (event["time"], event["clock"]) == (123_456_789, NANOSECONDS)
    assert (event["channel"], event["key"], event["value"]) == (3, 60, 1.0)


def test_only_channels_that_had_notes_are_ended(rig):
    rig.put(0x92, 60, 1)
    rig.put(0xB7, 1, 64)
    rig.put(0x95, 60, 1, source="other")
    rig.writer.put("keys", 2, None)
    assert rig.controls(5)[3:] == [(2, 64), (2, 123)]
    rig.writer.put("keys", 3, None)
    rig.writer.put("other", 3, None)
    assert rig.controls(2) == [(5, 64), (5, 123)]


def test_closing_ends_what_still_sounds(rig):
    rig.put(0x90, 60, 1)
    rig.take(1)
    rig.writer.close(seconds=5.0)
    assert rig.controls(2) == [(0, 64), (0, 123)]


def test_a_full_ring_is_waited_for():
    rig = Rig(size=4)
    for key in range(100):
        rig.put(0x90, key, 1)
    until(lambda: rig.writer.waits > 0)
    assert [int(e["key"]) for e in rig.take(100)] == list(range(100))
    assert rig.cursors[DROPPED] == 0


def test_what_ends_notes_is_kept_when_too_much_waits(monkeypatch):
    monkeypatch.setattr(midi_writer, "_BACKLOG", 8)
    rig = Rig(size=4)
    for key in range(40):
        rig.put(0x90, key, 1)
    rig.put(0x90, 1, 0)
    rig.put(0x80, 2, 64)
    rig.put(0xB0, 64, 0)
    assert rig.writer.dropped > 0
    kept = rig.take(40 - rig.writer.dropped + 3)
    assert [int(e["key"]) for e in kept][-3:] == [1, 2, 64]


def test_a_pedal_that_is_down_is_ended_too(rig):
    rig.put(0xB2, 64, 127)
    rig.put(0xB3, 64, 0)
    rig.writer.put("keys", 2, None)
    rig.put(0x90, 60, 1)
    assert rig.controls(5)[2:4] == [(2, 64), (2, 123)]
