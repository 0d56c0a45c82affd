"""The WaveNet autoencoder: what the shared run needs of it."""

from __future__ import annotations

from pathlib import Path

from training.errors import ConfigError
from training.run.opened import Opened
from training.run.task import Exported, Progress, Task
from training.tasks.wavenet import config, crops, learner, network, sample


class WaveNet(Task):
    """From recorded notes to codes and back, sample by sample."""

    Config = config.Config
    made_of = "notes"

    def data(self, config, progress: Progress = iter) -> crops.Crops:
        return crops.load(Path(config.data.source), config.training.crop)

    def networks(self, config, facts):
        return network.named(config.model)

    def learner(self, config, data, replicas=1) -> learner.WaveNetLearner:
        return learner.WaveNetLearner(config, data, replicas)

    def batches(self, config, data, start, size, worker=0):
        return data.batches(config.training.seed, start, size, worker)

    def sample(self, run: Opened, out: Path, each: int) -> str:
        count = sample.write(run.trained(), run.data(), out, each)
        return f"{count} notes in {out}, each real and then drawn"

    def evaluate(self, run: Opened, out: Path, seeds: int) -> str:
        trained, data, lines = run.trained(), run.data(), []
        for split in ("train", "valid", "test"):
            found = learner.bits(trained.networks, trained.config, data, split)
            text = "no notes" if found is None else f"{found:.3f} bits"
            lines.append(f"{split}: {text}")
        return "\n".join(lines)

    def export(self, run: Opened, metrics: Path | None) -> list[Exported]:
        raise ConfigError(
            f"{run.path}: a WaveNet autoencoder would need 948 GMAC per second and "
            "cannot be played live, so it is not exported; train configs/notes.toml "
            f"for an instrument, or listen: python -m training sample {run.path}"
        )


TASK = WaveNet()
