"""``devices``, ``models``, ``patches``: what is there, with what it can do."""

from __future__ import annotations

import argparse

from rich.table import Table

from rtaudio_dl.cli.console import console, facts
from rtaudio_dl.errors import DeviceError, ModelError, PatchError
from rtaudio_dl.models.card import Card


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the three commands."""
    for name, run, text in (
        ("devices", show_devices, "audio devices and MIDI ports"),
        ("models", show_models, "the models at hand and what they can do"),
        ("patches", show_patches, "the playable instruments"),
    ):
        parser = commands.add_parser(name, help=text, description=text)
        parser.set_defaults(run=run)
        if name == "models":
            about = "describe this one: its parameters, what it takes and gives"
            parser.add_argument("name", nargs="?", metavar="NAME", help=about)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def show_devices(_options: argparse.Namespace) -> int:
    """List audio devices and MIDI ports; what cannot be listed is said, not fatal."""
    _show_audio()
    _show_midi()
    _show_midi_outputs()
    return 0


def _show_audio() -> None:
    from rtaudio_dl.io.audio.devices import find_input, find_output, list_audio_devices

    try:
        devices = list_audio_devices()
        output = find_output() if any(d.outputs for d in devices) else None
        source = find_input() if any(d.inputs for d in devices) else None
    except DeviceError as error:
        console.print(f"audio: {error}")
        return
    table = _table("Audio devices", "#", "name", "in", "out", "Hz", "latency")
    for device in devices:
        table.add_row(
            str(device.index),
            device.label,
            f"{device.inputs}{_mark(device == source)}",
            f"{device.outputs}{_mark(device == output)}",
            f"{device.default_rate:g}",
            f"{1e3 * device.latency:.1f} ms",
        )
    if devices:
        console.print(table)
    else:
        console.print("audio: no device; connect one, or start a JACK server")


def _mark(default: bool) -> str:
    return " default" if default else ""


def _show_midi() -> None:
    from rtaudio_dl.io.midi.reader import list_midi_ports

    try:
        ports = list_midi_ports()
    except DeviceError as error:
        console.print(f"MIDI: {error}")
        return
    if not ports:
        console.print(
            "MIDI: no input; connect a keyboard, or play with the computer keyboard"
        )
        return
    table = _table("MIDI inputs", "name", "kind")
    for port in ports:
        table.add_row(port.label, "hardware" if port.hardware else "program")
    console.print(table)


def _show_midi_outputs() -> None:
    from rtaudio_dl.io.midi.out import list_outputs

    try:
        ports = list_outputs()
    except DeviceError as error:
        console.print(f"MIDI out: {error}")
        return
    if ports:
        table = _table("MIDI outputs", "name")
        for port in ports:
            table.add_row(port)
        console.print(table)


def show_models(options: argparse.Namespace) -> int:
    """List models with their cards, a broken one with what is wrong with it; or one."""
    if options.name is not None:
        return _show_model(options.name)
    from rtaudio_dl.models.library import list_models

    table = _table("Models", "name", "kind", "sound", "classes", "license", "file")
    broken = []
    for path, card in list_models():
        if isinstance(card, Card):
            table.add_row(
                *(path.stem, card.kind, _sound(card), " ".join(card.labels)),
                *(card.license, str(path)),
            )
        else:
            broken.append(card)
    console.print(table)
    for error in broken:
        console.print(f"not usable: {error}", style="yellow")
    return 0


def _sound(card: Card) -> str:
    """What comes out of a model, or what it listens to, in a line."""
    from rtaudio_dl.kinds import find_kind

    try:
        return find_kind(card.kind).describe(card)[0][1]
    except ModelError as error:
        return str(error)


def _show_model(name: str) -> int:
    from rtaudio_dl.kinds import find_kind
    from rtaudio_dl.models.library import find_model
    from rtaudio_dl.models.model import read_card

    path = find_model(name)
    card = read_card(path)
    rows = [("kind", card.kind), *find_kind(card.kind).describe(card)]
    rows += [("license", card.license or "not said"), ("file", str(path))]
    console.print(facts(card.name, rows))
    return 0


def show_patches(_options: argparse.Namespace) -> int:
    """List patches with their models, keys and controls."""
    from rtaudio_dl.patches.patch import patch_files, read_patch

    columns = "name", "title", "model", "keys", "freshness", "controls", "hears"
    table = _table("Patches", *columns)
    broken = []
    for name, path in sorted(patch_files().items()):
        try:
            patch = read_patch(path)
        except PatchError as error:
            broken.append(str(error))
            continue
        keys = f"{len(patch.keys)}: {min(patch.keys)} to {max(patch.keys)}"
        controls = ", ".join(f"CC{n} {what}" for n, what in patch.controls.items())
        ears = patch.ears
        hears = f"{ears.model}: {' '.join(ears.labels)}" if ears else ""
        table.add_row(
            *(name, patch.title, patch.model, keys, patch.freshness, controls, hears)
        )
    console.print(table)
    for error in broken:
        console.print(f"not usable: {error}", style="yellow")
    return 0
