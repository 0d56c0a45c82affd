"""The computer keyboard as an instrument: two rows of letters become keys.

Terminals tell when a key goes down, but never when it comes up: every note gets the
same gate. Holding a key repeats it, as the terminal does.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Mapping

from rtaudio_dl.core.lifetime import do_all, join, start_thread
from rtaudio_dl.io.keyboard.terminal import Terminal

# One octave and a fourth from C, as Ableton Live and GarageBand lay it out.
PIANO = {letter: i for i, letter in enumerate("awsedftgyhujkolp;'")}
# General MIDI drums under the home row, cymbals and percussion above.
DRUMS = {
    "a": 36,  # kick
    "s": 38,  # snare
    "d": 42,  # closed hi-hat
    "f": 46,  # open hi-hat
    "g": 39,  # clap
    "h": 37,  # rim
    "j": 41,  # low tom
    "k": 45,  # middle tom
    "l": 48,  # high tom
    "w": 49,  # crash
    "e": 51,  # ride
    "r": 53,  # ride bell
    "t": 44,  # pedal hi-hat
    "y": 54,  # tambourine
    "u": 56,  # cowbell
    "i": 62,  # conga
    "o": 69,  # cabasa
    "p": 70,  # maracas
}
OCTAVE_DOWN, OCTAVE_UP = "z", "x"
SOFTER, LOUDER = "c", "v"
QUIT = frozenset("q\x03\x04")  # also Ctrl-C and Ctrl-D, should the terminal give them
GATE_SECONDS = 0.25
OCTAVES = (-1, 8)  # of MIDI; key 60 is C4
VELOCITY_STEP = 0.1

Play = Callable[[int, float], None]


class Layout:
    """What each letter means: a key, another octave or velocity, or the end.

    With ``mapping`` (letter to key) the keys are fixed; else they are a piano that
    `octave` moves.
    """

    def __init__(self, mapping: Mapping[str, int] | None = None):
        self._mapping = mapping
        self.octave = 4
        self.velocity = 0.8
        self.ended = False

    def key(self, letter: str) -> int | None:
        """The key that a letter plays now, None if it plays none."""
        letter = letter.lower()
        if self._mapping is not None:
            return self._mapping.get(letter)
        if letter not in PIANO:
            return None
        key = 12 * (self.octave + 1) + PIANO[letter]
        return key if key <= 127 else None

    def press(self, letter: str) -> int | None:
        """Take a letter: the key to strike, or None when it meant something else."""
        letter = letter.lower()
        if letter in QUIT:
            self.ended = True
        elif letter in (OCTAVE_DOWN, OCTAVE_UP):
            step = 1 if letter == OCTAVE_UP else -1
            self.octave = min(max(self.octave + step, OCTAVES[0]), OCTAVES[1])
        elif letter in (SOFTER, LOUDER):
            step = VELOCITY_STEP if letter == LOUDER else -VELOCITY_STEP
            self.velocity = round(min(max(self.velocity + step, VELOCITY_STEP), 1.0), 2)
        else:
            return self.key(letter)
        return None

    @property
    def help(self) -> str:
        """One line that says how to play."""
        if self._mapping is not None:
            return "keys: letters play drums, c and v softer and louder, q ends"
        return (
            "keys: a w s e d … play, z and x change the octave, "
            "c and v softer and louder, q ends"
        )


class Gates:
    """Which notes are to end, and when; a key struck again sounds on."""

    def __init__(self, gate: float = GATE_SECONDS):
        self._gate = gate
        self._order = itertools.count()
        self._ends: list[tuple[float, int, int]] = []  # time, number, key
        self._latest: dict[int, int] = {}  # key: number of its last strike

    def strike(self, key: int, now: float) -> None:
        """A key was struck at a time in s."""
        number = next(self._order)
        self._latest[key] = number
        heapq.heappush(self._ends, (now + self._gate, number, key))

    def due(self, now: float) -> list[int]:
        """The keys whose gate has ended."""
        keys = []
        while self._ends and self._ends[0][0] <= now:
            _, number, key = heapq.heappop(self._ends)
            if self._latest.get(key) == number:
                del self._latest[key]
                keys.append(key)
        return keys

    def all(self) -> list[int]:
        """All keys that sound, to end them."""
        return self.due(float("inf"))

    def wait(self, now: float) -> float | None:
        """Seconds until the next end, None if nothing sounds."""
        return max(self._ends[0][0] - now, 0.0) if self._ends else None


class Keyboard:
    """Plays from the terminal while in a ``with`` block, from a thread of its own.

    ``play`` gets a key and a velocity 0..1, 0 to lift the key. ``drums`` maps letters
    to General MIDI drums, ``mapping`` to any keys; without both it is a piano. The
    terminal is as before after the block; `ended` is true once the player has quit.
    Raises DeviceError if standard input is no terminal.
    """

    def __init__(
        self,
        play: Play,
        drums: bool = False,
        mapping: Mapping[str, int] | None = None,
        terminal: Terminal | None = None,
    ):
        self._play = play
        self._layout = Layout(mapping or (DRUMS if drums else None))
        self._gates = Gates()
        self._terminal = terminal or Terminal()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def help(self) -> str:
        """One line that says how to play."""
        return self._layout.help

    @property
    def ended(self) -> bool:
        """Whether the player has asked to quit."""
        return self._layout.ended

    def __enter__(self) -> Keyboard:
        self._terminal.open()
        try:
            self._thread = start_thread(self._run, "keyboard")
        except BaseException:
            self._terminal.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        do_all(lambda: join(self._thread), self._terminal.close)

    def _run(self) -> None:
        try:
            while not (self._closing.is_set() or self.ended):
                self._listen()
        finally:
            for key in self._gates.all():
                self._play(key, 0.0)

    def _listen(self) -> None:
        for letter in self._terminal.read(self._gates.wait(time.monotonic())):
            key = self._layout.press(letter)
            if key is not None:
                self._gates.strike(key, time.monotonic())
                self._play(key, self._layout.velocity)
        for key in self._gates.due(time.monotonic()):
            self._play(key, 0.0)
