"""A model opened, checked against its card, and ready to be played."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models.card import KINDS, Card, from_json, from_sidecar
from rtaudio_dl.models.contract import check_card
from rtaudio_dl.models.onnx_file import (
    MAX_MODEL_BYTES,
    read_card_text,
    refuse_external_data,
)
from rtaudio_dl.models.probe import bind_probe, probe
from rtaudio_dl.models.provider import open_session
from rtaudio_dl.models.session import NativeSession

SIDECAR_SUFFIXES = (".card.json", ".card.toml")
WARM_UP_RUNS = 5  # from the second or third on, times are those of a long run


@dataclass
class Model:
    """An open model: its card holds for its graph, and a probe has sounded.

    ``provider_note`` and ``card_note`` each say in one line what was taken and why;
    ``digest`` is the SHA-256 of the file, as hex. Whoever opened it closes it.
    """

    path: Path
    card: Card
    session: NativeSession = field(repr=False)
    provider_note: str
    card_note: str
    digest: str

    def warm_up(self, runs: int = WARM_UP_RUNS) -> float:
        """Run on typical inputs, so that the first real run takes no longer.

        Returns the seconds that the fastest of them took.
        """
        binding, seconds = bind_probe(self.card, self.session), []
        try:
            for _ in range(runs):
                began = perf_counter()
                binding.run()
                seconds.append(perf_counter() - began)
        finally:
            binding.close()
        return min(seconds, default=0.0)

    def close(self) -> None:
        """Release the session and all that is bound to it; again: nothing."""
        self.session.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def open_model(
    path: str | Path, provider: str = "auto", kinds: Collection[str] = KINDS
) -> Model:
    """Open an ONNX file that describes itself, or one with a sidecar card.

    The card is checked against the graph and one seeded run must be finite. ``kinds``
    are those that the caller can use. Raises ModelError for anything wrong with the
    file, DeviceError when ``provider`` (auto, cpu, cuda) cannot be had.
    """
    path = Path(path)
    with _opened(path) as stream:
        data = stream.read()
    card, card_note = load_card(path, io.BytesIO(data))
    if card.kind not in kinds:
        raise ModelError(f"{path} is of kind {card.kind}; allowed: {', '.join(kinds)}")
    refuse_external_data(data, str(path))

    def check(session: NativeSession) -> None:
        check_card(card, session)
        probe(card, session)

    try:
        session, provider_note = open_session(data, provider, check)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    digest = hashlib.sha256(data).hexdigest()
    return Model(path, card, session, provider_note, card_note, digest)


def read_card(path: str | Path) -> Card:
    """The card of a model file, without loading the model. Raises ModelError."""
    path = Path(path)
    with _opened(path) as stream:
        return load_card(path, stream)[0]


def load_card(path: Path, stream: BinaryIO) -> tuple[Card, str]:
    """The card that holds for an ONNX file, and a line that says where it is from.

    A sidecar ``NAME.card.json`` or ``NAME.card.toml`` goes before the file's own card.
    """
    inside = read_card_text(stream, str(path))
    sidecars = [p for p in map(path.with_suffix, SIDECAR_SUFFIXES) if p.is_file()]
    if len(sidecars) > 1:
        raise ModelError(f"{path} has two cards beside it; remove one of {sidecars}")
    if sidecars:
        aside = "; the card inside the file is not used" if inside is not None else ""
        return _sidecar(sidecars[0]), f"card from {sidecars[0].name}{aside}"
    if inside is None:
        raise ModelError(
            f"{path} has no card; describe its tensors in {path.stem}.card.toml "
            "beside it (see the README)"
        )
    return from_json(inside, str(path)), "card from the file"


def _sidecar(path: Path) -> Card:
    try:
        return from_sidecar(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from None


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file of bounded size; a pipe or a device could be read for ever."""
    try:
        if not path.is_file():
            raise ModelError(f"{path} is not a file; check the path")
        size = path.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise ModelError(
                f"{path} has {size >> 20} MiB, at most {MAX_MODEL_BYTES >> 20} MiB "
                "allowed; use a smaller model"
            )
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from None
