"""Tables that were spoilt on purpose give a manifest or one clear error, never more."""

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.data import layouts
from training.data import registry
from training.errors import DataError

TABLES = {
    "esc50": (layouts.esc50, "meta/esc50.csv"),
    "urbansound8k": (layouts.urbansound8k, "metadata/UrbanSound8K.csv"),
    "fsdkaggle2018": (
        layouts.fsdkaggle2018,
        "FSDKaggle2018.meta/train_post_competition.csv",
    ),
    "audioset": (layouts.audioset, "balanced_train_segments.csv"),
    "bbc": (layouts.bbc, "BBCSoundEffects.csv"),
    "vegas": (layouts.vegas, "Data/dog/video_info.csv"),
    "nsynth": (layouts.nsynth, "nsynth-train/examples.json"),
    "speech_commands_v1": (layouts.speech_commands_listed, "testing_list.txt"),
}
NASTY = st.sampled_from(
    [
        *(b"", b"/", b"..", b"../../x.wav", b".", b"\\", b"|", b"C:\\x", b"~", b"\0"),
        *(b'"', b'""', b",", b",,", b"\n", b"\r", b"{", b"]", b"null", b"[]", b"#"),
        *(b"nan", b"inf", b"-1", b"1e999", b"9" * 5000, b"0x10", b"1.5", b"True"),
        *(b"\xff", b"\xed\xb2\x80", "é".encode(), "\u2028".encode(), b"\xef\xbb\xbf"),
    ]
)
CUTS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), NASTY), max_size=4)


@pytest.fixture(scope="module", params=TABLES)
def spoilable(request, tmp_path_factory):
    """Name of a data set, its folder, the path of its table, and what that held."""
    source = tmp_path_factory.mktemp("hostile")
    write, table = TABLES[request.param]
    write(source)
    for sound in source.rglob("*.wav"):
        sound.write_bytes(b"")  # Small, for names are all that counts here.
    return request.param, source, source / table, (source / table).read_bytes()


def spoilt(content: bytes, cuts) -> bytes:
    """Some stretches replaced by something nasty."""
    for place, length, nasty in cuts:
        start = int(place * len(content))
        content = content[:start] + nasty + content[start + length :]
    return content


@given(cuts=CUTS)
@settings(max_examples=60, deadline=None)
def test_a_spoilt_table_gives_a_manifest_or_one_line(spoilable, cuts):
    name, source, table, content = spoilable
    table.write_bytes(spoilt(content, cuts))
    try:
        made = registry.build(name, source)
    except DataError as error:
        assert len(str(error)) < 1000 and "\n" not in str(error)
    else:
        assert all((made.root / e.path).is_relative_to(source) for e in made.entries)


@given(st.lists(st.sampled_from(["{}", "[]", "1", "null", '"x"', "[[]]", '{"a": 1}'])))
@settings(max_examples=20, deadline=None)
def test_json_of_another_shape_is_explained(tmp_path_factory, values):
    folder = tmp_path_factory.getbasetemp() / "ontology"
    shutil.rmtree(folder, ignore_errors=True)
    layouts.lines(folder / "ontology.json", f"[{', '.join(values)}]")
    with pytest.raises(DataError):
        registry.build("audioset", folder)
