"""A peer: FluidSynth, a synthesiser in C, with its drum of the fastest attack."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from lab.onsets import onset
from lab.players.python_peer import CLIENT

PROGRAM = "fluidsynth"
FONTS = ("TimGM6mb.sf2", "default-GM.sf2", "FluidR3_GM.sf2")
NOTE_ON = bytes((0x99, 75, 127))  # claves, on the drum channel
_DRY = ["-R", "0", "-C", "0", "-g", "1"]  # no reverb, no chorus
_BUFFER = 64  # frames: its offline player begins notes at whole buffers only


def missing() -> str | None:
    """Why FluidSynth cannot be had, or None."""
    if shutil.which(PROGRAM) is None:
        return "apt install fluidsynth"
    return None if _font() else "apt install timgm6mb-soundfont"


def _font() -> Path | None:
    places = [Path(shutil.which(PROGRAM)).parents[1], Path("/usr")]
    fonts = (place / "share/sounds/sf2" / name for place in places for name in FONTS)
    return next((font for font in fonts if font.is_file()), None)


class FluidSynth:
    """The program; it has no interpreter to burden."""

    _process: subprocess.Popen | None = None

    def open(self, rate: int, period: int) -> dict[str, Any]:
        """Start it on JACK; returns its sound's own frames before it is heard."""
        options = {
            "audio.jack.id": CLIENT,
            "midi.jack.id": f"{CLIENT}-midi",
            "midi.autoconnect": 0,
            "audio.period-size": period,
        }
        given = [f"-o{name}={value}" for name, value in options.items()]
        self._process = subprocess.Popen(
            [PROGRAM, "-q", "-a", "jack", "-m", "jack", "-r", str(rate), *_DRY, *given]
            + [str(_font())],
            stdin=subprocess.PIPE,  # its shell ends with it
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return {"lead": _lead(rate), "font": _font().name}

    def counts(self) -> dict[str, int]:
        """It tells nothing of how it does."""
        return {}

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.stdin.close()
            try:
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _lead(rate: int) -> int:
    """Its sound's own frames before it is heard, from an offline render of one note.

    To a frame or two: what it renders depends on where in its buffer the note falls.
    """
    import mido
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder) / "note.mid", Path(folder) / "note.wav"
        track = mido.MidiTrack(
            [
                mido.Message.from_bytes(NOTE_ON),
                mido.Message("note_off", channel=9, note=NOTE_ON[1], time=480),
            ]
        )
        mido.MidiFile(tracks=[track]).save(song)
        subprocess.run(
            [PROGRAM, "-niq", *_DRY, "-r", str(rate), "-F", str(sound), "-O", "float"]
            + ["-T", "wav", str(_font()), str(song)],
            check=True,
            capture_output=True,
            timeout=60,
        )
        audio, _ = soundfile.read(sound, always_2d=True, dtype="float32")
    return onset(audio) % _BUFFER
