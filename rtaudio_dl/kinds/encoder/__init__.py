"""Models that turn a recording into a timbre."""
