"""The models that are installed or lie at hand, found by name."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from rtaudio_dl.errors import ModelError
from rtaudio_dl.files.paths import SEARCH_VARIABLE, model_folders
from rtaudio_dl.models.card import Card
from rtaudio_dl.models.model import read_card

SUFFIX = ".onnx"


def find_model(name: str | Path) -> Path:
    """The file of a model: by its name (``drums``), or a path that ends in ``.onnx``.

    A name is looked for in `rtaudio_dl.files.paths.model_folders`, in their order.
    Raises ModelError, which lists what there is.
    """
    text = str(name)
    if text.endswith(SUFFIX) and Path(text).expanduser().is_file():
        return Path(text).expanduser()
    known = {path.stem: path for path in reversed(_files())}
    stem = text.removesuffix(SUFFIX)
    if stem in known:
        return known[stem]
    close = get_close_matches(stem, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    there = ", ".join(sorted(known)) or "none"
    raise ModelError(
        f"no model {text!r:.200}{hint} Models here: {there}. Put NAME{SUFFIX} into one "
        f"of the folders {', '.join(map(str, model_folders()))} (or set "
        f"{SEARCH_VARIABLE}), or give a path that ends in {SUFFIX}"
    )


def list_models() -> list[tuple[Path, Card | str]]:
    """Every model at hand with its card, or with the text of what is wrong with it.

    A file is listed even where one of the same name goes before it.
    """
    return [(path, _card_or_error(path)) for path in _files()]


def _files() -> list[Path]:
    return [path for folder in model_folders() for path in _models_in(folder)]


def _models_in(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix == SUFFIX)
    except OSError:  # not ours to read: it holds no models for us
        return []


def _card_or_error(path: Path) -> Card | str:
    try:
        return read_card(path)
    except ModelError as error:
        return str(error)
