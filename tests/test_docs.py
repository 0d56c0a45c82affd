"""What the pages say holds: links, commands, options, keys, ranges and defaults."""

from __future__ import annotations

import argparse
import dataclasses
import math
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rtaudio_dl.cli import build_parser
from rtaudio_dl.errors import ModelError, PatchError, RtaudioError
from rtaudio_dl.kinds.classifier import settings
from rtaudio_dl.models import contract, parameters
from rtaudio_dl.models.card import (
    DTYPES,
    KINDS,
    REQUIRED_ROLES,
    ROLES,
    Card,
    Tensor,
    from_mapping,
)
from rtaudio_dl.models.stream import check_stream, hop_of
from rtaudio_dl.models.timbre import card_timbres
from rtaudio_dl.patches.patch import PARAMETERS, parse_patch
from rtaudio_dl.patches.table import Table

ROOT = Path(__file__).parents[1]
GUIDE = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
)
LINKED = (*GUIDE, "ARCHITECTURE.md", "training/README.md")
COLUMNS = 100
LINK = re.compile(r"\[(?:`[^`]*`|[^\]`])*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def fences(name: str, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(text_of(name)) if kind == language]


def prose(name: str) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", text_of(name))


# --- links


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchors(path: Path) -> set[str]:
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return {slug(heading) for heading in HEADING.findall(text)}


@pytest.mark.parametrize("name", LINKED)
def test_links_and_pictures_are_there(name):
    for target in LINK.findall(prose(name)):
        if re.match(r"\w+:", target):
            continue
        place, _, anchor = target.partition("#")
        path = (ROOT / name).parent / place if place else ROOT / name
        assert path.exists(), f"{name}: {target}"
        if anchor:
            assert anchor in anchors(path), f"{name}: {target}"


def test_the_readme_leads_to_the_whole_guide():
    linked = set(LINK.findall(prose("README.md")))
    assert set(GUIDE) - {"README.md"} <= linked


@pytest.mark.parametrize("name", GUIDE)
def test_lines_are_short(name):
    long = [line for line in text_of(name).splitlines() if len(line) > COLUMNS]
    assert not long


# --- commands


def subparsers() -> dict[str, argparse.ArgumentParser]:
    (action,) = (
        action
        for action in build_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return action.choices


SUBPARSERS = subparsers()


def words_of(line: str) -> list[str]:
    return shlex.split(line, comments=True)


def typed(name: str, program: str) -> Iterator[list[str]]:
    """The arguments of every line of a program in the blocks of a page."""
    for body in fences(name, ""):
        for line in body.splitlines():
            if f"{line} ".startswith(f"{program} "):
                yield words_of(line.removeprefix(program))


@pytest.mark.parametrize("name", GUIDE)
def test_commands_in_blocks_are_understood(name):
    for arguments in typed(name, "rtaudio-dl"):
        if "COMMAND" not in arguments:
            build_parser().parse_args(arguments)  # ends the program if they are wrong


@pytest.mark.parametrize("name", (*LINKED, "CHANGELOG.md", "input/README.md"))
def test_commands_in_sentences_exist(name):
    for code in CODE.findall(prose(name)):
        if not code.startswith("rtaudio-dl "):
            continue
        command, *rest = words_of(code.removeprefix("rtaudio-dl"))
        if command in ("COMMAND", "SUBCOMMAND"):
            continue
        assert command in SUBPARSERS, f"{name}: {code}"
        known = SUBPARSERS[command]._option_string_actions
        for option in (word for word in rest if word.startswith("--")):
            assert option in known, f"{name}: {code}"


def options_of_training() -> set[str]:
    files = [ROOT / "training" / "cli.py", *(ROOT / "training").rglob("commands.py")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return set(re.findall(r"\"(--[a-z-]+)\"", "".join(texts)))


def test_options_in_sentences_exist():
    known = {o for p in SUBPARSERS.values() for o in p._option_string_actions}
    known |= options_of_training()
    for name in ("README.md", *(n for n in GUIDE if n.startswith("docs/"))):
        for code in CODE.findall(prose(name)):
            if code.startswith("--"):
                assert code.split()[0] in known, f"{name}: {code}"


def test_training_commands_exist():
    cli = text_of("training/cli.py")
    known = options_of_training()
    for name in GUIDE:
        for command, *rest in typed(name, "python -m training"):
            assert f'"{command}"' in cli, f"{name}: {command}"
            options = {word for word in rest if word.startswith("--")}
            assert options <= known, f"{name}: {options - known}"


@pytest.mark.parametrize("name", GUIDE)
def test_python_is_python(name):
    for body in fences(name, "python"):
        compile(body, name, "exec")


# --- keys


class Row(NamedTuple):
    """A line of a table of keys."""

    key: str
    kind: str
    range: str
    default: str


def tables_of_keys(name: str) -> dict[str, list[Row]]:
    """The tables of a page whose first column is ``key``, by what they are of.

    That is the ``[...]`` between backticks in the heading above it, or at the beginning
    of a paragraph after that; else the heading itself.
    """
    found, title, inside = {}, "", False
    for line in prose(name).splitlines():
        marked = re.findall(r"`\[+([\w.]+)\]+`", line)
        if line.startswith("#"):
            title = marked[0] if marked else line.lstrip("# ").strip("`")
        elif marked and line.startswith("`["):
            title = marked[0]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "key":
            assert title not in found, title
            found[title], inside = [], True
        elif inside and line.startswith("| "):
            key, kind, limits, default, _ = cells
            found[title].append(Row(key.strip("`"), kind, limits, default))
        inside = inside and line.startswith("|")
    return found


PATCH_TABLES = tables_of_keys("docs/patches.md")
MODEL_TABLES = tables_of_keys("docs/models.md")

PATCH = {
    "model": "commands",
    "parameters": {},
    "controls": {"1": "x"},
    "morph": {"corners": ["a"]},
    "keyboard": {},
    "keys": {"36": {}},
    "ears": {
        "model": "onset",
        "labels": {"onset": {"key": 36}},
        "detector": {},
        "stroke": {},
    },
}
# Where the table of a heading lies in a patch.
PLACES = {
    "Top level": (),
    "keyboard": ("keyboard",),
    "keys.NUMBER": ("keys", "36"),
    "parameters": ("parameters",),
    "morph": ("morph",),
    "ears": ("ears",),
    "ears.labels": ("ears", "labels", "onset"),
    "ears.stroke": ("ears", "stroke"),
}


def changed(base: dict, place: tuple, key: str, value: Any) -> dict:
    """A copy with one value set; None: without it."""
    if place:
        head, *rest = place
        return base | {head: changed(base[head], tuple(rest), key, value)}
    kept = {name: v for name, v in base.items() if name != key}
    return kept if value is None else kept | {key: value}


def patch(fields: dict):
    return parse_patch(fields, "name", "source")


def asked_by_the_parser(monkeypatch) -> dict[str, set[str]]:
    """Every key that the parser of patches knows, by table."""
    known: dict[str, set[str]] = {}
    finish = Table.finish

    def note(table: Table) -> None:
        known.setdefault(table.name, set()).update(table.known)
        finish(table)

    monkeypatch.setattr(Table, "finish", note)
    patch(PATCH)
    return known


@pytest.mark.parametrize(("title", "place"), PLACES.items())
def test_the_keys_of_patches_are_documented_and_no_others(title, place, monkeypatch):
    known = asked_by_the_parser(monkeypatch)[".".join(place)]
    assert {row.key for row in PATCH_TABLES[title]} == known


def test_all_tables_of_the_page_on_patches_are_checked():
    assert set(PATCH_TABLES) == set(PLACES)


def test_the_parameters_are_those_of_the_engine():
    rows = {row.key: row for row in PATCH_TABLES["parameters"]}
    assert list(rows) == list(PARAMETERS)


def limits(row: Row) -> tuple[float, float] | None:
    found = re.fullmatch(r"(-?[\d.]+) to (-?[\d.]+)", row.range)
    if not found or row.kind.split()[0] not in ("integer", "number"):
        return None
    kind = int if row.kind.startswith("integer") else float
    return kind(found[1]), kind(found[2])


def check_row(row: Row, parse: Callable[[Any], Any]) -> None:
    """Both ends are allowed, what lies beyond is not, and the default is the default.

    ``parse`` takes a value, None for none, and gives what came of it.
    """
    ends = limits(row)
    if ends:
        for value in ends:
            parse(value)
        whole = isinstance(ends[0], int)
        low = ends[0] - 1 if whole else math.nextafter(ends[0], -math.inf)
        high = ends[1] + 1 if whole else math.nextafter(ends[1], math.inf)
        for value in (low, high):
            with pytest.raises(RtaudioError):
                parse(value)
    if row.default == "required":
        with pytest.raises(RtaudioError):
            parse(None)
    default = default_of(row)
    if default is not None:
        assert parse(default) == parse(None), row


def default_of(row: Row) -> Any:
    """The default as a value, where the table gives one."""
    text = row.default.strip("`")
    if row.kind == "boolean":
        return {"true": True, "false": False}.get(text)
    if row.kind.startswith(("integer", "number")):
        return float_or_int(text)
    return text if row.default.startswith("`") else None


def float_or_int(text: str) -> Any:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else None


def rows(tables: dict[str, list[Row]]) -> list:
    return [
        pytest.param(title, row, id=f"{title}: {row.key}")
        for title, found in tables.items()
        for row in found
    ]


@pytest.mark.parametrize(("title", "row"), rows(PATCH_TABLES))
def test_ranges_and_defaults_of_patches(title, row):
    check_row(row, lambda v: patch(changed(PATCH, PLACES[title], row.key, v)))


def test_examples_of_patches_are_patches():
    examples = [*fences("docs/patches.md", "toml"), *fences("docs/training.md", "toml")]
    found = [tomllib.loads(body) for body in examples]
    whole = [fields for fields in found if isinstance(fields.get("model"), str)]
    assert len(whole) >= 4
    for fields in whole:
        patch(fields)


# --- cards


def tensor(name: str, role: str, *shape: Any) -> dict[str, Any]:
    return {"name": name, "role": role, "shape": list(shape)}


CARDS = {
    "oneshot": {
        "inputs": [tensor("z", "latent", "B", 8)],
        "outputs": [tensor("y", "audio", "B", 64)],
    },
    "stream": {
        "inputs": [
            tensor("s", "state", "B", 2),
            tensor("timbre", "control", "B", 2),
        ],
        "outputs": [tensor("y", "audio", "B", 64), tensor("t", "state", "B", 2)],
        "timbres": {"a": {"z": [0.0, 0.0]}},
    },
    "classifier": {
        "inputs": [tensor("x", "audio", "B", 16_000)],
        "outputs": [tensor("y", "scores", "B", 2)],
        "labels": ["a", "_b_"],
    },
}


def card(kind: str, /, **changes: Any) -> dict[str, Any]:
    base = {"schema": 1, "name": kind, "kind": kind, "sample_rate": 16_000}
    fields = base | CARDS[kind] | changes
    return {name: value for name, value in fields.items() if value is not None}


def read(fields: dict) -> Card:
    return from_mapping(fields, "source")


def extras() -> set[str]:
    """Every key that the package looks up in what a card has beside its fields."""
    pattern = re.compile(r"\.extra(?:\.get\(|\[)\"(\w+)\"")
    sources = (ROOT / "rtaudio_dl").rglob("*.py")
    return {k for f in sources for k in pattern.findall(f.read_text("utf-8"))}


def keys(title: str) -> set[str]:
    return {row.key for row in MODEL_TABLES[title]}


def test_the_keys_of_cards_are_documented_and_no_others():
    fields = {field.name for field in dataclasses.fields(Card)} - {"extra"}
    assert keys("Keys of every card") == fields
    tensors = {field.name for field in dataclasses.fields(Tensor)}
    assert keys("inputs") == tensors
    of_kinds = keys("oneshot` and `note") | keys("stream") | keys("classifier")
    assert of_kinds == extras()
    assert keys("Detector") == set(settings._NAMES)
    assert keys("timbres.NAME") == {"z", "family", "xy"}
    assert keys("parameters.NAME") == set(parameters._FIELDS)
    assert len(MODEL_TABLES) == 8


@pytest.mark.parametrize(
    ("title", "row"), rows({t: MODEL_TABLES[t] for t in ("Keys of every card",)})
)
def test_ranges_and_defaults_of_cards(title, row):
    check_row(row, lambda v: read(card("oneshot", **{row.key: v})))


@pytest.mark.parametrize(
    ("title", "row"), rows({t: MODEL_TABLES[t] for t in ("inputs",)})
)
def test_ranges_and_defaults_of_tensors(title, row):
    def parse(value: Any) -> Card:
        given = changed(CARDS["oneshot"]["inputs"][0], (), row.key, value)
        return read(card("oneshot", inputs=[given]))

    check_row(row, parse)


@pytest.mark.parametrize(
    ("title", "row"), rows({t: MODEL_TABLES[t] for t in ("Detector", "classifier")})
)
def test_ranges_and_defaults_of_classifiers(title, row):
    def parse(value: Any) -> Any:
        if title == "Detector":
            given = {} if value is None else {row.key: value}
            return settings.detector_settings(read(card("classifier")), given)
        read_card = read(card("classifier", **{row.key: value}))
        settled = settings.detector_settings(read_card)
        return settled, settings.activation_of(read_card), settings.hop_of(read_card)

    check_row(row, parse)


@pytest.mark.parametrize(
    ("title", "row"),
    rows({t: MODEL_TABLES[t] for t in ("oneshot` and `note", "stream")}),
)
def test_ranges_and_defaults_of_instruments(title, row):
    def parse(value: Any) -> Any:
        found = read(card(title.partition("`")[0], **{row.key: value}))
        if found.kind == "stream":
            return check_stream(found), hop_of(found)
        return contract.latent_distribution(found)

    check_row(row, parse)
    if row.key == "hop":
        parse(64)
        with pytest.raises(ModelError):
            parse(65)


@pytest.mark.parametrize(
    ("title", "row"), rows({t: MODEL_TABLES[t] for t in ("timbres.NAME",)})
)
def test_defaults_of_timbres(title, row):
    def parse(value: Any) -> Any:
        fields = changed({"z": [0.0, 0.0]}, (), row.key, value)
        return card_timbres(read(card("stream", timbres={"a": fields})))

    check_row(row, parse)
    for value in (1000.0, -1000.0):
        if row.key == "z":
            parse([value, value])
            with pytest.raises(ModelError):
                parse([value, math.nextafter(value, 2 * value)])


def first_words(title: str) -> list[list[str]]:
    """The cells of the tables below a heading whose first cell is code."""
    body = text_of("docs/models.md").split(f"\n{title}\n")[1].split("\n#")[0]
    lines = [line for line in body.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_kinds_take_and_give_what_the_page_says():
    table = {cells[0].strip("`"): cells for cells in first_words("## Kinds")}
    assert set(table) == set(KINDS)
    for kind, (takes, gives) in REQUIRED_ROLES.items():
        assert set(CODE.findall(table[kind][1])) == takes
        assert set(CODE.findall(table[kind][2])) == gives
        also = set(CODE.findall(table[kind][3]))
        assert also == set(contract.INPUT_ROLES.get(kind, takes)) - takes


def test_the_roles_and_types_are_those_of_cards():
    cells = first_words("### `[[inputs]]` and `[[outputs]]`")
    names = [row[0].strip("`") for row in cells if len(row) == 2]
    assert sorted(names) == sorted(ROLES)
    (dtype,) = (row for row in cells if row[0] == "`dtype`")
    assert set(CODE.findall(dtype[4])) == set(DTYPES)


def test_examples_of_cards_are_cards():
    examples = [tomllib.loads(body) for body in fences("docs/models.md", "toml")]
    assert len(examples) == 2
    for fields in examples:
        found = read(fields)
        contract.state_pairs(found)
        if found.kind == "classifier":
            settings.detector_settings(found)


def test_a_key_that_is_not_documented_is_refused():
    with pytest.raises(PatchError, match="unknown"):
        patch(PATCH | {"colour": "red"})
