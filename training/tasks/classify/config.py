"""A classifier's training run as frozen data, with what each value may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from rtaudio_dl.features import LogMel
from training.errors import ConfigError
from training.plain import to_json
from training.run import config as reading


@dataclass(frozen=True)
class Data:
    """Which sounds, how long a window of ``frames`` is, and who tests whom.

    ``protocol`` is ``split`` (the manifest's own), ``folds`` (each fold of the manifest
    is the test of one run) or ``groups`` (each group is: every speaker in turn).
    ``valid_share`` of the training groups becomes the valid part where there is none.
    ``speeds`` are further playback speeds at which each sound is stored for training;
    ``balance`` is 0 for sampling by clip, 1 for sampling every class equally often;
    ``silence`` names a class (a new one or one of the manifest) that
    ``silence_share`` of the windows are: synthetic noise, hum and digital silence.
    ``licences`` lists what may be trained on (empty: everything, for private use);
    sounds under others test only. Sounds of the manifests in ``also`` train too, and
    never test. Labels are those of the manifest, or where it is filled those of its
    ``column`` (of ``also``: ``also_column``); ``aliases`` renames them.
    """

    manifest: str = "input/manifests/sounds.csv"
    cache: str = "runs/cache"
    sample_rate: int = 16_000
    frames: int = 16_000
    protocol: str = "split"
    valid_share: float = 0.0
    speeds: tuple[float, ...] = ()
    balance: float = 0.5
    silence: str = ""
    silence_share: float = 0.0
    licences: tuple[str, ...] = ()
    column: str = ""
    also: tuple[str, ...] = ()
    also_column: str = ""
    aliases: MappingProxyType = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Front:
    """The feature inside the graph; `rtaudio_dl.features.LogMel` says what is what.

    ``kind`` is ``log`` or ``pcen``.
    """

    kind: str = "log"
    window: int = 512
    hop: int = 160
    bands: int = 40
    low_hz: float = 60.0
    high_hz: float = 0.0
    floor: float = 1e-8


@dataclass(frozen=True)
class Model:
    """The network, the ``licence`` of the trained model, and a line on its ``data``.

    ``kind`` is ``resnet``, ``dsresnet`` (depthwise-separable) or ``bcresnet``; the
    first two take ``widths`` and ``blocks`` per stage, the last one ``width`` (its tau)
    and ``subspectral`` groups of bands with a normalisation each (1: plain).
    ``start`` is the folder of a run, of other labels perhaps, whose network a new run
    begins with, all but the last layer.
    """

    name: str = "classifier"
    licence: str = ""
    data: str = ""
    kind: str = "resnet"
    widths: tuple[int, ...] = (24, 48, 96)
    blocks: tuple[int, ...] = (1, 1, 1)
    width: int = 2
    subspectral: int = 1
    dropout: float = 0.2
    start: str = ""


@dataclass(frozen=True)
class Augment:
    """What may happen to each training window; a chance is a probability per window.

    ``shift_seconds`` is how far a sound may leave the window, to either side;
    ``gain_db`` to either side; noise (of ``noise_label``, and synthetic) is mixed at a
    ratio between the two ``snr``; ``room`` is a decaying tail, ``eq_db`` a random
    smooth curve, ``warp`` stretches the frequency axis (other vocal tracts) by this
    share; then masks of at most so many bands and feature frames; ``mixup`` adds
    another window, at a ratio of a Beta distribution.
    """

    shift_seconds: float = 0.1
    gain_db: float = 12.0
    noise: float = 0.5
    noise_label: str = ""
    snr_low_db: float = 0.0
    snr_high_db: float = 30.0
    room: float = 0.3
    eq_db: float = 6.0
    warp: float = 0.1
    frequency_masks: int = 2
    frequency_width: int = 6
    time_masks: int = 2
    time_width: int = 20
    mixup: float = 0.5
    mixup_alpha: float = 0.4


@dataclass(frozen=True)
class Training:
    """How to train. A run ends after ``epochs``, or ``max_minutes`` (0: no limit).

    The rate rises for ``warmup_epochs`` to ``learning_rate``, then falls as a cosine.
    ``class_weight`` is the exponent of how much rare classes weigh more (0: all alike).
    """

    seed: int = 1
    epochs: int = 100
    max_minutes: float = 0.0
    batch: int = 64
    optimizer: str = "adamw"
    learning_rate: float = 2e-3
    warmup_epochs: int = 3
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    class_weight: float = 0.0
    ema: float = 0.998
    strategy: str = "none"
    precision: str = "auto"
    xla: str = "auto"
    deterministic: bool = False
    threads: int = 0


@dataclass(frozen=True)
class Detector:
    """How live scores become events; the card hands it on to the host.

    ``precision`` is what each class's threshold is chosen for on validation sounds,
    ``release`` the share of it below which an event ends; ``background`` labels are
    never events.
    """

    hop_seconds: float = 0.1
    precision: float = 0.95
    release: float = 0.7
    smoothing_seconds: float = 0.1
    hold_seconds: float = 0.1
    refractory_seconds: float = 0.5
    background: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output:
    """Where a run writes, and how often; ``ship`` is the fold that `export` takes."""

    run: str = "runs/classifier"
    checkpoint_minutes: float = 3.0
    valid_every: int = 2
    keep: int = 2
    ship: int = 1


@dataclass(frozen=True)
class Config:
    """A whole run."""

    data: Data = field(default_factory=Data)
    front: Front = field(default_factory=Front)
    model: Model = field(default_factory=Model)
    augment: Augment = field(default_factory=Augment)
    training: Training = field(default_factory=Training)
    detector: Detector = field(default_factory=Detector)
    output: Output = field(default_factory=Output)

    def to_json(self) -> str:
        """JSON text that `from_json` reads back."""
        return to_json(self)

    @property
    def spec(self) -> LogMel:
        """The feature's sizes. Raises ConfigError if they are impossible."""
        front = self.front
        try:
            return LogMel(
                self.data.sample_rate,
                front.window,
                front.hop,
                front.bands,
                front.low_hz,
                front.high_hz,
                front.floor,
            )
        except ValueError as error:
            raise ConfigError(f"front: {error}") from None


CHOICES = {
    "data.protocol": ("split", "folds", "groups"),
    "front.kind": ("log", "pcen"),
    "model.kind": ("resnet", "dsresnet", "bcresnet"),
    "training.optimizer": ("adamw", "sgd"),
    "training.strategy": ("none", "mirrored", "multiworker"),
    "training.precision": ("auto", "float32", "bfloat16"),
    "training.xla": ("auto", "on", "off"),
}
RANGES = {
    "data.sample_rate": (4_000, 192_000),
    "data.frames": (256, 1 << 21),
    "data.valid_share": (0, 0.5),
    "data.balance": (0, 1),
    "data.silence_share": (0, 0.5),
    "front.window": (16, 1 << 14),
    "front.hop": (1, 1 << 14),
    "front.bands": (4, 512),
    "front.floor": (1e-12, 1e-2),
    "model.width": (1, 16),
    "model.subspectral": (1, 64),
    "model.dropout": (0, 0.9),
    "augment.shift_seconds": (0, 10),
    "augment.gain_db": (0, 60),
    "augment.noise": (0, 1),
    "augment.snr_low_db": (-40, 100),
    "augment.snr_high_db": (-40, 100),
    "augment.room": (0, 1),
    "augment.eq_db": (0, 40),
    "augment.warp": (0, 0.5),
    "augment.frequency_masks": (0, 16),
    "augment.frequency_width": (0, 512),
    "augment.time_masks": (0, 16),
    "augment.time_width": (0, 1 << 12),
    "augment.mixup": (0, 1),
    "augment.mixup_alpha": (0.01, 10),
    "training.seed": (0, 2**31 - 1),
    "training.epochs": (1, 10**6),
    "training.max_minutes": (0, 10**6),
    "training.batch": (2, 1 << 16),
    "training.learning_rate": (0, 10),
    "training.warmup_epochs": (0, 10**6),
    "training.weight_decay": (0, 1),
    "training.label_smoothing": (0, 0.5),
    "training.class_weight": (0, 1),
    "training.ema": (0, 0.99999),
    "training.threads": (0, 1024),
    "detector.hop_seconds": (0.01, 60),
    "detector.precision": (0.5, 1),
    "detector.release": (0, 1),
    "detector.smoothing_seconds": (0, 60),
    "detector.hold_seconds": (0, 60),
    "detector.refractory_seconds": (0, 60),
    "output.checkpoint_minutes": (0, 10**6),
    "output.valid_every": (1, 10**6),
    "output.keep": (1, 1000),
    "output.ship": (1, 10**6),
}


def load(path: Path) -> Config:
    """Read a TOML file. Raises ConfigError naming the file and the key."""
    fields = reading.mapping(path)
    fields.pop("task", None)
    return from_mapping(fields, str(path))


def from_json(text: str, source: str) -> Config:
    """Read what `Config.to_json` wrote."""
    return from_mapping(reading.json_mapping(text, source), source)


def from_mapping(fields: dict, source: str) -> Config:
    """Check nested mappings and freeze them."""
    config = reading.freeze(Config, fields, reading.Rules(source, CHOICES, RANGES))
    spec = config.spec
    if config.data.frames < spec.window:
        raise ConfigError(
            f"{source}: data.frames is {config.data.frames}; allowed: front.window, "
            f"{spec.window}, and above"
        )
    model = config.model
    if not model.widths or len(model.widths) != len(model.blocks):
        raise ConfigError(
            f"{source}: model.widths has {len(model.widths)} stages and model.blocks "
            f"{len(model.blocks)}; allowed: as many of each, at least one"
        )
    if not all(1 <= n <= 1024 for n in (*model.widths, *model.blocks)):
        raise ConfigError(f"{source}: model.widths and model.blocks: allowed 1 to 1024")
    if not all(0.5 <= speed <= 2 for speed in config.data.speeds):
        raise ConfigError(
            f"{source}: data.speeds is {list(config.data.speeds)}; allowed: 0.5 to 2"
        )
    if config.data.silence_share and not config.data.silence:
        raise ConfigError(
            f"{source}: data.silence_share needs data.silence, the name of a class"
        )
    return config
