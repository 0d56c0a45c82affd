"""Voices that play a whole sound: through the resampler, at any pitch."""

from __future__ import annotations

from rtaudio_dl.core.counters import LATE_FRAMES
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import floats_at
from rtaudio_dl.dsp.resampler import MAX_STEP, PADDING, TAIL, sample_at
from rtaudio_dl.engine.envelope import begin, envelope, gains
from rtaudio_dl.engine.event_log import log_sound
from rtaudio_dl.engine.layout import IDLE, WAITING
from rtaudio_dl.engine.parameters import BEND_RANGE, GAIN, TUNE, step_of
from rtaudio_dl.engine.voices import end
from rtaudio_dl.kinds.sound.pool import comes, sound_of


@rt_kernel
def _step(engine, voice):
    """Frames of the sound per frame of output, at the key's pitch and the wheel's."""
    parameters = engine.parameters[voice.node]
    semitones = engine.keys[voice.node, voice.key].shift + parameters[TUNE]
    semitones += engine.channels[voice.channel].bend * parameters[BEND_RANGE]
    step = sound_of(engine, voice.node).rate / engine.master[0].sample_rate
    return min(step * 2.0 ** (semitones / 12.0), MAX_STEP)


@rt_kernel
def _begin(engine, voice, slot):
    """The sound is there: from this frame on the voice is heard."""
    voice.step = _step(engine, voice)
    begin(engine, voice)
    log_sound(engine, voice, slot.number, slot.morph, slot.variation)


@rt_kernel
def _sound(engine, voice, slot, count):
    """Add a voice to the mix; returns the frames that its sound lasted."""
    sound = floats_at(slot.address, slot.length + 2 * PADDING)
    last = slot.length + TAIL
    smooth = step_of(engine, voice.node, GAIN)
    glide = step_of(engine, voice.node, TUNE)
    to_left, to_right = gains(engine, voice)
    to_step = _step(engine, voice)
    position, step, bright = voice.position, voice.step, voice.bright
    left, right, low_pass = voice.left, voice.right, voice.filter
    tail_left, tail_right = voice.tail_left, voice.tail_right
    lasts = count
    for i in range(count):
        if position >= last:
            lasts = i
            break
        value = sample_at(engine.filters, sound, position, step)
        low_pass += bright * (value - low_pass)
        value = low_pass * engine.envelope[i]
        tail_left, tail_right = value * left, value * right
        engine.mix[i, 0] += tail_left
        engine.mix[i, 1] += tail_right
        position += step
        step += glide * (to_step - step)
        left += smooth * (to_left - left)
        right += smooth * (to_right - right)
    voice.position, voice.step = position, step
    voice.left, voice.right, voice.filter = left, right, low_pass
    voice.tail_left, voice.tail_right = tail_left, tail_right
    return lasts


@rt_kernel
def _play(engine, voice, count):
    """Add ``count`` frames of a voice to the mix; False at its end."""
    sound = sound_of(engine, voice.node)
    slot = sound.slots[voice.place]
    if voice.life == WAITING:
        if not comes(engine, sound, voice.place):
            engine.counters[LATE_FRAMES] += count
            return True
        _begin(engine, voice, slot)
    lasts = envelope(engine, voice, count)
    return _sound(engine, voice, slot, lasts) == count


@rt_kernel
def play_sounds(engine, node, count):
    """Add ``count`` frames (at most SEGMENT) of a node's voices to the mix. [audio]"""
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if voice.life != IDLE and voice.node == node:
            if not _play(engine, voice, count):
                end(engine, voice)
