"""Models that make a timbre of a note, for the registry of kinds."""

from __future__ import annotations

from rtaudio_dl.models.card import Card


def describe(card: Card) -> list[tuple[str, str]]:
    """What the model takes and gives, for a person."""
    rate, size = card.sample_rate, card.input("audio").size()
    return [
        ("sound", f"hears {size / rate:.2f} s at {rate / 1000:g} kHz"),
        ("timbre", f"{card.output('latent').size()} numbers"),
    ]
