"""A real-time host for neural instruments: no Python runs between event and sound."""

__version__ = "0.1.0"
