"""Whatever is sent to the engine: when all keys are up it falls silent and gives back
every slot."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from rtaudio_dl.engine import events, layout, parameters
from rtaudio_dl.patches.patch import Key
from tests.engine.accounts import check_accounts
from tests.engine.rig import Rig, is_within_the_ceiling, sine

KEYS = (0, 40, 41, 42, 127)
PATCHES = {"pooled": False, "fresh": True, "frozen": False}  # freshness: one-shot
LIFTS = ("notes off", "all notes off", "all sound off", "lift pedal and notes")
QUIET_FRAMES = 8000  # the longest sound, and the release that is set at the end

words = st.one_of(
    st.integers(-2, 130), st.sampled_from([-(1 << 31), (1 << 31) - 1, 1 << 16])
)
values = st.one_of(st.floats(0, 1), st.floats())  # with NaN, infinities, denormals
# Commands that load and retire patches are the host's own: it sends no nonsense.
kinds = words.filter(lambda kind: kind not in (events.ACTIVATE, events.RETIRE))
channels = st.integers(0, 3)
keys = st.sampled_from(KEYS)


class AnyStream(RuleBasedStateMachine):
    """Musicians, broken cables and sequencers gone mad, with a worker that lags."""

    @initialize(polyphony=st.sampled_from([1, 3, 64]), depth=st.integers(1, 4))
    def begin(self, polyphony, depth):
        self.rig = Rig(polyphony)
        mapping = {k: Key(latent=k, choke=k == 41) for k in KEYS}
        for place, (freshness, one_shot) in enumerate(PATCHES.items()):
            self.rig.load(
                sine(2000, 500 + place),
                rate=44_100,
                keys=mapping,
                freshness=freshness,
                one_shot=one_shot,
                depth=depth,
                controls={1: "morph", 2: "variation"},
            )
            self.rig.now(events.PATCH, place, channel=place)
            self.rig.now(events.MAP_PROGRAM, place, channel=place)

    @rule(kind=kinds, key=words, value=values, channel=words, late=st.integers(-9, 99))
    def send_anything(self, kind, key, value, channel, late):
        time = self.rig.frame + late
        self.rig.send(kind, key, value, channel, time=max(time, events.AT_ONCE))

    @rule(key=keys, channel=channels, velocity=st.floats(0.01, 1), n=st.integers(1, 9))
    def strike(self, key, channel, velocity, n):
        for i in range(n):
            self.rig.on(key, velocity, channel, at=self.rig.frame + 7 * i)

    @rule(key=keys, channel=channels)
    def lift(self, key, channel):
        self.rig.off(key, channel, at=self.rig.frame)

    @rule(
        number=st.sampled_from([1, 2, 7, 10, 11, 64, 120, 121, 123, 127]),
        value=st.floats(0, 1),
        channel=channels,
    )
    def turn(self, number, value, channel):
        self.rig.control(number, value, channel, at=self.rig.frame)

    @rule(place=st.integers(-1, 4), channel=channels)
    def change_program(self, place, channel):
        self.rig.send(events.PROGRAM, place, channel=channel, time=events.AT_ONCE)

    @rule(
        place=st.integers(0, 2),
        parameter=st.integers(0, parameters.PARAMETERS - 1),
        value=st.floats(-50, 60),
    )
    def set_parameter(self, place, parameter, value):
        self.rig.send(events.PARAMETER, parameter, value, place, time=events.AT_ONCE)

    @rule(frames=st.integers(1, 600), block=st.sampled_from([1, 64, 128, 600]))
    def play(self, frames, block):
        audio = self.rig.render(frames, max(block, frames // 8), serve=False)
        assert is_within_the_ceiling(audio)
        check_accounts(self.rig)

    @rule(count=st.integers(1, 20))
    def make_sounds(self, count):
        self.rig.serve(count)

    def teardown(self):
        if hasattr(self, "rig"):
            for how in LIFTS:
                self.falls_silent(how)
            self.gives_everything_back()

    def falls_silent(self, how):
        """Strike once more, lift in one way, and listen."""
        for key in KEYS:
            self.rig.on(key, 0.5, channel=0, at=self.rig.frame)
        self.play(64, 64)
        self.sane_parameters()
        self.lift_all(how)
        self.rig.serve()
        self.rig.render(QUIET_FRAMES)
        assert self.rig.active() == 0, how
        assert np.abs(self.rig.render(48_000)[-128:]).max() < 1e-6

    def sane_parameters(self):
        """A release of a minute or a sound four octaves down would be no hung note."""
        for place in range(len(PATCHES)):
            for parameter, value in (
                (parameters.TUNE, 0),
                (parameters.BEND_RANGE, 0),
                (parameters.RELEASE, 0.005),
                (parameters.ATTACK, 0),
            ):
                self.rig.send(
                    events.PARAMETER, parameter, value, place, time=events.AT_ONCE
                )

    def lift_all(self, how):
        rig = self.rig
        for channel in range(layout.CHANNELS):
            if how in ("notes off", "lift pedal and notes"):
                pedal_first = how == "lift pedal and notes"
                if pedal_first:
                    rig.control(64, 0, channel, at=rig.frame)
                for key in KEYS:
                    rig.off(key, channel, at=rig.frame)
                if not pedal_first:
                    rig.control(64, 0, channel, at=rig.frame)
            else:
                number = 123 if how == "all notes off" else 120
                rig.control(number, 0, channel, at=rig.frame)
                rig.control(121, 0, channel, at=rig.frame)

    def gives_everything_back(self):
        rig = self.rig
        for place in rig.instruments:
            rig.now(events.RETIRE, place)
        rig.render(128)
        rig.sweep()
        rig.serve()
        rig.sweep()
        for place in rig.instruments:
            free, slots = rig.free_slots(place)
            assert free == slots
            assert rig.engine.node_life[place] == layout.GONE
        check_accounts(rig)


AnyStream.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
TestAnyStream = AnyStream.TestCase
