"""A card held against the graph that it describes, and against what its kind needs."""

from __future__ import annotations

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models.card import Card, Tensor
from rtaudio_dl.models.session import GraphTensor, NativeSession
from rtaudio_dl.models.stream import check_stream

LATENT_DISTRIBUTIONS = ("normal", "uniform")  # the first where the card says nothing
FLOAT_ROLES = ("latent", "velocity", "audio", "control", "scores")

# What a host can feed to a model of each kind: one input for each role, but for those
# that may be repeated.
INPUT_ROLES = {
    "oneshot": ("latent", "class", "pitch", "velocity"),
    "note": ("latent", "class", "pitch", "velocity"),
    "classifier": ("audio", "state", "control"),
    "encoder": ("audio", "pitch", "velocity"),
    "stream": ("pitch", "velocity", "latent", "state", "control"),
}
REPEATABLE = {"state", "control"}


def check_card(card: Card, session: NativeSession) -> None:
    """Raise ModelError where card and graph disagree or a host could not feed them.

    Afterwards every tensor of the card is in the graph with the same dtype and rank,
    each input of the graph is in the card, sizes fit the roles, and each state that
    goes in comes out.
    """
    _check_side(card.inputs, session.inputs, "input")
    _check_side(card.outputs, session.outputs, "output")
    extra = {t.name for t in session.inputs} - {t.name for t in card.inputs}
    if extra:
        raise ModelError(
            f"the graph needs inputs that the card leaves out: {_listed(extra)}; "
            "add them to the card"
        )
    _check_input_roles(card)
    state_pairs(card)
    for tensor in (*card.inputs, *card.outputs):
        _check_role(card, tensor)
    latent_distribution(card)
    if card.kind == "stream":
        check_stream(card)


def latent_distribution(card: Card) -> str:
    """How a latent is drawn: ``normal``, or ``uniform`` in (-1, 1)."""
    value = card.extra.get("latent_distribution", LATENT_DISTRIBUTIONS[0])
    if value not in LATENT_DISTRIBUTIONS:
        allowed = ", ".join(LATENT_DISTRIBUTIONS)
        raise ModelError(f"latent_distribution is {value!r:.80}; allowed: {allowed}")
    return value


def state_pairs(card: Card) -> list[tuple[Tensor, Tensor]]:
    """States as pairs of input and output, in their order; zeros begin them all."""
    inputs = [t for t in card.inputs if t.role == "state"]
    outputs = [t for t in card.outputs if t.role == "state"]
    if len(inputs) != len(outputs):
        raise ModelError(
            f"{len(inputs)} states go in but {len(outputs)} come out; each input of "
            "role state needs its output of role state, in the same order"
        )
    for given, taken in zip(inputs, outputs, strict=True):
        same = concrete_shape(given) == concrete_shape(taken)
        if not same or given.dtype != taken.dtype:
            raise ModelError(
                f"state {given.name!r} is {_described(given)}, but comes out as "
                f"{taken.name!r}, {_described(taken)}; they must be alike"
            )
    return list(zip(inputs, outputs, strict=True))


def concrete_shape(tensor: Tensor) -> tuple[int, ...]:
    """The tensor's shape with every free dimension at 1."""
    return tuple(d if isinstance(d, int) else 1 for d in tensor.shape)


def _check_side(
    declared: tuple[Tensor, ...], present: tuple[GraphTensor, ...], side: str
) -> None:
    graph = {t.name: t for t in present}
    for tensor in declared:
        if tensor.name not in graph:
            raise ModelError(
                f"the card names {side} {tensor.name!r}, which the graph has not; "
                f"it has: {_listed(graph)}"
            )
        _check_tensor(tensor, graph[tensor.name])


def _check_tensor(tensor: Tensor, graph: GraphTensor) -> None:
    same = tensor.dtype == graph.dtype and len(tensor.shape) == len(graph.shape)
    sizes = zip(concrete_shape(tensor), graph.shape, strict=False)
    if not same or any(isinstance(d, int) and d != size for size, d in sizes):
        raise ModelError(
            f"{tensor.name!r} is {_described(tensor)} in the card, but "
            f"{_described(graph)} in the graph; correct the card (free dimensions "
            "are run at 1)"
        )


def _check_input_roles(card: Card) -> None:
    allowed = INPUT_ROLES.get(card.kind)
    roles = [t.role for t in card.inputs]
    single = [role for role in roles if role not in REPEATABLE]
    if allowed and (set(roles) - set(allowed) or len(set(single)) < len(single)):
        raise ModelError(
            f"the inputs' roles are {', '.join(roles)}; allowed for kind {card.kind}: "
            f"{', '.join(allowed)}, each at most once (but state and control)"
        )
    for tensor in card.inputs:
        if card.kind == "classifier" and tensor.role == "control":
            _check_constant(tensor)


def _check_constant(tensor: Tensor) -> None:
    if tensor.value is None:
        raise ModelError(
            f"control {tensor.name!r} has no value, and nobody moves the controls of a "
            'classifier; give it one in the card: "value": NUMBER'
        )


def _check_role(card: Card, tensor: Tensor) -> None:
    sizes = concrete_shape(tensor)
    size, labels = tensor.size(), len(card.labels)
    constant = tensor.value is not None
    if tensor.role in FLOAT_ROLES and tensor.dtype != "float32" and not constant:
        _refuse(tensor, "float32")
    if tensor.role == "audio" and size != max(sizes, default=1):
        _refuse(tensor, "one channel, as (B, frames), (B, frames, 1) or (B, 1, frames)")
    if tensor.role == "audio" and not any(isinstance(d, int) for d in tensor.shape):
        _refuse(tensor, "a number of frames")
    if tensor.role in ("pitch", "velocity") and size != 1:
        _refuse(tensor, "one value")
    if tensor.role == "class" and size != _class_size(tensor, labels):
        _refuse(tensor, f"{labels} float32 weights, one for each label, or one index")
    if tensor.role == "scores" and labels and size != labels:
        _refuse(tensor, f"{labels} scores, one for each label")


def _class_size(tensor: Tensor, labels: int) -> int:
    return labels if tensor.dtype == "float32" else 1


def _refuse(tensor: Tensor, allowed: str) -> None:
    raise ModelError(
        f"{tensor.role} {tensor.name!r} is {_described(tensor)}; allowed: {allowed}"
    )


def _described(tensor: Tensor | GraphTensor) -> str:
    return f"{tensor.dtype} ({', '.join(map(str, tensor.shape))})"


def _listed(names) -> str:
    shown = sorted(names)[:16]
    return ", ".join(map(repr, shown)) + (", ..." if len(names) > len(shown) else "")
