"""A classifier's training run as frozen data, with what each value may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from rtaudio_dl.features import LogMel
from training.errors import ConfigError
from training.run import common, config
from training.run.config import between, one_of, texts


@dataclass(frozen=True)
class Data:
    """Which sounds, how long a window of ``frames`` is, and who tests whom.

    ``protocol`` is ``split`` (the manifest's own), ``folds`` (each fold of the manifest
    is the test of one run) or ``groups`` (each group is: every speaker in turn);
    ``fold`` is the one that tests, 0 for each in turn, a run for each.
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
    sample_rate: int = between(16_000, 4_000, 192_000)
    frames: int = between(16_000, 256, 1 << 21)
    fold: int = between(0, 0, 10**6)
    protocol: str = one_of("split", "folds", "groups")
    valid_share: float = between(0.0, 0, 0.5)
    speeds: tuple[float, ...] = ()
    balance: float = between(0.5, 0, 1)
    silence: str = ""
    silence_share: float = between(0.0, 0, 0.5)
    licences: tuple[str, ...] = ()
    column: str = ""
    also: tuple[str, ...] = ()
    also_column: str = ""
    aliases: MappingProxyType = texts()


@dataclass(frozen=True)
class Front:
    """The feature inside the graph; `rtaudio_dl.features.LogMel` says what is what.

    ``kind`` is ``log`` or ``pcen``.
    """

    kind: str = one_of("log", "pcen")
    window: int = between(512, 16, 1 << 14)
    hop: int = between(160, 1, 1 << 14)
    bands: int = between(40, 4, 512)
    low_hz: float = 60.0
    high_hz: float = 0.0
    floor: float = between(1e-8, 1e-12, 1e-2)


@dataclass(frozen=True)
class Model:
    """The network, the ``licence`` of the trained model, and a line on its ``data``.

    ``kind`` is ``resnet``, ``dsresnet`` (depthwise-separable) or ``bcresnet``; the
    first two take ``widths`` and ``blocks`` per stage, the last one ``width`` (its tau)
    and ``subspectral`` groups of bands with a normalisation each (1: plain).
    """

    name: str = "classifier"
    licence: str = ""
    data: str = ""
    kind: str = one_of("resnet", "dsresnet", "bcresnet")
    widths: tuple[int, ...] = (24, 48, 96)
    blocks: tuple[int, ...] = (1, 1, 1)
    width: int = between(2, 1, 16)
    subspectral: int = between(1, 1, 64)
    dropout: float = between(0.2, 0, 0.9)


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

    shift_seconds: float = between(0.1, 0, 10)
    gain_db: float = between(12.0, 0, 60)
    noise: float = between(0.5, 0, 1)
    noise_label: str = ""
    snr_low_db: float = between(0.0, -40, 100)
    snr_high_db: float = between(30.0, -40, 100)
    room: float = between(0.3, 0, 1)
    eq_db: float = between(6.0, 0, 40)
    warp: float = between(0.1, 0, 0.5)
    frequency_masks: int = between(2, 0, 16)
    frequency_width: int = between(6, 0, 512)
    time_masks: int = between(2, 0, 16)
    time_width: int = between(20, 0, 1 << 12)
    mixup: float = between(0.5, 0, 1)
    mixup_alpha: float = between(0.4, 0.01, 10)


@dataclass(frozen=True)
class Training(common.Training):
    """How to train. A run ends after ``epochs``, or as `common.Training` says.

    The rate rises for ``warmup_epochs`` to ``learning_rate``, then falls as a cosine.
    ``class_weight`` is the exponent of how much rare classes weigh more (0: all alike).
    """

    epochs: int = between(100, 1, 10**6)
    batch: int = between(64, 2, 1 << 16)
    optimizer: str = one_of("adamw", "sgd")
    learning_rate: float = between(2e-3, 0, 10)
    warmup_epochs: int = between(3, 0, 10**6)
    weight_decay: float = between(0.01, 0, 1)
    label_smoothing: float = between(0.1, 0, 0.5)
    class_weight: float = between(0.0, 0, 1)
    ema: float = between(0.998, 0, 0.99999)


@dataclass(frozen=True)
class Detector:
    """How live scores become events; the card hands it on to the host.

    ``precision`` is what each class's threshold is chosen for on validation sounds,
    ``release`` the share of it below which an event ends; ``background`` labels are
    never events.
    """

    hop_seconds: float = between(0.1, 0.01, 60)
    precision: float = between(0.95, 0.5, 1)
    release: float = between(0.7, 0, 1)
    smoothing_seconds: float = between(0.1, 0, 60)
    hold_seconds: float = between(0.1, 0, 60)
    refractory_seconds: float = between(0.5, 0, 60)
    background: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output(common.Output):
    """Where a run writes, and how often; ``ship`` is the fold that `export` takes."""

    run: str = "runs/classifier"
    checkpoint_minutes: float = between(3.0, 0, 10**6)
    valid_every: int = between(2, 1, 10**6)
    keep: int = between(2, 1, 1000)
    ship: int = between(1, 1, 10**6)


@dataclass(frozen=True)
class Config(config.Config):
    """A whole run."""

    TASK: ClassVar[str] = "classifier"

    data: Data = field(default_factory=Data)
    front: Front = field(default_factory=Front)
    model: Model = field(default_factory=Model)
    augment: Augment = field(default_factory=Augment)
    training: Training = field(default_factory=Training)
    detector: Detector = field(default_factory=Detector)
    output: Output = field(default_factory=Output)

    def check(self) -> None:
        """Raise ConfigError where fields do not fit each other."""
        data, model, spec = self.data, self.model, self.spec
        if data.frames < spec.window:
            raise ConfigError(
                f"data.frames is {data.frames}; allowed: front.window, {spec.window}, "
                "and above"
            )
        if not model.widths or len(model.widths) != len(model.blocks):
            raise ConfigError(
                f"model.widths has {len(model.widths)} stages and model.blocks "
                f"{len(model.blocks)}; allowed: as many of each, at least one"
            )
        if not all(1 <= n <= 1024 for n in (*model.widths, *model.blocks)):
            raise ConfigError("model.widths and model.blocks: allowed 1 to 1024")
        if not all(0.5 <= speed <= 2 for speed in data.speeds):
            raise ConfigError(f"data.speeds is {list(data.speeds)}; allowed: 0.5 to 2")
        if data.fold and data.protocol == "split":
            raise ConfigError("data.fold needs data.protocol folds or groups")
        if data.silence_share and not data.silence:
            raise ConfigError("data.silence_share needs data.silence, a class's name")

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
