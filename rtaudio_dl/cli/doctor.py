"""``doctor``: what keeps this computer from sound without gaps."""

from __future__ import annotations

import argparse

from rtaudio_dl.cli.console import console, preparing

_MARKS = {
    "good": "[green]✓[/]",
    "warning": "[yellow]![/]",
    "bad": "[bold red]✗[/]",
}


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    text = "check this computer for live playing, and say what to fix"
    parser = commands.add_parser("doctor", help=text, description=text)
    parser.add_argument("--device", metavar="NAME")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print each finding as it comes; 1 if something is bad."""
    from rtaudio_dl.host.doctor import BAD, examine, system

    console.print(system(), style="dim")
    with preparing():
        from rtaudio_dl.host.host import Host

        Host().close()
    worst = 0
    for finding in examine(options.device):
        console.print(_MARKS[finding.verdict], f"[bold]{finding.name}[/]:", end=" ")
        console.print(finding.text, markup=False)
        if finding.fix:
            console.print("   →", finding.fix, markup=False, style="cyan")
        worst |= finding.verdict == BAD
    return int(worst)
