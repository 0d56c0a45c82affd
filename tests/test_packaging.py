"""What is installed is whole, light to import, and imports only what it may."""

from __future__ import annotations

import ast
import configparser
import os
import re
import subprocess
import sys
import tarfile
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Folder -> what its modules may import besides the standard library.
MAY_IMPORT = {
    "rtaudio_dl/core": {
        *("numpy", "numba", "llvmlite"),
        *("rtaudio_dl.core", "rtaudio_dl.errors", "rtaudio_dl.files"),
    },
    "rtaudio_dl/dsp": {"numpy", "rtaudio_dl.core", "rtaudio_dl.dsp"},
    "rtaudio_dl/features": {"numpy", "rtaudio_dl.features", "rtaudio_dl.errors"},
}
TRAINING_MAY_IMPORT_OF_OURS = {
    "rtaudio_dl.models.card",
    "rtaudio_dl.errors",
    "rtaudio_dl.features",
    "rtaudio_dl.core.privacy",
}
HEAVY = ("tensorflow", "keras", "scipy", "matplotlib", "numba", "onnxruntime")
DEVICES = ("sounddevice", "rtmidi")


def run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def imports_of(path: Path) -> set[str]:
    """Full dotted names that a file imports; ``from a.b import c`` counts as a.b.c."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def is_within(name: str, allowed: set[str]) -> bool:
    return any(f"{name}.".startswith(f"{prefix}.") for prefix in allowed)


def files_of(*folders: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, text=True, capture_output=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> set[str]:
    """Names of all files of the source archive."""
    folder = tmp_path_factory.mktemp("sdist")
    run("-m", "hatchling", "build", "-t", "sdist", "-d", str(folder))
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        return {name.partition("/")[2] for name in tar.getnames()}


def test_the_source_archive_holds_what_is_worked_on(sources):
    parts = ("rtaudio_dl", "lab", "training", "tests", "docs", "configs", "models")
    wanted = files_of(*parts, "requirements", "Makefile", "pyproject.toml")
    wanted += [name for name in files_of("*.md") if "/" not in name]
    assert {"lab/run.py", "docs/live.md", "README.md"} <= set(wanted)
    assert not set(wanted) - sources


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The wheel, built from this checkout and installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    options = ("--quiet", "--no-deps", "--no-index", "--target", str(site))
    run("-m", "pip", "install", *options, str(wheel))
    return site


def metadata(site: Path) -> Path:
    (folder,) = site.glob("rtaudio_dl-*.dist-info")
    return folder


def test_models_and_configs_are_installed(installed):
    data = files_of("models", "configs")
    assert data
    for name in data:
        copy = installed / "rtaudio_dl" / "_data" / name
        assert copy.read_bytes() == (ROOT / name).read_bytes()


def test_every_module_and_song_is_installed(installed):
    for name in files_of("rtaudio_dl", "lab", "training"):
        assert (installed / name).is_file(), name


def test_tests_and_inputs_are_not_installed(installed):
    top = {path.name for path in installed.iterdir() if path.suffix != ".dist-info"}
    assert top - {"bin"} == {"rtaudio_dl", "lab", "training"}


def test_the_command_is_installed(installed):
    scripts = configparser.ConfigParser()
    scripts.read(metadata(installed) / "entry_points.txt")
    assert scripts["console_scripts"]["rtaudio-dl"] == "rtaudio_dl.cli:main"


def test_the_licences_are_installed(installed):
    licences = metadata(installed) / "licenses"
    assert {path.name for path in licences.iterdir()} == {"LICENSE", "LICENSES.md"}


def test_the_installed_copy_finds_its_data(installed, tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from rtaudio_dl.files.paths import config_folders, model_folders\n"
        "from rtaudio_dl.midi.songs import song_path\n"
        "print(*model_folders(), *config_folders(), song_path('groove'), sep='\\n')"
    )
    found = run("-c", code, str(installed), cwd=tmp_path).splitlines()
    data = (installed / "rtaudio_dl" / "_data").resolve()
    assert {str(data / "models"), str(data / "configs")} <= set(found)
    assert Path(found[-1]).is_relative_to(installed)


@pytest.mark.parametrize("module", [*HEAVY, *DEVICES])
def test_importing_the_package_stays_light(module):
    code = f"import sys, rtaudio_dl; print({module!r} in sys.modules)"
    assert run("-c", code).strip() == "False"


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_bounded_package_imports_only_what_it_may(folder):
    allowed = MAY_IMPORT[folder] | sys.stdlib_module_names
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    for path in files:
        wrong = {name for name in imports_of(path) if not is_within(name, allowed)}
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


def test_no_modules_import_each_other_in_a_circle():
    packages = ("rtaudio_dl", "lab", "training")
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=True)
    sorter = TopologicalSorter(
        {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    )
    sorter.prepare()  # raises CycleError, which names them


def test_the_lab_is_loaded_only_where_it_is_called_for():
    tree = ast.parse((ROOT / "rtaudio_dl/cli/bench.py").read_text("utf-8"))
    at_once = [
        name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ast.unparse(node).split()[1:2]
    ]
    assert "rtaudio_dl.cli.console" in at_once
    assert not [name for name in at_once if name.partition(".")[0] == "lab"]


def test_training_takes_only_the_shared_parts_of_the_host():
    for path in sorted((ROOT / "training").rglob("*.py")):
        ours = {name for name in imports_of(path) if is_within(name, {"rtaudio_dl"})}
        wrong = {n for n in ours if not is_within(n, TRAINING_MAY_IMPORT_OF_OURS)}
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


def locked(name: str) -> dict[str, str]:
    """Package -> exact version, of a lock file in which every line has its hashes."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9][\w.-]*)==([\w.]+)(.*)$", text, re.MULTILINE)
    assert all(rest.endswith("\\") for _, _, rest in pins)
    return {package: version for package, version, _ in pins}


def asked_for(*groups: list[str]) -> set[str]:
    texts = [text for group in groups for text in group]
    return {re.match(r"[\w.-]+", text)[0].lower() for text in texts}


def test_the_locks_hold_everything_that_is_asked_for():
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    assert asked_for(project["dependencies"]) <= set(locked("run.txt"))
    everything = asked_for(project["dependencies"], extras["train"], extras["dev"])
    assert everything <= set(locked("test.txt"))


def test_both_locks_agree():
    assert locked("run.txt").items() <= locked("test.txt").items()


def test_playing_needs_no_training_stack():
    assert not {"tensorflow", "keras", "tf2onnx", "onnx"} & set(locked("run.txt"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_the_ci_script_is_executable():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
