"""What JACK calls in each cycle: MIDI and sound in, then the engine, then sound out.

The engine is compiled once, with PortAudio's signature and interleaved samples. JACK
has one buffer per port, so this small C callback stands between the two. MIDI comes in
the same cycle: a note sounds at its very frame, without any delay or jitter.
"""

from __future__ import annotations

import numpy as np

from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import (
    call2,
    call3,
    call6,
    floats_at,
    load_acquire,
    record_at,
    store_release,
    table_at,
    words_at,
)
from rtaudio_dl.core.switch import SWITCH, look
from rtaudio_dl.engine.input import MAX_INPUTS
from rtaudio_dl.io.jack.native import midi_count, midi_message

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
        ("input_ports", np.uintp, (MAX_INPUTS,)),
        ("heard", np.uintp),  # interleaved float32, `SCRATCH_FRAMES` of `inputs`
        ("midi_port", np.uintp),  # 0: none
        ("event", np.uintp),  # memory of one `native.MIDI_EVENT`
        ("scratch", np.uintp),  # interleaved float32
        ("times", np.uintp),  # PaStreamCallbackTimeInfo; zero, the engine has a clock
        ("words", np.uintp),  # `WORDS` int64 that several threads share, see below
        # the cycle's own
        ("played", np.int64),  # bits: channels that had notes, or a pedal down
        ("released", np.int64),
        ("xruns_told", np.int64),
    ],
    align=True,
)
# The shared words: first a switch, whose value is how many input ports are heard. Only
# while it is 0, and that has been seen, `input_ports` and `heard` may change.
RELEASES = SWITCH  # of notes, asked for by the control side
XRUNS = SWITCH + 8  # counted by JACK's notification thread
LOST = SWITCH + 16  # the server has gone: set by JACK's thread for that
LEFT = SWITCH + 32  # by us: the engine is not to be reached any more
WORDS = SWITCH + 40


@rt_kernel
def _send(state, offset, message):
    call3(state.midi_callback, state.user, np.uintp(offset), np.uintp(message))


@rt_kernel
def _release(state, releases):
    # A source has gone, and nobody knows which notes were its own.
    for channel in range(_MIDI_CHANNELS):
        if state.played >> channel & 1:
            for control in (_SUSTAIN, _ALL_NOTES_OFF):
                _send(state, 0, _CONTROL | channel | control << 8)
    state.played = 0
    state.released = releases


@rt_kernel
def _holds(message):
    """Whether something must be ended when the source of this message goes."""
    status, data1, data2 = message & 0xF0, message >> 8 & 0xFF, message >> 16 & 0xFF
    pedal = status == _CONTROL and data1 == _SUSTAIN and data2 >= _ON
    return status == _NOTE_ON or pedal


@rt_kernel
def _bring_midi(state, words, frames):
    releases = load_acquire(words, RELEASES)
    if state.released != releases:
        _release(state, releases)
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
    call6(
        state.callback,
        heard,
        state.scratch,
        np.uintp(frames),
        state.times,
        flags,
        state.user,
    )


@rt_entry("iup")
def process(frames, user):
    """JackProcessCallback: let the engine hear and fill the ports' buffers. [audio]"""
    state = record_at(user, CYCLE)
    words = words_at(state.words, WORDS)
    inputs = look(words)  # first: it says that the cycle before is over
    n = np.uintp(frames)
    left = floats_at(call2(state.get_buffer, state.ports[0], n), frames)
    right = floats_at(call2(state.get_buffer, state.ports[1], n), frames)
    if load_acquire(words, LEFT) != 0:
        for i in range(frames):
            left[i] = right[i] = np.float32(0.0)
        return 0
    if state.midi_port != 0:
        _bring_midi(state, words, n)
    mixed = table_at(state.scratch, SCRATCH_FRAMES, OUTPUTS)
    xruns = load_acquire(words, XRUNS)
    underflow = xruns != state.xruns_told
    state.xruns_told = xruns
    done = 0
    while done < frames:
        count = min(frames - done, SCRATCH_FRAMES)
        heard = _bring_sound(state, inputs, n, done, count)
        _play(state, heard, count, underflow and done == 0)
        for i in range(count):
            left[done + i], right[done + i] = mixed[i, 0], mixed[i, 1]
        done += count
    return 0


@rt_entry("ip")
def xrun(user):
    """JackXRunCallback: somebody on the server was late. [any]"""
    words = words_at(record_at(user, CYCLE).words, WORDS)
    store_release(words, XRUNS, words[XRUNS] + 1)
    return 0


@rt_entry("vp")
def shutdown(user):
    """JackShutdownCallback: the server has gone. [any]"""
    store_release(words_at(record_at(user, CYCLE).words, WORDS), LOST, 1)
