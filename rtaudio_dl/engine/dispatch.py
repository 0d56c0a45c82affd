"""What an event does: one function per kind, and the MIDI controls that it knows."""

from __future__ import annotations

from rtaudio_dl.core.counters import NOTES, UNMAPPED
from rtaudio_dl.core.history import begin_writing, end_writing
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.midi import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    EXPRESSION,
    PAN,
    RESET_CONTROLLERS,
    SUSTAIN,
    VOLUME,
)
from rtaudio_dl.core.native import call3, load_acquire
from rtaudio_dl.core.parameters import GAINS, PANS
from rtaudio_dl.core.words import change_word
from rtaudio_dl.engine import events, transport
from rtaudio_dl.engine.layout import (
    ACTIVE,
    CHANNELS,
    EMPTY,
    IDLE,
    KEYS,
    MASTER_NODE,
    NODES,
    NONE,
    PLACES,
    PROGRAMS,
    RETIRING,
)
from rtaudio_dl.engine.nodes import is_alive
from rtaudio_dl.engine.parameters import UNITY_VOLUME, from_control, set_parameter
from rtaudio_dl.engine.voices import fade_out, start


@rt_kernel
def _lift(voice, sustain):
    if sustain:
        voice.sustained = 1
    else:
        voice.released = 1


@rt_kernel
def _hears_note_off(engine, voice, channel, key):
    # A voice obeys the node that it was struck with, whatever the channel plays now.
    if voice.life == IDLE or engine.nodes[voice.node].one_shot:
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
def _is_active(engine, node):
    return load_acquire(engine.node_life, node) == ACTIVE


@rt_kernel
def _note_on(engine, channel, key, velocity):
    engine.counters[NOTES] += 1
    node = engine.channels[channel].node
    if (
        node == NONE
        or not _is_active(engine, node)
        or not engine.keys[node, key].mapped
    ):
        engine.counters[UNMAPPED] += 1
        return
    # A string struck again stops sounding as it did.
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if _hears_note_off(engine, voice, channel, key):
            voice.released = 1
    start(engine, channel, node, key, velocity)


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
        channel.volume = (value / UNITY_VOLUME) ** 2
    elif number == PAN:
        channel.pan = min(max((value * 127.0 - 64.0) / 63.0, -1.0), 1.0)
    elif number == EXPRESSION:
        channel.expression = value**2
    elif number == SUSTAIN:
        _pedal(engine, channel_index, 1 if value >= 0.5 else 0)
    elif number == ALL_SOUND_OFF:
        all_sound_off(engine, channel_index)
    elif number == RESET_CONTROLLERS:
        _reset_controllers(engine, channel_index)
    elif number >= ALL_NOTES_OFF:  # 124 to 127, the modes, imply it
        _note_off(engine, channel_index, NONE)
    elif channel.node != NONE:
        parameter = engine.controls[channel.node, number]
        if parameter != NONE:
            value = from_control(engine.ranges[channel.node, parameter], value)
            set_parameter(engine, channel.node, parameter, value)


@rt_kernel
def _choose_node(engine, channel, node):
    if 0 <= node < PLACES and _is_active(engine, node):
        engine.channels[channel].node = node


@rt_kernel
def _retire(engine, node):
    if change_word(engine.node_life, node, ACTIVE, RETIRING):
        for channel in range(CHANNELS):
            if engine.channels[channel].node == node:
                engine.channels[channel].node = NONE
        for program in range(PROGRAMS):
            if engine.programs[program] == node:
                engine.programs[program] = NONE


@rt_kernel
def _tell_node(engine, index, event):
    """A node whose kind wants events gets this one, too."""
    if not 0 <= index < NODES or not is_alive(engine, index):
        return  # its memory may be gone, or not set up yet
    if engine.nodes[index].event != 0:
        engine.told[0] = event
        told = engine.told.ctypes.data
        call3(engine.nodes[index].event, engine.master[0].address, index, told)


@rt_kernel
def _of_node(engine, event):
    """A command to a node; its number is in `key`.

    The master section takes none: nothing gets above its ceiling.
    """
    index = event.key
    if not 0 <= index < MASTER_NODE:
        return
    node = engine.nodes[index]
    if event.kind == events.ACTIVATE:
        change_word(engine.node_life, index, EMPTY, ACTIVE)
    elif event.kind == events.RETIRE:
        _retire(engine, index)
    elif event.kind == events.NODE_GAIN:
        if GAINS[0] <= event.value <= GAINS[1]:
            node.gain = event.value
    elif event.kind == events.NODE_PAN:
        if PANS[0] <= event.value <= PANS[1]:
            node.pan = event.value
    elif event.kind == events.BYPASS:
        node.bypass = event.value != 0.0
    _tell_node(engine, index, event)


@rt_kernel
def _of_transport(engine, event):
    state, master = engine.transport[0], engine.master[0]
    frame, rate = master.frame, master.sample_rate
    begin_writing(state.changes, 1)
    if event.kind == events.TEMPO:
        transport.set_tempo(state, frame, rate, event.value)
    elif event.kind == events.METRE:
        if 1.0 <= event.value <= transport.MOST_OF_METRE:
            transport.set_metre(state, event.key, int(event.value))
    elif event.kind == events.RUN:
        if 0 <= event.key <= transport.CONTINUE:
            transport.run(state, frame, rate, event.key)
    elif event.kind == events.POSITION:
        transport.set_position(state, frame, event.value)
    elif event.kind == events.CLOCK:
        transport.tick(state, frame, rate)
    else:
        transport.tap(state, frame, rate)
    end_writing(state.changes, 1)


@rt_kernel
def _of_channel(engine, event):
    channel, key = event.channel, event.key
    if not 0 <= channel < CHANNELS or not 0 <= key < KEYS:
        return
    if event.kind == events.NOTE_ON:
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
        _choose_node(engine, channel, engine.programs[key])
    elif event.kind == events.PATCH:
        _choose_node(engine, channel, key)
    _tell_node(engine, engine.channels[channel].node, event)


@rt_kernel
def apply(engine, event):
    """Do what an event says, now. Values out of range do nothing. [audio]"""
    kind = event.kind
    if kind in events.CHANNEL_KINDS:
        _of_channel(engine, event)
    elif kind == events.PARAMETER:
        set_parameter(engine, event.channel, event.key, event.value)
        _tell_node(engine, event.channel, event)
    elif kind == events.MAP_PROGRAM:
        if 0 <= event.key < PROGRAMS:
            engine.programs[event.key] = event.channel
    elif kind in events.NODE_KINDS:
        _of_node(engine, event)
    elif kind in events.TRANSPORT_KINDS:
        _of_transport(engine, event)
