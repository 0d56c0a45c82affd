"""Training runs: every loss learns and stays finite, and resume is exact."""

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from tests.training.tasks.wavegan import tiny
from training.audio.dice import Dice
from training.data import prepare
from training.errors import ConfigError
from training.run import checkpoint, loop, runtime
from training.run.part import Part
from training.tasks.wavegan import batches, learner
from training.tasks.wavegan.learner import Gan
from training.tasks.wavegan.task import TASK

WGAN = {"loss": "wgan-gp", "critics": 2, "penalty": 10.0, "penalty_every": 1}
RECONSTRUCTION = {"reconstruct": 2.0, "prior": 0.01, "warmup_steps": 1}
LAZY = {"penalty_every": 2}


@pytest.fixture
def silent(monkeypatch):
    """Runs that draw no pictures: they take longer than the steps."""
    monkeypatch.setattr(loop.Run, "write_samples", lambda *_: None)


def run(folder: Path, drums: Path, **training) -> loop.Run:
    settings = tiny.config(folder, source=drums / "drums", training=training)
    return start(settings)


def start(settings, folder: Path | None = None) -> loop.Run:
    return loop.start(TASK, Part(settings), checkpoint_file=folder)


def state(gan: Gan) -> list[np.ndarray]:
    return [np.array(v.numpy()) for v in gan.state().values()]


@pytest.mark.parametrize("training", [LAZY, WGAN, RECONSTRUCTION])
def test_a_run_changes_everything_and_stays_finite(tmp_path, drums, silent, training):
    trained = run(tmp_path, drums, **training)
    before = state(trained.learner)
    trained.train()
    after = state(trained.learner)
    assert trained.step == 4
    assert all(np.isfinite(v).all() for v in after)
    networks = [
        *trained.learner.generator_variables,
        *trained.learner.critic_variables,
        *trained.learner.average.weights,
    ]
    ids = {id(v) for v in networks}
    moved = [
        not np.array_equal(a, b)
        for v, a, b in zip(trained.learner.state().values(), before, after, strict=True)
        if id(v) in ids and len(v.shape) > 1
    ]
    assert np.mean(moved) > 0.95


@pytest.mark.parametrize("training", [WGAN, RECONSTRUCTION])
def test_all_that_runs_on_a_gpu_can_be_compiled(tmp_path, drums, silent, training):
    """There `auto` compiles with XLA, which differentiates not everything twice."""
    trained = run(tmp_path, drums, **training, xla="on", steps=2)
    trained.train()
    assert all(np.isfinite(v).all() for v in state(trained.learner))


def test_the_prior_is_fitted_to_what_the_encoder_says(tmp_path, drums, silent):
    settings = tiny.config(
        tmp_path,
        source=drums / "drums",
        model={"class_prior": True},
        training=RECONSTRUCTION | {"steps": 1},
    )
    trained = start(settings)
    trained.train()
    means = trained.learner.generator.prior.mean.numpy()
    assert np.abs(means[0] - means[1]).max() > 1e-3
    assert np.array_equal(means, trained.learner.average.prior.mean.numpy())


@pytest.mark.parametrize(
    "model, training", [({}, {}), ({"class_prior": True}, RECONSTRUCTION)]
)
def test_resume_is_exact(tmp_path, drums, silent, monkeypatch, model, training):
    """Four steps are, bit for bit, two steps and, in another object, two more."""
    monkeypatch.setattr(learner, "PRIOR_EVERY", 2)
    source = drums / "drums"
    settings = tiny.config(tmp_path, source=source, model=model, training=training)
    whole = start(settings)
    whole.train(2)
    resumed = start(whole.config, whole.folder)
    assert resumed.step == 2
    whole.train(4)
    resumed.train(4)
    pairs = zip(state(whole.learner), state(resumed.learner), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_another_seed_gives_another_model(tmp_path, drums):
    first = state(run(tmp_path / "a", drums, seed=1).learner)
    second = state(run(tmp_path / "b", drums, seed=2).learner)
    assert not np.array_equal(first[0], second[0])


def test_critic_learns_to_tell_apart(tmp_path, drums):
    """With the generator at rest the critics' loss must fall."""
    settings = tiny.config(
        tmp_path,
        source=drums / "drums",
        training={"augment": 0.0, "augment_target": 0.0, "learning_rate": 2e-3},
    )
    sounds = prepare.load(settings.data)
    gan = Gan(settings, sounds)
    losses = []
    for audio, classes, seed in batches.dataset(settings, sounds, 0, 4).take(30):
        z = gan.latents(4, Dice(seed))
        fake = gan.generator(z, classes[0])
        report = gan._critic_step(audio[0], fake, classes[0], Dice(seed), True)
        losses.append(float(report["critic_loss"]))
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_warmup_learns_to_give_sounds_back(tmp_path, drums):
    settings = tiny.config(
        tmp_path,
        source=drums / "drums",
        training={"reconstruct": 1.0, "warmup_steps": 40, "warmup_rate": 1e-2},
    )
    sounds = prepare.load(settings.data)
    gan = Gan(settings, sounds)
    step = tf.function(gan.warmup_step, autograph=False)
    distances = [
        float(step(*batch)["reconstruction"])
        for batch in batches.dataset(settings, sounds, 0, 4).take(40)
    ]
    assert np.mean(distances[-5:]) < 0.8 * np.mean(distances[:5])


def test_augmentation_rises_when_critics_know_the_sounds(tmp_path, drums):
    gan = run(tmp_path, drums).learner
    before = float(gan.chance.numpy())
    gan.after_step({"overfit": tf.constant(1.0)})
    assert float(gan.chance.numpy()) > before
    for _ in range(2):
        gan.after_step({"overfit": tf.constant(-1.0)})
    assert float(gan.chance.numpy()) < before


def test_average_follows_the_generator(tmp_path, drums):
    gan = run(tmp_path, drums).learner
    for weight in gan.generator.trainable_variables:
        weight.assign(tf.ones_like(weight))
    for _ in range(200):
        gan.after_step({"overfit": tf.constant(0.0)})
    furthest = max(
        np.abs(w.numpy() - 1.0).max() for w in gan.average.trainable_variables
    )
    assert furthest < 1e-3


def test_a_run_leaves_sounds_a_picture_and_few_checkpoints(tmp_path, drums):
    settings = tiny.config(
        tmp_path,
        source=drums / "drums",
        output={"run": str(tmp_path / "run"), "checkpoint_minutes": 0.0, "keep": 2},
    )
    start(settings).train()
    folder = tmp_path / "run"
    assert [p.name for p in sorted(folder.glob("*.npz"))] == [
        "step-00000003.npz",
        "step-00000004.npz",
    ]
    (samples,) = folder.glob("samples-00000004")
    assert (samples / "sheet.png").stat().st_size > 1_000
    audio, rate = soundfile.read(samples / "kick.wav")
    assert rate == tiny.RATE and len(audio) >= learner.SAMPLES_PER_CLASS * tiny.FRAMES


def test_time_limit_ends_a_run(tmp_path, drums, silent):
    limited = run(tmp_path, drums, steps=10**6, max_minutes=1e-3)
    limited.train()
    assert 0 < limited.step < 10_000
    facts = checkpoint.facts(checkpoint.latest(limited.folder))
    assert facts["minutes"] >= 1e-3 and facts["step"] == limited.step


def test_a_signal_ends_a_run_after_the_step(tmp_path, drums, silent, monkeypatch):
    stopped = run(tmp_path, drums)
    one_step = stopped._one_step

    def step_and_signal(batch):
        one_step(batch)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(stopped, "_one_step", step_and_signal)
    before = signal.getsignal(signal.SIGTERM)
    assert stopped.train() is False
    assert signal.getsignal(signal.SIGTERM) is before
    assert checkpoint.latest(stopped.folder).name == "step-00000001.npz"


def test_resume_refuses_other_sounds(tmp_path, drums, silent):
    first = run(tmp_path, drums)
    first.train(1)
    other = tiny.write_drums(tmp_path / "other", kits=3)
    data = replace(first.config.data, source=str(other))
    with pytest.raises(ConfigError, match="made with other sounds"):
        start(replace(first.config, data=data), first.folder)


def test_resume_refuses_other_networks(tmp_path, drums, silent):
    first = run(tmp_path, drums)
    first.train(1)
    model = replace(first.config.model, dim=4)
    with pytest.raises(ConfigError, match="do not fit"):
        start(replace(first.config, model=model), first.folder)


@pytest.mark.parametrize("spoilt", [b"spoilt", b"PK\x03\x04 a broken archive"])
def test_a_spoilt_checkpoint_is_explained(tmp_path, spoilt):
    (tmp_path / "step-00000001.npz").write_bytes(spoilt)
    with pytest.raises(ConfigError, match="not a checkpoint"):
        checkpoint.load(checkpoint.latest(tmp_path), TASK.Config)


def test_no_checkpoint_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="train first"):
        checkpoint.latest(tmp_path)


def test_batch_must_fit_the_replicas(tmp_path, drums, monkeypatch):
    class Three:
        num_replicas_in_sync = 3

    monkeypatch.setattr(runtime, "prepare_machine", lambda config: Three())
    with pytest.raises(ConfigError, match="batch is 4; allowed: a multiple of the 3"):
        run(tmp_path, drums)
