import io

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models import onnx_file
from rtaudio_dl.models.card import METADATA_KEY
from rtaudio_dl.models.onnx_file import read_card_text, refuse_external_data
from tests.models.models import write_external, write_oneshot, write_slow


def model_with(**metadata: str) -> onnx.ModelProto:
    model = helper.make_model(helper.make_graph([], "g", [], []))
    helper.set_model_props(model, metadata)
    return model


def card_text(data: bytes) -> str | None:
    return read_card_text(io.BytesIO(data), "it")


@pytest.mark.parametrize("text", ["{}", "", "ü — ♪", "x" * 100_000])
def test_card_text_is_read_as_it_was_written(text):
    model = model_with(**{"other": "1", METADATA_KEY: text, "more": "2"})
    assert card_text(model.SerializeToString()) == text


@pytest.mark.parametrize("metadata", [{}, {"other": "1"}, {METADATA_KEY + "x": "1"}])
def test_file_without_a_card_has_none(metadata):
    assert card_text(model_with(**metadata).SerializeToString()) is None


def test_card_is_read_without_reading_the_graph(tmp_path):
    path = write_oneshot(tmp_path / "big.onnx", latent=64, frames=65536)

    class Counting(io.BytesIO):
        count = 0

        def read(self, size=-1):
            self.count += size
            return super().read(size)

    stream = Counting(path.read_bytes())
    assert read_card_text(stream, "it").startswith("{")
    assert stream.count < 4096 < path.stat().st_size


@given(st.binary(max_size=200))
def test_any_bytes_give_a_text_none_or_a_clear_error(data):
    try:
        assert card_text(data) is None or METADATA_KEY.encode() in data
        refuse_external_data(data, "it")
    except ModelError as error:
        assert str(error).startswith("it ")


def test_file_cut_off_anywhere_gives_a_card_or_a_clear_error(tmp_path):
    data = write_oneshot(tmp_path / "a.onnx", 1, 0, 8).read_bytes()
    whole = card_text(data)
    for size in range(len(data)):
        try:
            assert card_text(data[:size]) in (None, whole)
        except ModelError as error:
            assert str(error).startswith("it is")


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "is empty"),
        (b"\x80\x04\x95", "is a Python pickle, not ONNX; export"),
        (b"PK\x03\x04....", "is a ZIP archive"),
        (b"\x89HDF\r\n", "is an HDF5 file"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"\x08", r"damaged \(at byte 1 of 1\)"),
        (b"\x3a\xff\xff\xff\xff\x0f", "damaged"),
        (b"\xff" * 11, "damaged"),
        (b"\x0b", "damaged"),
        (b"\x00\x00", "damaged"),
    ],
)
def test_what_is_not_onnx_is_named(data, message):
    with pytest.raises(ModelError, match=message):
        card_text(data)


def test_card_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(onnx_file, "MAX_CARD_BYTES", 100)
    data = model_with(**{METADATA_KEY: "x" * 101}).SerializeToString()
    with pytest.raises(ModelError, match="larger than the 100 bytes"):
        card_text(data)


def test_card_that_is_not_text_is_refused():
    data = model_with(**{METADATA_KEY: "@@@@"}).SerializeToString()
    with pytest.raises(ModelError, match="not UTF-8"):
        card_text(data.replace(b"@@@@", b"\xff\xfe\xfd\xfc"))


def test_too_many_parts_are_refused(monkeypatch):
    monkeypatch.setattr(onnx_file, "MAX_FIELDS", 100)
    with pytest.raises(ModelError, match="more than the 100 parts"):
        card_text(b"\x08\x08" * 101)


def external_tensor(name: str = "w") -> TensorProto:
    tensor = numpy_helper.from_array(np.ones(4, "f"), name)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def constant(**attribute):
    return helper.make_node("Constant", [], ["w"], **attribute)


def sparse() -> onnx.SparseTensorProto:
    indices = numpy_helper.from_array(np.arange(4), "i")
    return helper.make_sparse_tensor(external_tensor(), indices, [4])


def graph(nodes=(), initializers=()) -> onnx.GraphProto:
    return helper.make_graph(list(nodes), "g", [], [], list(initializers))


def inside(inner: onnx.GraphProto, depth: int) -> onnx.GraphProto:
    for _ in range(depth):
        inner = graph([helper.make_node("If", ["c"], ["o"], then_branch=inner)])
    return inner


def in_function() -> onnx.ModelProto:
    node = constant(value=external_tensor())
    opset = [helper.make_opsetid("", 17)]
    function = helper.make_function("own", "F", [], ["w"], [node], opset)
    return helper.make_model(graph(), functions=[function])


PLACES = {
    "initializer": lambda: helper.make_model(graph([], [external_tensor()])),
    "constant": lambda: helper.make_model(graph([constant(value=external_tensor())])),
    "sparse": lambda: helper.make_model(graph([constant(sparse_value=sparse())])),
    "branch": lambda: helper.make_model(inside(graph([], [external_tensor()]), 1)),
    "deep": lambda: helper.make_model(inside(graph([], [external_tensor()]), 20)),
    "function": in_function,
}


@pytest.mark.parametrize("place", PLACES)
def test_data_outside_the_file_is_refused(place):
    with pytest.raises(ModelError, match="another file, which is not allowed"):
        refuse_external_data(PLACES[place]().SerializeToString(), "it")


def test_data_outside_the_file_as_onnx_writes_it_is_refused(tmp_path):
    data = write_external(tmp_path / "outside.onnx").read_bytes()
    with pytest.raises(ModelError, match="another file"):
        refuse_external_data(data, "it")


@pytest.mark.parametrize("write", [write_oneshot, write_slow])
def test_data_inside_the_file_is_welcome(tmp_path, write):
    refuse_external_data(write(tmp_path / "inside.onnx").read_bytes(), "it")
