"""``devices``, ``models``, ``patches``: what is there, with what it can do."""

from __future__ import annotations

import argparse

from rich.table import Table

from rtaudio_dl.card import Card
from rtaudio_dl.cli.console import console
from rtaudio_dl.errors import DeviceError, PatchError


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the three commands."""
    for name, run, text in (
        ("devices", show_devices, "audio outputs and MIDI inputs"),
        ("models", show_models, "the models at hand and what they can do"),
        ("patches", show_patches, "the playable instruments"),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(run=run)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def show_devices(_options: argparse.Namespace) -> int:
    """List audio devices and MIDI inputs; what cannot be listed is said, not fatal."""
    _show_audio()
    _show_midi()
    return 0


def _show_audio() -> None:
    from rtaudio_dl.io.devices import find_output, list_audio_devices

    try:
        devices = list_audio_devices()
        default = find_output() if any(d.outputs for d in devices) else None
    except DeviceError as error:
        console.print(f"audio: {error}")
        return
    table = _table("Audio devices", "#", "name", "in", "out", "Hz", "latency")
    for device in devices:
        mark = " (default)" if device == default else ""
        table.add_row(
            str(device.index),
            f"{device.label}{mark}",
            str(device.inputs),
            str(device.outputs),
            f"{device.default_rate:g}",
            f"{1e3 * device.latency:.1f} ms",
        )
    if devices:
        console.print(table)
    else:
        console.print("audio: no device; connect one, or start a JACK server")


def _show_midi() -> None:
    from rtaudio_dl.io.midi import list_midi_ports

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


def show_models(_options: argparse.Namespace) -> int:
    """List models with their cards; a broken one with what is wrong with it."""
    from rtaudio_dl.inference.library import list_models

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
    audio = card.output("audio") or card.input("audio")
    seconds = audio.size() / card.sample_rate if audio else 0.0
    return f"{seconds:.2f} s at {card.sample_rate / 1000:g} kHz"


def show_patches(_options: argparse.Namespace) -> int:
    """List patches with their models, keys and controls."""
    from rtaudio_dl.patch import patch_files, read_patch

    table = _table("Patches", "name", "title", "model", "keys", "freshness", "controls")
    broken = []
    for name, path in sorted(patch_files().items()):
        try:
            patch = read_patch(path)
        except PatchError as error:
            broken.append(str(error))
            continue
        keys = f"{len(patch.keys)}: {min(patch.keys)} to {max(patch.keys)}"
        controls = ", ".join(f"CC{n} {what}" for n, what in patch.controls.items())
        table.add_row(name, patch.title, patch.model, keys, patch.freshness, controls)
    console.print(table)
    for error in broken:
        console.print(f"not usable: {error}", style="yellow")
    return 0
