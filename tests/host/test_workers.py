"""Worker threads beside an offline renderer: the same bytes, and none is left."""

import threading

import numpy as np

import rtaudio_dl
from rtaudio_dl.errors import EngineError
from rtaudio_dl.host import workers
from rtaudio_dl.host.workers import Workers, workers_beside


def played(seconds: float = 2.0) -> bytes:
    """Drums and notes at once, with controls that move while they sound."""
    with rtaudio_dl.Host() as host:
        drums, notes = host.load("drums", 9), host.load("notes", 0)
        for i in range(24):
            at = 0.07 * i
            host.note_on(36 + 7 * i % 12, 0.9, channel=9, at=at)
            host.note_on(48 + 5 * i % 24, 0.7, at=at)
            host.note_off(48 + 5 * i % 24, at=at + 0.2)
            host.set("x", i / 24, notes, at=at)
            host.set("variation", i / 24, drums, at=at)
        return host.render(seconds).tobytes()


def test_threads_change_no_byte(monkeypatch):
    threaded = played()
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 1)
    assert threaded == played()


def test_without_threads_the_renderer_makes_everything(monkeypatch):
    def none(*_arguments):
        raise EngineError("no thread")

    threaded = played(1.0)
    monkeypatch.setattr(workers, "start_thread", none)
    assert threaded == played(1.0)


def test_threads_run_only_while_it_renders():
    before = threading.active_count()
    with rtaudio_dl.Host() as host:
        host.load("notes")
        with workers_beside(host.engine, 10.0):
            assert threading.active_count() == before + 1
            assert host.engine.master["threaded"][0] == 1
        assert threading.active_count() == before
        assert host.engine.master["threaded"][0] == 0


def test_short_renders_start_no_thread():
    with rtaudio_dl.Host() as host:
        host.load("notes")
        before = threading.active_count()
        with workers_beside(host.engine, 0.1):
            assert threading.active_count() == before


def test_they_can_be_started_and_stopped_again():
    with rtaudio_dl.Host() as host:
        host.load("notes")
        host.note_on(60, 0.8, at=0.0)
        threads = Workers(host.engine)
        for _ in range(3):
            threads.start()
            threads.stop()
        threads.stop()
        assert np.abs(host.render(0.3)).max() > 0.01
