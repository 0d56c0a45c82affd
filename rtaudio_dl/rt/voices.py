"""Voices: their birth, their end, and the sound between.

Everything is computed frame by frame from the voice's own state, so that the sound is
the same to the bit however it is cut into blocks.
"""

from __future__ import annotations

import math

from rtaudio_dl.rt.counters import (
    ACTIVE_VOICES,
    CHOKED,
    CUT,
    LATE_FRAMES,
    LATE_NOTES,
    SOUNDED,
    STOLEN,
)
from rtaudio_dl.rt.flight import log_sound
from rtaudio_dl.rt.kernel import rt_kernel
from rtaudio_dl.rt.layout import (
    ATTACK,
    BEND_RANGE,
    BRIGHTNESS,
    DECAY,
    GAIN,
    IDLE,
    NONE,
    PAN,
    RELEASE,
    SOUNDING,
    STAGE_ATTACK,
    STAGE_DECAY,
    STAGE_FADE,
    STAGE_RELEASE,
    SUSTAIN,
    TUNE,
    VELOCITY_CURVE,
    WAITING,
)
from rtaudio_dl.rt.native import floats_at
from rtaudio_dl.rt.pool import is_ready, release, take
from rtaudio_dl.rt.resampler import MAX_STEP, PADDING, TAIL, sample_at
from rtaudio_dl.rt.ring import push

_DECLICK = 0.00025  # s, the shortest attack
_FADE = 0.004  # s, of a voice that is stolen or choked
_SHORTEST = 0.01  # s that a note sounds, however soon its key is up
_GLIDE = 0.002  # s, time constant of the pitch bend
_SMOOTH = 0.005  # s, time constant of gain and pan
_SILENT = 1e-5  # -100 dB
_DARKEST = 5.0  # octaves that the softest note's low-pass comes down
_OPEN = 0.45  # of the sample rate: a low-pass up there is open


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
    slot = voice.slot
    voice.slot = NONE
    release(engine, slot)


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
            rank = voice.level
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
    slot = take(engine, patch_index, key_index, velocity)
    if slot == NONE:
        return
    _steal(engine)
    master = engine.master[0]
    master.serial += 1
    voice = engine.voices[_free_place(engine)]
    voice.life = WAITING
    voice.serial = master.serial
    voice.channel, voice.key, voice.patch = channel, key_index, patch_index
    voice.slot, voice.velocity = slot, velocity
    voice.asked = master.frame
    voice.stage, voice.level, voice.fade = STAGE_ATTACK, 0.0, 1.0
    voice.released = voice.sustained = 0
    voice.gate = int(_SHORTEST * master.sample_rate)
    voice.position = voice.filter = 0.0
    voice.tail_left = voice.tail_right = 0.0
    if not is_ready(engine, slot):
        engine.counters[LATE_NOTES] += 1


@rt_kernel
def _gains(engine, voice):
    """Where the voice's left and right gain go: velocity, key, patch, channel, pan."""
    parameters = engine.parameters[voice.patch]
    key = engine.keys[voice.patch, voice.key]
    channel = engine.channels[voice.channel]
    gain = voice.velocity ** parameters[VELOCITY_CURVE]
    gain *= key.gain * parameters[GAIN] * channel.volume * channel.expression
    pan = key.pan + parameters[PAN] + channel.pan
    angle = (min(max(pan, -1.0), 1.0) + 1.0) * (math.pi / 4.0)
    # Constant power, 0 dB in the middle.
    gain *= math.sqrt(2.0)
    return gain * math.cos(angle), gain * math.sin(angle)


@rt_kernel
def _step(engine, voice):
    """Frames of the sound per frame of output, at the key's pitch and the wheel's."""
    parameters = engine.parameters[voice.patch]
    semitones = engine.keys[voice.patch, voice.key].shift + parameters[TUNE]
    semitones += engine.channels[voice.channel].bend * parameters[BEND_RANGE]
    step = engine.patches[voice.patch].rate / engine.master[0].sample_rate
    return min(step * 2.0 ** (semitones / 12.0), MAX_STEP)


@rt_kernel
def _brightness(engine, voice):
    """Coefficient of the one-pole low-pass that makes soft notes darker; 1: open."""
    amount = engine.parameters[voice.patch, BRIGHTNESS]
    octaves = amount * _DARKEST * (1.0 - voice.velocity)
    if octaves <= 0.0:
        return 1.0
    return 1.0 - math.exp(-2.0 * math.pi * _OPEN * 2.0**-octaves)


@rt_kernel
def _begin(engine, voice):
    """The sound is there: from this frame on the voice is heard."""
    master = engine.master[0]
    voice.life = SOUNDING
    voice.left, voice.right = _gains(engine, voice)
    voice.step = _step(engine, voice)
    voice.bright = _brightness(engine, voice)
    engine.counters[SOUNDED] += 1
    note = engine.note[0]
    note.frame, note.asked = master.frame, voice.asked
    note.key, note.channel, note.patch = voice.key, voice.channel, voice.patch
    note.number = engine.slots[voice.slot].number
    note.velocity = voice.velocity
    push(engine.note_ring, engine.note_cursors, note)
    log_sound(engine, voice)


@rt_kernel
def _envelope(engine, voice, count):
    """Fill `Engine.envelope`; returns the frames until the voice ends."""
    rate = engine.master[0].sample_rate
    parameters = engine.parameters[voice.patch]
    attack = 1.0 / (max(parameters[ATTACK], _DECLICK) * rate)
    decay = math.exp(-1.0 / (max(parameters[DECAY], _DECLICK) * rate))
    release_by = math.exp(-1.0 / (max(parameters[RELEASE], _DECLICK) * rate))
    sustain = parameters[SUSTAIN]
    fade_by = 1.0 / (_FADE * rate)
    # In registers, as in `finish` of rt/master.py.
    gate, stage, released = voice.gate, voice.stage, voice.released
    level, fade = voice.level, voice.fade
    lasts = count
    for i in range(count):
        if gate > 0:
            gate -= 1
        elif released and stage < STAGE_RELEASE:
            stage = STAGE_RELEASE
        if stage == STAGE_DECAY:
            level = sustain + (level - sustain) * decay
        elif stage == STAGE_ATTACK:
            level += attack
            if level >= 1.0:
                level, stage = 1.0, STAGE_DECAY
        elif stage == STAGE_RELEASE:
            level *= release_by
        else:
            fade -= fade_by
        if fade <= 0.0 or (level < _SILENT and stage != STAGE_ATTACK):
            lasts = i
            break
        engine.envelope[i] = level * fade
    voice.gate, voice.stage = gate, stage
    voice.level, voice.fade = level, fade
    return lasts


@rt_kernel
def _sound(engine, voice, count):
    """Add a voice to the mix; returns the frames that its sound lasted."""
    slot = engine.slots[voice.slot]
    sound = floats_at(slot.address, slot.length + 2 * PADDING)
    end = slot.length + TAIL
    rate = engine.master[0].sample_rate
    smooth = 1.0 - math.exp(-1.0 / (_SMOOTH * rate))
    glide = 1.0 - math.exp(-1.0 / (_GLIDE * rate))
    to_left, to_right = _gains(engine, voice)
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
def render(engine, count):
    """Add ``count`` frames (at most SEGMENT) of all voices to the mix. [audio]"""
    active = 0
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if voice.life == WAITING:
            if is_ready(engine, voice.slot):
                _begin(engine, voice)
            else:
                engine.counters[LATE_FRAMES] += count
        if voice.life == SOUNDING:
            lasts = _envelope(engine, voice, count)
            if _sound(engine, voice, lasts) < count:
                _end(engine, voice)
        active += voice.life != IDLE
    engine.counters[ACTIVE_VOICES] = active
