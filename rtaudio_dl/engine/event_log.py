"""The flight recorder's ring: every event that was applied, at the frame where it was.

Together with the sounds that voices began with, that is all that the output depends on.
"""

from __future__ import annotations

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import load_acquire
from rtaudio_dl.core.ring import push
from rtaudio_dl.engine.events import LATE, SOUND, STRUCK, TAP
from rtaudio_dl.engine.layout import FLIGHT_ON


@rt_kernel
def _is_on(engine):
    return load_acquire(engine.switches, FLIGHT_ON) != 0


@rt_kernel
def _log(engine, kind, channel, key, value, clock):
    line = engine.logged[0]
    line.time = engine.master[0].frame
    line.kind, line.channel, line.key = kind, channel, key
    line.value, line.clock = value, clock
    push(engine.flight_ring, engine.flight_cursors, line)


@rt_kernel
def log_event(engine, event):
    """Keep an event that is applied now. [audio]"""
    if _is_on(engine):
        _log(engine, event.kind, event.channel, event.key, event.value, 0)


@rt_kernel
def log_sound(engine, voice, number, morph, variation):
    """Keep which sound a voice begins with now. [audio]"""
    if _is_on(engine):
        waited = engine.master[0].frame - voice.asked
        _log(engine, SOUND, voice.node, number, morph, 0)
        _log(engine, STRUCK, voice.channel, voice.key, variation, waited)


@rt_kernel
def log_late(engine, voice, hop):
    """Keep that a hop of a stream's voice was late. [audio]"""
    if _is_on(engine):
        _log(engine, LATE, voice.node, hop, voice.serial, 0)


@rt_kernel
def log_tap(engine, recorded):
    """Keep where the recording of the output begins and ends. [audio]"""
    master = engine.master[0]
    if _is_on(engine) and recorded != master.tap_was_on:
        _log(engine, TAP, 0, recorded, 0.0, 0)
    master.tap_was_on = recorded
