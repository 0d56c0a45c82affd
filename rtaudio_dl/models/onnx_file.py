"""What must be known of an ONNX file before ONNX Runtime may see it.

An ONNX file is one protobuf message. The walk here steps over everything by its length
(so that a card is read from a large file in no time) and goes down only to the tensors,
to refuse those whose data lies in another file.

Source of the field numbers: onnx.proto3 of the ONNX project.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, NoReturn

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models.card import MAX_CARD_BYTES, METADATA_KEY

MAX_MODEL_BYTES = 512 << 20
MAX_FIELDS = 1_000_000  # read in one file; the largest models in use have a tenth
MAX_KEY_BYTES = 256
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types

# Message -> {field number: message inside}, as far as it leads to a tensor.
CHILDREN = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        **{5: "tensor", 10: "tensor", 6: "graph", 11: "graph"},
        **{22: "sparse", 23: "sparse"},
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
METADATA_PROPS, ENTRY_KEY, ENTRY_VALUE = 14, 1, 2
TENSOR_EXTERNAL_DATA, TENSOR_DATA_LOCATION = 13, 14

# How files that are often mistaken for a model begin.
FOREIGN = {
    b"PK\x03\x04": "a ZIP archive (PyTorch and Keras save these)",
    b"\x89HDF": "an HDF5 file (Keras saves these)",
    b"\x80\x02": "a Python pickle",
    b"\x80\x03": "a Python pickle",
    b"\x80\x04": "a Python pickle",
    b"\x80\x05": "a Python pickle",
    b"RIFF": "a RIFF file (a sound?)",
    b"version https://git-lfs": "a Git LFS pointer; run: git lfs pull",
}


class Field(NamedTuple):
    """One field: its value if it is a number, else the place of its bytes."""

    number: int
    value: int | None
    start: int
    end: int


def read_card_text(stream: BinaryIO, source: str) -> str | None:
    """The text of the card in an ONNX file's metadata, or None if it has none.

    Raises ModelError, which names ``source``, for what is not an ONNX file or too big.
    """
    walk = _Walk(stream, source)
    for field in walk.fields(0, walk.size):
        if field.number == METADATA_PROPS and field.value is None:
            text = walk.entry(field)
            if text is not None:
                return text
    return None


def refuse_external_data(model: bytes, source: str) -> None:
    """Raise ModelError if a tensor's data lies outside the file.

    Such data is a path (or, for ONNX Runtime, an address in memory) of the file's
    choosing, so it is refused wherever it leads.
    """
    walk = _Walk(io.BytesIO(model), source)
    places = [("model", 0, walk.size)]
    while places:
        message, start, end = places.pop()
        for field in walk.fields(start, end):
            child = CHILDREN[message].get(field.number)
            if child and field.value is None:
                places.append((child, field.start, field.end))
            if message == "tensor" and _is_external(field):
                walk.fail(
                    "keeps its weights in another file, which is not allowed; save it "
                    "as one file (onnx.save with save_as_external_data=False)"
                )


def _is_external(field: Field) -> bool:
    elsewhere = field.number == TENSOR_DATA_LOCATION and field.value != 0
    return elsewhere or field.number == TENSOR_EXTERNAL_DATA


class _Walk:
    """Reads fields of one file, up to a limit; every failure names the file."""

    def __init__(self, stream: BinaryIO, source: str):
        self.stream, self.source = stream, source
        self.left = MAX_FIELDS
        self.size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        self._refuse_foreign(stream.read(32))

    def _refuse_foreign(self, head: bytes) -> None:
        if not head:
            self.fail("is empty; copy or export the model again")
        for magic, what in FOREIGN.items():
            if head.startswith(magic):
                self.fail(f"is {what}, not ONNX; export the model to ONNX")

    def fail(self, what: str) -> NoReturn:
        raise ModelError(f"{self.source} {what}")

    def broken(self, position: int) -> NoReturn:
        self.fail(
            f"is not an ONNX file, or is damaged (at byte {position} of {self.size}); "
            "copy or export the model again"
        )

    def fields(self, start: int, end: int) -> Iterator[Field]:
        """The fields between two positions; the stream may be moved between them."""
        position = start
        while position < end:
            self.left -= 1
            if self.left < 0:
                self.fail(f"has more than the {MAX_FIELDS} parts allowed")
            field = self._field(position, end)
            yield field
            position = field.end

    def _field(self, position: int, end: int) -> Field:
        self.stream.seek(position)
        tag = self._varint(end)
        number, wire = tag >> 3, tag & 7
        value, size = None, {FIXED32: 4, FIXED64: 8}.get(wire, 0)
        if wire == VARINT:
            value = self._varint(end)
        elif wire == BYTES:
            size = self._varint(end)
        start = self.stream.tell()
        known = wire in (VARINT, FIXED64, BYTES, FIXED32)
        if not number or not known or start + size > end:
            self.broken(position)
        return Field(number, value, start, start + size)

    def _varint(self, end: int) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.stream.read(1)
            if not byte or self.stream.tell() > end:
                break
            value |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80:
                return value
        self.broken(self.stream.tell())

    def entry(self, entry: Field) -> str | None:
        """The value of a metadata entry, if its key is the card's."""
        parts = {f.number: f for f in self.fields(entry.start, entry.end)}
        key, value = parts.get(ENTRY_KEY), parts.get(ENTRY_VALUE)
        if not key or not value or key.end - key.start > MAX_KEY_BYTES:
            return None
        if self._bytes(key) != METADATA_KEY.encode():
            return None
        if value.end - value.start > MAX_CARD_BYTES:
            self.fail(f"has a card larger than the {MAX_CARD_BYTES} bytes allowed")
        try:
            return self._bytes(value).decode()
        except UnicodeDecodeError:
            self.fail("has a card that is not UTF-8 text")

    def _bytes(self, field: Field) -> bytes:
        self.stream.seek(field.start)
        return self.stream.read(field.end - field.start)
