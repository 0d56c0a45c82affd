import ctypes
import gc
import os
import threading
import weakref

import numpy as np
import onnxruntime
import pytest
from onnx import helper

from rtaudio_dl.errors import EngineError, ModelError
from rtaudio_dl.models import ort
from rtaudio_dl.models.session import GraphTensor, NativeSession
from tests.models.models import save, tensor, write_classifier, write_oneshot

FRAMES = 256


@pytest.fixture
def path(tmp_path):
    return write_oneshot(tmp_path / "one.onnx", latent=4, classes=3, frames=FRAMES)


@pytest.fixture
def session(path):
    with NativeSession(path.read_bytes()) as opened:
        yield opened


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    one_hot = np.eye(3, dtype="f")[seed % 3 : seed % 3 + 1].copy()
    return {"latent": random.standard_normal((1, 4)).astype("f"), "class": one_hot}


def sound() -> np.ndarray:
    return np.full((1, FRAMES), np.nan, "f")


def reference(path, inputs: dict[str, np.ndarray]) -> np.ndarray:
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(path, providers=providers).run(None, inputs)[0]


def test_graph_is_described(session):
    assert session.inputs == (
        GraphTensor("latent", "float32", ("B", 4)),
        GraphTensor("class", "float32", ("B", 3)),
    )
    assert session.outputs == (GraphTensor("audio", "float32", ("B", FRAMES)),)


@pytest.mark.parametrize("seed", range(4))
def test_run_is_bit_equal_to_the_python_package(path, session, seed):
    inputs, out = arrays(seed), sound()
    session.bind(inputs, [out]).run()
    assert np.array_equal(out, reference(path, inputs))


def test_classifier_is_bit_equal_to_the_python_package(tmp_path):
    path = write_classifier(tmp_path / "ears.onnx")
    audio = np.random.default_rng(0).standard_normal((1, 1600)).astype("f")
    out = np.zeros((1, 3), "f")
    with NativeSession(path.read_bytes()) as session:
        session.bind([audio], [out]).run()
    assert np.array_equal(out, reference(path, {"audio": audio}))


def test_run_reads_and_writes_the_callers_memory(path, session):
    inputs, out = arrays(0), sound()
    place = out.ctypes.data
    binding = session.bind(inputs, [out])
    binding.run()
    first = out.copy()
    inputs["latent"][:] = 2.0
    binding.run()
    assert out.ctypes.data == place
    assert np.array_equal(out, reference(path, inputs))
    assert not np.array_equal(out, first)


def test_each_slot_takes_its_own_sound(path, session):
    slots = np.full((5, 1, FRAMES), np.nan, "f")
    inputs = arrays()
    binding = session.bind(inputs, [slots[0]])
    values = session.values(list(slots))
    for seed, value in enumerate(values):
        for name, array in arrays(seed).items():
            inputs[name][:] = array
        binding.output_values[0] = value
        binding.run()
    expected = [reference(path, arrays(seed)) for seed in range(5)]
    assert np.array_equal(slots, expected)


def test_binding_holds_c_strings_in_the_graphs_order(session):
    backwards = dict(reversed(arrays().items()))
    binding = session.bind(backwards, {"audio": sound()})
    names = [ctypes.string_at(int(p)) for p in binding.input_names]
    assert names == [b"latent", b"class"]
    assert ctypes.string_at(int(binding.output_names[0])) == b"audio"
    assert binding.input_values.dtype == binding.output_values.dtype == np.uintp


def native_run(binding, session) -> int:
    """Run as a native loop does: by address, with nothing but words."""
    words = [ctypes.c_void_p] * 2 + [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    words += [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    run = ctypes.CFUNCTYPE(ctypes.c_void_p, *words)(ort.run_address())
    return run(
        *(session.address, None),
        *(binding.input_names.ctypes.data, binding.input_values.ctypes.data, 2),
        *(binding.output_names.ctypes.data, 1, binding.output_values.ctypes.data),
    )


def test_run_by_address(path, session):
    inputs, out = arrays(1), sound()
    assert native_run(session.bind(inputs, [out]), session) is None
    assert np.array_equal(out, reference(path, inputs))


def test_failed_run_by_address_gives_a_status_to_release(session):
    binding = session.bind(arrays(), [sound()])
    wrong = ctypes.create_string_buffer(b"nonsense")
    binding.output_names[0] = ctypes.addressof(wrong)
    status = native_run(binding, session)
    assert status
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(ort.release_status_address())(status)


def test_output_that_does_not_depend_on_the_input_is_written(tmp_path):
    constant = np.arange(4, dtype="f")[None]
    path = save(
        tmp_path / "constant.onnx",
        [helper.make_node("Identity", ["constant"], ["audio"])],
        [tensor("latent", "latent", 1, 4)],
        [tensor("audio", "audio", 1, 4)],
        {"constant": constant},
    )
    out = np.full((1, 4), np.nan, "f")
    with NativeSession(path.read_bytes()) as session:
        session.bind([np.zeros((1, 4), "f")], [out]).run()
    assert np.array_equal(out, constant)


def test_output_that_is_the_input_is_copied(tmp_path):
    path = save(
        tmp_path / "through.onnx",
        [helper.make_node("Identity", ["latent"], ["audio"])],
        [tensor("latent", "latent", 1, 4)],
        [tensor("audio", "audio", 1, 4)],
        {},
    )
    given, out = np.ones((1, 4), "f"), np.full((1, 4), np.nan, "f")
    with NativeSession(path.read_bytes()) as session:
        session.bind([given], [out]).run()
    assert np.array_equal(out, given)


def test_integers_are_bound_too(tmp_path):
    path = save(
        tmp_path / "integers.onnx",
        [helper.make_node("Identity", ["a"], ["b"])],
        [tensor("a", "class", "B", dtype="int64")],
        [tensor("b", "class", "B", dtype="int64")],
        {},
    )
    out = np.zeros(1, np.int64)
    with NativeSession(path.read_bytes()) as session:
        session.bind([np.array([7])], [out]).run()
    assert out[0] == 7


def test_output_that_is_left_out_is_not_needed(tmp_path):
    nodes = [
        helper.make_node("Neg", ["x"], ["a"]),
        helper.make_node("Abs", ["x"], ["b"]),
    ]
    tensors = [tensor(name, "audio", "B", 2) for name in ("x", "a", "b")]
    path = save(tmp_path / "two.onnx", nodes, tensors[:1], tensors[1:], {})
    out = np.zeros((1, 2), "f")
    with NativeSession(path.read_bytes()) as session:
        session.bind([-np.ones((1, 2), "f")], {"b": out}).run()
    assert out.tolist() == [[1, 1]]


READ_ONLY = np.zeros((1, 4), "f")
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    "latent, message",
    [
        (np.zeros((1, 4)), "'latent' is float64"),
        (np.zeros((1, 5), "f"), r"\(1, 5\) here, but float32 \('B', 4\)"),
        (np.zeros(4, "f"), r"\(4,\) here"),
        (np.zeros((1, 8), "f")[:, ::2], "C-contiguous"),
        (np.zeros((4, 2), "f").T[:1], "C-contiguous"),
        (READ_ONLY, "writable"),
    ],
)
def test_array_that_does_not_fit_is_refused(session, latent, message):
    with pytest.raises(ModelError, match=message):
        session.bind(arrays() | {"latent": latent}, [sound()])


@pytest.mark.parametrize(
    "inputs, outputs, message",
    [
        ({}, [sound()], "without an array: latent, class"),
        ([], [sound()], r"0 arrays for 2 inputs \(latent, class\)"),
        (arrays() | {"z": sound()}, [sound()], "no inputs .*'z'.*has: latent, class"),
        (arrays(), {"y": sound()}, "no outputs .*'y'.*has: audio"),
    ],
)
def test_names_that_do_not_fit_are_refused(session, inputs, outputs, message):
    with pytest.raises(ModelError, match=message):
        session.bind(inputs, outputs)


def test_bytes_that_are_no_model_are_refused():
    with pytest.raises(ModelError, match="refused by ONNX Runtime"):
        NativeSession(b"no model")


def test_bound_memory_lives_as_long_as_the_session(path):
    out = sound()
    seen = weakref.ref(out)
    session = NativeSession(path.read_bytes())
    session.bind(arrays(), [out])
    del out
    gc.collect()
    assert seen() is not None
    session.close()
    gc.collect()
    assert seen() is None


def test_failed_bind_keeps_no_memory(session):
    with pytest.raises(ModelError):
        session.values([sound(), sound()[:, ::2]])
    assert not session._held


def test_closing_twice_is_closing_once(path):
    session = NativeSession(path.read_bytes())
    binding = session.bind(arrays(), [sound()])
    binding.close()
    binding.close()
    session.close()
    session.close()
    binding.close()
    assert session.address == 0


def test_freed_values_stay_freed_when_addresses_come_back(session):
    values = session.values([sound()])
    session.free(values)
    for _ in range(20):
        newer = session.values([sound()])
        session.free(values)
        assert len(session._held) == 1
        session.free(newer)


def test_binding_frees_its_own_values_only(session):
    slot = session.values([sound()])
    binding = session.bind(arrays(), [sound()])
    binding.output_values[0] = slot[0]
    binding.close()
    assert list(session._held) == slot.tolist()


@pytest.mark.parametrize("use", ["bind", "values", "run"])
def test_closed_session_says_so(path, use):
    session = NativeSession(path.read_bytes())
    binding = session.bind(arrays(), [sound()])
    session.close()
    with pytest.raises(EngineError, match="closed; open the model again"):
        if use == "bind":
            session.bind(arrays(), [sound()])
        elif use == "values":
            session.values([sound()])
        else:
            binding.run()


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts Linux tasks")
def test_session_starts_no_threads(path):
    before = len(os.listdir("/proc/self/task"))
    with NativeSession(path.read_bytes()) as session:
        session.bind(arrays(), [sound()]).run()
        assert len(os.listdir("/proc/self/task")) == before


def test_session_runs_on_another_thread(path, session):
    inputs, out = arrays(2), sound()
    thread = threading.Thread(target=session.bind(inputs, [out]).run)
    thread.start()
    thread.join()
    assert np.array_equal(out, reference(path, inputs))


def test_session_leaves_numpys_denormals_alone(session):
    session.bind(arrays(), [sound()]).run()
    tiny = np.full(4, 1e-37, "f") * np.float32(1e-3)
    assert np.all(tiny > 0)


def test_closed_binding_says_so(session):
    """Its values are freed: to run it would read what is not there."""
    binding = session.bind(arrays(), [sound()])
    binding.run()
    binding.close()
    with pytest.raises(EngineError, match="binding is closed; bind the arrays again"):
        binding.run()


def test_values_that_fail_half_way_are_all_released(session, monkeypatch):
    from rtaudio_dl.models import session as module

    make, made = module._make_value, []

    def twice(*arguments):
        if len(made) == 2:
            raise EngineError("memory is short")
        made.append(make(*arguments))
        return made[-1]

    monkeypatch.setattr(module, "_make_value", twice)
    with pytest.raises(EngineError, match="memory is short"):
        session.values([sound(), sound(), sound()])
    assert len(made) == 2 and not session._held
