import os
import sys
from pathlib import Path

import pytest

from rtaudio_dl.files import paths


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home, an empty current directory, and nothing set."""
    for name in ("RTAUDIO_DL_PATH", "XDG_DATA_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    folder, here = tmp_path / "home", tmp_path / "here"
    folder.mkdir()
    here.mkdir()
    monkeypatch.setattr(Path, "home", lambda: folder)
    monkeypatch.chdir(here)
    return folder


@pytest.mark.parametrize(
    "platform, data, cache",
    [
        ("linux", ".local/share/rtaudio_dl", ".cache/rtaudio_dl"),
        ("freebsd14", ".local/share/rtaudio_dl", ".cache/rtaudio_dl"),
        (
            "darwin",
            "Library/Application Support/rtaudio_dl",
            "Library/Caches/rtaudio_dl",
        ),
        ("win32", "AppData/Local/rtaudio_dl", "AppData/Local/rtaudio_dl/Cache"),
    ],
)
def test_users_folders_suit_the_platform(home, monkeypatch, platform, data, cache):
    monkeypatch.setattr(sys, "platform", platform)
    assert paths.data_folder() == home / data
    assert paths.cache_folder() == home / cache


def test_xdg_variables_are_followed(home, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert paths.data_folder() == tmp_path / "data" / "rtaudio_dl"
    assert paths.cache_folder() == tmp_path / "cache" / "rtaudio_dl"


def test_relative_xdg_variable_is_ignored_as_the_specification_says(home, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    assert paths.data_folder() == home / ".local/share/rtaudio_dl"


def test_named_folders_come_first_then_here_then_the_users_own(home, monkeypatch):
    named = home.parent / "named"
    own = paths.data_folder()
    for folder in (named / "models", Path.cwd() / "models", own / "models"):
        folder.mkdir(parents=True)
    monkeypatch.setenv("RTAUDIO_DL_PATH", os.pathsep.join(["", str(named), "/nowhere"]))
    monkeypatch.setattr(paths, "PACKAGE", home / "package")
    here = Path.cwd()
    expected = [named / "models", named, here / "models", here, own / "models"]
    assert paths.model_folders() == [folder.resolve() for folder in expected]


def test_each_folder_is_searched_once(home, monkeypatch):
    monkeypatch.setenv("RTAUDIO_DL_PATH", os.pathsep.join([".", str(Path.cwd())]))
    folders = paths.model_folders()
    assert len(folders) == len(set(folders))


def test_source_checkout_is_searched(home, monkeypatch):
    for name in ("rtaudio_dl", "models", "configs"):
        (home / name).mkdir()
    (home / "pyproject.toml").touch()
    monkeypatch.setattr(paths, "PACKAGE", home / "rtaudio_dl")
    assert home / "models" in paths.model_folders()
    assert home / "configs" in paths.config_folders()


def test_data_of_an_installed_package_is_searched(home, monkeypatch):
    package = home / "site-packages" / "rtaudio_dl"
    (package / "_data" / "models").mkdir(parents=True)
    (package / "_data" / "configs").mkdir()
    monkeypatch.setattr(paths, "PACKAGE", package)
    assert package / "_data" / "models" in paths.model_folders()
    assert package / "_data" / "configs" in paths.config_folders()


def test_only_folders_that_exist_are_given(home):
    assert all(f.is_dir() for f in paths.model_folders() + paths.config_folders())
