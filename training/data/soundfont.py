"""Notes of every pitched preset of a SoundFont, as a data set in NSynth's own format.

A folder gets ``audio/NAME.wav`` (16 kHz, mono, 4 s: 3 s held and 1 s released) and
``examples.json`` with NSynth's fields (Engel et al., 2017) and three of our own:
``group`` (presets that share samples), ``split`` and ``preset``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from training.data import general_midi, nsynth
from training.data.fluidsynth import Preset, Synth
from training.data.nsynth import FRAMES, HELD_SECONDS, RATE
from training.data.workers import spread
from training.errors import DataError
from training.run.files import write_atomically

OVERSAMPLING = 3  # FluidSynth's interpolation would alias at 16 kHz.
PEAK = 0.9
LEAST_PEAK = 1e-3  # of full scale; below, a preset has no sound at that key
VELOCITIES = (25, 50, 75, 100, 127)
TRAIN_PITCHES = tuple(range(24, 109, 3))
BETWEEN_PITCHES = (38, 49, 61, 74, 85)  # Kept from training: are keys interpolated?
HELD_VELOCITIES = (50, 100)
FLUIDR3 = Path(__file__).with_name("fluidr3_groups.json")


@dataclass(frozen=True)
class Plan:
    """One preset to render: its names, its group, its split and its notes."""

    preset: Preset
    instrument: int
    name: str
    family: str
    source: str
    group: int
    split: str
    notes: tuple[tuple[int, int], ...]


def render(
    font: Path,
    out: Path,
    groups: Path = FLUIDR3,
    progress: Callable[[Iterable], Iterable] = iter,
    processes: int = 0,
) -> list[dict]:
    """Render a SoundFont into ``out``; gives the examples that were written.

    ``groups`` is JSON: {"groups": [[[bank, program, name], ...], ...], "held_out":
    [name, ...]}. Presets of one group share samples: a held-out instrument is a
    held-out group. Presets that the file does not list are groups of their own.
    """
    plans = plan(font, read_groups(groups))
    (out / "audio").mkdir(parents=True, exist_ok=True)
    work = partial(_render_preset, font, out)
    parts = progress(spread(work, plans, processes))
    found = [example for part in parts for example in part]
    if not found:
        raise DataError(f"{font}: no preset of it has a pitch; nothing was rendered")
    table = {e["note_str"]: e | {"note": i} for i, e in enumerate(found)}
    write_atomically(
        out / "examples.json",
        lambda file: file.write(json.dumps(table, indent=1).encode()),
    )
    return found


def read_groups(path: Path) -> dict:
    """The groups' file, checked. Raises DataError if it is not one."""
    try:
        table = json.loads(path.read_text("utf-8"))
        for group in table["groups"]:
            for bank, program, name in group:
                if not (type(bank) is type(program) is int and type(name) is str):
                    raise ValueError(f"{[bank, program, name]!r:.80}")
        return {"groups": table["groups"], "held_out": set(table["held_out"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not a file of groups: {error}; see {FLUIDR3.name}"
        ) from None


def plan(font: Path, groups: dict) -> list[Plan]:
    """What to render: every preset with a pitch, in the font's order."""
    with Synth(font, RATE) as synth:
        presets = sorted(synth.presets(), key=lambda p: (p.bank, p.program))
    of_preset = {
        (bank, program): i
        for i, group in enumerate(groups["groups"])
        for bank, program, _ in group
    }
    held = {
        i
        for i, group in enumerate(groups["groups"])
        if any(name in groups["held_out"] for _, _, name in group)
    }
    plans = []
    for preset in presets:
        family = general_midi.family(preset.bank, preset.program)
        if family is None:
            continue
        source = general_midi.source(preset.program)
        number = len(plans)
        group = of_preset.get((preset.bank, preset.program), 1_000 + number)
        split = "test" if group in held else "train"
        plans.append(
            Plan(
                preset,
                number,
                f"{family}_{source}_{number:03d}",
                family,
                source,
                group,
                split,
                _notes(split),
            )
        )
    return plans


def _notes(split: str) -> tuple[tuple[int, int], ...]:
    if split == "test":
        return tuple((p, v) for p in TRAIN_PITCHES for v in HELD_VELOCITIES)
    pairs = [(p, v) for p in TRAIN_PITCHES for v in VELOCITIES]
    return tuple(pairs + [(p, v) for p in BETWEEN_PITCHES for v in HELD_VELOCITIES])


def _render_preset(font: Path, out: Path, plan: Plan) -> list[dict]:
    """Write one preset's notes, all with the gain that brings the loudest to `PEAK`."""
    rate = RATE * OVERSAMPLING
    held = round(HELD_SECONDS * rate)
    with Synth(font, rate) as synth:
        synth.select(plan.preset)
        audio = [
            resample_poly(
                synth.note(pitch, velocity, held, FRAMES * OVERSAMPLING - held),
                1,
                OVERSAMPLING,
            )
            for pitch, velocity in plan.notes
        ]
    loudest = max(np.abs(a).max() for a in audio)
    if loudest < LEAST_PEAK:
        return []
    examples = []
    for (pitch, velocity), sound in zip(plan.notes, audio, strict=True):
        if np.abs(sound).max() >= LEAST_PEAK:
            sound = (sound * (PEAK / loudest)).astype(np.float32)
            examples.append(_example(plan, pitch, velocity, sound))
            path = out / "audio" / f"{examples[-1]['note_str']}.wav"
            soundfile.write(path, sound, RATE, subtype="PCM_16")
    return examples


def _example(plan: Plan, pitch: int, velocity: int, audio: np.ndarray) -> dict:
    marks = qualities(audio, pitch, plan.preset.program)
    between = plan.split == "train" and pitch in BETWEEN_PITCHES
    return {
        "note_str": f"{plan.name}-{pitch:03d}-{velocity:03d}",
        "instrument": plan.instrument,
        "instrument_str": plan.name,
        "pitch": pitch,
        "velocity": velocity,
        "sample_rate": RATE,
        "qualities": [int(name in marks) for name in nsynth.QUALITIES],
        "qualities_str": sorted(marks),
        "instrument_family": nsynth.FAMILIES.index(plan.family),
        "instrument_family_str": plan.family,
        "instrument_source": nsynth.SOURCES.index(plan.source),
        "instrument_source_str": plan.source,
        "group": plan.group,
        "split": "valid" if between else plan.split,
        "preset": plan.preset.name,
    }


def qualities(audio: np.ndarray, pitch: int, program: int) -> set[str]:
    """NSynth's qualities as far as they can be measured.

    Bright and dark: the spectrum's centre is 3 octaves above the pitch and more, or 1
    and less; fast decay: 30 dB down a second after the onset, percussive: 40 dB; long
    release: half a second after it less than 20 dB down.
    """
    power = np.abs(np.fft.rfft(audio)) ** 2
    hertz = np.fft.rfftfreq(len(audio), 1 / RATE)
    centre = (power @ hertz) / max(power.sum(), 1e-12)
    octaves = np.log2(max(centre, 1.0) / 440.0) - (pitch - 69) / 12
    level = 10 * np.log10((audio.reshape(-1, RATE // 20) ** 2).mean(1) + 1e-10)
    after_second = level[20] - level[:20].max()
    after_release = level[70] - level[58]
    found = {
        "bright": octaves >= 3,
        "dark": octaves <= 1,
        "fast_decay": after_second < -30,
        "percussive": after_second < -40,
        "long_release": after_second > -60 and after_release > -20,
        "distortion": general_midi.is_distorted(program),
    }
    return {name for name, is_so in found.items() if is_so}
