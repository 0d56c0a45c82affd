import pytest

from rtaudio_dl.errors import ModelError
from rtaudio_dl.models.library import find_model, list_models
from tests.models.models import oneshot_card, write_oneshot


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two search folders, of which the first goes before the second."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    monkeypatch.setattr(
        "rtaudio_dl.models.library.model_folders", lambda: [first, second]
    )
    return first, second


def test_model_is_found_by_its_name(folders):
    path = write_oneshot(folders[1] / "drums.onnx")
    assert find_model("drums") == find_model("drums.onnx") == path


def test_first_folder_goes_first(folders):
    for folder in folders:
        write_oneshot(folder / "drums.onnx")
    assert find_model("drums") == folders[0] / "drums.onnx"
    assert [path for path, _ in list_models()] == [f / "drums.onnx" for f in folders]


def test_path_is_taken_as_it_is(folders, tmp_path):
    path = write_oneshot(tmp_path / "elsewhere.onnx")
    assert find_model(path) == find_model(str(path)) == path


@pytest.mark.parametrize(
    "name, message",
    [
        ("drum", "did you mean 'drums'"),
        ("violin", "no model 'violin'. Models here: drums, hats. Put NAME.onnx into"),
        ("/nowhere/drums.onnx", "no model '/nowhere/drums.onnx'"),
        ("../first/drums", "Models here: drums, hats"),
        ("a\0b", "no model"),
        ("", "no model ''"),
    ],
)
def test_unknown_name_lists_what_there_is(folders, name, message):
    for known in ("drums", "hats"):
        (folders[0] / f"{known}.onnx").touch()
    with pytest.raises(ModelError, match=message):
        find_model(name)


def test_empty_library_says_where_to_put_a_model(folders):
    with pytest.raises(ModelError, match=f"here: none. Put .* {folders[0]}"):
        find_model("drums")


def test_list_gives_cards_and_says_what_is_wrong(folders):
    write_oneshot(folders[0] / "good.onnx")
    (folders[0] / "bad.onnx").write_bytes(b"PK\x03\x04")
    (folders[0] / "folder.onnx").mkdir()
    (folders[0] / "readme.txt").touch()
    listed = {path.stem: card for path, card in list_models()}
    assert listed["good"] == oneshot_card()
    assert "ZIP archive" in listed["bad"]
    assert "not a file" in listed["folder"]
    assert len(listed) == 3


def test_folder_that_went_away_is_passed_over(folders):
    folders[0].rmdir()
    assert list_models() == []
