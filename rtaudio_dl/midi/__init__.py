"""MIDI files, and the songs that come with the package."""
