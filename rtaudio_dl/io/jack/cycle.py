"""What JACK calls in each cycle: MIDI and sound in, then the engine, then sound out.

The engine is compiled once, with PortAudio's signature and interleaved samples. JACK
has one buffer per port, so this small C callback stands between the two. MIDI comes in
the same cycle: a note sounds at its very frame, without any delay or jitter.
"""

from __future__ import annotations

import numpy as np
from numba import types

from rtaudio_dl.core.kernel import rt_callback, rt_kernel
from rtaudio_dl.core.native import call2, call3, call8, floats_at, table_at
from rtaudio_dl.engine.input import MAX_INPUTS
from rtaudio_dl.io.jack.native import array_of, midi_count, midi_message

OUTPUTS = 2
SCRATCH_FRAMES = 8192  # a longer cycle is played in parts
_OUTPUT_UNDERFLOW = 4  # PortAudio's flag, as the engine knows it
_NOTE_ON, _CONTROL = 0x90, 0xB0
_SUSTAIN, _ALL_NOTES_OFF = 64, 123
_ON = 64  # of a pedal, and above
_MIDI_CHANNELS = 16

CYCLE = np.dtype(
    [
        ("callback", np.uintp),  # PaStreamCallback
        ("midi_callback", np.uintp),  # void f(user, frame of the cycle, message)
        ("user", np.uintp),
        ("get_buffer", np.uintp),  # C functions of libjack
        ("event_count", np.uintp),
        ("event_get", np.uintp),
        ("ports", np.uintp, (OUTPUTS,)),
        ("inputs", np.int64),  # ports that are heard; the control side sets it last
        ("input_ports", np.uintp, (MAX_INPUTS,)),
        ("heard", np.uintp),  # interleaved float32, `SCRATCH_FRAMES` of `inputs`
        ("midi_port", np.uintp),  # 0: none
        ("event", np.uintp),  # memory of one `native.MIDI_EVENT`
        ("scratch", np.uintp),  # interleaved float32
        ("times", np.uintp),  # PaStreamCallbackTimeInfo; zero, the engine has a clock
        ("played", np.int64),  # bits: channels that had notes, or a pedal down
        ("releases", np.int64),  # asked for, by the control side only
        ("released", np.int64),
        ("xruns", np.int64),  # written by JACK's notification thread only
        ("xruns_told", np.int64),
        ("lost", np.int64),  # the server has gone
        ("left", np.int64),  # we have: the engine is not to be reached any more
    ],
    align=True,
)
_cycles = array_of(CYCLE)


@rt_kernel
def _send(state, offset, message):
    call3(state.midi_callback, state.user, np.uintp(offset), np.uintp(message))


@rt_kernel
def _release(state):
    # A source has gone, and nobody knows which notes were its own.
    for channel in range(_MIDI_CHANNELS):
        if state.played >> channel & 1:
            for control in (_SUSTAIN, _ALL_NOTES_OFF):
                _send(state, 0, _CONTROL | channel | control << 8)
    state.played = 0
    state.released = state.releases


@rt_kernel
def _holds(message):
    """Whether something must be ended when the source of this message goes."""
    status, data1, data2 = message & 0xF0, message >> 8 & 0xFF, message >> 16 & 0xFF
    pedal = status == _CONTROL and data1 == _SUSTAIN and data2 >= _ON
    return status == _NOTE_ON or pedal


@rt_kernel
def _bring_midi(state, frames):
    if state.released != state.releases:
        _release(state)
    buffer = call2(state.get_buffer, state.midi_port, frames)
    for i in range(midi_count(state.event_count, buffer)):
        offset, length, message = midi_message(state.event_get, state.event, buffer, i)
        if length > 0:
            if _holds(message):
                state.played |= 1 << (message & 0x0F)
            _send(state, offset, message)


@rt_kernel
def _bring_sound(state, inputs, frames, first, count):
    """Interleave ``count`` of the cycle's frames for the engine; where they are."""
    if inputs == 0:
        return np.uintp(0)
    heard = table_at(state.heard, SCRATCH_FRAMES, inputs)
    for channel in range(inputs):
        port = state.input_ports[channel]
        sound = floats_at(call2(state.get_buffer, port, frames), first + count)
        for i in range(count):
            heard[i, channel] = sound[first + i]
    return state.heard


@rt_kernel
def _play(state, heard, frames, underflow):
    flags = np.uintp(_OUTPUT_UNDERFLOW if underflow else 0)
    none = np.uintp(0)
    call8(
        state.callback,
        heard,
        state.scratch,
        np.uintp(frames),
        state.times,
        flags,
        state.user,
        none,  # two more than PortAudio's callback takes: it does not look
        none,
    )


@rt_callback(types.int32(types.uint32, types.uintp))
def process(frames, user):
    """JackProcessCallback: let the engine hear and fill the ports' buffers. [audio]"""
    state = _cycles(user, 1)[0]
    n = np.uintp(frames)
    left = floats_at(call2(state.get_buffer, state.ports[0], n), frames)
    right = floats_at(call2(state.get_buffer, state.ports[1], n), frames)
    if state.left != 0:
        for i in range(frames):
            left[i] = right[i] = np.float32(0.0)
        return 0
    if state.midi_port != 0:
        _bring_midi(state, n)
    mixed = table_at(state.scratch, SCRATCH_FRAMES, OUTPUTS)
    underflow = state.xruns != state.xruns_told
    state.xruns_told = state.xruns
    inputs = state.inputs  # the control side may change it at any time: one look
    done = 0
    while done < frames:
        count = min(frames - done, SCRATCH_FRAMES)
        heard = _bring_sound(state, inputs, n, done, count)
        _play(state, heard, count, underflow and done == 0)
        for i in range(count):
            left[done + i], right[done + i] = mixed[i, 0], mixed[i, 1]
        done += count
    return 0


@rt_callback(types.int32(types.uintp))
def xrun(user):
    """JackXRunCallback: somebody on the server was late. [any]"""
    _cycles(user, 1)[0].xruns += 1
    return 0


@rt_callback(types.void(types.uintp))
def shutdown(user):
    """JackShutdownCallback: the server has gone. [any]"""
    _cycles(user, 1)[0].lost = 1
