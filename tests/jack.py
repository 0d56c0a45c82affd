"""A real JACK server for tests, and a probe that plays into it and hears every frame.

The server runs on the dummy driver under a name of its own, so many may run at once.
The probe is a process with two JACK clients, one that sends MIDI and one that records:
no loop of connections runs through one client, which would cost a period of latency.
"""

from __future__ import annotations

import glob
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
RATE, PERIOD = 48_000, 128
CHANNELS = 2
_ANSWER_SECONDS = 20.0
_ATTEMPTS = 3  # two servers that start at once may disturb each other
_numbers = itertools.count(1)

_WAIT = """
import sys, time
from rtaudio_dl.io.libjack import server_runs
end = time.monotonic() + 5
while not server_runs():
    if time.monotonic() > end:
        sys.exit(1)
    time.sleep(0.05)
"""


def missing() -> str:
    """Why there can be no server here, or an empty text."""
    from rtaudio_dl.io import libjack

    if shutil.which("jackd") is None:
        return "jackd is not installed"
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

    def start(self) -> JackServer:
        """Start it, and wait until it takes clients."""
        for _ in range(_ATTEMPTS):
            self._process = subprocess.Popen(
                ["jackd", "-n", self.name, "-R", "-m", *self._mode, "-d", "dummy"]
                + ["-r", str(self.rate), "-p", str(self.period)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"JACK_NO_AUDIO_RESERVATION": "1"},
            )
            waited = self.run([sys.executable, "-c", _WAIT], capture_output=True)
            if waited.returncode == 0:
                return self
            self.kill()
        raise RuntimeError(f"jackd -n {self.name} did not start")

    def run(self, command: list[str], **options) -> subprocess.CompletedProcess:
        """Run a command as a client of this server, from the repository's root."""
        return subprocess.run(
            command,
            env=os.environ | self.environment,
            cwd=ROOT,
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

    def __exit__(self, *_: object) -> None:
        self.stop()


class JackProbe:
    """Sends MIDI at exact frames to a server's clients, and records what they play.

    After `run`, ``late`` counts messages that missed their frame, ``gaps`` the cycles
    that the recording missed, ``xruns`` all that the server told, ``sent`` the messages
    that went out: tests can tell whose fault a wrong sound was.
    """

    def __init__(
        self, server: JackServer, channels: int = CHANNELS, name: str = "probe"
    ):
        self.server, self.channels, self.name = server, channels, name
        self.late = self.gaps = self.xruns = self.sent = 0

    def __enter__(self) -> JackProbe:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.jack_probe", self.name, str(self.channels)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | self.server.environment,
            cwd=ROOT,
        )
        self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def connect_midi(self, pattern: str) -> list[str]:
        """Send to all MIDI inputs whose name a pattern finds, once there are any."""
        return self._ask(command="connect_midi", pattern=pattern)

    def connect_audio(self, pattern: str) -> list[str]:
        """Record the audio outputs whose names a pattern finds, in their order."""
        return self._ask(command="connect_audio", pattern=pattern)

    def disconnect(self) -> None:
        """Send to nobody, and hear nobody."""
        self._ask(command="disconnect")

    def ports(self, pattern: str = "") -> list[str]:
        """Names of all ports of the server that a pattern finds."""
        return [p for p in self._ask(command="ports") if re.search(pattern, p)]

    def run(
        self, events: list[tuple[int, bytes]] = (), frames: int = RATE
    ) -> tuple[np.ndarray, int]:
        """Send messages of 1 to 3 bytes at their frames, and record.

        Frames count from the first one recorded. Returns float32 (frames, channels) and
        JACK's own number of the first frame.
        """
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "audio.npy"
            answer = self._ask(
                command="run",
                events=[(frame, bytes(message).hex()) for frame, message in events],
                frames=frames,
                out=str(out),
            )
            audio = np.load(out, allow_pickle=False)
        self.late, self.gaps = answer["late"], answer["gaps"]
        self.xruns, self.sent = answer["xruns"], answer["sent"]
        return audio, answer["start"]

    def _ask(self, **request):
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self):
        for line in self._process.stdout:
            if line.startswith("{"):
                answer = json.loads(line)
                if "error" in answer:
                    raise RuntimeError(answer["error"])
                return answer["answer"]
        raise RuntimeError("the JACK probe ended; is its server alive?")


def until(condition, seconds: float = _ANSWER_SECONDS):
    """The first true value of a condition; it is asked until then, or fails."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return value
