"""A recorded note becomes a timbre: its pitch is found, an encoder says the rest.

The encoder is a model of kind ``encoder`` beside the instrument, as
``notes.encoder.onnx`` is beside ``notes.onnx``; what it gives is a place on the
instrument's map of timbres, which patches can name.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtaudio_dl.errors import AudioFileError, ModelError, PatchError
from rtaudio_dl.features import Pitch, find_pitch
from rtaudio_dl.files.atomic import write_whole
from rtaudio_dl.files.paths import data_folder
from rtaudio_dl.files.read import SoundReader
from rtaudio_dl.models.card import Card
from rtaudio_dl.models.library import find_model
from rtaudio_dl.models.model import Model, open_model, read_card
from rtaudio_dl.models.timbre import Timbre, card_timbres

ENCODER = "{}.encoder"  # name of the encoder of a model
MAX_SECONDS = 60.0  # that are looked at for the note's beginning
ONSET_DB = -35.0  # below the peak: where a note begins
ATTACK_SECONDS = 0.08  # after which a note is steady enough to have a pitch
PITCH_SECONDS = 1.5
VELOCITY = 0.8
PEAK = 0.5  # to which a note is brought, as the notes were that encoders learn from
MOST_APERIODICITY = 0.4
WEIGHT_OF_MAP = 1e-3  # keeps the fit of a small map from following its noise


@dataclass(frozen=True)
class Encoding:
    """A note's ``timbre``, the ``pitch`` that was found, and timbres near it.

    ``nearest`` are names and distances, nearest first; 1 is the distance of two timbres
    of the model on average.
    """

    timbre: Timbre
    pitch: Pitch
    key: float
    nearest: tuple[tuple[str, float], ...]
    model: str


def encode_note(
    path: Path,
    name: str,
    model: str = "notes",
    key: float | None = None,
    velocity: float = VELOCITY,
) -> Encoding:
    """The timbre of a note in a sound file, by a model's encoder.

    Best is one note of four seconds, held for three. ``key`` (MIDI note number) is
    taken instead of what is found. Raises AudioFileError for a file that holds no note,
    ModelError for a model without an encoder.
    """
    card = read_card(find_model(model))
    with open_model(find_model(ENCODER.format(model)), "cpu", ("encoder",)) as encoder:
        size = _frames(encoder.card)
        audio = read_note(path, encoder.card.sample_rate, size)
        pitch = _pitch(path, audio, encoder.card.sample_rate)
        if key is None and pitch.aperiodicity > MOST_APERIODICITY:
            raise AudioFileError(
                f"{path}: no clear pitch is heard in it; if it is a note, say which: "
                "--key 60"
            )
        found = pitch.key if key is None else key
        z = _run(encoder, audio, found, velocity)
    timbre = Timbre(name, tuple(z.tolist()), "", place_on_map(card, z))
    return Encoding(timbre, pitch, found, nearest(card, z), card.name)


def read_note(path: Path, sample_rate: int, frames: int) -> np.ndarray:
    """The first note of a file, from its onset on: (frames,) float32, one channel.

    Its peak is `PEAK`, however loud it was recorded.
    """
    from scipy.signal import resample_poly

    with SoundReader(path) as sound:
        parts, wanted = [], int(MAX_SECONDS * sound.sample_rate)
        for block in sound.blocks():
            parts.append(block.mean(axis=1))
            if sum(map(len, parts)) >= wanted:
                break
        rate = sound.sample_rate
    mono = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    peak = float(np.abs(mono).max(initial=0.0))
    if not peak > 1e-5:
        raise AudioFileError(f"{path} is silent; it must hold a note")
    onset = int(np.argmax(np.abs(mono) > peak * 10 ** (ONSET_DB / 20)))
    mono = mono[onset : onset + math.ceil(frames / sample_rate * rate) + 1]
    common = math.gcd(rate, sample_rate)
    mono = resample_poly(mono, sample_rate // common, rate // common)[:frames]
    mono = mono * (PEAK / np.abs(mono).max())
    return np.pad(mono, (0, frames - len(mono))).astype(np.float32)


def nearest(card: Card, z: np.ndarray) -> tuple[tuple[str, float], ...]:
    """Names of a card's timbres by distance from ``z``; 1 is an average distance."""
    timbres = card_timbres(card)
    if not timbres:
        return ()
    points = np.array([t.z for t in timbres.values()])
    far = np.sqrt(((points - points.mean(axis=0)) ** 2).sum(axis=1).mean() * 2)
    distances = np.sqrt(((points - z) ** 2).sum(axis=1)) / max(far, 1e-9)
    order = np.argsort(distances)
    names = list(timbres)
    return tuple((names[i], float(distances[i])) for i in order)


def place_on_map(card: Card, z: np.ndarray) -> tuple[float, float] | None:
    """Where ``z`` lies on a card's flat map, 0..1 each; None without a map.

    The map is a plane in the space of timbres: the one that fits those of the card.
    """
    mapped = [t for t in card_timbres(card).values() if t.xy is not None]
    if len(mapped) < 3:
        return None
    points = np.array([[*t.z, 1.0] for t in mapped])
    places = np.array([t.xy for t in mapped])
    square = points.T @ points + WEIGHT_OF_MAP * np.eye(points.shape[1])
    plane = np.linalg.solve(square, points.T @ places)
    x, y = np.clip(np.r_[z, 1.0] @ plane, 0.0, 1.0)
    return float(x), float(y)


def timbre_path(name: str) -> Path:
    """Where a user's timbre of this name is kept. Raises PatchError for a bad name."""
    if not name or Path(name).name != name or name.startswith("."):
        raise PatchError(f"name is {name!r:.80}; allowed: a file's name without a path")
    return data_folder() / "configs" / "timbres" / f"{name}.json"


def write_timbre(encoding: Encoding, path: Path) -> None:
    """Keep a timbre where patches find it by name; an older one is replaced."""
    timbre = encoding.timbre
    fields = {
        "model": encoding.model,
        "z": [round(v, 5) for v in timbre.z],
        "key": round(encoding.key, 2),
    }
    if timbre.xy is not None:
        fields["xy"] = [round(v, 4) for v in timbre.xy]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(fields, indent=1).encode())


def _frames(card: Card) -> int:
    tensor = card.input("audio")
    sizes = [d for d in tensor.shape if isinstance(d, int)]
    if len(sizes) != 1:
        raise ModelError(f"encoder {card.name!r} takes audio {tensor.shape}")
    return sizes[0]


def _pitch(path: Path, audio: np.ndarray, rate: int) -> Pitch:
    first = int(ATTACK_SECONDS * rate)
    part = audio[first : first + int(PITCH_SECONDS * rate)]
    sounding = np.flatnonzero(np.abs(part) > 1e-5)
    try:
        return find_pitch(part[: sounding[-1] + 1] if len(sounding) else part, rate)
    except ValueError as error:
        raise AudioFileError(f"{path}: {error}; give a longer note") from None


def _run(model: Model, audio: np.ndarray, key: float, velocity: float) -> np.ndarray:
    """The encoder's answer (Z,)."""
    given = {"audio": audio, "pitch": np.array([key]), "velocity": np.array([velocity])}
    inputs = {
        t.name: np.ascontiguousarray(given[t.role], np.float32)[None]
        for t in model.card.inputs
    }
    output = model.card.output("latent")
    answer = {output.name: np.zeros((1, output.size()), np.float32)}
    binding = model.session.bind(inputs, answer)
    try:
        binding.run()
    finally:
        binding.close()
    z = answer[output.name][0]
    if not np.isfinite(z).all():
        raise ModelError(f"encoder {model.card.name!r} gave what is not finite")
    return z
