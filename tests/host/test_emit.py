"""Who plays beside the musician: nodes that emit events, and sources of their own."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import rtaudio_dl.kinds
from rtaudio_dl.core.control import store_word
from rtaudio_dl.engine import events, layout
from rtaudio_dl.engine.parameters import VARIATION
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.controls import new_event
from rtaudio_dl.host.host import Host
from rtaudio_dl.host.midi_out import NodesOut
from rtaudio_dl.patches.patch import parse_patch
from rtaudio_dl.recording.flight import read_flight
from rtaudio_dl.recording.replay import Replay
from tests.kinds.beater.kind import CHANNEL, HELD, KEY
from tests.models.models import write_oneshot

RATE = 48_000


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "beater.onnx"
    return str(write_oneshot(path, kind="note", pitch=True))


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    monkeypatch.setitem(rtaudio_dl.kinds.KINDS, "note", "tests.kinds.beater")


def beater(model):
    return parse_patch({"model": model, "keys": {"36": {}}}, "beater", "beater")


def kit():
    fields = {"model": "drums", "keys": {str(KEY): {"class": "kick"}}, "depth": 1}
    return parse_patch(fields, "kit", "kit")


def play(model, block=128, path=None, tempo=150) -> tuple[np.ndarray, np.ndarray]:
    """Sound, and the events of the history, of a kick on every beat."""
    with Host(RATE, block=block, provider="cpu") as host:
        if path:
            host.record_flight(path)
        host.load(kit(), channel=CHANNEL)
        host.load(beater(model), channel=0)
        seen = host.engine.watched.reader()
        host.transport.tempo = tempo
        host.transport.start(at=0.1001)
        host.transport.set_tempo(90, at=1.3)
        audio = host.render(3.0)
        host.stop_flight()
        return audio, seen.events()


def frames_of(recorded: np.ndarray) -> list[int]:
    struck = recorded[recorded["kind"] == events.NOTE_ON]
    assert set(struck["key"]) == {KEY} and set(struck["channel"]) == {CHANNEL}
    return struck["time"].tolist()


def test_a_note_sounds_at_the_frame_of_its_beat(model):
    audio, seen = play(model)
    start, turn = round(0.1001 * RATE), round(1.3 * RATE)
    beats = [start + i * RATE * 60 // 150 for i in range(3)]
    there = (turn - start) / RATE * 150 / 60  # beat at the change of tempo
    beats += [turn + -(-(b - there) * RATE * 60 // 90) // 1 for b in (3, 4, 5)]
    assert frames_of(seen) == pytest.approx(beats, abs=1)
    assert frames_of(seen)[:3] == beats[:3]
    lifted = seen[seen["kind"] == events.NOTE_OFF]["time"]
    assert (lifted - np.array(frames_of(seen)[: len(lifted)]) == HELD).all()
    assert not audio[: beats[0]].any()
    assert np.abs(audio[beats[0] : beats[0] + 64]).max() > 0


@pytest.mark.parametrize("block", [17, 128, 1000])
def test_blocks_change_nothing(model, block):
    audio, seen = play(model, block)
    whole, told = play(model, 256)
    np.testing.assert_array_equal(frames_of(seen), frames_of(told))
    np.testing.assert_array_equal(audio, whole)


def test_a_flight_has_the_notes_and_replays_them_once(model, tmp_path):
    audio, seen = play(model, path=tmp_path / "a.flight")
    recorded = read_flight(tmp_path / "a.flight").events
    assert frames_of(recorded) == frames_of(seen)
    np.testing.assert_array_equal(Replay(tmp_path / "a.flight").render(), audio)


def test_what_answers_itself_goes_on_and_hangs_nothing(model):
    with Host(RATE, provider="cpu") as host:
        there = host.load(beater(model), channel=0)
        there.memory.echoes[0] = 1
        host.control(20, 0.5)
        before = float(host.engine.parameters[there.place, VARIATION])
        host.render(500 / RATE)
        answers = host.engine.parameters[there.place, VARIATION] - before
    assert answers == 500  # one a frame


def test_what_has_no_room_is_counted(model):
    with Host(RATE, provider="cpu") as host:
        host.load(beater(model), channel=0)
        host.transport.tempo = 999
        host.transport.start()
        far = new_event(events.NOTE_OFF, KEY)
        far["time"] = 1 << 40
        with host.open_source() as source:
            for _ in range(2):
                for _ in range(events.RING_SIZE):
                    assert source.push(far)
                host.render(0.001)
        host.render(1.0)
        assert host.counts()["lost_events"] > 10


# --- to a MIDI output


class Port:
    """Keeps what it is sent."""

    label = "a port"

    def __init__(self):
        self.sent: list[bytes] = []
        self.closed = False

    def send(self, message: bytes) -> None:
        self.sent.append(message)

    def close(self) -> None:
        self.closed = True


def test_what_nodes_play_goes_to_a_midi_output(model):
    from tests.jack import until

    with Host(RATE, provider="cpu") as host:
        host.load(beater(model), channel=0)
        port = Port()
        out = NodesOut(host.engine, port, pytest.fail)
        host.transport.start()
        host.note_on(40)  # no node played that
        host.render(1.6)
        struck, lifted = bytes((0x99, KEY, 102)), bytes((0x89, KEY, 0))
        until(lambda: len(port.sent) >= 8)
        out.close()
        assert port.sent == [struck, lifted] * 4 and port.closed
        host.render(1.0)
        assert host.counts()["dropped_out"] == 0


def test_events_and_messages_are_the_same():
    event, again = events.new_event(), events.new_event()
    for status in (0x80, 0x90, 0xB0, 0xC0, 0xE0):
        for data in ((0, 0), (5, 1), (64, 64), (127, 127), (0, 64)):
            message = bytes((status | 3, *data))[: 2 if status == 0xC0 else 3]
            assert events.from_midi(event, message)
            assert events.from_midi(again, events.to_midi(event[0]))
            assert event == again
    event["kind"] = events.TEMPO
    assert events.to_midi(event[0]) is None


# --- sources


def test_any_number_of_producers_play_side_by_side():
    with Host(RATE, provider="cpu") as host:
        sources = [host.open_source() for _ in range(8)]
        threads = [
            threading.Thread(target=play_many, args=(source, number))
            for number, source in enumerate(sources)
        ]
        seen = host.engine.watched.reader()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        host.render(0.3)
        told = seen.events()
        for source in sources:
            source.close()
        assert (np.diff(told["time"]) >= 0).all()
        for number in range(8):
            own = told[told["channel"] == number]
            assert own["time"].tolist() == [10 * i + number for i in range(300)]


def play_many(source, channel: int) -> None:
    for i in range(300):
        source.controls.note_on(60, channel=channel, at=(10 * i + channel) / RATE)


def test_places_of_sources_are_used_again():
    with Host(RATE, provider="cpu") as host:
        for _ in range(3 * layout.SOURCES):
            with host.open_source() as source:
                assert source.push(new_event(events.CONTROL, 64, 1.0, 5))
            assert host.engine.channels["sustain"][5] == 1  # before it was closed
            host.engine.channels["sustain"] = 0
        with pytest.raises(EngineError, match="the source is closed"):
            source.push(new_event(events.CONTROL))
        opened = []
        with pytest.raises(EngineError, match="16 sources of events are open"):
            while True:
                opened.append(host.open_source())
        assert len(opened) == layout.SOURCES - 4


def test_a_switch_of_the_output_costs_nothing_when_off(model):
    with Host(RATE, provider="cpu") as host:
        store_word(host.engine.switches, layout.OUT_ON, 0)
        host.load(beater(model), channel=0)
        host.transport.start()
        host.render(1.0)
        assert not host.engine.out_cursors.any()
