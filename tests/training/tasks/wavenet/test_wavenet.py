"""The WaveNet autoencoder has the published sizes, and trains."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.training.running import opened, start
from tests.training.tasks.notes import tiny as tiny_notes
from tests.training.tasks.wavenet.tiny import MODEL, config
from training.data.manifest import SPLITS
from training.errors import ConfigError
from training.run import checkpoint
from training.tasks.wavenet import network
from training.tasks.wavenet.config import Config
from training.tasks.wavenet.learner import bits
from training.tasks.wavenet.task import TASK

ROOT = Path(__file__).parents[4]


def weights(model):
    return sum(int(np.prod(w.shape)) for w in model.weights)


@pytest.fixture(scope="module")
def tiny():
    keras.utils.set_random_seed(1)
    return network.build(MODEL)


def test_parameters_are_those_of_the_paper():
    encoder, decoder = network.build(
        Config.load(ROOT / "configs/nsynth_wavenet.toml").model
    )
    assert weights(encoder) == 1_976_336
    assert weights(decoder) == 59_827_712


def test_codes_are_one_for_each_pool(tiny):
    assert tiny[0](tf.zeros([2, 64, 1])).shape == (2, 4, 3)


def test_the_decoder_hears_the_past_only(tiny):
    _, decoder = tiny
    random = np.random.default_rng(1)
    audio = random.standard_normal((1, 64, 1)).astype(np.float32)
    codes = random.standard_normal((1, 4, 3)).astype(np.float32)
    changed = audio.copy()
    changed[0, 40:] += 1.0
    before, after = decoder(audio, codes).numpy(), decoder(changed, codes).numpy()
    assert np.array_equal(before[0, :41], after[0, :41])
    assert not np.allclose(before[0, 41], after[0, 41])


def test_mu_law_and_back():
    audio = np.linspace(-1, 1, 999, dtype=np.float32)
    steps = network.mu_law(audio).numpy()
    assert steps.min() == -128 and steps.max() == 127
    assert np.abs(network.from_mu_law(steps).numpy() - audio).max() < 0.03
    quiet = np.abs(audio) < 0.01
    error = network.from_mu_law(steps).numpy() - audio
    assert np.abs(error[quiet]).max() < 0.001


def test_drawn_sound_is_what_the_logits_say(tiny):
    """Frame by frame in a window, or all at once: the same distribution."""
    _, decoder = tiny
    codes = np.random.default_rng(2).standard_normal((1, 6, 3)).astype(np.float32)
    drawn = network.generate(decoder, MODEL, codes, 80, seed=3)
    assert drawn.shape == (1, 80)
    steps = network.mu_law(np.pad(drawn, ((0, 0), (0, 16)))).numpy()
    logits = decoder(steps[..., None] / 128.0, codes).numpy()[0, :80]
    noise = np.random.default_rng(3)
    for n in range(80):
        chosen = (logits[n] + noise.gumbel(size=(1, 256))[0]).argmax() - 128
        assert chosen == steps[0, n]


def test_a_run_trains_and_resumes_exactly(notes_folder, tmp_path):
    whole = start(TASK, config(tmp_path / "a", notes_folder))
    assert whole.train()
    half = start(TASK, config(tmp_path / "b", notes_folder, steps=2))
    half.train()
    longer = replace(half.config, training=whole.config.training)
    resumed = start(TASK, longer, checkpoint.latest(half.folder))
    resumed.train()
    pairs = zip(
        resumed.learner.state().values(), whole.learner.state().values(), strict=True
    )
    assert all(np.array_equal(a, b) for a, b in pairs)
    learner = whole.learner
    assert 0 < bits(learner.averages, whole.config, whole.data, "test") < 10


def test_a_configuration_survives_its_json(tmp_path):
    made = config(tmp_path, tmp_path)
    assert Config.from_json(made.to_json(), "json") == made


@pytest.mark.parametrize(
    ("change", "words"),
    [({"crop": 65}, "multiple of"), ({"rates": [1e-3]}, "one more than rate_steps")],
)
def test_wrong_values_are_explained(tmp_path, change, words):
    with pytest.raises(ConfigError, match=words):
        config(tmp_path, tmp_path, **change)


def test_other_notes_are_refused(notes_folder, tmp_path):
    run = start(TASK, config(tmp_path, notes_folder))
    run.save()
    other = tiny_notes.write_notes(tmp_path / "other")
    with pytest.raises(ConfigError, match="made with other notes"):
        start(TASK, config(tmp_path, other), run.folder)


def test_compiled_mixed_precision_stays_finite(notes_folder, tmp_path):
    run = start(TASK, config(tmp_path, notes_folder, precision="bfloat16", xla="on"))
    try:
        assert run.train()
    finally:
        keras.config.set_dtype_policy("float32")
    state = run.learner.state().values()
    assert all(np.all(np.isfinite(np.asarray(v))) for v in state)
    assert run.learner.networks["encoder"].compute_dtype == "bfloat16"


def test_it_is_drawn_and_measured_but_not_exported(notes_folder, tmp_path):
    run = start(TASK, config(tmp_path, notes_folder))
    run.train()
    folder = opened(TASK, run)
    told = TASK.evaluate(folder, tmp_path / "evaluation", 1)
    assert [line.split(":")[0] for line in told.split("\n")] == list(SPLITS)
    with pytest.raises(ConfigError, match="cannot be played live"):
        TASK.export(folder, None)
