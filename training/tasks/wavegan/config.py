"""A generator's run as frozen data, with what each value may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from rtaudio_dl.features import LogMel
from training.data.clips import ClipData
from training.errors import ConfigError
from training.run import common, config
from training.run.common import ListenedOutput
from training.run.config import between, one_of

CRITIC_FLOOR = 1e-8  # A bin holds little of a noise's power, and tails are quiet.


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
    latent: int = between(100, 1, 4096)
    latent_distribution: str = one_of("uniform", "normal")
    conditional: bool = False
    dim: int = between(64, 1, 1024)
    max_channels: int = between(0, 0, 1 << 14)
    kernel: int = between(25, 4, 255)
    upsample: str = one_of("transposed", "subpixel")
    noise: int = between(0, 0, 4096)
    class_prior: bool = False
    smooth: bool = False
    shape_output: bool = False
    phase_shuffle: int = between(2, 0, 64)
    critic_dim: int = between(0, 0, 1024)
    critic_embedding: int = between(128, 1, 4096)
    spectral: tuple[int, ...] = ()
    spectral_dim: int = between(16, 1, 1024)


@dataclass(frozen=True)
class Training(common.Training):
    """How to train. ``loss`` is ``wgan-gp`` or ``nonsaturating``.

    A run ends after ``steps``, or as `common.Training` says.
    ``penalty`` is lambda of WGAN-GP or gamma of R1, applied every ``penalty_every``
    steps; ``reconstruct`` weighs how well half of each batch, encoded from real sounds,
    must be given back (0: a plain GAN), ``prior`` how normal their latents must be; it
    is all that is trained in the first ``warmup_steps``, at ``warmup_rate``, and later
    counts ``guide`` times as much;
    ``augment`` is the probability of each augmentation before a critic, which
    rises while ``augment_target`` (0: off) is exceeded; ``ema`` 0 turns averaging off.
    """

    steps: int = between(200_000, 1, 10**9)
    loss: str = one_of("wgan-gp", "nonsaturating")
    critics: int = between(5, 1, 100)
    penalty: float = between(10.0, 0, 10**6)
    penalty_every: int = between(1, 1, 10**6)
    reconstruct: float = between(0.0, 0, 1000)
    prior: float = between(0.02, 0, 1000)
    guide: float = between(1.0, 0, 1)
    warmup_steps: int = between(0, 0, 10**9)
    warmup_rate: float = between(1e-3, 0, 1)
    learning_rate: float = between(1e-4, 0, 1)
    critic_learning_rate: float = between(0.0, 0, 1)
    beta_1: float = between(0.5, 0, 1)
    beta_2: float = between(0.9, 0, 1)
    ema: float = between(0.0, 0, 1)
    augment: float = between(0.0, 0, 1)
    augment_target: float = between(0.0, 0, 1)


@dataclass(frozen=True)
class Output(ListenedOutput):
    """Where a run writes, and how often (in minutes)."""

    run: str = "runs/wavegan"


@dataclass(frozen=True)
class Config(config.Config):
    """A whole run."""

    data: ClipData = field(default_factory=ClipData)
    model: Model = field(default_factory=Model)
    training: Training = field(default_factory=Training)
    output: Output = field(default_factory=Output)

    TASK: ClassVar[str] = "generator"

    def check(self) -> None:
        """Raise ConfigError where fields do not fit each other."""
        data, model, training = self.data, self.model, self.training
        if not start_frames(data.frames)[1]:
            raise ConfigError(
                f"data.frames is {data.frames}; allowed: 8 to 31 times a power of 4, "
                "such as 4096, 8192 or 16384"
            )
        if model.noise > model.latent:
            raise ConfigError(
                f"model.noise is {model.noise}; allowed: at most model.latent, "
                f"{model.latent}"
            )
        for window in model.spectral:
            if not 32 <= window <= data.frames or window % 4:
                raise ConfigError(
                    f"model.spectral has {window}; allowed: multiples of 4 from 32 to "
                    f"data.frames, {data.frames}"
                )
        if training.reconstruct and not model.spectral:
            raise ConfigError(
                "training.reconstruct needs model.spectral, in which sounds are "
                "compared, such as [128, 512]"
            )
        if model.class_prior and not training.reconstruct:
            raise ConfigError(
                "model.class_prior needs training.reconstruct above 0: its encoder "
                "says where the classes lie"
            )
        if training.warmup_steps and not training.reconstruct:
            raise ConfigError(
                "training.warmup_steps needs training.reconstruct above 0"
            )
        if model.conditional and not data.classes:
            raise ConfigError("model.conditional needs data.classes; list the folders")

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


def start_frames(frames: int) -> tuple[int, int]:
    """Frames before the first upsampling, and how many upsamplings by 4 follow.

    (0, 0) when no number of upsamplings from 8..31 frames gives ``frames``.
    """
    layers = 0
    while frames > 31 and frames % 4 == 0:
        frames, layers = frames // 4, layers + 1
    return (frames, layers) if 8 <= frames <= 31 else (0, 0)
