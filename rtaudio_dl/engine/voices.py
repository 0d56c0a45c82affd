"""Voices: their birth, their end, and the sound between.

Everything is computed frame by frame from the voice's own state, so that the sound is
the same to the bit however it is cut into blocks.
"""

from __future__ import annotations

import math

from rtaudio_dl.core.counters import (
    ACTIVE_VOICES,
    CHOKED,
    CUT,
    LATE_FRAMES,
    LATE_NOTES,
    LOST_NOTES,
    STOLEN,
)
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import floats_at
from rtaudio_dl.dsp.resampler import MAX_STEP, PADDING, TAIL, sample_at
from rtaudio_dl.engine.envelope import SMOOTH, begin, envelope, gains
from rtaudio_dl.engine.event_log import log_sound
from rtaudio_dl.engine.layout import (
    BEND_RANGE,
    IDLE,
    NONE,
    SOUNDING,
    STAGE_ATTACK,
    STAGE_FADE,
    STAGE_RELEASE,
    TUNE,
    WAITING,
)
from rtaudio_dl.kinds.sound.pool import is_ready, release, take
from rtaudio_dl.kinds.stream.lanes import give_lane, take_lane
from rtaudio_dl.kinds.stream.voice import play_lane

_SHORTEST = 0.01  # s that a note sounds, however soon its key is up
_GLIDE = 0.002  # s, time constant of the pitch bend


@rt_kernel
def _free_place(engine):
    """An idle place for a voice; when there is none the faintest fading one is cut."""
    cut, faintest = 0, 2.0
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if voice.life == IDLE:
            return index
        fading = voice.fade if voice.stage == STAGE_FADE else 1.0 + voice.level
        if fading < faintest:
            cut, faintest = index, fading
    _cut(engine, engine.voices[cut])
    return cut


@rt_kernel
def _cut(engine, voice):
    # What it gave last goes on in the master section and fades there: no click.
    master = engine.master[0]
    master.residue[0] += voice.tail_left
    master.residue[1] += voice.tail_right
    engine.counters[CUT] += 1
    _end(engine, voice)


@rt_kernel
def _end(engine, voice):
    voice.life = IDLE
    slot, lane = voice.slot, voice.lane
    voice.slot = voice.lane = NONE
    release(engine, slot)
    give_lane(engine, lane)


@rt_kernel
def fade_out(engine, voice):
    """Let a voice end within `_FADE`; one that has not begun ends now. [audio]"""
    if voice.life == WAITING:
        _end(engine, voice)
    elif voice.life == SOUNDING:
        voice.stage = STAGE_FADE


@rt_kernel
def _is_note(voice):
    return voice.life != IDLE and voice.stage != STAGE_FADE


@rt_kernel
def _steal(engine):
    """Fade the voice that is missed least: released before held, faint before loud."""
    notes, victim, least = 0, NONE, 4.0
    newest = engine.master[0].serial
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if not _is_note(voice):
            continue
        notes += 1
        if voice.stage == STAGE_RELEASE:
            rank = voice.level * min(voice.loud, 1.0)
        else:
            rank = 2.0 + 1.0 / (1.0 + newest - voice.serial)  # the oldest: next to 2
        if rank < least:
            victim, least = index, rank
    if notes >= engine.master[0].polyphony:
        fade_out(engine, engine.voices[victim])
        engine.counters[STOLEN] += 1


@rt_kernel
def choke(engine, patch_index, group):
    """End the notes of a choke group: a closed hi-hat ends the open one. [audio]"""
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if _is_note(voice) and voice.patch == patch_index:
            if engine.keys[patch_index, voice.key].choke == group:
                fade_out(engine, voice)
                engine.counters[CHOKED] += 1


@rt_kernel
def start(engine, channel, patch_index, key_index, velocity):
    """Begin a note: its sound is taken now and heard as soon as it is there. [audio]"""
    group = engine.keys[patch_index, key_index].choke
    if group > 0:
        choke(engine, patch_index, group)
    slot = lane = NONE
    if engine.patches[patch_index].stream:
        lane = take_lane(engine, patch_index, key_index)
    else:
        slot = take(engine, patch_index, key_index, velocity)
    if slot == NONE and lane == NONE:
        engine.counters[LOST_NOTES] += 1
        return
    _steal(engine)
    voice = engine.voices[_free_place(engine)]
    voice.channel, voice.key, voice.patch = channel, key_index, patch_index
    voice.slot, voice.lane, voice.velocity = slot, lane, velocity
    _strike(engine, voice)
    if slot != NONE and not is_ready(engine, slot):
        engine.counters[LATE_NOTES] += 1


@rt_kernel
def _strike(engine, voice):
    master = engine.master[0]
    master.serial += 1
    voice.life = WAITING
    voice.serial = master.serial
    voice.asked = master.frame
    voice.stage, voice.level, voice.fade = STAGE_ATTACK, 0.0, 1.0
    voice.loud = 1.0
    voice.released = voice.sustained = 0
    voice.gate = int(_SHORTEST * master.sample_rate)
    voice.position = voice.filter = 0.0
    voice.tail_left = voice.tail_right = 0.0


@rt_kernel
def _step(engine, voice):
    """Frames of the sound per frame of output, at the key's pitch and the wheel's."""
    parameters = engine.parameters[voice.patch]
    semitones = engine.keys[voice.patch, voice.key].shift + parameters[TUNE]
    semitones += engine.channels[voice.channel].bend * parameters[BEND_RANGE]
    step = engine.patches[voice.patch].rate / engine.master[0].sample_rate
    return min(step * 2.0 ** (semitones / 12.0), MAX_STEP)


@rt_kernel
def _begin(engine, voice):
    """The sound is there: from this frame on the voice is heard."""
    voice.step = _step(engine, voice)
    begin(engine, voice)
    log_sound(engine, voice)


@rt_kernel
def _sound(engine, voice, count):
    """Add a voice to the mix; returns the frames that its sound lasted."""
    slot = engine.slots[voice.slot]
    sound = floats_at(slot.address, slot.length + 2 * PADDING)
    end = slot.length + TAIL
    rate = engine.master[0].sample_rate
    smooth = 1.0 - math.exp(-1.0 / (SMOOTH * rate))
    glide = 1.0 - math.exp(-1.0 / (_GLIDE * rate))
    to_left, to_right = gains(engine, voice)
    to_step = _step(engine, voice)
    position, step, bright = voice.position, voice.step, voice.bright
    left, right, low_pass = voice.left, voice.right, voice.filter
    tail_left, tail_right = voice.tail_left, voice.tail_right
    lasts = count
    for i in range(count):
        if position >= end:
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
def _play_sound(engine, voice, count):
    """Add ``count`` frames of a voice with a sound to the mix; False at its end."""
    if voice.life == WAITING:
        if not is_ready(engine, voice.slot):
            engine.counters[LATE_FRAMES] += count
            return True
        _begin(engine, voice)
    lasts = envelope(engine, voice, count)
    return _sound(engine, voice, lasts) == count


@rt_kernel
def render(engine, count):
    """Add ``count`` frames (at most SEGMENT) of all voices to the mix. [audio]"""
    active = 0
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if voice.life != IDLE:
            if voice.lane != NONE:
                goes_on = play_lane(engine, voice, count)
            else:
                goes_on = _play_sound(engine, voice, count)
            if not goes_on:
                _end(engine, voice)
        active += voice.life != IDLE
    engine.counters[ACTIVE_VOICES] = active
