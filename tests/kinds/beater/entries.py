"""What the engine calls of it."""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.native import record_at
from rtaudio_dl.engine.emit import emit
from rtaudio_dl.engine.events import CONTROL, EVENT, NOTE_OFF, NOTE_ON
from rtaudio_dl.engine.layout import ENGINE, NONE
from rtaudio_dl.engine.parameters import VARIATION
from rtaudio_dl.engine.transport import beat_of, frame_of

BEATER = np.dtype(
    [
        ("key", np.int64),
        ("channel", np.int64),
        ("held", np.int64),  # frames
        ("echoes", np.int64),  # it answers its own notes
        ("event", EVENT, (1,)),
    ],
    align=True,
)


@rt_entry("vpww")
def process(_address, _node, _count):
    """Make no sound. [audio]"""


@rt_entry("wpww")
def take(_address, _node, _key):
    """It has no sound for a note; but who can take notes is given channels. [audio]"""
    return NONE


@rt_entry("wpw")
def sweep(_address, _node):
    """It is always at rest. [audio]"""
    return 1


@rt_entry("vpww")
def plan(address, node, count):
    """Strike the key at every beat in these frames, and lift it. [audio]"""
    engine = record_at(address, ENGINE)
    first = engine.nodes[node].planned
    state = record_at(engine.nodes[node].state, BEATER)
    transport, rate = engine.transport[0], engine.master[0].sample_rate
    if not transport.playing:
        return
    beat = math.floor(beat_of(transport, first, rate))
    while frame_of(transport, beat, rate) < first:
        beat += 1.0
    while frame_of(transport, beat, rate) < first + count:
        frame, event = frame_of(transport, beat, rate), state.event[0]
        event.channel, event.key = state.channel, state.key
        event.kind, event.value = NOTE_ON, 0.8
        emit(engine, event, frame)
        event.kind, event.value = NOTE_OFF, 0.0
        emit(engine, event, frame + state.held)
        beat += 1.0


@rt_entry("vpwp")
def event(address, node, told):
    """Answer a control with itself, for ever. [audio]"""
    engine = record_at(address, ENGINE)
    state, heard = record_at(engine.nodes[node].state, BEATER), record_at(told, EVENT)
    if state.echoes and heard.kind == CONTROL:
        state.event[0] = heard
        emit(engine, state.event[0], heard.time)
        engine.parameters[node, VARIATION] += 1.0
