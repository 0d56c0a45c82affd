"""Threads that do not start, steps that fail: everything else is ended all the same."""

import ast
import gc
import os
import threading

import pytest

import rtaudio_dl
from lab.child import Child
from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.engine.layout import FLIGHT_ON, TAP_ON, Engine
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host.workers import Workers
from rtaudio_dl.io.keyboard.keys import Keyboard
from rtaudio_dl.kinds.sound import kind as sound
from rtaudio_dl.kinds.stream import kind as stream
from rtaudio_dl.recording.flight import FlightRecorder
from rtaudio_dl.recording.recorder import Recorder
from tests.jack import ROOT


@pytest.fixture
def refused(monkeypatch):
    """The system starts no more threads than a test says."""
    original = threading.Thread.start

    def allow(count):
        left = iter(range(count))

        def start(thread):
            if next(left, None) is None:
                raise RuntimeError("can't start new thread")
            original(thread)

        monkeypatch.setattr(threading.Thread, "start", start)

    return allow


def raising(error):
    def step(*_):
        raise error

    return step


def test_every_step_is_done_and_the_first_failure_is_raised():
    done = []
    with pytest.raises(ValueError, match="first"):
        do_all(
            lambda: done.append(1),
            raising(ValueError("first")),
            raising(KeyboardInterrupt()),
            lambda: done.append(2),
        )
    assert done == [1, 2]


def test_an_interrupt_waits_for_the_thread():
    release = threading.Event()
    thread = start_thread(release.wait, "waits")
    interrupted = thread.join

    def once():
        thread.join = interrupted
        release.set()
        raise KeyboardInterrupt

    thread.join = once
    with pytest.raises(KeyboardInterrupt):
        join(thread)
    assert not thread.is_alive()


def test_a_thread_that_is_refused_is_an_error_with_a_next_step(refused):
    refused(0)
    with pytest.raises(EngineError, match="no thread for 'mine'.*close other programs"):
        start_thread(print, "mine")


def test_threads_begin_in_one_place_only():
    """Whoever makes a thread elsewhere may take it for running before it is."""
    makers = set()
    for path in (ROOT / "rtaudio_dl").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            function = node.func if isinstance(node, ast.Call) else None
            name = getattr(function, "attr", getattr(function, "id", ""))
            if name in ("Thread", "Timer"):
                makers.add(path.relative_to(ROOT).as_posix())
    assert makers == {"rtaudio_dl/core/lifetime.py"}


@pytest.mark.parametrize("count", [0, 1])
def test_of_the_workers_all_run_or_none(refused, count):
    before = threading.active_count()
    engine = Engine(48_000)
    for kind in (sound, stream):
        kind.crew(engine)
    workers = Workers(engine, print)
    refused(count)
    with pytest.raises(EngineError):
        workers.start()
    assert not workers.running
    workers.stop()
    assert threading.active_count() == before


def test_a_recording_that_does_not_begin_leaves_nothing(refused, tmp_path):
    engine = Engine(48_000)
    refused(0)
    recorder = Recorder(engine, tmp_path / "a.wav", 48_000)
    with pytest.raises(EngineError):
        recorder.start()
    assert list(tmp_path.iterdir()) == [] and not engine.switches[TAP_ON]
    assert recorder._file.closed
    recorder.stop()


def test_a_flight_recording_that_does_not_begin_leaves_nothing(refused, tmp_path):
    engine = Engine(48_000)
    refused(0)
    with pytest.raises(EngineError):
        FlightRecorder(engine, tmp_path / "a.flight")
    assert list(tmp_path.iterdir()) == [] and not engine.switches[FLIGHT_ON]


def test_a_keyboard_that_does_not_begin_leaves_the_terminal_as_it_was(refused):
    class Terminal:
        opened = 0

        def open(self):
            self.opened += 1

        def close(self):
            self.opened -= 1

    terminal = Terminal()
    refused(0)
    with pytest.raises(EngineError), Keyboard(print, terminal=terminal):
        pass
    assert terminal.opened == 0


def test_a_child_whose_answers_nobody_reads_is_ended(refused):
    refused(0)
    child = Child("tests.lab.made_up")
    with pytest.raises(EngineError):
        child.start()
    assert child._process is None
    child.close()


def test_a_host_whose_flight_cannot_be_finished_releases_its_models(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(FlightRecorder, "_finish", raising(OSError("the disk is gone")))
    host = rtaudio_dl.Host()
    host.record_flight(tmp_path / "a.flight")
    drums = host.load("drums")
    with pytest.raises(OSError, match="the disk is gone"):
        host.close()
    assert drums.model.session.address == 0 and host.instruments == {}
    host.close()


@pytest.mark.parametrize("call", ["play_file", "record_flight", "load"])
def test_a_closed_host_opens_nothing(call, tmp_path):
    host = rtaudio_dl.Host()
    host.close()
    with pytest.raises(EngineError, match="the host is closed; make a new one"):
        getattr(host, call)(tmp_path / "a.flight")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts Linux files")
def test_a_listener_that_does_not_begin_leaves_neither_file_nor_model(monkeypatch):
    from rtaudio_dl.kinds.classifier import listener
    from rtaudio_dl.models.session import NativeSession

    closed = []
    close = NativeSession.close
    monkeypatch.setattr(
        NativeSession, "close", lambda self: (closed.append(self), close(self))
    )
    gc.collect()  # what earlier tests left
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(EngineError, match="channels"):
        listener.FileListener(ROOT / "tests/clips/yes.flac", channels=(7,))
    assert len(closed) == 1 and closed[0].address == 0
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("begun", [False, True])
def test_a_closed_listener_hears_no_more(begun):
    """Its kernels would run a model that is gone: a crash, not an error."""
    from rtaudio_dl.kinds.classifier.listener import FileListener

    listener = FileListener(ROOT / "tests/clips/yes.flac")
    blocks = listener.blocks()
    if begun:
        next(blocks)
    listener.close()
    with pytest.raises(EngineError, match="closed; make a new one"):
        next(blocks)
