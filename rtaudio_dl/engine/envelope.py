"""What shapes a voice, wherever its sound comes from: gains, filter, envelope."""

from __future__ import annotations

import math

from rtaudio_dl.core.counters import SOUNDED
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.engine.layout import (
    SOUNDING,
    STAGE_ATTACK,
    STAGE_DECAY,
    STAGE_RELEASE,
)
from rtaudio_dl.engine.parameters import (
    ATTACK,
    BRIGHTNESS,
    DECAY,
    GAIN,
    PAN,
    RELEASE,
    SUSTAIN,
    VELOCITY_CURVE,
)

_DECLICK = 0.00025  # s, the shortest attack
_FADE = 0.004  # s, of a voice that is stolen or choked
_SILENT = 1e-5  # -100 dB
_DARKEST = 5.0  # octaves that the softest note's low-pass comes down
_OPEN = 0.45  # of the sample rate: a low-pass up there is open


@rt_kernel
def gains(engine, voice):
    """The left and right gain: of velocity, key, patch, channel and pan. [audio]"""
    parameters = engine.parameters[voice.node]
    key = engine.keys[voice.node, voice.key]
    channel = engine.channels[voice.channel]
    gain = voice.velocity ** parameters[VELOCITY_CURVE]
    gain *= key.gain * parameters[GAIN] * channel.volume * channel.expression
    pan = key.pan + parameters[PAN] + channel.pan
    angle = (min(max(pan, -1.0), 1.0) + 1.0) * (math.pi / 4.0)
    # Constant power, 0 dB in the middle.
    gain *= math.sqrt(2.0)
    return gain * math.cos(angle), gain * math.sin(angle)


@rt_kernel
def _brightness(engine, voice):
    """Coefficient of the one-pole low-pass that makes soft notes darker; 1: open."""
    amount = engine.parameters[voice.node, BRIGHTNESS]
    octaves = amount * _DARKEST * (1.0 - voice.velocity)
    if octaves <= 0.0:
        return 1.0
    return 1.0 - math.exp(-2.0 * math.pi * _OPEN * 2.0**-octaves)


@rt_kernel
def begin(engine, voice):
    """A voice is heard from now on. [audio]"""
    voice.life = SOUNDING
    voice.left, voice.right = gains(engine, voice)
    voice.bright = _brightness(engine, voice)
    engine.counters[SOUNDED] += 1


@rt_kernel
def envelope(engine, voice, count):
    """Fill `Engine.envelope`; returns the frames until the voice ends. [audio]"""
    rate = engine.master[0].sample_rate
    parameters = engine.parameters[voice.node]
    attack = 1.0 / (max(parameters[ATTACK], _DECLICK) * rate)
    decay = math.exp(-1.0 / (max(parameters[DECAY], _DECLICK) * rate))
    release_by = math.exp(-1.0 / (max(parameters[RELEASE], _DECLICK) * rate))
    sustain = parameters[SUSTAIN]
    fade_by = 1.0 / (_FADE * rate)
    # In registers, as in `finish` of engine/master.py.
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
