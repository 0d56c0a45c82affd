"""Models that listen, for the registry of kinds."""

from __future__ import annotations

from rtaudio_dl.kinds.classifier.settings import hop_of, labels_of
from rtaudio_dl.models.card import Card


def describe(card: Card) -> list[tuple[str, str]]:
    """What the model takes and gives, for a person. Raises ModelError."""
    rate, size = card.sample_rate, card.input("audio").size()
    hop = hop_of(card) / rate
    heard = f"hears {size / rate:.2f} s at {rate / 1000:g} kHz, each {hop:.3g} s"
    return [("sound", heard), ("labels", ", ".join(labels_of(card)))]
