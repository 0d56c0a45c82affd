"""What an event does: one function per kind, and the MIDI controls that it knows."""

from __future__ import annotations

import math

from rtaudio_dl.core.counters import NOTES, UNMAPPED
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import load_acquire
from rtaudio_dl.core.words import change_word
from rtaudio_dl.engine import events
from rtaudio_dl.engine.layout import (
    ACTIVE,
    ATTACK,
    BEND_RANGE,
    CHANNELS,
    DECAY,
    EMPTY,
    GAIN,
    IDLE,
    KEYS,
    NONE,
    PAN,
    PARAMETERS,
    PATCHES,
    PROGRAMS,
    RELEASE,
    RETIRING,
    TUNE,
    VELOCITY_CURVE,
)
from rtaudio_dl.engine.voices import fade_out, start

# Control changes that mean the same for every patch (MIDI 1.0, RP-015).
VOLUME, CHANNEL_PAN, EXPRESSION, PEDAL = 7, 10, 11, 64
ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 120, 121, 123
_UNITY_VOLUME = 100 / 127  # General MIDI's default plays at 0 dB
_LONGEST = 10.0  # s, of an attack, decay or release that a control sets
_HOPS_BETWEEN = 8  # places of an inbox that the latency may not take


@rt_kernel
def low_of(parameter):
    """The least value of a parameter. [any]"""
    if parameter == PAN:
        return -1.0
    if parameter == TUNE:
        return -48.0
    return 0.0


@rt_kernel
def high_of(parameter):
    """The greatest value of a parameter. [any]"""
    if parameter in (GAIN, VELOCITY_CURVE):
        return 4.0
    if parameter in (TUNE, BEND_RANGE):
        return 48.0
    if parameter in (ATTACK, DECAY, RELEASE):
        return 60.0
    return 1.0


@rt_kernel
def _set_parameter(engine, patch_index, parameter, value):
    if 0 <= patch_index < PATCHES and 0 <= parameter < PARAMETERS:
        if abs(value) < math.inf:  # isfinite is blind here, see engine/master.py
            value = min(max(value, low_of(parameter)), high_of(parameter))
            engine.parameters[patch_index, parameter] = value


@rt_kernel
def _from_control(parameter, value):
    """A control's 0..1 as a parameter's value: fine where the ear is fine."""
    if parameter == GAIN:
        return (value / _UNITY_VOLUME) ** 2
    if parameter in (ATTACK, DECAY, RELEASE):
        return _LONGEST * value**3
    low, high = low_of(parameter), high_of(parameter)
    return low + value * (high - low)


@rt_kernel
def _lift(voice, sustain):
    if sustain:
        voice.sustained = 1
    else:
        voice.released = 1


@rt_kernel
def _hears_note_off(engine, voice, channel, key):
    # A voice obeys the patch that it was struck with, whatever the channel plays now.
    if voice.life == IDLE or engine.patches[voice.patch].one_shot:
        return False
    return voice.channel == channel and key in (NONE, voice.key)


@rt_kernel
def _note_off(engine, channel, key):
    """Lift a key of a channel, every key if it is NONE."""
    sustain = engine.channels[channel].sustain
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if _hears_note_off(engine, voice, channel, key):
            _lift(voice, sustain)


@rt_kernel
def _is_active(engine, patch_index):
    return load_acquire(engine.patch_life, patch_index) == ACTIVE


@rt_kernel
def _note_on(engine, channel, key, velocity):
    engine.counters[NOTES] += 1
    patch_index = engine.channels[channel].patch
    if (
        patch_index == NONE
        or not _is_active(engine, patch_index)
        or not engine.keys[patch_index, key].mapped
    ):
        engine.counters[UNMAPPED] += 1
        return
    # A string struck again stops sounding as it did.
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if _hears_note_off(engine, voice, channel, key):
            voice.released = 1
    start(engine, channel, patch_index, key, velocity)


@rt_kernel
def _pedal(engine, channel, down):
    engine.channels[channel].sustain = down
    if not down:
        for index in range(engine.voices.size):
            voice = engine.voices[index]
            if voice.channel == channel and voice.sustained:
                voice.sustained, voice.released = 0, 1


@rt_kernel
def all_sound_off(engine, channel):
    """Fade every voice of a channel, of all channels if it is NONE. [audio]"""
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if channel in (NONE, voice.channel):
            fade_out(engine, voice)


@rt_kernel
def _reset_controllers(engine, channel_index):
    # RP-015: volume, pan and program stay as they are.
    channel = engine.channels[channel_index]
    channel.bend, channel.expression = 0.0, 1.0
    _pedal(engine, channel_index, 0)


@rt_kernel
def _control(engine, channel_index, number, value):
    channel = engine.channels[channel_index]
    if number == VOLUME:
        channel.volume = (value / _UNITY_VOLUME) ** 2
    elif number == CHANNEL_PAN:
        channel.pan = min(max((value * 127.0 - 64.0) / 63.0, -1.0), 1.0)
    elif number == EXPRESSION:
        channel.expression = value**2
    elif number == PEDAL:
        _pedal(engine, channel_index, 1 if value >= 0.5 else 0)
    elif number == ALL_SOUND_OFF:
        all_sound_off(engine, channel_index)
    elif number == RESET_CONTROLLERS:
        _reset_controllers(engine, channel_index)
    elif number >= ALL_NOTES_OFF:  # 124 to 127, the modes, imply it
        _note_off(engine, channel_index, NONE)
    elif channel.patch != NONE:
        parameter = engine.controls[channel.patch, number]
        if parameter != NONE:
            value = _from_control(parameter, value)
            _set_parameter(engine, channel.patch, parameter, value)


@rt_kernel
def _choose_patch(engine, channel, patch_index):
    if 0 <= patch_index < PATCHES and _is_active(engine, patch_index):
        engine.channels[channel].patch = patch_index


@rt_kernel
def _retire(engine, patch_index):
    if change_word(engine.patch_life, patch_index, ACTIVE, RETIRING):
        for channel in range(CHANNELS):
            if engine.channels[channel].patch == patch_index:
                engine.channels[channel].patch = NONE
        for program in range(PROGRAMS):
            if engine.programs[program] == patch_index:
                engine.programs[program] = NONE


@rt_kernel
def _set_latency(engine, patch_index, frames):
    """Of the notes to come; those that sound keep theirs."""
    stream = engine.streams[patch_index]
    most = (stream.inbox - _HOPS_BETWEEN) * stream.hop_frames
    if stream.lag < frames <= most:
        stream.latency = int(frames)


@rt_kernel
def _command(engine, event):
    if event.kind == events.PARAMETER:
        _set_parameter(engine, event.channel, event.key, event.value)
    elif event.kind == events.ACTIVATE:
        if 0 <= event.key < PATCHES:
            change_word(engine.patch_life, event.key, EMPTY, ACTIVE)
    elif event.kind == events.RETIRE and 0 <= event.key < PATCHES:
        _retire(engine, event.key)
    elif event.kind == events.MAP_PROGRAM and 0 <= event.key < PROGRAMS:
        engine.programs[event.key] = event.channel
    elif event.kind == events.LATENCY and 0 <= event.key < PATCHES:
        _set_latency(engine, event.key, event.value)


@rt_kernel
def apply(engine, event):
    """Do what an event says, now. Values out of range do nothing. [audio]"""
    channel, key = event.channel, event.key
    if event.kind >= events.PARAMETER and event.kind != events.PATCH:
        _command(engine, event)
    elif not 0 <= channel < CHANNELS or not 0 <= key < KEYS:
        return
    elif event.kind == events.NOTE_ON:
        if 0.0 < event.value <= 1.0:
            _note_on(engine, channel, key, event.value)
    elif event.kind == events.NOTE_OFF:
        _note_off(engine, channel, key)
    elif event.kind == events.CONTROL:
        if 0.0 <= event.value <= 1.0:
            _control(engine, channel, key, event.value)
    elif event.kind == events.PITCH_BEND:
        if -1.0 <= event.value <= 1.0:
            engine.channels[channel].bend = event.value
    elif event.kind == events.PROGRAM:
        _choose_patch(engine, channel, engine.programs[key])
    elif event.kind == events.PATCH:
        _choose_patch(engine, channel, key)
