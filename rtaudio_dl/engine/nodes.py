"""Nodes on buses: which run, in which order, and what becomes of their sound.

A node adds its sound to `Engine.mix`, which is empty when it begins; from there it goes
to the node's bus with the node's gain and pan. An effect finds its input on the bus
before it. All state moves frame by frame, so no cut into blocks is heard.
"""

from __future__ import annotations

import math

import numpy as np

from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import call3, doubles_at, load_acquire
from rtaudio_dl.core.switch import look
from rtaudio_dl.engine.layout import ACTIVE, NODES, NONE, OUTPUTS, PLACES, RETIRING

_GAIN_SECONDS = 0.005  # time constant of a node's gain and pan
_FADE_SECONDS = 0.01  # of a bypass


@rt_kernel
def plan_nodes(engine, count):
    """Let nodes make the events of the next ``count`` frames, each frame once.

    Returns whether there are any. [audio]
    """
    master = engine.master[0]
    before, last = master.emitted, master.frame + count
    for index in range(PLACES):
        if load_acquire(engine.node_life, index) != ACTIVE:
            continue
        node = engine.nodes[index]
        first = max(node.planned, master.frame)
        if node.plan != 0 and first < last:
            node.planned = first
            call3(node.plan, master.address, index, last - first)
            node.planned = last
    return master.emitted != before


@rt_kernel
def run_nodes(engine, count):
    """Let all nodes give ``count`` frames (at most a segment), in their order. [audio]

    The last one is the master section; its sound is in `Engine.mix` afterwards.
    """
    master = engine.master[0]
    engine.buses[:, :count, :] = 0.0
    row = look(engine.order)
    for i in range(NODES):
        way = engine.orders[row, i]
        index = way.node
        if index == NONE:
            break
        node = engine.nodes[index]
        if node.process == 0 or not is_alive(engine, index):
            continue
        node.input, node.output = way.input, way.output
        engine.mix[:count, :] = 0.0
        call3(node.process, master.address, index, count)
        if node.input != NONE and (node.bypass or node.wet < 1.0 or node.dry != 0):
            _mix_dry(engine, node, count)
        if node.aligned_frames > 0:
            _delay(engine, node, count)
        _to_bus(engine, node, count)


@rt_kernel
def is_alive(engine, index):
    """Whether a node's memory is the audio thread's: not once it is GONE. [audio]"""
    life = load_acquire(engine.node_life, index)
    return life == ACTIVE or life == RETIRING


@rt_kernel
def _line(address, frames, place, channel, value):
    """Put a value into a delay line, and take the one that is ``frames`` old."""
    line = doubles_at(address, frames, OUTPUTS)
    row = place % frames
    old = line[row, channel]
    line[row, channel] = value
    return old


@rt_kernel
def _mix_dry(engine, node, count):
    """The bypass: the input goes on, as late as the output would, without a click."""
    master = engine.master[0]
    step = 1.0 / (_FADE_SECONDS * master.sample_rate)
    wet = node.wet
    for i in range(count):
        wet = max(wet - step, 0.0) if node.bypass else min(wet + step, 1.0)
        for channel in range(OUTPUTS):
            dry = engine.buses[node.input, i, channel]
            if node.dry_frames > 0:
                place = master.frame + i
                dry = _line(node.dry, node.dry_frames, place, channel, dry)
            engine.mix[i, channel] = wet * engine.mix[i, channel] + (1.0 - wet) * dry
    node.wet = wet


@rt_kernel
def _delay(engine, node, count):
    """Let a lane end as late as the longest one beside it."""
    for i in range(count):
        place = engine.master[0].frame + i
        for channel in range(OUTPUTS):
            value = engine.mix[i, channel]
            frames = node.aligned_frames
            engine.mix[i, channel] = _line(node.aligned, frames, place, channel, value)


@rt_kernel
def _to_bus(engine, node, count):
    left, right = node.left, node.right
    to_left, to_right = node.gain, node.gain
    if node.pan != 0.0:
        # Constant power, 0 dB in the middle.
        angle = (min(max(node.pan, -1.0), 1.0) + 1.0) * (math.pi / 4.0)
        to_left *= math.sqrt(2.0) * math.cos(angle)
        to_right *= math.sqrt(2.0) * math.sin(angle)
    bus = engine.buses[node.output]
    if left == to_left == right == to_right == 1.0:  # as it is, to the bit
        for i in range(count):
            bus[i, 0] += engine.mix[i, 0]
            bus[i, 1] += engine.mix[i, 1]
        return
    smooth = 1.0 - math.exp(-1.0 / (_GAIN_SECONDS * engine.master[0].sample_rate))
    for i in range(count):
        left += smooth * (to_left - left)
        right += smooth * (to_right - right)
        bus[i, 0] += left * engine.mix[i, 0]
        bus[i, 1] += right * engine.mix[i, 1]
    # A glide never quite arrives; what nobody hears is set.
    if abs(left - to_left) + abs(right - to_right) < 1e-9:
        left, right = to_left, to_right
    node.left, node.right = left, right


@rt_kernel
def take(engine, index, key):
    """What a note needs of its node, or NONE; `Engine.strike` says more. [audio]"""
    if engine.nodes[index].take == 0:  # no instrument
        return NONE
    place = call3(engine.nodes[index].take, engine.master[0].address, index, key)
    return np.int64(place)


@rt_kernel
def give_back(engine, index, place):
    """A note no longer needs what its node took for it. [audio]"""
    if place != NONE and engine.nodes[index].end != 0:
        call3(engine.nodes[index].end, engine.master[0].address, index, place)


@rt_kernel
def call_node(engine, address, index):
    """Call ``int64 f(engine, node)``; 0 where a kind has no such function. [any]"""
    if address == 0:
        return np.int64(0)
    return np.int64(call3(address, engine.master[0].address, index, 0))
