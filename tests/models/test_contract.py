from dataclasses import replace
from types import SimpleNamespace

import pytest

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models.card import Card, Tensor
from rtaudio_dl.models.contract import (
    check_card,
    concrete_shape,
    latent_distribution,
    state_pairs,
)
from rtaudio_dl.models.session import GraphTensor
from tests.models.models import oneshot_card, tensor


def graph_of(card: Card) -> SimpleNamespace:
    """What a session would say of a graph that is as the card has it."""
    inputs = tuple(GraphTensor(t.name, t.dtype, t.shape) for t in card.inputs)
    outputs = tuple(GraphTensor(t.name, t.dtype, t.shape) for t in card.outputs)
    return SimpleNamespace(inputs=inputs, outputs=outputs)


def oneshot(inputs: list[Tensor], audio: Tensor, labels: int = 0) -> Card:
    names = tuple(f"class{i}" for i in range(labels))
    return Card("x", "oneshot", 16000, tuple(inputs), (audio,), names)


LATENT = tensor("latent", "latent", "B", 8)
AUDIO = tensor("audio", "audio", "B", 64)


@pytest.mark.parametrize(
    "card",
    [
        oneshot_card(),
        oneshot_card(classes=3, pitch=True, velocity=True),
        oneshot_card(layout="BN1"),
        oneshot_card(layout="B1N"),
        oneshot([tensor("latent", "latent", 8)], tensor("audio", "audio", 64)),
        oneshot([LATENT, tensor("c", "class", "B", dtype="int64")], AUDIO, 3),
        oneshot([LATENT, tensor("p", "pitch", "B", dtype="int32")], AUDIO),
        oneshot([LATENT, tensor("v", "velocity")], AUDIO),
    ],
)
def test_card_that_says_what_the_graph_says_is_content(card):
    check_card(card, graph_of(card))


@pytest.mark.parametrize(
    "in_card, in_graph",
    [
        (("B", 8), ("N", 8)),
        (("B", 8), (1, 8)),
        ((1, 8), ("B", 8)),
        ((1, 8), ("?", "?")),
    ],
)
def test_free_dimensions_agree_with_one(in_card, in_graph):
    card = oneshot([tensor("latent", "latent", *in_card)], AUDIO)
    graph = graph_of(card)
    graph.inputs = (GraphTensor("latent", "float32", in_graph),)
    check_card(card, graph)


@pytest.mark.parametrize(
    "in_graph",
    [
        GraphTensor("latent", "float32", ("B", 9)),
        GraphTensor("latent", "float32", (2, 8)),
        GraphTensor("latent", "float32", (8,)),
        GraphTensor("latent", "float64", ("B", 8)),
        GraphTensor("latent", "string", ("B", 8)),
    ],
)
def test_input_that_is_otherwise_in_the_graph_is_refused(in_graph):
    graph = graph_of(oneshot([LATENT], AUDIO))
    graph.inputs = (in_graph,)
    with pytest.raises(
        ModelError, match="'latent' is float32 .* in the graph; correct"
    ):
        check_card(oneshot([LATENT], AUDIO), graph)


def test_tensor_that_the_graph_has_not_is_refused():
    graph = graph_of(oneshot([LATENT], AUDIO))
    renamed = oneshot([replace(LATENT, name="z")], AUDIO)
    with pytest.raises(
        ModelError, match="input 'z', which the graph has not.*'latent'"
    ):
        check_card(renamed, graph)


def test_input_that_the_card_leaves_out_is_refused():
    more = tensor("speed", "velocity", "B", 1)
    with pytest.raises(ModelError, match="leaves out: 'speed'; add them"):
        check_card(oneshot([LATENT], AUDIO), graph_of(oneshot([LATENT, more], AUDIO)))


def test_output_that_the_card_leaves_out_is_welcome():
    graph = graph_of(oneshot([LATENT], AUDIO))
    graph.outputs += (GraphTensor("hidden", "float16", ("B", 3)),)
    check_card(oneshot([LATENT], AUDIO), graph)


@pytest.mark.parametrize(
    "inputs, audio, labels, message",
    [
        ([LATENT], tensor("y", "audio", "B", 64, 2), 0, "allowed: one channel"),
        ([LATENT], tensor("y", "audio", 2, 64), 0, "allowed: one channel"),
        ([LATENT], tensor("y", "audio", "B", "N"), 0, "allowed: a number of frames"),
        ([LATENT], tensor("y", "audio", "B", 64, dtype="int32"), 0, "allowed: float32"),
        ([tensor("z", "latent", 8, dtype="int64")], AUDIO, 0, "allowed: float32"),
        ([LATENT, tensor("p", "pitch", "B", 128)], AUDIO, 0, "allowed: one value"),
        ([LATENT, tensor("v", "velocity", "B", 2)], AUDIO, 0, "allowed: one value"),
        (
            [LATENT, tensor("c", "class", "B", 4)],
            AUDIO,
            3,
            "allowed: 3 float32 weights",
        ),
        ([LATENT, tensor("c", "class", "B", 4, dtype="int64")], AUDIO, 4, "one index"),
        ([LATENT, replace(LATENT, name="z2")], AUDIO, 0, "each at most once"),
        ([LATENT, tensor("s", "state", 1)], AUDIO, 0, "are latent, state; allowed"),
    ],
)
def test_size_that_does_not_fit_its_role_is_refused(inputs, audio, labels, message):
    card = oneshot(inputs, audio, labels)
    with pytest.raises(ModelError, match=message):
        check_card(card, graph_of(card))


def test_scores_are_as_many_as_labels():
    inputs = (tensor("audio", "audio", "B", 64),)
    outputs = (tensor("scores", "scores", "B", 3),)
    card = Card("x", "classifier", 16000, inputs, outputs, ("a", "b"))
    with pytest.raises(ModelError, match="allowed: 2 scores"):
        check_card(card, graph_of(card))


def test_latent_is_normal_unless_the_card_says_otherwise():
    assert latent_distribution(oneshot_card()) == "normal"
    uniform = oneshot_card(extra={"latent_distribution": "uniform"})
    assert latent_distribution(uniform) == "uniform"


@pytest.mark.parametrize("value", ["cauchy", 3, None, [1]])
def test_unknown_latent_distribution_is_refused(value):
    card = oneshot_card(extra={"latent_distribution": value})
    with pytest.raises(ModelError, match="allowed: normal, uniform"):
        check_card(card, graph_of(card))


def test_concrete_shape_has_one_for_each_free_dimension():
    assert concrete_shape(tensor("x", "audio", "B", 3, "N")) == (1, 3, 1)


# --- classifiers with states and constants


def classifier(*inputs: Tensor, outputs: tuple[Tensor, ...] = ()) -> Card:
    audio, scores = tensor("x", "audio", "B", 512), tensor("y", "scores", "B", 1)
    names = ("speech",)
    return Card("x", "classifier", 16000, (audio, *inputs), (scores, *outputs), names)


STATE = tensor("h", "state", 2, "B", 8)
NEXT = tensor("h2", "state", 2, "B", 8)
RATE = Tensor("sr", "control", (), "int64", 16000)


def test_a_classifier_may_have_states_and_constants():
    other = tensor("c", "state", "B", 3, dtype="int64"), tensor("c2", "state", 1, 3)
    pair = replace(other[1], dtype="int64")
    card = classifier(STATE, RATE, other[0], outputs=(NEXT, pair))
    check_card(card, graph_of(card))
    assert state_pairs(card) == [(STATE, NEXT), (other[0], pair)]


@pytest.mark.parametrize(
    "card, message",
    [
        (classifier(STATE), "1 states go in but 0 come out"),
        (classifier(outputs=(NEXT,)), "0 states go in but 1 come out"),
        (
            classifier(STATE, outputs=(replace(NEXT, shape=(2, "B", 9)),)),
            r"'h' is float32 \(2, B, 8\), but comes out as 'h2', float32 \(2, B, 9\)",
        ),
        (
            classifier(STATE, outputs=(replace(NEXT, dtype="int32"),)),
            "they must be alike",
        ),
        (classifier(replace(RATE, value=None)), "control 'sr' has no value"),
        (classifier(tensor("x2", "audio", "B", 512)), "each at most once"),
        (classifier(tensor("z", "latent", "B", 1)), "allowed for kind classifier"),
    ],
)
def test_states_and_constants_that_do_not_fit_are_refused(card, message):
    with pytest.raises(ModelError, match=message):
        check_card(card, graph_of(card))
