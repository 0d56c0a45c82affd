"""A training run as frozen data, with what each value may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

from rtaudio_dl.features import LogMel
from training.plain import to_json

CRITIC_FLOOR = 1e-8  # A bin holds little of a noise's power, and tails are quiet.


@dataclass(frozen=True)
class Data:
    """Which sounds, and how each is made ready.

    ``licences`` lists what may be trained on (empty: everything, for private use);
    ``aliases`` renames classes; ``exclude`` are glob patterns of paths to leave out;
    ``speeds`` are extra playback speeds at which each training sound is stored too;
    ``balance`` is 0 for sampling by clip, 1 for sampling every class equally often.
    """

    source: str = "input/drums"
    cache: str = "runs/cache"
    sample_rate: int = 16_000
    frames: int = 16_384
    classes: tuple[str, ...] = ()
    aliases: MappingProxyType = field(default_factory=lambda: MappingProxyType({}))
    exclude: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    speeds: tuple[float, ...] = ()
    balance: float = 0.5
    onset_db: float = -26.0
    pre_onset: int = 32
    fade_in: int = 16
    fade_out: int = 512
    peak: float = 0.9


@dataclass(frozen=True)
class Model:
    """The networks, and the ``licence`` that the trained model is given under.

    ``upsample`` is ``transposed`` or ``subpixel``.

    ``max_channels`` caps the width (0: as published); ``noise`` is how many latent
    dimensions also choose a mixture of fixed white noises (0: none); ``smooth``
    averages over 4 frames after each upsampling but the last; ``class_prior`` moves the
    latent to where the encoder puts each class; ``shape_output`` puts
    fades, DC removal and peak level into the graph instead of a tanh.
    """

    name: str = "wavegan"
    licence: str = ""
    latent: int = 100
    latent_distribution: str = "uniform"
    conditional: bool = False
    dim: int = 64
    max_channels: int = 0
    kernel: int = 25
    upsample: str = "transposed"
    noise: int = 0
    class_prior: bool = False
    smooth: bool = False
    shape_output: bool = False
    phase_shuffle: int = 2
    critic_dim: int = 0
    critic_embedding: int = 128
    spectral: tuple[int, ...] = ()
    spectral_dim: int = 16


@dataclass(frozen=True)
class Training:
    """How to train. ``loss`` is ``wgan-gp`` or ``nonsaturating``.

    A run ends after ``steps``, or after ``max_minutes`` if that comes first (0: never).
    ``penalty`` is lambda of WGAN-GP or gamma of R1, applied every ``penalty_every``
    steps; ``reconstruct`` weighs how well half of each batch, encoded from real sounds,
    must be given back (0: a plain GAN), ``prior`` how normal their latents must be; it
    is all that is trained in the first ``warmup_steps``, at ``warmup_rate``, and later
    counts ``guide`` times as much;
    ``augment`` is the probability of each augmentation before a critic, which
    rises while ``augment_target`` (0: off) is exceeded; ``ema`` 0 turns averaging off.
    """

    seed: int = 1
    steps: int = 200_000
    max_minutes: float = 0.0
    batch: int = 64
    loss: str = "wgan-gp"
    critics: int = 5
    penalty: float = 10.0
    penalty_every: int = 1
    reconstruct: float = 0.0
    prior: float = 0.02
    guide: float = 1.0
    warmup_steps: int = 0
    warmup_rate: float = 1e-3
    learning_rate: float = 1e-4
    critic_learning_rate: float = 0.0
    beta_1: float = 0.5
    beta_2: float = 0.9
    ema: float = 0.0
    augment: float = 0.0
    augment_target: float = 0.0
    strategy: str = "none"
    precision: str = "auto"
    xla: str = "auto"
    deterministic: bool = False
    threads: int = 0


@dataclass(frozen=True)
class Output:
    """Where a run writes, and how often (in minutes)."""

    run: str = "runs/wavegan"
    checkpoint_minutes: float = 5.0
    sample_minutes: float = 5.0
    keep: int = 3


@dataclass(frozen=True)
class Config:
    """A whole run."""

    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    training: Training = field(default_factory=Training)
    output: Output = field(default_factory=Output)

    def to_json(self) -> str:
        """JSON text that `training.run.config.from_json` reads back."""
        return to_json(self)

    def critic_views(self) -> tuple[LogMel, ...]:
        """What spectral critics see: every DFT bin, lest a tone hide in a band.

        One for each window in ``model.spectral``, two hops to a window.
        """
        rate = self.data.sample_rate
        return tuple(
            LogMel(rate, w, w // 2, bands=0, floor=CRITIC_FLOOR)
            for w in self.model.spectral
        )

    def distance_views(self) -> tuple[LogMel, ...]:
        """Where sounds are compared: in bands, as no two noises agree in each bin."""
        rate = self.data.sample_rate
        return tuple(
            LogMel(rate, w, w // 2, bands=min(64, max(16, w * 3 // 32)))
            for w in self.model.spectral
        )


CHOICES = {
    "model.upsample": ("transposed", "subpixel"),
    "model.latent_distribution": ("uniform", "normal"),
    "training.loss": ("wgan-gp", "nonsaturating"),
    "training.strategy": ("none", "mirrored", "multiworker"),
    "training.precision": ("auto", "float32", "bfloat16"),
    "training.xla": ("auto", "on", "off"),
}
RANGES = {
    "data.sample_rate": (4_000, 192_000),
    "data.frames": (64, 1 << 20),
    "data.balance": (0, 1),
    "data.onset_db": (-120, 0),
    "data.pre_onset": (0, 1 << 16),
    "data.fade_in": (0, 1 << 16),
    "data.fade_out": (0, 1 << 20),
    "data.peak": (0.01, 1),
    "model.latent": (1, 4096),
    "model.dim": (1, 1024),
    "model.max_channels": (0, 1 << 14),
    "model.kernel": (4, 255),
    "model.noise": (0, 4096),
    "model.phase_shuffle": (0, 64),
    "model.critic_dim": (0, 1024),
    "model.critic_embedding": (1, 4096),
    "model.spectral_dim": (1, 1024),
    "training.seed": (0, 2**31 - 1),
    "training.steps": (1, 10**9),
    "training.max_minutes": (0, 10**6),
    "training.batch": (1, 1 << 16),
    "training.critics": (1, 100),
    "training.penalty": (0, 10**6),
    "training.penalty_every": (1, 10**6),
    "training.reconstruct": (0, 1000),
    "training.prior": (0, 1000),
    "training.guide": (0, 1),
    "training.warmup_steps": (0, 10**9),
    "training.warmup_rate": (0, 1),
    "training.learning_rate": (0, 1),
    "training.critic_learning_rate": (0, 1),
    "training.beta_1": (0, 1),
    "training.beta_2": (0, 1),
    "training.ema": (0, 1),
    "training.augment": (0, 1),
    "training.augment_target": (0, 1),
    "training.threads": (0, 1024),
    "output.checkpoint_minutes": (0, 10**6),
    "output.sample_minutes": (0, 10**6),
    "output.keep": (1, 1000),
}


def start_frames(frames: int) -> tuple[int, int]:
    """Frames before the first upsampling, and how many upsamplings by 4 follow.

    (0, 0) when no number of upsamplings from 8..31 frames gives ``frames``.
    """
    layers = 0
    while frames > 31 and frames % 4 == 0:
        frames, layers = frames // 4, layers + 1
    return (frames, layers) if 8 <= frames <= 31 else (0, 0)
