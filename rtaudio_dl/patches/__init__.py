"""Patches: playable instruments, written in TOML."""
