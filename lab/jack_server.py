"""A JACK server on the dummy driver: a real graph and a real clock, without a card.

It has a name of its own, so many may run at once and none disturbs the user's.
"""

from __future__ import annotations

import ctypes
import glob
import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from lab.errors import BenchError

RATE, PERIOD = 48_000, 128
_ROOT = Path(__file__).parents[1]
_ATTEMPTS = 3  # two servers that start at once may disturb each other
_numbers = itertools.count(1)
_PR_SET_PDEATHSIG = 1
# A machine has room for eight servers: one must not outlive whoever was killed.
_C = ctypes.CDLL(None) if sys.platform == "linux" else None

_WAIT = """
import sys, time
from rtaudio_dl.io.jack.libjack import server_runs
end = time.monotonic() + 5
while not server_runs():
    if time.monotonic() > end:
        sys.exit(1)
    time.sleep(0.05)
"""


def _end_with_parent() -> None:
    if _C is not None:
        _C.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def missing() -> str:
    """Why there can be no server here, or an empty text."""
    from rtaudio_dl.io.jack import libjack

    if shutil.which("jackd") is None:
        return "jackd is not installed; on Debian: apt install jackd2"
    return "" if libjack.library() else "libjack is not installed"


class JackServer:
    """``jackd`` on the dummy driver; use it in ``with``, or `start` and `stop` it.

    It takes real-time priority where that is allowed. When ``patient``, it waits for a
    client that is late, which costs an xrun; else that client misses the cycle, with
    its MIDI and its audio.
    """

    def __init__(self, rate: int = RATE, period: int = PERIOD, patient: bool = True):
        self.name = f"rtaudio_dl-{os.getpid()}-{next(_numbers)}"
        self._mode = ["-S"] if patient else []
        self.rate, self.period = rate, period
        self._process: subprocess.Popen | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make a process a client of this server."""
        return {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1"}

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def start(self) -> JackServer:
        """Start it, and wait until it takes clients."""
        for _ in range(_ATTEMPTS):
            self._process = subprocess.Popen(
                ["jackd", "-n", self.name, "-R", "-m", *self._mode, "-d", "dummy"]
                + ["-r", str(self.rate), "-p", str(self.period)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"JACK_NO_AUDIO_RESERVATION": "1"},
                preexec_fn=_end_with_parent,
            )
            waited = self.run([sys.executable, "-c", _WAIT], capture_output=True)
            if waited.returncode == 0:
                return self
            self.kill()
        raise BenchError(
            f"jackd -n {self.name} did not start; run jackd -d dummy to see why"
        )

    def run(self, command: list[str], **options) -> subprocess.CompletedProcess:
        """Run a command as a client of this server, where the package is found."""
        return subprocess.run(
            command,
            env=os.environ | self.environment,
            cwd=_ROOT,
            timeout=options.pop("timeout", 60),
            **options,
        )

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send it a signal, to stop or continue it."""
        self._process.send_signal(number)

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        for left in glob.glob(f"/dev/shm/jack*_{self.name}_*"):
            Path(left).unlink(missing_ok=True)

    def __enter__(self) -> JackServer:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()


class RunningServer:
    """The server that runs already, with what the user's own set-up makes of it."""

    def __init__(self) -> None:
        from rtaudio_dl.io.jack import libjack

        client = libjack.Client("rtaudio_dl-look")
        self.rate, self.period = int(client.sample_rate), int(client.period)
        client.close()
        self.name = os.environ.get("JACK_DEFAULT_SERVER", "default")
        self.environment = {"JACK_NO_START_SERVER": "1"}

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(self, *_error: object) -> None:
        """It is not ours to end."""


Server = JackServer | RunningServer


def server_to_measure(patient: bool, period: int | None) -> Server:
    """The running server, unless there is none or another period is wanted."""
    from rtaudio_dl.io.jack import libjack

    if libjack.server_runs():
        running = RunningServer()
        if period in (None, running.period):
            return running
    return JackServer(patient=patient, period=period or PERIOD)
