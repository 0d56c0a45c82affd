"""A command of `rtaudio-dl` as a user has it: a process of its own on a JACK server."""

import os
import signal
import subprocess
import sys
import threading
import time

from tests.jack import ROOT

START_SECONDS = 240  # the first start compiles


def hear_interrupts():
    # A shell lets what it runs in the background ignore Ctrl-C; so may who runs tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Program:
    """The command in a process of its own, and all that it has printed."""

    def __init__(self, server, *arguments, code=None, stdin=subprocess.DEVNULL):
        start = ["-m", "rtaudio_dl.cli"] if code is None else ["-c", code]
        self.process = subprocess.Popen(
            [sys.executable, "-u", *start, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=stdin,
            text=True,
            env=dict(os.environ) | server.environment | {"COLUMNS": "200"},
            cwd=ROOT,
            preexec_fn=hear_interrupts,
        )
        self.lines = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self):
        return "".join(self.lines)

    def wait_for(self, words, seconds=START_SECONDS):
        """Wait until it has said some words."""
        end = time.monotonic() + seconds
        while words not in self.text:
            assert self.process.poll() is None and time.monotonic() < end, self.text
            time.sleep(0.05)

    def end(self, number=signal.SIGINT, seconds=30):
        """End it as Ctrl-C does; its exit status."""
        self.process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds=START_SECONDS):
        status = self.process.wait(seconds)
        self._reader.join(seconds)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.wait()
        self.process.stdout.close()
