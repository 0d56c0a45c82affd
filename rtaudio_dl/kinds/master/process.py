"""The master section, a node as any other: its input bus to its output bus."""

from __future__ import annotations

import math

from rtaudio_dl.core.counters import LIMITED, NOT_FINITE
from rtaudio_dl.core.entry import rt_entry
from rtaudio_dl.core.kernel import rt_kernel
from rtaudio_dl.core.native import record_at
from rtaudio_dl.engine.layout import ENGINE, OUTPUTS

CEILING = 0.98  # of full scale (-0.18 dBFS): nothing gets above it
_SANE = 1e9  # no sound gets here, whatever the gains
_KNEE = 0.8  # (-1.9 dBFS): below it the output is the mix, to the bit
_ATTACK = 0.0005  # s, time constant at which the limiter takes hold
_RECOVERY = 0.08  # s, time constant at which it lets go
_DC_HZ = 6.0  # -3 dB point of the DC blocker
_RESIDUE = 0.001  # s, time constant of what voices cut off leave
_SMOOTH = 0.005  # s, time constant of the master gain
_METER = 0.3  # s, time constant at which the meters fall


@rt_entry("vpww")
def process(address, index, count):
    """Bring ``count`` frames of its input bus to the output. [audio]"""
    engine = record_at(address, ENGINE)
    finish(engine, engine.buses[engine.nodes[index].input], count)


@rt_kernel
def finish(engine, bus, count):
    """Bring ``count`` frames of a bus into the mix. [audio]"""
    master = engine.master[0]
    rate = master.sample_rate
    pole = math.exp(-2.0 * math.pi * _DC_HZ / rate)
    fall = math.exp(-1.0 / (_RESIDUE * rate))
    smooth = 1.0 - math.exp(-1.0 / (_SMOOTH * rate))
    # State lives in registers here: the compiler cannot know that the arrays do not
    # overlap, and would go through memory for every frame.
    gain, target = master.gain_now, master.gain
    for channel in range(OUTPUTS):
        residue = master.residue[channel]
        before, blocked = master.dc_in[channel], master.dc_out[channel]
        level = gain
        for i in range(count):
            value = bus[i, channel] + residue
            residue *= fall
            blocked = value - before + pole * blocked
            heard = blocked * level
            # NaN compares false. isfinite would see nothing: LLVM may reassociate its
            # x - x to 0.
            if not abs(heard) < _SANE:
                heard = value = blocked = residue = 0.0
                engine.counters[NOT_FINITE] += 1
            before = value
            engine.mix[i, channel] = heard
            level += smooth * (target - level)
        master.residue[channel] = residue
        master.dc_in[channel], master.dc_out[channel] = before, blocked
        master.gain_now = level
    _limit(engine, count)


@rt_kernel
def _bend(value):
    """Soft clipping: straight up to the knee, then ever flatter towards the ceiling."""
    over = abs(value) - _KNEE
    if over <= 0.0:
        return value
    room = CEILING - _KNEE
    return math.copysign(_KNEE + room * math.tanh(over / room), value)


@rt_kernel
def _limit(engine, count):
    """No look-ahead, so no latency: what comes before the limiter's hold is bent.

    A gain that jumped to the peak in one frame would be heard as a click.
    """
    master = engine.master[0]
    rate = master.sample_rate
    meter = math.exp(-1.0 / (_METER * rate))
    close_by = 1.0 - math.exp(-1.0 / (_ATTACK * rate))
    open_by = 1.0 - math.exp(-1.0 / (_RECOVERY * rate))
    limiter, limited = master.limiter, 0
    left_peak, right_peak = master.peak[0], master.peak[1]
    for i in range(count):
        left, right = engine.mix[i, 0], engine.mix[i, 1]
        loudest = max(abs(left), abs(right))
        wanted = _KNEE / loudest if loudest > _KNEE else 1.0
        limiter += (close_by if wanted < limiter else open_by) * (wanted - limiter)
        limited += wanted < 1.0
        left, right = _bend(left * limiter), _bend(right * limiter)
        engine.mix[i, 0], engine.mix[i, 1] = left, right
        left_peak = max(abs(left), left_peak * meter)
        right_peak = max(abs(right), right_peak * meter)
    master.limiter = limiter
    master.peak[0], master.peak[1] = left_peak, right_peak
    engine.counters[LIMITED] += limited
