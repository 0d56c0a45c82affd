"""JACK, without PortAudio."""
