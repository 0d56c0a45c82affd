"""Latency through a sound card and a cable; JACK's ports stand for both."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.capture import frame_at
from lab.card_loop import delays
from lab.errors import BenchError
from lab.jack_server import JackServer, missing
from lab.keyboard import Keyboard

RATE, BLOCK = 48_000, 128
_SECONDS = 300  # it may have to compile the engine first

RUN = """
import json, sys, threading, time
from lab import card
from lab.session import Session
from rtaudio_dl.io.jack import libjack

client, plugged = libjack.Client("cable"), threading.Event()

def ports(flags, word):
    return [p for p in client.ports(libjack.AUDIO, flags) if word in p]

def plug():
    while not plugged.wait(0.05):
        for output in ports(libjack.IS_OUTPUT, ":out_"):
            for input_ in ports(libjack.IS_INPUT, ":in_"):
                client.connect(output, input_)

threading.Thread(target=plug, daemon=True).start()
if "unplugged" in sys.argv:
    plugged.set()
try:
    results = card.measure(Session(), "system", 0, 4)
    print(json.dumps([[r.name, r.samples, r.figures, r.facts] for r in results]))
except Exception as error:
    print(json.dumps(str(error)))
sys.stdout.flush()
plugged.set()
"""


def pulses(noise=0.0):
    heard = np.random.default_rng(1).uniform(-noise, noise, 4000).astype(np.float32)
    heard[[1300, 2301]] += 0.4
    return heard


def test_each_pulse_is_found_and_one_that_is_not_there_is_told():
    assert delays(pulses(), [1000, 2000, 3000]) == [300, 301, -1]


@pytest.mark.parametrize(("noise", "found"), [(0.02, 300), (0.2, -1)])
def test_noise_of_a_cable_is_no_pulse(noise, found):
    assert delays(pulses(noise), [1000, 2000, 3000])[0] == found


@given(
    st.integers(0, 10**15),
    st.floats(0, 1000),
    st.lists(st.floats(0, 2e6), min_size=60, max_size=60),
)
def test_a_late_callback_does_not_move_the_clock(origin, frame, delays_ns):
    """One prompt callback among those that follow is enough."""
    ends = BLOCK * (1 + np.arange(60))
    delays_ns[30] = 0.0
    arrivals = origin + ends * 1e9 / RATE + np.array(delays_ns)
    time_ns = origin + frame * 1e9 / RATE
    assert frame_at(time_ns, arrivals, ends, RATE) == pytest.approx(frame, abs=0.1)


def test_an_input_that_stops_is_told():
    with pytest.raises(BenchError, match="the input stopped"):
        frame_at(10**9, np.array([1.0, 2.0]), np.array([128, 256]), RATE)


def measured(*arguments):
    if missing():
        pytest.skip(missing())
    with JackServer() as server:
        command = [sys.executable, "-c", RUN, *arguments]
        process = server.run(
            command, stdout=subprocess.PIPE, text=True, timeout=_SECONDS
        )
    return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.jack
def test_notes_are_heard_through_the_cable():
    trip, *ways = measured()
    assert trip[2]["min"] > 0 and trip[3]["missed"] == 0
    assert [name.rpartition("), ")[2] for name, *_ in ways] == [
        "ours, asap, pooled",
        "ours, fixed, pooled",
    ]
    for _name, samples, figures, facts in ways:
        assert samples == facts["notes"] == 4
        assert figures["min"] > -BLOCK and facts["reported"] >= BLOCK


@pytest.mark.jack
def test_without_a_cable_it_says_how_to_plug():
    assert "connect the left output (1) to input 1 with a cable" in measured(
        "unplugged"
    )


@pytest.mark.jack
def test_a_port_that_is_not_there_lists_those_that_are(jack_server):
    with pytest.raises(BenchError, match="no MIDI port has 'nowhere' in its name"):
        Keyboard("nowhere")
