"""A data set made ready for one run: labels, parts, decoded sounds, noises."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training.data import manifest as manifests
from training.data.manifest import Entry, Manifest
from training.errors import ConfigError, DataError
from training.tasks.classify import cache, parts
from training.tasks.classify.batches import Sounds, coloured_noises
from training.tasks.classify.cache import Clips
from training.tasks.classify.config import Config, Data


@dataclass(frozen=True)
class Dataset:
    """Sounds and who uses them: ``part[i]`` and ``classes[i]`` are of entry i."""

    config: Config
    manifest: Manifest
    clips: Clips
    labels: tuple[str, ...]
    part: np.ndarray
    classes: np.ndarray

    def rows(self, part: str) -> np.ndarray:
        """Numbers of the readable entries of a part."""
        return np.flatnonzero((self.part == part) & self.clips.usable())

    def entries(self, part: str) -> list[Entry]:
        """The readable entries of a part."""
        return [self.manifest.entries[i] for i in self.rows(part)]

    @property
    def digest(self) -> str:
        """Digest of the sounds and of who uses them: what a resumed run must find."""
        text = f"{self.clips.digest} {self.labels} {' '.join(self.part)}"
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def problems(self) -> tuple[str, ...]:
        """Lines about files that were not readable."""
        return self.clips.problems

    def facts(self) -> dict:
        """What a checkpoint and a card tell of the training sounds."""
        entries = self.entries("train")
        return {
            "labels": self.labels,
            "clips": len(entries),
            "groups": len({e.group or e.path for e in entries}),
            "licences": self.licences(),
        }

    def training_sounds(self) -> Sounds:
        """What batches are made of."""
        rows = self.rows("train")
        noises = coloured_noises(
            self.config.training.seed, self.config.data.sample_rate
        )
        label = self.config.augment.noise_label
        if label:
            real = rows[self.classes[rows] == self.labels.index(label)]
            # As many again, so that half of the noise is real and half synthetic.
            found = [np.asarray(self.clips.audio[0][i]) for i in real]
            noises = (*noises, *found) if found else noises
        return Sounds(self.clips, rows, self.classes[rows], self.labels, noises)

    def class_weights(self) -> np.ndarray:
        """(C,) float64: how much each class counts in the loss, mean 1 over sounds."""
        counts = np.bincount(
            self.classes[self.rows("train")], minlength=len(self.labels)
        )
        weights = np.maximum(counts, 1.0) ** -self.config.training.class_weight
        return weights / np.average(weights, weights=np.maximum(counts, 1e-9))

    def licences(self) -> str:
        """The licences of the training sounds, the most frequent first."""
        counts = Counter(e.licence or "unknown" for e in self.entries("train"))
        return ", ".join(f"{name} ({n})" for name, n in counts.most_common())


def load(config: Config, progress: Callable[[Iterable], Iterable] = iter) -> Dataset:
    """Read the manifests, decode what is not decoded yet, and part it for a run."""
    data = config.data
    manifest = read_manifest(config)
    labels = _labels(config, manifest)
    part = parts.parts(manifest, data, data.fold)
    clips = cache.load(manifest, data, progress)
    for path in data.also:
        more = _labelled(_read(Path(path)), data, labels)
        clips = cache.joined(clips, cache.load(more, data, progress))
        manifest = replace(manifest, entries=manifest.entries + more.entries)
        part = np.r_[part, ["train"] * len(more.entries)]
    _leave_out(manifest, part, data.licences)
    parts.check(manifest, part)
    classes = np.array([labels.index(e.labels[0]) for e in manifest.entries])
    made = Dataset(config, manifest, clips, labels, part, classes)
    if not len(made.rows("train")):
        raise DataError(
            f"{data.manifest}: no readable training sound; first problem: "
            f"{clips.problems[0] if clips.problems else 'none'}"
        )
    return made


def read_manifest(config: Config) -> Manifest:
    """The manifest of a configuration, its labels renamed. Raises DataError."""
    data, stored = config.data, _read(Path(config.data.manifest))
    manifest = _relabelled(stored, data.column, data)
    if data.column:
        labels = sorted({e.labels[0] for e in manifest.entries})
    else:
        labels = dict.fromkeys(data.aliases.get(k, k) for k in stored.labels)
    return replace(manifest, labels=tuple(labels))


def _read(path: Path) -> Manifest:
    if not path.is_file():
        raise DataError(
            f"{path}: no such manifest; make it first: "
            "python -m training prepare DATASET SOURCE"
        )
    manifest = manifests.read(path)
    if manifest.multi_label:
        raise DataError(
            f"{path}: sounds with several labels each; a classifier needs one each"
        )
    return manifest


def _labelled(manifest: Manifest, data: Data, labels: tuple[str, ...]) -> Manifest:
    """The entries that have one of ``labels``, after renaming."""
    manifest = _relabelled(manifest, data.also_column, data)
    kept = tuple(e for e in manifest.entries if e.labels[0] in labels)
    return replace(manifest, entries=kept)


def _relabelled(manifest: Manifest, column: str, data: Data) -> Manifest:
    """Each entry with the label of a column, if it has one, renamed."""
    found = (e.extra.get(column) or e.labels[0] for e in manifest.entries)
    pairs = zip(manifest.entries, found, strict=True)
    entries = (replace(e, labels=(data.aliases.get(n, n),)) for e, n in pairs)
    return replace(manifest, entries=tuple(entries))


def _labels(config: Config, manifest: Manifest) -> tuple[str, ...]:
    silence, noise = config.data.silence, config.augment.noise_label
    labels = manifest.labels
    if silence and silence not in labels:
        labels = (*labels, silence)
    for name in (noise, *config.detector.background):
        if name and name not in labels:
            raise ConfigError(
                f"{config.data.manifest}: no label {name!r}; known: {', '.join(labels)}"
            )
    return labels


def _leave_out(manifest: Manifest, part: np.ndarray, allowed: tuple[str, ...]) -> None:
    """Take what may not be trained on out of the parts that train and choose."""
    if allowed:
        barred = np.array([e.licence not in allowed for e in manifest.entries])
        part[barred & (part != "test")] = ""
