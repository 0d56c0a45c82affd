"""Models that make a whole sound at a run: `oneshot` and `note`."""
