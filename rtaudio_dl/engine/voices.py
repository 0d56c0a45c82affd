"""Voices: notes that sound, whatever makes their sound; their birth and their end.

The kind of a voice's node renders it, frame by frame from the voice's own state, so
that the sound is the same to the bit however it is cut into blocks.
"""

from __future__ import annotations

from rtaudio_dl.core.counters import CHOKED, CUT, LOST_NOTES, STOLEN
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.engine.layout import (
    IDLE,
    NONE,
    SOUNDING,
    STAGE_ATTACK,
    STAGE_FADE,
    STAGE_RELEASE,
    WAITING,
)
from rtaudio_dl.engine.nodes import give_back, take

_SHORTEST = 0.01  # s that a note sounds, however soon its key is up


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
    end(engine, voice)


@rt_kernel
def end(engine, voice):
    """A voice is over: its node gets back what it took. [audio]"""
    voice.life = IDLE
    place, voice.place = voice.place, NONE
    engine.nodes[voice.node].voices -= 1
    give_back(engine, voice.node, place)


@rt_kernel
def fade_out(engine, voice):
    """Let a voice end within `_FADE`; one that has not begun ends now. [audio]"""
    if voice.life == WAITING:
        end(engine, voice)
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
def choke(engine, node, group):
    """End the notes of a choke group: a closed hi-hat ends the open one. [audio]"""
    for index in range(engine.voices.size):
        voice = engine.voices[index]
        if _is_note(voice) and voice.node == node:
            if engine.keys[node, voice.key].choke == group:
                fade_out(engine, voice)
                engine.counters[CHOKED] += 1


@rt_kernel
def start(engine, channel, node, key_index, velocity):
    """Begin a note: its sound is taken now and heard as soon as it is there. [audio]"""
    group = engine.keys[node, key_index].choke
    if group > 0:
        choke(engine, node, group)
    strike = engine.strike[0]
    strike.channel, strike.key, strike.velocity = channel, key_index, velocity
    place = take(engine, node, key_index)
    if place == NONE:
        engine.counters[LOST_NOTES] += 1
        return
    _steal(engine)
    voice = engine.voices[_free_place(engine)]
    voice.channel, voice.key, voice.node = channel, key_index, node
    voice.place, voice.velocity = place, velocity
    engine.nodes[node].voices += 1
    _strike(engine, voice)


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
